"""The events that the documents show: every block of CSV or JSON whose fields are those of an event."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from producers.files.names import topic_of
from schemas.topics import Topic

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of a page."""

    page: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Example:
    """Events that a page shows."""

    page: str
    topic: Topic
    text: str
    suffix: str


def blocks() -> Iterator[Block]:
    """Every fenced block of every page."""
    for page in PAGES:
        for indent, language, text in _BLOCK.findall(page.read_text("utf-8")):
            lines = (line.removeprefix(indent) for line in text.splitlines(keepends=True))
            yield Block(page.relative_to(ROOT).as_posix(), language, "".join(lines))


def examples() -> list[Example]:
    """Every block that shows events, whatever language its fence names."""
    found = []
    for block in blocks():
        first = block.text.partition("\n")[0].strip()
        if topic := topic_of(first.split(",")):
            found.append(Example(block.page, topic, block.text, ".csv"))
        elif topic := topic_of(_names(first)):
            found.append(Example(block.page, topic, block.text, ".jsonl"))
    return found


def _names(line: str) -> list[str]:
    try:
        value = json.loads(line)
    except ValueError:
        return []
    return list(value) if isinstance(value, dict) else []
