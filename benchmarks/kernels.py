"""What each kernel gains over the library or the Python that would do its work.

    .venv/bin/python benchmarks/kernels.py [--runs 5]

Both ways do the same work on the same data: the events of benchmarks/contenders/work.py, in batches of 5,000 as Kafka
stores them. Figures are processor time of the fastest run, in this process, compilation left out. One process measures
both ways in turn, so the ratio is sound on a busy machine as well.

Result: var/bench/kernels.json.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import numpy as np
from fastavro import schemaless_reader
from rich.console import Console
from rich.table import Table
from support.record_batches import packed

from benchmarks.contenders.as_of import StatusRow, context_as_of, known_rows
from benchmarks.contenders.work import work
from processors.domain.join.as_of import states
from processors.domain.join.declaration_context import contexts_of
from processors.domain.join.histories import gathered
from processors.domain.join.sorted_runs import ROW, SortedRun
from processors.stages.reference_policies import reference_context
from schemas import ids
from schemas.batches.batch import RawBatch
from schemas.batches.packed_batch import PackedBatch
from schemas.batches.record_spans import RecordSpans, locate_records
from schemas.catalogue import latest, parsed
from schemas.codec.record import decoder, encoder
from schemas.codec.wire import HEADER_BYTES
from schemas.keys import KEY_DIGITS
from schemas.reference.calendar import load_calendar
from schemas.topics import Topic
from schemas.validation import rules
from schemas.vectorized.field_plan import field_plan, item_schema
from schemas.vectorized.kernels.bodies import FieldPlan, ItemColumns, RecordColumns, crc32, read_flat, read_nested
from schemas.vectorized.kernels.compiled import Bytes, Longs, UInts, kernel
from schemas.vectorized.kernels.names import LETTERS, name_uuids
from schemas.vectorized.kernels.radix import ascending
from schemas.vectorized.kernels.rows import ABSENT
from schemas.vectorized.kernels.texts import Strings
from schemas.vectorized.row_writer import RowWriter
from schemas.vectorized.status_reader import STATUSES
from schemas.vectorized.string_dictionary import StringDictionary

RESULT = Path(__file__).resolve().parents[1] / "var" / "bench" / "kernels.json"
TOGETHER = 5_000
CALENDAR = load_calendar()
NOW = 1_600_000_000_000
Way = Callable[[], object]
Case = tuple[str, int, Way, Way]
"""Name, how many are done, the kernel's way and the other."""


@kernel
def checksums(data: Bytes, spans: Longs, out: UInts) -> None:
    """Checksum of each body, as the readers compute it on their way."""
    for row in range(len(spans)):
        out[row] = crc32(data, spans[row, 2] + 5, spans[row, 3])


class Sample:
    """One batch of each topic, and what the kernels read in it."""

    def __init__(self) -> None:
        events = work(20_000, 0.2).events
        self.statuses, self.sheets = (_batch(topic, events) for topic in (Topic.DECLARATION_STATUS, Topic.RATING))
        self.spans, self.sheet_spans = locate_records(self.statuses), locate_records(self.sheets)
        self.schema, self.rating = (parsed(latest(name).schema_id) for name in ("declaration-status", "rating"))
        self.names = [field["name"] for field in self.schema["fields"]]
        self.records = list(map(decoder("declaration-status"), self.statuses.values))
        self.keys = np.array([int(record["declaration_no"][:KEY_DIGITS]) for record in self.records])


def _batch(topic: Topic, events: list[tuple[Topic, bytes, bytes]]) -> PackedBatch:
    chosen = [(key, value) for one, key, value in events if one is topic][:TOGETHER]
    keys, values = map(list, zip(*chosen, strict=True))
    return packed(RawBatch(topic, 0, range(len(chosen)), [NOW] * len(chosen), keys, values), TOGETHER)


def _plan(schema: Any, items: str | None = None) -> tuple[FieldPlan, int]:
    names = [field["name"] for field in schema["fields"] if field["name"] != items]
    plan = field_plan(schema, schema, names, items)
    assert plan is not None
    return plan, len(names)


def python_reader(spans: RecordSpans, schema: Any) -> Way:
    """fastavro, record by record."""
    values = [spans.raw[begin + HEADER_BYTES : end] for begin, end in spans.spans[:, 2:].tolist()]
    return lambda: [schemaless_reader(io.BytesIO(value), schema, None) for value in values]


def reading(one: Sample) -> Iterator[Case]:
    """Kernels that read."""
    count, sheets, data, spans = len(one.spans), len(one.sheet_spans), one.spans.data, one.spans.spans
    yield "locate records", count, lambda: locate_records(one.statuses), lambda: [list(r) for r in one.statuses.runs]
    flat, columns = _plan(one.schema)
    found, rows = RecordColumns.allocate(columns, count), np.arange(count)
    yield "flat bodies", count, lambda: read_flat(data, spans, rows, flat, found), python_reader(one.spans, one.schema)
    (plan, columns), (item_plan, item_columns) = _plan(one.rating, "items"), _plan(item_schema(one.rating, "items"))
    room = ItemColumns.allocate(item_columns, len(one.sheet_spans.data) // 5, sheets)
    targets, which, inside = RecordColumns.allocate(columns, sheets), np.arange(sheets), one.sheet_spans

    read = partial(read_nested, inside.data, inside.spans, which, plan, item_plan, rules.MAX_ITEMS, 0, targets, room)
    yield "nested bodies", sheets, read, python_reader(inside, one.rating)
    bodies, crc = [value[HEADER_BYTES:] for value in one.statuses.values if value], np.empty(count, np.uint32)
    yield "checksums", count, lambda: checksums(data, spans, crc), lambda: [*map(zlib.crc32, bodies)]
    place, texts = one.names.index("tax_code"), StringDictionary(rules.TAX_CODE.accepts)
    begins, sizes, known = found.values[place], found.sizes[place], dict[bytes, int]()
    read_flat(data, spans, rows, flat, found)
    places, raw = list(zip(begins.tolist(), sizes.tolist(), strict=True)), one.spans.raw

    def look_up() -> list[int]:
        return [0 if size < 0 else known.setdefault(raw[at : at + size], len(known) + 1) for at, size in places]

    yield "texts to numbers", count, lambda: texts.encode(data, begins, sizes, found.fit), look_up


def writing(one: Sample) -> Iterator[Case]:
    """Kernels that write."""
    count, rest = len(one.records), ("OFFICE", "03CC", "03CC")
    sheets, declarations = [f"s{number}" for number in range(count)], [f"{key:011d}" for key in one.keys.tolist()]
    fresh, kept, out = Strings.of(sheets), Strings.of([ids.fact_id_suffix(*rest)]), np.empty(count * LETTERS, np.uint8)
    before, rows, zeros = np.frombuffer(ids.FACT_ID_PREFIX, np.uint8), np.arange(count), np.zeros(count, np.int64)

    separator = ord(ids.SEPARATOR)
    names = partial(name_uuids, before, separator, KEY_DIGITS, one.keys, rows, zeros, kept, fresh, out)
    pairs = list(zip(declarations, sheets, strict=True))
    yield "uuids of names", count, names, lambda: [ids.fact_id(key, sheet, *rest) for key, sheet in pairs]
    writer, write = RowWriter("declaration-status"), encoder("declaration-status")
    texts = sorted({value for record in one.records for value in record.values() if isinstance(value, str)})
    number: dict[Any, Any] = {None: ABSENT, **{text: place for place, text in enumerate(texts)}}
    columns = {name: np.array([number.get(r[name], r[name]) for r in one.records], np.int64) for name in one.names}
    columns["status"] = np.array([STATUSES.index(record["status"]) for record in one.records])
    strings, none = Strings.of(texts), Strings.of([])
    yield (
        "rows to Avro",
        count,
        lambda: writer.write_records(count, columns, strings, none),
        lambda: [*map(write, one.records)],
    )


def joining(one: Sample) -> Iterator[Case]:
    """Kernels of the status log."""
    keys, rows, context = one.keys, np.zeros(len(one.keys), ROW), reference_context()
    yield "sort keys", len(keys), lambda: ascending(keys), lambda: np.argsort(keys, kind="stable")
    rows["occurred_at"], rows["event"] = [record["occurred_at"] for record in one.records], np.arange(len(keys))
    rows["status"] = [STATUSES.index(record["status"]) for record in one.records]
    yield "sorted runs", len(keys), lambda: SortedRun.of(keys, rows), lambda: rows[np.argsort(keys, kind="stable")]
    run, by_key = SortedRun.of(keys, rows), dict[int, list[StatusRow]]()
    for event, (key, record) in enumerate(zip(keys.tolist(), one.records, strict=True)):
        known = record["occurred_at"], record["status"], record["office"], None, None, None, None, event, 0
        by_key.setdefault(key, []).append(StatusRow(*known))
    as_of, unchecked = np.full(len(run.keys), NOW), np.zeros(1, np.bool_)
    nobody, nobody_claims = np.zeros(1, np.int64), np.zeros(len(run.keys), np.int64)

    def columns() -> None:
        histories = gathered([run], run.keys)
        found = states(histories, histories.places(run.keys), as_of, as_of, unchecked, nobody, nobody_claims)
        contexts_of(found, as_of, [None], context.calendar, context.limits)

    def one_by_one() -> None:
        for history in by_key.values():
            ordered = sorted(history)
            known_rows(ordered, NOW)
            context_as_of(ordered, NOW, CALENDAR, context.limits)

    yield "declarations as of", len(run.keys), columns, one_by_one


def fastest(way: Way, runs: int) -> float:
    """Processor seconds of the fastest run; the first, which may compile, does not count."""
    times = []
    for _ in range(runs + 1):
        began = time.process_time()
        way()
        times.append(time.process_time() - began)
    return min(times[1:])


def main() -> int:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    runs, sample = parser.parse_args().runs, Sample()
    shown, result = Table("kernel", "us each", "without it, us", "times faster"), {}
    for family in (reading, writing, joining):
        for name, count, ours, theirs in family(sample):
            mine, other = (fastest(way, runs) / count * 1e6 for way in (ours, theirs))
            shown.add_row(name, f"{mine:.3f}", f"{other:.3f}", f"{other / mine:.1f}")
            result[name] = {"us": round(mine, 3), "without_us": round(other, 3), "times": round(other / mine, 1)}
    Console().print(shown)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
