"""The servers, each started once per test process when the first test needs it.

Tests keep apart by prefixes of topics and names of databases.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings
from support.brokers import running
from support.clickhouse_server import ClickHouseServer, running_clickhouse

from deploy.local.broker_kind import Broker
from deploy.local.clickhouse_kind import ClickHouseKind

pytest_plugins = ["support.skips"]

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("hailong", deadline=None)
settings.load_profile("hailong")

# A shell starts what it runs in the background with SIGINT ignored, and every process below inherits that: no command
# that a test starts would stop at Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


_LONGEST = ("test_sink_contract.py", "test_loader.py", "test_worker.py", "test_waiting.py", "test_results.py")
"""Files that take one process a minute or more, the longest first: a file is not divided among processes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with what takes longest, then with what waits for servers: at the end only quick tests are left."""

    def order(item: pytest.Item) -> tuple[int, bool, bool]:
        rank = _LONGEST.index(item.path.name) if item.path.name in _LONGEST else len(_LONGEST)
        return rank, "tests/system/" not in item.nodeid, item.get_closest_marker("servers") is None

    items.sort(key=order)


@pytest.fixture(scope="session")
def embedded_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the embedded broker."""
    with running(Broker.EMBEDDED, tmp_path_factory.mktemp("embedded-broker")) as address:
        yield address


@pytest.fixture(scope="session")
def apache_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an Apache Kafka, for tests marked `needs_kafka`."""
    with running(Broker.KAFKA, tmp_path_factory.mktemp("apache-kafka")) as address:
        yield address


@pytest.fixture(scope="session")
def broker(request: pytest.FixtureRequest) -> str:
    """Address of a broker: the embedded one, or each in turn in tests that are marked `on_both_brokers`."""
    wanted = getattr(request, "param", Broker.EMBEDDED)
    address: str = request.getfixturevalue("apache_kafka" if wanted is Broker.KAFKA else "embedded_broker")
    return address


@pytest.fixture(scope="session")
def embedded_clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    """The embedded ClickHouse."""
    with running_clickhouse(tmp_path_factory.mktemp("clickhouse")) as server:
        yield server


@pytest.fixture(scope="session")
def real_clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    """A real ClickHouse server, for tests marked `needs_clickhouse_server`."""
    with running_clickhouse(tmp_path_factory.mktemp("clickhouse-server"), ClickHouseKind.SERVER) as server:
        yield server


@pytest.fixture(scope="session")
def clickhouse_server(request: pytest.FixtureRequest) -> ClickHouseServer:
    """A ClickHouse: the embedded one, or each in turn in tests that are marked `on_both_clickhouses`."""
    wanted = getattr(request, "param", ClickHouseKind.EMBEDDED)
    name = "real_clickhouse" if wanted is ClickHouseKind.SERVER else "embedded_clickhouse"
    server: ClickHouseServer = request.getfixturevalue(name)
    return server
