"""What the scenario sends: deterministic bytes, late, out of order, duplicated, and partly broken."""

import csv
import hashlib
import json
from collections import Counter
from importlib.resources import files
from itertools import pairwise

import pytest

from producers.simulator import Haiphong2020, SimulatedBatch
from producers.simulator.declarations import CHANNELS
from producers.simulator.messages import STATUS_OF, message_of, step_of
from producers.simulator.poison import poisoned_records
from producers.simulator.status_events import Slot
from schemas.batches.batch import RawBatch
from schemas.codec.record import decoder
from schemas.contacts.envelope import is_sealed
from schemas.readers.record_reader import RecordReader
from schemas.records.events import DeclarationStatus, Rating
from schemas.topics import Topic

PRESENT = 1_800_000_000_000


def rows_of(batches: list[SimulatedBatch], topic: Topic) -> list[tuple[bytes, bytes, int]]:
    """(key, value, arrival) of one topic, in order of arrival."""
    return [
        (key, value, at)
        for batch in batches
        for t, key, value, at in zip(batch.topics, batch.keys, batch.values, batch.arrival_at, strict=True)
        if t is topic
    ]


def raw(topic: Topic, rows: list[tuple[bytes, bytes, int]]) -> RawBatch:
    """The rows as a batch of one partition."""
    count = len(rows)
    return RawBatch(topic, 0, range(count), [PRESENT] * count, [r[0] for r in rows], [r[1] for r in rows])


def test_every_event_passes_validation_and_every_broken_one_is_refused(
    small: Haiphong2020, small_batches: list[SimulatedBatch]
) -> None:
    """Readers accept every record that the ground truth counts, and refuse every broken one."""
    statuses = rows_of(small_batches, Topic.DECLARATION_STATUS)
    ratings = rows_of(small_batches, Topic.RATING)
    events = RecordReader(Topic.DECLARATION_STATUS, DeclarationStatus).read(raw(Topic.DECLARATION_STATUS, statuses))
    records = RecordReader(Topic.RATING, Rating).read(raw(Topic.RATING, ratings))
    truth = small.ground_truth

    assert len(events.accepted) == truth.status_events_sent
    assert len({event.event_id for _i, event in events.accepted}) == truth.status_events
    assert len(records.accepted) == truth.rating_records_sent
    assert len({(r.sheet_id, r.revision) for _i, r in records.accepted}) == truth.rating_records
    refused = Counter(str(reject.reason) for reject in [*events.rejects, *records.rejects])
    assert dict(refused) == dict(truth.poison)
    assert sum(refused.values()) == truth.poison_records > 15


def test_each_poison_is_refused_for_the_reason_it_names() -> None:
    """Readers refuse each broken record for the reason that the ground truth gives."""
    for record in poisoned_records():
        batch = raw(record.topic, [(record.key, record.value, 0)])
        kind = DeclarationStatus if record.topic is Topic.DECLARATION_STATUS else Rating
        assert [reject.reason for reject in RecordReader(record.topic, kind).read(batch).rejects] == [record.reason]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    """Two runs with one seed give equal batches; another seed gives other values."""
    one, two, other = (list(Haiphong2020(seed, scale=0.01).batches()) for seed in (5, 5, 6))
    assert one == two
    assert one[0].values != other[0].values


def test_bytes_are_those_of_earlier_versions() -> None:
    """Keys, values and arrival times of one seed never change; a new digest here needs a reason in the commit."""
    digest = hashlib.sha256()
    for batch in Haiphong2020(5, scale=0.01, handling=True, seal=lambda *contact: "|".join(contact).encode()).batches():
        for topic, key, value, at in zip(batch.topics, batch.keys, batch.values, batch.arrival_at, strict=True):
            digest.update(repr((topic.name, key, value, at)).encode())
    assert digest.hexdigest() == "9a94fb8605f3377582672e0585ee48ce1ecdcd527bad8ec101d84684293a2ed6"


def test_batches_are_in_order_of_arrival_and_complete(small: Haiphong2020, small_batches: list[SimulatedBatch]) -> None:
    """Arrival times ascend, and `len` is the number of records."""
    arrivals = [at for batch in small_batches for at in batch.arrival_at]
    assert arrivals == sorted(arrivals)
    assert len(arrivals) == len(small) == small.ground_truth.records_sent


def test_events_come_late_out_of_order_and_twice(small_batches: list[SimulatedBatch]) -> None:
    """Some events of a declaration arrive before earlier ones; about 1 % arrive again with the same bytes."""
    decode = decoder(Topic.DECLARATION_STATUS.subject)
    seen: dict[str, bytes] = {}
    newest: dict[bytes, int] = {}
    repeated = disordered = late = 0
    poison = {record.value for record in poisoned_records()}
    for key, value, at in rows_of(small_batches, Topic.DECLARATION_STATUS):
        if value in poison:
            continue
        event = decode(value)
        repeated += event["event_id"] in seen
        assert seen.setdefault(event["event_id"], value) == value
        disordered += event["occurred_at"] < newest.get(key, 0)
        newest[key] = max(newest.get(key, 0), event["occurred_at"])
        late += at - event["occurred_at"] > 3_600_000
    assert 0.005 < repeated / len(seen) < 0.02
    assert disordered > 100
    assert late > 100


def test_a_revision_may_arrive_before_its_predecessor(haiphong: Haiphong2020) -> None:
    """Some second revisions arrive before the first ones."""
    order: dict[str, list[int]] = {}
    for _at, sheet in haiphong._ratings:
        order.setdefault(sheet.sheet_id, []).append(sheet.revision)
    assert sum(any(a > b for a, b in pairwise(revisions)) for revisions in order.values()) > 10


def test_contacts_are_sealed_and_only_since_version_two(small: Haiphong2020) -> None:
    """Every contact is sealed; without a sealer there are no contacts."""
    contacts = [r.contact for revisions in small.sheets for r in revisions if r.contact is not None]
    assert contacts
    assert all(is_sealed(contact) for contact in contacts)
    assert not any(r.contact for revisions in Haiphong2020(7, 0.02).sheets for r in revisions)


def test_messages_steps_and_reasons_agree_with_the_reference_data() -> None:
    """The reference data knows every step, and gives every VNACCS message the same status."""
    data = files("schemas").joinpath("reference", "data")

    def table(name: str) -> list[dict[str, str]]:
        text = data.joinpath(name).read_text(encoding="utf-8")
        return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))

    known = {(row["message"], row["status"], row["direction"]) for row in table("status_messages.csv")}
    steps = {row["step"] for row in table("steps.csv")}
    for slot in Slot:
        for channel in CHANNELS:
            assert (step_of(slot, channel) or "REGISTRATION") in steps
            for export in (False, True):
                message = message_of(slot, channel, export=export)
                directions = {"BOTH", "EXPORT" if export else "IMPORT"}
                assert message is None or any((message, STATUS_OF[slot], d) in known for d in directions)


def test_truth_is_json_and_a_small_scenario_keeps_its_spike(small: Haiphong2020) -> None:
    """The ground truth is valid JSON; figures scale, the spike does not."""
    truth = json.loads(small.ground_truth.to_json())
    assert truth["planted_spike"]["sheets"] == 12
    assert truth["declarations_until_2020_05_06"] == round(151_617 * 0.02)
    assert truth["rated_until_2020_05_06"] == round(4_988 * 0.02)


@pytest.mark.parametrize(("seed", "scale"), [(-1, 1.0), (1, 0.0), (1, 1.5)])
def test_impossible_arguments_are_refused(seed: int, scale: float) -> None:
    """A negative seed and a scale outside 0.01 to 1 are refused at once."""
    with pytest.raises(ValueError, match="must"):
        Haiphong2020(seed, scale)


def test_the_smallest_scale_works() -> None:
    """The smallest scenario can be made with any of several seeds."""
    for seed in range(5):
        assert len(Haiphong2020(seed, 0.01)) > 10_000
