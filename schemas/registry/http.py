"""JSON requests to a server that may be away, wrong or hostile: what can happen, told by the classes of our errors."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from schemas.errors import ConfigurationError, SystemFault, Unavailable

STRANGER = "what answers at the Schema Registry's address is no Schema Registry"
_CONTENT = "application/vnd.schemaregistry.v1+json"
_MAX_ANSWER_BYTES = 4 << 20
_NOT_FOUND, _CONFLICT, _TOO_MANY, _SERVER_FAULT = 404, 409, 429, 500
_REFUSED = (401, 403)
_REDIRECTS = range(300, 400)


class JsonOverHttp:
    """Requests to one address; usable from several threads.

    Args:
        url: `http://` or `https://` address.
        user: User, where the server wants one.
        password: Password.
        ca_file: Certificates that are trusted; None for the system's.
        timeout_s: How long a request may take.

    Raises:
        ConfigurationError: The address is not http or https, or holds a password.
    """

    def __init__(
        self, url: str, user: str | None, password: str | None, ca_file: Path | None, timeout_s: float
    ) -> None:
        address = urllib.parse.urlsplit(url)
        if address.scheme not in ("http", "https"):
            raise ConfigurationError(["The Schema Registry's address must begin with http:// or https://."])
        if "@" in address.netloc:  # addresses are shown in logs and process lists
            raise ConfigurationError(["The Schema Registry's address must hold no user or password: set them apart."])
        self._url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._headers = {"Accept": _CONTENT, "Content-Type": _CONTENT}
        if user is not None:
            pair = base64.b64encode(f"{user}:{password or ''}".encode()).decode()
            self._headers["Authorization"] = f"Basic {pair}"
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({}), _NoRedirects()]
        if address.scheme == "https":
            handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca_file)))
        self._opener = urllib.request.build_opener(*handlers)

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any | None:
        """The decoded answer; None for 404.

        Raises:
            Unavailable: The server does not answer, not in time, or not in JSON.
            SystemFault: It refuses us.
        """
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, self._headers, method=method)  # noqa: S310 - http or https, checked above
        deadline = time.monotonic() + self._timeout_s
        try:
            with self._opener.open(request, timeout=self._timeout_s) as response:
                answer = _read(response, deadline)
        except urllib.error.HTTPError as error:
            error.close()
            _raise_unless_missing(error.code, method, path)
            return None
        except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
            raise Unavailable(f"the Schema Registry does not answer ({type(error).__name__})") from None
        try:
            return json.loads(answer)
        except (ValueError, RecursionError):
            raise Unavailable(STRANGER) from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry our password to an address that nobody configured."""

    def redirect_request(self, *_args: object) -> None:
        """Follow none: the answer is the error that it is."""


def _read(response: http.client.HTTPResponse, deadline: float) -> bytes:
    """The body: neither endless nor dripping.

    Raises:
        Unavailable: It is larger than any schema.
        TimeoutError: It does not end in time.
    """
    content = bytearray()
    while chunk := response.read1(1 << 16):
        content += chunk
        if len(content) > _MAX_ANSWER_BYTES:
            raise Unavailable(STRANGER)
        if time.monotonic() > deadline:
            raise TimeoutError
    return bytes(content)


def _raise_unless_missing(code: int, method: str, path: str) -> None:
    if code == _NOT_FOUND:
        return
    if code in _REFUSED:
        raise SystemFault(f"the Schema Registry refused our credentials (HTTP {code}): check user and password")
    if code >= _SERVER_FAULT or code == _TOO_MANY:
        raise Unavailable(f"the Schema Registry cannot answer now (HTTP {code})")
    hint = "; it must allow mode changes (mode.mutability=true) to import ids" if "/mode/" in path else ""
    if code == _CONFLICT:
        hint = "; it holds the schema to be incompatible with an earlier version"
    if code in _REDIRECTS:
        hint = "; it sends us elsewhere: set the address where it ends"
    raise SystemFault(f"the Schema Registry refused {method} {path.partition('?')[0]} (HTTP {code}){hint}")
