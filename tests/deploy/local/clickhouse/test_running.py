"""The statements that run, before an engine that records what it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field

from support.polling import eventually

from deploy.local.clickhouse.accounts import Account
from deploy.local.clickhouse.running import RunningStatement, RunningStatements


@dataclass
class Describing:
    """An engine that works on another part of the statement than the one that a KILL found."""

    asked: list[str] = field(default_factory=list)

    def query(self, text: str, _format: str) -> Describing:
        """Record a query."""
        self.asked.append(text)
        return self

    def bytes(self) -> bytes:
        """The engine's processes: the statement's first part."""
        return b"hailong-1\tdescribe-1\n"

    def close(self) -> None:
        """Nothing to end."""


def test_a_kill_that_finds_the_first_part_of_a_statement_ends_the_others_too() -> None:
    """The engine describes a SELECT before it runs it, each under an id of its own."""
    engine, tester = Describing(), Account("tester", "", reads_only=False)
    running = RunningStatements(lambda: engine)
    mark = running.new_mark()
    try:
        with running.entered(mark, RunningStatement("q1", tester, lambda: False)):
            sent = running.translated("KILL QUERY WHERE query_id = 'q1' SYNC", tester)
            assert sent == "KILL QUERY WHERE query_id = 'describe-1' SYNC"
            again = f"KILL QUERY WHERE Settings['log_comment'] = '{mark}' ASYNC"
            eventually(lambda: engine.asked.count(again) > 1, "KILL at each look, whatever part runs by then")
    finally:
        running.close()
