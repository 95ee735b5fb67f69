from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.polling import eventually

from deploy.local.supervisor import ChildFailed, ChildSpec, RestartPolicy, Supervisor

SLEEP = "import time; time.sleep(600)"
Script = Callable[..., ChildSpec]
QUICK = RestartPolicy(crashes=3, within_s=60, first_pause_s=0.02)


def alive(pid: int) -> bool:
    """Whether a process exists and is more than an entry its parent has not read yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_start_waits_until_the_child_is_ready(tmp_path: Path, script: Script) -> None:
    """A child counts as started only when its own readiness says so."""
    flag = tmp_path / "ready"
    code = f"import pathlib, time; time.sleep(.2); pathlib.Path({str(flag)!r}).touch(); time.sleep(600)"
    with Supervisor(tmp_path / "logs") as supervisor:
        supervisor.start(script("slow", code, ready=flag.exists))
        assert flag.exists()


def test_a_child_that_ends_before_it_is_ready_is_named_with_its_last_lines(tmp_path: Path, script: Script) -> None:
    """A server that cannot start says why at once, instead of timing out."""
    code = "print('port 9000 is taken'); raise SystemExit(3)"
    with Supervisor(tmp_path) as supervisor, pytest.raises(ChildFailed) as caught:
        supervisor.start(script("clickhouse", code, ready=lambda: False))
    assert "clickhouse ended with status 3" in str(caught.value)
    assert "port 9000 is taken" in str(caught.value)


def test_a_child_that_is_never_ready_is_given_up(tmp_path: Path, script: Script) -> None:
    """Waiting has an end, and the end leaves no process."""
    with Supervisor(tmp_path) as supervisor:
        with pytest.raises(ChildFailed, match="was not ready after 0 s"):
            supervisor.start(script("mute", SLEEP, ready=lambda: False, ready_timeout_s=0.3))
        pid = supervisor.pid("mute")
    assert pid is not None
    assert not alive(pid)


def test_a_crashed_child_is_started_again(tmp_path: Path, script: Script) -> None:
    """One crash is mended without anybody's help."""
    with Supervisor(tmp_path, QUICK) as supervisor:
        supervisor.start(script("worker", SLEEP))
        first = supervisor.pid("worker")
        assert first is not None
        os.kill(first, signal.SIGKILL)

        def came_back() -> bool:
            supervisor.tend()
            return supervisor.pid("worker") not in {None, first}

        eventually(came_back, "another worker")
        assert supervisor.restarts("worker") == 1


def test_ends_that_a_client_can_cause_are_no_crash_loop(tmp_path: Path, script: Script) -> None:
    """A client with a wrong password cannot end a stack, however often it tries."""
    code = "import os; os.abort()"
    with Supervisor(tmp_path, QUICK) as supervisor:
        supervisor.start(script("clickhouse", code, pardoned=frozenset({signal.SIGABRT})))
        seen = {supervisor.pid("clickhouse")}

        def many() -> bool:
            supervisor.tend()
            seen.add(supervisor.pid("clickhouse"))
            return len(seen) > 2 * QUICK.crashes

        eventually(many, "it is started again and again")
        assert supervisor.restarts("clickhouse") == 0


def test_a_crash_loop_ends_with_the_last_lines(tmp_path: Path, script: Script) -> None:
    """A child that keeps crashing is given up, by name, with what it said; the others are stopped."""
    with Supervisor(tmp_path, QUICK) as supervisor:
        supervisor.start(script("good", SLEEP), script("sink", "print('wrong password'); raise SystemExit(1)"))
        good = supervisor.pid("good")

        def never() -> bool:
            supervisor.tend()
            return False

        with pytest.raises(ChildFailed) as caught:
            eventually(never, "the end of the crash loop")
    assert str(caught.value).startswith("sink keeps crashing (3 times in 60 s); the last time it ended with status 1")
    assert "wrong password" in str(caught.value)
    assert good is not None
    assert not alive(good)


def test_dependents_are_started_anew_with_what_they_depend_on(tmp_path: Path, script: Script) -> None:
    """A broker that lost its memory gets fresh clients, after its topics were made again."""
    made: list[str] = []
    with Supervisor(tmp_path, QUICK) as supervisor:
        supervisor.start(script("broker", SLEEP, after_start=lambda: made.append("topics"), dependents=("worker",)))
        supervisor.start(script("worker", SLEEP))
        broker, worker = supervisor.pid("broker"), supervisor.pid("worker")
        assert broker is not None
        os.kill(broker, signal.SIGKILL)

        def both_anew() -> bool:
            supervisor.tend()
            return None not in {supervisor.pid("broker"), supervisor.pid("worker")} and (
                supervisor.pid("broker") != broker and supervisor.pid("worker") != worker
            )

        eventually(both_anew, "another broker and another worker")
    assert made == ["topics", "topics"]


def test_children_stop_in_reverse_order_of_their_start(tmp_path: Path, script: Script) -> None:
    """Servers outlive their clients, and a stop is a request that a child may use to finish."""
    order = tmp_path / "order"
    code = (
        "import signal, sys\n"
        "def stop(*_):\n"
        "    open(sys.argv[1], 'a').write(sys.argv[2] + ' '); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, stop); print('armed')\n"
        "while True: signal.pause()\n"
    )
    names = ("broker", "clickhouse", "worker", "sink")
    with Supervisor(tmp_path / "logs") as supervisor:
        for name in names:
            supervisor.start(script(name, code, str(order), name))
        eventually(
            lambda: all("armed" in (tmp_path / "logs" / f"{name}.log").read_text() for name in names), "four children"
        )
        supervisor.stop_all()
    assert order.read_text().split() == ["sink", "worker", "clickhouse", "broker"]


def test_a_child_that_does_not_stop_is_killed(tmp_path: Path, script: Script) -> None:
    """A hanging child cannot hold up the stop for ever."""
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(600)"
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(script("deaf", code, stop_timeout_s=0.2))
        eventually(lambda: "deaf" in (tmp_path / "deaf.log").read_text(), "a child that ignores SIGTERM")
        pid = supervisor.pid("deaf")
        supervisor.stop("deaf")
    assert pid is not None
    assert not alive(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_no_child_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    """A kill -9 of the supervisor leaves no orphan, although it cannot run any code any more."""
    code = (
        "import os, sys, time\nfrom pathlib import Path\nfrom deploy.local.supervisor import ChildSpec, Supervisor\n"
        "s = Supervisor(Path(sys.argv[1]))\n"
        "s.start(ChildSpec('c', lambda: (sys.executable, '-c', 'import time; time.sleep(600)'), dict(os.environ)))\n"
        "print(s.pid('c'), flush=True); time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        child = int(supervisor.stdout.readline())
        assert alive(child)
        supervisor.kill()
        supervisor.wait()
    eventually(lambda: not alive(child), "the end of the orphan")


def test_logs_are_bounded(tmp_path: Path) -> None:
    """A chatty child fills no disk: old output is dropped, the newest is kept."""
    from deploy.local.supervisor.logs import ChildLog  # noqa: PLC0415 the subject of this test alone

    log = ChildLog(tmp_path / "chatty.log", max_bytes=1000, kept=2)
    read, write = os.pipe()
    log.follow(os.fdopen(read, "rb"))
    with os.fdopen(write, "wb") as output:
        for number in range(500):
            output.write(f"line {number}\n".encode())
    log.finish()
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 3 * 1100
    assert log.last_lines()[-1] == "line 499"
    assert {file.name for file in tmp_path.iterdir()} == {"chatty.log", "chatty.log.1"}


def test_peak_memory_counts_every_child(tmp_path: Path, script: Script) -> None:
    """The figure covers children that hold memory, and keeps what a stopped one once held."""
    code = "block = b'x' * (64 << 20); print('held'); import time; time.sleep(600)"
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(script("large", code), script("small", SLEEP))
        eventually(lambda: "held" in (tmp_path / "large.log").read_text(), "the memory")
        supervisor.stop("large")
        peak = supervisor.peak_rss_mib()
    assert peak is not None
    assert 64 < peak < 500


def test_a_stop_request_ends_the_wait_for_readiness(tmp_path: Path, script: Script) -> None:
    """Ctrl-C during the start ends it, although the child would have an hour to become ready."""
    with Supervisor(tmp_path, stopping=lambda: True) as supervisor:
        supervisor.start(script("slow", SLEEP, ready=lambda: False, ready_timeout_s=3600))
