"""Waits until everything that was in Kafka at the beginning, and all that comes of it, has arrived.

Three things must hold, one look after the other:

- a wave has passed all consumer groups (`sinks.audit.wave`);
- no sheet of the first wave waits in the join for its declaration any more: when its grace is over, the join publishes
  it as unmatched;
- what falls due by time alone has been written: the clock moves stream time on when nothing has arrived for a while,
  and then grace periods end, alerts clear and deadlines pass. If others go on publishing, the stages never fall silent,
  and nobody waits for that.

Then a last wave follows whatever that brought.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from threading import Event

from schemas.errors import OutcomeUnknown, Unavailable
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.group_members import count_members
from schemas.topics import Topic
from sinks.audit.pace import Pace, clock
from sinks.audit.pipeline_info import PipelineInfo, ReaderGroup
from sinks.audit.report import AuditReport
from sinks.audit.run import Auditor
from sinks.audit.wave import Behind, Wave
from sinks.clickhouse.connection import ClickHouseConnection

_TIMEOUT_S = 5.0


class Ending(Enum):
    """How a wait ended."""

    DONE = auto()
    TIME_IS_UP = auto()
    STALLED = auto()
    STOPPED = auto()


@dataclass(frozen=True, slots=True)
class WaitOptions:
    """How long to wait, in seconds."""

    timeout_s: float  # for everything
    look_s: float = 1.0  # pause between two looks
    tell_s: float = 5.0  # pause between two lines of progress
    absent_s: float = 180.0  # a group that is behind, reads nothing and has no member for so long is given up
    stall_s: float = 300.0  # likewise one that has members: a worker that starts may read its history again first
    clock_s: float = 5.0  # what a worker may need to write what falls due by time, after the pipeline's `idle_s`


@dataclass(frozen=True, slots=True)
class Waited:
    """The result of a wait: how it ended, why in one sentence, and the audit at its end."""

    ending: Ending
    why: str
    report: AuditReport


def wait_until_done(
    connection: KafkaConnection,
    clickhouse: ClickHouseConnection,
    pipeline: PipelineInfo,
    options: WaitOptions,
    stop: Event,
    tell: Callable[[str], None],
) -> Waited:
    """Wait until all is done, then audit; also if the wait ends before.

    Args:
        connection: Kafka.
        clickhouse: ClickHouse.
        pipeline: The consumer groups.
        options: How long.
        stop: When set, the wait ends.
        tell: Called with a line of progress every few seconds.

    Raises:
        SystemFault: Topics or tables are missing, or credentials or rights are refused.
        Unavailable: A server does not answer.
    """
    with Auditor(connection, clickhouse, pipeline) as auditor:
        wait = _Wait(connection, auditor, options, stop, tell)
        ending, why, wave = wait.run()
        return Waited(ending, why, auditor.compare(wave))


class _Wait:
    """One wait; its arguments are those of `wait_until_done`."""

    def __init__(
        self,
        connection: KafkaConnection,
        auditor: Auditor,
        options: WaitOptions,
        stop: Event,
        tell: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._auditor = auditor
        self._options = options
        self._stop = stop
        self._tell = tell
        self._pace = Pace()
        self._written = auditor.written()
        self._began = self._told_at = self._written_at = self._answered_at = time.monotonic()
        self._was_ready = False
        self._passed: tuple[float, Mapping[Topic, int], Wave] | None = None
        """When a wave had passed all groups for the first time, what was written until then, and that wave."""

    def run(self) -> tuple[Ending, str, Wave]:
        """How it ended, why, and the last wave.

        Raises:
            Unavailable: A server has not answered for `absent_s`.
            OutcomeUnknown: Likewise.
        """
        while True:
            wave = self._auditor.waves.start()
            try:
                ended = self._follow(wave) or self._look_back(wave)
            except (Unavailable, OutcomeUnknown) as error:
                if time.monotonic() - self._answered_at > self._options.absent_s:
                    raise
                ended = self._pause(f"{error}; trying again")
            else:
                self._answered_at = time.monotonic()
            if ended is not None:
                return *ended, wave

    def _look_back(self, wave: Wave) -> tuple[Ending, str] | None:
        """How the wait ends after a wave has passed all groups; None: another wave must follow."""
        info, now, written = self._auditor.pipeline, time.monotonic(), self._auditor.written()
        passed_at, at_first, first_wave = self._passed = self._passed or (now, written, wave)
        if any(written[topic] > self._written[topic] for topic in info.written_topics):
            self._written_at = now
        self._written = written
        # If others publish, stages go on writing for ever: enough that the clock has had its time once.
        others_publish = any(written[topic] > at_first[topic] for topic in written.keys() - info.written_topics)
        silent_since = passed_at if others_publish else max(passed_at, self._written_at)
        quiet = not info.idle_s or now - silent_since >= info.idle_s + self._options.clock_s
        sheets = self._auditor.services(wave, ratings_of=first_wave).waiting_sheets if info.idle_s else 0
        ready, was_ready = quiet and not sheets, self._was_ready
        self._was_ready = ready
        if ready and was_ready:
            return Ending.DONE, "All is done."
        wait = f"{sheets:,} sheets wait for their declaration" if sheets else "waiting for what falls due by time alone"
        return self._pause(f"everything is read; {wait}")

    def _follow(self, wave: Wave) -> tuple[Ending, str] | None:
        """Look until the wave has passed all groups (None), or the wait must end."""
        while left := wave.look():
            now = self._answered_at = time.monotonic()
            self._pace.note(self._auditor.waves.lags(), now)
            notes = [self._pace.line()]
            for group in self._auditor.pipeline.groups:
                still_s = self._pace.still_for(group.name, now)
                its = [one for one in left if one.group == group.group]
                if not its or still_s < self._options.tell_s:
                    continue
                limit, why = self._standstill(group, its, still_s)
                if still_s >= limit:
                    return Ending.STALLED, f"{why}."
                notes.append(why)
            ended = self._pause("; ".join(notes))
            if ended is not None:
                return ended
        return None

    def _standstill(self, group: ReaderGroup, left: Sequence[Behind], still_s: float) -> tuple[float, str]:
        """For how long a group may stand still, and what may be the reason that it does."""
        records = ", ".join(f"{one.records:,} records of {one.topic}" for one in left)
        said = f"{group.name} has {records} left, and has read nothing for {clock(still_s)}"
        if group.has_members and count_members(self._connection, group.group, _TIMEOUT_S) == 0:
            return self._options.absent_s, f"{said}: nobody is in group {group.group}, is `{group.process}` running?"
        return self._options.stall_s, f"{said}: look at the log and /health of `{group.process}`"

    def _pause(self, progress: str) -> tuple[Ending, str] | None:
        """Tell the progress when it is time, and wait for the next look; how the wait ends, if it does."""
        now = time.monotonic()
        if now - self._told_at >= self._options.tell_s:
            self._told_at = now
            self._tell(f"{clock(now - self._began)}  {progress}")
        if now - self._began >= self._options.timeout_s:
            return Ending.TIME_IS_UP, f"Not done after {clock(self._options.timeout_s)}: {progress}."
        if self._stop.wait(self._options.look_s):
            return Ending.STOPPED, "Stopped waiting."
        return None
