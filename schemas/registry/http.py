"""JSON requests to a Schema Registry that may be away, misbehave or be another server, with our own error classes."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.errors import ConfigurationError, SystemFault, Unavailable
from schemas.http_client import HttpClient
from schemas.topics import Topic

STRANGER = "the server at the Schema Registry's address is not a Schema Registry"
_CONTENT = "application/vnd.schemaregistry.v1+json"
_MAX_ANSWER_BYTES = 4 << 20
_NOT_FOUND, _CONFLICT, _TOO_MANY, _SERVER_FAULT = 404, 409, 429, 500
_REFUSED = (401, 403)
_SUCCESS, _REDIRECTS = range(200, 300), range(300, 400)


@dataclass(frozen=True, slots=True)
class RegistryConnection:
    """How to reach a Schema Registry.

    Attributes:
        url: `http://` or `https://` address.
        user: User, if the registry requires one.
        password: Password; hidden in `repr`.
        ca_file: Certificates that are trusted; None for the system's.
        timeout_s: How long to wait for an answer.
        topic_prefix: Beginning of topic names; subjects are named `<topic>-value`.
    """

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    timeout_s: float = 5.0
    topic_prefix: str = "hailong."

    def subject_name(self, subject: str) -> str:
        """Name of a subject in the registry, by the default strategy of Confluent's serializers."""
        return f"{Topic.of_subject(subject).value.name(self.topic_prefix)}-value"


class JsonOverHttp:
    """Requests to one registry; usable from several threads.

    Raises:
        ConfigurationError: The address is not http or https, or holds a password.
    """

    def __init__(self, connection: RegistryConnection) -> None:
        address = urllib.parse.urlsplit(connection.url)
        if address.scheme not in ("http", "https"):
            raise ConfigurationError(["The Schema Registry's address must begin with http:// or https://."])
        if "@" in address.netloc:  # addresses are shown in logs and process lists
            raise ConfigurationError(
                ["The Schema Registry's address must not contain a user or password: use their own settings."]
            )
        self._url = connection.url.rstrip("/")
        self._headers = {"Accept": _CONTENT, "Content-Type": _CONTENT}
        if connection.user is not None:
            pair = base64.b64encode(f"{connection.user}:{connection.password or ''}".encode()).decode()
            self._headers["Authorization"] = f"Basic {pair}"
        self._client = HttpClient(connection.timeout_s, connection.ca_file, use_proxy=False)

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any | None:
        """The decoded answer; None for 404.

        Raises:
            Unavailable: The server does not answer, not in time, or not in JSON.
            SystemFault: It refuses us.
        """
        data = None if body is None else json.dumps(body).encode()
        reply = self._client.send(method, self._url + path, data, self._headers, max_body_bytes=_MAX_ANSWER_BYTES)
        if reply.status is None:
            raise Unavailable(f"the Schema Registry does not answer ({reply.cause})")
        if reply.status not in _SUCCESS:
            _raise_unless_missing(reply.status, method, path)
            return None
        try:
            return json.loads(reply.body)
        except (ValueError, RecursionError):
            raise Unavailable(STRANGER) from None


def _raise_unless_missing(code: int, method: str, path: str) -> None:
    if code == _NOT_FOUND:
        return
    if code in _REFUSED:
        raise SystemFault(f"the Schema Registry refused our credentials (HTTP {code}): check user and password")
    if code >= _SERVER_FAULT or code == _TOO_MANY:
        raise Unavailable(f"the Schema Registry cannot answer now (HTTP {code})")
    hint = "; it must allow mode changes (mode.mutability=true) to import ids" if "/mode/" in path else ""
    if code == _CONFLICT:
        hint = "; it considers the schema incompatible with an earlier version"
    if code in _REDIRECTS:
        hint = "; it redirects elsewhere: set the address of the redirect's target"
    raise SystemFault(f"the Schema Registry refused {method} {path.partition('?')[0]} (HTTP {code}){hint}")
