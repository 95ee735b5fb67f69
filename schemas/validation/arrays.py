"""The rules of identities and times in the form that kernels and their readers need: arrays, and whole columns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from schemas.validation import rules

IDENTITY_BYTES = np.array([rules.IDENTITY.accepts(chr(byte)) for byte in range(256)])
"""For each byte whether an identity may contain it."""

MAX_IDENTITY_BYTES = max(length for length in range(256) if rules.IDENTITY.accepts("x" * length))
"""Length of the longest identity; its characters are ASCII, one byte each."""


def plausible_times(times: npt.NDArray[np.int64], written_at: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """For each event whether its time lies between the limits, and at most one day after its record was written.

    Args:
        times: Epoch milliseconds; any number for a record that could not be read.
        written_at: Kafka timestamps of the records, epoch milliseconds.
    """
    # The tolerance is subtracted from the time: added to a Kafka timestamp, which may be any number, it could overflow.
    not_ahead = times - rules.FUTURE_TOLERANCE_MS <= written_at
    plausible: npt.NDArray[np.bool_] = (times >= rules.EARLIEST_MS) & (times < rules.LATEST_MS) & not_ahead
    return plausible
