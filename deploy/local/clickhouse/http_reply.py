"""Sends the result of an HTTP request: whole if it is small, else as it comes."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler
from itertools import chain
from typing import Final

from deploy.local.clickhouse.counts import Counts
from deploy.local.clickhouse.errors import AUTHENTICATION_FAILED, ServerError
from deploy.local.clickhouse.http_encoding import blocks, encoded

_WHOLE_BYTES: Final = 64 << 10  # a larger result is sent before it is complete
_STATUS: Final = {60: 404, 81: 404, 47: 404, 46: 404, 115: 404, 372: 404, 16: 404, 516: 401, 497: 403, 344: 501,
                  62: 400, 36: 400, 131: 413, 159: 408, 202: 503}  # fmt: skip
_TYPES: Final = {
    "JSON": "application/json; charset=UTF-8",
    "JSONCompact": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8",
    "CSVWithNames": "text/csv; charset=UTF-8",
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
}


class AnsweringHandler(BaseHTTPRequestHandler):
    """The answering half of the HTTP interface."""

    time_zone = "UTC"
    protocol_version = "HTTP/1.1"

    def reply(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        """Send a small answer."""
        self._head(status, {"Content-Length": str(len(body)), **headers})
        if self.command != "HEAD":
            self.wfile.write(body)

    def reply_error(self, error: ServerError) -> None:
        """Send an error, and close the connection."""
        # The body may be unread, so the next request on this connection could not be parsed.
        self.close_connection = True
        headers = {"X-ClickHouse-Exception-Code": str(error.code)}
        if error.code == AUTHENTICATION_FAILED:
            headers["WWW-Authenticate"] = 'Basic realm="ClickHouse"'
        self.reply(_STATUS.get(error.code, 500), _message(error).encode(), headers)

    def reply_result(
        self,
        pieces: Iterator[bytes],
        counts: Callable[[], Counts],
        headers: dict[str, str],
        *,
        encoding: str,
        packed: bool,
    ) -> None:
        """Send a result.

        Args:
            pieces: of the result, as they come.
            counts: what the statement read and wrote, once it has ended.
            headers: of the answer.
            encoding: of the answer; empty for none.
            packed: whether the result goes in ClickHouse's compressed blocks.

        Raises:
            ServerError: the statement failed before anything was sent. What fails later is told at the end of the
                body, which then lacks the last chunk, so that no client takes it for complete.
        """
        head: list[bytes] = []
        whole = True
        for piece in pieces:
            head.append(piece)
            if sum(map(len, head)) > _WHOLE_BYTES:
                whole = False
                break
        tag = secrets.token_hex(8)
        headers |= {"Content-Encoding": encoding, "Vary": "Accept-Encoding"} if encoding else {}
        content: Iterator[bytes] = iter(head) if whole else chain(head, self._to_the_end(pieces, tag))
        content = encoded(blocks(content) if packed else content, encoding)
        if whole:
            headers["X-ClickHouse-Summary"] = json.dumps({name: str(n) for name, n in asdict(counts()).items()})
            self.reply(200, b"".join(content), headers)
            return
        self._stream(content, headers | {"X-ClickHouse-Exception-Tag": tag})

    def _stream(self, content: Iterator[bytes], headers: dict[str, str]) -> None:
        chunked = self.request_version != "HTTP/1.0"
        self.close_connection = self.close_connection or not chunked
        self._failed = False
        self._head(200, {**headers, "Transfer-Encoding": "chunked"} if chunked else headers)
        for piece in content:
            if piece and self.command != "HEAD":
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        if self._failed:
            self.close_connection = True
        elif chunked and self.command != "HEAD":
            self.wfile.write(b"0\r\n\r\n")

    def _to_the_end(self, pieces: Iterator[bytes], tag: str) -> Iterator[bytes]:
        """The rest of a result; if it fails, then its error as clients look for it in a body (since 25.11)."""
        try:
            yield from pieces
        except Exception as error:  # noqa: BLE001 - whatever fails, the client has half a result and must hear of it
            self._failed = True
            text = _message(ServerError.of(error))
            yield f"\r\n__exception__\r\n{tag}\r\n{text}{len(text.encode())} {tag}\r\n__exception__\r\n".encode()

    def _head(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        usual = {"Content-Type": "text/plain; charset=UTF-8", "X-ClickHouse-Timezone": self.time_zone}
        for name, value in (usual | headers).items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()


def result_headers(format_: str, query_id: str) -> dict[str, str]:
    """The headers of a result in a format."""
    return {
        "Content-Type": _TYPES.get(format_, "application/octet-stream"),
        "X-ClickHouse-Format": format_,
        "X-ClickHouse-Query-Id": re.sub(r"[^\w.-]", "_", query_id)[:100],
    }


def _message(error: ServerError) -> str:
    return f"Code: {error.code}. DB::Exception: {error.text}\n"
