"""How each kind of fault is injected into a running section."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from support.polling import Overdue, eventually

from faults.points import CLOCK
from faults.schedule import Action, Fault
from faults.site import CLICKHOUSE, SESSION_TIMEOUT_S, Site
from schemas.errors import HailongError

GRACEFUL_S = 10.0
"""A process that is asked to stop has left by then."""

AWAY_S = 60.0
_REACHED_S = 45.0
_SETTLED_S = 60.0
_ZOMBIE_S = SESSION_TIMEOUT_S + 3.0
_HOUR_MS = 3_600_000


@dataclass(slots=True)
class Injected:
    """An injected fault.

    Attributes:
        at: When it happened, or began; seconds of the monotonic clock.
        reached: Whether it happened: a point that no process passed does not count.
        pids: Affected processes.
        notes: Details for the report.
        broken: Other broken promises, e.g. a stop that took too long.
    """

    at: float = 0.0
    reached: bool = True
    pids: list[int] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def begin(self) -> None:
        """Now it happens."""
        self.at = time.monotonic()


def inject(site: Site, fault: Fault) -> Injected:
    """Do a fault to a section; returns when it is done, not when the section has recovered."""
    injected = Injected(time.monotonic())
    try:
        _ACTIONS[fault.kind.action](site, fault, random.Random(fault.draw), injected)
    except (Overdue, HailongError) as error:
        injected.reached = False
        injected.notes.append(str(error))
    return injected


def _point(site: Site, fault: Fault, _rng: random.Random, done: Injected) -> None:
    point = fault.kind.point
    site.arsenal.arm(point, fault.skip)
    try:
        _await_death(site, point, done)
    finally:
        site.arsenal.disarm(point)


def _await_death(site: Site, point: str, done: Injected) -> None:
    def died() -> bool:
        death = site.arsenal.death(point)
        if death is not None:
            done.at = death.at if not done.pids else done.at
            done.pids.append(death.pid)
        return death is not None

    eventually(died, f"a process passes {point}", within_s=_REACHED_S)


def _rebuild(site: Site, fault: Fault, rng: random.Random, done: Injected) -> None:
    for path in site.disk.snapshots():
        path.unlink(missing_ok=True)  # so that there is something to rebuild from the log
    site.arsenal.arm(fault.kind.point, fault.skip)
    try:
        done.begin()
        done.pids.append(site.keeper.kill(rng.choice(site.keeper.names("worker"))))
        _await_death(site, fault.kind.point, done)
    finally:
        site.arsenal.disarm(fault.kind.point)


def _clickhouse_kill(site: Site, _fault: Fault, rng: random.Random, done: Injected) -> None:
    time.sleep(rng.random())  # anywhere in the sink's second
    done.begin()
    done.pids.append(site.keeper.kill(CLICKHOUSE))
    eventually(site.answers, "ClickHouse answers again", within_s=_SETTLED_S)


def _clickhouse_away(site: Site, _fault: Fault, _rng: random.Random, done: Injected) -> None:
    done.begin()
    done.pids.append(site.keeper.kill(CLICKHOUSE, for_good=True))
    time.sleep(AWAY_S)
    site.keeper.resume(CLICKHOUSE)
    eventually(site.answers, "ClickHouse answers again", within_s=_SETTLED_S)


def _broker_kill(site: Site, _fault: Fault, rng: random.Random, done: Injected) -> None:
    broker = rng.randrange(site.brokers)
    pid = site.cluster.pid(broker)
    done.begin()
    site.cluster.kill(broker)
    done.pids.append(pid or 0)
    done.notes.append(f"broker {broker} of {site.brokers}")
    if site.brokers > 1:
        time.sleep(rng.uniform(3, 9))  # the others go on without it for a while
    site.cluster.start(broker)
    site.cluster.wait_ready(_SETTLED_S)


def _scale(site: Site, _fault: Fault, _rng: random.Random, done: Injected) -> None:
    first, *others = site.keeper.names("worker")
    done.begin()
    for name in others:
        _stop(site, name, done)
    for number in (2, 3):
        site.start_process("worker", number)
    eventually(lambda: site.members(3), "three workers share the work", within_s=_SETTLED_S)
    done.notes.append(f"three after {time.monotonic() - done.at:.1f} s")
    for number in (2, 3):
        _stop(site, f"worker-{number}", done)
    eventually(lambda: site.members(1), "one worker has all of the work", within_s=_SETTLED_S)
    done.notes.append(f"one after {time.monotonic() - done.at:.1f} s")
    done.pids.append(site.keeper.pid(first))
    site.start_process("worker", 2)


def _zombie(site: Site, _fault: Fault, rng: random.Random, done: Injected) -> None:
    pid = site.keeper.pid(rng.choice(site.keeper.names("worker")))
    time.sleep(rng.random())
    done.begin()
    done.pids.append(pid)
    os.kill(pid, signal.SIGSTOP)
    time.sleep(_ZOMBIE_S)
    os.kill(pid, signal.SIGCONT)


def _rolling(site: Site, _fault: Fault, _rng: random.Random, done: Injected) -> None:
    done.begin()
    for name in [*site.keeper.names("worker"), *site.keeper.names("sink")]:
        done.pids.append(site.keeper.pid(name))
        _stop(site, name, done)
        site.keeper.resume(name)
    site.keeper.terminate(CLICKHOUSE, 30)
    site.keeper.resume(CLICKHOUSE)
    eventually(site.answers, "ClickHouse answers again", within_s=_SETTLED_S)
    for broker in range(site.brokers):
        site.cluster.stop(broker)
        site.cluster.start(broker)
        site.cluster.wait_ready(_SETTLED_S)


def _stop(site: Site, name: str, done: Injected) -> None:
    """SIGTERM: it finishes, commits and leaves in time, or that is a fault of its own."""
    seconds, status = site.keeper.terminate(name, 2 * GRACEFUL_S)
    done.notes.append(f"{name} left after {seconds:.1f} s")
    if seconds > GRACEFUL_S or status != 0:
        done.broken.append(f"{name} left after {seconds:.1f} s with status {status}")


def _full_disk(site: Site, _fault: Fault, rng: random.Random, done: Injected) -> None:
    failed = site.logs("worker").count("snapshot_failed")
    site.disk.fill()
    done.begin()
    try:
        _await_more(site, "snapshot_failed", failed)
        done.pids.append(site.keeper.kill(rng.choice(site.keeper.names("worker"))))
    finally:
        site.disk.free()
    done.notes.append("a file system without room" if site.disk.real else "writes that fail as on a full disk")


def _bad_snapshot(site: Site, _fault: Fault, rng: random.Random, done: Injected) -> None:
    eventually(lambda: len(site.disk.snapshots()) > 1, "there are snapshots", within_s=_REACHED_S)
    names = site.keeper.names("worker")
    ignored = site.logs("worker").count("snapshot_ignored")
    done.begin()
    for name in names:
        done.pids.append(site.keeper.kill(name, for_good=True))
    spoil = rng.choice((_tear, _damage, _swap))
    newest = {path.name.split("-")[1]: path for path in site.disk.snapshots() if path.name.startswith("join")}
    for path in newest.values():
        spoil(path, rng, [one for one in newest.values() if one is not path])
    done.notes.append(spoil.__name__.strip("_"))
    for name in names:
        site.keeper.resume(name)
    _await_more(site, "snapshot_ignored", ignored)


def _await_more(site: Site, event: str, before: int) -> None:
    eventually(lambda: site.logs("worker").count(event) > before, event, within_s=_REACHED_S)


def _tear(path: Path, rng: random.Random, _others: list[Path]) -> None:
    os.truncate(path, rng.randrange(path.stat().st_size))


def _damage(path: Path, rng: random.Random, _others: list[Path]) -> None:
    with path.open("r+b") as file:
        for _ in range(20):
            file.seek(rng.randrange(path.stat().st_size // 4, path.stat().st_size))
            file.write(bytes([rng.randrange(256)]) * 64)


def _swap(path: Path, rng: random.Random, others: list[Path]) -> None:
    """Another partition's, under this one's name."""
    if others:
        shutil.copy(rng.choice(others), path)
    else:
        os.truncate(path, 0)


def _clock(site: Site, _fault: Fault, rng: random.Random, done: Injected) -> None:
    jump = rng.choice((_HOUR_MS, -_HOUR_MS, 48 * _HOUR_MS))
    path = site.arsenal.directory / CLOCK
    done.begin()
    path.write_text(str(jump))
    done.notes.append(f"{jump // _HOUR_MS:+d} h")
    time.sleep(6)
    path.unlink()
    done.pids += [site.keeper.pid(name) for name in site.keeper.names("worker")]


_ACTIONS: Mapping[Action, Callable[[Site, Fault, random.Random, Injected], None]] = {
    Action.POINT: _point,
    Action.REBUILD: _rebuild,
    Action.CLICKHOUSE_KILL: _clickhouse_kill,
    Action.CLICKHOUSE_AWAY: _clickhouse_away,
    Action.BROKER_KILL: _broker_kill,
    Action.SCALE: _scale,
    Action.ZOMBIE: _zombie,
    Action.ROLLING: _rolling,
    Action.FULL_DISK: _full_disk,
    Action.BAD_SNAPSHOT: _bad_snapshot,
    Action.CLOCK: _clock,
}
