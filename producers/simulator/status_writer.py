"""Encodes status events: columns of codes and numbers become keys and framed Avro values."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from producers.simulator.declarations import CHANNELS, KINDS, Declarations
from producers.simulator.draws import Int64s
from producers.simulator.enterprises import Enterprises
from producers.simulator.messages import STATUS_OF, message_of, step_of
from producers.simulator.office_profiles import OFFICE_CODES, TEAM_CODES
from producers.simulator.staff import Staff
from producers.simulator.status_events import Slot, StatusEvents
from schemas.keys import KEY_DIGITS
from schemas.records.events import Status
from schemas.topics import Topic
from schemas.vectorized.kernels.rows import ABSENT
from schemas.vectorized.kernels.texts import Strings
from schemas.vectorized.row_writer import RowWriter
from schemas.vectorized.string_dictionary import StringInterner

_ZERO = ord("0")
_STATUSES = list(Status)

ByteMatrix = npt.NDArray[np.uint8]


class StatusWriter:
    """Encodes the status events of one scenario, many at once."""

    def __init__(self, declarations: Declarations, enterprises: Enterprises, staff: Staff) -> None:
        self._declarations = declarations
        self._digits = _digits(declarations.number, KEY_DIGITS)
        self._texts = StringInterner()
        self._office, self._team = self._numbers(OFFICE_CODES), self._numbers(TEAM_CODES)
        self._channel, self._kind = self._numbers(CHANNELS), self._numbers(KINDS)
        self._status = np.array([_STATUSES.index(STATUS_OF[slot]) for slot in Slot], dtype=np.uint8)
        combinations = list(product(Slot, CHANNELS))
        self._step = self._numbers(step_of(*each) for each in combinations).reshape(-1, len(CHANNELS))
        self._message = self._numbers(
            message_of(*each, export=export) for each in combinations for export in (False, True)
        ).reshape(-1, len(CHANNELS), 2)
        self._official, self._tax_code = self._numbers(staff.ids), self._numbers(enterprises.tax_codes)
        self._writer = RowWriter(Topic.DECLARATION_STATUS.subject)

    def _numbers(self, texts: Iterable[str | None]) -> Int64s:
        """The number of each text in the string table of the writer; `ABSENT` for None."""
        return np.array([ABSENT if text is None else self._texts.intern(text) for text in texts], np.int64)

    def write_events(self, events: StatusEvents) -> tuple[list[bytes], list[bytes]]:
        """Encode events to keys and framed values; the id of an event consists of its declaration and slot."""
        rows, slot, channel = events.declaration, events.slot.astype(np.int64), events.channel
        declarations = self._declarations
        keys = self._digits[rows]
        amendments = (events.amendments.astype(np.uint8) + _ZERO)[:, None]
        dash = np.full_like(amendments, ord("-"))
        ids = np.concatenate((keys, dash, _digits(slot, 2)), axis=1)
        numbers = np.concatenate((keys, amendments), axis=1)
        count, places = len(rows), np.arange(len(rows))
        columns: dict[str, npt.NDArray[Any] | int] = {
            "event_id": -1 - places,
            "declaration_no": -1 - count - places,
            "status": self._status[slot],
            "occurred_at": events.occurred_at,
            "office": self._office[declarations.office[rows]],
            "team": self._team[declarations.team[rows]],
            "step": self._step[slot, channel],
            "official": self._official[events.official],
            "channel": self._channel[channel],
            "kind": self._kind[declarations.kind[rows]],
            "tax_code": self._tax_code[declarations.enterprise[rows]],
            "source_message": self._message[slot, channel, declarations.export[rows].astype(np.int8)],
        }
        values = self._writer.write_records(count, columns, self._texts.strings, _strings(ids, numbers))
        return keys.view(f"S{KEY_DIGITS}")[:, 0].tolist(), values


def _digits(numbers: Int64s, width: int) -> ByteMatrix:
    """ASCII digits of numbers, with leading zeros; shape (len(numbers), width)."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (numbers[:, None] // powers % 10 + _ZERO).astype(np.uint8)


def _strings(*matrices: ByteMatrix) -> Strings:
    """Each row of the byte matrices as one text."""
    sizes = np.repeat([matrix.shape[1] for matrix in matrices], [len(matrix) for matrix in matrices])
    return Strings(np.concatenate([matrix.ravel() for matrix in matrices]), np.concatenate(([0], np.cumsum(sizes))))
