"""A worker process: several stages, each in its own Faust app and consumer group, started and stopped together."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

import structlog

from processors.stages.stage import RestorableStage, Stage
from processors.worker.app import StageApp, build_app
from processors.worker.health import WorkerHealth, assess_health
from processors.worker.options import WorkerOptions
from processors.worker.output.output_publisher import OutputPublisher
from processors.worker.output.sync_producer import SyncProducer
from processors.worker.stage_runner import StageRunner
from processors.worker.startup_checks import check_topics
from processors.worker.state.partition_views import PartitionViews
from processors.worker.state.restore import ViewRestorer
from processors.worker.state.snapshot_scheduler import SnapshotScheduler
from processors.worker.state.snapshot_store import SnapshotStore
from schemas.dead_letters.earlier_refusals import EarlierRefusals
from schemas.dead_letters.limit import DeadLetterGuard
from schemas.errors import SystemFault, Unavailable
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_metadata import TopicFacts, describe_names

_log = structlog.get_logger(__name__)

_POLL_S = 0.1
_CRASHED_TIMEOUT_S = 3.0
_DESCRIBE_TIMEOUT_S = 3.0


class Worker:
    """Runs stages until it is stopped. The clock gives epoch milliseconds."""

    def __init__(
        self, connection: KafkaConnection, stages: Sequence[Stage], options: WorkerOptions, clock: Callable[[], int]
    ) -> None:
        self._connection = connection
        self._stages = tuple(stages)
        self._options = options
        self._clock = clock
        self._stop = threading.Event()
        self._runners: tuple[StageRunner, ...] = ()
        self._producers: list[SyncProducer] = []
        self._topic_recreated = False

    def run(self) -> int:
        """Run in the foreground; return the exit status: 0 after a requested stop, 1 after a failure.

        A stop that takes too long is a failure. SIGTERM and SIGINT stop the worker if it runs in the main thread.

        Raises:
            ConfigurationError: Topics are missing or do not fit.
            Unavailable: Kafka does not answer.
            SystemFault: Kafka refuses our credentials.
        """
        facts = check_topics(self._connection, self._stages, self._options.connect_timeout_s)
        loop = asyncio.new_event_loop()
        in_time = False
        try:
            status, in_time = loop.run_until_complete(self._main(facts))
            return status
        finally:
            # Not `asyncio.run`: it waits for every task, and a crashed Faust consumer leaves some that never end.
            if in_time:
                loop.close()

    def stop(self) -> None:
        """Request a stop; from any thread."""
        self._stop.set()

    def health(self) -> WorkerHealth:
        """The health now; from any thread."""
        progress = tuple(runner.progress() for runner in self._runners)
        return assess_health(progress, self._clock(), int(self._options.stall_after_s * 1000))

    async def _main(self, facts: Mapping[str, TopicFacts]) -> tuple[int, bool]:
        """Exit status, and whether everything ended in time."""
        apps = [self._build(stage, facts) for stage in self._stages]
        timers: list[asyncio.Task[None]] = []
        with _stop_on_signals(self._stop):
            try:
                await asyncio.gather(*(app.start() for app in apps))
                _log.info("worker_started", stages=[stage.name for stage in self._stages])
                timers = [asyncio.create_task(runner.tick_forever()) for runner in self._runners]
                timers.append(asyncio.create_task(self._watch_topics(facts)))
                while not self._stop.is_set() and not self._failed(apps, timers):  # noqa: ASYNC110 - see below
                    # Polling: a crash of one of Faust's many services is a flag, not an event that could be awaited.
                    await asyncio.sleep(_POLL_S)
            finally:
                failed = self._failed(apps, timers)
                for error in filter(None, map(_error_of, timers)):
                    _log.error("watch_failed", error=type(error).__name__, exc_info=error)
                in_time = await self._shut_down(apps, timers)
        _log.info("worker_stopped", failed=failed, in_time=in_time)
        return (1 if failed or not in_time else 0), in_time

    def _failed(self, apps: Sequence[StageApp], timers: Sequence[asyncio.Task[None]]) -> bool:
        return (
            self._topic_recreated
            or any(map(_error_of, timers))
            or any(app.crashed for app in apps)
            or any(runner.fault is not None for runner in self._runners)
        )

    async def _watch_topics(self, facts: Mapping[str, TopicFacts]) -> None:
        """Stop the worker when a topic was deleted and recreated.

        Not every broker tells a consumer: it would wait at its old offset until the new log grows past it, and skip all
        records before. After a restart the worker reads the new log from its own offsets, with new views.
        """
        while not self._topic_recreated:
            await asyncio.sleep(self._options.identity_check_s)
            try:
                now = await asyncio.to_thread(describe_names, self._connection, list(facts), _DESCRIBE_TIMEOUT_S)
            except (Unavailable, SystemFault) as error:
                _log.info("topics_not_checked", error=type(error).__name__)
                continue
            changed = [name for name, known in facts.items() if name in now and now[name].identity != known.identity]
            if changed:
                _log.error("topics_made_again", topics=changed, action="restart the worker")
                self._topic_recreated = True

    def _build(self, stage: Stage, facts: Mapping[str, TopicFacts]) -> StageApp:
        names = {topic: self._connection.topic_name(topic) for topic in stage.inputs}
        identities = {topic: facts[name].identity for topic, name in names.items()}
        interrupted = threading.Event()
        producer = SyncProducer(self._connection, stage.name)
        self._producers.append(producer)
        limit = self._options.dead_letter_limit
        guard = DeadLetterGuard(stage.name, limit, EarlierRefusals(self._connection, stage.name, limit.window))
        directory, store = self._options.snapshot_directory, None
        if directory is not None and isinstance(stage, RestorableStage):
            store = SnapshotStore(directory, stage, identities)

        def on_progress() -> None:
            # A restore that takes minutes counts as progress: as unhealthy it would be killed, again and again.
            runner.note_progress()

        runner = StageRunner(
            stage,
            names,
            PartitionViews(stage.name, ViewRestorer(self._connection, stage, interrupted, store, on_progress)),
            OutputPublisher(stage.name, self._connection, producer, identities, guard),
            interrupted,
            self._options,
            self._clock,
            None if store is None else SnapshotScheduler(stage.name, store, self._options.snapshot_interval_s),
        )
        self._runners = (*self._runners, runner)
        return build_app(runner, self._connection, self._options, names.values())

    async def _shut_down(self, apps: Sequence[StageApp], timers: Sequence[asyncio.Task[None]]) -> bool:
        """Finish the batches in progress, commit, leave the groups; return whether that was done in time."""
        for app in apps:
            if app.crashed:
                _log.error("app_crashed", group=app.conf.id, exc_info=app.crash_reason)
        for runner in self._runners:
            runner.stop()
        for timer in timers:
            timer.cancel()
        # A crashed app has lost its consumer: it can neither commit nor leave its group, so a long wait is useless.
        timeout_s = _CRASHED_TIMEOUT_S if any(app.crashed for app in apps) else self._options.shutdown_timeout_s
        stops = [asyncio.create_task(app.stop()) for app in apps]
        _done, pending = await asyncio.wait([*stops, *timers], timeout=timeout_s)
        for producer in self._producers:
            producer.abort()
        for runner in self._runners:
            runner.close()
        errors = [error for stop in stops if stop.done() and (error := stop.exception()) is not None]
        for error in errors:
            _log.warning("stop_failed", error=type(error).__name__)
        if pending:
            _log.warning("shutdown_cut_short", after_s=timeout_s)
        return not pending and not errors


@contextlib.contextmanager
def _stop_on_signals(stop: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set the event, if this is the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _error_of(timer: asyncio.Task[None]) -> BaseException | None:
    """The exception that ended a timer; nobody awaits these tasks, so it would otherwise go unnoticed."""
    return timer.exception() if timer.done() and not timer.cancelled() else None
