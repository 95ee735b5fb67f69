from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import Message
from support.brokers import on_both_brokers
from support.events import WRITTEN_AT, item, rating, status
from support.polling import DEADLINE_S

from producers.sdk import Delivery, DeliveryFailed, EventPublisher, InvalidEvent, queued_producer
from schemas.codec.record import decoder
from schemas.contacts.sealing import Contact, SealBroken, SealingKeys, open_key, unseal
from schemas.errors import ConfigurationError, SystemFault, Unavailable
from schemas.kafka.connection import KafkaConnection
from schemas.keys import declaration_key
from schemas.records.events import ContactKey, DeclarationStatus, Rating
from schemas.topics import Topic

pytestmark = pytest.mark.servers
AT = WRITTEN_AT - 1000
KEYS = SealingKeys("test", {"test": bytes(32)})
Written = Callable[[Topic], list[Message]]


def clock() -> int:
    """The moment at which everything here is sent."""
    return WRITTEN_AT


@on_both_brokers
def test_a_status_arrives_as_it_was_given(connection: KafkaConnection, written: Written) -> None:
    """What was published can be read back, under the declaration's key and the time of sending."""
    event = status("e1", "REGISTERED", AT, team="01", channel="GREEN")
    with EventPublisher(connection, clock=clock) as publisher:
        receipt = publisher.publish_status(event).result(DEADLINE_S)
    (message,) = written(Topic.DECLARATION_STATUS)
    assert (message.partition(), message.offset()) == (receipt.partition, receipt.offset)
    assert message.key() == declaration_key(event.declaration_no)
    assert message.timestamp()[1] == WRITTEN_AT
    assert DeclarationStatus.from_avro(decoder("declaration-status")(message.value())) == event


@on_both_brokers
def test_statuses_and_ratings_of_one_declaration_meet_in_one_partition(
    connection: KafkaConnection, written: Written
) -> None:
    """The partitioner puts equal keys of the joined topics into equal partition numbers."""
    numbers = [f"10{index:09d}0" for index in range(60)]
    with EventPublisher(connection, clock=clock) as publisher:
        for number in numbers:
            publisher.publish_status(status(f"e{number}", "REGISTERED", AT, declaration_no=number))
            publisher.publish_rating(rating(f"s{number}", 1, AT, declaration_no=number))
    homes = [{m.key(): m.partition() for m in written(topic)} for topic in (Topic.DECLARATION_STATUS, Topic.RATING)]
    assert homes[0] == homes[1]
    assert set(homes[0].values()) == {0, 1, 2}


def test_nothing_of_an_invalid_event_is_sent_and_every_problem_is_named(
    connection: KafkaConnection, written: Written
) -> None:
    """An event with three faults raises all three and leaves the topic empty."""
    bad = status("e1", "NO_SUCH", AT, office="x", declaration_no="123")
    wrong = rating("s1", 0, AT + 10 * 86_400_000, item(score=6))
    with EventPublisher(connection, clock=clock) as publisher:
        with pytest.raises(InvalidEvent) as of_status:
            publisher.publish_status(bad)
        with pytest.raises(InvalidEvent) as of_rating:
            publisher.publish_rating(wrong)
    assert [problem.field for problem in of_status.value.problems] == ["status"]
    assert [problem.field for problem in of_rating.value.problems] == ["submitted_at", "revision", "items[0].score"]
    assert not written(Topic.DECLARATION_STATUS)
    assert not written(Topic.RATING)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"declaration_no": 103000000010}, "declaration_no"),
        ({"occurred_at": "2020-05-01"}, "occurred_at"),
        ({"occurred_at": True}, "occurred_at"),
        ({"occurred_at": 1 << 70}, "occurred_at"),
        ({"office": None}, "office"),
        ({"team": b"01"}, "team"),
        ({"official": "\ud800"}, "official"),
    ],
)
def test_values_of_the_wrong_type_are_named_by_field(
    connection: KafkaConnection, change: dict[str, Any], field: str
) -> None:
    """Whatever a caller puts into a record, the answer is a problem of that field and no crash."""
    with EventPublisher(connection, clock=clock) as publisher, pytest.raises(InvalidEvent) as error:
        publisher.publish_status(DeclarationStatus(**{**_fields("e1"), **change}))
    assert [problem.field for problem in error.value.problems] == [field]


def _fields(event_id: str) -> dict[str, Any]:
    return status(event_id, "REGISTERED", AT).to_avro()


def test_a_contact_leaves_sealed_or_not_at_all(connection: KafkaConnection, written: Written) -> None:
    """With keys the contact can be opened by key holders only; without keys the sheet is refused."""
    contact = Contact("Nguyễn Văn A", "0912 345 678")
    with EventPublisher(connection, clock=clock, sealing_keys=KEYS) as publisher:
        publisher.publish_rating(rating("s1", 1, AT), contact=contact)
    with EventPublisher(connection, clock=clock) as publisher, pytest.raises(ConfigurationError):
        publisher.publish_rating(rating("s2", 1, AT), contact=contact)
    (message,) = written(Topic.RATING)
    value = message.value() or b""
    assert "Nguyễn".encode() not in value
    assert b"0912" not in value
    sheet = Rating.from_avro(decoder("rating")(value))
    assert sheet.contact is not None
    (key,) = written(Topic.CONTACT_KEY)
    own = ContactKey.from_avro(decoder("contact-key")(key.value()))
    assert (key.key(), own.sheet_id) == (own.key_id.encode(), "s1")
    with pytest.raises(SealBroken):
        unseal(sheet.contact, "s1", KEYS)  # without the key of its own nobody opens it
    opened = unseal(sheet.contact, "s1", open_key(own, KEYS))
    assert (opened.name, opened.phone) == (contact.name, contact.phone)


def test_nothing_is_sealed_for_a_sheet_against_the_rules(connection: KafkaConnection, written: Written) -> None:
    """An id that cannot be encoded is reported like any other fault, and no contact key is sent."""
    with (
        EventPublisher(connection, clock=clock, sealing_keys=KEYS) as publisher,
        pytest.raises(InvalidEvent, match="sheet_id"),
    ):
        publisher.publish_rating(rating("\ud800", 1, AT), contact=Contact("A", None))
    assert not written(Topic.CONTACT_KEY)


def test_an_unsealed_contact_is_refused(connection: KafkaConnection) -> None:
    """Bytes that are not a sealed envelope are refused as a contact."""
    with EventPublisher(connection, clock=clock) as publisher, pytest.raises(InvalidEvent, match="contact"):
        publisher.publish_rating(rating("s1", 1, AT, contact=b"Nguyen Van A, 0912345678"))


@on_both_brokers
def test_deliveries_are_reported_by_callback(connection: KafkaConnection) -> None:
    """Each event's callback gets its finished delivery."""
    seen: list[Delivery] = []
    with EventPublisher(connection, clock=clock) as publisher:
        for number in range(100):
            publisher.publish_status(status(f"e{number}", "REGISTERED", AT), seen.append)
    assert len(seen) == 100
    assert all(delivery.done() for delivery in seen)
    assert len({(r.partition, r.offset) for r in (delivery.result() for delivery in seen)}) == 100


def test_what_a_callback_raises_comes_back_and_stops_nobody(connection: KafkaConnection, written: Written) -> None:
    """An exception of a caller's callback is raised by flush; every event still arrives."""

    def broken(_delivery: Delivery) -> None:
        raise LookupError("mine")

    publisher = EventPublisher(connection, clock=clock)
    deliveries = [publisher.publish_status(status(f"e{n}", "REGISTERED", AT), broken) for n in range(3)]
    with pytest.raises(LookupError, match="mine"):
        publisher.flush(DEADLINE_S)
    assert all(delivery.done() for delivery in deliveries)
    publisher.close()
    assert len(written(Topic.DECLARATION_STATUS)) == 3


@on_both_brokers
def test_many_threads_may_publish(connection: KafkaConnection, written: Written) -> None:
    """Events of eight threads all arrive, once each, through the fast way and the typed one."""
    value = _encoded("x")

    def work(publisher: EventPublisher, name: int) -> None:
        for number in range(250):
            publisher.publish_encoded(Topic.DECLARATION_STATUS, b"10300000001", value)
            publisher.publish_status(status(f"{name}-{number}", "REGISTERED", AT))

    with EventPublisher(connection, clock=clock) as publisher:
        threads = [threading.Thread(target=work, args=(publisher, name)) for name in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    decode = decoder("declaration-status")
    ids = [decode(message.value())["event_id"] for message in written(Topic.DECLARATION_STATUS)]
    assert len(ids) == 4000
    assert len(set(ids)) == 2001


def _encoded(event_id: str) -> bytes:
    from producers.sdk import encoded_status  # noqa: PLC0415 only here

    return encoded_status(status(event_id, "REGISTERED", AT), WRITTEN_AT)[1]


def test_a_full_queue_holds_the_caller_back(
    connection: KafkaConnection, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for ten events, two hundred are sent without loss and without an error."""
    monkeypatch.setitem(queued_producer._TUNING, "queue.buffering.max.messages", 10)
    with EventPublisher(connection, clock=clock) as publisher:
        for number in range(200):
            publisher.publish_encoded(Topic.RATING, b"1030000000%d" % (number % 10), b"value")
    assert len(written(Topic.RATING)) == 200


def test_a_queue_that_stays_full_says_so(free_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a broker the caller gets an error after its timeout, and `close` says how many events are lost at most.

    At most, because librdkafka counts reports that wait with the events.
    """
    monkeypatch.setitem(queued_producer._TUNING, "queue.buffering.max.messages", 5)
    publisher = EventPublisher(KafkaConnection(free_address), full_queue_timeout_s=0.2)
    for _ in range(5):
        publisher.publish_encoded(Topic.RATING, b"k", b"v")
    with pytest.raises(Unavailable, match=r"accepted nothing for 0\.2 s while at most \d+ events wait"):
        publisher.publish_encoded(Topic.RATING, b"k", b"v")
    with pytest.raises(Unavailable, match=r"has not acknowledged at most \d+ events? after"):
        publisher.close(0.1)


def test_an_event_that_is_given_up_fails_its_delivery(free_address: str) -> None:
    """After a close that gave up, waiting for a result fails instead of blocking for ever."""
    publisher = EventPublisher(KafkaConnection(free_address), clock=clock)
    delivery = publisher.publish_status(status("e1", "REGISTERED", AT))
    with pytest.raises(Unavailable, match="did not acknowledge"):
        delivery.result(0.05)
    with pytest.raises(Unavailable, match=r"has not acknowledged at most \d+ events? after"):
        publisher.close(0.1)
    with pytest.raises(DeliveryFailed):
        delivery.result(DEADLINE_S)
    with pytest.raises(SystemFault, match="closed"):
        publisher.publish_status(status("e2", "REGISTERED", AT))


def test_events_that_cannot_be_delivered_in_time_are_counted(free_address: str) -> None:
    """When the delivery timeout passes, flush says how many events failed, and why, once."""
    publisher = EventPublisher(KafkaConnection(free_address), delivery_timeout_s=0.2)
    for _ in range(3):
        publisher.publish_encoded(Topic.RATING, b"k", b"v")
    with pytest.raises(DeliveryFailed, match="3 events"):
        publisher.flush(DEADLINE_S)
    publisher.close()


def test_entering_names_what_is_wrong_at_once(broker: str, free_address: str) -> None:
    """A missing broker and missing topics are reported before the first event."""
    with pytest.raises(ConfigurationError, match=r"nowhere\.rating\.v1 does not exist"):
        EventPublisher(KafkaConnection(broker, topic_prefix="nowhere.")).__enter__()
    publisher = EventPublisher(KafkaConnection(free_address))
    with pytest.raises(Unavailable, match=free_address):
        publisher.check(0.5)
    publisher.close()


def test_closing_does_not_hide_an_earlier_error(free_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception inside the block is raised as it is, with a note about lost events."""
    monkeypatch.setattr(EventPublisher, "check", lambda _self: None)
    publisher = EventPublisher(KafkaConnection(free_address), delivery_timeout_s=0.2)

    def fails() -> None:
        with publisher:
            publisher.publish_encoded(Topic.RATING, b"k", b"v")
            raise LookupError("mine")

    with pytest.raises(LookupError, match="mine") as error:
        fails()
    assert any("1 events" in note for note in error.value.__notes__)
