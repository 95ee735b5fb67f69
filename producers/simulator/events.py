"""The status events of a scenario in columns, and what came of each declaration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from producers.simulator.draws import Int64s

NEVER = np.iinfo(np.int64).max
"""A moment that does not come."""

Mask = npt.NDArray[np.bool_]


class Slot(IntEnum):
    """Stations in the life of a declaration; the number is part of the event's id."""

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
        slot: Station; see `Slot`.
        declaration: Position among the declarations.
        occurred_at: Epoch milliseconds.
        channel: Position in `CHANNELS` as of the event.
        amendments: Twelfth digit of the declaration number as of the event.
        official: Position in `Staff.ids`.
    """

    slot: npt.NDArray[np.int8]
    declaration: npt.NDArray[np.int32]
    occurred_at: Int64s
    channel: npt.NDArray[np.int8]
    amendments: npt.NDArray[np.int8]
    official: npt.NDArray[np.int16]

    def __len__(self) -> int:
        """How many."""
        return len(self.slot)

    def take(self, rows: npt.NDArray[np.integer] | Mask | slice) -> StatusEvents:
        """Some of the events, in that order."""
        return StatusEvents(*(getattr(self, column.name)[rows] for column in fields(self)))

    @staticmethod
    def concatenate(parts: Sequence[StatusEvents]) -> StatusEvents:
        """The events of all parts, one part after another."""
        names = [column.name for column in fields(StatusEvents)]
        return StatusEvents(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True, slots=True)
class SimulatedOutcomes:
    """What a rating needs to know of each declaration.

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
