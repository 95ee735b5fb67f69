"""Dead letters in a topic, without the workers that would write them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from confluent_kafka import Producer
from support.events import item, rating, value_of
from support.polling import DEADLINE_S

from deploy.admin.dead_letters.entries import DeadLetterEntry
from deploy.admin.topics import ensure_topics
from schemas.batches.batch import RawBatch, Reject
from schemas.codec.record import encoder
from schemas.dead_letters.letter import dead_letter
from schemas.errors import Reason
from schemas.kafka.connection import KafkaConnection
from schemas.keys import declaration_key
from schemas.records.dead_letters import DeadLetter
from schemas.topics import Topic

NAME, PHONE, COMMENT = "Nguyễn Văn Canary", "0912345678", "canary said that it was slow"
AT = 1_588_300_200_000


@dataclass
class Desk:
    """Where refused records come in.

    Attributes:
        kafka: The cluster; topics are this test's own.
        letters: What was refused so far.
    """

    kafka: KafkaConnection
    letters: list[DeadLetter] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the topics."""
        ensure_topics(self.kafka, partitions=2, replication_factor=1)
        self._producer = Producer(dict(self.kafka.producer_config()))

    def refuse(
        self,
        topic: Topic,
        key: bytes | None,
        value: bytes | None,
        reason: Reason,
        detail: str = "is bad",
        *,
        at: int = AT,
        stages: tuple[str, ...] = ("join", "sink"),
        schema_id: int | None = None,
    ) -> DeadLetter:
        """One record was refused by these stages, at the next offset of partition 1."""
        offset = 100 + len(self.letters)
        batch = RawBatch(topic, 1, [offset], [at], [key], [value])
        name = topic.value.name("earlier.")  # the prefix may have been another one then
        for stage in stages:
            made = dead_letter(
                batch, Reject(0, reason, detail, schema_id), stage=stage, topic_name=name, topic_identity="c/t"
            )
            self.send(Topic.DEAD_LETTER, made.key, encoder("dead-letter")(made.to_avro()))
        self.letters.append(made)
        return made

    def send(self, topic: Topic, key: bytes | None, value: bytes, at: int = AT) -> None:
        """Produce one record and wait for it."""
        self._producer.produce(topic.value.name(self.kafka.topic_prefix), key=key, value=value, timestamp=at)
        assert self._producer.flush(DEADLINE_S) == 0

    def canaries(self) -> None:
        """Records with a person in every place where one could stand."""
        whole = value_of(rating("s-1", 1, AT, comment=COMMENT, contact=f"{NAME} {PHONE}".encode()), Topic.RATING)
        lost = rating(NAME, 1, AT, item(office=NAME, target_id=PHONE), declaration_no=f"84{PHONE}", tax_code=PHONE)
        key, person = declaration_key("103000000010"), f"{NAME} {PHONE}".encode()
        self.refuse(Topic.RATING, key, whole, Reason.BAD_FIELD, "contact must be sealed", schema_id=102)
        self.refuse(Topic.RATING, person, value_of(lost, Topic.RATING), Reason.BAD_FIELD, "sheet_id must be short")
        self.refuse(Topic.RATING, PHONE.encode(), person, Reason.NOT_FRAMED)
        self.refuse(Topic.RATING, b"84" + PHONE.encode(), b"\x00" + person, Reason.CORRUPT, schema_id=102)
        self.refuse(Topic.DECLARATION_STATUS, person, b"\x00\x00\x00\x00\x65" + person, Reason.CORRUPT, schema_id=101)


@pytest.fixture
def desk(kafka: KafkaConnection) -> Desk:
    """Empty topics."""
    return Desk(kafka)


@pytest.fixture
def entry() -> Callable[..., DeadLetterEntry]:
    """An entry with some things different."""
    plain = DeadLetterEntry(
        "12eb48d0-3e78-5aa1-b3e6-c18459d942e4", ("join",), "hailong.rating.v1", "c/t", 3, 17, AT, "BAD_TIME",
        "submitted_at must lie somewhere", 102, 11, 40, 40, "d",
    )  # fmt: skip
    return lambda **different: replace(plain, **different)


@pytest.fixture
def people() -> tuple[str, ...]:
    """What must never be seen."""
    return (NAME, "Canary", "Nguy", PHONE, PHONE[1:], COMMENT, "canary")
