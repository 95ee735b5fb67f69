"""The scenario: the first 57 days of the rating system at Hai Phong Customs, 1 April to 27 May 2020.

Everything is decided in columns when the scenario is made (about a second and a few hundred megabytes at full scale);
bytes are made one batch at a time.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from producers.simulator.arrivals import action_arrivals, rating_arrivals, status_arrivals
from producers.simulator.clock import DAY_MS, MAY_6_END_MS, START_MS, WorkingClock
from producers.simulator.declarations import make_declarations
from producers.simulator.draws import stream
from producers.simulator.enterprises import Enterprises
from producers.simulator.figures import VolumePlan
from producers.simulator.handling import handle_complaints
from producers.simulator.lifecycle import run_lifecycles
from producers.simulator.poison import poisoned_records
from producers.simulator.sheets import Seal, World, make_ratings
from producers.simulator.staff import Staff
from producers.simulator.status_writer import StatusWriter
from producers.simulator.truth import GroundTruth, planted_spike, rated_until_may_6, sheet_figures
from producers.simulator.visits import UNKNOWN, make_visits
from schemas.codec.record import encoder
from schemas.keys import complaint_key, declaration_key
from schemas.records import CaseAction
from schemas.topics import Topic

MAX_BATCH_RECORDS = 20_000
"""Most status records in one batch: a few megabytes."""


@dataclass(frozen=True, slots=True)
class SimulatedBatch:
    """Records as they arrive; all sequences have the same length, at least 1.

    Attributes:
        topics: Where each is sent.
        keys: Keys.
        values: Framed values.
        arrival_at: When each arrives in simulated time, epoch milliseconds, ascending.
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
        poison: Whether broken records are mixed in.
        seal: Seals a contact: (sheet id, name, phone) to ciphertext; None for sheets without contacts.
        handling: Whether complaints are handled, which sends actions.

    Raises:
        ValueError: Seed or scale out of range.
    """

    def __init__(
        self,
        seed: int = 2020,
        scale: float = 1.0,
        *,
        poison: bool = True,
        seal: Seal | None = None,
        handling: bool = False,
    ) -> None:
        if seed < 0:
            raise ValueError("seed must not be negative")
        plan, self.seed, self.scale = VolumePlan.at(scale), seed, scale
        enterprises, staff = Enterprises(stream(seed, "enterprises"), plan.enterprise_share), Staff()
        self.declarations = make_declarations(seed, plan, enterprises, staff)
        clock = WorkingClock()
        self.events, self.outcomes = run_lifecycles(self.declarations, stream(seed, "lifecycle"), clock)
        self.visits = make_visits(stream(seed, "visits"), plan, self.declarations, self.outcomes, enterprises.keenness)
        world = World(self.declarations, self.outcomes, enterprises, staff)
        self.sheets = make_ratings(stream(seed, "sheets"), self.visits, world, seal)
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
        """Every record in order of arrival; a batch never spans two simulated days."""
        others = deque(self._others())
        for start, stop, until in self._cuts():
            few: list[_Arrival] = []
            while others and others[0][0] < until:
                few.append(others.popleft())
            if stop > start or few:
                yield self._batch(start, stop, few)

    def _others(self) -> list[_Arrival]:
        """All that is no status, in order of arrival."""
        sheet, action = encoder(Topic.RATING.subject), encoder(Topic.COMPLAINT_ACTION.subject)
        found = [
            (at, Topic.RATING, declaration_key(one.declaration_no), sheet(one.to_avro())) for at, one in self._ratings
        ]
        found += [
            (at, Topic.COMPLAINT_ACTION, complaint_key(one.complaint_id), action(one.to_avro()))
            for at, one in self._actions
        ]
        found += [(bad.arrival_at, bad.topic, bad.key, bad.value) for bad in self._poison]
        return sorted(found, key=lambda arrival: arrival[0])

    def _cuts(self) -> Iterator[tuple[int, int, float]]:
        """Runs of status arrivals: first row, end row, and the moment before which everything else belongs to it."""
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

    def _batch(self, start: int, stop: int, few: Sequence[_Arrival]) -> SimulatedBatch:
        """One batch: many statuses, with the few other records put in where they arrive."""
        keys, values = self._writer.write_events(self.events.take(self._status_rows[start:stop]))
        topics = [Topic.DECLARATION_STATUS] * (stop - start)
        arrival_at = self._status_at[start:stop].tolist()
        places = np.searchsorted(self._status_at[start:stop], [arrival[0] for arrival in few]).tolist()
        for place, (at, topic, key, value) in zip(reversed(places), reversed(few), strict=True):
            topics.insert(place, topic)
            keys.insert(place, key)
            values.insert(place, value)
            arrival_at.insert(place, at)
        return SimulatedBatch(topics, keys, values, arrival_at)

    def truth(self) -> GroundTruth:
        """What is true of the scenario."""
        return self._truth

    @cached_property
    def _truth(self) -> GroundTruth:
        figures = sheet_figures(self.sheets)
        return GroundTruth(
            seed=self.seed,
            scale=self.scale,
            declarations_until_2020_05_06=int((self.declarations.registered_at < MAY_6_END_MS).sum()),
            rated_until_2020_05_06=rated_until_may_6(self.declarations, self.visits),
            declarations=len(self.declarations),
            opinions=len(self.sheets),
            satisfied_opinions=figures.satisfied,
            items=figures.items,
            superseded_items=figures.superseded,
            unmatched_sheets=int((self.visits.declaration == UNKNOWN).sum()),
            status_events=len(self.events),
            status_events_sent=len(self._status_rows),
            rating_records=sum(map(len, self.sheets)),
            rating_records_sent=len(self._ratings),
            complaints=sum(figures.complaints.values()),
            complaints_by_office=figures.complaints,
            planted_spike=planted_spike(self.declarations, self.visits),
            actions=len(self.actions),
            actions_sent=len(self._actions),
            answers=sum(one.action == CaseAction.ANSWER for one in self.actions),
            poison=dict(Counter(str(record.reason) for record in self._poison)),
        )


_Arrival = tuple[int, Topic, bytes, bytes]
