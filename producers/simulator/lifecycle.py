"""What happens to each declaration: its status events, in columns.

Every declaration walks through the same slots in causal order; chance decides which of them it enters and how long each
takes. Checks by officials take working time, everything else takes time on the clock. A slot is entered at most once,
so declaration and slot identify an event.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from producers.simulator.clock import DAY_MS, END_MS, WorkingClock, day_start
from producers.simulator.declarations import GREEN, KINDS, NO_CHANNEL, RED, YELLOW, Declarations
from producers.simulator.draws import MINUTE_MS, Int64s, chance, lognormal_ms
from producers.simulator.events import NEVER, Mask, SimulatedOutcomes, Slot, StatusEvents
from producers.simulator.staff import NOBODY

_WAREHOUSE = tuple(KINDS.index(kind) for kind in ("C11", "C12"))


class Walk:
    """Declarations on their way: the present moment, channel, amendments and official of each."""

    def __init__(self, declarations: Declarations, rng: Generator, clock: WorkingClock) -> None:
        size = len(declarations)
        self.all, self.rng, self.clock, self.size = declarations, rng, clock, size
        self.at = declarations.registered_at.copy()
        self.channel = np.full(size, NO_CHANNEL, dtype=np.int8)
        self.amendments = np.zeros(size, dtype=np.int8)
        self.official = np.full(size, NOBODY, dtype=np.int16)
        self.events: list[StatusEvents] = []

    def some(self, among: Mask, probability: float) -> Mask:
        """A random part of the declarations of a mask."""
        return among & chance(self.rng, self.size, probability)

    def wait(self, who: Mask, median_minutes: float, sigma: float, *, working: bool = False) -> None:
        """Let time pass for some: on the clock, or in working time."""
        rows = np.flatnonzero(who)
        spent = lognormal_ms(self.rng, len(rows), median_minutes, sigma) + 1
        self.at[rows] = self.clock.after(self.at[rows], spent) if working else self.at[rows] + spent

    def enter(self, slot: Slot, who: Mask, at: Int64s | None = None) -> Int64s:
        """Record that these declarations are at a station, now or at other moments; when each was, or `NEVER`."""
        moments = self.at if at is None else at
        rows = np.flatnonzero(who)
        self.events.append(
            StatusEvents(
                slot=np.full(len(rows), slot, dtype=np.int8),
                declaration=rows.astype(np.int32),
                occurred_at=moments[rows],
                channel=self.channel[rows],
                amendments=self.amendments[rows],
                official=self.official[rows],
            )
        )
        return np.where(who, moments, NEVER)


def run_lifecycles(
    declarations: Declarations, rng: Generator, clock: WorkingClock
) -> tuple[StatusEvents, SimulatedOutcomes]:
    """Every status event before the end of the scenario, grouped by slot, and what came of each declaration."""
    walk = Walk(declarations, rng, clock)
    everyone = np.ones(walk.size, dtype=bool)
    planted = np.zeros(walk.size, dtype=bool)
    planted[declarations.planted] = True
    documents = _register(walk, everyone, planted)
    cancelled_at = _cancel_early(walk, everyone & ~planted)
    _check_documents(walk, documents, planted)
    inspected = _inspect(walk, documents, planted)
    permitted_at, cleared = _decide(walk, documents & ~planted)
    cancelled_at = np.minimum(cancelled_at, _cancel_late(walk, cleared & ~planted & (cancelled_at == NEVER)))
    supervised_at = _afterwards(walk, permitted_at, cleared)
    events = _until_the_end(walk.events, cancelled_at)
    before = np.minimum(cancelled_at, END_MS - 1)
    return events, SimulatedOutcomes(
        permitted_at=np.where(permitted_at <= before, permitted_at, NEVER),
        cancelled_at=np.where(cancelled_at < END_MS, cancelled_at, NEVER),
        documents=documents,
        inspected=inspected,
        supervised_at=np.where(supervised_at <= before, supervised_at, NEVER),
        amendments=walk.amendments,
    )


def _register(walk: Walk, everyone: Mask, planted: Mask) -> Mask:
    """Pre-registration to the assignment of an official; returns whose documents are checked."""
    # Registered and pre-registered on one local day, so that no count by day depends on which of the two is meant.
    earlier = np.maximum(walk.at - lognormal_ms(walk.rng, walk.size, 18, 1.1), day_start(walk.at))
    walk.enter(Slot.PRE_REGISTERED, everyone, earlier)
    walk.enter(Slot.REGISTERED, everyone)
    walk.wait(everyone, 0.2, 0.6)
    walk.channel = walk.all.channel.astype(np.int8)
    walk.enter(Slot.CHANNEL_ASSIGNED, everyone)
    documents = walk.channel >= YELLOW
    rerouted = walk.some(~documents & ~planted, 0.012)
    walk.wait(~documents, 3, 0.7)
    walk.wait(documents, 6, 0.6, working=True)
    walk.official = walk.all.official.astype(np.int16)
    walk.enter(Slot.OFFICIAL_ASSIGNED, everyone)
    walk.wait(rerouted, 15, 0.6)
    walk.channel[rerouted] = YELLOW
    walk.enter(Slot.REROUTED, rerouted)
    return documents | rerouted


def _cancel_early(walk: Walk, who: Mask) -> Int64s:
    """Cancelled on request before clearance: everything after is cut away."""
    cancelled = walk.some(who, 0.004)
    return np.where(cancelled, walk.clock.after(walk.at, lognormal_ms(walk.rng, walk.size, 40, 1.0) + 1), NEVER)


def _check_documents(walk: Walk, documents: Mask, planted: Mask) -> None:
    walk.wait(documents, 42, 0.5, working=True)
    walk.enter(Slot.DOCUMENTS_CHECKED, documents)
    instructed = walk.some(documents & ~planted, 0.42)
    walk.wait(instructed, 5, 0.5, working=True)
    walk.enter(Slot.INSTRUCTED, instructed)
    walk.wait(instructed, 55, 0.8, working=True)
    amended = instructed | walk.some(~documents, 0.03)
    walk.wait(amended & ~instructed, 12, 0.8)
    walk.amendments[amended] += 1
    walk.enter(Slot.AMENDED_BY_DECLARANT, amended)
    by_customs = walk.some(documents & ~planted, 0.015)
    walk.wait(by_customs, 10, 0.6, working=True)
    walk.amendments[by_customs] += 1
    walk.enter(Slot.AMENDED_BY_CUSTOMS, by_customs)


def _inspect(walk: Walk, documents: Mask, planted: Mask) -> Mask:
    """Inspection of goods: all red ones, some yellow ones; the planted ones take longer than the law allows."""
    yellow = documents & (walk.channel == YELLOW)
    required: Mask = (walk.channel == RED) | walk.some(yellow, 0.04)
    walk.wait(required, 6, 0.6, working=True)
    walk.channel[required] = RED
    walk.official = np.where(required, walk.all.inspector, walk.official).astype(np.int16)
    walk.enter(Slot.INSPECTION_REQUIRED, required)
    withdrawn = walk.some(required & ~planted, 0.07)
    inspected = required & ~withdrawn
    walk.wait(withdrawn, 60, 0.6, working=True)
    walk.enter(Slot.INSPECTION_WITHDRAWN, withdrawn)
    walk.wait(inspected & ~planted, 185, 0.5, working=True)
    walk.wait(planted, 560, 0.05, working=True)
    walk.enter(Slot.GOODS_INSPECTED, inspected)
    walk.official = np.where(required, walk.all.official, walk.official).astype(np.int16)
    return required


def _decide(walk: Walk, documents: Mask) -> tuple[Int64s, Mask]:
    """Duty, storage, release, clearance; when goods were first permitted to leave, and who was cleared."""
    imports = ~walk.all.export
    released = walk.some(imports & documents, 0.035)
    stored = walk.some(imports & documents & ~released, 0.05)
    checked = walk.channel >= YELLOW
    walk.wait(released, 25, 0.6, working=True)
    walk.enter(Slot.RELEASE_REQUESTED, released)
    walk.wait(stored | released, 20, 0.5, working=True)
    stored_at = walk.enter(Slot.STORAGE_PERMITTED, stored)
    released_at = walk.enter(Slot.RELEASED, released)
    walk.wait(stored, 5 * 1440, 0.5)
    walk.wait(released, 3 * 1440, 0.6)
    walk.wait(~checked, 14, 1.0)
    walk.wait(checked, 10, 0.7)
    walk.enter(Slot.TAX_CONFIRMED, np.ones(walk.size, dtype=bool))
    walk.wait(~checked, 0.3, 0.8)
    walk.wait(checked, 12, 0.6, working=True)
    cleared = np.ones(walk.size, dtype=bool)
    cleared_at = walk.enter(Slot.CLEARED, cleared)
    return np.minimum(cleared_at, np.minimum(stored_at, released_at)), cleared


def _cancel_late(walk: Walk, who: Mask) -> Int64s:
    """Cancelled after clearance, as exports whose goods never left may be."""
    cancelled = walk.some(who & walk.all.export, 0.006)
    return np.where(cancelled, walk.at + lognormal_ms(walk.rng, walk.size, 2 * 1440, 0.7), NEVER)


def _afterwards(walk: Walk, permitted_at: Int64s, cleared: Mask) -> Int64s:
    """Supervision, bonded warehouse, amendments after clearance."""
    walk.official[:] = NOBODY
    left = permitted_at + lognormal_ms(walk.rng, walk.size, 300, 0.9)
    supervised_at = walk.enter(Slot.SUPERVISION_PASSED, walk.some(cleared, 0.96), left)
    incoming, outgoing = (walk.all.kind == kind for kind in _WAREHOUSE)
    walk.enter(Slot.WAREHOUSE_IN, incoming, left + 30 * MINUTE_MS)
    walk.enter(Slot.WAREHOUSE_OUT, outgoing, walk.at + 20 * MINUTE_MS)
    amended = walk.some(cleared, 0.012)
    walk.at = walk.clock.after(walk.at + 2 * DAY_MS, lognormal_ms(walk.rng, walk.size, 1500, 0.8) + 1)
    walk.enter(Slot.POST_AMEND_REGISTERED, amended)
    walk.wait(amended, 700, 0.7, working=True)
    refused = walk.some(amended, 0.12)
    walk.enter(Slot.POST_AMEND_ACCEPTED, amended & ~refused)
    walk.enter(Slot.POST_AMEND_REFUSED, refused)
    return supervised_at


def _until_the_end(parts: list[StatusEvents], cancelled_at: Int64s) -> StatusEvents:
    """Every slot's events together: nothing after a cancellation, nothing after the scenario's end."""
    kept = []
    for part in parts:
        keep = part.occurred_at < np.minimum(cancelled_at[part.declaration], END_MS)
        kept.append(part.take(keep))
    rows = np.flatnonzero(cancelled_at < END_MS)
    last = _last_state(kept, rows, len(cancelled_at))
    kept.append(
        StatusEvents(
            slot=np.full(len(rows), Slot.CANCELLED, dtype=np.int8),
            declaration=rows.astype(np.int32),
            occurred_at=cancelled_at[rows],
            channel=last[0],
            amendments=last[1],
            official=np.full(len(rows), NOBODY, dtype=np.int16),
        )
    )
    return StatusEvents.concatenate(kept)


def _last_state(
    parts: list[StatusEvents], rows: Int64s, size: int
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
    """Channel and amendments of declarations at the last event that is kept; parts are in causal order."""
    channel = np.full(size, GREEN, dtype=np.int8)
    amendments = np.zeros(size, dtype=np.int8)
    for part in parts:
        channel[part.declaration] = part.channel
        amendments[part.declaration] = np.maximum(amendments[part.declaration], part.amendments)
    return channel[rows], amendments[rows]
