"""Open or erase the sealed contact of a complaint. Before, its case must have recorded who does it and why."""

from __future__ import annotations

from deploy.admin.complaints.cases import read_complaint
from deploy.admin.complaints.topic_records import read_keyed_records, read_records
from deploy.errors import Mistake
from producers.sdk.queued_producer import QueuedProducer
from schemas.codec.record import WriterSchemas
from schemas.contacts.envelope import read_envelope
from schemas.contacts.sealing import Contact, SealingKeys, open_key, unseal
from schemas.kafka.connection import KafkaConnection
from schemas.keys import declaration_key
from schemas.records.events import ContactKey
from schemas.topics import Topic


def contact_of(
    connection: KafkaConnection, writer_schemas: WriterSchemas, complaint_id: str, keys: SealingKeys
) -> Contact:
    """The contact in the newest revision of the complaint's sheet; a contact that a revision removed is not shown.

    Raises:
        Mistake: There is no contact, its key was destroyed, or the sheet is no longer in Kafka.
        SealBroken: The sealing keys do not open it.
        Unavailable: Kafka does not answer.
        SystemFault: A topic is missing, or may not be read.
    """
    complaint = read_complaint(connection, writer_schemas, complaint_id)
    own = _keys_of(connection, writer_schemas, complaint.sheet_id)
    wanted = declaration_key(complaint.declaration_no)
    sheets = [
        (sheet["revision"], sheet["contact"])
        for sheet in read_records(connection, Topic.RATING, writer_schemas, wanted)
        if sheet["sheet_id"] == complaint.sheet_id
    ]
    newest = max((revision for revision, _contact in sheets), default=0)
    sealed = [contact for revision, contact in sheets if revision == newest and contact is not None]
    for contact in sorted(sealed, reverse=True):
        envelope = read_envelope(contact)
        if envelope is not None and (envelope.key_id in own or envelope.key_id in keys.keys):
            held = open_key(own[envelope.key_id], keys) if envelope.key_id in own else keys
            return unseal(contact, complaint.sheet_id, held)
    if sealed:
        raise Mistake("This contact cannot be opened: its key was destroyed, or HAILONG_SEALING_KEYS lacks its key.")
    raise Mistake("The sheet gives no contact, or is no longer in Kafka (topic rating keeps 90 days or more).")


def destroy_keys(connection: KafkaConnection, writer_schemas: WriterSchemas, complaint_id: str) -> int:
    """Destroy every key of a complaint's sheet; returns how many there were.

    Raises:
        Mistake: There is no such complaint.
        Unavailable: Kafka does not answer; repeating is safe.
        DeliveryFailed: Kafka did not accept all tombstones; repeating is safe.
        SystemFault: A topic is missing, or may not be read.
    """
    complaint = read_complaint(connection, writer_schemas, complaint_id)
    found = _keys_of(connection, writer_schemas, complaint.sheet_id)
    with QueuedProducer(connection, delivery_timeout_s=30.0) as producer:
        for key_id in found:
            producer.send(Topic.CONTACT_KEY, key_id.encode(), None)
    return len(found)


def _keys_of(connection: KafkaConnection, writer_schemas: WriterSchemas, sheet_id: str) -> dict[str, ContactKey]:
    """The keys of a sheet's contacts, without those that were destroyed."""
    found: dict[str, ContactKey] = {}
    for key, fields in read_keyed_records(connection, Topic.CONTACT_KEY, writer_schemas):
        key_id = key.decode("ascii", "replace")
        if fields is None:
            found.pop(key_id, None)
        elif fields["sheet_id"] == sheet_id and fields["key_id"] == key_id:
            found[key_id] = ContactKey.from_avro(fields)
    return found
