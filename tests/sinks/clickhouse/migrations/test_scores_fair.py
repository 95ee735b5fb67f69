"""Small-sample scores of officials and teams against an independent computation, on the embedded ClickHouse."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from support.scores import estimates, ranks

pytestmark = pytest.mark.servers

SENT = datetime(2024, 10, 8, 3, tzinfo=UTC)
OCTOBER = "first = '2024-10-01', last = '2024-11-01'"
Samples = dict[str, list[int]]


def store(client: Any, samples: Samples, enterprises: int = 15, target: str = "OFFICIAL", office: str = "03CC") -> None:
    """Insert one fact an opinion; a SUPERSEDED one with each, which must not count."""
    columns = (
        "fact_id, state, sheet_id, declaration_no, submitted_at, target, office, target_id, score, tax_code, channel,"
        " kind, row_version, log_epoch"
    )
    rows = []
    for name, scores in samples.items():
        for k, score in enumerate(scores):
            enterprise, channel = str(k % enterprises), ("RED", "GREEN")[k % 2]
            head = (f"s{k}", f"1{k:010}0", SENT, target, office, name)
            rows.append((uuid4(), "MATCHED", *head, score, enterprise, channel, "A11", 1, 1))
            rows.append((uuid4(), "SUPERSEDED", *head, 1, "other", channel, "A11", 1, 1))
    client.execute(f"INSERT INTO rated_service ({columns}) VALUES", rows)


def scored(client: Any, columns: str, where: str = "target = 'OFFICIAL'") -> dict[str, tuple[Any, ...]]:
    """Columns of v_fair_scores by target."""
    found = client.execute(f"SELECT target_id, {columns} FROM v_fair_scores({OCTOBER}) WHERE {where}")
    return {name: tuple(rest) for name, *rest in found}


def samples_of(seed: int, sizes: list[int]) -> Samples:
    """Scores of officials who differ, in samples of given sizes."""
    chance = random.Random(seed)
    found = {}
    for k, size in enumerate(sizes):
        good = chance.uniform(0.5, 0.98)
        found[f"o-{k}"] = [
            chance.choice((4, 5)) if chance.random() < good else chance.choice((1, 2, 3)) for _ in range(size)
        ]
    return found


@pytest.mark.parametrize(
    ("seed", "sizes"),
    [(1, [30, 45, 60, 200, 35, 31, 400, 5, 12, 29]), (2, [30]), (3, [50, 50]), (4, list(range(25, 65)))],
)
def test_scores_and_ranks_are_those_of_an_independent_computation(database: Any, seed: int, sizes: list[int]) -> None:
    """Shrunken means, intervals and ranks equal those of numpy; who has too few opinions is not there."""
    samples = samples_of(seed, sizes)
    store(database, samples)
    store(database, {"01": [5] * 40}, target="TEAM")  # another kind of target changes nothing
    shown = [name for name in samples if len(samples[name]) >= 30]
    told = [[(str(k % 15), score) for k, score in enumerate(samples[name])] for name in shown]
    wanted = dict(zip(shown, estimates(told), strict=True))
    found = scored(
        database,
        "score_standing, n, fair_score, fair_score_low, fair_score_high, pull, red, green, imports, main_kind, peers",
    )
    assert found.keys() == set(shown)
    for name, (standing, n, score, low, high, pull, red, green, imports, kind, peers) in found.items():
        assert n == len(samples[name])
        assert (red, green) == pytest.approx(((n + 1) // 2 / n, n // 2 / n))
        assert (imports, kind, peers) == (1, "A11", len(shown))
        expected = wanted[name]
        assert standing == "SHOWN"
        assert (score, low, high, pull) == pytest.approx((expected.score, expected.low, expected.high, expected.pull))

    places = dict(zip(shown, ranks([(wanted[name].low, wanted[name].high) for name in shown]), strict=True))
    ranking = database.execute(
        f"SELECT target_id, rank, better, worse, ranked FROM v_ranking({OCTOBER}, target = 'OFFICIAL', office = '')"
    )
    for name, rank, better, worse, ranked in ranking:
        assert (rank, ranked) == (places[name], len(shown))
        assert better == sum(wanted[other].low > wanted[name].high for other in shown)
        assert worse == sum(wanted[other].high < wanted[name].low for other in shown)
    assert len(ranking) == len(shown)


def test_one_firm_cannot_make_an_official_the_worst(database: Any) -> None:
    """Twenty-one ones from one enterprise are one opinion of many: the official stays among the others."""
    samples = {f"o-{k}": [5, 4, 5, 5] * 10 for k in range(21)}
    store(database, samples, enterprises=13)
    columns = (
        "fact_id, state, sheet_id, declaration_no, submitted_at, target, office, target_id, score, tax_code,"
        " row_version, log_epoch"
    )
    rows = [
        (uuid4(), "MATCHED", f"angry{k}", f"2{k:010}0", SENT, "OFFICIAL", "03CC", "o-7", 1, "angry", 1, 1)
        for k in range(21)
    ]
    database.execute(f"INSERT INTO rated_service ({columns}) VALUES", rows)
    found = scored(database, "n, enterprises, enterprise_mean")
    assert found["o-7"] == pytest.approx((61, 14, (13 * found["o-0"][2] + 1) / 14))
    query = f"SELECT target_id, rank, better FROM v_ranking({OCTOBER}, target = 'OFFICIAL', office = '')"
    assert {(rank, better) for _name, rank, better in database.execute(query)} == {(1, 0)}


def test_clear_differences_are_ranked_and_small_ones_are_not(database: Any) -> None:
    """Two who cannot be told apart share the first rank; one who is plainly worse is third."""
    good = [5, 4] * 100
    store(database, {"o-a": good, "o-b": [*good, 4], "o-c": [3, 2] * 100})
    query = f"SELECT target_id, rank FROM v_ranking({OCTOBER}, target = 'OFFICIAL', office = '03CC') ORDER BY target_id"
    assert database.execute(query) == [("o-a", 1), ("o-b", 1), ("o-c", 3)]
    other = query.replace("03CC", "03EE")
    assert database.execute(other) == []


def test_a_target_is_shown_from_the_set_numbers_on(database: Any) -> None:
    """Thirty opinions of ten enterprises show an official, one less of either does not; settings move both."""
    store(database, {"o-enough": [5] * 30, "o-few": [5] * 29}, enterprises=10)
    store(database, {"o-friends": [5] * 300}, enterprises=9)
    store(database, {"01": [5] * 29}, target="TEAM")
    assert scored(database, "shown") == {"o-enough": (1,)}
    assert scored(database, "shown, fair_score", "target = 'TEAM'") == {"01": (0, None)}
    database.execute("INSERT INTO score_setting (name, value) VALUES ('min_opinions', 29)")
    assert scored(database, "shown") == {"o-enough": (1,), "o-few": (1,)}
    database.execute("INSERT INTO score_setting (name, value) VALUES ('min_enterprises', 9)")
    assert scored(database, "shown") == dict.fromkeys(("o-enough", "o-few", "o-friends"), (1,))
    database.execute("TRUNCATE TABLE score_setting")
    assert scored(database, "shown") == {"o-enough": (1,)}


def test_equal_scores_alone_prove_no_certainty(database: Any) -> None:
    """Who has nothing but fives still has an interval: that scores are whole leaves room below them."""
    store(database, {f"o-{k}": [5] * 40 for k in range(3)})
    for low, high in scored(database, "fair_score_low, fair_score_high").values():
        assert 4.8 < low < 5
        assert high == 5


def test_load_stands_beside_the_score(database: Any) -> None:
    """Declarations that name the official or the team in the period are counted once each, whatever their statuses."""
    store(database, {"o-1": [5, 4] * 15})
    store(database, {"01": [5]}, target="TEAM")
    columns = "event_id, declaration_no, status, occurred_at, office, team, official, row_version, log_epoch"
    rows = [
        (f"{k}-{name}", f"1{k:010}0", name, SENT, "03CC", "01", "o-1" if name == "CLEARED" and k else "", 1, 1)
        for k in range(4)
        for name in ("REGISTERED", "CHANNEL_ASSIGNED", "CLEARED")
    ]
    database.execute(f"INSERT INTO declaration_status ({columns}) VALUES", rows)
    assert scored(database, "n, declarations") == {"o-1": (30, 3)}
    assert scored(database, "n, declarations", "target = 'TEAM'") == {"01": (1, 4)}


def test_offices_are_compared_as_if_their_channels_were_the_same(database: Any) -> None:
    """Two equal offices with other shares of red declarations get one score; a worse one with the same does not."""
    columns = (
        "fact_id, state, sheet_id, declaration_no, submitted_at, target, office, target_id, score, tax_code, channel,"
        " kind, row_version, log_epoch"
    )
    chance, rows = random.Random(7), []
    for place, (office, red_share, worse) in enumerate((("03CC", 0.8, 0), ("03EE", 0.2, 0), ("03NK", 0.8, 1))):
        for k in range(600):
            red = chance.random() < red_share
            score = 5 - 2 * red - worse + chance.choice((0, -1, 0))
            head = (f"s{office}{k}", f"{place}{k:010}0", SENT, "STEP", office, "GOODS_INSPECTION")
            rows.append((uuid4(), "MATCHED", *head, score, str(k % 60), "RED" if red else "GREEN", "A11", 1, 1))
    database.execute(f"INSERT INTO rated_service ({columns}) VALUES", rows)
    found = scored(database, "mean, enterprise_mean, red, n", "target = 'OFFICE'")
    assert found["03EE"][0] - found["03CC"][0] > 1
    assert found["03EE"][1] == pytest.approx(found["03CC"][1], abs=0.1)
    assert found["03CC"][1] - found["03NK"][1] == pytest.approx(1, abs=0.15)
    assert [row[3] for row in found.values()] == [600] * 3
    query = f"SELECT target_id, rank FROM v_ranking({OCTOBER}, target = 'OFFICE', office = '') ORDER BY target_id"
    assert database.execute(query) == [("03CC", 1), ("03EE", 1), ("03NK", 3)]
