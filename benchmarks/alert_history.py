"""Time and memory of the alerts of a long history of office counts, in order and in disorder.

    .venv/bin/python benchmarks/alert_history.py [--months 26] [--opinions 320] [--orders sorted parcels]

The counts are those of an area of Hai Phong's size: nine offices of unequal size, working days, one opinion in sixty
dissatisfied, times of trouble. The real volume is 144 opinions a day (docs/simulation.md); the default is more than
twice as much. They come in batches, as a worker reads them when all are in Kafka:

* sorted: in order of time
* parcels: in parcels of 60 days, which come in any order
* shuffled: in any order
* late: one office after all others
* live: the last day after all others, count by count
* single: one count of the first weeks after all others

Result: one JSON line for each order; seconds of processor time.
"""

from __future__ import annotations

import argparse
import gc
import json
import pickle
import random
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from processors.domain.panes import HOUR_MS, PANE_MS
from processors.domain.spikes.alert_store import AlertStore
from processors.domain.spikes.policy import DAY_MS, SpikePolicy
from schemas.records.facts import OfficeCount

ORDERS = ("sorted", "parcels", "shuffled", "late", "live", "single")
OFFICES = 9
BATCH = 20_000
"""Most records in a batch: the worker's default."""
START = 1_577_836_800_000
DAYS_A_MONTH = 30.4
TARGETS = ("TEAM:01", "TEAM:02", "TEAM:03", "STEP:DOCUMENT_CHECK", "STEP:GOODS_INSPECTION", "STEP:TAX_PAYMENT")


def counts_of(days: int, opinions_a_day: float, seed: int = 1) -> list[OfficeCount]:
    """Counts in order of time."""
    chance = random.Random(seed)
    weights = [1 / (number + 1) for number in range(OFFICES)]
    panes: dict[tuple[int, str], list[bool]] = {}
    for number, weight in enumerate(weights):
        daily = opinions_a_day * 7 / 5 * weight / sum(weights)
        troubles = [(chance.randrange(days), chance.choice((2, 20))) for _ in range(days // 180 + 1)]
        for day in (day for day in range(days) if day % 7 < 5):
            share = 0.12 if any(begin <= day < begin + length for begin, length in troubles) else 1 / 60
            for _ in range(round(chance.gauss(daily, daily**0.5))):
                at = START + day * DAY_MS + chance.randrange(9 * HOUR_MS)
                panes.setdefault((at - at % PANE_MS, f"{number:02d}CC"), []).append(chance.random() < share)
    return [_count(chance, office, start, low) for (start, office), low in sorted(panes.items())]


def _count(chance: random.Random, office: str, start: int, low: Sequence[bool]) -> OfficeCount:
    firms = tuple(sorted(f"{chance.randrange(5000):010d}" for bad in low if bad))
    scores = {name: len(low) for name in TARGETS if chance.random() < 0.6}
    drivers = {name: 1 for name in scores if firms and chance.random() < 0.5}
    complaints = tuple(f"{office}-{start}-{n}" for n in range(len(firms)))
    content = tuple(sorted({f"{chance.randrange(5000):010d}" for bad in low if not bad}))
    return OfficeCount(office, start, 3, len(low), len(firms), firms, drivers, scores, complaints, content)


def arrivals(counts: Sequence[OfficeCount], order: str) -> tuple[list[OfficeCount], list[OfficeCount]]:
    """The counts that come in batches, and those that then come one by one."""
    chance = random.Random(2)
    if order == "parcels":
        turns = {parcel: chance.random() for parcel in range(1000)}
        return sorted(counts, key=lambda one: turns[(one.pane_start - START) // (60 * DAY_MS)]), []
    if order == "shuffled":
        return chance.sample(counts, len(counts)), []
    if order == "late":
        return sorted(counts, key=lambda one: one.office == "03CC"), []
    last_day = counts[-1].pane_start - DAY_MS
    if order == "live":
        return [one for one in counts if one.pane_start < last_day], [
            one for one in counts if one.pane_start >= last_day
        ]
    if order == "single":
        return [*counts[:1000], *counts[1001:]], [counts[1000]]
    return list(counts), []


def measure(order: str, months: float, opinions: float) -> dict[str, object]:
    """Feed one store; seconds, and megabytes that the store holds."""
    counts = counts_of(round(months * DAYS_A_MONTH), opinions)
    first, then = arrivals(counts, order)
    panes = len(counts)
    # As bytes, which leave the memory that the store takes alone.
    batches = [pickle.dumps(first[place : place + BATCH]) for place in range(0, len(first), BATCH)]
    del counts, first
    gc.collect()
    before = resident_mb()
    store, alerts = AlertStore(SpikePolicy(), lambda code, _at: code), set[str]()
    began = time.process_time()
    for number, batch in enumerate(batches, 1):
        store.add_counts(pickle.loads(batch))
        if number == len(batches) or not store.may_wait:
            alerts.update(alert.alert_id for alert in store.changes())
    seconds = time.process_time() - began
    gc.collect()
    held = resident_mb() - before
    began = time.process_time()
    for one in then:
        store.add_counts([one])
        store.changes()
    each = (time.process_time() - began) / max(1, len(then))
    return {
        "order": order,
        "panes": panes,
        "seconds": round(seconds, 2),
        "ms_for_each_that_follows": round(each * 1000, 2),
        "alerts_published": len(alerts),
        "store_mb": round(held),
    }


def resident_mb() -> float:
    """Memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def main() -> int:
    """Measure each order in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=float, default=26)
    parser.add_argument("--opinions", type=float, default=320, help="a day, over all offices")
    parser.add_argument("--orders", nargs="+", choices=ORDERS, default=ORDERS)
    given = parser.parse_args()
    if len(given.orders) == 1:
        print(json.dumps(measure(given.orders[0], given.months, given.opinions)), flush=True)
        return 0
    options = ["--months", str(given.months), "--opinions", str(given.opinions)]
    for order in given.orders:
        subprocess.run([sys.executable, __file__, *options, "--orders", order], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
