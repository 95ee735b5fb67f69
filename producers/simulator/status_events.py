"""The status events of a scenario in columns, and how each declaration ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from producers.simulator.draws import Int64s, Mask

NEVER = np.iinfo(np.int64).max
"""The time of an event that does not happen."""


class Slot(IntEnum):
    """Possible events in the life of a declaration; the number is part of the event's id."""

    PRE_REGISTERED = 0
    REGISTERED = 1
    CHANNEL_ASSIGNED = 2
    OFFICIAL_ASSIGNED = 3
    REROUTED = 4
    DOCUMENTS_CHECKED = 5
    INSTRUCTED = 6
    AMENDED_BY_DECLARANT = 7
    AMENDED_BY_CUSTOMS = 8
    INSPECTION_REQUIRED = 9
    INSPECTION_WITHDRAWN = 10
    GOODS_INSPECTED = 11
    RELEASE_REQUESTED = 12
    TAX_CONFIRMED = 13
    STORAGE_PERMITTED = 14
    RELEASED = 15
    CLEARED = 16
    SUPERVISION_PASSED = 17
    WAREHOUSE_IN = 18
    WAREHOUSE_OUT = 19
    POST_AMEND_REGISTERED = 20
    POST_AMEND_ACCEPTED = 21
    POST_AMEND_REFUSED = 22
    CANCELLED = 23


@dataclass(frozen=True, slots=True)
class StatusEvents:
    """Status events in columns.

    Attributes:
        slot: See `Slot`.
        declaration: Position among the declarations.
        occurred_at: Epoch milliseconds.
        channel: Position in `CHANNELS` at the time of the event.
        amendments: Twelfth digit of the declaration number at the time of the event.
        official: Position in `Staff.ids`.
    """

    slot: npt.NDArray[np.int8]
    declaration: npt.NDArray[np.int32]
    occurred_at: Int64s
    channel: npt.NDArray[np.int8]
    amendments: npt.NDArray[np.int8]
    official: npt.NDArray[np.int16]

    def __len__(self) -> int:
        """Number of events."""
        return len(self.slot)

    def take(self, rows: npt.NDArray[np.integer] | Mask) -> StatusEvents:
        """Some of the events, in the order of `rows`."""
        return StatusEvents(*(getattr(self, column)[rows] for column in StatusEvents.__slots__))

    @staticmethod
    def concatenate(parts: Sequence[StatusEvents]) -> StatusEvents:
        """The events of several parts, one part after the other."""
        columns = StatusEvents.__slots__
        return StatusEvents(*(np.concatenate([getattr(part, column) for part in parts]) for column in columns))


@dataclass(frozen=True, slots=True)
class SimulatedOutcomes:
    """How each declaration ended, as far as ratings depend on it.

    Attributes:
        permitted_at: First of storage, release, clearance; `NEVER` if not before the end of the scenario.
        cancelled_at: `NEVER` if it was not cancelled.
        documents: Whether its documents were checked.
        inspected: Whether an inspection of its goods was required.
        supervised_at: When the goods left; `NEVER` if unknown.
        amendments: Final twelfth digit.
    """

    permitted_at: Int64s
    cancelled_at: Int64s
    documents: Mask
    inspected: Mask
    supervised_at: Int64s
    amendments: npt.NDArray[np.int8]
