"""Import files: every event is checked, sealed, encoded and sent, or rejected with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from threading import Event

import structlog

from producers.clock import wall_clock
from producers.encoded_publisher import EncodedPublisher
from producers.files.avro_container import read_avro
from producers.files.csv_rows import read_csv
from producers.files.fields import ACTION_FIELDS, RATING_COLUMNS, STATUS_FIELDS, TOPICS, prepare, topic_of
from producers.files.json_lines import read_json_lines
from producers.files.report import (
    FileCounts,
    FileKind,
    FileReport,
    FileUnusable,
    ImportProgress,
    ParsedLine,
    Rejection,
    fault,
)
from producers.files.sheets import SHEET_COLUMNS, group_by_sheet
from producers.files.source import FileFormat, Source, open_source
from producers.files.unknown_offices import UnknownOffices
from producers.sdk.events import InvalidEvent, encoded_contact_key, encoded_fields
from schemas.contacts.sealing import SealingKeys
from schemas.errors import ConfigurationError, Problem
from schemas.reference.offices import OfficeDirectory, load_offices
from schemas.reference.tax_code import TaxCodeVerdict, check_tax_code
from schemas.topics import Topic

log = structlog.get_logger(__name__)

_PROGRESS_EVERY = 500
_WHICH = (
    "must show its kind by a field: event_id for a status, sheet_id for a rating, action_id for a complaint action; "
    "or give --kind"
)
_RATING_FIELDS = (*SHEET_COLUMNS, "items")


def publish_files(
    paths: Iterable[Path],
    publisher: EncodedPublisher,
    *,
    kind: FileKind = FileKind.AUTO,
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
        paths: JSON Lines, CSV or Avro container files; each may be compressed with gzip.
        publisher: Sends the events.
        kind: Kind of the events.
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
    sizes = _sizes(files)
    stop, done, unknown = stop or Event(), 0, UnknownOffices(offices or load_offices())
    reports: list[FileCounts] = []
    for path in files:
        current = _FileImport(FileCounts(path), publisher, TOPICS.get(kind), sealing_keys, unknown, clock, on_reject)
        for counts, position in current.run(stop):
            if progress is not None:
                events = sum(one.read for one in [*reports, counts])
                progress(ImportProgress(done + position, sum(sizes), events))
        reports.append(current.counts)
        done += path.stat().st_size
        if stop.is_set():
            break
    publisher.flush()
    return FileReport(tuple(reports), stopped=stop.is_set(), unknown_offices=unknown.events)


def _sizes(paths: Sequence[Path]) -> list[int]:
    sizes, problems = [], []
    for path in paths:
        try:
            with path.open("rb"):
                sizes.append(path.stat().st_size)
        except OSError as error:
            problems.append(f"{path} cannot be read: {error.strerror}.")
    if problems:
        raise ConfigurationError(problems)
    return sizes


@dataclass(slots=True)
class _FileImport:
    """The import of one file; arguments as `publish_files`."""

    counts: FileCounts
    publisher: EncodedPublisher
    topic: Topic | None  # None: told by the fields
    sealing_keys: SealingKeys | None
    unknown: UnknownOffices
    clock: Callable[[], int]
    on_reject: Callable[[Rejection], None] | None

    def run(self, stop: Event) -> Iterator[tuple[FileCounts, int]]:
        """Send the events of the file; yields counts and the position on disk from time to time, and at the end."""
        counts, source = self.counts, None
        try:
            source = open_source(counts.path)
            for event in self._events(source):
                self._send_or_reject(event)
                if counts.read % _PROGRESS_EVERY == 0:
                    yield counts, source.raw.tell()
                if stop.is_set():
                    counts.complete = False
                    break
        except FileUnusable as unusable:
            counts.complete = False
            self._reject(unusable.line, unusable.problems)
        position = source.raw.tell() if source else 0
        if source is not None:
            source.close()
        log.info("file_read", read=counts.read, sent=counts.sent, rejected=counts.rejected, complete=counts.complete)
        yield counts, position

    def _events(self, source: Source) -> Iterator[ParsedLine]:
        match source.format:
            case FileFormat.JSON_LINES:
                return read_json_lines(source.content)
            case FileFormat.CSV:
                columns, rows = read_csv(source.content, self._known_names(RATING_COLUMNS))
                self._choose_topic(columns)
                return group_by_sheet(rows) if self.topic is Topic.RATING else rows
            case FileFormat.AVRO:
                names, records = read_avro(source.content, self._known_names(_RATING_FIELDS))
                self._choose_topic(names)
                return records

    def _known_names(self, rating: Sequence[str]) -> Sequence[str]:
        """Names of fields that the file may have."""
        found = {Topic.DECLARATION_STATUS: STATUS_FIELDS, Topic.RATING: rating, Topic.COMPLAINT_ACTION: ACTION_FIELDS}
        return found[self.topic] if self.topic else tuple(dict.fromkeys(chain(*found.values())))

    def _choose_topic(self, names: Sequence[str]) -> None:
        self.topic = self.topic or topic_of(names)
        if self.topic is None:
            raise FileUnusable(1, [fault("file", _WHICH)])

    def _send_or_reject(self, event: ParsedLine) -> None:
        """Send one event, or reject it."""
        self.counts.read += 1
        if event.fields is None:
            self._count_rejected(event.line, event.problems)
            return
        topic = self.topic or topic_of(event.fields)
        if topic is None:
            self._count_rejected(event.line, [fault("line", _WHICH)])
            return
        now = self.clock()
        try:
            record, contact_key = prepare(topic, event.fields, self.sealing_keys, now)
            key, value = encoded_fields(topic, record, now)
        except InvalidEvent as invalid:
            self._count_rejected(event.line, invalid.problems)
            return
        if contact_key is not None:
            self.publisher.publish_encoded(Topic.CONTACT_KEY, *encoded_contact_key(contact_key), now)
        self.publisher.publish_encoded(topic, key, value, now)
        self.counts.sent += 1
        self.unknown.look_at(topic, record)
        tax_code = record.get("tax_code")
        if isinstance(tax_code, str) and check_tax_code(tax_code) is TaxCodeVerdict.BAD_CHECK_DIGIT:
            self.counts.doubtful_tax_codes += 1

    def _count_rejected(self, line: int, problems: Sequence[Problem]) -> None:
        self.counts.rejected += 1
        self._reject(line, problems)

    def _reject(self, line: int, problems: Sequence[Problem]) -> None:
        if self.on_reject is not None:
            for problem in problems:
                self.on_reject(Rejection(self.counts.path, line, problem.field, problem.reason, problem.rule))
