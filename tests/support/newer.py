"""A next version of hailong: a copy of our packages with a newer contract, made by the steps of `docs/contract.md`.

`declaration-status` gets an optional field `lane` and the status AUTO_CLEARED, `rating` an optional field `language`. A
command runs as that version when the folder comes before ours on Python's path.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastavro import parse_schema

from schemas.catalogue import physical

ROOT = Path(__file__).resolve().parents[2]
NEW_STATUS = "AUTO_CLEARED"
STATUS_ID, RATING_ID = 7101, 7102


def next_version(folder: Path) -> Path:
    """Make the next version in an empty folder; returns the folder."""
    for package in ("schemas", "sinks"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    keep_machine_code(folder)
    add_version(folder, "declaration-status", STATUS_ID, _grown_status)
    add_version(folder, "rating", RATING_ID, _grown_rating)
    records = folder / "schemas" / "records" / "events.py"
    text = records.read_text()
    for old, new in (
        ('    OTHER = "OTHER"\n', f'    OTHER = "OTHER"\n    {NEW_STATUS} = "{NEW_STATUS}"\n'),
        (
            "    source_message: str | None = None\n",
            "    source_message: str | None = None\n    lane: str | None = None\n",
        ),
        ("    contact: bytes | None = None\n", "    contact: bytes | None = None\n    language: str | None = None\n"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    records.write_text(text)
    (folder / "sinks" / "clickhouse" / "migrations" / "9001_lane.sql").write_text(
        "ALTER TABLE declaration_status ADD COLUMN IF NOT EXISTS lane LowCardinality(String) COMMENT 'Lane'"
    )
    return folder


def keep_machine_code(folder: Path) -> None:
    """Reuse the compiled kernels (compiling takes half a minute); numba names its cache files by the source folder."""
    packages = {path.parent for room in ("schemas", "processors") for path in (ROOT / room).rglob("*.py")}
    names = {_name_of(package): _name_of(folder / package.relative_to(ROOT)) for package in packages}
    home = Path("schemas") / "vectorized" / "kernels" / "__pycache__"
    for kept in (ROOT / home).glob("*/*/"):
        shutil.copytree(kept, folder / home / kept.parent.name / names.get(kept.name, kept.name))


def _name_of(package: Path) -> str:
    return f"{package.name}_{hashlib.sha1(str(package).encode(), usedforsecurity=False).hexdigest()}"


def add_version(folder: Path, subject: str, schema_id: int, change: Callable[[Any], None]) -> None:
    """Add version 2 of a subject: its file, its pinned id, its fingerprint."""
    package = folder / "schemas"
    schema = json.loads((package / "avro" / f"{subject}.v1.avsc").read_text())
    change(schema)
    (package / "avro" / f"{subject}.v2.avsc").write_text(json.dumps(schema, indent=2))
    catalogue = package / "catalogue.py"
    begin, text = "PINNED = (\n", catalogue.read_text()
    assert text.count(begin) == 1
    catalogue.write_text(text.replace(begin, f'{begin}    PinnedSchema({schema_id}, "{subject}", 2),\n'))
    subprocess.run(
        [sys.executable, "-m", "schemas.evolution.compatibility"], cwd=folder, check=True, capture_output=True
    )


def writer(folder: Path, subject: str, schema_id: int) -> tuple[int, Any]:
    """Id and parsed schema of a version that was added, to write with."""
    text = (folder / "schemas" / "avro" / f"{subject}.v2.avsc").read_text()
    return schema_id, parse_schema(physical(json.loads(text)))


def optional(name: str) -> dict[str, Any]:
    """An optional text."""
    return {"name": name, "type": ["null", "string"], "default": None}


def _grown_status(schema: Any) -> None:
    schema["fields"][2]["type"]["symbols"].append(NEW_STATUS)
    schema["fields"].append(optional("lane"))


def _grown_rating(schema: Any) -> None:
    schema["fields"].append(optional("language"))
