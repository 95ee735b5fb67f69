"""A stand-in for Confluent's Schema Registry over HTTP: answers follow its API reference, schemas live in memory."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from schemas.evolution.compatibility import incompatibilities

_LATEST_ONLY = {"BACKWARD", "FORWARD", "FULL"}


class Shelf:
    """Contents of the stand-in, and how it misbehaves if a test asks for it.

    Attributes:
        schemas: Text of each schema, by id.
        subjects: Names of the subjects that an id belongs to.
        modes: Mode of each subject that has one of its own.
        levels: Compatibility of each subject that has one of its own.
        asked: Requests so far.
        answer: Status that every request gets; None for an honest answer.
        mutable: Whether modes may be changed.
        raw: Bytes that every request gets.
        pause_s: Pause after each byte of an answer.
        location: Where answers redirect to.
    """

    def __init__(self) -> None:
        self.schemas: dict[int, str] = {}
        self.subjects: dict[int, set[str]] = {}
        self.modes: dict[str, str] = {}
        self.levels: dict[str, str] = {}
        self.asked: list[str] = []
        self.answer: int | None = None
        self.mutable = True
        self.raw: bytes | None = None
        self.pause_s = 0.0
        self.location: str | None = None

    def put(self, number: int, schema: Any, subject: str) -> None:
        """Put a schema there, whatever it is."""
        self.schemas[number] = json.dumps(schema)
        self.subjects.setdefault(number, set()).add(subject)

    def handle(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Answer one request."""
        self.asked.append(f"{method} {path}")
        if self.answer is not None:
            return self.answer, {"error_code": self.answer}
        if found := re.fullmatch(r"/schemas/ids/(\d+)(/versions)?", path):
            return self._by_id(int(found[1]), subjects=bool(found[2]))
        _empty, kind, name, *rest = unquote(path).split("/")
        if kind == "mode":
            return self._mode(method, name, body)
        if kind == "config":
            self.levels[name] = body["compatibility"]
            return 200, body
        if method == "POST":
            return self._register(name, body)
        return self._versions(name, rest[1:])

    def _by_id(self, number: int, *, subjects: bool) -> tuple[int, Any]:
        if number not in self.schemas:
            return 404, {"error_code": 40403}
        if subjects:
            return 200, [{"subject": name, "version": 1} for name in sorted(self.subjects[number])]
        return 200, {"schema": self.schemas[number]}

    def _ids(self, name: str) -> list[int]:
        return [number for number, names in self.subjects.items() if name in names]

    def _versions(self, name: str, rest: list[str]) -> tuple[int, Any]:
        ids = self._ids(name)
        if not ids:
            return 404, {"error_code": 40401}
        if not rest:
            return 200, list(range(1, len(ids) + 1))
        number = ids[int(rest[0]) - 1]
        return 200, {"subject": name, "id": number, "version": int(rest[0]), "schema": self.schemas[number]}

    def _register(self, name: str, body: Any) -> tuple[int, Any]:
        schema = json.loads(body["schema"])
        if self.modes.get(name) == "IMPORT":  # takes any schema, under the id that is given
            self.put(body["id"], schema, name)
            return 200, {"id": body["id"]}
        if "id" in body:
            return 422, {"error_code": 42205}
        level = self.levels.get(name, "BACKWARD")
        earlier = [json.loads(self.schemas[number]) for number in self._ids(name)]
        compared = earlier[-1:] if level in _LATEST_ONLY else earlier
        if level != "NONE" and any(incompatibilities(one, schema) for one in compared):
            return 409, {"error_code": 409, "message": "Schema being registered is incompatible with an earlier schema"}
        number = max(self.schemas, default=0) + 1
        self.put(number, schema, name)
        return 200, {"id": number}

    def _mode(self, method: str, name: str, body: Any) -> tuple[int, Any]:
        if method == "PUT" and not self.mutable:
            return 422, {"error_code": 42205}
        if method == "PUT":
            self.modes[name] = body["mode"]
        if name not in self.modes:
            return 404, {"error_code": 40409}
        mode = self.modes.pop(name) if method == "DELETE" else self.modes[name]
        return 200, {"mode": mode}


@contextmanager
def serving(shelf: Shelf) -> Iterator[str]:
    """A running HTTP server in front of a shelf: its address."""
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
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        stopped.set()
        server.shutdown()
        thread.join()
        server.server_close()
