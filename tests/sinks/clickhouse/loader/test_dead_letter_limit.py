"""A sink with too many bad records, and dead letters and their decisions in ClickHouse."""

from __future__ import annotations

import pytest
from support.events import status
from support.polling import eventually
from support.sink_bench import SinkBench

from schemas.dead_letters.limit import DeadLetterLimit
from schemas.errors import SystemFault
from schemas.ids import dead_letter_action_id
from schemas.records.dead_letters import DeadLetterAction
from schemas.topics import Topic
from sinks.audit.run import audit

pytestmark = pytest.mark.servers

POISON = [(b"k", b"not framed")]
LIMIT = DeadLetterLimit(share=0.2, minimum=10, window=100)


@pytest.mark.long
def test_a_poisoned_topic_stops_the_sink_and_is_not_drained_by_restarts(bench: SinkBench) -> None:
    """It stops and says what to check; started again it stops again, and no dead letter is written."""
    bench.produce(Topic.RATING, POISON * 300)
    for _start in range(3):
        with pytest.raises(SystemFault, match=r"Check the schema \(writer\) and the version of the producer"):  # noqa: SIM117 - the sink raises at the end of its block
            with bench.sink(dead_letter_limit=LIMIT) as monitor:
                bench.eventually_failed(monitor)
    assert bench.count("dead_letter") == 0


def test_what_was_refused_before_the_start_counts(bench: SinkBench) -> None:
    """An earlier run stayed just below the limit; a few more bad records stop the next run."""
    bench.send(Topic.DECLARATION_STATUS, *(status(f"e{i}", "REGISTERED", 1_588_300_200_000 + i) for i in range(100)))
    bench.produce(Topic.DECLARATION_STATUS, POISON * 15)
    bench.load(115 + 15, dead_letter_limit=LIMIT)
    bench.produce(Topic.DECLARATION_STATUS, POISON * 6)
    with pytest.raises(SystemFault, match="refused 21 of the last 100 records"):  # noqa: SIM117 - as above
        with bench.sink(dead_letter_limit=LIMIT) as monitor:
            bench.eventually_failed(monitor)
    assert bench.count("dead_letter") == 15


def test_open_letters_are_those_nobody_decided_about(bench: SinkBench) -> None:
    """Each action is stored once, however often it is sent; its dead letter leaves the view; the audit is clean."""

    def action(letter: str, kind: str, at: int, **where: int) -> DeadLetterAction:
        given = {"replayed_partition": None, "replayed_offset": None, **where}
        return DeadLetterAction(dead_letter_action_id(letter, kind), at, letter, kind, at, "ops", None, **given)

    kept = "SELECT action, replayed_partition, replayed_offset FROM dead_letter_action FINAL ORDER BY action"
    expected = [("DISCARDED", None, None), ("REPLAYED", 1, 9)]
    bench.produce(Topic.RATING, POISON * 3)
    with bench.sink():
        eventually(lambda: bench.count("dead_letter") == 3, "three letters")
        first, second, third = (str(row[0]) for row in bench.rows("SELECT dead_letter_id FROM v_dead_letters_open"))
        bench.send(
            Topic.DEAD_LETTER_ACTION,
            action(first, "REPLAYED", 1000, replayed_partition=1, replayed_offset=7),
            action(first, "REPLAYED", 2000, replayed_partition=1, replayed_offset=9),
            action(second, "DISCARDED", 1000),
        )
        eventually(lambda: bench.rows(kept) == expected, "the actions")
    assert [str(row[0]) for row in bench.rows("SELECT dead_letter_id FROM v_dead_letters_open")] == [third]
    report = audit(bench.kafka, bench.clickhouse)
    assert report.clean, report.to_json()
