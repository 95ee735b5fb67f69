"""From the scenario's columns to the columns of the wire: numbers to digits, positions to texts."""

from __future__ import annotations

import numpy as np

from producers.simulator.bulk_encoding import Bytes2D, StatusColumns, TextTable
from producers.simulator.declarations import CHANNELS, KINDS, Declarations
from producers.simulator.draws import Int64s
from producers.simulator.enterprises import Enterprises
from producers.simulator.events import StatusEvents
from producers.simulator.messages import MESSAGE_TABLE, STATUS_SYMBOLS, STEP_TABLE, message_codes, step_codes
from producers.simulator.profiles import OFFICE_CODES, TEAM_CODES
from producers.simulator.staff import Staff

KEY_DIGITS = 11
_ZERO = ord("0")


class StatusWriter:
    """Writes runs of a scenario's status events as wire columns."""

    def __init__(self, declarations: Declarations, enterprises: Enterprises, staff: Staff) -> None:
        self._all = declarations
        self._digits = digits(declarations.number, KEY_DIGITS)
        self._office = TextTable("office", OFFICE_CODES)
        self._team = TextTable("team", TEAM_CODES)
        self._official = TextTable("official", staff.ids)
        self._channel = TextTable("channel", CHANNELS)
        self._kind = TextTable("kind", KINDS)
        self._tax_code = TextTable("tax_code", enterprises.tax_codes)

    def columns(self, events: StatusEvents) -> StatusColumns:
        """The events as wire columns; an event's id is its declaration and slot."""
        rows, slot, channel = events.declaration, events.slot.astype(np.int64), events.channel.astype(np.int64)
        keys = self._digits[rows]
        amendments = (events.amendments.astype(np.uint8) + _ZERO)[:, None]
        dash = np.full_like(amendments, ord("-"))
        return StatusColumns(
            event_id=np.concatenate((keys, dash, digits(slot, 2)), axis=1),
            declaration_no=np.concatenate((keys, amendments), axis=1),
            status=STATUS_SYMBOLS[slot],
            occurred_at=events.occurred_at,
            texts=(
                (self._office, self._all.office[rows]),
                (self._team, self._all.team[rows]),
                (STEP_TABLE, step_codes(slot, channel)),
                (self._official, events.official),
                (self._channel, channel),
                (self._kind, self._all.kind[rows]),
                (self._tax_code, self._all.enterprise[rows]),
                (MESSAGE_TABLE, message_codes(slot, channel, self._all.export[rows].astype(np.int64))),
            ),
        )


def digits(numbers: Int64s, width: int) -> Bytes2D:
    """ASCII digits of numbers, padded with zeros, shape (n, width)."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    return (numbers[:, None] // powers % 10 + _ZERO).astype(np.uint8)
