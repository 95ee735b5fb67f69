"""The sinks that the contract is tested on: each can be run, its destination taken away and brought back."""

from __future__ import annotations

import json
import re
import sys
import textwrap
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import sinks.metrics
from schemas.kafka.connection import KafkaConnection
from schemas.records.alerts import Alert, AlertState, Detector
from schemas.topics import Topic
from sinks.alerts.alertmanager.options import AlertmanagerOptions
from sinks.alerts.alertmanager.run import alertmanager_monitors, run_alertmanager
from sinks.alerts.webhook import WebhookOptions, run_webhook
from sinks.clickhouse.loader.monitor import LoaderMonitor
from sinks.clickhouse.loader.run import run_sink
from sinks.runtime.health import SinkMonitor
from support.alertmanager import Received
from support.clickhouse_server import ROOT
from support.events import at, status
from support.sink_bench import SinkBench
from support.threads import beside

STALL_S = 1.5
QUICK: dict[str, Any] = {"retry_initial_s": 0.05, "retry_max_s": 0.2, "stall_after_s": STALL_S}
PAGE = ROOT / "docs" / "extending.md"


def ended_alert(number: int) -> Alert:
    """An alert that was raised and cleared within the last hour."""
    now = int(time.time() * 1000)
    return Alert(
        f"00000000-0000-5000-8000-{number:012}", 2, "03CC", AlertState.CLEARED, Detector.BURST, now - 3_600_000, now,
        now - 60_000, now - 90_000_000, now - 3_600_000, 86400, 20, 5, 5, 0.017, 300.0, 0.34, 0.0001, 0.001, 0.0,
        (), (), (), "Cảnh báo", "Alert",
    )  # fmt: skip


class Destination(ABC):
    """A sink with its destination; records are numbered.

    Attributes:
        topic: A topic that the sink reads.
    """

    topic = Topic.ALERT

    def __init__(self, bench: SinkBench) -> None:
        self.bench = bench

    @property
    @abstractmethod
    def group(self) -> str:
        """Group that commits."""

    @abstractmethod
    def new_monitor(self) -> SinkMonitor:
        """A monitor that calls the sink unhealthy after `STALL_S`."""

    @abstractmethod
    def run(self, kafka: KafkaConnection, stop: threading.Event, monitor: SinkMonitor) -> None:
        """Run the sink until told to stop."""

    @abstractmethod
    def delivered(self) -> list[int]:
        """Numbers of the records that arrived, in order; repetitions as often as they came."""

    @abstractmethod
    def go_away(self) -> None:
        """Let it take nothing."""

    @abstractmethod
    def come_back(self) -> None:
        """Let it take records again."""

    def record(self, number: int) -> Any:
        """One record."""
        return ended_alert(number)

    def send(self, *numbers: int) -> None:
        """Put records into Kafka."""
        self.bench.send(self.topic, *map(self.record, numbers))

    def send_unreadable(self) -> None:
        """Put a record into Kafka that nobody can read."""
        self.bench.produce(self.topic, [(b"k", b"not framed")])

    def committed(self) -> int:
        """The committed offset."""
        return replace(self.bench, options=replace(self.bench.options, group=self.group)).committed(self.topic)

    @contextmanager
    def running(self) -> Iterator[SinkMonitor]:
        """The sink in a thread, for as long as the block lasts."""
        stop, monitor = threading.Event(), self.new_monitor()
        with beside(lambda: self.run(self.bench.kafka, stop, monitor), stop, 60):
            yield monitor


class ClickHouse(Destination):
    """The loader."""

    topic = Topic.DECLARATION_STATUS

    @property
    def group(self) -> str:
        """Its group."""
        return self.bench.options.group

    def new_monitor(self) -> SinkMonitor:
        """Its monitor."""
        return LoaderMonitor(STALL_S)

    def record(self, number: int) -> Any:
        """One status."""
        return status(f"e{number}", "REGISTERED", at("2020-05-11 08:00") + number)

    def run(self, kafka: KafkaConnection, stop: threading.Event, monitor: SinkMonitor) -> None:
        """Run it."""
        options = replace(self.bench.options, insert_timeout_s=3.0, shutdown_timeout_s=2.0)
        run_sink(kafka, self.bench.clickhouse, options, stop, monitor=monitor)

    def delivered(self) -> list[int]:
        """What arrived."""
        return [int(row[0][1:]) for row in self.bench.rows("SELECT event_id FROM declaration_status ORDER BY 1")]

    def go_away(self) -> None:
        """Take the destination away."""
        self.bench.server.kill()

    def come_back(self) -> None:
        """Bring the destination back."""
        self.bench.server.start()


class Webhook(Destination):
    """The webhook."""

    def __init__(self, bench: SinkBench, received: Received) -> None:
        super().__init__(bench)
        self.received = received
        self._taken: list[int] = []
        self.come_back()

    @property
    def group(self) -> str:
        """Its group."""
        return f"{self.bench.options.group}.hook"

    def new_monitor(self) -> SinkMonitor:
        """Its monitor."""
        return SinkMonitor(STALL_S)

    def run(self, kafka: KafkaConnection, stop: threading.Event, monitor: SinkMonitor) -> None:
        """Run it."""
        run_webhook(kafka, WebhookOptions(self.received.url, group=self.group, **QUICK), stop, monitor=monitor)

    def numbers(self, body: Any) -> list[int]:
        """Numbers of the alerts in a request."""
        return [int(body["alert_id"][-12:])]

    def delivered(self) -> list[int]:
        """What arrived."""
        return list(self._taken)

    def go_away(self) -> None:
        """Take the destination away."""
        self.received.answer = lambda _body: 503

    def come_back(self) -> None:
        """Bring the destination back."""

        def take(body: Any) -> int:
            self._taken += self.numbers(body)
            return 200

        self.received.answer = take


class Alertmanager(Webhook):
    """One Alertmanager."""

    def options(self) -> AlertmanagerOptions:
        """Quick ones, which repeat nothing that was taken while a test lasts."""
        return AlertmanagerOptions([self.received.url], group=f"{self.bench.options.group}.am", **{**QUICK, **_SLOW})

    @property
    def group(self) -> str:
        """Its group."""
        return self.options().group_of(self.target)

    @property
    def target(self) -> str:
        """Name of the Alertmanager."""
        return self.received.url.removeprefix("http://")

    def new_monitor(self) -> SinkMonitor:
        """Its monitor."""
        (made,) = alertmanager_monitors(self.options()).values()
        made._stall_after_ms = int(STALL_S * 1000)  # the options allow no limit that is shorter than `resend_s`
        return made

    def run(self, kafka: KafkaConnection, stop: threading.Event, monitor: SinkMonitor) -> None:
        """Run it."""
        run_alertmanager(kafka, self.options(), stop, monitors={self.target: monitor})

    def numbers(self, body: Any) -> list[int]:
        """Numbers of the alerts in a request that did not come before: for 15 minutes ends are repeated on purpose."""
        found = [int(alert["labels"]["alert_id"][-12:]) for alert in body]
        return [number for number in found if number not in self.delivered()]


_SLOW = {"resend_s": 300.0, "hold_s": 3000.0, "stall_after_s": 600.0}


class AlertFile(Destination):
    """The sink of the recipe in docs/extending.md, as it stands there."""

    def __init__(self, bench: SinkBench, directory: Path) -> None:
        super().__init__(bench)
        self._directory = directory / "alerts"
        self._directory.mkdir()
        self._module = recipe("sinks.alerts.alert_file")

    @property
    def group(self) -> str:
        """Its group."""
        return f"{self.bench.options.group}.file"

    def new_monitor(self) -> SinkMonitor:
        """Its monitor."""
        return SinkMonitor(STALL_S)

    def run(self, kafka: KafkaConnection, stop: threading.Event, monitor: SinkMonitor) -> None:
        """Run it."""
        options = self._module.AlertFileOptions(self._directory / "lines", group=self.group, **QUICK)
        self._module.run_alert_file(kafka, options, stop, monitor=monitor)

    def delivered(self) -> list[int]:
        """What arrived."""
        lines = self._directory / "lines"
        text = lines.read_text("utf-8") if lines.exists() else ""
        return [int(json.loads(line)["alert_id"][-12:]) for line in text.splitlines()]

    def go_away(self) -> None:
        """Take the destination away."""
        self._directory.rename(self._directory.with_name("away"))

    def come_back(self) -> None:
        """Bring the destination back."""
        self._directory.with_name("away").rename(self._directory)


def recipe(name: str) -> ModuleType:
    """A module of the recipe, made from the page."""
    if name not in sys.modules:
        vars(sinks.metrics).setdefault("ALERT_FILE", sinks.metrics.delivery_metrics("alert_file"))  # step 1
        blocks = re.findall(r"   ```python\n(.*?)\n   ```", PAGE.read_text("utf-8"), re.DOTALL)
        (text,) = (block for block in blocks if "class AlertFileSink" in block)
        module = sys.modules[name] = ModuleType(name)
        exec(compile(textwrap.dedent(text), str(PAGE), "exec"), module.__dict__)
    return sys.modules[name]
