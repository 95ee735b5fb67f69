"""The rating sheet behind a case, as its enterprise sent it.

The comment exists in topic `rating` alone. Its record is read at the place that ClickHouse names, and is believed only
if it is that sheet: a topic may have been created again, and Kafka deletes what is old.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from confluent_kafka import Message

from deploy.admin.complaints.sheet_places import places_of
from schemas.codec.record import WriterSchemas, decoder
from schemas.errors import HailongError, PoisonRecord
from schemas.kafka.connection import KafkaConnection
from schemas.kafka.records_at import read_records_at
from schemas.kafka.topic_metadata import describe_topics
from schemas.keys import declaration_key
from schemas.records.complaints import Complaint
from schemas.records.events import Rating
from schemas.topics import Topic
from sinks.clickhouse.connection import ClickHouseConnection

MOST_EARLIER = 10
"""Of a sheet that was sent more often, only so many earlier revisions are read."""

_TIMEOUT_S = 15.0


class SheetNotFound(HailongError):
    """The record of a sheet is not where it was, or is not known yet; the message never quotes it."""


@dataclass(frozen=True, slots=True)
class CaseSheet:
    """A sheet as it stands now.

    Attributes:
        newest: Its newest revision, without comment and contact.
        comment: What it says in words; hidden in `repr`.
        has_contact: Whether it gives a sealed contact.
        earlier: Earlier revisions, the newest first, likewise without comment and contact.
        not_read: How many other revisions ClickHouse knows.
    """

    newest: Rating
    comment: str | None = field(repr=False)
    has_contact: bool
    earlier: Sequence[Rating] = ()
    not_read: int = 0


def read_sheet(
    connection: KafkaConnection,
    writer_schemas: WriterSchemas,
    clickhouse: ClickHouseConnection,
    complaint: Complaint,
) -> CaseSheet:
    """The sheet of a complaint.

    What a revision removed is not shown, as with contacts: the comment is that of the newest revision.

    Raises:
        SheetNotFound: ClickHouse does not know the sheet, or Kafka does not hold its newest revision where it was.
        SystemFault: A right, a topic or a table is missing.
        Unavailable: A server does not answer.
        OutcomeUnknown: The connection to ClickHouse broke before its answer.
    """
    known = places_of(clickhouse, complaint)
    if not known:
        raise SheetNotFound(
            "ClickHouse does not know the sheet of this case. Check that a sink runs and has read everything "
            "(`hailong audit`); retention may also have dropped it."
        )
    facts = describe_topics(connection, [Topic.RATING], _TIMEOUT_S)[Topic.RATING]
    newest, *earlier = known
    if newest.log != facts.identity:
        raise SheetNotFound(
            f"The sheet came from another log than the {facts.name} of today: the topic was created again since, or "
            "this is another cluster. What the sheet says in words cannot be read here."
        )
    wanted = [one for one in known[: 1 + MOST_EARLIER] if one.log == facts.identity]
    messages = read_records_at(connection, Topic.RATING, [one.place for one in wanted])
    where = f"{facts.name}, partition {newest.place[0]}, offset {newest.place[1]}"
    if newest.place not in messages:
        raise SheetNotFound(
            f"Kafka no longer holds the record of this sheet ({where}): records of that age are deleted."
        )
    decode = decoder(Topic.RATING.subject, writer_schemas)

    def rating_at(message: Message, revision: int) -> Rating | None:
        try:
            found = Rating.from_avro(decode(message.value()))
        except PoisonRecord:
            return None
        key = declaration_key(complaint.declaration_no)
        same = (message.key(), declaration_key(found.declaration_no), found.sheet_id, found.revision)
        return found if same == (key, key, complaint.sheet_id, revision) else None

    sheet = rating_at(messages[newest.place], newest.revision)
    if sheet is None:
        raise SheetNotFound(
            f"The record at {where} is not the sheet of this case, so nothing of it is shown. Check that the settings "
            "of Kafka and ClickHouse belong to one deployment."
        )
    read = [rating_at(messages[one.place], one.revision) for one in wanted[1:] if one.place in messages]
    before = tuple(_without_people(one for one in read if one is not None))
    (shown,) = _without_people([sheet])
    return CaseSheet(shown, sheet.comment, sheet.contact is not None, before, len(earlier) - len(before))


def _without_people(ratings: Iterable[Rating]) -> Iterable[Rating]:
    return (replace(one, comment=None, contact=None) for one in ratings)
