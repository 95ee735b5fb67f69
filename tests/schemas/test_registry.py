from __future__ import annotations

import copy
import json
import re
import threading
from collections.abc import Iterator
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

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            code, told = shelf.handle(self.command, urlsplit(self.path).path, body)
            content = json.dumps(told).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_DELETE = answer  # noqa: N815 - the names that http.server asks for

        def log_message(self, *_args: object) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield RegistryConnection(f"http://127.0.0.1:{server.server_port}", "me", "hidden", timeout_s=5)
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
    found = [schemas(900, "rating") for _ in range(3)]
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


def test_a_registry_that_is_not_there_is_unavailable() -> None:
    """And an address that is none is a wrong setting."""
    with pytest.raises(Unavailable, match="does not answer"):
        Registry(RegistryConnection(f"http://127.0.0.1:{free_port()}")).missing()
    with pytest.raises(ConfigurationError):
        Registry(RegistryConnection("file:///etc/passwd"))
