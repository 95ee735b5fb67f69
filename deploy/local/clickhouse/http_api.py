"""The HTTP interface, as far as `curl`, scripts and dashboards use it."""

from __future__ import annotations

import json
import re
import socket
import uuid
from base64 import b64decode
from contextlib import closing
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from deploy.local.clickhouse.client_session import ClientSession, Setting
from deploy.local.clickhouse.engine import Engine
from deploy.local.clickhouse.errors import AUTHENTICATION_FAILED, BAD_ARGUMENTS, ServerError
from deploy.local.clickhouse.http_body import has_body, read_body
from deploy.local.clickhouse.http_queries import QueryAnswer, answer

_IDLE_SECONDS: Final = 60
# Parameters of the interface itself; every other name is a setting of the query.
_OWN: Final = frozenset({
    "query", "database", "default_format", "user", "password", "session_id", "session_timeout", "session_check",
    "query_id", "compress", "decompress", "enable_http_compression", "client_protocol_version", "role",
    "wait_end_of_query", "buffer_size", "quota_key",
})  # fmt: skip
_STATUS: Final = {60: 404, 81: 404, 47: 404, 46: 404, 115: 404, 16: 404, 516: 401, 497: 403, 344: 501, 62: 400,
                  36: 400, 131: 413, 159: 408, 202: 503}  # fmt: skip
_TYPES: Final = {
    "JSON": "application/json; charset=UTF-8",
    "JSONCompact": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8",
    "CSVWithNames": "text/csv; charset=UTF-8",
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
}


class Handler(BaseHTTPRequestHandler):
    """One HTTP client: ``/ping``, and queries by GET (which may not write) and POST.

    The statement is ``?query=`` followed by the body; ``param_x`` fills ``{x:Type}``. There are
    no sessions (``session_id`` is ignored): each request is independent.
    """

    engine: Engine  # set by `serve_request`
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16  # headers and body in one segment: else each reply waits for a delayed acknowledgement
    timeout = _IDLE_SECONDS

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Keep no access log."""

    def do_GET(self) -> None:
        """Answer a request; the standard library asks for this name."""
        url = urlsplit(self.path)
        arguments = dict(parse_qsl(url.query, keep_blank_values=True))
        if url.path in ("/ping", "/replicas_status") or (url.path == "/" and self.command == "GET" and not url.query):
            self.close_connection = has_body(self.headers)
            self._reply(200, b"Ok.\n", {})
            return
        if url.path not in ("/", "/query"):
            self._reply_error(ServerError(BAD_ARGUMENTS, f"There is no handle {url.path[:100]} (BAD_ARGUMENTS)"))
            return
        try:
            result = self._answer(arguments)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except Exception as error:  # noqa: BLE001 - whatever fails inside one request is that request's error
            self._reply_error(ServerError.of(error))
        else:
            self._reply_answer(result, arguments.get("query_id") or str(uuid.uuid4()))

    do_POST = do_HEAD = do_GET  # noqa: N815 - so are these

    def _reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "Content-Length": str(len(body)),
            "X-ClickHouse-Timezone": self.engine.time_zone,
            **headers,
        }
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _reply_answer(self, result: QueryAnswer, query_id: str) -> None:
        headers = {
            "Content-Type": _TYPES.get(result.format, "application/octet-stream"),
            "X-ClickHouse-Format": result.format,
            "X-ClickHouse-Query-Id": re.sub(r"[^\w.-]", "_", query_id)[:100],
            "X-ClickHouse-Summary": json.dumps({name: str(count) for name, count in asdict(result.counts).items()}),
        }
        self._reply(200, result.body, headers)

    def _reply_error(self, error: ServerError) -> None:
        # The body may be unread, so the next request on this connection could not be parsed.
        self.close_connection = True
        headers = {"X-ClickHouse-Exception-Code": str(error.code)}
        if error.code == AUTHENTICATION_FAILED:
            headers["WWW-Authenticate"] = 'Basic realm="ClickHouse"'
        body = f"Code: {error.code}. DB::Exception: {error.text}\n".encode()
        self._reply(_STATUS.get(error.code, 500), body, headers)

    def _authenticate(self, arguments: dict[str, str]) -> None:
        user = self.headers.get("X-ClickHouse-User") or arguments.get("user") or "default"
        password = self.headers.get("X-ClickHouse-Key") or arguments.get("password") or ""
        scheme, _, encoded = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                user, _, password = b64decode(encoded).decode().partition(":")
            except ValueError as error:
                raise ServerError(AUTHENTICATION_FAILED, "Malformed credentials (AUTHENTICATION_FAILED)") from error
        self.engine.authenticate(user, password)

    def _answer(self, arguments: dict[str, str]) -> QueryAnswer:
        self._authenticate(arguments)  # before the body: nothing more is read from an unknown user
        database = arguments.get("database") or self.headers.get("X-ClickHouse-Database") or ""
        with closing(ClientSession(self.engine, database)) as session:
            names = [name for name in arguments if name not in _OWN and not name.startswith("param_")]
            settings = {name: Setting(arguments[name]) for name in names}
            if self.command != "POST":
                settings["readonly"] = Setting("2")  # GET must not change anything
            session.apply(settings)
            body = read_body(self.rfile, self.headers)
            accepted = self.headers.get("X-ClickHouse-Format", "")
            return answer(session, arguments.get("query", ""), body, arguments, accepted)


def serve_request(engine: Engine, sock: socket.socket) -> None:
    """Serve one HTTP connection until it closes."""
    handler = type("BoundHandler", (Handler,), {"engine": engine})
    handler(sock, sock.getpeername(), None)
