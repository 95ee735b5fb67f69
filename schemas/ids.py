"""Deterministic ids: the same natural key always gives the same id, so that a replay changes nothing."""

from __future__ import annotations

from hashlib import sha1
from uuid import UUID

ROOT = UUID("6f0d7f3e-4f0b-5c55-9d53-8a8f6f1f2b10")
_PREFIX = ROOT.bytes
_VARIANT = {f"{digit:x}": f"{digit & 3 | 8:x}" for digit in range(16)}
SEPARATOR = "\x1f"  # cannot stand in an id that passed validation: no two keys give one string


def _name(kind: str, *parts: object) -> str:
    """A UUIDv5, as `uuid.uuid5` makes it in four times the time: every fold of a case asks for a handful."""
    return _uuid5(SEPARATOR.join([kind, *map(str, parts)]))


def _uuid5(text: str) -> str:
    found = sha1(_PREFIX + text.encode(), usedforsecurity=False).hexdigest()
    return f"{found[:8]}-{found[8:12]}-5{found[13:16]}-{_VARIANT[found[16]]}{found[17:20]}-{found[20:32]}"


def fact_id(declaration: str, sheet_id: str, target: str, office: str, target_id: str) -> str:
    """Id of the joined fact of one rated target on one sheet, the same for all revisions.

    `declaration` is the declaration's key (11 digits): should two declarations carry one sheet id by mistake, they are
    joined in different partitions and must not overwrite each other.
    """
    return _uuid5(SEPARATOR.join(("fact", declaration, sheet_id, fact_id_rest(target, office, target_id))))


BEFORE_FACT_NAMES = _PREFIX + f"fact{SEPARATOR}".encode()
"""Namespace and kind: what comes before the declaration in each name that `fact_id` is the hash of."""


def fact_id_rest(target: str, office: str, target_id: str) -> str:
    """What comes in such a name after the sheet and the separator behind it."""
    return SEPARATOR.join((target, office, target_id))


def complaint_id(declaration: str, sheet_id: str, office: str) -> str:
    """Id of the complaint that one sheet of a declaration opens at one responsible office."""
    return _name("complaint", declaration, sheet_id, office)


def alert_id(office: str, anchor: int) -> str:
    """Id of the alert of an office whose first dissatisfied pane starts at `anchor` (epoch milliseconds)."""
    return _name("alert", office, anchor)


def dead_letter_id(topic_id: str, partition: int, offset: int) -> str:
    """Id of the dead letter for one record: whoever sets it aside, it is set aside once."""
    return _name("dead-letter", topic_id, partition, offset)


def dead_letter_action_id(letter_id: str, action: str) -> str:
    """Id of one kind of action on one dead letter: doing it again is the same action."""
    return _name("dead-letter-action", letter_id, action)


def case_event_id(complaint: str, *what: object) -> str:
    """Id of one thing that happened to a case: its kind and what tells it from others of the kind."""
    return _name("complaint-event", complaint, *what)


def answer_id(complaint: str, action_id: str) -> str:
    """Id of the answer that one action gives."""
    return _name("complaint-answer", complaint, action_id)
