"""Deterministic ids: the same natural key always gives the same id, so that a replay changes nothing."""

from __future__ import annotations

from hashlib import sha1
from uuid import UUID

ROOT = UUID("6f0d7f3e-4f0b-5c55-9d53-8a8f6f1f2b10")
_VARIANT = {f"{digit:x}": f"{digit & 3 | 8:x}" for digit in range(16)}
SEPARATOR = "\x1f"  # never part of a validated id, so no two keys give the same string


def _uuid5(kind: str, *parts: object) -> str:
    """The same UUIDv5 as from `uuid.uuid5`, in a quarter of the time: replaying a case needs several."""
    text = SEPARATOR.join([kind, *map(str, parts)])
    found = sha1(ROOT.bytes + text.encode(), usedforsecurity=False).hexdigest()
    return f"{found[:8]}-{found[8:12]}-5{found[13:16]}-{_VARIANT[found[16]]}{found[17:20]}-{found[20:32]}"


def fact_id(declaration: str, sheet_id: str, target: str, office: str, target_id: str) -> str:
    """Id of the joined fact of one rated target on one sheet, the same for all revisions.

    `declaration` is the declaration's key (11 digits): two declarations that carry one sheet id by mistake are joined
    in different partitions and must not overwrite each other.
    """
    return _uuid5("fact", declaration, sheet_id, fact_id_suffix(target, office, target_id))


FACT_ID_PREFIX = ROOT.bytes + f"fact{SEPARATOR}".encode()
"""The bytes that `fact_id` hashes are this prefix, the declaration, the sheet id and the suffix, with separators."""


def fact_id_suffix(target: str, office: str, target_id: str) -> str:
    """The part of a fact id's hash input that names the rated target."""
    return SEPARATOR.join((target, office, target_id))


def complaint_id(declaration: str, sheet_id: str, office: str) -> str:
    """Id of the complaint that one sheet of a declaration opens at one responsible office."""
    return _uuid5("complaint", declaration, sheet_id, office)


def alert_id(office: str, anchor: int) -> str:
    """Id of the alert of an office whose first dissatisfied pane starts at `anchor` (epoch milliseconds)."""
    return _uuid5("alert", office, anchor)


def alert_action_id(alert: str, action: str, actor: str, acted_at: int) -> str:
    """Id of what one official did about an alert at an instant: entering it again is the same action."""
    return _uuid5("alert-action", alert, action, actor, acted_at)


def dead_letter_id(topic_id: str, partition: int, offset: int) -> str:
    """Id of the dead letter of one record: the same for every component that refuses it."""
    return _uuid5("dead-letter", topic_id, partition, offset)


def dead_letter_action_id(letter_id: str, action: str) -> str:
    """Id of one kind of action on one dead letter; a repeated action has the same id."""
    return _uuid5("dead-letter-action", letter_id, action)


def case_event_id(complaint: str, *what: object) -> str:
    """Id of an event of a case: its kind, and what distinguishes it from others of that kind."""
    return _uuid5("complaint-event", complaint, *what)


def answer_id(complaint: str, action_id: str) -> str:
    """Id of the answer given by one action."""
    return _uuid5("complaint-answer", complaint, action_id)
