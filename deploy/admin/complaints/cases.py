"""Read cases and their history from the topics; ClickHouse is not needed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from operator import attrgetter
from typing import TypeVar

from deploy.admin.complaints.topic_records import read_records
from deploy.errors import Mistake
from schemas.codec.record import WriterSchemas
from schemas.ids import complaint_id as id_of_complaint
from schemas.kafka.connection import KafkaConnection
from schemas.keys import complaint_key, declaration_key
from schemas.records.cases import CaseEventKind, CaseState, ComplaintCase, ComplaintEvent
from schemas.records.complaints import CaseTrack, Complaint, Priority, Track
from schemas.topics import Topic

ENDED = frozenset({CaseState.ANSWERED, CaseState.CLOSED, CaseState.WITHDRAWN, CaseState.MERGED})
"""States in which nobody waits for the office."""

_FOREVER = 1 << 62

R = TypeVar("R", Complaint, ComplaintCase, ComplaintEvent)


def read_cases(connection: KafkaConnection, writer_schemas: WriterSchemas) -> list[ComplaintCase]:
    """The latest version of every case, the most urgent first: open, high priority, more than a signal, due soonest.

    Errors as `read_keyed_records`.
    """
    cases = map(ComplaintCase.from_avro, read_records(connection, Topic.COMPLAINT_CASE, writer_schemas))
    return most_urgent_first(_newest(cases, attrgetter("complaint_id")))


def most_urgent_first(cases: Iterable[ComplaintCase]) -> list[ComplaintCase]:
    """Cases in the order in which they want attention."""
    return sorted(cases, key=_urgency)


def _urgency(case: ComplaintCase) -> tuple[bool, bool, bool, int, int, str]:
    due = _FOREVER if case.next_due_at is None else case.next_due_at
    rank = (case.state in ENDED, case.priority != Priority.HIGH, case.track == CaseTrack.SIGNAL)
    return *rank, due, case.opened_at, case.complaint_id


def read_history(connection: KafkaConnection, writer_schemas: WriterSchemas, complaint_id: str) -> list[ComplaintEvent]:
    """The events of a case in the order of time; errors as `read_cases`."""
    records = read_records(connection, Topic.COMPLAINT_EVENT, writer_schemas, complaint_key(complaint_id))
    newest = _newest(map(ComplaintEvent.from_avro, records), attrgetter("event_id"))
    standing = [event for event in newest if event.kind != CaseEventKind.RETRACTED]
    return sorted(standing, key=attrgetter("occurred_at", "event_id"))


def read_complaint(connection: KafkaConnection, writer_schemas: WriterSchemas, complaint_id: str) -> Complaint:
    """The complaint behind a case; it names the sheet also of a denunciation, whose case does not.

    Errors as `read_cases`; and Mistake: there is no such complaint.
    """
    records = read_records(connection, Topic.COMPLAINT, writer_schemas, complaint_key(complaint_id))
    found = _newest(map(Complaint.from_avro, records), attrgetter("complaint_id"))
    if not found:
        raise Mistake(f"There is no complaint {complaint_id}.")
    (complaint,) = found
    return complaint


def is_protected(case: ComplaintCase, cases: Iterable[ComplaintCase]) -> bool:
    """Whether a case was a denunciation at any time, or is about the sheet of one, such as that of another office."""
    if _was_denunciation(case):
        return True
    if case.declaration_no is None or case.sheet_id is None:
        return False
    declaration = declaration_key(case.declaration_no).decode()
    return any(
        other.complaint_id == id_of_complaint(declaration, case.sheet_id, other.office)
        for other in cases
        if _was_denunciation(other)
    )


def _was_denunciation(case: ComplaintCase) -> bool:
    return Track.DENUNCIATION in (case.track, *(clock.track for clock in case.clocks))


def _newest(records: Iterable[R], id_of: Callable[[R], str]) -> Collection[R]:
    """The newest version of each record."""
    found: dict[str, R] = {}
    for record in records:
        known = found.get(id_of(record))
        if known is None or record.version > known.version:
            found[id_of(record)] = record
    return found.values()


def find_case(cases: Sequence[ComplaintCase], id_prefix: str) -> ComplaintCase:
    """The one case whose id has this prefix.

    Raises:
        Mistake: There is none, or there are several.
    """
    found = [case for case in cases if case.complaint_id.startswith(id_prefix.lower())]
    if not found:
        raise Mistake(f"No case has an id that begins with {id_prefix}; `hailong complaint list --all` shows all ids.")
    if len(found) > 1:
        raise Mistake(f"{len(found)} cases have ids that begin with {id_prefix}: give more characters.")
    return found[0]
