"""Snapshots of views on disk: how a rebuild begins near its end instead of at the start of the log.

A snapshot is what a rebuild had come to at some offsets, and nothing more: it may be deleted at any time, and one that
cannot be trusted is ignored. It is trusted when all of this holds:

==============  ====================================================================================================
it is           shown by
==============  ====================================================================================================
whole           the archive's directory, which is written last, and the CRC-32 of every array in it
of this log     the identity (cluster and topic id) of every input topic
of this form    the stage's image format and the version of hailong
not ahead       its offsets are at or below what the group committed: the outputs of all it knows are in Kafka
==============  ====================================================================================================

The offsets that a worker commits follow its snapshots by a moment. So the two newest are kept: after a crash in that
moment the newest is ahead, and the one before it serves.

The directory may be shared by the workers of a host or a volume; then a worker that takes over a partition begins at
the snapshot of the one that died. Files appear under their names whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import structlog

from processors.domain.snapshot_arrays import StateSnapshot
from processors.stages.stage import ImagedStage
from processors.worker import metrics
from schemas.errors import ConfigurationError
from schemas.topics import Topic

_log = structlog.get_logger(__name__)

FORMAT = 1
"""Of the archive itself."""

_KEPT = 2
_ABANDONED_S = 3600.0
_HEADER = "header"
_AHEAD = "ahead"


class UnusableSnapshot(Exception):
    """A snapshot is not what it should be.

    Args:
        reason: `torn`, `foreign` or `ahead`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a view was at some moment.

    Attributes:
        partition: Which.
        next: For each input topic the offset after the last record it knows.
        records: How many records were absorbed for it.
        image: The state.
    """

    partition: int
    next: Mapping[Topic, int]
    records: int
    image: StateSnapshot


class SnapshotStore:
    """The snapshots of one stage in a directory. `load` and `save` may be called from different threads.

    Args:
        directory: Where; made if missing.
        stage: The stage.
        identities: Identity of the log of each input topic.

    Raises:
        ConfigurationError: The directory cannot be written.
    """

    def __init__(self, directory: Path, stage: ImagedStage, identities: Mapping[Topic, str]) -> None:
        self._directory = directory
        self._stage = stage
        self._identity: Mapping[str, Any] = {
            "format": FORMAT,
            "hailong": version("hailong"),
            "stage": stage.name,
            "image_format": stage.image_format,
            "logs": {topic.subject: identity for topic, identity in sorted(identities.items(), key=_subject)},
        }
        # In the name too: so that snapshots of another log or program never push out those that can be used.
        self._tag = hashlib.blake2s(json.dumps(self._identity).encode(), digest_size=6).hexdigest()
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError([f"snapshots cannot be kept in {directory}: {error.strerror}"]) from error

    def load(self, partition: int, bounds: Mapping[Topic, int]) -> Snapshot | None:
        """The newest snapshot that can be trusted and is not ahead of the bounds; None if there is none.

        One that is ahead is deleted: when the bounds have passed it, the log may hold other records up to there than it
        knows, after a power cut that Kafka's end of the log did not survive.
        """
        for path in self._newest_first(partition):
            try:
                return self._read(path, partition, bounds)
            except UnusableSnapshot as unusable:
                metrics.SNAPSHOTS_IGNORED.labels(self._stage.name, unusable.reason).inc()
                _log.warning("snapshot_ignored", file=path.name, reason=unusable.reason)
                if unusable.reason == _AHEAD:
                    path.unlink(missing_ok=True)
            except FileNotFoundError:
                continue  # another worker has newer ones and dropped it
        return None

    def _read(self, path: Path, partition: int, bounds: Mapping[Topic, int]) -> Snapshot:
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                header = json.loads(archive[_HEADER].tobytes())
                following = self._checked(header, partition, bounds)
                image = {name: archive[name] for name in archive.files if name != _HEADER}
        except FileNotFoundError:
            raise
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, KeyError) as error:
            raise UnusableSnapshot("torn") from error
        return Snapshot(partition, following, header["records"], image)

    def _checked(self, header: Mapping[str, Any], partition: int, bounds: Mapping[Topic, int]) -> Mapping[Topic, int]:
        if header["identity"] != self._identity or header["partition"] != partition:
            raise UnusableSnapshot("foreign")
        following = {topic: header["next"][topic.subject] for topic in self._stage.inputs}
        if any(offset > bounds.get(topic, 0) for topic, offset in following.items()):
            raise UnusableSnapshot(_AHEAD)
        return following

    def save(self, snapshot: Snapshot) -> None:
        """Put a snapshot down; when this returns it survives a power cut.

        Raises:
            OSError: It could not be written; what was there before is untouched.
        """
        started = time.monotonic()
        path = self._directory / self._name(snapshot)
        draft = self._directory / f"{path.name}.{uuid4().hex}.draft"
        try:
            self.write(draft, snapshot)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        _sync(self._directory)
        self._prune(snapshot.partition, path)
        metrics.SNAPSHOTS_SAVED.labels(self._stage.name).inc()
        metrics.SNAPSHOT_BYTES.labels(self._stage.name, snapshot.partition).set(path.stat().st_size)
        metrics.SNAPSHOT_SECONDS.labels(self._stage.name).observe(time.monotonic() - started)

    def write(self, draft: Path, snapshot: Snapshot) -> None:
        """Write the archive and wait until the disk has it; a crash in here leaves a draft, which nobody reads."""
        header = {
            "identity": self._identity,
            "partition": snapshot.partition,
            "next": {topic.subject: offset for topic, offset in snapshot.next.items()},
            "records": snapshot.records,
        }
        arrays = {_HEADER: np.frombuffer(json.dumps(header).encode(), np.uint8), **snapshot.image}
        # Only for us: declarations and tax codes are not for every user of the host.
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # mypy takes the arrays for `allow_pickle`
            file.flush()
            os.fsync(file.fileno())

    def _name(self, snapshot: Snapshot) -> str:
        position = sum(snapshot.next.values())
        return f"{self._stage.name}-{snapshot.partition}-{self._tag}-{position:020d}.npz"

    def _newest_first(self, partition: int) -> Iterator[Path]:
        yield from sorted(self._directory.glob(f"{self._stage.name}-{partition}-{self._tag}-*.npz"), reverse=True)

    def _prune(self, partition: int, made: Path) -> None:
        """Delete all but the newest of this partition, those of other logs and programs, and drafts left by crashes."""
        kept = {made, *list(self._newest_first(partition))[:_KEPT]}
        abandoned = time.time() - _ABANDONED_S
        for path in self._directory.glob(f"{self._stage.name}-{partition}-*"):
            with suppress(FileNotFoundError):  # another worker was quicker
                if path not in kept and (path.suffix == ".npz" or path.stat().st_mtime < abandoned):
                    path.unlink()


def _subject(entry: tuple[Topic, str]) -> str:
    return entry[0].subject


def _sync(directory: Path) -> None:
    """Make the new name itself survive a power cut."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
