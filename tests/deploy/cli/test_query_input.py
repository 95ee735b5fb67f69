from __future__ import annotations

import io
from pathlib import Path

import pytest

from deploy.cli.query_input import parameters_from, statement_from
from deploy.errors import Mistake


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> io.BytesIO:
    """What comes through standard input."""
    content = io.BytesIO()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(content))
    return content


def test_a_statement_comes_from_the_argument_a_file_or_a_pipe(tmp_path: Path, typed: io.BytesIO) -> None:
    """An argument and a file win over the pipe; the mark that some editors put before a text is no part of it."""
    file = tmp_path / "q.sql"
    file.write_bytes("\ufeffSELECT 'Hải'\n".encode())
    typed.write(b"SELECT 3")
    typed.seek(0)
    assert statement_from("SELECT 1", None) == "SELECT 1"
    assert statement_from(None, file) == "SELECT 'Hải'\n"
    assert statement_from(None, None) == "SELECT 3"
    typed.seek(0)
    assert statement_from("-", None) == "SELECT 3"


def test_what_is_no_statement_is_refused(tmp_path: Path, typed: io.BytesIO) -> None:
    """The message says what is missing, doubled or unreadable."""
    latin = tmp_path / "latin.sql"
    latin.write_bytes("SELECT 'é'".encode("latin-1"))
    for argument, file, words in [
        ("SELECT 1", latin, "not both"),
        (None, tmp_path / "none.sql", "none.sql cannot be read: No such file"),
        (None, tmp_path, "cannot be read"),
        (None, latin, "latin.sql is no text in UTF-8: byte 9 is wrong"),
        ("  ", None, "the argument is empty"),
        (None, None, "standard input is empty"),
    ]:
        with pytest.raises(Mistake, match=words):
            statement_from(argument, file)
    assert typed.read() == b""


def test_at_a_terminal_a_statement_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a statement the command does not wait silently for one to be typed."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    with pytest.raises(Mistake, match="Give a statement"):
        statement_from(None, None)


def test_parameters_have_names_and_values() -> None:
    """A value may be empty and may contain equals signs."""
    assert parameters_from(["day=2026-11-30", "text=a=b", "none="]) == {"day": "2026-11-30", "text": "a=b", "none": ""}
    for wrong, words in [(["day"], "write --param name=value"), (["1=2"], "no parameter"), (["a=1", "a=2"], "twice")]:
        with pytest.raises(Mistake, match=words):
            parameters_from(wrong)
