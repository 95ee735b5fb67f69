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
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from schemas.catalogue import PINNED, schema_json
from schemas.evolution.compatibility import check_catalogue, fingerprint, incompatibilities, pin


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
    assert not incompatibilities(old, new)
    assert not incompatibilities(new, old)


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
    assert incompatibilities(old, new)
    assert incompatibilities(new, old)


plain = st.sampled_from(["string", "int", "long", "double", "boolean", "bytes"])
enums = st.builds(
    lambda symbols, default: enum(*symbols, **({"default": symbols[0]} if default else {})),
    st.lists(st.sampled_from("XYZ"), min_size=1, unique=True),
    st.booleans(),
)
types = st.recursive(
    plain | st.just("E"),
    lambda inner: st.one_of(
        st.builds(lambda kind: {"type": "array", "items": kind}, inner),
        st.builds(lambda kind: {"type": "map", "values": kind}, inner),
        st.lists(plain | st.just("null"), min_size=1, max_size=3, unique=True),
    ),
    max_leaves=4,
)


@st.composite
def fields(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A field of any type; nullable ones often have a default."""
    kind = draw(types)
    nullable = isinstance(kind, list) and kind[0] == "null" and draw(st.booleans())
    return field(name, kind, **({"default": None} if nullable else {}))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """A schema, and one made from it by leaving fields out, putting others in, and changing some."""
    old = {name: draw(fields(name)) for name in draw(st.sets(st.sampled_from("abcd")))}
    new = {name: kept for name, kept in old.items() if draw(st.integers(0, 5))}
    for name in draw(st.sets(st.sampled_from("abcdxy"), max_size=2)):
        new[name] = draw(fields(name))
    first = draw(enums)
    second = draw(st.just(first) | enums)
    where = draw(st.sampled_from(["e", "e", "e2"]))
    return (
        record(field("e", first, default=first["symbols"][0]), *old.values()),
        record(field(where, second, default=second["symbols"][0]), *draw(st.permutations(list(new.values())))),
    )


def across(value: Any, writer: Any, reader: Any) -> Any:
    """What a reader makes of a value that a writer wrote."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, writer, value)
    out.seek(0)
    return fastavro.schemaless_reader(out, writer, reader)


@settings(max_examples=600, deadline=None)
@given(pairs())
def test_what_is_called_compatible_can_be_read(pair: tuple[Any, Any]) -> None:
    """Whenever `incompatibilities` finds no problem, records decode both ways and mean the same."""
    before = json.dumps(pair)
    if incompatibilities(*pair):
        return
    assert json.dumps(pair) == before
    parsed: list[Any] = [fastavro.parse_schema(copy.deepcopy(schema)) for schema in pair]
    for writer, reader in (parsed, parsed[::-1]):
        names = {part["name"] for part in reader["fields"]}
        same = names & {part["name"] for part in writer["fields"] if "E" not in json.dumps(part["type"])}
        for _ in range(3):
            value = generate_one(writer)
            read, as_written = across(value, writer, reader), across(value, writer, None)
            assert set(read) == names
            assert {name: read[name] for name in same} == {name: as_written[name] for name in same}


def test_a_fair_share_of_the_pairs_is_compatible() -> None:
    """The property above is not empty: of seeded pairs, at least one in ten is called compatible."""
    seen: list[bool] = []

    @seed(1)
    @settings(max_examples=200, deadline=None, database=None)
    @given(pairs())
    def count(pair: tuple[Any, Any]) -> None:
        seen.append(pair[0] != pair[1] and not incompatibilities(*pair))

    count()
    assert sum(seen) >= len(seen) / 10


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        (record(field("next", ["null", "R"], default=None)), "contains itself"),
        (record(field("l", {"type": "array", "items": "null"})), "no bytes"),
        (record(field("l", {"type": "array", "items": {"type": "record", "name": "N", "fields": []}})), "no bytes"),
        (record(field("b", ["null", "string"], default=None, aliases=["a"])), "alias"),
        (record(field("u", ["string", "bytes"])), "two types"),
        (record(field("u", ["null", "long", "double"])), "two types"),
        (record(field("e", enum("X", default="Y"))), "no Avro schema"),
        (record(field("e", enum("X"), default="Y")), "default"),
        (record(field("l", {"type": "array", "items": "int"}, default=["x"])), "default"),
        (record(field("a", "no-such")), "no Avro schema"),
        ("[", "no Avro schema"),
        ({"type": "enum", "name": "E"}, "no Avro schema"),
    ],
)
def test_a_schema_must_be_sound_by_itself(schema: Any, why: str) -> None:
    """What would let hostile records take all memory, or change a meaning, is refused."""
    assert any(why in str(problem) for problem in incompatibilities(schema, schema))


def test_a_type_that_is_only_mentioned_is_compared_too() -> None:
    """A field that keeps its type's name, while the type is defined elsewhere with other symbols, has changed."""
    old = record(field("a", enum("X"), default="X"), field("b", "E"))
    new = record(field("c", enum("Y"), default="Y"), field("b", "E"))
    assert {problem.field for problem in incompatibilities(old, new)} == {"b"}


def test_problems_name_the_field_and_the_side() -> None:
    """A person can see where, why and who is hurt."""
    inner = {"type": "record", "name": "I", "fields": [A]}
    grown = {"type": "record", "name": "I", "fields": [A, field("b", "int")]}
    (problem,) = incompatibilities(
        record(field("l", {"type": "array", "items": inner})), record(field("l", {"type": "array", "items": grown}))
    )
    assert str(problem) == "l[].b is missing in the record and has no default (new reader, old record)"


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
