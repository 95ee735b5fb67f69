"""The rule of identities for kernels: which letters, and how many. Taken from the rule itself, by asking it."""

from __future__ import annotations

import numpy as np

from schemas.validation.rules import IDENTITY

IDENTITY_LETTERS = np.array([IDENTITY.accepts(chr(byte)) for byte in range(256)])
"""For each byte whether it may stand in an identity."""

MOST_LETTERS = max(length for length in range(256) if IDENTITY.accepts("x" * length))
"""Length of the longest identity."""
