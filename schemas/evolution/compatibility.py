"""Whether all versions of a schema can read each other, and whether published files are unchanged.

Backward and forward: new readers find old records in the log, and old readers get new records until the last process is
replaced. Full transitive: the log holds every version ever written.

Stricter than Avro where Avro would let a meaning change silently: no renamed type, no change of logical type, and the
rules of `schemas.evolution.schema_checks` for each schema alone. A change from int to long works in one direction only.

Source: Apache Avro 1.12 specification, "Schema Resolution".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Any

from fastavro.schema import expand_schema

from schemas.catalogue import PINNED, PinnedSchema
from schemas.errors import Problem, Reason
from schemas.evolution.closed_enums import CLOSED_ENUMS, enums_without_default
from schemas.evolution.schema_checks import NAMED, UNPARSEABLE, join, schema_faults
from schemas.topics import Topic

FINGERPRINTS = "fingerprints.json"
_PROMOTIONS = set(combinations(("int", "long", "float", "double"), 2))
"""A number may be read as each type to the right of its own."""

_FLAT = {"string", "long", "int"}
_COLUMN_SUBJECT = Topic.DECLARATION_STATUS.subject
_MAX_FLAT_SYMBOLS = 64  # the number of a symbol is one byte, in a record and in the join's memory


def incompatibilities(old: Any, new: Any) -> list[Problem]:
    """Why two schemas of one subject cannot read each other's records.

    Args:
        old: A published schema, as JSON.
        new: Another one.

    Returns:
        Problems, each with the path of the field; empty when each reads what the other wrote.
    """
    invalid = [*schema_faults(old), *schema_faults(new)]
    if invalid:
        return invalid
    old, new = expand_schema(old), expand_schema(new)
    backward = [Problem(p, Reason.BAD_FIELD, f"{why} (new reader, old record)") for p, why in _unreadable(old, new, "")]
    forward = [Problem(p, Reason.BAD_FIELD, f"{why} (old reader, new record)") for p, why in _unreadable(new, old, "")]
    return [*backward, *forward]


def check_catalogue(folder: Path | None = None) -> list[str]:
    """Problems of the schemas in the catalogue, one sentence each; empty when they may be published.

    Args:
        folder: Where `avro/` and `fingerprints.json` are; None for this package.
    """
    found = list(_catalogue_problems())
    texts: dict[PinnedSchema, Any] = {}
    for pinned in PINNED:
        try:
            texts[pinned] = json.loads(_read(folder, f"avro/{pinned.filename}"))
        except (OSError, ValueError):
            found.append(f"schemas/avro/{pinned.filename} is missing or no JSON, but id {pinned.schema_id} is pinned.")
    fingerprints: Mapping[str, str] = json.loads(_read(folder, FINGERPRINTS))
    for pinned, schema in texts.items():
        found += _published_problems(pinned, schema, fingerprints.get(str(pinned.schema_id)))
        found += [f"{pinned.filename}: {problem}." for problem in schema_faults(schema)]
        found += [f"{pinned.filename}: {problem}." for problem in _not_flat(pinned, schema)]
        found += [
            f"{pinned.filename}: {path} has no default, so {name} can never grow: give it one, or close it in "
            "schemas/evolution/closed_enums.py."
            for path, name in enums_without_default(schema)
            if name not in CLOSED_ENUMS
        ]
    known = {str(pinned.schema_id) for pinned in PINNED}
    found += [f"Id {gone} was published and is no longer pinned: records with it can no longer be read."
              for gone in sorted(set(fingerprints) - known)]  # fmt: skip
    for one, other in combinations(texts, 2):
        if one.subject == other.subject:
            old, new = sorted((one, other), key=lambda pinned: pinned.version)
            found += [
                f"{new.filename} does not fit {old.filename}: {p}." for p in incompatibilities(texts[old], texts[new])
            ]
    return found


def fingerprint(schema: Any) -> str:
    """SHA-256 of a schema without its documentation: wording may be corrected, meaning may not change.

    Avro's canonical form is not used: it drops defaults and logical types, on which readers depend.
    """
    return hashlib.sha256(json.dumps(_without_docs(schema), sort_keys=True).encode()).hexdigest()


def same_meaning(one: Any, other: Any) -> bool:
    """Whether two schemas differ at most in documentation and spelling.

    A registry returns a schema as its own library writes it: with short names and keys in another order.
    """
    try:
        return fingerprint(expand_schema(one)) == fingerprint(expand_schema(other))
    except UNPARSEABLE:
        return False


def pin(folder: Path) -> list[int]:
    """Add the fingerprints of new ids to `fingerprints.json`, once, when a schema is published.

    Existing entries stay: a published id never changes its meaning.

    Returns:
        The ids that were added.
    """
    path = folder / FINGERPRINTS
    known: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    added = [pinned for pinned in PINNED if str(pinned.schema_id) not in known]
    for pinned in added:
        known[str(pinned.schema_id)] = fingerprint(json.loads(_read(folder, f"avro/{pinned.filename}")))
    path.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return [pinned.schema_id for pinned in added]


def _read(folder: Path | None, name: str) -> str:
    base = files("schemas") if folder is None else folder
    return base.joinpath(name).read_text(encoding="utf-8")


def _without_docs(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _without_docs(value) for key, value in schema.items() if key != "doc"}
    return [_without_docs(part) for part in schema] if isinstance(schema, list) else schema


def _catalogue_problems() -> Iterator[str]:
    ids = [pinned.schema_id for pinned in PINNED]
    yield from (f"Id {one} is pinned twice." for one in sorted({i for i in ids if ids.count(i) > 1}))
    for subject in sorted({pinned.subject for pinned in PINNED}):
        versions = sorted(pinned.version for pinned in PINNED if pinned.subject == subject)
        if versions != list(range(1, len(versions) + 1)):
            yield f"Versions of {subject} must count 1, 2, 3, ... without gaps."


def _published_problems(pinned: PinnedSchema, schema: Any, published: str | None) -> Iterator[str]:
    if published is None:
        yield (
            f"Id {pinned.schema_id} ({pinned.filename}) has no fingerprint: "
            "python -m schemas.evolution.compatibility adds it."
        )
    elif published != fingerprint(schema):
        yield (
            f"schemas/avro/{pinned.filename} differs from what was published under id {pinned.schema_id}: "
            f"undo the change and add {pinned.subject}.v{pinned.version + 1}.avsc with a new id."
        )


def _not_flat(pinned: PinnedSchema, schema: Any) -> Iterator[str]:
    """The compiled readers (schemas.vectorized) read texts, numbers, nullable texts and small enums only."""
    for field in schema["fields"] if pinned.subject == _COLUMN_SUBJECT else ():
        kind = field["type"]
        if isinstance(kind, dict) and kind.get("type") != "enum":
            kind = kind["type"]
        small_enum = isinstance(kind, dict) and len(kind["symbols"]) <= _MAX_FLAT_SYMBOLS
        if not (small_enum or kind == ["null", "string"] or (isinstance(kind, str) and kind in _FLAT)):
            yield f"{field['name']} must be a text, a number, a nullable text or an enum of at most 64 symbols"


def _unreadable(writer: Any, reader: Any, path: str) -> Iterator[tuple[str, str]]:
    """Path and reason of everything that a writer may write and a reader cannot read."""
    if isinstance(writer, list):
        for branch in writer:
            yield from _unreadable(branch, reader, path)
        return
    if isinstance(reader, list):
        if all(any(_unreadable(writer, branch, path)) for branch in reader):
            yield path or "schema", f"may be {_name_of(writer)}, which the reader does not know"
        return
    kind, wanted = _type(writer), _type(reader)
    if kind != wanted:
        if (kind, wanted) not in _PROMOTIONS:
            yield path or "schema", f"is {kind} for the writer and {wanted} for the reader"
        return
    if _logical(writer) != _logical(reader):
        yield path or "schema", "changes its logical type"
    if kind in NAMED and writer["name"] != reader["name"]:
        yield path or "schema", "changes the name of its type"
    else:
        yield from _unreadable_inside(kind, writer, reader, path)


def _unreadable_inside(kind: str, writer: Any, reader: Any, path: str) -> Iterator[tuple[str, str]]:
    match kind:
        case "record":
            yield from _unreadable_fields(writer, reader, path)
        case "array":
            yield from _unreadable(writer["items"], reader["items"], f"{path}[]")
        case "map":
            yield from _unreadable(writer["values"], reader["values"], f"{path}{{}}")
        case "enum":
            missing = sorted(set(writer["symbols"]) - set(reader["symbols"]))
            if missing and "default" not in reader:
                words = ", ".join(missing)
                yield path or "schema", f"may be {words}, which the reader does not know, without a default"
        case "fixed" if writer["size"] != reader["size"]:
            yield path or "schema", "changes its size"


def _unreadable_fields(writer: Any, reader: Any, path: str) -> Iterator[tuple[str, str]]:
    written = {field["name"]: field for field in writer["fields"]}
    for field in reader["fields"]:
        name, inside = field["name"], join(path, field["name"])
        if name in written:
            yield from _unreadable(written[name]["type"], field["type"], inside)
        elif "default" not in field:
            yield inside, "is missing in the record and has no default"


def _type(schema: Any) -> str:
    kind = schema["type"] if isinstance(schema, dict) else schema
    return _type(kind) if isinstance(kind, dict) else str(kind)


def _logical(schema: Any) -> Any:
    attributes = schema if isinstance(schema, dict) else {}
    return [attributes.get(key) for key in ("logicalType", "precision", "scale")]


def _name_of(schema: Any) -> str:
    return str(schema.get("name", schema["type"])) if isinstance(schema, dict) else str(schema)


if __name__ == "__main__":
    for new_id in pin(Path(__file__).parents[1]):
        print(f"Pinned id {new_id}: its file can no longer be changed.")  # noqa: T201 - this is its output
