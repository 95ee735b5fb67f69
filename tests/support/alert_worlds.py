"""Random histories of office counts for the spike detector, and the ways in which they can arrive."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from operator import itemgetter

from processors.domain.panes import PANE_MS
from processors.domain.spikes.policy import DAY_MS
from schemas.records.facts import OfficeCount

START = 1_577_836_800_000  # 1 January 2020
_OPENING_MS, _OPEN_MS = 30 * 60_000, 9 * 3_600_000  # of an office, in UTC
_PARCEL_MS = 60 * DAY_MS
_TARGETS = ("TEAM:01", "TEAM:02", "STEP:DOCUMENT_CHECK", "STEP:TAX_PAYMENT")


def random_counts(chance: random.Random, days: int, offices: int, a_day: float) -> list[OfficeCount]:
    """Counts in order of time, with times of trouble, silent weeks, corrections, and panes that were emptied again.

    Args:
        chance: Makes the choices.
        days: Length of the history.
        offices: How many offices.
        a_day: Opinions of an office on an ordinary day.
    """
    found: list[OfficeCount] = []
    for number in range(offices):
        office, first = f"{number:02d}CC", chance.choice((0, 0, days // 3))
        troubles = [(chance.randrange(days), chance.choice((2, 10, 40)), chance.choice((0.15, 0.5))) for _ in range(4)]
        silent = chance.randrange(days)
        for day in range(first, days):
            if silent <= day < silent + 10:
                continue
            share = max([0.02, *(share for begin, length, share in troubles if begin <= day < begin + length)])
            for _ in range(round(chance.expovariate(1 / a_day))):
                at = START + day * DAY_MS + _OPENING_MS + chance.randrange(_OPEN_MS)
                found += _pane(chance, office, at - at % PANE_MS, share)
    newest = {(one.office, one.pane_start): one for one in found}
    return sorted(newest.values(), key=lambda one: (one.pane_start, one.office))


def _pane(chance: random.Random, office: str, start: int, share: float) -> list[OfficeCount]:
    opinions = chance.choice((1, 1, 1, 2, 3))
    firms = sorted({f"firm{chance.randrange(300)}" for _ in range(opinions) if chance.random() < share})
    others = {f"firm{chance.choice((1, 2, chance.randrange(300)))}" for _ in range(opinions - len(firms))}
    scores = {name: opinions for name in _TARGETS if chance.random() < 0.7}
    drivers = {name: chance.randint(1, len(firms)) for name in scores if firms and chance.random() < 0.6}
    complaints = tuple(f"{office}-{start}-{firm}" for firm in firms)
    whole = OfficeCount(
        office, start, 5, opinions, len(firms), tuple(firms), drivers, scores, complaints, tuple(sorted(others))
    )
    kind = chance.random()
    if kind < 0.03:  # its only sheet was revised and moved elsewhere
        nobody = replace(whole, opinions=0, dissatisfied=0, enterprises=(), satisfied_enterprises=())
        return [replace(nobody, drivers={}, scores={}, complaint_ids=())]
    return [whole]


def arrivals(chance: random.Random, counts: Sequence[OfficeCount], order: str) -> list[OfficeCount]:
    """The counts as they may come: some first in an earlier version that a later one corrects, some twice.

    Args:
        chance: Makes the choices.
        counts: The final counts, in order of time.
        order: "sorted"; "parcels": 60 days each, in any order; "partitions": each office as fast as it likes;
            "shuffled".
    """
    span = max((one.pane_start - START for one in counts), default=0) + 1
    parcels = list(range(span // _PARCEL_MS + 1))
    chance.shuffle(parcels)
    pace = {one.office: chance.choice((1.0, 0.3, 0.05)) for one in counts}

    def turn(one: OfficeCount) -> float:
        """When it comes, from 0 to 1."""
        place = (one.pane_start - START) / span
        if order == "parcels":
            return (parcels[(one.pane_start - START) // _PARCEL_MS] + place) / (len(parcels) + 1)
        return {"sorted": place, "partitions": place * pace[one.office], "shuffled": chance.random()}[order]

    coming = [(turn(one), one) for one in counts]
    for at, one in list(coming):
        kind = chance.random()
        if kind < 0.05:  # an intermediate state of the pane, which mostly comes before the final one
            early = replace(one, version=2, opinions=max(one.opinions, 1), dissatisfied=1, enterprises=("early",))
            coming.append((at - chance.uniform(-0.001, 0.02), early))
        elif kind < 0.07:
            coming.append((at + chance.uniform(0, 0.1), one))
    return [one for _at, one in sorted(coming, key=itemgetter(0))]


def cut(chance: random.Random, counts: Sequence[OfficeCount], pieces: int) -> list[Sequence[OfficeCount]]:
    """The counts in order, cut at random places."""
    places = sorted(chance.randrange(len(counts) + 1) for _ in range(pieces - 1))
    return [counts[low:high] for low, high in zip([0, *places], [*places, len(counts)], strict=True)]
