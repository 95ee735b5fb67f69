"""What every sink promises, tested on each of them and on the sink of the recipe in docs/extending.md."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.alertmanager import receiver
from support.clickhouse_server import ClickHouseServer
from support.extras import needs_clickhouse_server
from support.polling import eventually
from support.sink_bench import SinkBench, new_sink_bench
from support.sink_destinations import AlertFile, Alertmanager, ClickHouse, Destination, Webhook

from deploy.local.clickhouse_kind import ClickHouseKind
from schemas.errors import SystemFault
from sinks.runtime.health import assess_all

pytestmark = pytest.mark.servers


ON_EMBEDDED = ["clickhouse", "webhook", "alertmanager", "alert_file"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every destination; a real ClickHouse server as well."""
    if "destination" in metafunc.fixturenames:
        both = [(name, ClickHouseKind.EMBEDDED) for name in ON_EMBEDDED]
        server = pytest.param(
            "clickhouse", ClickHouseKind.SERVER, marks=needs_clickhouse_server, id="clickhouse-server"
        )
        metafunc.parametrize(
            ("destination", "clickhouse_server"),
            [*(pytest.param(*one, id=one[0]) for one in both), server],
            indirect=True,
        )


@pytest.fixture
def bench(request: pytest.FixtureRequest, clickhouse_server: ClickHouseServer, broker: str) -> Iterator[SinkBench]:
    """Empty topics, and a database for the sink that fills one."""
    fills = request.node.callspec.params["destination"] == "clickhouse"
    found = new_sink_bench(clickhouse_server, broker, migrated=fills)
    yield found
    found.drop()


@pytest.fixture
def destination(request: pytest.FixtureRequest, bench: SinkBench, tmp_path: Path) -> Iterator[Destination]:
    """A sink whose destination has taken record 1."""
    with receiver() as received:
        match request.param:
            case "clickhouse":
                found: Destination = ClickHouse(bench)
            case "webhook":
                found = Webhook(bench, received)
            case "alertmanager":
                found = Alertmanager(bench, received)
            case "alert_file":
                found = AlertFile(bench, tmp_path)
            case other:
                pytest.fail(f"no destination {other}")
        with found.running() as monitor:
            eventually(lambda: monitor.progress.state == "running" and not monitor.progress.buffered, "it reads")
            eventually(lambda: monitor.progress.lag != {}, "it knows its lag")
            found.send(1)
            eventually(lambda: found.delivered() == [1], "the first record")
        yield found


class TestSinkContract:
    """One promise a test; the name of a destination in brackets tells which sink broke it."""

    def test_a_stopped_sink_continues_where_it_stopped(self, destination: Destination) -> None:
        """What was delivered is committed at the stop and does not come again; what came meanwhile does."""
        assert destination.committed() == 1
        destination.send(2, 3)
        with destination.running() as monitor:
            eventually(lambda: sorted(destination.delivered()) == [1, 2, 3], "all records, each once")
            eventually(lambda: destination.committed() == 3, "the commit")
            assert assess_all({"sink": monitor}).healthy
        assert monitor.progress.state == "stopped"

    def test_a_destination_that_is_away_is_waited_for(self, destination: Destination) -> None:
        """Meanwhile nothing is committed and health turns bad; afterwards all arrives and health is good again."""
        with destination.running() as monitor:
            eventually(lambda: monitor.progress.state == "running", "it reads")
            destination.go_away()
            try:
                destination.send(2, 3)
                eventually(lambda: not assess_all({"sink": monitor}).healthy, "bad health")
                assert monitor.progress.problem is not None
                assert destination.committed() == 1
            finally:
                destination.come_back()
            eventually(lambda: sorted(destination.delivered()) == [1, 2, 3], "all records")
            eventually(lambda: destination.committed() == 3, "the commit")
            eventually(lambda: assess_all({"sink": monitor}).healthy, "good health")
            assert monitor.progress.problem is None

    def test_a_stop_while_the_destination_is_away_loses_nothing(self, destination: Destination) -> None:
        """The sink stops in time, commits nothing of what waits, and the next run delivers it."""
        with destination.running() as monitor:
            eventually(lambda: monitor.progress.state == "running", "it reads")
            destination.go_away()
            try:
                destination.send(2)
                eventually(lambda: monitor.progress.problem is not None, "a failed delivery")
            except BaseException:
                destination.come_back()
                raise
            stopped = time.monotonic()
        took = time.monotonic() - stopped
        destination.come_back()
        assert took < 10
        assert destination.committed() == 1
        with destination.running():
            eventually(lambda: sorted(destination.delivered()) == [1, 2], "the record that waited")

    def test_an_unreadable_record_costs_only_itself(self, destination: Destination) -> None:
        """Its neighbours are delivered, and all three are committed."""
        with destination.running():
            destination.send(2)
            destination.send_unreadable()
            destination.send(3)
            eventually(lambda: sorted(destination.delivered()) == [1, 2, 3], "its neighbours")
            eventually(lambda: destination.committed() == 4, "the commit")

    def test_refused_credentials_stop_the_sink(self, destination: Destination) -> None:
        """An operator must mend them: the sink says so instead of waiting, and does not quote the password."""
        sasl: dict[str, Any] = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN", "sasl_username": "u"}
        refused = replace(destination.bench.kafka, **sasl, sasl_password="a secret")
        with pytest.raises(SystemFault, match="refused our credentials") as fault:
            destination.run(refused, threading.Event(), destination.new_monitor())
        assert "a secret" not in str(fault.value)
