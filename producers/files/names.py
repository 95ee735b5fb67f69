"""Names of columns and fields: which a file may have, which it must have, and what is wrong with others.

Whatever is wrong with the names is wrong with every event of the file, so it is said once, before the first event.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from producers.files.report import MAX_NAMES, FileFormat, FileUnusable, fault
from producers.files.sheets import ITEM_COLUMNS, SHEET_COLUMNS
from schemas.catalogue import latest, parsed
from schemas.errors import Problem
from schemas.topics import Topic

KIND_FIELDS = {"event_id": Topic.DECLARATION_STATUS, "sheet_id": Topic.RATING, "action_id": Topic.COMPLAINT_ACTION}
"""Fields that only one kind of event has."""

WHICH_KIND = (
    "must show its kind by a field: event_id for a status, sheet_id for a rating, action_id for a complaint action; "
    "or give --kind"
)
_EVENTS = {
    Topic.DECLARATION_STATUS: "a status",
    Topic.RATING: "a rating",
    Topic.COMPLAINT_ACTION: "a complaint action",
}
_LONGEST_NAME = 40
_ROW_NUMBERS = "a column without a name: pandas writes its row numbers there (to_csv(..., index=False) leaves them out)"


@dataclass(frozen=True, slots=True)
class FieldNames:
    """Names of the fields of one kind of event, in one format."""

    event: str  # such as "a status"
    known: Sequence[str]  # in the order of the documentation
    required: Sequence[str]  # fields without which no event of the file can be good


def names_of(topic: Topic, form: FileFormat) -> FieldNames:
    """The names that the events of a topic have in files of a format."""
    return _NAMES[topic, form is FileFormat.CSV]


def topic_of(names: Collection[str]) -> Topic | None:
    """The topic of an event by its field names; None when these do not decide."""
    found = [topic for name, topic in KIND_FIELDS.items() if name in names]
    return found[0] if len(found) == 1 else None


def normal(name: str) -> str:
    """A name as it is written here: `Event-ID` is `event_id`."""
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def says_csv(text: bytes) -> bool:
    """Whether the first line of a file is a header of CSV."""
    cells = re.split(r'[,;\t|"]+', text.splitlines()[0].decode("utf-8", "replace")) if text else []
    return len(cells) > 1 and not KIND_FIELDS.keys().isdisjoint(map(normal, cells))


def kept_names(
    names: Sequence[str], topic: Topic | None, form: FileFormat, *, ignore_unknown: bool
) -> tuple[Topic, Sequence[str | None]]:
    """The topic of a file, and its names with None for those to pass over.

    Args:
        names: Columns of a header, or fields of a schema.
        topic: Topic of the events; None: told by the names.
        form: CSV or AVRO.
        ignore_unknown: Whether unknown names are passed over. One that is only written differently is never unknown.

    Raises:
        FileUnusable: Names are unknown, twice, or missing; says all of this once.
    """
    topic = topic or topic_of(names) or topic_of([normal(name) for name in names])
    word = "column" if form is FileFormat.CSV else "field"
    if topic is None:
        raise FileUnusable(1, [fault("file", _no_kind(names, word))])
    wanted = names_of(topic, form)
    problems = [*_written_differently(names, wanted, word), *_twice(names, wanted, word)]
    if not ignore_unknown:
        problems += _unknown(names, wanted, word)
    problems += _missing(names, wanted, word)
    if problems:
        raise FileUnusable(1, problems[:MAX_NAMES])
    return topic, [name if name in wanted.known else None for name in names]


def said(name: str) -> str:
    """A name from outside, as far as it can be shown."""
    return name if name.isprintable() and 0 < len(name) <= _LONGEST_NAME else "(unnamed)"


def _no_kind(names: Sequence[str], word: str) -> str:
    several = [name for name in KIND_FIELDS if name in names]
    if several:
        return f"has {word}s of several kinds ({', '.join(several)}): split it, or give --kind"
    if word == "field":
        fields = ", ".join(said(name) for name in names[:5])
        return f"has another schema, whose fields are {fields}{', ...' if len(names) > 5 else ''}. It {WHICH_KIND}"
    if any(normal(name) in ALL_NAMES for name in names):
        return WHICH_KIND
    columns = ", ".join(_NAMES[Topic.DECLARATION_STATUS, True].known[:5])
    return f"must begin with a header line that names the columns, such as {columns}; the first line names none"


def _written_differently(names: Sequence[str], wanted: FieldNames, word: str) -> Iterator[Problem]:
    found = [(name, normal(name)) for name in names if name not in wanted.known and normal(name) in wanted.known]
    if found:
        wrong, right = (", ".join(pair[side] for pair in found) for side in (0, 1))
        yield fault("file", f"names {word}s {wrong}: write {right}, in lower case")


def _twice(names: Sequence[str], wanted: FieldNames, word: str) -> Iterator[Problem]:
    for name in dict.fromkeys(names):
        if name in wanted.known and names.count(name) > 1:
            yield fault(name, f"is a {word} twice: name each {word} once")


def _unknown(names: Sequence[str], wanted: FieldNames, word: str) -> Iterator[Problem]:
    """A name is shown only beside one of ours: without a header, the first line holds somebody's data."""
    is_header = any(normal(name) in wanted.known for name in names)
    for number, name in enumerate(names, 1):
        if normal(name) in wanted.known:
            continue
        if not name:
            yield fault("file", f"has {_ROW_NUMBERS} (column {number})")
            continue
        near = difflib.get_close_matches(normal(name)[:_LONGEST_NAME], wanted.known, 1)
        hint = f"did you mean {near[0]}?" if near else "leave it out, or pass over it with --ignore-unknown"
        shown = said(name) if is_header else ""
        place = f"{word} {number}" if shown in ("", "(unnamed)") else shown
        yield fault(place, f"is not a {word} of {wanted.event}; {hint}")


def _missing(names: Sequence[str], wanted: FieldNames, word: str) -> Iterator[Problem]:
    normals = {normal(name) for name in names}
    missing = [name for name in wanted.required if name not in normals]
    if missing:
        some = f"{word}s {', '.join(missing)}" if len(missing) > 1 else f"{word} {missing[0]}"
        yield fault("file", f"has no {some}, which {wanted.event} must have (has: {_listed(names)})")


def _listed(names: Sequence[str]) -> str:
    known = [name for name in names if normal(name) in ALL_NAMES]
    return ", ".join(known) or "none of ours"


def _without_default(fields: Sequence[Mapping[str, Any]]) -> list[str]:
    return [field["name"] for field in fields if "default" not in field]


def _all_names() -> Iterator[tuple[tuple[Topic, bool], FieldNames]]:
    for topic, event in _EVENTS.items():
        fields = parsed(latest(topic.subject).schema_id)["fields"]
        names, required = [field["name"] for field in fields], _without_default(fields)
        if topic is Topic.RATING:
            (items,) = (field["type"]["items"]["fields"] for field in fields if field["name"] == "items")
            columns = (*SHEET_COLUMNS[:6], *ITEM_COLUMNS, *SHEET_COLUMNS[6:])
            sheet = [name for name in required if name != "items"]
            yield (topic, True), FieldNames(event, columns, [*sheet, *_without_default(items)])
            yield (topic, False), FieldNames(event, (*SHEET_COLUMNS, "items"), required)
        else:
            yield (topic, True), FieldNames(event, names, required)
            yield (topic, False), FieldNames(event, names, required)


_NAMES = dict(_all_names())
ALL_NAMES = frozenset(chain.from_iterable(wanted.known for wanted in _NAMES.values()))
"""Names of the fields of all kinds of events."""
