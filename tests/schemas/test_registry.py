from __future__ import annotations

import copy
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from deploy.embedded.ports import free_port
from schemas.catalogue import PINNED, parsed, schema_json
from schemas.errors import ConfigurationError, SystemFault, Unavailable
from schemas.registry import Registry, RegistryConnection, RegistryWriterSchemas


class Shelf:
    """What the stand-in for a registry holds; its answers follow Confluent's API reference."""

    def __init__(self) -> None:
        self.schemas: dict[int, str] = {}
        self.subjects: dict[int, set[str]] = {}
        self.modes: dict[str, str] = {}
        self.asked: list[str] = []
        self.answer: int | None = None
        self.mutable = True
        self.raw: bytes | None = None
        self.pause_s = 0.0
        self.location: str | None = None

    def handle(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Answer one request."""
        self.asked.append(f"{method} {path}")
        if self.answer is not None:
            return self.answer, {"error_code": self.answer}
        if found := re.fullmatch(r"/schemas/ids/(\d+)(/versions)?", path):
            number = int(found[1])
            if number not in self.schemas:
                return 404, {"error_code": 40403}
            versions = [{"subject": name, "version": 1} for name in self.subjects[number]]
            return 200, versions if found[2] else {"schema": self.schemas[number]}
        name = unquote(path.split("/")[2])
        if path.startswith("/mode/"):
            return self._mode(method, name, body)
        if self.modes.get(name) != "IMPORT":
            return 422, {"error_code": 42205}
        self.put(body["id"], json.loads(body["schema"]), name)
        return 200, {"id": body["id"]}

    def _mode(self, method: str, name: str, body: Any) -> tuple[int, Any]:
        if method == "PUT" and not self.mutable:
            return 422, {"error_code": 42205}
        if method == "PUT":
            self.modes[name] = body["mode"]
        if name not in self.modes:
            return 404, {"error_code": 40409}
        mode = self.modes.pop(name) if method == "DELETE" else self.modes[name]
        return 200, {"mode": mode}

    def put(self, number: int, schema: Any, subject: str) -> None:
        """Put a schema there."""
        self.schemas[number] = json.dumps(schema)
        self.subjects.setdefault(number, set()).add(subject)


@pytest.fixture
def shelf() -> Shelf:
    """An empty registry."""
    return Shelf()


@pytest.fixture
def connection(shelf: Shelf) -> Iterator[RegistryConnection]:
    """A running HTTP server in front of it."""
    stopped = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            code, told = shelf.handle(self.command, urlsplit(self.path).path, body)
            content = json.dumps(told).encode() if shelf.raw is None else shelf.raw
            self.send_response(code if shelf.raw is None else 200)
            if shelf.location:
                self.send_header("Location", shelf.location)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            step = 1 if shelf.pause_s else len(content)
            with suppress(ConnectionError):  # a client that gave up
                for start in range(0, len(content), step):
                    self.wfile.write(content[start : start + step])
                    stopped.wait(shelf.pause_s)

        do_GET = do_PUT = do_POST = do_DELETE = answer  # noqa: N815 - the names that http.server asks for

        def log_message(self, *_args: object) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield RegistryConnection(f"http://127.0.0.1:{server.server_port}", "me", "hidden", timeout_s=5)
    stopped.set()
    server.shutdown()
    thread.join()
    server.server_close()


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
    """Each byte comes within the time limit, the whole does not."""
    shelf.raw, shelf.pause_s = b" " * 1000, 0.02
    began = time.monotonic()
    with pytest.raises(Unavailable):
        Registry(replace(connection, timeout_s=0.2)).missing()
    assert time.monotonic() - began < 5


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
