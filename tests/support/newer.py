"""A next version of hailong: a copy of our packages with a newer contract, made by the steps of `docs/contract.md`.

`declaration-status` gets an optional field `lane` and the status AUTO_CLEARED, `rating` an optional field `later_note`.
A command runs as that version when the folder comes before ours on Python's path.
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

from schemas.catalogue import latest, physical

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
    symbol = '    OTHER = "OTHER"\n'
    assert text.count(symbol) == 1
    text = text.replace(symbol, f'{symbol}    {NEW_STATUS} = "{NEW_STATUS}"\n')
    text = add_fields(text, "DeclarationStatus", "    lane: str | None = None\n")
    text = add_fields(text, "Rating", "    later_note: str | None = None\n")
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


def add_fields(text: str, record: str, lines: str) -> str:
    """The source of a module of records, with further fields at the end of one class."""
    begin = text.index(f"class {record}(")
    end = text.find("\n\n\n", begin)
    end = len(text) if end < 0 else end + 1
    return text[:end] + lines + text[end:]


def add_version(folder: Path, subject: str, schema_id: int, change: Callable[[Any], None]) -> None:
    """Add the next version of a subject: its file, its pinned id, its fingerprint."""
    package, newest = folder / "schemas", latest(subject)
    schema = json.loads((package / "avro" / newest.filename).read_text())
    change(schema)
    (package / "avro" / f"{subject}.v{newest.version + 1}.avsc").write_text(json.dumps(schema, indent=2))
    catalogue = package / "catalogue.py"
    begin, text = "PINNED = (\n", catalogue.read_text()
    assert text.count(begin) == 1
    pinned = f'    PinnedSchema({schema_id}, "{subject}", {newest.version + 1}),\n'
    catalogue.write_text(text.replace(begin, begin + pinned))
    subprocess.run(
        [sys.executable, "-m", "schemas.evolution.compatibility"], cwd=folder, check=True, capture_output=True
    )


def writer(folder: Path, subject: str, schema_id: int) -> tuple[int, Any]:
    """Id and parsed schema of a version that was added, to write with."""
    text = (folder / "schemas" / "avro" / f"{subject}.v{latest(subject).version + 1}.avsc").read_text()
    return schema_id, parse_schema(physical(json.loads(text)))


def optional(name: str) -> dict[str, Any]:
    """An optional text."""
    return {"name": name, "type": ["null", "string"], "default": None}


def _grown_status(schema: Any) -> None:
    schema["fields"][2]["type"]["symbols"].append(NEW_STATUS)
    schema["fields"].append(optional("lane"))


def _grown_rating(schema: Any) -> None:
    schema["fields"].append(optional("later_note"))
