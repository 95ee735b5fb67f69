"""What the recipes about complaints, steps, points, alerts and data must answer, worked out from the raw tables."""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from statistics import fmean
from typing import Any

from schemas.reference.calendar import load_calendar
from schemas.reference.timeline import Timeline, build_timeline, regular_days
from schemas.reference.working_hours import load_working_hours
from support.raw_history import DAY, HOUR, LOCAL, Case, RawHistory, local_day
from support.recipe_answers_opinions import APRIL, EPOCH, JUNE, MAY, Rows, day_of, quantile, registration
from support.score_tables import Basis, load_criteria
from support.scores import Dossier, percent, points

MINUTE = 60_000
END_OF_MAY = JUNE * DAY - LOCAL
"""The local midnight after 31 May 2020."""
LONG_AFTER = 2**60
"""After every limit of the demo has ended, as when the recipe is tried."""

_LIMITS = {"DOCUMENT_CHECK": 120, "GOODS_INSPECTION": 480}


class CheckedDossier(Dossier):
    """A dossier whose working time is that of the calendar in Python."""

    def round_minutes(self, one: tuple[int, int | None], as_of: int, worked: bytearray) -> int:
        """Working minutes of a round without the wait for a supplement."""
        start, end = one[0], as_of if one[1] is None else one[1]
        asked = min((at for name, at, _c in self.statuses if name == "CUSTOMS_INSTRUCTION" and at < as_of), default=end)
        spans = [(start, end, 1)]
        if asked < end:
            ends = {"AMENDED_BY_DECLARANT", "CLEARED", "CANCELLED"}
            supplied = min((at for name, at, _c in self.statuses if name in ends and asked <= at < end), default=end)
            spans.append((max(asked, start), max(supplied, start), -1))
        return _worked_ms(spans) // MINUTE


def _worked_ms(spans: Sequence[tuple[int, int, int]]) -> int:
    """Working milliseconds of spans, each with its sign."""
    timeline = _timeline()
    return sum(sign * (timeline.worked(end) - timeline.worked(start)) for start, end, sign in spans)


@cache
def _timeline() -> Timeline:
    hours = load_working_hours()
    return build_timeline(hours, regular_days(hours), None)


def dossiers(raw: RawHistory) -> Iterator[Dossier]:
    """Each registered declaration."""
    disliked = {declaration for (declaration, _sheet), found in raw.sheets.items() if found[-1].lowest_score <= 2}
    complained = {int(one.declaration_no[:11]) for one in raw.cases if one.declaration_no and one.state != "WITHDRAWN"}
    for declaration, life in raw.lives.items():
        registered = registration(life)
        if registered is not None:
            routed = "CHANNEL_ASSIGNED"
            statuses = [(one.status, one.occurred_at, one.channel if one.status == routed else "") for one in life]
            levels = [[2 if declaration in disliked else 5]] if declaration in raw.rated else []
            yield CheckedDossier(declaration, registered.office, statuses, levels, declaration in complained)


def answer_times(raw: RawHistory) -> Rows:
    """4: office, answered, median and 90th percentile of hours from opening to answer."""
    minutes: dict[str, list[int]] = defaultdict(list)
    for one in raw.cases:
        if one.answered_at is not None:
            minutes[one.office].append((one.answered_at - one.opened_at) // MINUTE)
    return [(key, len(found), quantile(0.5, found) / 60, quantile(0.9, found) / 60) for key, found in minutes.items()]


def due_cases(raw: RawHistory) -> Rows:
    """8: complaint, track, state, due, missed limits, priority, who."""
    days = {(date(2020, 6, number) - EPOCH).days for number in (2, 3)}
    return [
        (one.complaint_id, one.track, one.state, one.next_due_at, one.overdue, one.priority,
         "ENTERPRISE" if one.state == "WAITING" else one.unit)
        for one in raw.cases
        if one.next_due_at is not None and local_day(one.next_due_at - 1) in days
    ]  # fmt: skip


def is_late(one: Case) -> bool:
    """Whether an item of feedback is late, for criterion 5.2."""
    for _rule, track, phase, _started, due, _paused, met, ended in one.clocks:
        asked = one.asked and one.track == "FEEDBACK"
        counts = track == "FEEDBACK" and (phase in ("RESOLVE", "ANSWER") or (phase == "ACKNOWLEDGE" and asked))
        over = next((at for at in (met, ended) if at is not None), None)
        if counts and due is not None and due < LONG_AFTER and (over is None or over > due):
            return True
    rejected = one.finding == "REJECTED" and one.track == "FEEDBACK"
    if not rejected or one.resolved_at is None:
        return False
    begun = [clock[3] for clock in one.clocks if clock[2] == "RESOLVE" and clock[3] <= one.resolved_at]
    return one.resolved_at > load_calendar().add_working_days(max([one.opened_at, *begun]), 2)


def concerns_may(one: Case) -> bool:
    """Whether an item of feedback was received in May 2020, or something about it was still to be done."""
    received = min((clock[3] for clock in one.clocks if clock[1] == "FEEDBACK"), default=LONG_AFTER)
    to_do = [
        (started, next((at for at in (met, ended) if at is not None), LONG_AFTER))
        for _rule, track, phase, started, _due, _paused, met, ended in one.clocks
        if track == "FEEDBACK" and phase in ("RESOLVE", "ANSWER")
    ]
    return MAY <= local_day(received) < JUNE or any(s < END_OF_MAY and local_day(over) >= MAY for s, over in to_do)


def feedback(raw: RawHistory) -> Mapping[str, Sequence[tuple[bool, bool]]]:
    """By office: of each item of feedback of May whether it is late, and whether it is disliked or was reopened."""
    found: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for one in raw.cases:
        counts = one.track != "DENUNCIATION" and one.state != "MERGED" and concerns_may(one)
        if counts and ((one.track == "FEEDBACK" and one.state != "WITHDRAWN") or is_late(one)):
            poor = one.reopened or (one.handling_score is not None and one.handling_score <= 2)
            found[one.office].append((is_late(one), poor))
    return found


def points_in_time(raw: RawHistory) -> Rows:
    """10: office, items, late ones, points of 5.2 and 5.3 now and if nothing were late."""
    return [
        (office, len(items), sum(late for late, _poor in items),
         6 * sum(not late for late, _poor in items) / len(items), 6,
         6 * sum(not (late or poor) for late, poor in items) / len(items),
         6 * sum(not poor for _late, poor in items) / len(items))
        for office, items in feedback(raw).items()
    ]  # fmt: skip


def points_of_offices(raw: RawHistory) -> Rows:
    """9: office, group 2, group 5, points, of how many, missing."""
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for one in dossiers(raw):
        if MAY <= local_day(one.registered_at) < JUNE:
            late = one.late(END_OF_MAY, bytearray())
            good = {"2.1": not late, "5.4": not (late or one.disliked or one.complained)}
            for criterion, is_good in good.items():
                counts[one.office, criterion][0] += is_good
                counts[one.office, criterion][1] += 1
    for office, items in feedback(raw).items():
        counts[office, "5.2"] = [sum(not late for late, _poor in items), len(items)]
        counts[office, "5.3"] = [sum(not (late or poor) for late, poor in items), len(items)]
    return [_points_of(office, counts) for office in {office for office, _criterion in counts}]


def _points_of(office: str, counts: Mapping[tuple[str, str], Sequence[int]]) -> tuple[Any, ...]:
    criteria = load_criteria()
    found = {
        name: points(percent(*counts[office, name]), one.maximum, one.full_at or 100)
        for name, one in criteria.items()
        if one.basis is Basis.COMPUTED
    }
    known = {name: given for name, given in found.items() if given is not None}
    five = [known[name] for name in ("5.2", "5.3", "5.4") if name in known]
    missing = ", ".join(sorted(criteria.keys() - known.keys()))
    in_all = sum(criteria[name].maximum for name in known)
    known_points = sum(known.values())
    share = round(100 * float(known_points) / in_all, 2)
    return office, found["2.1"], sum(five) if len(five) == 3 else None, known_points, in_all, share, missing


def complaining_enterprises(raw: RawHistory) -> Rows:
    """12: enterprise, complaints, withdrawn, offices, first and last day."""
    found: dict[str, list[Case]] = defaultdict(list)
    for one in raw.cases:
        found[one.tax_code].append(one)
    return [
        (key, len(cases), sum(one.state == "WITHDRAWN" for one in cases), len({one.office for one in cases}),
         *(day_of(local_day(pick(one.opened_at for one in cases))) for pick in (min, max)))
        for key, cases in found.items() if key and len(cases) > 1
    ]  # fmt: skip


def step_times(raw: RawHistory) -> Rows:
    """13: step, month, rounds, median and 90th percentile of minutes."""
    as_of = JUNE * DAY
    found: dict[tuple[str, date], list[int]] = defaultdict(list)
    for one in dossiers(raw):
        if not APRIL <= local_day(one.registered_at) < JUNE:
            continue
        for step in _LIMITS:
            for start, end in one.rounds(step, as_of):
                if end is not None:
                    found[step, _month(start)].append(one.round_minutes((start, end), as_of, bytearray()))
        routed = {"CHANNEL_ASSIGNED", "CLEARED", "CANCELLED"}
        end = min((at for name, at, _c in one.statuses if name in routed and at >= one.registered_at), default=None)
        if end is not None:
            minutes = _worked_ms([(one.registered_at, end, 1)]) // MINUTE
            found["ACKNOWLEDGEMENT", _month(one.registered_at)].append(minutes)
    return [(*key, len(rounds), quantile(0.5, rounds), quantile(0.9, rounds)) for key, rounds in found.items()]


def alerts(raw: RawHistory) -> Rows:
    """14: raised, detector, state, hours open, judged complaints, upheld ones, complaints."""
    findings = {str(one.complaint_id): one.finding for one in raw.cases}
    rows: Rows = []
    for raised, detector, state, cleared, complaints in raw.rows(
        "SELECT toUnixTimestamp64Milli(raised_at), detector, state, toUnixTimestamp64Milli(cleared_at), complaint_ids"
        " FROM alert FINAL"
    ):
        hours = ((int(time.time() * 1000) if cleared is None else cleared) - raised) // HOUR
        found = [findings[one] for one in complaints if findings.get(one)]
        upheld = sum(one in ("UPHELD", "PARTLY_UPHELD") for one in found)
        read = "EASED" if state == "CLEARED" else state
        rows.append((raised, detector, read, hours, len(found), upheld, len(complaints)))
    return rows


def freshness(raw: RawHistory) -> Rows:
    """15a: topic, newest event, last stored, waiting sheets, unmatched ones, those by reason, refused, undecided."""
    unmatched = Counter(
        {(one.unmatched_reason, one.declaration, one.sheet_id) for one in raw.all_facts if one.state == "UNMATCHED"}
    )
    reasons = dict(Counter(reason for reason, *_sheet in unmatched))
    facts = {(row[0], row[1]) for row in raw.rows("SELECT declaration, sheet_id FROM rated_service")}
    about_sheets = (sum(key not in facts for key in raw.all_sheets), sum(reasons.values()), reasons)
    decided = {row[0] for row in raw.rows("SELECT dead_letter_id FROM dead_letter_action")}
    refused: dict[str, list[bool]] = defaultdict(list)
    for topic, letter in raw.rows("SELECT source_topic, dead_letter_id FROM dead_letter FINAL"):
        refused[re.sub(r"^.*\.(?=[\w-]+\.v\d+$)|\.v\d+$", "", topic)].append(letter not in decided)
    tables = (
        ("declaration-status", "declaration_status", "occurred_at"),
        ("rated-service", "rated_service", "submitted_at"),
        ("rating", "rating", "submitted_at"),
    )
    rows: Rows = []
    for topic, table, column in tables:
        ((event, stored),) = raw.rows(f"SELECT toUnixTimestamp64Milli(max({column})), max(stored_at) FROM {table}")
        sheets = about_sheets if topic == "rating" else (None, None, {})
        rows.append((topic, event, stored, *sheets, len(refused[topic]), sum(refused[topic])))
    return rows


def missed_limits(raw: RawHistory) -> Rows:
    """21: office, rule, ended limits, met late, not met in time."""
    now = int(time.time() * 1000)
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for one in raw.cases:
        for rule, _track, _phase, _started, due, paused, met, ended in one.clocks:
            late = met is not None and due is not None and met > due
            over = met is None and paused is None and due is not None and due < (now if ended is None else ended)
            for place, is_so in enumerate((met is not None or over, late, over)):
                counts[one.office, rule][place] += is_so
    return [(*key, *found) for key, found in counts.items() if found[1] + found[2]]


def handling_by_finding(raw: RawHistory) -> Rows:
    """22: finding, cases, rated, mean, reopened."""
    rows: Rows = []
    for finding in {one.finding for one in raw.cases if one.finding}:
        cases = [one for one in raw.cases if one.finding == finding]
        scores = [one.handling_score for one in cases if one.handling_score is not None]
        rows.append((finding, len(cases), len(scores), fmean(scores), sum(one.reopened for one in cases)))
    return rows


def open_letters(raw: RawHistory) -> Rows:
    """25: topic, reason, records, since when."""
    decided = {row[0] for row in raw.rows("SELECT dead_letter_id FROM dead_letter_action")}
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    statement = (
        "SELECT source_topic, reason, toUnixTimestamp64Milli(recorded_at), dead_letter_id FROM dead_letter FINAL"
    )
    for topic, reason, recorded, letter in raw.rows(statement):
        if letter not in decided:
            found[topic, reason].append(recorded)
    return [(*key, len(recorded), min(recorded)) for key, recorded in found.items()]


def _month(at: int) -> date:
    return day_of(local_day(at)).replace(day=1)


ANSWERS: Mapping[str, tuple[Sequence[str], Any]] = {
    "4": (("office", "answered", "median_hours", "p90_hours"), answer_times),
    "8": (("complaint_id", "track", "case_state", "next_due_at", "missed_limits", "priority", "who"), due_cases),
    "9": (("unit", "group_2", "group_5", "points", "points_of", "points_share", "missing"), points_of_offices),
    "10": (
        ("office", "items", "late_items", "points_5_2", "in_time_5_2", "points_5_3", "in_time_5_3"),
        points_in_time,
    ),
    "12": (("tax_code", "complaints", "withdrawn", "offices", "first_day", "last_day"), complaining_enterprises),
    "13": (("step", "month", "rounds", "median_minutes", "p90_minutes"), step_times),
    "14": (("raised_at", "detector", "alert_state", "hours_open", "judged", "upheld", "complaints"), alerts),
    "15a": (
        ("topic", "newest_event_at", "newest_stored_at", "waiting_sheets", "unmatched_sheets", "unmatched_reasons",
         "refused_records", "undecided_records"),
        freshness,
    ),
    "21": (("office", "rule", "ended", "met_late", "not_met"), missed_limits),
    "22": (("finding", "cases", "rated", "mean", "reopened_cases"), handling_by_finding),
    "25": (("source_topic", "dead_letter_reason", "records", "since"), open_letters),
}  # fmt: skip
"""By recipe: the columns that are compared, and the rows."""
