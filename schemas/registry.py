"""Confluent Schema Registry, optional: publishes the pinned schemas there, and asks it for ids that are not pinned.

A process needs no registry to start. With one, integrators see the schemas, and a reader can meet records of a newer
version than its own.

Source: Confluent Schema Registry API reference (subjects, schemas, mode).
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastavro import parse_schema
from fastavro.schema import SchemaParseException, UnknownType

from schemas.catalogue import PINNED, PinnedSchema, latest, physical, schema_json
from schemas.codec import pinned_only
from schemas.compatibility import check, fingerprint
from schemas.errors import ConfigurationError, SystemFault, Unavailable
from schemas.topics import Topic

_CONTENT = "application/vnd.schemaregistry.v1+json"
_MAX_ANSWER_BYTES = 4 << 20
_NOT_FOUND, _TOO_MANY, _SERVER_FAULT = 404, 429, 500
_REFUSED = (401, 403)
_MAX_ABSENT = 10_000
"""Records with invented ids must not fill our memory."""


@dataclass(frozen=True, slots=True)
class RegistryConnection:
    """How to reach a Schema Registry.

    Attributes:
        url: `http://` or `https://` address.
        user: User, where it wants one.
        password: Password; hidden in `repr`.
        ca_file: Certificates that are trusted; None for the system's.
        timeout_s: How long to wait for an answer.
        topic_prefix: What topic names begin with: subjects are named `<topic>-value`.
    """

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    timeout_s: float = 5.0
    topic_prefix: str = "hailong."

    def subject_name(self, subject: str) -> str:
        """Name of a subject in the registry, after the default strategy of Confluent's serializers."""
        return f"{Topic.of_subject(subject).value.name(self.topic_prefix)}-value"


class Registry:
    """The few requests that hailong makes; usable from several threads.

    Raises:
        ConfigurationError: The address is not http or https.
    """

    def __init__(self, connection: RegistryConnection) -> None:
        if urllib.parse.urlsplit(connection.url).scheme not in ("http", "https"):
            raise ConfigurationError(["The Schema Registry's address must begin with http:// or https://."])
        self.connection = connection
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
        if connection.url.startswith("https"):
            handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=connection.ca_file)))
        self._opener = urllib.request.build_opener(*handlers)

    def schema_by_id(self, schema_id: int) -> Any | None:
        """The schema of an id as JSON; None when there is none, or it is not Avro.

        Raises:
            Unavailable: The registry does not answer.
            SystemFault: It refuses us.
        """
        answer = self._request("GET", f"/schemas/ids/{schema_id}")
        if answer is None or answer.get("schemaType", "AVRO") != "AVRO":
            return None
        return _schema_of(answer)

    def subjects_of(self, schema_id: int) -> frozenset[str]:
        """Names of the subjects that an id belongs to; errors as `schema_by_id`."""
        answer = self._request("GET", f"/schemas/ids/{schema_id}/versions")
        return frozenset(str(entry["subject"]) for entry in answer or ())

    def missing(self) -> list[PinnedSchema]:
        """Pinned schemas that the registry does not have under their ids.

        Raises:
            Unavailable: The registry does not answer.
            SystemFault: It refuses us, or has another schema under a pinned id.
        """
        return [pinned for pinned in PINNED if not self._has(pinned)]

    def register(self) -> list[PinnedSchema]:
        """Put the missing pinned schemas there, under their ids; returns them.

        Each subject is in import mode meanwhile, for only so the registry takes an id from outside. A registry that
        does not allow it says so, and nothing is changed.

        Raises:
            Unavailable: The registry does not answer.
            SystemFault: It refuses, or has another schema under a pinned id.
        """
        missing = self.missing()
        for pinned in missing:
            subject = urllib.parse.quote(self.connection.subject_name(pinned.subject), safe="")
            before = self._request("GET", f"/mode/{subject}")
            self._request("PUT", f"/mode/{subject}?force=true", {"mode": "IMPORT"})
            try:
                text = json.dumps(schema_json(pinned.schema_id))
                body = {"schema": text, "schemaType": "AVRO", "id": pinned.schema_id, "version": pinned.version}
                self._request("POST", f"/subjects/{subject}/versions", body)
            finally:
                if before is None:
                    self._request("DELETE", f"/mode/{subject}")
                else:
                    self._request("PUT", f"/mode/{subject}?force=true", {"mode": before["mode"]})
        return missing

    def _has(self, pinned: PinnedSchema) -> bool:
        found = self.schema_by_id(pinned.schema_id)
        if found is None:
            return False
        if fingerprint(found) != fingerprint(schema_json(pinned.schema_id)):
            raise SystemFault(
                f"the Schema Registry has another schema under id {pinned.schema_id}, which is pinned for "
                f"{pinned.filename}: give hailong a registry, or a context of it, of its own"
            )
        return self.connection.subject_name(pinned.subject) in self.subjects_of(pinned.schema_id)

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any | None:
        """The decoded answer; None for 404."""
        where = self.connection.url.rstrip("/")
        request = urllib.request.Request(where + path, method=method, headers=self._headers())  # noqa: S310 - http or https, checked above
        request.data = None if body is None else json.dumps(body).encode()
        try:
            with self._opener.open(request, timeout=self.connection.timeout_s) as response:
                answer = response.read(_MAX_ANSWER_BYTES + 1)
        except urllib.error.HTTPError as error:
            error.close()
            _raise_unless_missing(error.code, method, path)
            return None
        except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
            raise Unavailable(f"the Schema Registry does not answer ({type(error).__name__})") from None
        try:
            return json.loads(answer[:_MAX_ANSWER_BYTES])  # one that is cut is no JSON
        except ValueError:
            raise Unavailable("what answers at the Schema Registry's address is no Schema Registry") from None

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": _CONTENT, "Content-Type": _CONTENT}
        if self.connection.user is not None:
            pair = f"{self.connection.user}:{self.connection.password or ''}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        return headers


def _raise_unless_missing(code: int, method: str, path: str) -> None:
    if code == _NOT_FOUND:
        return
    if code in _REFUSED:
        raise SystemFault(f"the Schema Registry refused our credentials (HTTP {code}): check user and password")
    if code >= _SERVER_FAULT or code == _TOO_MANY:
        raise Unavailable(f"the Schema Registry cannot answer now (HTTP {code})")
    hint = "; it must allow mode changes (mode.mutability=true) to import ids" if "/mode/" in path else ""
    raise SystemFault(f"the Schema Registry refused {method} {path.partition('?')[0]} (HTTP {code}){hint}")


def _schema_of(answer: Any) -> Any | None:
    try:
        return json.loads(answer["schema"])
    except (ValueError, KeyError, TypeError):
        return None


class RegistryWriterSchemas:
    """`schemas.codec.WriterSchemas` that asks a registry for ids that are not pinned.

    What the registry says of an id never changes, so it is asked once. "There is none" can change (the writer may be
    registering just now) and is believed for a while only; for that while a record with an invented id costs nothing.

    Args:
        registry: The registry.
        clock: Seconds, monotonic.
        negative_s: For how long "there is none" is believed.
    """

    def __init__(
        self, registry: Registry, *, clock: Callable[[], float] = time.monotonic, negative_s: float = 60.0
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._negative_s = negative_s
        self._found: dict[tuple[int, str], Any] = {}
        self._absent: dict[tuple[int, str], float] = {}
        self._lock = threading.Lock()

    def __call__(self, schema_id: int, subject: str) -> Any | None:
        """The physical, parsed schema; None when unknown, of another subject, or not readable as our newest version.

        Raises:
            Unavailable: The registry does not answer.
            SystemFault: It refuses us.
        """
        if any(pinned.schema_id == schema_id for pinned in PINNED):
            return pinned_only(schema_id, subject)
        asked = schema_id, subject
        with self._lock:  # one question at a time: a thousand records with one new id ask once
            if asked in self._found:
                return self._found[asked]
            if self._absent.get(asked, -1.0) > self._clock():
                return None
            schema = self._ask(schema_id, subject)
            if schema is not None:
                self._found[asked] = schema
                return schema
            if len(self._absent) >= _MAX_ABSENT:
                self._absent.clear()
            self._absent[asked] = self._clock() + self._negative_s
            return None

    def _ask(self, schema_id: int, subject: str) -> Any | None:
        schema = self._registry.schema_by_id(schema_id)
        if schema is None:
            return None
        if self._registry.connection.subject_name(subject) not in self._registry.subjects_of(schema_id):
            return None
        if check(schema_json(latest(subject).schema_id), schema):
            return None
        try:
            return parse_schema(physical(schema))
        except (SchemaParseException, UnknownType, KeyError, ValueError, TypeError):
            return None
