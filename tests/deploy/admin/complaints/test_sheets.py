"""Reading the sheet of a case from the place that ClickHouse names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.cases import OPENED, complaint
from support.clickhouse_server import ClickHouseServer
from support.events import at, item, rating
from support.sink_bench import SinkBench, new_sink_bench, sealed

from deploy.admin.complaints.sheets import MOST_EARLIER, CaseSheet, SheetNotFound, read_sheet
from schemas.codec.record import pinned_only
from schemas.topics import Topic

pytestmark = pytest.mark.servers

SENT = at(OPENED)
CASE = complaint(SENT)
WORDS = "they asked for money"
CHANGED = ("rating", "log_epoch")
"""Tables that tests write to."""
LATEST = "SELECT max(row_version) + 1 FROM rating"


@pytest.fixture(scope="module")
def loaded(clickhouse_server: ClickHouseServer, broker: str) -> Iterator[SinkBench]:
    """Topics and a database with a sheet of twelve revisions, another sheet, and a namesake on another declaration."""
    found = new_sink_bench(clickhouse_server, broker)
    revisions = [
        rating("s-1", number, SENT + number, item(score=1 + number % 3), comment=f"{WORDS} {number}")
        for number in range(1, 13)
    ]
    revisions[-1] = replace(revisions[-1], contact=sealed("s-1"))
    found.send(Topic.RATING, *revisions, rating("s-2", 1, SENT, comment="of another sheet"))
    found.send(Topic.RATING, rating("s-1", 12, SENT, declaration_no="103000000020", comment="of a namesake"))
    found.load(14)
    for table in CHANGED:
        found.rows(f"CREATE TABLE kept_{table} ENGINE = Memory AS SELECT * FROM {table}")
    yield found
    found.drop()


@pytest.fixture
def bench(loaded: SinkBench) -> Iterator[SinkBench]:
    """The same for every test: what one changes in the database is taken back."""
    yield loaded
    for table in CHANGED:
        loaded.rows(f"TRUNCATE TABLE {table}")
        loaded.rows(f"INSERT INTO {table} SELECT * FROM kept_{table}")


def read(bench: SinkBench, sheet_id: str = "s-1") -> CaseSheet:
    """The sheet of a case."""
    return read_sheet(bench.kafka, pinned_only, bench.clickhouse, replace(CASE, sheet_id=sheet_id))


def move(bench: SinkBench, changed: str) -> None:
    """Let ClickHouse name another place for revision 12, with a higher version."""
    bench.rows(
        f"INSERT INTO rating SELECT * REPLACE ({changed}, ({LATEST}) AS row_version) FROM rating FINAL "
        "WHERE sheet_id = 's-1' AND revision = 12 AND declaration_no = '103000000010'"
    )


def test_the_newest_revision_counts_and_earlier_ones_are_told_in_short(bench: SinkBench) -> None:
    """Its comment and no other is there; ten earlier ones are read; none of their words is kept."""
    found = read(bench)
    assert (found.newest.revision, found.comment, found.has_contact) == (12, f"{WORDS} 12", True)
    assert [one.revision for one in found.earlier] == list(range(11, 11 - MOST_EARLIER, -1))
    assert found.not_read == 1
    assert WORDS not in repr(found)
    assert {one.comment for one in (found.newest, *found.earlier)} == {None}


def test_a_sheet_that_is_not_stored_is_said_to_be_unknown(bench: SinkBench) -> None:
    """And not to be deleted."""
    with pytest.raises(SheetNotFound, match="ClickHouse does not know the sheet"):
        read(bench, "s-9")


def test_a_record_that_kafka_deleted_is_said_to_be_gone(bench: SinkBench) -> None:
    """The message names the place."""
    move(bench, "toUInt64(10000) AS log_offset")
    with pytest.raises(SheetNotFound, match=r"no longer holds .*rating\.v1, partition 0, offset 10000"):
        read(bench)


@pytest.mark.parametrize("offset", [0, 12, 13], ids=["other revision", "other sheet", "other declaration"])
def test_a_record_that_is_not_the_sheet_is_not_shown(bench: SinkBench, offset: int) -> None:
    """Nor is anything of it quoted."""
    move(bench, f"toUInt64({offset}) AS log_offset")
    with pytest.raises(SheetNotFound, match="is not the sheet of this case") as told:
        read(bench)
    assert not any(words in str(told.value) for words in (WORDS, "of another sheet", "of a namesake"))


def test_a_record_that_cannot_be_read_is_not_the_sheet(bench: SinkBench) -> None:
    """Whatever stands there."""
    bench.produce(Topic.RATING, [(b"10300000001", b"no avro")])
    move(bench, "toUInt64(14) AS log_offset")
    with pytest.raises(SheetNotFound, match="is not the sheet of this case"):
        read(bench)


def test_a_row_of_another_log_is_not_looked_up_in_this_one(bench: SinkBench) -> None:
    """The topic was created again: the same place holds something else now, even if it were the same sheet."""
    bench.rows(
        "INSERT INTO log_epoch (topic, topic_identity, epoch, claim, topic_name, claimed_at) "
        "SELECT 'rating', 'cluster/earlier', 2, generateUUIDv4(), topic_name, now64(3) FROM log_epoch "
        "WHERE topic = 'rating'"
    )
    move(bench, "toUInt16(2) AS log_epoch")
    with pytest.raises(SheetNotFound, match=r"another log than the .*rating\.v1 of today"):
        read(bench)
    move(bench, "toUInt16(3) AS log_epoch")  # nobody knows that log
    with pytest.raises(SheetNotFound, match="another log"):
        read(bench)


def test_of_two_claims_of_one_number_the_earlier_counts(bench: SinkBench) -> None:
    """As sinks decide it: the later one claims again before it stores anything."""
    bench.rows(
        "INSERT INTO log_epoch (topic, topic_identity, epoch, claim, topic_name, claimed_at) "
        "SELECT 'rating', 'cluster/later', 1, generateUUIDv4(), topic_name, now64(3) + 10 FROM log_epoch "
        "WHERE topic = 'rating'"
    )
    assert read(bench).newest.revision == 12
