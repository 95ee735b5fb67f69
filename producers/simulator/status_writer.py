"""Encodes the status events of a scenario: columns of codes and numbers to keys and framed Avro values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from producers.simulator.declarations import CHANNELS, KINDS, Declarations
from producers.simulator.draws import Int64s
from producers.simulator.enterprises import Enterprises
from producers.simulator.events import StatusEvents
from producers.simulator.messages import MESSAGES, STATUS_SYMBOLS, STEPS, message_codes, step_codes
from producers.simulator.profiles import OFFICE_CODES, TEAM_CODES
from producers.simulator.staff import Staff
from schemas.keys import KEY_DIGITS
from schemas.topics import Topic
from schemas.vectorized.kernels.rows import ABSENT
from schemas.vectorized.kernels.texts import Strings
from schemas.vectorized.row_writer import RowWriter
from schemas.vectorized.string_dictionary import StringInterner

_ZERO = ord("0")

ByteMatrix = npt.NDArray[np.uint8]


class StatusWriter:
    """Encodes runs of a scenario's status events."""

    def __init__(self, declarations: Declarations, enterprises: Enterprises, staff: Staff) -> None:
        self._all = declarations
        self._digits = _digits(declarations.number, KEY_DIGITS)
        self._texts = StringInterner()
        self._office, self._team = self._numbers(OFFICE_CODES), self._numbers(TEAM_CODES)
        self._step, self._message = self._numbers(STEPS), self._numbers(MESSAGES)
        self._channel, self._kind = self._numbers(CHANNELS), self._numbers(KINDS)
        self._official, self._tax_code = self._numbers(staff.ids), self._numbers(enterprises.tax_codes)
        self._writer = RowWriter(Topic.DECLARATION_STATUS.subject)

    def _numbers(self, texts: Iterable[str | None]) -> Int64s:
        """The number of each text in the records to write."""
        return np.array([ABSENT if text is None else self._texts.intern(text) for text in texts], np.int64)

    def write_events(self, events: StatusEvents) -> tuple[list[bytes], list[bytes]]:
        """Key and framed value of each event; the id of an event is its declaration and slot."""
        rows, slot, channel = events.declaration, events.slot.astype(np.int64), events.channel.astype(np.int64)
        keys = self._digits[rows]
        amendments = (events.amendments.astype(np.uint8) + _ZERO)[:, None]
        dash = np.full_like(amendments, ord("-"))
        ids = np.concatenate((keys, dash, _digits(slot, 2)), axis=1)
        numbers = np.concatenate((keys, amendments), axis=1)
        count, places = len(rows), np.arange(len(rows))
        export = self._all.export[rows].astype(np.int64)
        columns: dict[str, npt.NDArray[Any] | int] = {
            "event_id": -1 - places,
            "declaration_no": -1 - count - places,
            "status": STATUS_SYMBOLS[slot],
            "occurred_at": events.occurred_at,
            "office": self._office[self._all.office[rows]],
            "team": self._team[self._all.team[rows]],
            "step": self._step[step_codes(slot, channel)],
            "official": self._official[events.official],
            "channel": self._channel[channel],
            "kind": self._kind[self._all.kind[rows]],
            "tax_code": self._tax_code[self._all.enterprise[rows]],
            "source_message": self._message[message_codes(slot, channel, export)],
        }
        values = self._writer.write_records(count, columns, self._texts.strings, _strings(ids, numbers))
        return keys.view(f"S{KEY_DIGITS}")[:, 0].tolist(), values


def _digits(numbers: Int64s, width: int) -> ByteMatrix:
    """ASCII digits of numbers, padded with zeros, shape (n, width)."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (numbers[:, None] // powers % 10 + _ZERO).astype(np.uint8)


def _strings(*matrices: ByteMatrix) -> Strings:
    """The rows of byte matrices, one text each."""
    sizes = np.repeat([matrix.shape[1] for matrix in matrices], [len(matrix) for matrix in matrices])
    return Strings(np.concatenate([matrix.ravel() for matrix in matrices]), np.concatenate(([0], np.cumsum(sizes))))
