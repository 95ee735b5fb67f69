"""Statements sent to ClickHouse over HTTP, as a program without a driver sends them."""

from __future__ import annotations

import base64
import http.client
from typing import Any
from urllib.parse import urlencode

from support.polling import DEADLINE_S


def basic(user: str, password: str) -> dict[str, str]:
    """The header that signs a user in."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def call(
    port: int, method: str = "POST", body: Any = None, headers: dict[str, str] | None = None, **arguments: str
) -> tuple[int, bytes, http.client.HTTPMessage]:
    """One request; its status, body and headers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE_S)
    connection.request(method, "/?" + urlencode(arguments), body, headers or {}, encode_chunked=False)
    response = connection.getresponse()
    answer = response.status, response.read(), response.headers
    connection.close()
    return answer
