"""Marks of tests that need what the locked Python packages do not bring.

`make test` leaves these tests out, `make test-more` runs them. Where the program is missing they are skipped.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from deploy.local.clickhouse_server import library
from deploy.local.kafka import jars
from support import client_packages

_ALERTMANAGER = "HAILONG_TEST_ALERTMANAGER"


@dataclass(frozen=True, slots=True)
class Extra:
    """A program.

    Attributes:
        name: What it is called.
        missing: Why it cannot be used here, as a sentence; None if it can.
    """

    name: str
    missing: Callable[[], str | None]


def alertmanager() -> str | None:
    """Path of Alertmanager's program: the one that HAILONG_TEST_ALERTMANAGER names, or one on PATH.

    Debian's reads its templates at `/usr/share/prometheus/alertmanager`, wherever the package was unpacked.
    """
    return os.environ.get(_ALERTMANAGER) or shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")


def _missing(package: str, found: Callable[[], str | None]) -> Callable[[], str | None]:
    return lambda: None if found() else f"apt-get install {package}"


EXTRAS = (
    Extra("Apache Kafka", jars.available),
    Extra("Alertmanager", _missing("prometheus-alertmanager", alertmanager)),
    Extra("ClickHouse server", library.available),
    Extra("clickhouse-client", _missing("clickhouse-client", lambda: shutil.which("clickhouse-client"))),
    Extra("clickhouse-connect", lambda: None),  # fetched by pip, which is there
    Extra("ClickHouse's JDBC driver", client_packages.jdbc_missing),
    Extra("ClickHouse's Node client", client_packages.node_missing),
)

needs_kafka, needs_alertmanager, needs_clickhouse_server, needs_clickhouse_client = map(pytest.mark.extras, EXTRAS[:4])
needs_clickhouse_connect, needs_jdbc, needs_node_client = map(pytest.mark.extras, EXTRAS[4:])
