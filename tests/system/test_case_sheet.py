"""What the enterprise said, for the handler of a case: by real workers, sink and command line."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from support.clickhouse import rows
from support.events import item, rating, status
from support.pipeline import Pipeline
from support.polling import DEADLINE_S
from typer.testing import CliRunner, Result

from deploy.cli.main import app
from deploy.errors import Mistake
from producers.sdk import EventPublisher
from schemas.contacts.sealing import Contact, SealingKeys
from schemas.errors import HailongError
from sinks.clickhouse.connection import ClickHouseConnection

pytestmark = pytest.mark.servers

NAME, EARLIER, WORDS = "Nguyễn Thị Bí Mật", "sent by mistake", "chờ lâu\x1b[2J"
SHOWN = r"│ chờ lâu\x1b[2J"
READ = ("--comment", "--by", "o-head", "--unit", "03CC")
WHOSE = ("s-1", "103000000010", "0200100100")


@dataclass(frozen=True)
class Desk:
    """A handler's desk: the command line of a running deployment with one case about a low score."""

    pipeline: Pipeline
    database: ClickHouseConnection

    def run(self, *arguments: str) -> Result:
        """Run `hailong complaint`."""
        variables = {**self.pipeline.environment(), **self.pipeline.database_settings(self.database), "COLUMNS": "120"}
        return CliRunner().invoke(app, ["complaint", *arguments], env=variables)

    @property
    def case(self) -> str:
        """Id of the case."""
        found = [json.loads(line)["complaint_id"] for line in self.run("list", "--json").stdout.splitlines()]
        assert len(found) == 1
        return str(found[0])

    def show(self, *arguments: str) -> str:
        """What `show` prints."""
        result = self.run("show", self.case, *arguments)
        assert result.exit_code == 0, result.output
        return result.stdout

    def wait_for_sheet(self) -> None:
        """Until the case is there, and ClickHouse knows its sheet."""

        def stored() -> None:
            assert "official o-rated at 03CC" in self.show()

        self.pipeline.wait_until(stored, "the sheet is stored")

    def wait_for_looks(self, *expected: tuple[str, str]) -> None:
        """Until ClickHouse has exactly these events of reading a comment: kind, and who."""
        query = (
            "SELECT kind, actor FROM complaint_event FINAL WHERE action = 'READ_COMMENT' AND kind != 'RETRACTED' "
            "ORDER BY occurred_at"
        )

        def recorded() -> None:
            assert [tuple(look.values()) for look in rows(self.database, query)] == list(expected)

        self.pipeline.wait_until(recorded, "every look is recorded")

    def everything(self) -> str:
        """All rows of all tables, and all logs."""
        query = (
            "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' "
            "AND name NOT LIKE 'reference_%'"
        )
        tables = [row["name"] for row in rows(self.database, query)]
        assert len(tables) > 20
        logs = [log.read_text() for log in self.pipeline.directory.glob("*.log")]
        return str([rows(self.database, f"SELECT * FROM {table}") for table in tables]) + "".join(logs)


@pytest.fixture
def desk(pipeline: Pipeline) -> Iterator[Desk]:
    """A deployment that has read a sheet of two revisions."""
    found = Desk(pipeline, pipeline.database("desk"))
    now = time.time_ns() // 1_000_000 - 60_000
    rated, office = item("OFFICIAL", "o-rated", 1, reason="LATE_DECISION"), item("OFFICE", "03CC", 3)
    whose: dict[str, Any] = {"tax_code": WHOSE[2]}
    with EventPublisher(pipeline.kafka, sealing_keys=SealingKeys.parse(SealingKeys.generate())) as publisher:
        publisher.publish_status(status("e1", "REGISTERED", now - 120_000, **whose))
        publisher.publish_rating(rating("s-1", 1, now - 60_000, rated, comment=EARLIER, **whose))
        newest = rating("s-1", 2, now, rated, office, comment=WORDS, **whose)
        publisher.publish_rating(newest, contact=Contact(NAME)).result(DEADLINE_S)
    with pipeline.worker(HAILONG_WORKER_GRACE_S="0"), pipeline.sink(found.database):
        found.wait_for_sheet()
        yield found


def test_a_comment_is_shown_once_the_case_has_recorded_who_reads_it(desk: Desk) -> None:
    """Whoever may not act sees nothing, a denunciation is shown on the record alone, and no table holds the comment."""
    case, plain = desk.case, desk.show()
    assert "Quyết định thông quan chậm" in plain
    assert "revision 1 of" in plain
    assert "yes, sealed" in plain
    assert not any(hidden in plain for hidden in (WORDS[:3], EARLIER, NAME, "READ_COMMENT"))

    assert isinstance(desk.run("show", case, "--comment", "--by", "o-head").exception, Mistake)
    for reader, unit, refusal in (("o-rated", "03CC", "RATED_OFFICIAL"), ("o-head", "03EE", "NOT_RESPONSIBLE")):
        refused = desk.run("show", case, "--comment", "--by", reader, "--unit", unit)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert refusal in refused.stderr

    read = desk.show(*READ)
    assert SHOWN in read
    assert "ACCEPTED READ_COMMENT" in read
    assert EARLIER not in read
    whole = json.loads(desk.show(*READ, "--json"))
    assert (whole["complaint_id"], whole["sheet"]["comment"]) == (case, WORDS)
    assert [score["score"] for score in whole["sheet"]["items"]] == [1, 3]

    assert desk.run("track", case, "DENUNCIATION", "--by", "o-head").exit_code == 0
    hidden = desk.show()
    assert "The sheet of a denunciation" in hidden
    assert not any(told in hidden for told in (*WHOSE, "o-rated at", WORDS[:3]))
    on_record = desk.show(*READ)
    assert SHOWN in on_record
    assert "official o-rated at 03CC" in on_record
    assert not any(told in on_record for told in WHOSE)

    looks = [("REFUSED", "o-rated"), ("REFUSED", "o-head"), *[("ACCEPTED", "o-head")] * 3]
    desk.wait_for_looks(*looks)
    assert not any(secret in desk.everything() for secret in (NAME, EARLIER, WORDS[:7]))

    rows(desk.database, "TRUNCATE TABLE rating")
    lost = desk.run("show", case, *READ)
    assert isinstance(lost.exception, HailongError)
    assert "does not know the sheet" in str(lost.exception)
    desk.wait_for_looks(*looks)  # nobody is recorded as the reader of what was not found
