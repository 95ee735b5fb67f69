"""Foreign texts for a terminal."""

from __future__ import annotations

import json

import pytest

from deploy.printable import printable, printable_json

HOSTILE = "a\x1b[2J\x9b31m\u202eb\u2028\u00a0c\n\U000e0041"


@pytest.mark.parametrize("text", ["", "chờ lâu", "[bold]", "e\u0301", "\\x1b"])
def test_what_is_harmless_stays(text: str) -> None:
    """Letters of all languages and brackets are shown as they are."""
    assert printable(text) == text


def test_signs_that_move_the_cursor_become_escapes() -> None:
    """Controls, marks of direction, line ends and invisible signs are written out."""
    shown = printable(HOSTILE)
    assert shown.isprintable()
    assert shown == r"a\x1b[2J\x9b31m\u202eb\u2028 c\n\U000e0041"


def test_json_keeps_its_values() -> None:
    """A program reads exactly the text that was there; a terminal gets no sign that moves it."""
    written = printable_json(json.dumps({"comment": HOSTILE}, ensure_ascii=False))
    assert written.isprintable()
    assert json.loads(written) == {"comment": HOSTILE}
