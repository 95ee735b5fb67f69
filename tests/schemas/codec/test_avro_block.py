from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from fastavro import schemaless_writer
from hypothesis import given, settings
from hypothesis import strategies as st
from support.events import WRITTEN_AT
from support.statuses import FLAT, LISTED, NESTED, NEW, OLD, SUBJECT, WRITERS, framed, writers

from schemas.batches.batch import RawBatch
from schemas.catalogue import parsed, schema_json
from schemas.codec.avro_block import block_reader
from schemas.codec.record import decoder
from schemas.errors import PoisonRecord, Reason
from schemas.evolution.compatibility import incompatibilities
from schemas.readers.column_decoder import ColumnDecoder
from schemas.topics import Topic

COLUMNS, DECODE = ColumnDecoder(SUBJECT, writers), decoder(SUBJECT, writers)
NAMES = [field["name"] for field in parsed(OLD)["fields"]]


def one_by_one(values: Sequence[bytes | None]) -> tuple[list[tuple[int, dict[str, Any]]], list[tuple[int, Reason]]]:
    """What record-by-record decoding says, by Avro's own schema resolution."""
    accepted, rejects = [], []
    for index, value in enumerate(values):
        try:
            accepted.append((index, DECODE(value)))
        except PoisonRecord as poison:
            rejects.append((index, poison.reason))
    return accepted, rejects


@settings(max_examples=120, deadline=None)
@given(st.lists(framed(), max_size=12))
def test_a_batch_of_several_writers_decodes_as_record_by_record(values: list[bytes | None]) -> None:
    """Old, new and broken records side by side: the same rows, in the batch's order, and the same rejects."""
    size = len(values)
    batch = RawBatch(Topic.DECLARATION_STATUS, 0, range(size), [WRITTEN_AT] * size, [b""] * size, values)
    columns = COLUMNS.decode(batch)
    rows = [(row["index"], {name: row[name] for name in NAMES}) for row in columns.frame.iter_rows(named=True)]
    assert (rows, [(reject.index, reject.reason) for reject in columns.rejects]) == one_by_one(values)


def test_the_later_versions_are_compatible_and_only_the_flat_one_is_read_in_columns() -> None:
    """What the property above relies on, in both directions."""
    assert not incompatibilities(schema_json(OLD), FLAT)
    assert not incompatibilities(schema_json(OLD), LISTED)
    assert block_reader(WRITERS[NEW], parsed(OLD)) is not None
    assert block_reader(parsed(OLD), WRITERS[NEW]) is not None
    assert block_reader(WRITERS[NESTED], parsed(OLD)) is None


@pytest.mark.parametrize(("writer", "reader"), [(OLD, NEW), (NEW, OLD)])
def test_fields_and_symbols_that_one_side_lacks_take_their_defaults(writer: int, reader: int) -> None:
    """An older reader sees the default of the enum, a newer one the defaults of its fields."""
    block = block_reader(WRITERS[writer], WRITERS[reader])
    given_values: dict[str, Any] = dict.fromkeys(NAMES, "x") | {"occurred_at": 1, "lane": "L", "weight": 7}
    given_values["status"] = "AUTO_CLEARED" if writer == NEW else "CLEARED"
    known = {field["name"] for field in WRITERS[writer]["fields"]}
    out = io.BytesIO()
    schemaless_writer(out, WRITERS[writer], {name: value for name, value in given_values.items() if name in known})
    assert block is not None
    value = b"frame" + out.getvalue()
    assert block.read_values([value], np.array([len(value)]), b"other") is None
    frame = block.read_values([value], np.array([len(value)]), b"frame")
    assert frame is not None
    (row,) = frame.to_dicts()
    assert row["status"] == ("OTHER" if writer == NEW else "CLEARED")
    assert row.get("step", "absent") == (None if writer == NEW else "absent")
    assert (row.get("lane"), row.get("weight")) == ((None, None) if writer == NEW else (None, 0))
