"""Rules of the contract for whole columns of numbers, as kernels and their readers need them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from schemas.validation import rules

# The rule of identities, taken from the rule itself by asking it.
IDENTITY_LETTERS = np.array([rules.IDENTITY.accepts(chr(byte)) for byte in range(256)])
"""For each byte whether it may stand in an identity."""

MOST_LETTERS = max(length for length in range(256) if rules.IDENTITY.accepts("x" * length))
"""Length of the longest identity."""


def timely(times: npt.NDArray[np.int64], written_at: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which times of events are plausible.

    Args:
        times: Epoch milliseconds; of some records anything may stand here.
        written_at: Kafka timestamps of the records, epoch milliseconds.
    """
    # Subtracted on this side: a timestamp is its writer's, any 64-bit number, and a sum would wrap around.
    soon = times - rules.FUTURE_TOLERANCE_MS <= written_at
    known: npt.NDArray[np.bool_] = (times >= rules.EARLIEST_MS) & (times < rules.LATEST_MS) & soon
    return known
