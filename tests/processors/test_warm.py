"""Compiling ahead."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from numba.core.dispatcher import Dispatcher
from support.events import WRITTEN_AT
from support.record_batches import packed

from benchmarks.contenders.work import work
from processors.stages.join import JoinPolicy, JoinStage
from processors.stages.reference import reference_surroundings
from processors.warm import warm
from schemas.batch import RawBatch
from schemas.topics import Topic

ROOT = Path(__file__).resolve().parents[2]


def compiled() -> int:
    """How many versions of kernels there are in this process."""
    modules = [module for name, module in sys.modules.items() if name.startswith(("schemas", "processors"))]
    kernels = {id(one): one for module in modules for one in vars(module).values() if isinstance(one, Dispatcher)}
    return sum(len(one.signatures) for one in kernels.values())


def test_nothing_is_compiled_afterwards() -> None:
    """No batch of a worker waits for a compiler: what it asks of kernels was asked before."""
    warm()
    before = compiled()
    assert before > 10
    state, events = JoinStage(JoinPolicy(), reference_surroundings()).new_state(0), work(300, 0.5).events
    for topic in (Topic.RATING, Topic.DECLARATION_STATUS):
        chosen = [(key, value) for one, key, value in events if one is topic]
        keys, values = [key for key, _value in chosen], [value for _key, value in chosen]
        batch = RawBatch(topic, 0, range(len(keys)), [WRITTEN_AT] * len(keys), keys, values)
        assert not state.absorb(packed(batch, 100)).rejects
    assert compiled() == before


def test_kernels_are_python(tmp_path: Path) -> None:
    """Without a compiler the same code says the same, with every index looked at."""
    tests = (
        "test_statuses.py::test_single_changed_bytes_never_make_a_difference",
        "test_sheets.py::test_single_changed_bytes_never_make_a_difference",
        "test_row_writer.py",
        "kernels/test_names.py",
        "kernels/test_radix.py",
        "../processors/domain/test_status_log.py",
    )
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore::RuntimeWarning"]
        + [f"{ROOT}/tests/schemas/{name}" for name in tests],
        cwd=ROOT,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-2000:]
