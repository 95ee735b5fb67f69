"""Rows put into the raw tables by a test, as the loader would store them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from clickhouse_driver import Client

ORIGIN = "row_version, log_epoch, log_partition, log_offset"


def store(client: Client, table: str, columns: str, rows: Sequence[Sequence[Any]], version: int = 1) -> None:
    """Insert rows of one version with an origin of their own."""
    stored = [(*row, version, 1, 0, number) for number, row in enumerate(rows)]
    client.execute(f"INSERT INTO {table} ({columns}, {ORIGIN}) VALUES", stored)


def utc(text: str) -> datetime:
    """A time in UTC, such as `2024-10-15 03:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fact(office: str, number: str, sheet: str, at: datetime, score: int, **more: Any) -> dict[str, Any]:
    """A matched fact about an office as a row of `rated_service`."""
    return {
        "fact_id": uuid4(), "state": "MATCHED", "sheet_id": sheet, "declaration_no": number, "submitted_at": at,
        "target": "OFFICE", "office": office, "target_id": office, "score": score, "reason": "", "tax_code": "",
        "channel": "", "kind": "", "registered_at": None, "unmatched_reason": "", **more,
    }  # fmt: skip


def store_facts(client: Client, facts: Sequence[dict[str, Any]], version: int = 1) -> None:
    """Insert facts of one version."""
    store(client, "rated_service", ", ".join(facts[0]), [list(one.values()) for one in facts], version)
