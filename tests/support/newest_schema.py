"""A later version of a subject, as if it were pinned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

from schemas import catalogue
from schemas.catalogue import PinnedSchema
from schemas.validation import rules


@contextmanager
def newest_schema(subject: str, schema_id: int, schema: Any, texts: Mapping[str, rules.TextRule]) -> Iterator[None]:
    """Inside the `with` block a schema is the newest of its subject, with rules for its new texts."""
    pinned = PinnedSchema(schema_id, subject, catalogue.latest(subject).version + 1)
    schema_json = catalogue.schema_json
    with (
        mock.patch.object(catalogue, "PINNED", (*catalogue.PINNED, pinned)),
        mock.patch.object(
            catalogue, "schema_json", lambda wanted: schema if wanted == schema_id else schema_json(wanted)
        ),
        mock.patch.dict(rules.STATUS_TEXTS, texts),
    ):
        catalogue.latest.cache_clear()
        try:
            yield
        finally:
            catalogue.latest.cache_clear()
            catalogue.parsed.cache_clear()
