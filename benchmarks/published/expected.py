"""What must come out, computed from the mapped files and the documents; it shares no code with the product.

Each result is a table: keys to values. Times are epoch milliseconds, months the first day of a local month.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from benchmarks.published.history import Event, Item, Sheet, Status
from benchmarks.published.lives import DOCUMENT_LIMIT, GOODS_LIMIT, PERMITTED, Life
from benchmarks.published.working_time import WorkingTime, month_of

Table = Mapping[tuple[object, ...], tuple[object, ...]]
Windows = Collection[tuple[str, str, int, int]]
"""Id and office of alerts, begin and end (exclusive, epoch ms) of their windows."""

_THRESHOLD = 2
_AGAIN_MS = 30 * 86_400_000
_PANE_MS = 300_000
_COUNTING = {"VERIFIED", "UNSTATED"}


class Expected:
    """The results that a history implies."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._calendar = WorkingTime()
        statuses = defaultdict(list)
        for event in events:
            if isinstance(event, Status):
                statuses[identity(event.declaration_no)].append(event)
        self._lives = {declaration: Life(some) for declaration, some in statuses.items()}
        sheets = (event for event in events if isinstance(event, Sheet))
        self._sheets = sorted(sheets, key=lambda one: (one.at, one.declaration_no, one.sheet_id))
        self._counted = [sheet for sheet in self._sheets if self._standing(sheet) in _COUNTING]
        self.as_of = max(event.at for event in events) + 1

    def tables(self) -> dict[str, Table]:
        """All results by name; `results.QUESTIONS` asks hailong for the same."""
        found: dict[str, Callable[[], Table]] = {
            "facts": self.facts,
            "complaints": self.complaints,
            "satisfaction by month": self.satisfaction,
            "opinions by month": self.opinions,
            "declarations": self.declarations,
            "response rates": self.response_rates,
            "unrated declarations": self.unrated,
            "processing times": self.processing_times,
            "step times": self.step_times,
        }
        return {name: table() for name, table in found.items()}

    def facts(self) -> Table:
        """One fact for each item of each sheet."""
        table: dict[tuple[object, ...], tuple[object, ...]] = {}
        for sheet in self._sheets:
            life = self._as_of(sheet)
            steps = life.steps(sheet.at, self._calendar)
            joined = (
                *(("MATCHED", "") if life.statuses else ("UNMATCHED", "NOT_KNOWN")),
                self._standing(sheet),
                sheet.at if sheet.tax_code and any(map(str.isalnum, sheet.comment)) else 0,
                sheet.at,
                sheet.phase,
                bool(sheet.comment),
                False,  # no office of a published set is in the reference data
                sheet.tax_code or life.last_of("tax_code"),
                life.statuses[-1].office if life.statuses else "",
                life.last_of("team"),
                life.statuses[-1].status if life.statuses else "",
                life.last_of("channel"),
                len(life.statuses),
                life.first("REGISTERED"),
                life.first(*PERMITTED),
                steps.documents,
                steps.goods,
                steps.clearance,
                steps.on_time,
            )
            for item in sheet.items:
                key = (identity(sheet.declaration_no), sheet.sheet_id, item.target, item.office, item.target_id)
                table[key] = (sheet.revision, item.score, *joined)
        return table

    def complaints(self) -> Table:
        """One complaint for each sheet and office with a score of 1 or 2."""
        table: dict[tuple[object, ...], tuple[object, ...]] = {}
        last_about: dict[tuple[str, str], int] = {}
        for sheet in self._counted:
            for office in {item.office for item in sheet.items}:
                low = [item for item in sheet.items if item.office == office and item.score <= _THRESHOLD]
                if not low:
                    continue
                lowest = min(item.score for item in low)
                officials = {(office, item.target_id) for item in low if item.target == "OFFICIAL"}
                again = any(sheet.at - last_about.get(official, -sheet.at) <= _AGAIN_MS for official in officials)
                last_about |= dict.fromkeys(officials, sheet.at)
                reasons = (["OFFICIAL_AGAIN"] if again else []) + ["SCORE_1_WITH_TEXT"] * (
                    lowest == 1 and bool(sheet.comment)
                )
                table[identity(sheet.declaration_no), sheet.sheet_id, office] = (
                    "OPENED",
                    sheet.at,
                    lowest,
                    len(low),
                    self._calendar.end_of_day_after(sheet.at, 5),
                    self._calendar.end_of_day_after(sheet.at, 15),
                    ",".join(reasons),
                )
        return table

    def satisfaction(self) -> Table:
        """Numbers of scores 1 to 5 of each target and month; the sheets of a declaration give one, the lowest."""
        scores: dict[tuple[object, ...], tuple[int, int]] = {}
        for sheet in self._counted:  # in the order of their times
            for item in sheet.items:
                key = (item.target, item.office, item.target_id, identity(sheet.declaration_no))
                lowest = min(item.score, scores[key][0]) if key in scores else item.score
                scores[key] = (lowest, sheet.at)
        counts: dict[tuple[object, ...], Counter[int]] = defaultdict(Counter)
        for (*target, _declaration), (score, sent) in scores.items():
            counts[*target, month_of(sent)][score] += 1
        return {key: tuple(some[score] for score in range(1, 6)) for key, some in counts.items()}

    def opinions(self) -> Table:
        """Opinions by office and month: how many, satisfied, dissatisfied."""
        levels = defaultdict(list)
        for office in {item.office for sheet in self._counted for item in sheet.items}:
            for sheets in self._opinions(office):
                levels[office, month_of(sheets[-1].at)].append(_level(sheets, office))
        return {
            key: (len(some), sum(level >= 4 for level in some), sum(level <= 2 for level in some))
            for key, some in levels.items()
        }

    def declarations(self) -> Table:
        """Where each declaration stands after the last event."""
        return {
            (declaration,): (
                life.statuses[-1].status,
                life.first("REGISTERED"),
                life.first(*PERMITTED),
                life.first("CANCELLED") is not None,
                len(life.statuses),
            )
            for declaration, life in self._lives.items()
        }

    def response_rates(self) -> Table:
        """Declarations registered and rated, by office and month of registration."""
        rated = self._rated()
        counts: dict[tuple[object, ...], list[int]] = defaultdict(lambda: [0, 0])
        for declaration, life in self._lives.items():
            registered = life.first("REGISTERED")
            if registered is not None:
                found = counts[life.statuses[0].office, month_of(registered)]
                found[0] += 1
                found[1] += declaration in rated
        return {key: tuple(some) for key, some in counts.items()}

    def unrated(self) -> Table:
        """Declarations that may be rated and are not."""
        rated = self._rated()
        return {
            (declaration,): ()
            for declaration, life in self._lives.items()
            if declaration not in rated and life.first(*PERMITTED) is not None and life.first("CANCELLED") is None
        }

    def processing_times(self) -> Table:
        """Working minutes of rated declarations as of their latest rating: number, maximum, share within the limit."""
        minutes = defaultdict(list)
        latest = {identity(sheet.declaration_no): sheet for sheet in self._sheets if self._as_of(sheet).statuses}
        for sheet in latest.values():
            life = self._as_of(sheet)
            steps = life.steps(sheet.at, self._calendar)
            where = (life.statuses[-1].office, month_of(sheet.at))
            named = {"DOCUMENT_CHECK": steps.documents, "GOODS_INSPECTION": steps.goods, "CLEARANCE": steps.clearance}
            for step, spent in named.items():
                if spent is not None:
                    minutes[*where, step].append(spent)
        limits = {"DOCUMENT_CHECK": DOCUMENT_LIMIT, "GOODS_INSPECTION": GOODS_LIMIT}
        return {key: (len(some), max(some), _share(some, limits.get(str(key[2])))) for key, some in minutes.items()}

    def step_times(self) -> Table:
        """Working minutes of each round of the two checks of every declaration, as of the last event."""
        return {
            (declaration, step, began): (self._calendar.minutes(began, ended),)
            for declaration, life in self._lives.items()
            for step in ("DOCUMENT_CHECK", "GOODS_INSPECTION")
            for began, ended in life.rounds(step, self.as_of)
        }

    def alerts(self, windows: Windows) -> Table:
        """Opinions, dissatisfied ones, their enterprises and complaints in the windows that alerts state."""
        table: dict[tuple[object, ...], tuple[object, ...]] = {}
        for alert, office, start, end in windows:
            inside = [sheets for sheets in self._opinions(office) if start <= _pane(sheets[-1].at) < end]
            low = [sheets for sheets in inside if _level(sheets, office) <= _THRESHOLD]
            codes = {max(self._enterprise(sheet) for sheet in sheets) for sheets in low}
            complaints = [sheet for sheets in low for sheet in sheets if _level([sheet], office) <= _THRESHOLD]
            table[alert, office, start, end] = (len(inside), len(low), len(codes), len(complaints))
        return table

    def alert_targets(self, windows: Windows) -> Table:
        """The teams and steps with low scores in the windows of alerts: their scores and their low scores."""
        table: dict[tuple[object, ...], tuple[object, ...]] = {}
        for alert, office, start, end in windows:
            scores = defaultdict(list)
            for sheets in self._opinions(office):
                said: dict[tuple[str, str], int] = {}
                for item in _at(sheets, office) if start <= _pane(sheets[-1].at) < end else ():
                    about = (item.target, item.target_id)
                    said[about] = min(item.score, said.get(about, item.score))
                for about, score in said.items():
                    scores[about].append(score)
            for (target, target_id), some in scores.items():
                low = sum(score <= _THRESHOLD for score in some)
                if low and target in {"TEAM", "STEP"}:
                    table[alert, target, target_id] = (len(some), low)
        return table

    def _standing(self, sheet: Sheet) -> str:
        life = self._as_of(sheet)
        enterprises = {status.tax_code[:10] for status in life.statuses if status.tax_code}
        if not life.statuses:
            return "UNVERIFIED"
        if not sheet.tax_code:
            return "UNSTATED"
        if sheet.tax_code[:10] in enterprises:
            return "VERIFIED"
        return "FOREIGN" if enterprises else "UNVERIFIED"

    def _opinions(self, office: str) -> Iterable[Sequence[Sheet]]:
        """The opinions about an office: the sheets of each declaration that name it, in the order of their times."""
        found: dict[int, list[Sheet]] = defaultdict(list)
        for sheet in self._counted:
            if _at([sheet], office):
                found[identity(sheet.declaration_no)].append(sheet)
        return found.values()

    def _enterprise(self, sheet: Sheet) -> str:
        return sheet.tax_code or self._as_of(sheet).last_of("tax_code")

    def _as_of(self, sheet: Sheet) -> Life:
        life = self._lives.get(identity(sheet.declaration_no))
        return Life(()) if life is None else life.until(sheet.at)

    def _rated(self) -> set[int]:
        return {identity(sheet.declaration_no) for sheet in self._counted}


def identity(declaration_no: str) -> int:
    """The declaration: its first 11 digits, whatever its amendment."""
    return int(declaration_no[:11])


def _at(sheets: Iterable[Sheet], office: str) -> list[Item]:
    return [item for sheet in sheets for item in sheet.items if item.office == office]


def _level(sheets: Iterable[Sheet], office: str) -> int:
    return min(item.score for item in _at(sheets, office))


def _pane(at: int) -> int:
    return at // _PANE_MS * _PANE_MS


def _share(minutes: Iterable[int], limit: int | None) -> float | None:
    if limit is None:
        return None
    within = [spent <= limit for spent in minutes]
    return round(sum(within) / len(within), 6)
