"""The documents name files and pages that exist, and the picture of the house matches the tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
FOLDERS = ("schemas", "producers", "processors", "sinks", "deploy")

_PATH = re.compile(r"`((?:schemas|producers|processors|sinks|deploy|tests|benchmarks|docs)/[\w./-]*)`")
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_in_documents_exist(page: Path) -> None:
    """Every path of the repository that a page names is a file or folder."""
    missing = [path for path in _PATH.findall(page.read_text("utf-8")) if not (ROOT / path).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    """Every relative link of a page leads to a file or folder."""
    targets = [link for link in _LINK.findall(page.read_text("utf-8")) if "://" not in link]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_picture_of_the_house_matches_the_tree() -> None:
    """The picture in docs/architecture.md names every folder of the product and no other."""
    text = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    picture = text.split("## Where things are")[1].split("```")[1]
    assert set(_rooms_of_picture(picture)) == set(_rooms_of_tree())


def _rooms_of_picture(picture: str) -> Iterator[str]:
    folder = ""
    for indent, name in re.findall(r"(?m)^( *)(\w+)/", picture):
        if not indent:
            folder = name
        elif folder in FOLDERS:
            yield f"{folder}/{name}"


def _rooms_of_tree() -> Iterator[str]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).iterdir()):
            if path.is_dir() and path.name != "__pycache__":
                yield f"{folder}/{path.name}"
