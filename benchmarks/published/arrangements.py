"""Orders in which a history may be published. None of them may change a result."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from benchmarks.published.history import Event, Status, write_csv, write_json_lines

_PARCEL_MS = 60 * 86_400_000
_SEED = 2020


class Arrangement(StrEnum):
    """How a history is published."""

    STATUSES_FIRST = "statuses-first"
    RATINGS_FIRST = "ratings-first"
    SORTED = "sorted"
    MIXED = "mixed"
    PARCELS = "parcels"


def arrange(events: Sequence[Event], how: Arrangement, directory: Path) -> list[Path]:
    """Write the history into files; published in the order returned they have this arrangement.

    Statuses and ratings first are two CSV files, `sorted` (by time) and `mixed` (shuffled) one JSON Lines file, and
    `parcels` two CSV files for each 60 days, in a shuffled order.
    """
    chance = random.Random(_SEED)
    if how in {Arrangement.STATUSES_FIRST, Arrangement.RATINGS_FIRST}:
        files = _pair(events, directory, "all")
        return files if how is Arrangement.STATUSES_FIRST else files[::-1]
    if how is Arrangement.PARCELS:
        parcels = defaultdict(list)
        for event in events:
            parcels[event.at // _PARCEL_MS].append(event)
        files = [file for number, parcel in parcels.items() for file in _pair(parcel, directory, str(number))]
        chance.shuffle(files)
        return files
    ordered = sorted(events, key=lambda event: (event.at, isinstance(event, Status)))
    if how is Arrangement.MIXED:
        chance.shuffle(ordered)
    path = directory / f"{how}.jsonl"
    write_json_lines(ordered, path)
    return [path]


def _pair(events: Sequence[Event], directory: Path, name: str) -> list[Path]:
    files = [directory / f"statuses-{name}.csv", directory / f"ratings-{name}.csv"]
    write_csv(events, *files)
    return files
