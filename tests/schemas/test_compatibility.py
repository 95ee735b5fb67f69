from __future__ import annotations

import copy
import io
import json
import shutil
from importlib.resources import files
from pathlib import Path
from typing import Any

import fastavro
import pytest
from fastavro.utils import generate_one
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.catalogue import PINNED, schema_json
from schemas.compatibility import check, check_catalogue, fingerprint, pin


def record(*fields: dict[str, Any]) -> dict[str, Any]:
    """A record schema."""
    return {"type": "record", "name": "R", "fields": list(fields)}


def field(name: str, kind: Any, **more: Any) -> dict[str, Any]:
    """A field of it."""
    return {"name": name, "type": kind, **more}


def enum(*symbols: str, **more: Any) -> dict[str, Any]:
    """An enum."""
    return {"type": "enum", "name": "E", "symbols": list(symbols), **more}


A = field("a", "string")
OPTIONAL = field("b", ["null", "string"], default=None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (record(A), record(A, OPTIONAL)),
        (record(A, OPTIONAL), record(A)),
        (record(A, OPTIONAL), record(OPTIONAL, A)),
        (record(field("e", enum("X", default="X"))), record(field("e", enum("X", "Y", default="X")))),
        (record(A), record({**A, "doc": "now explained"})),
        (record(field("u", ["null", "string"])), record(field("u", ["string", "null"]))),
    ],
)
def test_changes_that_both_sides_can_read_are_allowed(old: Any, new: Any) -> None:
    """Optional fields, symbols beside a default, order and words may change, in both directions."""
    assert not check(old, new)
    assert not check(new, old)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (record(A), record(A, field("b", "string"))),
        (record(A), record(field("b", "string", aliases=["a"]))),
        (record(A), record(field("a", "bytes"))),
        (record(field("n", "int")), record(field("n", "long"))),
        (record(field("n", "long")), record(field("n", {"type": "long", "logicalType": "timestamp-millis"}))),
        (record(field("e", enum("X"))), record(field("e", enum("X", "Y")))),
        (record(A), record(field("a", ["null", "string"]))),
        (
            record(field("l", {"type": "array", "items": "string"})),
            record(field("l", {"type": "array", "items": "int"})),
        ),
        (record(field("m", {"type": "map", "values": "int"})), record(field("m", {"type": "map", "values": "string"}))),
        (record(A), {**record(A), "name": "Q"}),
        (record(A), record(A, field("b", ["null", "string"], default="text"))),
        (record(A), {"type": "recorb"}),
    ],
)
def test_changes_that_one_side_cannot_read_are_refused(old: Any, new: Any) -> None:
    """Whichever of the two is older."""
    assert check(old, new)
    assert check(new, old)


types = st.recursive(
    st.sampled_from(["string", "int", "long", "double", "boolean", "bytes"]),
    lambda inner: st.one_of(
        st.builds(lambda kind: {"type": "array", "items": kind}, inner),
        st.builds(lambda kind: {"type": "map", "values": kind}, inner),
        inner.filter(lambda kind: not isinstance(kind, list)).map(lambda kind: ["null", kind]),
    ),
    max_leaves=4,
)


@st.composite
def schemas(draw: st.DrawFn) -> dict[str, Any]:
    """A record of a few fields, each of any type, with or without default, and an enum."""
    made = []
    for name in draw(st.sets(st.sampled_from("abcd"), min_size=1)):
        kind = draw(types)
        more = {"default": None} if isinstance(kind, list) and kind[0] == "null" and draw(st.booleans()) else {}
        made.append(field(name, kind, **more))
    symbols = draw(st.lists(st.sampled_from("XYZ"), min_size=1, unique=True))
    default = {"default": symbols[0]} if draw(st.booleans()) else {}
    return record(*draw(st.permutations(made)), field("e", enum(*symbols, **default)))


@settings(max_examples=300, deadline=None)
@given(schemas(), schemas())
def test_what_is_called_compatible_can_be_read(old: Any, new: Any) -> None:
    """Records written with one schema decode with the other, both ways, whenever `check` finds no problem."""
    if check(old, new):
        return
    for writer, reader in ((old, new), (new, old)):
        written, wanted = fastavro.parse_schema(copy.deepcopy(writer)), fastavro.parse_schema(copy.deepcopy(reader))
        for _ in range(3):
            out = io.BytesIO()
            fastavro.schemaless_writer(out, written, generate_one(written))
            out.seek(0)
            fastavro.schemaless_reader(out, written, wanted)


def test_the_schemas_of_the_catalogue_may_be_published() -> None:
    """The working tree holds what was pinned."""
    assert check_catalogue() == []


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the schemas."""
    shutil.copytree(str(files("schemas") / "avro"), tmp_path / "avro")
    shutil.copy(str(files("schemas") / "fingerprints.json"), tmp_path)
    return tmp_path


def _edit(tree: Path, change: Any) -> None:
    path = tree / "avro" / "rating.v1.avsc"
    schema = json.loads(path.read_text())
    change(schema)
    path.write_text(json.dumps(schema))


def test_a_changed_published_file_is_refused(tree: Path) -> None:
    """Even a compatible change: an id never changes its meaning."""
    _edit(tree, lambda schema: schema["fields"].append(field("more", ["null", "string"], default=None)))
    (problem,) = check_catalogue(tree)
    assert "rating.v2.avsc" in problem


def test_words_may_be_mended(tree: Path) -> None:
    """Documentation is not part of the meaning."""
    _edit(tree, lambda schema: schema.update(doc="Better words."))
    assert check_catalogue(tree) == []


def test_pinning_only_adds(tree: Path) -> None:
    """An entry that is there stays; a missing one is added; an id that vanished is named."""
    _edit(tree, lambda schema: schema["fields"].pop())
    assert pin(tree) == []
    assert check_catalogue(tree)
    known = json.loads((tree / "fingerprints.json").read_text())
    del known["101"]
    (tree / "fingerprints.json").write_text(json.dumps({**known, "99": "x"}))
    assert pin(tree) == [101]
    assert any("Id 99" in problem for problem in check_catalogue(tree))


def test_a_missing_file_is_named(tree: Path) -> None:
    """A pinned id without its schema."""
    (tree / "avro" / "alert.v1.avsc").unlink()
    assert any("alert.v1.avsc is missing" in problem for problem in check_catalogue(tree))


def test_fingerprints_tell_schemas_apart() -> None:
    """No two schemas of the catalogue have one."""
    assert len({fingerprint(schema_json(pinned.schema_id)) for pinned in PINNED}) == len(PINNED)
