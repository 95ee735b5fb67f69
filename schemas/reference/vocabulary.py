"""The codes of a declaration: statuses and the VNACCS messages that bring them, channels, kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from schemas.reference.tables import Confidence, Row, add_version, data_text, parse_table, read_keyed, version_at
from schemas.reference.validity import Validity


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
    """A status of the `declaration-status` topic.

    Attributes:
        status: Its code in the record.
        name_vi: Vietnamese name.
        name_en: English name.
        direction: Where it can occur.
        origin: From VNACCS, or ours.
        rateable: Whether it is one of the outcomes after which a rating may be opened (storage, release, clearance).
        messages: Codes of the VNACCS messages that bring it; empty for our own statuses.
        confidence: Trust in the row.
        source: Where it comes from.
    """

    status: str
    name_vi: str
    name_en: str
    direction: Direction
    origin: Origin
    rateable: bool
    messages: tuple[str, ...]
    confidence: Confidence
    source: str


@dataclass(frozen=True, slots=True)
class StatusMessage:
    """A message from VNACCS to the declarant.

    Attributes:
        message: Its code, such as VAD1AG.
        status: The status it brings.
        direction: Import, export or both.
        channel: Channel read from the digit in the code (probable), or None.
        title_vi: Its title, shortened.
        confidence: Trust in code and title.
    """

    message: str
    status: str
    direction: Direction
    channel: str | None
    title_vi: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """A control channel (luồng).

    Attributes:
        channel: GREEN, YELLOW or RED.
        digit: 1, 2 or 3 in VNACCS messages.
        ecus: Spelling in the ECUS5 database.
        name_vi: Vietnamese name.
        name_en: English name.
        what: What customs does.
    """

    channel: str
    digit: str
    ecus: str
    name_vi: str
    name_en: str
    what: str


@dataclass(frozen=True, slots=True)
class DeclarationKind:
    """A declaration kind (mã loại hình) in one period.

    Attributes:
        code: Three characters.
        direction: Import or export.
        name_vi: Our short Vietnamese wording.
        name_en: English meaning.
        confidence: Trust in the row: unverified from 1 June 2021 on.
        source: Where it comes from.
    """

    code: str
    direction: Direction
    name_vi: str
    name_en: str
    confidence: Confidence
    source: str


_STATUS_COLUMNS = ("status", "name_vi", "name_en", "direction", "origin", "rateable", "confidence", "source")
_MESSAGE_COLUMNS = (
    *("message", "status", "direction", "channel", "title_vi"),
    *("confidence", "channel_confidence", "source"),
)
_CHANNEL_COLUMNS = ("channel", "digit", "ecus", "name_vi", "name_en", "what", "confidence", "source")
_KIND_COLUMNS = ("code", "direction", "name_vi", "name_en", "valid_from", "valid_to", "confidence", "source")


def _message(row: Row) -> StatusMessage:
    if row.optional("channel") is not None:
        row.choice("channel_confidence", Confidence)
    return row.record(StatusMessage, {"message": "[A-Z]{3}[A-Z0-9]{3}"})


def _status(row: Row, messages: Mapping[str, Sequence[str]]) -> StatusWord:
    codes = tuple(messages.get(row.text("status"), ()))
    status = row.record(StatusWord, {"status": "[A-Z_]+"}, messages=codes)
    if bool(codes) != (status.origin is Origin.VNACCS):
        raise row.fail(f"{status.status} is {status.origin} but has {len(codes)} messages")
    return status


def _channel(row: Row) -> ChannelInfo:
    row.choice("confidence", Confidence)
    return row.record(ChannelInfo, {"channel": "[A-Z]+", "digit": "[1-3]"})


@cache
def load_messages() -> Mapping[str, StatusMessage]:
    """VNACCS messages by code. Raises ReferenceDataError when the file is broken."""
    return read_keyed("status_messages.csv", _MESSAGE_COLUMNS, _message, lambda m: m.message)


@cache
def load_statuses() -> Mapping[str, StatusWord]:
    """Statuses by name, in the order of a declaration's life. Raises ReferenceDataError when a file is broken."""
    codes: dict[str, list[str]] = {}
    for message in load_messages().values():
        codes.setdefault(message.status, []).append(message.message)
    return read_keyed("statuses.csv", _STATUS_COLUMNS, lambda row: _status(row, codes), lambda s: s.status)


@cache
def load_channels() -> Mapping[str, ChannelInfo]:
    """Channels by name. Raises ReferenceDataError when the file is broken."""
    return read_keyed("channels.csv", _CHANNEL_COLUMNS, _channel, lambda c: c.channel)


@dataclass(frozen=True, slots=True)
class KindDirectory:
    """Answers about declaration kinds at a time (epoch milliseconds, UTC)."""

    _kinds: Mapping[tuple[str, Direction], Sequence[tuple[Validity, DeclarationKind]]]

    def get(self, code: str, direction: Direction, at_ms: int) -> DeclarationKind | None:
        """The kind at that time, or None when it is not in our data: warn, never refuse."""
        return version_at(self._kinds.get((code, direction), ()), at_ms)

    def __len__(self) -> int:
        return len(self._kinds)


@cache
def load_kinds() -> KindDirectory:
    """Declaration kinds with their periods. Raises ReferenceDataError when the file is broken."""
    file = "declaration_kinds.csv"
    kinds: dict[tuple[str, Direction], list[tuple[Validity, DeclarationKind]]] = {}
    for row in parse_table(file, data_text(file), _KIND_COLUMNS):
        kind = row.record(DeclarationKind, {"code": "[A-Z][A-Z0-9]{2}"})
        add_version(row, kinds.setdefault((kind.code, kind.direction), []), row.validity(), kind)
    return KindDirectory(MappingProxyType(kinds))
