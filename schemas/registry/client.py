"""Confluent Schema Registry (optional): publishes the pinned schemas and looks up ids that are not pinned.

A process needs no registry to start. With a registry, integrators can see the schemas, and a process can read records
of newer versions than its own.

Source: Confluent Schema Registry API reference (subjects, schemas, mode, config).
"""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import structlog
from fastavro import parse_schema

from schemas.catalogue import PINNED, PinnedSchema, latest, physical, schema_json
from schemas.codec.record import pinned_only
from schemas.errors import SystemFault, Unavailable
from schemas.evolution.compatibility import incompatibilities, same_meaning
from schemas.evolution.schema_checks import UNPARSEABLE
from schemas.evolution.unread_fields import unread_fields
from schemas.registry.http import STRANGER, JsonOverHttp, RegistryConnection

log = structlog.get_logger(__name__)

_MAX_ABSENT = 10_000
"""Limits the memory that records with invented ids can use."""


class Registry:
    """The requests that hailong makes to a registry; usable from several threads.

    Raises:
        ConfigurationError: The address is not http or https, or holds a password.
    """

    def __init__(self, connection: RegistryConnection) -> None:
        self.connection = connection
        self._http = JsonOverHttp(connection)

    def schema_by_id(self, schema_id: int) -> Any | None:
        """The schema of an id as JSON; None when there is none, or it is not Avro.

        Raises:
            Unavailable: The registry does not answer.
            SystemFault: It refuses us.
        """
        answer = self._http.request("GET", f"/schemas/ids/{schema_id}")
        if answer is None or _part(answer, "schemaType", "AVRO") != "AVRO":
            return None
        return _schema_of(answer)

    def subjects_of(self, schema_id: int) -> frozenset[str]:
        """Names of the subjects that an id belongs to; errors as `schema_by_id`."""
        answer = self._http.request("GET", f"/schemas/ids/{schema_id}/versions")
        if not isinstance(answer, list | None):
            raise Unavailable(STRANGER)
        return frozenset(_part(entry, "subject") for entry in answer or ())

    def missing(self) -> list[PinnedSchema]:
        """Pinned schemas that the registry does not have under their ids.

        Raises:
            Unavailable: The registry does not answer.
            SystemFault: It refuses us, or has another schema under a pinned id.
        """
        return [pinned for pinned in PINNED if not self._has(pinned)]

    def register(self) -> list[PinnedSchema]:
        """Register the missing pinned schemas under their ids, and return them.

        A registry accepts an id from outside only in import mode, so each subject is in that mode meanwhile. In import
        mode it accepts any schema, so compatibility with its versions is checked here before anything is changed. All
        subjects are set to FULL_TRANSITIVE: afterwards the registry refuses incompatible versions from anybody.

        Raises:
            Unavailable: The registry does not answer.
            SystemFault: It refuses, has another schema under a pinned id, or has versions that ours do not fit.
        """
        missing = self.missing()
        problems = list(self._conflicts(missing))
        if problems:
            raise SystemFault("nothing was registered: " + " ".join(problems))
        for name in sorted({pinned.subject for pinned in PINNED}):
            path = f"/config/{urllib.parse.quote(self.connection.subject_name(name), safe='')}"
            self._http.request("PUT", path, {"compatibility": "FULL_TRANSITIVE"})
        for pinned in missing:
            subject = urllib.parse.quote(self.connection.subject_name(pinned.subject), safe="")
            before = self._http.request("GET", f"/mode/{subject}")
            mode = None if before is None else _part(before, "mode")
            self._http.request("PUT", f"/mode/{subject}?force=true", {"mode": "IMPORT"})
            try:
                text = json.dumps(schema_json(pinned.schema_id))
                body = {"schema": text, "schemaType": "AVRO", "id": pinned.schema_id, "version": pinned.version}
                self._http.request("POST", f"/subjects/{subject}/versions", body)
            finally:
                if mode is None:
                    self._http.request("DELETE", f"/mode/{subject}")
                else:
                    self._http.request("PUT", f"/mode/{subject}?force=true", {"mode": mode})
        return missing

    def _conflicts(self, candidates: Iterable[PinnedSchema]) -> Iterator[str]:
        """Why schemas are incompatible with versions in the registry; one sentence each."""
        for pinned in candidates:
            for version, schema in self._versions(pinned.subject):
                where = f"version {version} of {self.connection.subject_name(pinned.subject)} in the registry"
                problems = incompatibilities(schema, schema_json(pinned.schema_id))
                yield from (f"{pinned.filename} does not fit {where}: {problem}." for problem in problems)

    def _versions(self, subject: str) -> Iterator[tuple[int, Any]]:
        """Number and schema of every version of a subject in the registry."""
        name = urllib.parse.quote(self.connection.subject_name(subject), safe="")
        versions = self._http.request("GET", f"/subjects/{name}/versions")
        if not isinstance(versions, list | None):
            raise Unavailable(STRANGER)
        for version in versions or ():
            if not isinstance(version, int):
                raise Unavailable(STRANGER)
            answer = self._http.request("GET", f"/subjects/{name}/versions/{version}")
            if answer is not None:
                yield version, _schema_of(answer)

    def _has(self, pinned: PinnedSchema) -> bool:
        found = self.schema_by_id(pinned.schema_id)
        if found is None:
            return False
        if not same_meaning(found, schema_json(pinned.schema_id)):
            raise SystemFault(
                f"the Schema Registry has another schema under id {pinned.schema_id}, which is pinned for "
                f"{pinned.filename}: give hailong a registry, or a context of it, of its own"
            )
        return self.connection.subject_name(pinned.subject) in self.subjects_of(pinned.schema_id)


def _schema_of(answer: Any) -> Any | None:
    """The schema in an answer; None when it is not JSON."""
    try:
        return json.loads(_part(answer, "schema"))
    except (ValueError, RecursionError):
        return None


def _part(answer: Any, name: str, default: str | None = None) -> str:
    """A text that an answer must contain, unless there is a default."""
    text = answer.get(name, default) if isinstance(answer, dict) else None
    if not isinstance(text, str):
        raise Unavailable(STRANGER)
    return text


class RegistryWriterSchemas:
    """`schemas.codec.record.WriterSchemas` that asks a registry for ids that are not pinned.

    The schema of an id never changes, so the registry is asked once. A missing id is remembered for a short time only,
    because its writer may be registering it just now; meanwhile records with invented ids cost no requests.

    Args:
        registry: The registry.
        clock: Seconds, monotonic.
        negative_s: How long a missing id is remembered.
    """

    def __init__(
        self, registry: Registry, *, clock: Callable[[], float] = time.monotonic, negative_s: float = 10.0
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
        with self._lock:  # one request at a time: a thousand records with one new id ask once
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
        ours = schema_json(latest(subject).schema_id)
        problems = incompatibilities(ours, schema)
        if problems:
            # Its records become dead letters with a general reason; this line tells the cause.
            log.warning("schema_refused", subject=subject, schema_id=schema_id, problem=str(problems[0]))
            return None
        try:
            parsed = parse_schema(physical(schema))
        except UNPARSEABLE:
            return None
        log.warning("newer_schema_met", subject=subject, schema_id=schema_id, not_read=unread_fields(schema, ours))
        return parsed
