"""Opening the sealed contact of a complaint, after the case has written down who opens it and why."""

from __future__ import annotations

from deploy.mistakes import Mistake
from schemas.codec import WriterSchemas, decoder
from schemas.connection import KafkaConnection
from schemas.dead_letter_log import read_topic
from schemas.errors import PoisonRecord
from schemas.records import Complaint
from schemas.sealing import Contact, SealingKeys, unseal
from schemas.topics import Topic


def contact_of(
    connection: KafkaConnection, writer_schemas: WriterSchemas, complaint_id: str, keys: SealingKeys
) -> Contact:
    """The contact that the newest revision of the complaint's sheet gives.

    Raises:
        Mistake: The sheet gave none, or it is no longer in Kafka.
        SealBroken: Our keys do not open it.
        Unavailable: Kafka does not answer.
        SystemFault: A topic is missing, or may not be read.
    """
    complaint = _complaint(connection, writer_schemas, complaint_id)
    decode = decoder(Topic.RATING.subject, writer_schemas)
    sealed: tuple[int, bytes] | None = None
    for message in read_topic(connection, Topic.RATING):
        if message.key() != complaint.declaration_no[:11].encode():
            continue
        try:
            sheet = decode(message.value())
        except PoisonRecord:
            continue  # set aside by the join; no sheet that could be meant
        if sheet["sheet_id"] == complaint.sheet_id and sheet["contact"] is not None:
            sealed = max(sealed or (0, b""), (sheet["revision"], sheet["contact"]))
    if sealed is None:
        raise Mistake("The sheet has no contact, or is no longer in Kafka (topic rating, kept 90 days or more).")
    return unseal(sealed[1], complaint.sheet_id, keys)


def _complaint(connection: KafkaConnection, writer_schemas: WriterSchemas, complaint_id: str) -> Complaint:
    decode, found = decoder(Topic.COMPLAINT.subject, writer_schemas), None
    for message in read_topic(connection, Topic.COMPLAINT):
        if message.key() == complaint_id.encode() and message.value() is not None:
            found = Complaint.from_avro(decode(message.value()))
    if found is None:
        raise Mistake(f"There is no complaint {complaint_id}.")
    return found
