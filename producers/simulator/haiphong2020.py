"""The scenario: the first 57 days of the rating system at Hai Phong Customs, 1 April to 27 May 2020.

All events are drawn in columns when the scenario is created (about a second and a few hundred megabytes at full
scale); they are encoded one batch at a time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

import numpy as np

from producers.simulator.arrivals import action_arrivals, rating_arrivals, status_arrivals
from producers.simulator.complaint_handling import handle_complaints
from producers.simulator.declarations import make_declarations
from producers.simulator.draws import stream
from producers.simulator.enterprises import Enterprises
from producers.simulator.ground_truth import (
    SATISFIED,
    GroundTruth,
    complaints_by_office,
    item_counts,
    opinion_levels,
    planted_spike,
    rated_until_may_6,
)
from producers.simulator.lifecycle import simulate_lifecycles
from producers.simulator.planned_sheets import UNKNOWN, plan_sheets
from producers.simulator.poison import poisoned_records
from producers.simulator.rating_sheets import ContactSealer, Dice, SheetMaker
from producers.simulator.staff import Staff
from producers.simulator.status_writer import StatusWriter
from producers.simulator.volume_plan import VolumePlan
from producers.simulator.working_time import DAY_MS, MAY_6_END_MS, START_MS, WorkingClock
from schemas.codec.record import encoder
from schemas.keys import complaint_key, declaration_key
from schemas.records.cases import CaseAction
from schemas.topics import Topic

MAX_BATCH_RECORDS = 20_000
"""Most status records in one batch: a few megabytes."""

_Arrival = tuple[int, Topic, bytes, bytes]
"""Arrival time, topic, key, value."""


@dataclass(frozen=True, slots=True)
class SimulatedBatch:
    """Records in order of arrival; all sequences have the same length, at least 1.

    Attributes:
        topics: Topic of each record.
        keys: Keys.
        values: Framed values.
        arrival_at: Arrival times in simulated epoch milliseconds, ascending.
    """

    topics: Sequence[Topic]
    keys: Sequence[bytes]
    values: Sequence[bytes]
    arrival_at: Sequence[int]

    def __len__(self) -> int:
        """Number of records."""
        return len(self.topics)


class Haiphong2020:
    """A seeded, deterministic scenario: the same arguments give the same bytes.

    Args:
        seed: Not negative.
        scale: 0.01 to 1; 1 is Hai Phong with the published figures.
        poison: Whether to mix in broken records.
        seal: Encrypts contacts; None for sheets without contacts.
        handling: Whether complaints are handled, which adds complaint actions.

    Raises:
        ValueError: Seed or scale out of range.
    """

    def __init__(
        self,
        seed: int = 2020,
        scale: float = 1.0,
        *,
        poison: bool = True,
        seal: ContactSealer | None = None,
        handling: bool = False,
    ) -> None:
        if seed < 0:
            raise ValueError("seed must not be negative")
        plan, clock, self.seed, self.scale = VolumePlan.at(scale), WorkingClock(), seed, scale
        enterprises, staff = Enterprises(stream(seed, "enterprises"), plan.enterprise_share), Staff()
        self.declarations = make_declarations(seed, plan, enterprises, staff)
        self.events, self.outcomes = simulate_lifecycles(self.declarations, stream(seed, "lifecycle"), clock)
        self.planned_sheets = plan_sheets(
            stream(seed, "visits"), plan, self.declarations, self.outcomes, enterprises.rating_weight
        )
        dice = Dice(stream(seed, "sheets"))
        self.sheets = SheetMaker(
            dice, self.planned_sheets, self.declarations, self.outcomes, enterprises, staff, seal
        ).make_sheets()
        self._writer = StatusWriter(self.declarations, enterprises, staff)
        self._status_rows, self._status_at = status_arrivals(stream(seed, "arrivals"), self.events.occurred_at)
        self._ratings = rating_arrivals(stream(seed, "rating arrivals"), self.sheets)
        self.actions = handle_complaints(stream(seed, "handling"), self.sheets, clock) if handling else []
        self._actions = action_arrivals(stream(seed, "action arrivals"), self.actions)
        self._poison = poisoned_records() if poison else ()

    def __len__(self) -> int:
        """Number of records in all batches."""
        return len(self._status_rows) + len(self._ratings) + len(self._actions) + len(self._poison)

    def batches(self) -> Iterator[SimulatedBatch]:
        """Encode every record, in order of arrival; a batch never spans two simulated days."""
        others, done = self._others(), 0
        for start, stop, until in self._cuts():
            first, done = done, bisect_left(others, until, key=itemgetter(0))
            if stop > start or done > first:
                yield self._batch(start, stop, others[first:done])

    def _others(self) -> list[_Arrival]:
        """All records but valid statuses, in order of arrival."""
        encode_rating, encode_action = encoder(Topic.RATING.subject), encoder(Topic.COMPLAINT_ACTION.subject)
        found = [
            (at, Topic.RATING, declaration_key(sheet.declaration_no), encode_rating(sheet.to_avro()))
            for at, sheet in self._ratings
        ]
        found += [
            (at, Topic.COMPLAINT_ACTION, complaint_key(action.complaint_id), encode_action(action.to_avro()))
            for at, action in self._actions
        ]
        found += [(bad.arrival_at, bad.topic, bad.key, bad.value) for bad in self._poison]
        return sorted(found, key=itemgetter(0))

    def _cuts(self) -> Iterator[tuple[int, int, float]]:
        """Cut the status arrivals into batches: first row, end row, and the end of the batch in arrival time."""
        at, start = self._status_at, 0
        ends = (arrivals[-1][0] for arrivals in (self._ratings, self._actions) if arrivals)
        last = max(int(at[-1]), *ends)
        for day_end in range(START_MS + DAY_MS, last + DAY_MS + 1, DAY_MS):
            end = int(np.searchsorted(at, day_end))
            while end - start > MAX_BATCH_RECORDS:
                yield start, start + MAX_BATCH_RECORDS, float(at[start + MAX_BATCH_RECORDS])
                start += MAX_BATCH_RECORDS
            yield start, end, day_end
            start = end

    def _batch(self, start: int, stop: int, inserted: Sequence[_Arrival]) -> SimulatedBatch:
        """One batch: statuses, with the other records inserted by arrival time."""
        keys, values = self._writer.write_events(self.events.take(self._status_rows[start:stop]))
        topics = [Topic.DECLARATION_STATUS] * (stop - start)
        arrival_at = self._status_at[start:stop].tolist()
        places = np.searchsorted(self._status_at[start:stop], [arrival[0] for arrival in inserted]).tolist()
        for place, (at, topic, key, value) in zip(reversed(places), reversed(inserted), strict=True):
            topics.insert(place, topic)
            keys.insert(place, key)
            values.insert(place, value)
            arrival_at.insert(place, at)
        return SimulatedBatch(topics, keys, values, arrival_at)

    @cached_property
    def ground_truth(self) -> GroundTruth:
        """The true figures of the scenario."""
        items, superseded_items = item_counts(self.sheets)
        levels = opinion_levels(self.planned_sheets, self.sheets)
        return GroundTruth(
            seed=self.seed,
            scale=self.scale,
            declarations_until_2020_05_06=int((self.declarations.registered_at < MAY_6_END_MS).sum()),
            rated_until_2020_05_06=rated_until_may_6(self.declarations, self.planned_sheets),
            declarations=len(self.declarations),
            opinions=len(levels),
            satisfied_opinions=sum(level >= SATISFIED for level in levels),
            items=items,
            superseded_items=superseded_items,
            unmatched_sheets=int((self.planned_sheets.declaration == UNKNOWN).sum()),
            status_events=len(self.events),
            status_events_sent=len(self._status_rows),
            rating_records=sum(map(len, self.sheets)),
            rating_records_sent=len(self._ratings),
            complaints_by_office=complaints_by_office(self.sheets),
            planted_spike=planted_spike(self.declarations, self.planned_sheets),
            actions=len(self.actions),
            actions_sent=len(self._actions),
            answers=sum(one.action == CaseAction.ANSWER for one in self.actions),
            poison=dict(Counter(str(record.reason) for record in self._poison)),
        )
