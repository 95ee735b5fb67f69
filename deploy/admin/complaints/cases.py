"""Read cases and their history from the topics; ClickHouse is not needed."""

from __future__ import annotations

from collections.abc import Sequence

from deploy.admin.complaints.topic_records import read_records
from deploy.errors import Mistake
from schemas.codec.record import WriterSchemas
from schemas.kafka.connection import KafkaConnection
from schemas.keys import complaint_key
from schemas.records.cases import CaseEventKind, CaseState, ComplaintCase, ComplaintEvent
from schemas.records.complaints import Priority
from schemas.topics import Topic

ENDED = frozenset({CaseState.ANSWERED, CaseState.CLOSED, CaseState.WITHDRAWN, CaseState.MERGED})
"""States in which nobody waits for the office."""

_FOREVER = 1 << 62


def read_cases(connection: KafkaConnection, writer_schemas: WriterSchemas) -> list[ComplaintCase]:
    """The latest version of every case, the most urgent first: open, high priority, due soonest.

    Raises:
        Unavailable: Kafka does not answer.
        SystemFault: The topic is missing, or may not be read.
    """
    found: dict[str, ComplaintCase] = {}
    for record in read_records(connection, Topic.COMPLAINT_CASE, writer_schemas):
        case = ComplaintCase.from_avro(record)
        known = found.get(case.complaint_id)
        if known is None or case.version > known.version:
            found[case.complaint_id] = case
    return sorted(found.values(), key=_urgency)


def _urgency(case: ComplaintCase) -> tuple[bool, bool, int, int, str]:
    due = _FOREVER if case.next_due_at is None else case.next_due_at
    return case.state in ENDED, case.priority != Priority.HIGH, due, case.opened_at, case.complaint_id


def read_history(connection: KafkaConnection, writer_schemas: WriterSchemas, complaint_id: str) -> list[ComplaintEvent]:
    """The events of a case in the order of time; errors as `read_cases`."""
    found: dict[str, ComplaintEvent] = {}
    for record in read_records(connection, Topic.COMPLAINT_EVENT, writer_schemas, complaint_key(complaint_id)):
        event = ComplaintEvent.from_avro(record)
        known = found.get(event.event_id)
        if known is None or event.version > known.version:
            found[event.event_id] = event
    standing = [event for event in found.values() if event.kind != CaseEventKind.RETRACTED]
    return sorted(standing, key=lambda event: (event.occurred_at, event.event_id))


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
