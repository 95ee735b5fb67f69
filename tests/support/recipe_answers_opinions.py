"""What the recipes about opinions, scores and declarations must answer, worked out from the raw tables one by one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from math import sqrt
from statistics import fmean
from typing import Any

from schemas.records.events import Status
from schemas.reference.vocabulary import load_statuses
from support.raw_history import COUNTING, DAY, HOUR, LOCAL, Fact, Life, Opinion, RawHistory, local_day
from support.scores import estimates

Rows = list[tuple[Any, ...]]
EPOCH = date(1970, 1, 1)
APRIL, MAY, JUNE = ((date(2020, month, 1) - EPOCH).days for month in (4, 5, 6))
_Z = 1.959963984540054
_RATEABLE = {name for name, word in load_statuses().items() if word.rateable}
_ORDER = {name.value: place for place, name in enumerate(Status)}


def day_of(days: int) -> date:
    """A day from its number."""
    return EPOCH + timedelta(days=days)


def quantile(level: float, values: Iterable[int]) -> int:
    """The value that stands at that place in order."""
    ordered = sorted(values)
    return ordered[int(level * len(ordered))]


def percent(part: float, whole: float) -> float:
    """A share in per cent."""
    return 100 * part / whole


def direction(declaration: int) -> str:
    """IMPORT or EXPORT."""
    return "EXPORT" if str(declaration).startswith("3") else "IMPORT"


def wilson(k: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval."""
    p = k / n
    middle, half = p + _Z**2 / (2 * n), _Z * sqrt(p * (1 - p) / n + _Z**2 / (4 * n * n))
    return (middle - half) / (1 + _Z**2 / n), (middle + half) / (1 + _Z**2 / n)


def worse_offices(raw: RawHistory) -> Rows:
    """1: office, opinions, enterprises, share of the largest, percent, change, low, high, more than chance."""
    counts: dict[tuple[str, bool], list[int]] = defaultdict(lambda: [0, 0])
    firms: dict[str, Counter[str]] = defaultdict(Counter)
    for (office, _declaration), one in raw.opinions.items():
        if APRIL <= local_day(one.submitted_at) < JUNE:
            found = counts[office, local_day(one.submitted_at) >= MAY]
            found[0] += one.level <= 2
            found[1] += 1
            firms[office].update([one.fact.tax_code[:10]] if local_day(one.submitted_at) >= MAY else [])
    rows: Rows = []
    for office in sorted({office for office, _now in counts}):
        (k, n), (k_before, n_before) = counts[office, True], counts[office, False]
        p, before = k / n, k_before / n_before
        (low, high), (low_before, high_before) = wilson(k, n), wilson(k_before, n_before)
        least = p - before - sqrt((p - low) ** 2 + (high_before - before) ** 2)
        most = p - before + sqrt((high - p) ** 2 + (before - low_before) ** 2)
        if p > before:
            shown = (100 * p, 100 * (p - before), 100 * least, 100 * most)
            ((_firm, largest),) = firms[office].most_common(1)
            rows.append((office, n, len(firms[office]), percent(largest, n), *shown, least > 0 or most < 0))
    return rows


def what_got_worse(raw: RawHistory) -> Rows:
    """2: what, which, low scores now and before, scores now."""
    now, low_now, low_before = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for one in raw.facts:
        if one.office != "03EE" or one.target == "OFFICIAL" or not APRIL <= local_day(one.submitted_at) < JUNE:
            continue
        parts = [(one.target, one.target_id), ("KIND", one.kind), ("CHANNEL", one.channel), ("REASON", one.reason)]
        late, low = local_day(one.submitted_at) >= MAY, one.score <= 2
        now.update(parts if late else ())
        low_now.update(parts if late and low else ())
        low_before.update(parts if low and not late else ())
    return [
        (*part, low_now[part], low_before[part], now[part])
        for part in low_now
        if low_now[part] > low_before[part] and part[1]
    ]


def low_steps(raw: RawHistory) -> Rows:
    """3: step, low scores, scores, percent, share of all low scores."""
    scores = Counter(one.target_id for one in raw.facts if one.target == "STEP")
    low = Counter(one.target_id for one in raw.facts if one.target == "STEP" and one.score <= 2)
    return [(step, low[step], n, percent(low[step], n), percent(low[step], low.total())) for step, n in scores.items()]


def permitted(life: Sequence[Life]) -> int | None:
    """When a declaration could be rated first; None: never, or it was cancelled."""
    names = {one.status for one in life}
    return None if "CANCELLED" in names else min((e.occurred_at for e in life if e.status in _RATEABLE), default=None)


def latest(life: Sequence[Life], field: str) -> str:
    """The last value of a field that a status names, or nothing."""
    named = [one for one in life if getattr(one, field)]
    place = max(named, key=lambda one: (one.occurred_at, _ORDER[one.status]), default=None)
    return "" if place is None else str(getattr(place, field))


def registration(life: Sequence[Life]) -> Life | None:
    """The first registration."""
    return next((one for one in life if one.status == "REGISTERED"), None)


def never_raters(raw: RawHistory) -> Rows:
    """5a: enterprises that may rate, those that never did, percent."""
    rated: dict[str, bool] = {}
    for declaration, life in raw.lives.items():
        if permitted(life) is not None and (enterprise := latest(life, "tax_code")):
            rated[enterprise] = rated.get(enterprise, False) or declaration in raw.rated
    never = sum(not one for one in rated.values())
    return [(len(rated), never, percent(never, len(rated)))]


def raters_by_wait(raw: RawHistory) -> Rows:
    """5b: channel, wait, declarations, rated, percent."""
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for declaration, life in raw.lives.items():
        at, registered = permitted(life), registration(life)
        if at is not None and registered is not None:
            hours = (at - registered.occurred_at) // HOUR
            waited = "under 4 h" if hours < 4 else "under 24 h" if hours < 24 else "longer"
            found = counts[latest(life, "channel"), waited]
            found[0] += 1
            found[1] += declaration in raw.rated
    return [(*key, n, k, percent(k, n)) for key, (n, k) in counts.items()]


def by_size(raw: RawHistory) -> Rows:
    """6: size of the enterprise, enterprises, opinions, mean, percent dissatisfied."""
    sizes = Counter(
        tax_code for life in raw.lives.values() for tax_code in {one.tax_code for one in life if one.tax_code}
    )

    def size(tax_code: str) -> str:
        names = {10: "1-9", 100: "10-99", 1000: "100-999"}
        return next((name for limit, name in names.items() if sizes[tax_code] < limit), "1000+")

    groups = _grouped((size(one.fact.tax_code), one) for one in raw.opinions.values() if sizes[one.fact.tax_code])
    return [
        (name, len({one.fact.tax_code for one in found}), len(found), *_mean_and(found, lambda level: level <= 2))
        for name, found in groups.items()
    ]


def by_channel_direction_weekday(raw: RawHistory) -> Rows:
    """7: channel, direction, weekday of registration, opinions, mean, percent satisfied."""

    def keys(one: Opinion) -> Iterable[tuple[Any, ...]]:
        registered = one.fact.registered_at
        yield one.fact.channel, "", None
        yield "", direction(one.fact.declaration), None
        yield "", "", None if registered is None else day_of(local_day(registered)).isoweekday()

    counted = [
        one
        for one in raw.opinions.values()
        if one.fact.state == "MATCHED" and APRIL <= local_day(one.submitted_at) < JUNE
    ]
    groups = _grouped((key, one) for one in counted for key in keys(one))
    return [(*key, len(found), *_mean_and(found, lambda level: level >= 4)) for key, found in groups.items()]


def weekly_response(raw: RawHistory) -> Rows:
    """11: office, Monday, registered, rated, percent."""
    first, last = (date(2020, 4, 6) - EPOCH).days, (date(2020, 5, 25) - EPOCH).days
    counts: dict[tuple[str, date], list[int]] = defaultdict(lambda: [0, 0])
    for declaration, life in raw.lives.items():
        registered = registration(life)
        if registered is not None and first <= (day := local_day(registered.occurred_at)) < last:
            found = counts[registered.office, day_of(day - day_of(day).weekday())]
            found[0] += 1
            found[1] += declaration in raw.rated
    return [(*key, n, k, percent(k, n)) for key, (n, k) in counts.items()]


def standings(raw: RawHistory) -> Rows:
    """15b: standing, declarations."""
    opinions: dict[tuple[Any, ...], str] = {}
    for one in raw.all_facts:
        standing = raw.standing(one.declaration, one.sheet_id)
        about = (one.office, one.declaration) + (() if standing in COUNTING else (one.sheet_id,))
        opinions[about] = max(standing, opinions.get(about, ""))
    return list(
        Counter(standing for _declaration, standing in {(key[1], one) for key, one in opinions.items()}).items()
    )


def reasons_of_offices(raw: RawHistory) -> Rows:
    """16: office, reason, low scores; the three most frequent of each office."""
    counts = Counter(
        (one.office, one.reason)
        for one in raw.facts
        if one.target != "OFFICIAL" and one.score <= 2 and one.reason and MAY <= local_day(one.submitted_at) < JUNE
    )
    ordered = sorted(counts.items(), key=lambda one: (one[0][0], -one[1], one[0][1]))
    places = Counter[str]()
    rows: Rows = []
    for (office, reason), n in ordered:
        places[office] += 1
        if places[office] <= 3:
            rows.append((office, reason, n))
    return rows


def revisions(raw: RawHistory) -> Rows:
    """17: direction, opinions, mean hours from the first revision of the first sheet to the last of the last."""
    opinions = _grouped((declaration, found) for (declaration, _sheet), found in sorted(raw.sheets.items()))
    pairs = []
    for sheets in opinions.values():
        if sum(map(len, sheets)) == 1:
            continue
        begun = min(sheets, key=lambda found: min(one.submitted_at for one in found))
        first, last = begun[0].lowest_score, min(found[-1].lowest_score for found in sheets)
        hours = max(found[-1].submitted_at for found in sheets) - min(one.submitted_at for one in begun)
        pairs.append(("UP" if last > first else "DOWN" if last < first else "SAME", hours // 60_000))
    groups = _grouped(pairs)
    return [(key, len(minutes), fmean(minutes) / 60) for key, minutes in groups.items()]


def after_late_checks(raw: RawHistory) -> Rows:
    """18: on time, opinions, mean, percent dissatisfied."""
    groups = _grouped((one.fact.on_time, one) for one in raw.opinions.values() if one.fact.on_time is not None)
    return [(key, len(found), *_mean_and(found, lambda level: level <= 2)) for key, found in groups.items()]


def by_hour(raw: RawHistory) -> Rows:
    """19: local hour, opinions, low ones."""
    groups = _grouped(((one.submitted_at + LOCAL) % DAY // HOUR, one.level) for one in raw.opinions.values())
    return [(hour, len(levels), sum(level <= 2 for level in levels)) for hour, levels in groups.items()]


def slow_kinds(raw: RawHistory) -> Rows:
    """20: kind, opinions, median and 90th percentile of the minutes to clearance."""
    groups = _grouped(
        (one.fact.kind, one.fact.clearance_minutes)
        for one in raw.opinions.values()
        if one.fact.clearance_minutes is not None
    )
    return [
        (kind, len(found), quantile(0.5, found), quantile(0.9, found))
        for kind, found in groups.items()
        if len(found) >= 30
    ]


def still_to_rate(raw: RawHistory) -> Rows:
    """23: declaration number, kind, channel, when it was permitted; the latest twenty."""
    rows: Rows = []
    for declaration, life in raw.lives.items():
        at = permitted(life)
        if at is not None and latest(life, "tax_code") == "9714140538" and declaration not in raw.rated:
            rows.append((max(one.declaration_no for one in life), latest(life, "kind"), latest(life, "channel"), at))
    return sorted(rows, key=lambda row: (-row[3], row[0]))[:20]


def teams_below(raw: RawHistory) -> Rows:
    """24: office, team, scores, enterprises, score, low, high, teams above."""
    teams: dict[tuple[str, str], list[Fact]] = _grouped(
        ((one.office, one.target_id), one)
        for one in raw.facts
        if one.target == "TEAM" and APRIL <= local_day(one.submitted_at) < JUNE
    )
    told = [[(one.tax_code, one.score) for one in facts] for facts in teams.values()]
    found = dict(zip(teams, estimates(told), strict=True))
    firms = {key: len({one.tax_code for one in facts if one.tax_code}) for key, facts in teams.items()}
    shown = {key: one for key, one in found.items() if len(teams[key]) >= 30 and firms[key] >= 10}
    above = {key: sum(other.low > one.high for other in shown.values()) for key, one in shown.items()}
    return [
        (*key, len(teams[key]), firms[key], one.score, one.low, one.high, above[key])
        for key, one in shown.items()
        if above[key]
    ]


def _grouped(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def _mean_and(found: Sequence[Opinion], wanted: Any) -> tuple[float, float]:
    """Mean level, and the share of opinions whose level is wanted, in per cent."""
    return fmean(one.level for one in found), percent(sum(wanted(one.level) for one in found), len(found))


ANSWERS: Mapping[str, tuple[Sequence[str], Any]] = {
    "1": (
        ("office", "opinions", "enterprises", "largest", "percent", "change", "low", "high", "more_than_chance"),
        worse_offices,
    ),
    "2": (("what", "which", "low_now", "low_before", "scores_now"), what_got_worse),
    "3": (("step", "low_scores", "scores", "percent", "of_all_low"), low_steps),
    "5a": (("enterprises", "never", "percent"), never_raters),
    "5b": (("channel", "waited", "declarations", "rated", "percent"), raters_by_wait),
    "6": (("enterprise_size", "enterprises", "opinions", "mean", "dissatisfied_percent"), by_size),
    "7": (
        ("channel", "direction", "registered_weekday", "opinions", "mean", "satisfied_percent"),
        by_channel_direction_weekday,
    ),
    "11": (("office", "week", "registered", "rated", "percent"), weekly_response),
    "15b": (("standing", "declarations"), standings),
    "16": (("office", "reason", "low_scores"), reasons_of_offices),
    "17": (("direction", "opinions", "mean_hours"), revisions),
    "18": (("on_time", "opinions", "mean", "dissatisfied_percent"), after_late_checks),
    "19": (("hour", "opinions", "low"), by_hour),
    "20": (("kind", "opinions", "median_minutes", "p90_minutes"), slow_kinds),
    "23": (("declaration_no", "kind", "channel", "permitted_at"), still_to_rate),
    "24": (("office", "team", "n", "enterprises", "score", "low", "high", "better"), teams_below),
}
"""By recipe: the columns that are compared, and the rows."""
