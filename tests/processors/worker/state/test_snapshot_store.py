"""A saved snapshot is loaded again, unless it cannot be trusted."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from processors.domain.snapshot_arrays import StateSnapshot
from processors.stages.stage import Absorbed, Output, PartitionState
from processors.worker.state.snapshot_store import Snapshot, SnapshotStore
from schemas.batches.batch import Batch
from schemas.errors import ConfigurationError
from schemas.topics import Topic

A, B = Topic.DECLARATION_STATUS, Topic.RATING
LOGS = {A: "cluster/1", B: "cluster/2"}


@dataclass
class NumberState:
    """Holds numbers."""

    numbers: list[int] = field(default_factory=list)

    def absorb(self, batch: Batch) -> Absorbed:
        """Take a batch."""
        self.numbers.extend(batch.offsets)
        return Absorbed()

    def advance(self, now: int) -> Sequence[Output]:
        """Let time pass."""
        return ()

    def snapshot(self) -> StateSnapshot:
        """The numbers."""
        return {"numbers": np.array(self.numbers, np.int64)}


@dataclass
class Numbers:
    """A stage with snapshots over two inputs."""

    name: str = "numbers"
    inputs: Sequence[Topic] = (A, B)
    snapshot_format: str = "1"

    def new_state(self, partition: int) -> PartitionState:
        """An empty state."""
        return NumberState()

    def restored_state(self, partition: int, snapshot: StateSnapshot) -> PartitionState:
        """The state of a snapshot."""
        return NumberState(snapshot["numbers"].tolist())


def snapshot(a: int, b: int = 5, partition: int = 0) -> Snapshot:
    """A snapshot as of some offsets."""
    return Snapshot(partition, {A: a, B: b}, a + b, {"numbers": np.arange(a, dtype=np.int64)})


def store(directory: Path, stage: Numbers | None = None, logs: Mapping[Topic, str] = LOGS) -> SnapshotStore:
    """A store of the stage `numbers`."""
    return SnapshotStore(directory, stage or Numbers(), logs)


def only(directory: Path) -> Path:
    """The only snapshot file."""
    (path,) = directory.glob("*.npz")
    return path


def test_a_saved_snapshot_is_loaded(tmp_path: Path) -> None:
    """A snapshot is loaded complete, with its offsets, and only its owner can read the file."""
    saved = snapshot(100)
    store(tmp_path / "new").save(saved)
    loaded = store(tmp_path / "new").load(0, {A: 100, B: 5})
    assert loaded is not None
    assert (loaded.partition, loaded.next_offsets, loaded.records) == (0, saved.next_offsets, saved.records)
    assert loaded.arrays["numbers"].tolist() == list(range(100))
    assert only(tmp_path / "new").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("done_offsets", [{A: 99, B: 5}, {A: 100, B: 4}, {A: 100}, {}])
def test_a_snapshot_that_is_ahead_is_not_used(tmp_path: Path, done_offsets: Mapping[Topic, int]) -> None:
    """A snapshot beyond the done offsets is not used: it would suppress outputs that may never have been sent."""
    store(tmp_path).save(snapshot(100))
    assert store(tmp_path).load(0, done_offsets) is None
    assert store(tmp_path).load(0, {A: 100, B: 5}) is None  # nor later: the log may have lost those records


def test_a_new_snapshot_is_never_displaced_by_those_of_a_worker_that_is_ahead(tmp_path: Path) -> None:
    """If another group shares the directory, a snapshot that was just saved stays until the next one."""
    other, mine = store(tmp_path), store(tmp_path)
    for known in (200, 300):
        other.save(snapshot(known))
    mine.save(snapshot(100))
    loaded = mine.load(0, {A: 100, B: 5})
    assert loaded is not None
    assert loaded.next_offsets[A] == 100


def test_the_snapshot_before_one_that_is_ahead_is_used(tmp_path: Path) -> None:
    """The two newest are kept, older ones are deleted, and the newest that is not ahead is used."""
    mine = store(tmp_path)
    for known in (100, 200, 300):
        mine.save(snapshot(known))
    assert len(list(tmp_path.iterdir())) == 2
    loaded = mine.load(0, {A: 299, B: 5})
    assert loaded is not None
    assert loaded.next_offsets[A] == 200


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_a_torn_snapshot_is_ignored(tmp_path: Path, kept: float) -> None:
    """A file that is cut off anywhere is not used."""
    mine = store(tmp_path)
    mine.save(snapshot(5000))
    path = only(tmp_path)
    os.truncate(path, int(path.stat().st_size * kept))
    assert mine.load(0, {A: 5000, B: 5}) is None


def test_a_snapshot_with_a_flipped_bit_is_ignored(tmp_path: Path) -> None:
    """A changed bit anywhere in the arrays is detected."""
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
        (Numbers(snapshot_format="2"), LOGS, 0),
        (Numbers(name="others"), LOGS, 0),
        (Numbers(), LOGS, 1),
    ],
)
def test_a_foreign_snapshot_is_not_used(
    tmp_path: Path, stage: Numbers, logs: Mapping[Topic, str], partition: int
) -> None:
    """A snapshot of another log, format, stage or partition is not used, even under the right name."""
    done_offsets = {A: 10**9, B: 10**9}
    store(tmp_path).save(snapshot(100))
    theirs = only(tmp_path)
    other = store(tmp_path, stage, logs)
    assert other.load(partition, done_offsets) is None
    other.save(snapshot(50, partition=partition))
    own = next(path for path in tmp_path.glob("*.npz") if path != theirs)
    if theirs.exists():
        theirs.replace(own)
    else:  # saving dropped it as one of another log; it comes back under our name
        store(tmp_path).save(snapshot(100))
        next(path for path in tmp_path.glob("*.npz") if path != own).replace(own)
    assert other.load(partition, done_offsets) is None


def test_other_files_and_drafts_are_not_used(tmp_path: Path) -> None:
    """Neither a file of another kind, nor a pickle, nor a draft left by a crash is read."""
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


def test_a_full_disk_keeps_earlier_snapshots(tmp_path: Path, full_disk: Callable[[], None]) -> None:
    """A snapshot that cannot be written leaves no draft, and the earlier one is used."""
    mine = store(tmp_path)
    mine.save(snapshot(100))
    full_disk()
    with pytest.raises(OSError, match="File too large"):
        mine.save(snapshot(5000))
    loaded = mine.load(0, {A: 5000, B: 5})
    assert loaded is not None
    assert loaded.next_offsets[A] == 100
    assert len(list(tmp_path.iterdir())) == 1


def test_a_directory_that_cannot_be_created_is_reported_at_the_start(tmp_path: Path) -> None:
    """A directory that cannot be created is a configuration error."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="snapshots cannot be kept"):
        store(tmp_path / "file" / "snapshots")


def kept(store: SnapshotStore, *lengths: int) -> list[npt.NDArray[Any]]:
    """Arrays that the store moved to files."""
    return [store.keeper(0)(np.arange(length, dtype=np.int64)) for length in lengths]


def with_arrays(known: int, arrays: Sequence[npt.NDArray[Any]]) -> Snapshot:
    """A snapshot with arrays."""
    return Snapshot(0, {A: known, B: 5}, known, {f"a{place}": array for place, array in enumerate(arrays)})


def test_large_arrays_are_stored_once_and_mapped_again(tmp_path: Path) -> None:
    """Two snapshots share the file of an array; a restart maps it, and so does the snapshot after that."""
    mine = store(tmp_path)
    (large,) = kept(mine, 5000)
    assert mine.keeper(0)(large) is large
    for known in (100, 200):
        mine.save(with_arrays(known, [large, np.array([known])]))
    assert [path.stat().st_mode & 0o777 for path in tmp_path.glob("*.npy")] == [0o600]
    loaded = store(tmp_path).load(0, {A: 200, B: 5})
    assert loaded is not None
    assert (loaded.arrays["a0"] == np.arange(5000)).all()
    assert loaded.arrays["a1"].tolist() == [200]
    again = store(tmp_path)
    assert again.keeper(0)(loaded.arrays["a0"]) is loaded.arrays["a0"]
    again.save(with_arrays(300, list(loaded.arrays.values())))
    assert len(list(tmp_path.glob("*.npy"))) == 1
    assert max(path.stat().st_size for path in tmp_path.glob("*.npz")) < 5000


def test_files_are_deleted_when_no_kept_snapshot_names_them(tmp_path: Path) -> None:
    """A file goes with the last snapshot that names it; one that is younger than the snapshot stays."""
    mine = store(tmp_path)
    old, young = kept(mine, 10, 20)
    mine.save(with_arrays(100, [old]))
    hour_ago = time.time() - 3600
    for path in tmp_path.glob("*.npy"):
        os.utime(path, (hour_ago, hour_ago))
    mine.save(with_arrays(200, []))
    assert len(list(tmp_path.glob("*.npy"))) == 1  # `young` was in no snapshot, `old` is in one of two
    (younger,) = kept(mine, 30)
    mine.save(with_arrays(300, []))
    assert [np.load(path).size for path in tmp_path.glob("*.npy")] == [30]
    assert (old.sum(), young.sum(), younger.sum()) == (
        45,
        190,
        435,
    )  # deleted, and still mapped


@pytest.mark.parametrize("harm", ["changed", "cut", "gone"])
def test_a_snapshot_whose_file_is_damaged_is_ignored(tmp_path: Path, harm: str) -> None:
    """A file that is missing, shorter or different is noticed, and the snapshot before is used."""
    mine = store(tmp_path)
    mine.save(snapshot(100))
    mine.save(with_arrays(200, kept(mine, 5000)))
    (path,) = tmp_path.glob("*.npy")
    if harm == "gone":
        path.unlink()
    elif harm == "cut":
        os.truncate(path, path.stat().st_size - 8)
    else:
        bent = bytearray(path.read_bytes())
        bent[20_000] ^= 4
        path.write_bytes(bent)
    loaded = store(tmp_path).load(0, {A: 300, B: 5})
    assert loaded is not None
    assert loaded.next_offsets[A] == 100


def test_a_snapshot_contains_an_array_whose_file_was_deleted(tmp_path: Path) -> None:
    """The directory may be emptied at any time: the next snapshot is complete all the same."""
    mine = store(tmp_path)
    arrays = kept(mine, 5000)
    mine.save(with_arrays(100, arrays))
    (path,) = tmp_path.glob("*.npy")
    path.unlink()
    mine.save(with_arrays(200, arrays))
    loaded = store(tmp_path).load(0, {A: 200, B: 5})
    assert loaded is not None
    assert (loaded.arrays["a0"] == np.arange(5000)).all()


def test_an_array_stays_in_memory_when_the_disk_is_full(tmp_path: Path, full_disk: Callable[[], None]) -> None:
    """A full disk stops neither the work nor leaves a file."""
    mine = store(tmp_path)
    full_disk()
    (array,) = kept(mine, 5000)
    assert array.tolist() == list(range(5000))
    assert list(tmp_path.glob("*.npy")) == []
