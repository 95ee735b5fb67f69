"""Import files: every event is checked, sealed, encoded and sent, or rejected with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Event

from producers.clock import wall_clock
from producers.encoded_publisher import EncodedPublisher
from producers.files.amendment_digits import AmendmentDigits
from producers.files.byte_stream import size_of
from producers.files.fields import TOPICS
from producers.files.file_import import FileImport
from producers.files.report import (
    STANDARD_INPUT,
    FileCounts,
    FileFormat,
    FileKind,
    FileReport,
    ImportProgress,
    Rejection,
)
from producers.files.unknown_offices import UnknownOffices
from schemas.contacts.sealing import SealingKeys
from schemas.errors import ConfigurationError
from schemas.reference.offices import OfficeDirectory, load_offices


def publish_files(
    paths: Iterable[Path],
    publisher: EncodedPublisher,
    *,
    kind: FileKind = FileKind.AUTO,
    file_format: FileFormat = FileFormat.AUTO,
    ignore_unknown: bool = False,
    sealing_keys: SealingKeys | None = None,
    offices: OfficeDirectory | None = None,
    clock: Callable[[], int] = wall_clock,
    progress: Callable[[ImportProgress], None] | None = None,
    on_reject: Callable[[Rejection], None] | None = None,
    stop: Event | None = None,
) -> FileReport:
    """Send the events of files, in order; memory does not grow with their size.

    When this returns, Kafka has every event that counts as sent.

    Args:
        paths: JSON Lines, CSV or Avro container files, pipes, or `STANDARD_INPUT`; each may be compressed with gzip.
        publisher: Sends the events.
        kind: Kind of the events.
        file_format: Format of all files.
        ignore_unknown: Whether columns and fields that no event has are passed over; else they are refused.
        sealing_keys: Keys that unsealed contacts are sealed with; None: events with such a contact are rejected.
        offices: The offices that are known; events with others are sent, and counted. None: those of the package.
        clock: The time now, epoch milliseconds.
        progress: Called after every few hundred events and at the end of each file.
        on_reject: Called with each fault of each rejected event.
        stop: When set, the import ends after the current event.

    Raises:
        ConfigurationError: Files are missing or cannot be opened; names all of them before anything is sent.
        DeliveryFailed: Kafka did not accept everything.
        Unavailable: Kafka is away or too slow.
    """
    files = list(paths)
    sizes = sizes_of(files)
    total = None if None in sizes else sum(size or 0 for size in sizes)
    stop, done = stop or Event(), 0
    reports: list[FileCounts] = []
    digits, unknown = AmendmentDigits(), UnknownOffices(offices or load_offices())
    for path in files:
        counts = FileCounts(path)
        reports.append(counts)
        current = FileImport(
            counts,
            publisher,
            TOPICS.get(kind),
            file_format,
            ignore_unknown,
            sealing_keys,
            clock,
            on_reject,
            digits,
            unknown,
        )
        position = 0
        for position in current.run(stop):
            if progress is not None:
                progress(ImportProgress(done + position, total, sum(one.read for one in reports)))
        done += position
        if stop.is_set():
            break
    publisher.flush()
    return FileReport(
        tuple(reports), stopped=stop.is_set(), unknown_offices=unknown.events, amendment_doubt=digits.doubt()
    )


def sizes_of(paths: Sequence[Path]) -> list[int | None]:
    """Sizes of files in bytes; None for a stream.

    Raises:
        ConfigurationError: Files are missing or cannot be opened; names all of them.
    """
    problems: list[str] = []
    sizes = [size_of(path, problems.append) for path in paths]
    if paths.count(STANDARD_INPUT) > 1:
        problems.append("Standard input (-) is named twice: it can be read only once.")
    if problems:
        raise ConfigurationError(problems)
    return sizes
