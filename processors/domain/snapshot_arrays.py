"""Small parts of a state as JSON arrays, for its snapshot: unlike a pickle, JSON cannot execute anything when read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

StateSnapshot = Mapping[str, npt.NDArray[Any]]
"""A state at one moment, as named arrays of numbers or bytes. Nobody writes to the arrays afterwards."""

KeepsArrays = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]
"""Returns an equal array, perhaps mapped from a file; an array that it returned before is returned as it is."""


class UnsoundSnapshot(ValueError):
    """A snapshot that no state can have written. Its numbers would send compiled code out of its arrays."""


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def json_text(value: Any) -> str:
    """Lists, texts, numbers and None as a text."""
    return _encode(value)


def json_list_array(texts: Iterable[str]) -> npt.NDArray[np.uint8]:
    """A list of what `json_text` made, as an array."""
    return np.frombuffer(f"[{','.join(texts)}]".encode(), np.uint8)


def to_json_array(value: Any) -> npt.NDArray[np.uint8]:
    """Lists, texts, numbers and None as an array."""
    return np.frombuffer(json_text(value).encode(), np.uint8)


def from_json_array(array: npt.NDArray[Any]) -> Any:
    """The value that `to_json_array` packed; tuples come back as lists."""
    return json.loads(array.tobytes())
