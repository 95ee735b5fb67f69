"""Offices of one's own, through real processes: from a file in the settings to facts, tables and views."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import pytest
from support.pipeline import Pipeline

from schemas.records.facts import RatedService
from schemas.topics import Topic
from sinks.clickhouse.client import query
from sinks.clickhouse.connection import ClickHouseConnection

pytestmark = pytest.mark.servers

OWN = """
[[office]]
code = "SPSP"
name_vi = "São Paulo"
valid_from = 2016-09-01
confidence = "U"
source = "our list of 30 November 2026"

[[team]]
office = "SPSP"
team = "A1"
name_vi = "Nhóm 1"
valid_from = 2016-09-01
confidence = "U"
source = "our list of 30 November 2026"
"""
STATUSES = """event_id,declaration_no,status,occurred_at,office,team
e-1,103000000010,REGISTERED,2020-05-04T08:30:00+07:00,SPSP,A1
e-2,103000000010,CLEARED,2020-05-04T09:30:00+07:00,SPSP,A1
"""
RATINGS = """sheet_id,revision,declaration_no,submitted_at,phase,target,office,target_id,score
s-1,1,103000000010,2020-05-04T15:00:00+07:00,AFTER_CLEARANCE,OFFICE,SPSP,SPSP,4
s-1,1,,,,TEAM,SPSP,A1,5
s-1,1,,,,TEAM,SPSP,B2,5
"""
NAMES = "SELECT office, office_name, level FROM v_opinions_by_office"
KNOWN = "SELECT target, target_id, target_known FROM rated_service FINAL ORDER BY target, target_id"


@pytest.mark.long
def test_offices_of_a_file_are_known_to_every_process(pipeline: Pipeline, tmp_path: Path) -> None:
    """Invented codes first count without a name and `publish` says so; with the file all agree and have it."""
    for name, text in (("own.toml", OWN), ("statuses.csv", STATUSES), ("ratings.csv", RATINGS)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    database = pipeline.database("own")

    def stored(known: list[tuple[str, str, bool]]) -> None:
        assert query(database, KNOWN) == known

    with pipeline.sink(database):
        with pipeline.worker():
            published = pipeline.run("publish", "statuses.csv", "ratings.csv")
            assert published.returncode == 0, published.stderr
            assert "SPSP (3)" in published.stdout + published.stderr
            without = [("OFFICE", "SPSP", False), ("TEAM", "A1", False), ("TEAM", "B2", False)]
            pipeline.wait_until(lambda: stored(without), "facts on an unknown office")
        assert query(database, NAMES) == [("SPSP", "", 4)]
        assert compare(pipeline, database).returncode == 0

        pipeline.settings["HAILONG_REFERENCE_FILE"] = "own.toml"
        different = compare(pipeline, database)
        assert different.returncode == 1
        assert "hailong migrate" in different.stdout
        assert pipeline.run("migrate", code=None, **pipeline.database_settings(database)).returncode == 0
        assert query(database, NAMES) == [("SPSP", "São Paulo", 4)]
        outdated = compare(pipeline, database)
        assert outdated.returncode == 1
        assert "Facts on SPSP that were made with other data: 2." in outdated.stdout

        with pipeline.worker():
            again = pipeline.run("publish", "statuses.csv", "ratings.csv")
            assert again.returncode == 0, again.stderr
            assert "SPSP" not in again.stdout + again.stderr
            with_file = [("OFFICE", "SPSP", True), ("TEAM", "A1", True), ("TEAM", "B2", False)]
            pipeline.wait_until(lambda: stored(with_file), "facts on a known office")
        same = compare(pipeline, database)
        assert same.returncode == 0
        digest = same.stdout.split()[2].rstrip(";")
        logs = [log.read_text(encoding="utf-8") for log in pipeline.directory.glob("worker-*.log")]
        assert [digest in log for log in sorted(logs, key=lambda log: digest in log)] == [False, True]
    facts = pipeline.records(Topic.RATED_SERVICE, RatedService)
    last = {(fact.target, fact.target_id): fact.target_known for fact in facts}
    assert last == {("OFFICE", "SPSP"): True, ("TEAM", "A1"): True, ("TEAM", "B2"): False}


def compare(pipeline: Pipeline, database: ClickHouseConnection) -> CompletedProcess[str]:
    """`hailong reference compare`."""
    return pipeline.run("reference", "compare", code=None, **pipeline.database_settings(database))
