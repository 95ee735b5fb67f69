"""Checks of status events in columns: the rules of `record.status_problems`, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from schemas.batches.batch import Batch, Reject
from schemas.codec.wire import framed_id
from schemas.readers.column_decoder import Columns
from schemas.validation import rules
from schemas.validation.record import status_problems


def checked(columns: Columns, batch: Batch) -> Columns:
    """Keep the good rows; turn each bad one into a reject with the reason of its first problem.

    Args:
        columns: What the column decoder of `declaration-status` returned.
        batch: The batch it was decoded from: keys and Kafka timestamps are checked too.
    """
    frame = columns.frame
    if frame.is_empty():
        return columns
    good = frame.select(_good()).to_series()
    if good.all():
        return columns
    bad = frame.filter(~good)
    return Columns(frame.filter(good), [*columns.rejects, *_explain(bad, batch)])


def _good() -> pl.Expr:
    numbers = pl.col("declaration_no")
    checks = [
        pl.col(name).str.contains(f"^(?:{rule.pattern})\\z").fill_null(value=True)
        for name, rule in rules.STATUS_TEXTS.items()
    ]
    checks.append(numbers.str.slice(0, 11).cast(pl.Binary).eq_missing(pl.col("key")))
    time = pl.col("occurred_at")
    # Subtracted on this side: the record's timestamp is its writer's, any 64-bit number, and a sum would wrap around.
    soon = time - rules.FUTURE_TOLERANCE_MS <= pl.col("timestamp")
    checks.append((time >= rules.EARLIEST_MS) & (time < rules.LATEST_MS) & soon)
    return pl.all_horizontal(checks)


def _explain(bad: pl.DataFrame, batch: Batch) -> Sequence[Reject]:
    rejects = []
    for row in bad.iter_rows(named=True):
        index = row["index"]
        problem = status_problems(row, row["timestamp"], batch.keys[index])[0]
        rejects.append(Reject(index, problem.reason, str(problem), framed_id(batch.values[index])))
    return rejects
