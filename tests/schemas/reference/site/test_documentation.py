"""What docs/reference-data.md says about a site's own file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from schemas.reference.offices import RowOrigin
from schemas.reference.site.reference import parse_site
from schemas.reference.site.site_file import KINDS

PAGE = (Path(__file__).parents[4] / "docs" / "reference-data.md").read_text("utf-8")
OWN = PAGE.split("## Your own offices")[1].split("## Codes that the data does not know")[0]


def block(language: str, text: str = OWN) -> str:
    """The first block of a language."""
    return text.split(f"```{language}\n", 1)[1].split("```", 1)[0]


def test_the_example_adds_and_corrects_what_it_says() -> None:
    """The file of the page is read without warning: one office and one team are added, two versions corrected."""
    data = parse_site("reference.toml", block("toml"))
    assert data.warnings == ()
    origins = [office.origin for office in data.offices.all_offices() if office.origin is not RowOrigin.PACKAGE]
    assert origins == [RowOrigin.CORRECTED, RowOrigin.CORRECTED, RowOrigin.SITE]
    assert [team.team for team in data.offices.all_teams() if team.origin is RowOrigin.SITE] == ["A1"]
    assert len(data.changes) == 4


def test_the_example_in_python_gives_the_answers_beside_it(tmp_path: Path) -> None:
    """The snippet of the page is run on the file of the page; its comment holds the answers."""
    (tmp_path / "reference.toml").write_text(block("toml"), encoding="utf-8")
    *lines, last = block("python").replace("/etc/hailong", str(tmp_path)).strip().splitlines()
    expression, answers = last.split("  # ")
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    assert str(eval(expression, names)) == f"({answers})"


def test_the_page_names_every_kind_of_entry() -> None:
    """The table of entries has each kind that a file may have, and no other."""
    table = OWN.split("### Entries")[1].split("\n\n")[2]
    assert set(re.findall(r"\[\[(\w+)\]\]", table)) == set(KINDS)
