"""Open files: detect format and compression, and know how far they are read."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from producers.files.avro_blocks import MAGIC
from producers.files.byte_stream import ByteStream
from producers.files.foreign_formats import refuse_foreign
from producers.files.gzip_stream import GzipStream
from producers.files.names import says_csv
from producers.files.report import FileFormat, FileUnusable, fault

_GZIP, _MARK = b"\x1f\x8b", b"\xef\xbb\xbf"
_BUFFER = 1 << 18

_SUFFIXES = {
    ".jsonl": FileFormat.JSONL,
    ".ndjson": FileFormat.JSONL,
    ".json": FileFormat.JSONL,
    ".csv": FileFormat.CSV,
    ".tsv": FileFormat.CSV,
    ".avro": FileFormat.AVRO,
}


@dataclass(frozen=True, slots=True)
class Source:
    """An open file."""

    stream: ByteStream  # as it is stored; its position is the progress
    content: io.BufferedReader[Any]  # its decompressed content
    format: FileFormat  # not AUTO
    start: bytes  # the first bytes of the content

    def close(self) -> None:
        """Close it."""
        self.content.close()
        self.stream.close()


def open_source(path: Path, stop: Event, wanted: FileFormat = FileFormat.AUTO) -> Source:
    """Open a file for reading.

    The format follows from the first bytes, or else from the suffix (before `.gz`).

    Args:
        path: The file, or `STANDARD_INPUT`.
        stop: When set, a pipe ends.
        wanted: Its format, if that is known.

    Raises:
        FileUnusable: It cannot be opened, is damaged gzip, is empty, or is nothing that can be read here.
    """
    try:
        stream = ByteStream(path, stop)
    except OSError as error:
        raise FileUnusable(1, [fault("file", f"cannot be read: {error.strerror}")]) from None
    try:
        start = stream.read_start()
        content: io.BufferedReader[Any] = io.BufferedReader(stream, _BUFFER)
        if start.startswith(_GZIP):
            unpacked = GzipStream(content)
            start = unpacked.read_start()
            content = io.BufferedReader(unpacked, _BUFFER)
        if not start.startswith(MAGIC):
            refuse_foreign(start)
        return Source(stream, content, _format(path, start, wanted), start)
    except (OSError, EOFError, zlib.error):
        stream.close()
        rule = "cannot be read: it is damaged or cut gzip, or the disk fails; copy or export it again"
        raise FileUnusable(1, [fault("file", rule)]) from None
    except FileUnusable:
        stream.close()
        raise


def _format(path: Path, start: bytes, wanted: FileFormat) -> FileFormat:
    expected = _found(path, start) if wanted is FileFormat.AUTO else wanted
    is_avro = start.startswith(MAGIC)
    if is_avro and expected is not FileFormat.AVRO:
        raise FileUnusable(1, [fault("file", "is an Avro container file: leave out --format, or give --format avro")])
    if expected is FileFormat.AVRO and not is_avro:
        rule = "is no Avro container file, which begins with the bytes Obj and 1: export it again, or give its --format"
        raise FileUnusable(1, [fault("file", rule)])
    return expected


def _found(path: Path, start: bytes) -> FileFormat:
    if start.startswith(MAGIC):
        return FileFormat.AVRO
    text = start.removeprefix(_MARK).lstrip()
    if text.startswith((b"{", b"[")):
        return FileFormat.JSONL
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    named = _SUFFIXES.get(suffixes[-1], FileFormat.CSV) if suffixes else FileFormat.CSV
    return FileFormat.CSV if named is FileFormat.JSONL and says_csv(text) else named
