"""A worker process: several stages, each in its own Faust app and consumer group, started and stopped together."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence

import structlog

from processors.stages.stage import ImagedStage, Stage
from processors.worker.app import StageApp, build_app
from processors.worker.health import WorkerHealth, assess
from processors.worker.options import WorkerOptions
from processors.worker.output.output_publisher import Outbox
from processors.worker.output.publisher import Publisher
from processors.worker.runner import StageRunner, topic_names
from processors.worker.startup_checks import check
from processors.worker.state.partition_views import Views
from processors.worker.state.restore import Rebuilder
from processors.worker.state.snapshot_scheduler import Snapshotter
from processors.worker.state.snapshot_store import SnapshotStore
from schemas.dead_letters.earlier_refusals import EarlierRefusals
from schemas.dead_letters.limit import DeadLetterGuard
from schemas.errors import SystemFault, Unavailable
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.topic_metadata import TopicFacts, describe_names
from schemas.topics import Topic

_log = structlog.get_logger(__name__)

_LOOK_S = 0.1
_CRASHED_PATIENCE_S = 3.0
_DESCRIBE_S = 3.0


class Worker:
    """Runs stages until told to stop.

    Args:
        connection: The cluster.
        stages: What to run.
        options: Settings.
        clock: Wall clock, epoch milliseconds.
    """

    def __init__(
        self, connection: KafkaConnection, stages: Sequence[Stage], options: WorkerOptions, clock: Callable[[], int]
    ) -> None:
        self._connection = connection
        self._stages = tuple(stages)
        self._options = options
        self._clock = clock
        self._stop = threading.Event()
        self._runners: tuple[StageRunner, ...] = ()
        self._publishers: list[Publisher] = []
        self._recreated = False

    def run(self) -> int:
        """Run in the foreground; return the exit status: 0 after a stop that was asked for, 1 after a failure.

        A stop that takes too long is a failure. SIGTERM and SIGINT stop it when it runs in the main thread.

        Raises:
            ConfigurationError: Topics are missing or do not fit.
            Unavailable: Kafka does not answer.
            SystemFault: Kafka refuses our credentials.
        """
        facts = check(self._connection, self._stages, self._options.connect_timeout_s)
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
        """Ask it to stop; from any thread."""
        self._stop.set()

    def health(self) -> WorkerHealth:
        """How it is doing; from any thread."""
        progress = tuple(runner.progress() for runner in self._runners)
        return assess(progress, self._clock(), int(self._options.stall_after_s * 1000))

    async def _main(self, facts: Mapping[str, TopicFacts]) -> tuple[int, bool]:
        """Exit status, and whether everything ended in time."""
        apps = [self._build(stage, facts) for stage in self._stages]
        timers: list[asyncio.Task[None]] = []
        with _signals(self._stop):
            try:
                await asyncio.gather(*(app.start() for app in apps))
                _log.info("worker_started", stages=[stage.name for stage in self._stages])
                timers = [asyncio.create_task(runner.tick_forever()) for runner in self._runners]
                timers.append(asyncio.create_task(self._watch_topics(facts)))
                while not self._stop.is_set() and not self._failed(apps, timers):  # noqa: ASYNC110 - see below
                    # Looks: a crash of one of Faust's many services is a flag, not an event that could be awaited.
                    await asyncio.sleep(_LOOK_S)
            finally:
                failed = self._failed(apps, timers)
                for error in filter(None, map(_error_of, timers)):
                    _log.error("watch_failed", error=type(error).__name__, exc_info=error)
                in_time = await self._shut_down(apps, timers)
        _log.info("worker_stopped", failed=failed, in_time=in_time)
        return (1 if failed or not in_time else 0), in_time

    def _failed(self, apps: Sequence[StageApp], timers: Sequence[asyncio.Task[None]]) -> bool:
        return (
            self._recreated
            or any(map(_error_of, timers))
            or any(app.crashed for app in apps)
            or any(runner.fault is not None for runner in self._runners)
        )

    async def _watch_topics(self, facts: Mapping[str, TopicFacts]) -> None:
        """Stop the worker when a topic was deleted and made again.

        Brokers do not all say so to a reader: it would wait at its old offset until the new log grows past it, and skip
        all before. A restart begins at the new log's own offsets, with views that know nothing of the old one.
        """
        while not self._recreated:
            await asyncio.sleep(self._options.identity_check_s)
            try:
                now = await asyncio.to_thread(describe_names, self._connection, list(facts), _DESCRIBE_S)
            except (Unavailable, SystemFault) as error:
                _log.info("topics_not_checked", error=type(error).__name__)
                continue
            changed = [name for name, known in facts.items() if name in now and now[name].identity != known.identity]
            if changed:
                _log.error("topics_made_again", topics=changed, action="restart the worker")
                self._recreated = True

    def _build(self, stage: Stage, facts: Mapping[str, TopicFacts]) -> StageApp:
        names = topic_names(stage.inputs, self._connection.topic_prefix)
        interrupted = threading.Event()
        publisher = Publisher(self._connection, stage.name)
        self._publishers.append(publisher)

        def identity(topic: Topic) -> str:
            return facts[names[topic]].identity

        def progressed() -> None:
            # A rebuild that takes minutes gets on: were it unhealthy, it would be killed and begin again, for ever.
            runner.note_progress()

        store = self._snapshot_store(stage, {topic: identity(topic) for topic in stage.inputs})
        runner = StageRunner(
            stage,
            names,
            Views(stage.name, Rebuilder(self._connection, stage, interrupted, store, progressed)),
            Outbox(stage.name, self._connection.topic_prefix, publisher, identity, self._guard(stage.name)),
            interrupted,
            self._options,
            self._clock,
            None if store is None else Snapshotter(stage.name, store, self._options.snapshot_interval_s),
        )
        self._runners = (*self._runners, runner)
        return build_app(runner, self._connection, self._options, names)

    def _guard(self, stage_name: str) -> DeadLetterGuard:
        limit = self._options.dead_letter_limit
        return DeadLetterGuard(stage_name, limit, EarlierRefusals(self._connection, stage_name, limit.window))

    def _snapshot_store(self, stage: Stage, identities: Mapping[Topic, str]) -> SnapshotStore | None:
        directory = self._options.snapshot_directory
        if directory is None or not isinstance(stage, ImagedStage):
            return None
        return SnapshotStore(directory, stage, identities)

    async def _shut_down(self, apps: Sequence[StageApp], timers: Sequence[asyncio.Task[None]]) -> bool:
        """Finish the batches in hand, commit, leave the groups; whether that was done in time."""
        for app in apps:
            if app.crashed:
                _log.error("app_crashed", group=app.conf.id, exc_info=app.crash_reason)
        for runner in self._runners:
            runner.stop()
        for timer in timers:
            timer.cancel()
        # A crashed app has lost its consumer: nothing can be committed or left any more, so waiting is in vain.
        patience_s = _CRASHED_PATIENCE_S if any(app.crashed for app in apps) else self._options.shutdown_timeout_s
        stops = [asyncio.create_task(app.stop()) for app in apps]
        _done, pending = await asyncio.wait([*stops, *timers], timeout=patience_s)
        for publisher in self._publishers:
            publisher.abort()
        for runner in self._runners:
            runner.close()
        errors = [error for stop in stops if stop.done() and (error := stop.exception()) is not None]
        for error in errors:
            _log.warning("stop_failed", error=type(error).__name__)
        if pending:
            _log.warning("shutdown_cut_short", after_s=patience_s)
        return not pending and not errors


@contextlib.contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set the flag, where signals can be received."""
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


def run_worker(
    connection: KafkaConnection, stages: Sequence[Stage], options: WorkerOptions, clock: Callable[[], int]
) -> int:
    """Run stages in the foreground until SIGTERM or SIGINT; see `Worker.run`."""
    return Worker(connection, stages, options, clock).run()


def _error_of(timer: asyncio.Task[None]) -> BaseException | None:
    """What a task died of that was to go on; an exception in a task is otherwise never heard of."""
    return timer.exception() if timer.done() and not timer.cancelled() else None
