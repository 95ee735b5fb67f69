"""The orders in which somebody may publish a history."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from schemas.topics import DAY_MS

_PARCEL_MS = 60 * DAY_MS

Longs = npt.NDArray[np.int64]


class Order(StrEnum):
    """An order of arrival."""

    STATUSES_FIRST = "statuses-first"
    RATINGS_FIRST = "ratings-first"
    MIXED = "mixed"  # shuffled over the whole history
    SORTED = "sorted"  # by the time of the event
    PARCELS = "parcels"  # sixty days at a time, in any order of parcels; of each first the statuses, then the ratings


def arranged(times: Longs, is_rating: npt.NDArray[np.bool_], order: Order, seed: int = 1) -> Longs:
    """The places of events in the order of their arrival.

    Args:
        times: When each event happened, epoch milliseconds.
        is_rating: Which events are ratings.
        order: The order.
        seed: Of all random numbers.
    """
    dice = np.random.default_rng(seed)
    if order is Order.MIXED:
        return dice.permutation(len(times))
    if order is Order.SORTED:
        return np.argsort(times, kind="stable")
    if order is Order.PARCELS:
        parcels = (times - times.min()) // _PARCEL_MS
        ranks = dice.permutation(int(parcels.max()) + 1)
        return np.lexsort((times, is_rating, ranks[parcels]))
    return np.lexsort((times, is_rating == (order is Order.STATUSES_FIRST)))
