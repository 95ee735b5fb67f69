"""Walking files: every event checked, sealed, encoded and sent, or rejected with its reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Protocol

import structlog

from producers.clock import wall_clock
from producers.files import avro_container, csv_rows, json_lines, sheets
from producers.files.fields import ACTION_FIELDS, RATING_COLUMNS, STATUS_FIELDS, TOPICS, prepared, topic_of
from producers.files.report import FileCounts, FileKind, FileReport, FileUnusable, Parsed, Progress, Rejection, fault
from producers.files.source import Format, Source, open_source
from producers.sdk.events import InvalidEvent, encoded_contact_key, encoded_fields
from schemas.contacts.sealing import SealingKeys
from schemas.errors import ConfigurationError, Problem
from schemas.reference.tax_code import TaxCodeVerdict, check_tax_code
from schemas.topics import Topic

log = structlog.get_logger(__name__)

_PROGRESS_EVERY = 500
_WHICH = (
    "must be told by the fields: event_id for a status, sheet_id for a rating, action_id for a complaint action; "
    "or name the kind"
)
_KINDS = {topic: kind for kind, topic in TOPICS.items()}
_RATING_FIELDS = (*sheets.SHEET_COLUMNS, "items")


class EncodedPublisher(Protocol):
    """Where encoded events go; `producers.sdk.EventPublisher` is one."""

    def publish_encoded(self, topic: Topic, key: bytes, value: bytes, timestamp_ms: int | None = None) -> None:
        """Send one event; may block while the queue is full."""

    def flush(self) -> None:
        """Wait until Kafka has all of them; raises if it does not."""


def publish_files(
    paths: Iterable[Path],
    publisher: EncodedPublisher,
    *,
    kind: FileKind = FileKind.AUTO,
    sealing_keys: SealingKeys | None = None,
    clock: Callable[[], int] = wall_clock,
    progress: Callable[[Progress], None] | None = None,
    on_reject: Callable[[Rejection], None] | None = None,
    stop: Event | None = None,
) -> FileReport:
    """Send the events of files, in order; memory does not grow with their size.

    Nothing of a rejected event is sent. When this returns, Kafka has every event that counts as sent.

    Args:
        paths: JSON Lines, CSV or Avro container files; each may be compressed with gzip.
        publisher: Where to.
        kind: Which events they hold.
        sealing_keys: What contacts in clear are sealed with; None: events with one are rejected.
        clock: The present, epoch milliseconds.
        progress: Called after every few hundred events and at the end of each file.
        on_reject: Called with each fault of each rejected event.
        stop: When set, the reading ends after the event at hand.

    Raises:
        ConfigurationError: Files are missing or cannot be opened: all of them, before anything is sent.
        DeliveryFailed: Kafka did not take everything.
        Unavailable: Kafka is away or too slow.
    """
    files = list(paths)
    sizes = _sizes(files)
    stop, done = stop or Event(), 0
    reports: list[FileCounts] = []
    for path in files:
        walk = _Walk(path, publisher, kind, sealing_keys, clock, on_reject)
        for counts, position in walk.run(stop):
            if progress is not None:
                read, rejected = (sum(getattr(c, name) for c in [*reports, counts]) for name in ("read", "rejected"))
                progress(Progress(path, done + position, sum(sizes), read, rejected))
        reports.append(walk.counts)
        done += path.stat().st_size
        if stop.is_set():
            break
    publisher.flush()
    return FileReport(tuple(reports), stopped=stop.is_set())


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


class _Walk:
    """One file on its way."""

    def __init__(
        self,
        path: Path,
        publisher: EncodedPublisher,
        kind: FileKind,
        sealing_keys: SealingKeys | None,
        clock: Callable[[], int],
        on_reject: Callable[[Rejection], None] | None,
    ) -> None:
        self.counts = FileCounts(path)
        self._publisher = publisher
        self._kind = kind
        self._keys = sealing_keys
        self._clock = clock
        self._on_reject = on_reject

    def run(self, stop: Event) -> Iterator[tuple[FileCounts, int]]:
        """Send the file; yields counts and the position on disk now and then, and at the end."""
        counts, source = self.counts, None
        try:
            source = open_source(counts.path)
            for event in self._events(source):
                self._take(event)
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

    def _events(self, source: Source) -> Iterator[Parsed]:
        match source.format:
            case Format.JSON_LINES:
                return json_lines.read(source.content)
            case Format.CSV:
                table = csv_rows.read(source.content, self._known(RATING_COLUMNS))
                return sheets.grouped(table.rows) if self._settle(table.columns) is Topic.RATING else table.rows
            case Format.AVRO:
                container = avro_container.read(source.content, self._known(_RATING_FIELDS))
                self._settle(container.names)
                return container.records

    def _known(self, rating: Sequence[str]) -> Sequence[str]:
        """Names of fields that may stand in the file."""
        by_kind = {FileKind.STATUS: STATUS_FIELDS, FileKind.RATING: rating, FileKind.ACTION: ACTION_FIELDS}
        return by_kind.get(self._kind, tuple(dict.fromkeys([*STATUS_FIELDS, *rating, *ACTION_FIELDS])))

    def _settle(self, names: Sequence[str]) -> Topic:
        topic = topic_of(self._kind, names)
        if topic is None:
            raise FileUnusable(1, [fault("file", _WHICH)])
        self._kind = _KINDS[topic]
        return topic

    def _take(self, event: Parsed) -> None:
        """Send one event or reject it."""
        self.counts.read += 1
        if event.fields is None:
            self._count_rejected(event.line, event.problems)
            return
        topic = topic_of(self._kind, event.fields)
        if topic is None:
            self._count_rejected(event.line, [fault("line", _WHICH)])
            return
        now = self._clock()
        try:
            ready = prepared(topic, event.fields, self._keys, now)
            key, value = encoded_fields(topic, ready.record, now)
        except InvalidEvent as invalid:
            self._count_rejected(event.line, invalid.problems)
            return
        if ready.contact_key is not None:
            self._publisher.publish_encoded(Topic.CONTACT_KEY, *encoded_contact_key(ready.contact_key), now)
        self._publisher.publish_encoded(topic, key, value, now)
        self.counts.sent += 1
        tax_code = ready.record.get("tax_code")
        if isinstance(tax_code, str) and check_tax_code(tax_code) is TaxCodeVerdict.BAD_CHECK_DIGIT:
            self.counts.doubtful_tax_codes += 1

    def _count_rejected(self, line: int, problems: Sequence[Problem]) -> None:
        self.counts.rejected += 1
        self._reject(line, problems)

    def _reject(self, line: int, problems: Sequence[Problem]) -> None:
        if self._on_reject is not None:
            for problem in problems:
                self._on_reject(Rejection(self.counts.path, line, problem.field, problem.reason, problem.rule))
