"""What people did about alerts, in the views: the newest counts, and the precision follows from the verdicts."""

from __future__ import annotations

from itertools import permutations
from uuid import UUID

import pytest
from clickhouse_driver import Client
from support.events import at
from support.recipe_answers_opinions import wilson
from support.sink_bench import SinkBench
from support.stored_rows import store, utc

from schemas.records.alerts import AlertAction
from schemas.topics import Topic

pytestmark = pytest.mark.servers

SHOWN = "SELECT acknowledged_at, assignee, verdict, verdict_at, verdict_by FROM v_alerts"
ACTIONS = "alert_id, action_id, action, acted_at, actor, assignee"


def raise_alerts(client: Client, *alerts: tuple[int, str, str, str]) -> None:
    """Store alerts of the office 03CC: number, detector, state, and when they were raised."""
    rows = [(UUID(int=number), "03CC", test, state, utc(raised)) for number, test, state, raised in alerts]
    store(client, "alert", "alert_id, office, detector, state, raised_at", rows)


def test_the_latest_of_a_kind_is_shown_in_any_order_of_arrival(database: Client) -> None:
    """The first acknowledgement, the latest assignment and verdict; what is about an unknown alert changes nothing."""
    raise_alerts(database, (1, "BURST", "OPEN", "2020-05-11 02:00"))
    (nothing,) = database.execute(SHOWN)
    assert nothing == (None, "", "", None, "")
    done = [
        (UUID(int=1), "a", "ACKNOWLEDGED", utc("2020-05-11 03:00"), "o-1", ""),
        (UUID(int=1), "b", "ACKNOWLEDGED", utc("2020-05-11 04:00"), "o-2", ""),
        (UUID(int=1), "c", "ASSIGNED", utc("2020-05-11 05:00"), "o-1", "o-8"),
        (UUID(int=1), "d", "FALSE", utc("2020-05-11 06:00"), "o-8", ""),
        (UUID(int=1), "e", "REAL", utc("2020-05-11 06:00"), "o-9", ""),
    ]
    unknown = (UUID(int=2), "f", "REAL", utc("2020-05-11 06:00"), "o-9", "")
    for arrived in list(permutations(done))[::17]:
        database.execute("TRUNCATE TABLE alert_action")
        for row in (*arrived, arrived[0], unknown):
            store(database, "alert_action", ACTIONS, [row])
        (found,) = database.execute(SHOWN)
        assert [str(one)[:19] for one in found] == [
            "2020-05-11 03:00:00", "o-8", "REAL", "2020-05-11 06:00:00", "o-9"
        ]  # fmt: skip


def test_the_precision_of_a_month_is_that_of_its_verdicts(database: Client) -> None:
    """By office, test and local month; what is not judged and what was retracted count in no share."""
    alerts = [
        (1, "BURST", "CLEARED", "2020-04-30 18:00"),  # in May, in Viet Nam
        (2, "BURST", "CLEARED", "2020-05-12 02:00"),
        (3, "BURST", "OPEN", "2020-05-13 02:00"),
        (4, "BURST", "OPEN", "2020-05-14 02:00"),
        (5, "BURST", "RETRACTED", "2020-05-15 02:00"),
        (6, "DRIFT", "OPEN", "2020-05-15 02:00"),
    ]
    raise_alerts(database, *alerts)
    verdicts = ((1, "REAL"), (2, "EXPLAINED"), (3, "FALSE"), (5, "REAL"))
    store(
        database, "alert_action", ACTIONS,
        [(UUID(int=one), f"a{one}", verdict, utc("2020-05-20 02:00"), "o-1", "") for one, verdict in verdicts],
    )  # fmt: skip
    found = database.execute(
        "SELECT detector, toString(month), alerts, judged_alerts, real_alerts, explained_alerts, false_alerts,"
        " precision, precision_low, precision_high FROM v_alert_precision ORDER BY detector"
    )
    assert [row[:7] for row in found] == [
        ("BURST", "2020-05-01", 4, 3, 1, 1, 1),
        ("DRIFT", "2020-05-01", 1, 0, 0, 0, 0),
    ]
    assert found[0][7:] == pytest.approx((1 / 3, *wilson(1, 3)))
    assert found[1][7:] == (None, None, None)


def test_an_action_is_stored_without_its_text(bench: SinkBench) -> None:
    """The topic keeps the words; the table knows how long they are, and one action sent twice is one row."""
    action = AlertAction(
        "a-1", str(UUID(int=1)), "EXPLAINED", at("2020-05-11 10:00"), "o-1", None, "Hệ thống dừng; Canary biết."
    )
    bench.send(Topic.ALERT_ACTION, action, action)
    bench.load(2)
    assert bench.rows("SELECT action, actor, assignee, text_length FROM alert_action FINAL") == [
        ("EXPLAINED", "o-1", "", 27)
    ]
    assert "Canary" not in str(bench.rows("SELECT * FROM alert_action"))


def test_people_read_that_an_alert_eased_and_where_in_words(database: Client) -> None:
    """The table keeps the word of the topic; the views say EASED, and name steps and teams."""
    targets = [("STEP", "GOODS_INSPECTION", 5, 4, 0.2, 0.001, 5.5), ("TEAM", "00", 5, 4, 0.2, 0.001, 5.5)]
    row = (UUID(int=1), "03CC", "DRIFT", "CLEARED", utc("2020-05-11 02:00"), targets, 20, 3, 2, 14.2)
    columns = "alert_id, office, detector, state, raised_at, targets, day_opinions, day_dissatisfied, day_enterprises"
    store(database, "alert", f"{columns}, chance_months", [row])
    asked = "SELECT alert_state, day_opinions, day_dissatisfied, day_enterprises, chance_months FROM v_alerts"
    assert database.execute(asked) == [("EASED", 20, 3, 2, 14.2)]
    found = database.execute("SELECT alert_state, target_id, target_name FROM v_alert_targets ORDER BY target_id")
    assert found == [
        ("EASED", "00", "Đội Thủ tục hàng hóa xuất nhập khẩu"),
        ("EASED", "GOODS_INSPECTION", "Kiểm tra thực tế hàng hóa"),
    ]
