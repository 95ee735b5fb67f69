"""The import of one file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Event

import structlog

from producers.encoded_publisher import EncodedPublisher
from producers.files.amendment_digits import AmendmentDigits
from producers.files.avro_container import open_avro
from producers.files.csv_rows import open_csv
from producers.files.fields import prepare
from producers.files.json_lines import read_json_lines
from producers.files.likely_causes import with_likely_cause
from producers.files.names import WHICH_KIND, kept_names, names_of, normal, said, topic_of
from producers.files.report import (
    MAX_NAMES,
    FileCounts,
    FileFormat,
    FileUnusable,
    ParsedLine,
    Rejection,
    fault,
)
from producers.files.sheets import ITEM_COLUMNS, group_by_sheet
from producers.files.source import Source, open_source
from producers.files.unknown_offices import UnknownOffices
from producers.sdk.events import InvalidEvent, encoded_contact_key, encoded_fields
from schemas.contacts.sealing import SealingKeys
from schemas.errors import Problem
from schemas.reference.tax_code import TaxCodeVerdict, check_tax_code
from schemas.topics import Topic

log = structlog.get_logger(__name__)

_PROGRESS_EVERY = 500


@dataclass(slots=True)
class FileImport:
    """The import of one file; arguments as `publish_files`."""

    counts: FileCounts
    publisher: EncodedPublisher
    topic: Topic | None  # None: told by the fields
    file_format: FileFormat
    ignore_unknown: bool
    sealing_keys: SealingKeys | None
    clock: Callable[[], int]
    on_reject: Callable[[Rejection], None] | None
    digits: AmendmentDigits
    unknown: UnknownOffices

    def run(self, stop: Event) -> Iterator[int]:
        """Send the events of the file; yields the position in it from time to time, and at the end."""
        counts, source, due = self.counts, None, _PROGRESS_EVERY
        try:
            source = open_source(counts.path, stop, self.file_format)
            for event in self._events(source):
                if stop.is_set():  # a pipe ended because of that: its last event may be cut
                    break
                self._send_or_reject(event)
                if counts.read >= due:
                    due = counts.read + _PROGRESS_EVERY
                    yield source.stream.position
        except FileUnusable as unusable:
            counts.complete = False
            if not stop.is_set():
                counts.last_line = unusable.line
                self._reject(unusable.line, unusable.problems)
        finally:
            if source is not None:
                source.close()
        counts.complete = counts.complete and not stop.is_set()
        log.info("file_read", read=counts.read, sent=counts.sent, rejected=counts.rejected, complete=counts.complete)
        yield source.stream.position if source else 0

    def _events(self, source: Source) -> Iterator[ParsedLine]:
        if source.format is FileFormat.CSV:
            table = open_csv(source.content)
            rows = table.rows(self._kept(table.columns, FileFormat.CSV))
            return group_by_sheet(rows) if self.topic is Topic.RATING else rows
        if source.format is FileFormat.AVRO:
            container = open_avro(source.content)
            return container.records(self._kept(container.names, FileFormat.AVRO))
        lines = read_json_lines(source.content, source.start)
        return map(self._without_unknown, lines) if self.ignore_unknown else lines

    def _kept(self, names: Sequence[str], form: FileFormat) -> Sequence[str | None]:
        self.topic, kept = kept_names(names, self.topic, form, ignore_unknown=self.ignore_unknown)
        self._note_ignored([said(name) for name, use in zip(names, kept, strict=True) if use is None])
        return kept

    def _without_unknown(self, event: ParsedLine) -> ParsedLine:
        """A JSON object without the fields that no event of its kind has."""
        topic = None if event.fields is None else self.topic or topic_of(event.fields)
        if event.fields is None or topic is None:
            return event
        fields = self._known(event.fields, names_of(topic, FileFormat.JSONL).known)
        items = fields.get("items")
        if isinstance(items, list):
            fields["items"] = [self._known(item, ITEM_COLUMNS) if isinstance(item, dict) else item for item in items]
        return ParsedLine(event.line, fields)

    def _known(self, fields: Mapping[str, object], known: Sequence[str]) -> dict[str, object]:
        """Without unknown fields; one whose name is only written differently is kept, so that the rules refuse it."""
        kept = {name: value for name, value in fields.items() if name in known or normal(name) in known}
        if len(kept) < len(fields):
            # A name is shown only if it looks like one: in JSON from outside it might be somebody's.
            self._note_ignored([said(name if name.isidentifier() else "") for name in fields if name not in kept])
        return kept

    def _note_ignored(self, names: Sequence[str]) -> None:
        room = MAX_NAMES - len(self.counts.ignored)
        self.counts.ignored.update(names[:room])

    def _send_or_reject(self, event: ParsedLine) -> None:
        """Send one event, or reject it."""
        self.counts.read += event.events
        self.counts.last_line = event.line
        if event.fields is None:
            self._count_rejected(event, event.problems)
            return
        topic = self.topic or topic_of(event.fields)
        if topic is None:
            self._count_rejected(event, [fault("line", WHICH_KIND)])
            return
        now = self.clock()
        try:
            record, contact_key = prepare(topic, event.fields, self.sealing_keys, now)
            key, value = encoded_fields(topic, record, now)
        except InvalidEvent as invalid:
            problems, known = invalid.problems[:MAX_NAMES], names_of(topic, FileFormat.JSONL).known
            self._count_rejected(event, [with_likely_cause(problem, event.fields, known) for problem in problems])
            return
        if contact_key is not None:
            self.publisher.publish_encoded(Topic.CONTACT_KEY, *encoded_contact_key(contact_key), now)
        self.publisher.publish_encoded(topic, key, value, now)
        self.counts.sent += 1
        self.digits.note(record, self.counts.path, event.line)
        self.unknown.look_at(topic, record)
        tax_code = record.get("tax_code")
        if isinstance(tax_code, str) and check_tax_code(tax_code) is TaxCodeVerdict.BAD_CHECK_DIGIT:
            self.counts.doubtful_tax_codes += 1

    def _count_rejected(self, event: ParsedLine, problems: Sequence[Problem]) -> None:
        self.counts.rejected += event.events
        self._reject(event.line, problems)

    def _reject(self, line: int, problems: Sequence[Problem]) -> None:
        if self.on_reject is not None:
            for problem in problems[:MAX_NAMES]:
                self.on_reject(Rejection(self.counts.path, line, problem.field, problem.reason, problem.rule))
