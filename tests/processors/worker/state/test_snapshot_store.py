"""Snapshots of views: what is put down comes back, and what cannot be trusted does not."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from processors.domain.snapshot_arrays import StateSnapshot
from processors.stages.stage import Absorbed, Output, PartitionState
from processors.worker.state.partition_views import View
from processors.worker.state.snapshot_scheduler import Snapshotter
from processors.worker.state.snapshot_store import Snapshot, SnapshotStore
from schemas.batches.batch import RawBatch
from schemas.errors import ConfigurationError
from schemas.topics import Topic

A, B = Topic.DECLARATION_STATUS, Topic.RATING
LOGS = {A: "cluster/1", B: "cluster/2"}


@dataclass
class NumberState:
    """Holds numbers."""

    numbers: list[int] = field(default_factory=list)

    def absorb(self, batch: RawBatch) -> Absorbed:
        """Take a batch."""
        self.numbers.extend(batch.offsets)
        return Absorbed()

    def advance(self, now: int) -> Sequence[Output]:
        """Let time pass."""
        return ()

    def image(self) -> StateSnapshot:
        """The numbers."""
        return {"numbers": np.array(self.numbers, np.int64)}


@dataclass
class Numbers:
    """An imaged stage over two inputs."""

    name: str = "numbers"
    inputs: Sequence[Topic] = (A, B)
    image_format: str = "1"

    def new_state(self, partition: int) -> PartitionState:
        """An empty state."""
        return NumberState()

    def restored_state(self, partition: int, image: StateSnapshot) -> PartitionState:
        """The state of an image."""
        return NumberState(image["numbers"].tolist())


def snapshot(a: int, b: int = 5, partition: int = 0) -> Snapshot:
    """What was known at some offsets."""
    return Snapshot(partition, {A: a, B: b}, a + b, {"numbers": np.arange(a, dtype=np.int64)})


def store(directory: Path, stage: Numbers | None = None, logs: Mapping[Topic, str] = LOGS) -> SnapshotStore:
    """A store of the stage `numbers`."""
    return SnapshotStore(directory, stage or Numbers(), logs)


def only(directory: Path) -> Path:
    """The one snapshot there is."""
    (path,) = directory.glob("*.npz")
    return path


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    """A snapshot comes back whole, with its offsets, and is readable for nobody else."""
    saved = snapshot(100)
    store(tmp_path / "new").save(saved)
    loaded = store(tmp_path / "new").load(0, {A: 100, B: 5})
    assert loaded is not None
    assert (loaded.partition, loaded.next, loaded.records) == (0, saved.next, saved.records)
    assert loaded.image["numbers"].tolist() == list(range(100))
    assert only(tmp_path / "new").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("bounds", [{A: 99, B: 5}, {A: 100, B: 4}, {A: 100}, {}])
def test_a_snapshot_that_is_ahead_is_not_used(tmp_path: Path, bounds: Mapping[Topic, int]) -> None:
    """What knows more than was committed would swallow outputs that may never have been sent."""
    store(tmp_path).save(snapshot(100))
    assert store(tmp_path).load(0, bounds) is None
    assert store(tmp_path).load(0, {A: 100, B: 5}) is None  # nor later: the log may have lost what it knows


def test_a_snapshot_is_never_pushed_out_by_those_of_a_worker_that_is_further(tmp_path: Path) -> None:
    """Another group may share the directory: what was just put down stays until the next."""
    other, mine = store(tmp_path), store(tmp_path)
    for known in (200, 300):
        other.save(snapshot(known))
    mine.save(snapshot(100))
    loaded = mine.load(0, {A: 100, B: 5})
    assert loaded is not None
    assert loaded.next[A] == 100


def test_before_one_that_is_ahead_there_is_another(tmp_path: Path) -> None:
    """The two newest are kept, the older ones go, and the newest that is not ahead is used."""
    mine = store(tmp_path)
    for known in (100, 200, 300):
        mine.save(snapshot(known))
    assert len(list(tmp_path.iterdir())) == 2
    loaded = mine.load(0, {A: 299, B: 5})
    assert loaded is not None
    assert loaded.next[A] == 200


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_a_torn_snapshot_is_ignored(tmp_path: Path, kept: float) -> None:
    """A file that was cut anywhere is not used."""
    mine = store(tmp_path)
    mine.save(snapshot(5000))
    path = only(tmp_path)
    os.truncate(path, int(path.stat().st_size * kept))
    assert mine.load(0, {A: 5000, B: 5}) is None


def test_a_snapshot_with_a_flipped_bit_is_ignored(tmp_path: Path) -> None:
    """A disk that lies is found out wherever it lies in the numbers."""
    mine = store(tmp_path)
    mine.save(snapshot(5000))
    whole = only(tmp_path).read_bytes()
    start = whole.index(np.arange(5000, dtype=np.int64).tobytes()[:64])
    for place in (start, start + 17_000, start + 39_999):
        bent = bytearray(whole)
        bent[place] ^= 4
        only(tmp_path).write_bytes(bent)
        assert mine.load(0, {A: 5000, B: 5}) is None


@pytest.mark.parametrize(
    ("stage", "logs", "partition"),
    [
        (Numbers(), {**LOGS, A: "cluster/3"}, 0),
        (Numbers(image_format="2"), LOGS, 0),
        (Numbers(name="others"), LOGS, 0),
        (Numbers(), LOGS, 1),
    ],
)
def test_a_foreign_snapshot_is_not_used(
    tmp_path: Path, stage: Numbers, logs: Mapping[Topic, str], partition: int
) -> None:
    """One of another log, form, stage or partition is not used, even under the right name."""
    bounds = {A: 10**9, B: 10**9}
    store(tmp_path).save(snapshot(100))
    theirs = only(tmp_path)
    other = store(tmp_path, stage, logs)
    assert other.load(partition, bounds) is None
    other.save(snapshot(50, partition=partition))
    own = next(path for path in tmp_path.glob("*.npz") if path != theirs)
    if theirs.exists():
        theirs.replace(own)
    else:  # saving dropped it as one of another log; it comes back under our name
        store(tmp_path).save(snapshot(100))
        next(path for path in tmp_path.glob("*.npz") if path != own).replace(own)
    assert other.load(partition, bounds) is None


def test_rubbish_and_drafts_are_not_used(tmp_path: Path) -> None:
    """Neither another kind of file, nor a pickle, nor what a crash left behind is read."""
    mine = store(tmp_path)
    mine.save(snapshot(100))
    path = only(tmp_path)
    path.with_name(path.name + ".abc.draft").write_bytes(path.read_bytes())
    path.write_bytes(b"rubbish")
    assert mine.load(0, {A: 100, B: 5}) is None
    header = {"identity": {}, "partition": 0, "next": {}, "records": 0}
    with path.open("wb") as file:
        np.savez(file, header=np.frombuffer(json.dumps(header).encode(), np.uint8), evil=np.array([object()]))
    assert mine.load(0, {A: 100, B: 5}) is None


@pytest.fixture
def full_disk() -> Any:
    """No file may grow beyond a kilobyte while the test runs."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))

    yield fill
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, full_disk: Callable[[], None]) -> None:
    """A snapshot that cannot be written leaves no draft, and the one before it is used."""
    mine = store(tmp_path)
    mine.save(snapshot(100))
    full_disk()
    with pytest.raises(OSError, match="File too large"):
        mine.save(snapshot(5000))
    loaded = mine.load(0, {A: 5000, B: 5})
    assert loaded is not None
    assert loaded.next[A] == 100
    assert len(list(tmp_path.iterdir())) == 1


def test_a_directory_that_cannot_be_made_is_said_at_the_start(tmp_path: Path) -> None:
    """A wrong setting stops the worker before it starts."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="snapshots cannot be kept"):
        store(tmp_path / "file" / "snapshots")


def view(records: int) -> View:
    """A view that absorbed so many records."""
    made = View(NumberState())
    grow(made, records)
    return made


def grow(known: View, records: int) -> None:
    """Let a view absorb so many more."""
    first, nothing = known.next.get(A, 0), [None] * records
    known.absorb(RawBatch(A, 0, range(first, first + records), [0] * records, nothing, nothing))


def finish(snapshotter: Snapshotter) -> None:
    """Wait for the snapshot that is being written."""
    with suppress(AttributeError):
        snapshotter._writing.result()  # type: ignore[union-attr]  # None when nothing is being written


def test_a_snapshot_is_due_when_it_saves_work(tmp_path: Path) -> None:
    """Few records are not worth one, then each fiftieth part more is, and never more often than the interval."""
    mine = store(tmp_path)
    snapshotter = Snapshotter("numbers", mine, interval_s=60)
    few, many = view(999), view(100_000)
    snapshotter.take_due({0: few, 1: many}, now=0.0)
    finish(snapshotter)
    assert (few.saved, many.saved) == (0, 100_000)
    grow(many, 2000)
    snapshotter.take_due({1: many}, now=59.0)
    finish(snapshotter)
    assert many.saved == 100_000
    snapshotter.take_due({1: many}, now=60.0)
    finish(snapshotter)
    assert many.saved == 102_000
    snapshotter.take_due({1: many}, now=500.0)
    finish(snapshotter)
    assert len(list(tmp_path.iterdir())) == 2
    snapshotter.close()


def test_a_view_of_an_unknown_log_is_not_saved(tmp_path: Path) -> None:
    """Once offsets began again, nobody knows to which log a view belongs: nothing is saved any more."""
    snapshotter = Snapshotter("numbers", store(tmp_path), interval_s=60)
    snapshotter.distrust()
    snapshotter.take_due({0: view(5000)}, now=0.0)
    finish(snapshotter)
    assert not list(tmp_path.iterdir())
    snapshotter.close()
