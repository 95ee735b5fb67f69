"""What scores must be, worked out again and slowly: minute by minute, one by one, in exact fractions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import holidays
import numpy as np

from schemas.reference.tables import data_text
from schemas.reference.working_hours import WorkingHours, parse_working_hours

MINUTE = 60_000
DAY = 1440
FIRST_DAY, LAST_DAY = date(2022, 1, 1), date(2026, 12, 31)
BEGIN = int(datetime(2021, 12, 31, 17, tzinfo=UTC).timestamp() * 1000)
"""The local midnight at which the five years begin."""

OVERTIME_OFFICE = "03EE"
OVERTIME: tuple[dict[str, Any], ...] = (
    {"weekdays": (6,), "windows": (("08:00", "11:30"),), "on_days_off": False},
    {"weekdays": (1, 2, 3, 4, 5), "windows": (("16:00", "20:00"), ("23:30", "24:00")), "on_days_off": True},
)
"""On Saturdays; and in the evening, holidays included, beginning before regular work ends."""


def overtime_hours() -> WorkingHours:
    """The shipped working hours with the overtime above."""
    out = data_text("working_hours.toml")
    for rule in OVERTIME:
        windows = ", ".join(f'["{a}", "{b}"]' for a, b in rule["windows"])
        out += (
            f'\n[[overtime]]\noffice = "{OVERTIME_OFFICE}"\nvalid_from = 2019-01-01\nvalid_to = 2027-01-01\n'
            f"weekdays = {list(rule['weekdays'])}\nwindows = [{windows}]\n"
            f'on_days_off = {str(rule["on_days_off"]).lower()}\nconfidence = "U"\nsource = "a test"\n'
        )
    return parse_working_hours(out)


def _minute_of(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def worked_minutes(office: str) -> bytearray:
    """For every minute of five years whether it is worked, one byte each."""
    known = holidays.country_holidays("VN", years=range(2022, 2027))
    # Swapped by the government in December 2025; the library does not know it.
    off, worked = set(known) | {date(2026, 1, 2)}, set(known.weekend_workdays) | {date(2026, 1, 10)}
    minutes = bytearray(((LAST_DAY - FIRST_DAY).days + 1) * DAY)
    day, place = FIRST_DAY, 0
    while day <= LAST_DAY:
        windows = []
        if (day.isoweekday() <= 5 and day not in off) or day in worked:
            windows += [("07:30", "11:30"), ("13:00", "16:30")]
        if office == OVERTIME_OFFICE:
            for rule in OVERTIME:
                if day.isoweekday() in rule["weekdays"] and (rule["on_days_off"] or day not in off):
                    windows += rule["windows"]
        for start, end in windows:
            for minute in range(_minute_of(start), _minute_of(end)):
                minutes[place + minute] = 1
        day, place = day + timedelta(days=1), place + DAY
    return minutes


def slow_exact(worked: bytearray, start: int, end: int) -> int:
    """Working milliseconds between two instants (epoch milliseconds), summed minute by minute."""
    first, last = (start - BEGIN) // MINUTE, (end - BEGIN) // MINUTE
    if first == last:
        return worked[first] * (end - start)
    head = worked[first] * ((first + 1) * MINUTE - (start - BEGIN))
    tail = worked[last] * ((end - BEGIN) - last * MINUTE)
    return head + tail + MINUTE * sum(worked[first + 1 : last])


_OVER = {"RELEASED", "CLEARED", "CANCELLED"}
_STEPS = {
    "DOCUMENT_CHECK": (
        {"CHANNEL_ASSIGNED YELLOW", "CHANNEL_ASSIGNED RED"},
        {"CHANNEL_ASSIGNED GREEN", "STORAGE_PERMITTED"},
        {"DOCUMENTS_CHECKED", *_OVER},
    ),
    "GOODS_INSPECTION": (
        {"INSPECTION_REQUIRED"},
        {"GOODS_INSPECTED", "INSPECTION_WITHDRAWN", "STORAGE_PERMITTED"},
        _OVER,
    ),
}
"""What begins a step, what ends it, and after what nothing is left to do."""


@dataclass
class Dossier:
    """A declaration with all that a score asks of it.

    Attributes:
        number: Its eleven digits.
        office: Of registration, and of all its steps.
        statuses: Status, instant (epoch milliseconds), channel.
        levels: Of each sheet the lowest scores by revision.
        complained: Whether a case about it stands.
    """

    number: int
    office: str
    statuses: list[tuple[str, int, str]]
    levels: list[list[int]] = field(default_factory=list)
    complained: bool = False

    @property
    def registered_at(self) -> int:
        """First registration."""
        return min(at for name, at, _channel in self.statuses if name == "REGISTERED")

    @property
    def disliked(self) -> bool:
        """Whether the last revision of some sheet holds a score of 1 or 2."""
        return any(revisions[-1] <= 2 for revisions in self.levels)

    def rounds(self, step: str, as_of: int) -> list[tuple[int, int | None]]:
        """Start and end of each round of a step as of an instant; without an end it runs."""
        begins, ends, over = _STEPS[step]
        found: list[tuple[int, int | None]] = []
        nothing_left = False
        for at, name, channel in sorted((at, name, channel) for name, at, channel in self.statuses if at < as_of):
            told = f"{name} {channel}".strip()
            running = bool(found) and found[-1][1] is None
            if told in begins and not running and not (nothing_left and found):
                found.append((at, at if nothing_left else None))
            elif told in ends | over and running:
                found[-1] = (found[-1][0], at)
            nothing_left = nothing_left or told in over
        return found

    def round_minutes(self, one: tuple[int, int | None], as_of: int, worked: bytearray) -> int:
        """Working minutes of a round without the wait for a supplement."""
        start, end = one[0], as_of if one[1] is None else one[1]
        spent = slow_exact(worked, start, end)
        asked = min((at for name, at, _c in self.statuses if name == "CUSTOMS_INSTRUCTION"), default=end)
        if asked < end:
            answers = [at for name, at, _c in self.statuses if name == "AMENDED_BY_DECLARANT" and asked <= at < end]
            supplied = min(answers, default=end)
            spent -= slow_exact(worked, max(asked, start), supplied) if supplied > start else 0
        return spent // MINUTE

    def minutes(self, step: str, as_of: int, worked: bytearray) -> int | None:
        """Working minutes of the longest round of a step; None: it did not begin."""
        return max((self.round_minutes(one, as_of, worked) for one in self.rounds(step, as_of)), default=None)

    def late(self, as_of: int, worked: bytearray) -> bool:
        """Whether criterion 2.1 counts it late."""
        requests = sum(name == "CUSTOMS_INSTRUCTION" and at < as_of for name, at, _channel in self.statuses)
        limits = {"DOCUMENT_CHECK": 120, "GOODS_INSPECTION": 480}
        return requests > 1 or any((self.minutes(step, as_of, worked) or 0) > limits[step] for step in limits)


def percent(numerator: int, denominator: int) -> Decimal | None:
    """A percentage with two decimals, half up; None without a denominator."""
    return None if denominator == 0 else hundredths(Fraction(100 * numerator, denominator))


def hundredths(value: Fraction) -> Decimal:
    """A number with two decimals, half up."""
    return Decimal((value * 200 + 1) // 2) / 100


def points(ratio: Decimal | None, maximum: int, full_at: int) -> Decimal | None:
    """Points of a percentage: all of them from `full_at` on, in proportion below it."""
    if ratio is None:
        return None
    return Decimal(maximum) if ratio >= full_at else hundredths(Fraction(ratio) * maximum / full_at)


@dataclass(frozen=True)
class Estimate:
    """A shrunken mean and its interval."""

    score: float
    low: float
    high: float
    pull: float


def estimates(samples: Sequence[Sequence[tuple[str, int]]]) -> list[Estimate]:
    """Empirical Bayes, normal model, of the means of enterprises, with the interval of each target's own enterprises.

    Morris (1983), DerSimonian and Laird (1986); clusters by enterprise as Liang and Zeger (1986).

    Args:
        samples: Of each target the enterprise and the score of each opinion.
    """
    means = [np.array([np.mean(found) for found in _by_enterprise(one)]) for one in samples]
    m = np.array([len(one) for one in means], dtype=float)
    mean = np.array([one.mean() for one in means])
    squares = np.array([((one - one.mean()) ** 2).sum() for one in means])
    sigma2 = max(1 / 12, float(squares.sum() / (m.sum() - len(m))) if m.sum() > len(m) else 0.0)
    w = m / sigma2
    spread = w.sum() - (w**2).sum() / w.sum()
    q = float((w * (mean - np.average(mean, weights=w)) ** 2).sum())
    tau2 = max(0.0, (q - (len(m) - 1)) / spread) if len(m) > 1 and spread > 0 else 0.0
    total = sigma2 / m + tau2
    centre = float(np.average(mean, weights=1 / total))
    pull = sigma2 / m / total
    score = pull * centre + (1 - pull) * mean
    error = np.sqrt((1 - pull) * sigma2 / m + pull**2 / (1 / total).sum())
    own = student(m - 1) * np.sqrt(np.maximum(sigma2, squares / np.maximum(1, m - 1)) / m)
    low = np.minimum(score - Z * error, mean - own)
    high = np.maximum(score + Z * error, mean + own)
    found = zip(score.tolist(), low.tolist(), high.tolist(), pull.tolist(), strict=True)
    return [Estimate(s, max(1.0, a), min(5.0, b), p) for s, a, b, p in found]


Z = 1.959963984540054
"""97.5 % quantile of the normal distribution."""


def student(freedom: Any) -> Any:
    """97.5 % quantile of Student's t, by the expansion of Abramowitz and Stegun 26.7.5."""
    freedom = np.maximum(1, freedom)
    first, second = (Z**3 + Z) / 4, (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96
    third = (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384
    return Z + first / freedom + second / freedom**2 + third / freedom**3


def _by_enterprise(sample: Sequence[tuple[str, int]]) -> list[list[int]]:
    found: dict[str, list[int]] = {}
    for enterprise, score in sample:
        found.setdefault(enterprise, []).append(score)
    return list(found.values())


def ranks(intervals: Sequence[tuple[float, float]]) -> list[int]:
    """Ranks by connected groups of overlapping intervals, the highest group first."""
    n = len(intervals)
    group = list(range(n))
    for _ in range(n):
        for a in range(n):
            for b in range(n):
                (low_a, high_a), (low_b, high_b) = intervals[a], intervals[b]
                if low_a <= high_b and low_b <= high_a:
                    group[a] = group[b] = min(group[a], group[b])
    floor = {g: min(intervals[k][0] for k in range(n) if group[k] == g) for g in group}
    return [1 + sum(floor[group[k]] > floor[group[a]] for k in range(n)) for a in range(n)]
