"""The classes of `schemas/records/` by name: records and their enumerations, as the Avro schemas name them."""

from __future__ import annotations

from typing import Any

from schemas.records import alerts, base, cases, complaints, dead_letters, events, facts

MODULES = (alerts, base, cases, complaints, dead_letters, events, facts)


def class_named(name: str) -> Any:
    """The class of an Avro record or enumeration."""
    (found,) = {id(kind): kind for module in MODULES if (kind := vars(module).get(name)) is not None}.values()
    return found
