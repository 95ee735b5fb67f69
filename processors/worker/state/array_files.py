"""Large arrays of views in files, mapped into memory: so a long history costs disk and not memory.

A file is numpy's `.npy`, written once and never changed. Snapshots name the files that they need, with their checksums
(`processors.worker.state.snapshot_store`); what no snapshot names is worthless after a restart.
"""

from __future__ import annotations

import mmap
import os
import zlib
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import numpy.typing as npt
import structlog

from processors.worker import metrics

_log = structlog.get_logger(__name__)

SUFFIX = ".npy"
_CHUNK = 1 << 20

Array = npt.NDArray[Any]


class ArrayFiles:
    """The array files of one stage in a directory. Used from several threads, by one for each array.

    `tag` tells the files of one log and program from those of others.
    """

    def __init__(self, directory: Path, stage: str, tag: str) -> None:
        self._directory = directory
        self._stage = stage
        self._tag = tag
        self._checksums: dict[str, int] = {}

    def keep(self, partition: int, array: Array) -> Array:
        """The same array, mapped from a new file; the array itself if it is mapped already, or cannot be written."""
        if file_of(array) is not None:
            return array
        path = self._directory / f"{self._stage}-{partition}-{self._tag}-{uuid4().hex}{SUFFIX}"
        try:
            # Readable by the owner alone: it holds declarations and tax codes.
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                np.save(file, array, allow_pickle=False)
            return _mapped(path)
        except OSError as error:
            # A full disk must not stop the work: the array stays in memory.
            path.unlink(missing_ok=True)
            metrics.SNAPSHOT_FAILURES.labels(self._stage).inc()
            _log.warning("array_not_stored", stage=self._stage, partition=partition, error=error.strerror)
            return array

    def sync(self, path: Path) -> int | None:
        """Make a file survive a power cut; return its checksum, or None if it is not there any more.

        An operator, or another worker that took the partition over, may have deleted it.

        Raises:
            OSError: It could not be written.
        """
        if not path.exists():
            return None
        if path.name not in self._checksums:
            with path.open("rb") as file:
                os.fsync(file.fileno())
            self._checksums[path.name] = _checksum(path)
        return self._checksums[path.name]

    def open(self, name: str, checksum: int) -> Array:
        """The array of a file.

        Raises:
            OSError: It cannot be read.
            ValueError: It is not what was written.
        """
        path = self._directory / name
        if path.parent != self._directory or path.suffix != SUFFIX or _checksum(path) != checksum:
            raise ValueError(f"{name} is damaged")
        self._checksums[name] = checksum
        return _mapped(path)

    def delete(self, path: Path) -> None:
        """Delete a file; views that map it keep it until they end."""
        path.unlink(missing_ok=True)
        self._checksums.pop(path.name, None)


def file_of(array: Array) -> Path | None:
    """The file that an array is the whole content of; None for any other array."""
    base = array.base
    if isinstance(base, np.memmap) and base.filename is not None and base.nbytes == array.nbytes:
        return Path(base.filename)
    return None


def release_pages(array: Array) -> None:
    """Give the memory of a mapped array back: the system reads a page again when it is needed."""
    base = array.base
    if isinstance(base, np.memmap):
        mapping: mmap.mmap = base._mmap  # type: ignore[attr-defined]  # noqa: SLF001 - numpy has no other way to advise
        mapping.madvise(mmap.MADV_DONTNEED)


def _mapped(path: Path) -> Array:
    # Copy on write: kernels are compiled for arrays that may be written, and nobody writes.
    return np.asarray(np.load(path, mmap_mode="c", allow_pickle=False))


def _checksum(path: Path) -> int:
    """CRC-32 of a file. It is read and not mapped: so its pages do not count as memory of ours."""
    checksum = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            checksum = zlib.crc32(chunk, checksum)
    return checksum
