"""Snapshots of views on disk, so that restoring a view starts near its end instead of at the start of the log.

A snapshot is a view as of certain offsets, and nothing more: it may be deleted at any time, and is ignored if it cannot
be trusted. It is trusted when all of this holds:

==============  ====================================================================================================
it is           shown by
==============  ====================================================================================================
complete        the archive's directory, which is written last, and the CRC-32 of every array in it; large arrays
                that lie in files of their own (`array_files`) are named with their CRC-32
of this log     the identity (cluster and topic id) of every input topic
of this format  the stage's snapshot format and the version of hailong
not ahead       its offsets are at or below the committed ones: the outputs of all its records are in Kafka
==============  ====================================================================================================

Offsets are committed a moment after a snapshot is taken. So the two newest are kept: after a crash in that moment the
newest is ahead, and the one before it is used.

The workers of a host or a volume may share the directory; then a worker that takes over a partition starts at the
snapshot of the worker that died. A file appears under its final name complete or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import structlog

from processors.domain.snapshot_arrays import KeepsArrays, StateSnapshot
from processors.stages.stage import RestorableStage
from processors.worker import metrics
from processors.worker.state.array_files import SUFFIX, ArrayFiles, file_of, release_pages
from schemas.errors import ConfigurationError
from schemas.topics import Topic

_log = structlog.get_logger(__name__)

FORMAT = 2
"""Format of the archive itself."""

_KEPT = 2
_ABANDONED_S = 3600.0
_HEADER = "header"
_AHEAD = "ahead"
_CLOCK_S = 1.0
"""A file may look this much older than it is: file systems round their times."""


class UnusableSnapshot(Exception):
    """A snapshot cannot be trusted; the reason is `torn`, `foreign` or `ahead`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A view as of certain offsets.

    Attributes:
        partition: Partition number.
        next_offsets: For each input topic the offset after the last record it contains.
        records: Number of records absorbed for it.
        arrays: The state.
        taken_at: When it was taken, seconds since 1970.
    """

    partition: int
    next_offsets: Mapping[Topic, int]
    records: int
    arrays: StateSnapshot
    taken_at: float = field(default_factory=time.time)


class SnapshotStore:
    """The snapshots of one stage in a directory, which is created if missing. Used from several threads.

    Raises:
        ConfigurationError: The directory cannot be created.
    """

    def __init__(self, directory: Path, stage: RestorableStage, identities: Mapping[Topic, str]) -> None:
        self._directory = directory
        self._stage = stage
        self._identity: Mapping[str, Any] = {
            "format": FORMAT,
            "hailong": version("hailong"),
            "stage": stage.name,
            "image_format": stage.snapshot_format,  # the key in files written before
            "logs": dict(sorted((topic.subject, identity) for topic, identity in identities.items())),
        }
        # Also part of the file name, so that snapshots of another log or program never displace usable ones.
        self._tag = hashlib.blake2s(json.dumps(self._identity).encode(), digest_size=6).hexdigest()
        self._files = ArrayFiles(directory, stage.name, self._tag)
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError([f"snapshots cannot be kept in {directory}: {error.strerror}"]) from error

    def keeper(self, partition: int) -> KeepsArrays:
        """Moves large arrays of the view of a partition to files, where snapshots find them."""
        return partial(self._files.keep, partition)

    def load(self, partition: int, done_offsets: Mapping[Topic, int]) -> Snapshot | None:
        """The newest snapshot that can be trusted and is not ahead of the done offsets; None if there is none.

        A snapshot that is ahead is deleted. If it were kept until the done offsets pass it, it could contain other
        records than the log: Kafka may have lost the end of its log in a power cut.
        """
        for path in self._newest_first(partition):
            try:
                return self._read(path, partition, done_offsets)
            except UnusableSnapshot as unusable:
                metrics.SNAPSHOTS_IGNORED.labels(self._stage.name, unusable.reason).inc()
                _log.warning("snapshot_ignored", file=path.name, reason=unusable.reason)
                if unusable.reason == _AHEAD:
                    path.unlink(missing_ok=True)
            except FileNotFoundError:
                continue  # another worker has newer ones and deleted it
        return None

    def _read(self, path: Path, partition: int, done_offsets: Mapping[Topic, int]) -> Snapshot:
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                header = json.loads(archive[_HEADER].tobytes())
                next_offsets = self._check_header(header, partition, done_offsets)
                arrays = {name: archive[name] for name in archive.files if name != _HEADER}
            arrays |= {name: self._files.open(*stored) for name, stored in header["files"].items()}
        except FileNotFoundError:
            if path.exists():
                raise UnusableSnapshot("torn") from None
            raise
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, KeyError, TypeError) as error:
            raise UnusableSnapshot("torn") from error
        return Snapshot(partition, next_offsets, header["records"], arrays)

    def _check_header(
        self, header: Mapping[str, Any], partition: int, done_offsets: Mapping[Topic, int]
    ) -> Mapping[Topic, int]:
        """The offsets of a snapshot that is of this log and format, and not ahead."""
        if header["identity"] != self._identity or header["partition"] != partition:
            raise UnusableSnapshot("foreign")
        next_offsets = {topic: header["next"][topic.subject] for topic in self._stage.inputs}
        if any(offset > done_offsets.get(topic, 0) for topic, offset in next_offsets.items()):
            raise UnusableSnapshot(_AHEAD)
        return next_offsets

    def save(self, snapshot: Snapshot) -> None:
        """Save a snapshot; when this returns, it survives a power cut.

        Raises:
            OSError: It could not be written; earlier snapshots are untouched.
        """
        started = time.monotonic()
        position = sum(snapshot.next_offsets.values())
        path = self._directory / f"{self._stage.name}-{snapshot.partition}-{self._tag}-{position:020d}.npz"
        draft = self._directory / f"{path.name}.{uuid4().hex}.draft"
        try:
            self.write(draft, snapshot)
            draft.replace(path)  # atomic: a reader sees the whole file or none
        finally:
            draft.unlink(missing_ok=True)
        _sync_directory(self._directory)
        self._prune(path, snapshot)
        metrics.SNAPSHOTS_SAVED.labels(self._stage.name).inc()
        metrics.SNAPSHOT_BYTES.labels(self._stage.name, snapshot.partition).set(path.stat().st_size)
        metrics.SNAPSHOT_SECONDS.labels(self._stage.name).observe(time.monotonic() - started)

    def write(self, draft: Path, snapshot: Snapshot) -> None:
        """Write the archive and wait until it is on disk; a crash in here leaves a draft, which is never read."""
        files = {
            name: (path.name, checksum)
            for name, array in snapshot.arrays.items()
            if (path := file_of(array)) is not None and (checksum := self._files.sync(path)) is not None
        }
        header = {
            "identity": self._identity,
            "partition": snapshot.partition,
            "next": {topic.subject: offset for topic, offset in snapshot.next_offsets.items()},
            "records": snapshot.records,
            "files": files,
        }
        inside = {name: array for name, array in snapshot.arrays.items() if name not in files}
        arrays = {_HEADER: np.frombuffer(json.dumps(header).encode(), np.uint8), **inside}
        # Readable by the owner alone: it holds declarations and tax codes.
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # mypy takes the arrays for `allow_pickle`
            file.flush()
            os.fsync(file.fileno())
        for name in files:
            release_pages(snapshot.arrays[name])

    def _newest_first(self, partition: int) -> list[Path]:
        return sorted(self._directory.glob(f"{self._stage.name}-{partition}-{self._tag}-*.npz"), reverse=True)

    def _prune(self, saved: Path, snapshot: Snapshot) -> None:
        """Delete what is of no use any more.

        Kept are the newest snapshots of this partition with the files they name, and files that are younger than the
        snapshot: the view may hold them. Snapshots of other logs and programs go, and drafts left by crashes.
        """
        kept = {saved, *self._newest_first(snapshot.partition)[:_KEPT]}
        named = {name for path in kept for name in _files_of(path)}
        abandoned = time.time() - _ABANDONED_S
        for path in self._directory.glob(f"{self._stage.name}-{snapshot.partition}-*"):
            with suppress(FileNotFoundError):  # another worker deleted it first
                if path.suffix == SUFFIX:
                    if path.name not in named and path.stat().st_mtime < snapshot.taken_at - _CLOCK_S:
                        self._files.delete(path)
                elif path not in kept and (path.suffix == ".npz" or path.stat().st_mtime < abandoned):
                    path.unlink()


def _files_of(path: Path) -> Iterable[str]:
    """The array files that a snapshot names; none if it cannot be read, for then it cannot be used."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return [name for name, _checksum in json.loads(archive[_HEADER].tobytes())["files"].values()]
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, KeyError, TypeError):
        return ()


def _sync_directory(directory: Path) -> None:
    """Make the new file name itself survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
