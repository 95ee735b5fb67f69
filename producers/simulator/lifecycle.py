"""What happens to each declaration: its status events, in columns.

Every declaration passes the same slots in causal order. Random draws decide which slots it enters and how long each
takes. Checks by officials take working time, everything else takes calendar time. A slot is entered at most once, so
declaration and slot identify an event.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from producers.simulator.declarations import GREEN, KINDS, NO_CHANNEL, RED, YELLOW, Declarations
from producers.simulator.draws import MINUTE_MS, Int64s, Mask, chance, lognormal_ms
from producers.simulator.staff import NOBODY
from producers.simulator.status_events import NEVER, SimulatedOutcomes, Slot, StatusEvents
from producers.simulator.working_time import DAY_MS, END_MS, START_MS, WorkingClock

_WAREHOUSE_IN, _WAREHOUSE_OUT = KINDS.index("C11"), KINDS.index("C12")


class LifecycleState:
    """Current time, channel, amendments and official of each declaration, and the events so far."""

    def __init__(self, declarations: Declarations, rng: Generator, clock: WorkingClock) -> None:
        size = len(declarations)
        self.declarations, self.rng, self.clock, self.size = declarations, rng, clock, size
        self.everyone = np.ones(size, dtype=bool)
        self.planted = np.zeros(size, dtype=bool)
        self.planted[declarations.planted] = True
        self.at = declarations.registered_at.copy()
        self.channel = np.full(size, NO_CHANNEL, dtype=np.int8)
        self.amendments = np.zeros(size, dtype=np.int8)
        self.official = np.full(size, NOBODY, dtype=np.int16)
        self.events: list[StatusEvents] = []

    def some(self, among: Mask, probability: float) -> Mask:
        """A random part of the declarations of a mask."""
        return among & chance(self.rng, self.size, probability)

    def spans(self, median_minutes: float, sigma: float) -> Int64s:
        """A random time span for each declaration, milliseconds."""
        return lognormal_ms(self.rng, self.size, median_minutes, sigma)

    def wait(self, who: Mask, median_minutes: float, sigma: float, *, working: bool = False) -> None:
        """Advance the time of some declarations, in calendar time or in working time."""
        rows = np.flatnonzero(who)
        spent = lognormal_ms(self.rng, len(rows), median_minutes, sigma) + 1
        self.at[rows] = self.clock.after(self.at[rows], spent) if working else self.at[rows] + spent

    def enter(self, slot: Slot, who: Mask, at: Int64s | None = None) -> Int64s:
        """Record an event of some declarations, now or at other times; returns the time of each, or `NEVER`."""
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


def simulate_lifecycles(
    declarations: Declarations, rng: Generator, clock: WorkingClock
) -> tuple[StatusEvents, SimulatedOutcomes]:
    """Draw every status event before the end of the scenario, grouped by slot, and how each declaration ended."""
    state = LifecycleState(declarations, rng, clock)
    documents = _register(state)
    cancelled_at = _cancel_early(state)
    _check_documents(state, documents)
    inspected = _inspect(state, documents)
    permitted_at = _decide(state, documents & ~state.planted)
    cancelled_at = np.minimum(cancelled_at, _cancel_late(state, ~state.planted & (cancelled_at == NEVER)))
    supervised_at = _after_clearance(state, permitted_at)
    before = np.minimum(cancelled_at, END_MS - 1)
    return _kept_events(state.events, cancelled_at), SimulatedOutcomes(
        permitted_at=np.where(permitted_at <= before, permitted_at, NEVER),
        cancelled_at=np.where(cancelled_at < END_MS, cancelled_at, NEVER),
        documents=documents,
        inspected=inspected,
        supervised_at=np.where(supervised_at <= before, supervised_at, NEVER),
        amendments=state.amendments,
    )


def _register(state: LifecycleState) -> Mask:
    """From pre-registration to the assignment of an official; returns whose documents are checked."""
    # Both registrations fall on one local day, so counts by day are the same for either.
    midnight = state.at - (state.at - START_MS) % DAY_MS
    state.enter(Slot.PRE_REGISTERED, state.everyone, np.maximum(state.at - state.spans(18, 1.1), midnight))
    state.enter(Slot.REGISTERED, state.everyone)
    state.wait(state.everyone, 0.2, 0.6)
    state.channel = state.declarations.channel.astype(np.int8)
    state.enter(Slot.CHANNEL_ASSIGNED, state.everyone)
    documents = state.channel >= YELLOW
    rerouted = state.some(~documents & ~state.planted, 0.012)
    state.wait(~documents, 3, 0.7)
    state.wait(documents, 6, 0.6, working=True)
    state.official = state.declarations.official.astype(np.int16)
    state.enter(Slot.OFFICIAL_ASSIGNED, state.everyone)
    state.wait(rerouted, 15, 0.6)
    state.channel[rerouted] = YELLOW
    state.enter(Slot.REROUTED, rerouted)
    return documents | rerouted


def _cancel_early(state: LifecycleState) -> Int64s:
    """Some are cancelled on request before clearance; their later events are dropped."""
    cancelled = state.some(~state.planted, 0.004)
    return np.where(cancelled, state.clock.after(state.at, state.spans(40, 1.0) + 1), NEVER)


def _check_documents(state: LifecycleState, documents: Mask) -> None:
    state.wait(documents, 42, 0.5, working=True)
    state.enter(Slot.DOCUMENTS_CHECKED, documents)
    instructed = state.some(documents & ~state.planted, 0.42)
    state.wait(instructed, 5, 0.5, working=True)
    state.enter(Slot.INSTRUCTED, instructed)
    state.wait(instructed, 55, 0.8, working=True)
    amended = instructed | state.some(~documents, 0.03)
    state.wait(amended & ~instructed, 12, 0.8)
    state.amendments[amended] += 1
    state.enter(Slot.AMENDED_BY_DECLARANT, amended)
    by_customs = state.some(documents & ~state.planted, 0.015)
    state.wait(by_customs, 10, 0.6, working=True)
    state.amendments[by_customs] += 1
    state.enter(Slot.AMENDED_BY_CUSTOMS, by_customs)


def _inspect(state: LifecycleState, documents: Mask) -> Mask:
    """Inspect the goods of red and of some yellow declarations; planted ones take longer than the law allows."""
    yellow = documents & (state.channel == YELLOW)
    required: Mask = (state.channel == RED) | state.some(yellow, 0.04)
    state.wait(required, 6, 0.6, working=True)
    state.channel[required] = RED
    official = state.official
    state.official = np.where(required, state.declarations.inspector, official).astype(np.int16)
    state.enter(Slot.INSPECTION_REQUIRED, required)
    withdrawn = state.some(required & ~state.planted, 0.07)
    inspected = required & ~withdrawn
    state.wait(withdrawn, 60, 0.6, working=True)
    state.enter(Slot.INSPECTION_WITHDRAWN, withdrawn)
    state.wait(inspected & ~state.planted, 185, 0.5, working=True)
    state.wait(state.planted, 560, 0.05, working=True)
    state.enter(Slot.GOODS_INSPECTED, inspected)
    state.official = official
    return required


def _decide(state: LifecycleState, documents: Mask) -> Int64s:
    """Duty, storage, release, clearance; returns when goods were first permitted to leave."""
    imports = ~state.declarations.export
    released = state.some(imports & documents, 0.035)
    stored = state.some(imports & documents & ~released, 0.05)
    checked = state.channel >= YELLOW
    state.wait(released, 25, 0.6, working=True)
    state.enter(Slot.RELEASE_REQUESTED, released)
    state.wait(stored | released, 20, 0.5, working=True)
    stored_at = state.enter(Slot.STORAGE_PERMITTED, stored)
    released_at = state.enter(Slot.RELEASED, released)
    state.wait(stored, 5 * 1440, 0.5)
    state.wait(released, 3 * 1440, 0.6)
    state.wait(~checked, 14, 1.0)
    state.wait(checked, 10, 0.7)
    state.enter(Slot.TAX_CONFIRMED, state.everyone)
    state.wait(~checked, 0.3, 0.8)
    state.wait(checked, 12, 0.6, working=True)
    cleared_at = state.enter(Slot.CLEARED, state.everyone)
    return np.minimum(cleared_at, np.minimum(stored_at, released_at))


def _cancel_late(state: LifecycleState, who: Mask) -> Int64s:
    """Some exports are cancelled after clearance, because their goods never left."""
    cancelled = state.some(who & state.declarations.export, 0.006)
    return np.where(cancelled, state.at + state.spans(2 * 1440, 0.7), NEVER)


def _after_clearance(state: LifecycleState, permitted_at: Int64s) -> Int64s:
    """Supervision, bonded warehouse, amendments after clearance; returns when the goods left."""
    state.official[:] = NOBODY
    left = permitted_at + state.spans(300, 0.9)
    supervised_at = state.enter(Slot.SUPERVISION_PASSED, state.some(state.everyone, 0.96), left)
    kind = state.declarations.kind
    state.enter(Slot.WAREHOUSE_IN, kind == _WAREHOUSE_IN, left + 30 * MINUTE_MS)
    state.enter(Slot.WAREHOUSE_OUT, kind == _WAREHOUSE_OUT, state.at + 20 * MINUTE_MS)
    amended = state.some(state.everyone, 0.012)
    state.at = state.clock.after(state.at + 2 * DAY_MS, state.spans(1500, 0.8) + 1)
    state.enter(Slot.POST_AMEND_REGISTERED, amended)
    state.wait(amended, 700, 0.7, working=True)
    refused = state.some(amended, 0.12)
    state.enter(Slot.POST_AMEND_ACCEPTED, amended & ~refused)
    state.enter(Slot.POST_AMEND_REFUSED, refused)
    return supervised_at


def _kept_events(parts: list[StatusEvents], cancelled_at: Int64s) -> StatusEvents:
    """The events of every slot before cancellation and before the end of the scenario, and the cancellations."""
    kept = [part.take(part.occurred_at < np.minimum(cancelled_at[part.declaration], END_MS)) for part in parts]
    rows = np.flatnonzero(cancelled_at < END_MS)
    channel, amendments = _last_state(kept, len(cancelled_at))
    cancellations = StatusEvents(
        slot=np.full(len(rows), Slot.CANCELLED, dtype=np.int8),
        declaration=rows.astype(np.int32),
        occurred_at=cancelled_at[rows],
        channel=channel[rows],
        amendments=amendments[rows],
        official=np.full(len(rows), NOBODY, dtype=np.int16),
    )
    return StatusEvents.concatenate([*kept, cancellations])


def _last_state(parts: list[StatusEvents], size: int) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
    """Channel and amendments of each declaration at its last kept event; parts are in causal order."""
    channel = np.full(size, GREEN, dtype=np.int8)
    amendments = np.zeros(size, dtype=np.int8)
    for part in parts:
        channel[part.declaration] = part.channel
        amendments[part.declaration] = np.maximum(amendments[part.declaration], part.amendments)
    return channel, amendments
