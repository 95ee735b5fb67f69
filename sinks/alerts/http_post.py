"""One POST of JSON, and what its answer means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.http_client import HttpClient

_REPEAT = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """The answer to a request."""

    status: int | None  # HTTP status; None when no answer came
    text: str  # for the log: the status, or why no answer came

    @property
    def taken(self) -> bool:
        """Whether the receiver has accepted the request."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def may_pass(self) -> bool:
        """Whether the receiver may accept the same request later."""
        return self.status is None or self.status in _REPEAT or self.status >= 500


def post_json(client: HttpClient, url: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
    """POST JSON once, to an http or https address; `headers` come after `Content-Type` and `User-Agent`."""
    always = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "hailong"}
    reply = client.send("POST", url, body, {**always, **headers})
    return HttpAnswer(reply.status, reply.cause if reply.status is None else f"status {reply.status}")
