"""Small things of a state as an array, for its image: JSON, since whoever reads it must be able to trust it.

Unlike a pickle, it can do nothing when it is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def packed_text(value: Any) -> str:
    """Lists, texts, numbers and None as a text."""
    return _encode(value)


def packed_list(texts: Iterable[str]) -> npt.NDArray[np.uint8]:
    """A list of what `packed_text` made, as an array."""
    return np.frombuffer(f"[{','.join(texts)}]".encode(), np.uint8)


def packed(value: Any) -> npt.NDArray[np.uint8]:
    """Lists, texts, numbers and None as an array."""
    return np.frombuffer(packed_text(value).encode(), np.uint8)


def unpacked(array: npt.NDArray[Any]) -> Any:
    """What was packed; tuples come back as lists."""
    return json.loads(array.tobytes())
