"""The codes of a declaration: statuses and channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from schemas.reference.tables import Confidence, read_keyed


class Direction(StrEnum):
    """Direction of the goods; BOTH for a code that serves either."""

    IMPORT = "IMPORT"
    EXPORT = "EXPORT"
    BOTH = "BOTH"


class Origin(StrEnum):
    """Whether a status comes from a VNACCS message or is our own."""

    VNACCS = "VNACCS"
    OURS = "OURS"


@dataclass(frozen=True, slots=True)
class StatusWord:
    """A status of the `declaration-status` topic; `data/status_messages.csv` has the VNACCS messages that bring it.

    Attributes:
        direction: Where it can occur.
        origin: From VNACCS, or ours.
        rateable: Whether it is one of the outcomes after which a rating may be opened (storage, release, clearance).
    """

    status: str
    name_vi: str
    name_en: str
    direction: Direction
    origin: Origin
    rateable: bool
    confidence: Confidence
    source: str


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """A control channel (luồng).

    Attributes:
        channel: GREEN, YELLOW or RED.
        digit: 1, 2 or 3 in VNACCS messages.
        ecus: Spelling in the ECUS5 database.
        what: What customs does.
    """

    channel: str
    digit: str
    ecus: str
    name_vi: str
    name_en: str
    what: str
    confidence: Confidence
    source: str


@cache
def load_statuses() -> Mapping[str, StatusWord]:
    """Statuses by name, in the order of a declaration's life. Raises ReferenceDataError when the file is broken."""
    return read_keyed("statuses.csv", StatusWord, lambda row: row.record(StatusWord, {"status": "[A-Z_]+"}))


@cache
def load_channels() -> Mapping[str, ChannelInfo]:
    """Channels by name. Raises ReferenceDataError when the file is broken."""
    patterns = {"channel": "[A-Z]+", "digit": "[1-3]"}
    return read_keyed("channels.csv", ChannelInfo, lambda row: row.record(ChannelInfo, patterns))
