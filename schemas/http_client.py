"""HTTP requests that follow no redirect: they go where the operator said, and nowhere else.

A redirect would carry passwords and messages to an address that nobody configured. Its own status is the answer.
The standard library's urllib is enough: one small request now and then.
"""

from __future__ import annotations

import http.client
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.errors import ConfigurationError

_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class HttpReply:
    """What came back.

    Attributes:
        status: HTTP status; None when no answer came.
        body: Body of a success, as far as it was asked for.
        cause: Why no answer came: the kind of fault, never its text, which may hold an address.
    """

    status: int | None
    body: bytes = b""
    cause: str = ""


class HttpClient:
    """Sends requests; usable from several threads.

    Args:
        timeout_s: How long a request may take.
        ca_file: Certificates that are trusted (PEM); None for the system's.
        use_proxy: Whether the proxy of the environment (`https_proxy`) is used.

    Raises:
        ConfigurationError: The certificates cannot be read.
    """

    def __init__(self, timeout_s: float, ca_file: Path | None = None, *, use_proxy: bool = True) -> None:
        self._timeout_s = timeout_s
        handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
        if not use_proxy:
            handlers.append(urllib.request.ProxyHandler({}))
        if ca_file is not None:
            try:
                handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca_file)))
            except OSError as error:
                raise ConfigurationError([f"{ca_file} holds no certificates that can be read."]) from error
        self._opener = urllib.request.build_opener(*handlers)

    def send(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        max_body_bytes: int = 0,
    ) -> HttpReply:
        """Send one request and wait for its answer.

        Args:
            method: Such as `POST`.
            url: http or https; the caller has checked the scheme.
            body: What is sent.
            headers: All that are needed.
            max_body_bytes: How much of the answer to read; the rest is cut off.
        """
        request = urllib.request.Request(url, body, dict(headers or {}), method=method)  # noqa: S310 - see `url`
        deadline = time.monotonic() + self._timeout_s
        try:
            with self._opener.open(request, timeout=self._timeout_s) as response:
                return HttpReply(response.status, _read(response, max_body_bytes, deadline))
        except urllib.error.HTTPError as error:
            with error:
                return HttpReply(error.code)
        except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
            reason = getattr(error, "reason", None)
            return HttpReply(None, cause=type(reason if isinstance(reason, BaseException) else error).__name__)


def _read(response: http.client.HTTPResponse, max_bytes: int, deadline: float) -> bytes:
    """The body, cut off at `max_bytes`.

    Raises:
        TimeoutError: It drips: it does not end before `deadline`.
    """
    content = bytearray()
    while len(content) < max_bytes and (chunk := response.read1(_CHUNK_BYTES)):
        content += chunk
        if time.monotonic() > deadline:
            raise TimeoutError
    return bytes(content[:max_bytes])


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        """Follow none."""
