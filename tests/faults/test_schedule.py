"""The schedule, the load and the points of the fault matrix."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from faults.arming import Arsenal
from faults.inputs import accepted
from faults.schedule import KINDS, UnknownKind, chosen, plan
from faults.traffic import START_MS, Event, Round, Traffic, rounds
from producers.sdk import encoded_rating, encoded_status
from schemas.records.events import DeclarationStatus, Rating
from schemas.reference.offices import load_offices
from schemas.topics import Topic

NOW = 1_700_000_000_000


def test_a_seed_always_draws_the_same_schedule() -> None:
    """A run can be repeated by its seed, and another seed gives another run."""
    assert plan(KINDS, 5, 7, 20) == plan(KINDS, 5, 7, 20)
    assert plan(KINDS, 5, 7, 20) != plan(KINDS, 5, 8, 20)


def test_every_kind_comes_as_often_as_asked_for() -> None:
    """A whole run has at least 100 faults, five of each kind, and three brokers only where a kind wants them."""
    sections = plan(KINDS, 5, 7, 20)
    faults = [fault for section in sections for fault in section.faults]
    assert len(faults) >= 100
    assert set(Counter(fault.kind for fault in faults).values()) == {5}
    assert [fault.number for fault in faults] == list(range(1, len(faults) + 1))
    assert all(fault.kind.brokers == section.brokers for section in sections for fault in section.faults)


def test_a_kind_that_does_not_exist_is_refused() -> None:
    """A misspelt kind is told, not skipped."""
    with pytest.raises(UnknownKind, match="sink_before_inserts"):
        chosen(["sink_before_inserts"])


def traffic(of: Round, seed: int = 5) -> list[Event]:
    """A short round of the load."""
    made = Traffic(of, seed, START_MS)
    made.rated = True
    return [*made.take(6000), *made.rest()]


def offices() -> list[str]:
    """Every office of the time of the load."""
    return [office.code for office in load_offices().offices(START_MS)]


def test_rounds_share_nothing() -> None:
    """No two rounds have a declaration or an office in common, and there are enough for a section."""
    found = rounds(offices(), seed=3)
    assert len(found) > 50
    assert all(one.end <= other.first for one, other in pairwise(found))
    assert len({office for one in found for office in one.offices}) == 3 * len(found)


def test_events_stay_within_their_round() -> None:
    """Every event of a round has its numbers and its offices."""
    of = rounds(offices(), seed=3)[4]
    for event in traffic(of):
        assert of.first <= int(event.declaration_no[:11]) < of.end
        named = [item.office for item in event.items] if isinstance(event, Rating) else [event.office]
        assert set(named) <= set(of.offices)


def test_the_load_is_as_unpleasant_as_it_claims() -> None:
    """Events come doubled, edited and out of order; sheets early, unmatched, revised and contradicting themselves."""
    of = rounds(offices(), seed=3)[0]
    events = traffic(of)
    statuses = [event for event in events if isinstance(event, DeclarationStatus)]
    sheets = [event for event in events if isinstance(event, Rating)]
    assert 0.025 < len(sheets) / len(events) < 0.06
    assert len(set(statuses)) < len(statuses)
    assert len({(one.declaration_no[:11], one.event_id) for one in statuses}) < len(set(statuses))
    assert any(later.occurred_at < one.occurred_at - 60_000 for one, later in pairwise(statuses))
    declared = {one.declaration_no[:11] for one in statuses}
    assert any(one.declaration_no[:11] not in declared for one in sheets)
    assert {one.revision for one in sheets} > {1, 2}
    assert len({(one.sheet_id, one.revision) for one in sheets}) < len(set(sheets))
    assert {item.score for one in sheets for item in one.items} == {1, 2, 3, 4, 5}


def test_the_contract_accepts_the_whole_load() -> None:
    """What the load sends is read back as it was, with none refused."""
    events = traffic(rounds(offices(), seed=3)[0])[:2000]
    records = {Topic.DECLARATION_STATUS: [], Topic.RATING: []}  # type: ignore[var-annotated]  # filled below
    for event in events:
        if isinstance(event, Rating):
            records[Topic.RATING].append(encoded_rating(event, NOW))
        else:
            records[Topic.DECLARATION_STATUS].append(encoded_status(event, NOW))
    inputs = accepted(records)
    assert [one for one, _crc in inputs.statuses] == [one for one in events if isinstance(one, DeclarationStatus)]
    assert [one for one, _crc in inputs.ratings] == [one for one in events if isinstance(one, Rating)]


PASSER = """
import sys
from pathlib import Path
from faults.arming import Fuse
fuse = Fuse(Path(sys.argv[1]))
for number in range(10):
    print(number, flush=True)
    fuse.passes("here")
"""


def test_a_process_dies_where_it_is_told_to(tmp_path: Path) -> None:
    """It lets the given number of passes go by, dies by SIGKILL, and is known by its pid; the next one lives."""
    arsenal = Arsenal(tmp_path / "control")
    arsenal.arm("here", skip=3)
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    command = [sys.executable, "-c", PASSER, str(arsenal.directory)]
    first = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert first.returncode == -signal.SIGKILL
    assert first.stdout.split() == ["0", "1", "2", "3"]
    death = arsenal.death("here")
    assert death is not None
    assert arsenal.death("here") is None
    second = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert second.returncode == 0
