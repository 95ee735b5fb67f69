"""Open files: detect format and compression, and know how far they are read."""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any, cast

from producers.files.report import FileUnusable, fault

_GZIP, _AVRO = b"\x1f\x8b", b"Obj\x01"
_BUFFER = 1 << 18


class FileFormat(Enum):
    """Formats of files."""

    JSON_LINES = auto()
    CSV = auto()
    AVRO = auto()


_SUFFIXES = {
    ".jsonl": FileFormat.JSON_LINES,
    ".ndjson": FileFormat.JSON_LINES,
    ".json": FileFormat.JSON_LINES,
    ".csv": FileFormat.CSV,
    ".tsv": FileFormat.CSV,
    ".avro": FileFormat.AVRO,
}


@dataclass(frozen=True, slots=True)
class Source:
    """An open file."""

    raw: io.BufferedReader[Any]  # the file as stored on disk; its position is the progress
    content: io.BufferedReader[Any]  # its decompressed content
    format: FileFormat

    def close(self) -> None:
        """Close it."""
        self.content.close()
        self.raw.close()


def open_source(path: Path) -> Source:
    """Open a file for reading.

    The format follows from the suffix (before `.gz`), or else from the first bytes.

    Raises:
        FileUnusable: It cannot be opened, or is damaged gzip.
    """
    try:
        raw = io.BufferedReader(path.open("rb", buffering=0), _BUFFER)
    except OSError as error:
        raise FileUnusable(1, [fault("file", f"cannot be read: {error.strerror}")]) from None
    try:
        compressed = raw.peek(2)[:2] == _GZIP
        unpacked = cast("io.RawIOBase", gzip.GzipFile(fileobj=raw))
        content: io.BufferedReader[Any] = io.BufferedReader(unpacked, _BUFFER) if compressed else raw
        start = content.peek(64)[:64]
    except (OSError, EOFError, zlib.error):
        raw.close()
        raise FileUnusable(1, [fault("file", "cannot be read: damaged gzip or disk")]) from None
    return Source(raw, content, _format(path, start))


def _format(path: Path, start: bytes) -> FileFormat:
    if start.startswith(_AVRO):
        return FileFormat.AVRO
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    known = _SUFFIXES.get(suffixes[-1]) if suffixes else None
    if known is not None:
        return known
    return FileFormat.JSON_LINES if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") else FileFormat.CSV
