from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from support.captured_logs import logged_by
from support.registry import Shelf, serving

from deploy.local.ports import free_port
from schemas.catalogue import PINNED, parsed, schema_json
from schemas.errors import ConfigurationError, SystemFault, Unavailable
from schemas.registry import client
from schemas.registry.client import Registry, RegistryWriterSchemas
from schemas.registry.http import RegistryConnection


@pytest.fixture
def shelf() -> Shelf:
    """An empty registry."""
    return Shelf()


@pytest.fixture
def connection(shelf: Shelf) -> Iterator[RegistryConnection]:
    """A running HTTP server in front of it."""
    with serving(shelf) as url:
        yield RegistryConnection(url, "me", "hidden", timeout_s=5)


def newer() -> Any:
    """A later version of the rating schema."""
    schema = copy.deepcopy(dict(schema_json(102)))
    schema["fields"].append({"name": "note", "type": ["null", "string"], "default": None})
    return schema


def test_pinned_schemas_get_their_pinned_ids(shelf: Shelf, connection: RegistryConnection) -> None:
    """All are registered under the topic's subject, once; the subject is left as it was."""
    registry = Registry(connection)
    assert registry.missing() == list(PINNED)
    shelf.modes["hailong.rating.v1-value"] = "READONLY"
    assert registry.register() == list(PINNED)
    assert registry.missing() == registry.register() == []
    assert shelf.subjects[102] == {"hailong.rating.v1-value"}
    assert shelf.modes == {"hailong.rating.v1-value": "READONLY"}


def test_registered_subjects_are_guarded(shelf: Shelf, connection: RegistryConnection) -> None:
    """From then on the registry itself refuses what is incompatible with any version, from whoever."""
    Registry(connection).register()
    assert set(shelf.levels) == {connection.subject_name(pinned.subject) for pinned in PINNED}
    path, broken = "/subjects/hailong.rating.v1-value/versions", newer()
    broken["fields"][-1] = {"name": "note", "type": "string"}
    assert shelf.handle("POST", path, {"schema": json.dumps(newer())})[0] == 200
    assert shelf.handle("POST", path, {"schema": json.dumps(broken)})[0] == 409


def test_ours_are_compared_with_what_is_there_before_anything_changes(
    shelf: Shelf, connection: RegistryConnection
) -> None:
    """In import mode a registry takes anything: a version that ours does not fit stops the registration."""
    broken = newer()
    broken["fields"][-1] = {"name": "note", "type": "string"}
    shelf.put(900, broken, "hailong.rating.v1-value")
    with pytest.raises(SystemFault, match=r"rating\.v1\.avsc does not fit version 1 of .*: note is missing"):
        Registry(connection).register()
    assert not [asked for asked in shelf.asked if not asked.startswith("GET")]


def test_a_newer_schema_is_told_with_what_we_do_not_read(shelf: Shelf, connection: RegistryConnection) -> None:
    """Fields that are passed over and symbols that become a default are named, once; so is why a schema is refused."""
    schema: Any = copy.deepcopy(dict(schema_json(101)))
    schema["fields"].append({"name": "lane", "type": ["null", "string"], "default": None})
    schema["fields"][2]["type"]["symbols"].append("AUTO_CLEARED")
    shelf.put(900, schema, "hailong.declaration-status.v1-value")
    shelf.put(901, {**newer(), "fields": []}, "hailong.rating.v1-value")
    schemas = RegistryWriterSchemas(Registry(connection))
    with logged_by(client) as logs:
        for _ in range(2):
            schemas(900, "declaration-status")
            schemas(901, "rating")
    met, refused = logs
    assert met["event"] == "newer_schema_met"
    assert met["not_read"] == ["status=AUTO_CLEARED", "lane"]
    assert (refused["event"], refused["schema_id"]) == ("schema_refused", 901)


def test_another_schema_under_a_pinned_id_stops_us(shelf: Shelf, connection: RegistryConnection) -> None:
    """Going on would let two meanings share one id."""
    shelf.put(102, newer(), "hailong.rating.v1-value")
    with pytest.raises(SystemFault, match="another schema under id 102"):
        Registry(connection).register()


def test_a_registry_that_takes_no_ids_says_so(shelf: Shelf, connection: RegistryConnection) -> None:
    """The message names what must be allowed."""
    shelf.mutable = False
    with pytest.raises(SystemFault, match="mode changes"):
        Registry(connection).register()


def test_an_unknown_id_is_fetched_once(shelf: Shelf, connection: RegistryConnection) -> None:
    """A newer version of our subject is found there; a pinned id is never asked for."""
    shelf.put(900, newer(), "hailong.rating.v1-value")
    schemas = RegistryWriterSchemas(Registry(connection))
    found: list[Any] = [schemas(900, "rating") for _ in range(3)]
    assert found[0] is found[2]
    assert found[0]["fields"][-1]["name"] == "note"
    assert schemas(102, "rating") is parsed(102)
    assert schemas(102, "declaration-status") is None
    assert len(shelf.asked) == 2


def test_an_id_of_another_subject_or_an_unreadable_one_is_unknown(shelf: Shelf, connection: RegistryConnection) -> None:
    """Neither a foreign subject nor an incompatible schema is used for reading."""
    shelf.put(900, newer(), "other.rating.v1-value")
    shelf.put(901, {"type": "record", "name": "Rating", "fields": []}, "hailong.rating.v1-value")
    shelf.put(902, "nonsense", "hailong.rating.v1-value")
    schemas = RegistryWriterSchemas(Registry(connection))
    assert [schemas(number, "rating") for number in (900, 901, 902, 903)] == [None] * 4


def test_an_absent_id_is_believed_absent_for_a_while_only(shelf: Shelf, connection: RegistryConnection) -> None:
    """A thousand records with an invented id ask once; later the writer may have registered it."""
    now = 0.0
    schemas = RegistryWriterSchemas(Registry(connection), clock=lambda: now, negative_s=60)
    assert [schemas(900, "rating") for _ in range(1000)] == [None] * 1000
    assert len(shelf.asked) == 1
    shelf.put(900, newer(), "hailong.rating.v1-value")
    now = 61.0
    assert schemas(900, "rating") is not None


@pytest.mark.parametrize(
    ("code", "kind"), [(500, Unavailable), (429, Unavailable), (401, SystemFault), (403, SystemFault)]
)
def test_trouble_is_told_by_its_meaning(
    shelf: Shelf, connection: RegistryConnection, code: int, kind: type[Exception]
) -> None:
    """An overloaded registry is waited for, a refused password is not; neither is an absent schema."""
    shelf.answer = code
    with pytest.raises(kind) as error:
        RegistryWriterSchemas(Registry(connection))(900, "rating")
    assert "hidden" not in str(error.value) + repr(connection)


def as_java_spells_it(schema: Any, space: str | None = None) -> Any:
    """A schema as Java's library gives it back: `namespace` only where it changes, keys in another order."""
    if isinstance(schema, list):
        return [as_java_spells_it(part, space) for part in schema]
    if not isinstance(schema, dict):
        return schema
    inner = schema.get("namespace", space)
    spelt = {key: as_java_spells_it(value, inner) for key, value in reversed(schema.items()) if key != "namespace"}
    return spelt if inner == space else {"namespace": inner, **spelt}


def test_a_schema_in_another_spelling_is_the_same_one(shelf: Shelf, connection: RegistryConnection) -> None:
    """A registry stores what its own library writes; that is not another schema."""
    Registry(connection).register()
    for number, text in shelf.schemas.items():
        shelf.schemas[number] = json.dumps(as_java_spells_it(json.loads(text)))
    assert json.dumps(schema_json(102)) != shelf.schemas[102]
    assert Registry(connection).missing() == []


@pytest.mark.parametrize("answer", ["[]", "5", '"x"', "{}", '{"schema": 5}', "[" * 100_000, "<html>", "x" * (5 << 20)])
def test_what_is_no_registry_is_told(shelf: Shelf, connection: RegistryConnection, answer: str) -> None:
    """Answers of another server, however odd or large, are nobody's schema and end nothing."""
    shelf.raw = answer.encode()
    with pytest.raises(Unavailable):
        Registry(connection).schema_by_id(900)


@pytest.mark.parametrize("answer", ["[5]", "{}", '[{"name": "x"}]'])
def test_odd_lists_of_subjects_are_told(shelf: Shelf, connection: RegistryConnection, answer: str) -> None:
    """As above, for the other question that readers ask."""
    shelf.raw = answer.encode()
    with pytest.raises(Unavailable):
        Registry(connection).subjects_of(900)


def test_a_dripping_answer_ends_in_time(shelf: Shelf, connection: RegistryConnection) -> None:
    """Each byte comes within the time limit; all of them would take hours, and are not waited for."""
    shelf.raw, shelf.pause_s = b" " * 1_000_000, 0.02
    with pytest.raises(Unavailable):
        Registry(replace(connection, timeout_s=0.2)).missing()


def test_the_password_goes_to_no_other_address(shelf: Shelf, connection: RegistryConnection) -> None:
    """A redirect is not followed: it is told instead."""
    shelf.answer, shelf.location = 302, f"{connection.url}/elsewhere"
    with pytest.raises(SystemFault, match="elsewhere: set the address"):
        Registry(connection).missing()
    assert len(shelf.asked) == 1


def test_a_password_in_the_address_is_refused() -> None:
    """Addresses are logged; the message does not repeat it."""
    with pytest.raises(ConfigurationError) as error:
        Registry(RegistryConnection("http://me:hidden@127.0.0.1"))
    assert "hidden" not in str(error.value)


def test_a_schema_without_bounds_is_not_used(shelf: Shelf, connection: RegistryConnection) -> None:
    """A newer version with lists of nothing or with itself inside would let a small record ask for all memory."""
    for number, kind in ((900, {"type": "array", "items": "null"}), (901, ["null", "vn.hailong.Rating"])):
        schema = newer()
        default: Any = None if isinstance(kind, list) else []
        schema["fields"].append({"name": "more", "type": kind, "default": default})
        shelf.put(number, schema, "hailong.rating.v1-value")
    schemas = RegistryWriterSchemas(Registry(connection))
    assert schemas(900, "rating") is None
    assert schemas(901, "rating") is None


def test_a_registry_that_is_not_there_is_unavailable() -> None:
    """And an address that is none is a wrong setting."""
    with pytest.raises(Unavailable, match="does not answer"):
        Registry(RegistryConnection(f"http://127.0.0.1:{free_port()}")).missing()
    with pytest.raises(ConfigurationError):
        Registry(RegistryConnection("file:///etc/passwd"))
