"""Limits of feedback, complaints and denunciations, and our own of signals. Sources: `data/deadlines.toml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise
from types import MappingProxyType

from schemas.records.complaints import CaseTrack
from schemas.reference.errors import ReferenceDataError
from schemas.reference.tables import Confidence, data_text, version_at
from schemas.reference.toml_entries import TomlEntry, parse_toml
from schemas.reference.validity import Validity

_FILE = "deadlines.toml"
_VALUES = ("id", "name_vi", "name_en", "track", "unit", "amount", "starts", "valid_from", "valid_to")


class LimitUnit(StrEnum):
    """What a limit is counted in."""

    WORKING_HOUR = "WORKING_HOUR"
    WORKING_DAY = "WORKING_DAY"
    CALENDAR_DAY = "CALENDAR_DAY"


@dataclass(frozen=True, slots=True)
class Deadline:
    """One deadline in one period.

    Attributes:
        id: Such as RESOLVE or COMPLAINT_DECIDE.
        track: SIGNAL, FEEDBACK, COMPLAINT or DENUNCIATION.
        unit: What it is counted in: days after the day of the starting event (`WorkingCalendar.add_working_days`,
            `add_calendar_days`) or working hours from it.
        amount: Number of units.
        starts: Description of the starting event.
        confidence: Trust in the figure; unverified when we apply it to a time before it was in force.
    """

    id: str
    name_vi: str
    name_en: str
    track: str
    unit: LimitUnit
    amount: int
    starts: str
    validity: Validity
    confidence: Confidence
    source: str

    @property
    def working_days(self) -> int:
        """The limit in working days.

        Raises:
            ValueError: It is counted in something else.
        """
        if self.unit is not LimitUnit.WORKING_DAY:
            raise ValueError(f"{self.id} is counted in {self.unit}")
        return self.amount


@dataclass(frozen=True, slots=True)
class DeadlineDirectory:
    """All deadlines with their periods."""

    _versions: Mapping[str, Sequence[tuple[Validity, Deadline]]]

    def get(self, deadline_id: str, at_ms: int) -> Deadline:
        """The deadline in force when a clock starts at `at_ms` (epoch milliseconds, UTC).

        Raises:
            KeyError: There is no deadline with that id.
        """
        found = version_at(self._versions[deadline_id], at_ms)
        assert found is not None, "parse_deadlines leaves no gap"
        return found

    def ids(self) -> tuple[str, ...]:
        """The ids of all deadlines."""
        return tuple(self._versions)


def _deadline(entry: TomlEntry) -> Deadline:
    return Deadline(
        id=entry.text("id"),
        name_vi=entry.text("name_vi"),
        name_en=entry.text("name_en"),
        track=entry.choice("track", CaseTrack),
        unit=entry.choice("unit", LimitUnit),
        amount=entry.integer("amount"),
        starts=entry.text("starts"),
        validity=entry.validity(),
        confidence=entry.confidence(),
        source=entry.text("source"),
    )


def parse_deadlines(text: str) -> DeadlineDirectory:
    """The deadlines of a TOML text.

    Raises:
        ReferenceDataError: An entry is wrong, or the versions of an id overlap or leave a gap.
    """
    versions: dict[str, list[tuple[Validity, Deadline]]] = {}
    for entry in parse_toml(_FILE, text).entries("deadline", _VALUES):
        deadline = _deadline(entry)
        versions.setdefault(deadline.id, []).append((deadline.validity, deadline))
    for deadline_id, dated in versions.items():
        dated.sort(key=lambda version: version[0].from_ms)
        seams = pairwise(dated)
        joined = all(earlier.valid_to == later.valid_from for (earlier, _), (later, _) in seams)
        if not joined or dated[0][0].valid_from is not None or dated[-1][0].valid_to is not None:
            raise ReferenceDataError(_FILE, None, f"the versions of {deadline_id} must cover all time once")
    return DeadlineDirectory(MappingProxyType(versions))


@cache
def load_deadlines() -> DeadlineDirectory:
    """The deadlines of the data file. Raises ReferenceDataError when it is broken."""
    return parse_deadlines(data_text(_FILE))
