"""A field that is added to `rating` as docs/contract.md describes reaches the join's reader without a change to it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from support.newer import ROOT, add_fields, add_version, keep_machine_code, optional

PROGRAM = textwrap.dedent(
    """
    import sys
    import schemas.vectorized.rating_reader as under_test
    from schemas.batches.batch import RawBatch
    from schemas.codec.record import encoder
    from schemas.readers.record_reader import RecordReader
    from schemas.records.events import Rating, RatingItem
    from schemas.topics import Topic

    at, key = 1_585_789_200_000, b"10300000001"
    def sheet(number, item, **added):
        items = (RatingItem("OFFICE", "03CC", "03CC", 5, **item),)
        return Rating(f"s{number}", 1, "103000000010", None, at, "AFTER_CLEARANCE", items, **added)

    written = [sheet(1, ITEM, **ADDED), sheet(2, {})]
    values = [encoder("rating")(one.to_avro()) for one in written]
    batch = RawBatch(Topic.RATING, 0, [0, 1], [at] * 2, [key] * 2, values)
    reader = under_test.RatingReader()
    if CARRIED:
        reader._fallback = None  # kernels must be sure of every record
    found = [sheet.rating for sheet in reader.read_sheets(batch).accepted]
    assert found == written, found
    assert found == [one for _index, one in RecordReader(Topic.RATING, Rating).read(batch).accepted]
    """
)


def later(folder: Path, fields: dict[str, Any], item_fields: dict[str, Any], classes: dict[str, str]) -> None:
    """Our packages with a later version of `rating`, and record classes that have its fields."""
    shutil.copytree(ROOT / "schemas", folder / "schemas", ignore=shutil.ignore_patterns("__pycache__"))
    keep_machine_code(folder)

    def grow(schema: Any) -> None:
        schema["fields"] += fields.values()
        (items,) = (field["type"]["items"] for field in schema["fields"] if field["name"] == "items")
        items["fields"] += item_fields.values()

    add_version(folder, "rating", 7102, grow)
    events = folder / "schemas" / "records" / "events.py"
    text = events.read_text()
    for record, lines in classes.items():
        text = add_fields(text, record, lines)
    events.write_text(text)


def read_in(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the packages of a folder before ours."""
    path = os.pathsep.join(map(str, (folder, ROOT)))
    env = {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
    return subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=200
    )


def test_fields_of_every_carried_type_reach_the_record(tmp_path: Path) -> None:
    """Texts, bytes, whole numbers and an enum on the sheet, and a text on an item, all read by kernels."""
    device = {"type": "enum", "name": "Device", "symbols": ["OTHER", "PHONE"], "default": "OTHER"}
    later(
        tmp_path,
        {
            "later_language": optional("later_language"),
            "later_receipt": {"name": "later_receipt", "type": ["null", "bytes"], "default": None},
            "later_opened_at": {"name": "later_opened_at", "type": "long", "default": 0},
            "later_clicks": {"name": "later_clicks", "type": "int", "default": 0},
            "later_device": {"name": "later_device", "type": device, "default": "OTHER"},
        },
        {"later_place": optional("later_place")},
        {
            "Rating": "    later_language: str | None = None\n    later_receipt: bytes | None = None\n"
            "    later_opened_at: int = 0\n"
            '    later_clicks: int = 0\n    later_device: str = "OTHER"\n',
            "RatingItem": "    later_place: str | None = None\n",
        },
    )
    texts = "later_language='tiếng Việt', later_receipt=b'\\xff', later_device='PHONE'"
    added = f"dict({texts}, later_opened_at=1 << 40, later_clicks=-3)"
    ran = read_in(tmp_path, f"ADDED, ITEM, CARRIED = {added}, dict(later_place='gate 3'), True\n{PROGRAM}")
    assert ran.returncode == 0, ran.stderr[-2000:]


def test_a_field_that_kernels_cannot_carry_is_read_one_by_one(tmp_path: Path) -> None:
    """A nullable number is no reason to lose it, nor the sheet."""
    field = {"name": "later_duration", "type": ["null", "long"], "default": None}
    later(tmp_path, {"later_duration": field}, {}, {"Rating": "    later_duration: int | None = None\n"})
    ran = read_in(tmp_path, f"ADDED, ITEM, CARRIED = dict(later_duration=7), dict(), False\n{PROGRAM}")
    assert ran.returncode == 0, ran.stderr[-2000:]


@pytest.mark.parametrize(
    "classes", [{}, {"Rating": "    later_language: str | None = None\n    other: str | None = None\n"}]
)
def test_a_record_class_that_differs_from_the_schema_fails_at_import(tmp_path: Path, classes: dict[str, str]) -> None:
    """A field of the schema that the class lacks, or the other way round, would be lost in silence."""
    later(tmp_path, {"later_language": optional("later_language")}, {}, classes)
    ran = read_in(tmp_path, "import schemas.vectorized.rating_reader")
    assert "Rating must have the fields of the newest schema" in ran.stderr
