"""The HTTP interface, as far as drivers, `curl`, scripts and dashboards use it."""

from __future__ import annotations

import socket
import uuid
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from deploy.local.clickhouse.accounts import Account, authenticated
from deploy.local.clickhouse.client_session import ClientSession, Setting
from deploy.local.clickhouse.engine import Engine
from deploy.local.clickhouse.errors import (
    AUTHENTICATION_FAILED,
    BAD_ARGUMENTS,
    NOT_IMPLEMENTED,
    UNKNOWN_ROLE,
    ServerError,
)
from deploy.local.clickhouse.http_body import has_body, read_body
from deploy.local.clickhouse.http_encoding import accepted, decoded, from_blocks
from deploy.local.clickhouse.http_queries import HttpQuery, answer
from deploy.local.clickhouse.http_reply import AnsweringHandler, result_headers
from deploy.local.clickhouse.http_sessions import HttpSessions
from deploy.local.clickhouse.running import waiting

_IDLE_SECONDS: Final = 60
# Parameters of the interface itself; every other name is a setting of the query.
_OWN: Final = frozenset({
    "query", "database", "default_format", "user", "password", "session_id", "session_timeout", "session_check",
    "close_session", "query_id", "compress", "decompress", "enable_http_compression", "client_protocol_version", "role",
    "wait_end_of_query", "buffer_size", "quota_key", "stacktrace",
})  # fmt: skip


class Handler(AnsweringHandler):
    """One HTTP client: ``/ping``, and queries by GET (which may not write) and POST.

    The statement is ``?query=`` followed by the body; ``param_x`` fills ``{x:Type}``.
    """

    engine: Engine  # set by `serve_request`, like the sessions
    sessions: HttpSessions
    disable_nagle_algorithm = True
    wbufsize = 1 << 16  # headers and body in one segment: else each reply waits for a delayed acknowledgement
    timeout = _IDLE_SECONDS

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Keep no access log."""

    def do_GET(self) -> None:  # noqa: N802 - the standard library asks for this name
        """Answer a request."""
        url = urlsplit(self.path)
        arguments = dict(parse_qsl(url.query, keep_blank_values=True))
        if url.path in ("/ping", "/replicas_status") or (url.path == "/" and self.command == "GET" and not url.query):
            self.close_connection = has_body(self.headers)
            self.reply(200, b"Ok.\n", {})
            return
        if url.path not in ("/", "/query"):
            self.reply_error(ServerError(BAD_ARGUMENTS, f"There is no handle {url.path[:100]} (BAD_ARGUMENTS)"))
            return
        try:
            self._answer(arguments)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except Exception as error:  # noqa: BLE001 - whatever fails inside one request is that request's error
            self.reply_error(ServerError.of(error))

    do_POST = do_HEAD = do_GET  # noqa: N815 - and for these

    def _account(self, arguments: Mapping[str, str]) -> Account:
        user = self.headers.get("X-ClickHouse-User") or arguments.get("user") or "default"
        password = self.headers.get("X-ClickHouse-Key") or arguments.get("password") or ""
        scheme, _, encoded = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                user, _, password = b64decode(encoded).decode().partition(":")
            except ValueError as error:
                raise ServerError(AUTHENTICATION_FAILED, "Malformed credentials (AUTHENTICATION_FAILED)") from error
        return authenticated(self.engine.accounts, user, password)

    def _answer(self, arguments: dict[str, str]) -> None:
        account = self._account(arguments)  # before the body: nothing more is read from an unknown user
        if role := arguments.get("role"):
            raise ServerError(UNKNOWN_ROLE, f"There is no role {role[:100]}: this server has none (UNKNOWN_ROLE)")
        if self.headers.get_content_type() == "multipart/form-data":
            text = "Forms are not read here: send the statement as the body, parameters as param_... in the address"
            raise ServerError(NOT_IMPLEMENTED, f"{text} (NOT_IMPLEMENTED)")
        names = [name for name in arguments if name not in _OWN and not name.startswith("param_")]
        query_id = arguments.get("query_id") or str(uuid.uuid4())
        query = HttpQuery(
            text=arguments.get("query", ""),
            body=self._body(arguments),
            parameters={name[6:]: value for name, value in arguments.items() if name.startswith("param_")},
            format=self.headers.get("X-ClickHouse-Format") or arguments.get("default_format") or "",
            query_id=query_id,
            reads_only=self.command != "POST",  # a link that somebody follows must not change anything
            left=self._left,
        )
        encoding = accepted(self.headers.get("Accept-Encoding", ""))
        if arguments.get("enable_http_compression") == "0":
            encoding = ""
        with self._session(account, arguments) as session:
            session.apply({name: Setting(arguments[name], important=True) for name in names})
            result = answer(session, query)
            with closing(result.pieces) as pieces:
                headers = result_headers(result.format, query_id)
                packed = arguments.get("compress") == "1"
                self.reply_result(pieces, lambda: session.counts, headers, encoding=encoding, packed=packed)

    def _session(self, account: Account, arguments: Mapping[str, str]) -> AbstractContextManager[ClientSession]:
        database = arguments.get("database") or self.headers.get("X-ClickHouse-Database") or ""
        if arguments.get("session_id"):
            return self.sessions.opened(account, database, arguments)
        return closing(ClientSession(self.engine, account, database, reads_only=self.command != "POST"))

    def _body(self, arguments: Mapping[str, str]) -> Iterator[bytes]:
        encoding = self.headers.get("Content-Encoding", "").lower()
        body = decoded(read_body(self.rfile, self.headers), encoding, self.engine.spool)
        return from_blocks(body) if arguments.get("decompress") == "1" else body

    def _left(self) -> bool:
        """Whether the client has hung up."""
        return waiting(self.connection) == b""


def serve_request(sessions: HttpSessions, engine: Engine, sock: socket.socket) -> None:
    """Serve one HTTP connection until it closes."""
    handler = type("BoundHandler", (Handler,), {"engine": engine, "sessions": sessions, "time_zone": engine.time_zone})
    handler(sock, sock.getpeername(), None)
