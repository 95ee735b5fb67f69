"""Code lists of the reference data that hailong itself does not look up: VNACCS messages and declaration kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from schemas.reference.tables import Confidence, Row, add_version, data_text, parse_table, read_keyed, version_at
from schemas.reference.validity import Validity
from schemas.reference.vocabulary import Direction


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
        channel_confidence: Trust in the channel; None without one.
        source: Where it comes from.
    """

    message: str
    status: str
    direction: Direction
    channel: str | None
    title_vi: str
    confidence: Confidence
    channel_confidence: Confidence | None
    source: str


def _message(row: Row) -> StatusMessage:
    if row.optional("channel") is not None:
        row.choice("channel_confidence", Confidence)
    return row.record(StatusMessage, {"message": "[A-Z]{3}[A-Z0-9]{3}"})


@cache
def load_messages() -> Mapping[str, StatusMessage]:
    """VNACCS messages by code. Raises ReferenceDataError when the file is broken."""
    return read_keyed("status_messages.csv", StatusMessage, _message)


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


@dataclass(frozen=True, slots=True)
class KindDirectory:
    """Answers about declaration kinds at a time (epoch milliseconds, UTC)."""

    _kinds: Mapping[tuple[str, Direction], Sequence[tuple[Validity, DeclarationKind]]]

    def get(self, code: str, direction: Direction, at_ms: int) -> DeclarationKind | None:
        """The kind at that time, or None when it is not in our data."""
        return version_at(self._kinds.get((code, direction), ()), at_ms)

    def __len__(self) -> int:
        return len(self._kinds)


@cache
def load_kinds() -> KindDirectory:
    """Declaration kinds with their periods. Raises ReferenceDataError when the file is broken."""
    file = "declaration_kinds.csv"
    columns = ("code", "direction", "name_vi", "name_en", "valid_from", "valid_to", "confidence", "source")
    kinds: dict[tuple[str, Direction], list[tuple[Validity, DeclarationKind]]] = {}
    for row in parse_table(file, data_text(file), columns):
        kind = row.record(DeclarationKind, {"code": "[A-Z][A-Z0-9]{2}"})
        add_version(row, kinds.setdefault((kind.code, kind.direction), []), row.validity(), kind)
    return KindDirectory(kinds)
