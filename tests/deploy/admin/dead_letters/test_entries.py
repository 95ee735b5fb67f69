"""Choosing among dead letters, and which can be published again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from deploy.admin.dead_letters.entries import DeadLetterEntry, Selection, find_letter
from deploy.admin.dead_letters.times import format_moment, parse_moment
from deploy.errors import Mistake
from schemas.records.dead_letters import DeadLetterAction
from schemas.topics import Topic

ACTION = DeadLetterAction("a", 5, "l", "DISCARDED", 5, "ops", None, None, None)


@pytest.mark.parametrize(
    ("selection", "meant"),
    [
        ({}, True),
        ({"ids": ["12EB"]}, True),
        ({"ids": ["ffff"]}, False),
        ({"reasons": ["bad_time", "CORRUPT"]}, True),
        ({"reasons": ["CORRUPT"]}, False),
        ({"topics": ["rating"]}, True),
        ({"topics": ["hailong.rating.v1"]}, True),
        ({"topics": ["alert"]}, False),
        ({"partition": 3, "stages": ["join"], "schema_ids": [102]}, True),
        ({"partition": 0}, False),
        ({"stages": ["sink"]}, False),
        ({"schema_ids": [7]}, False),
        ({"since": 1_588_300_200_000, "until": 1_588_300_200_001}, True),
        ({"since": 1_588_300_200_001}, False),
        ({"until": 1_588_300_200_000}, False),
    ],
)
def test_every_filter_restricts(entry: Callable[..., DeadLetterEntry], selection: dict[str, Any], meant: bool) -> None:
    """A letter must match every filter, and one of the values of each filter."""
    assert bool(Selection(**selection).of([entry()])) is meant
    assert Selection(**selection).restricts is bool(selection)


def test_letters_that_were_decided_about_are_hidden(entry: Callable[..., DeadLetterEntry]) -> None:
    """They are selected only with `decided`, the latest letter first."""
    old, new = entry(recorded_at=1, actions=(ACTION,)), entry(recorded_at=2)
    assert Selection().of([old, new]) == [new]
    assert Selection(decided=True).of([old, new]) == [new, old]
    assert (old.state, new.state) == ("DISCARDED", "OPEN")


@pytest.mark.parametrize(
    ("different", "words"),
    [
        ({}, None),
        ({"topic": "other.rating.v1"}, None),
        ({"topic": "hailong.rated-service.v1"}, None),
        ({"topic": "somebody.else"}, "not one of hailong's"),
        ({"value_size": 41}, "only 40 of its 41 bytes"),
        ({"key_size": 1024}, "bytes of its key were kept"),
        ({"reason": "EMPTY"}, "no value"),
        ({"topic": "hailong.office-count.v1"}, "would replace the current one"),
    ],
)
def test_what_cannot_be_replayed_says_why(
    entry: Callable[..., DeadLetterEntry], different: dict[str, Any], words: str | None
) -> None:
    """Truncated, empty and foreign records are refused, and those of compacted topics."""
    why = entry(**different).not_replayable()
    assert why is None if words is None else words in (why or "")


def test_the_source_topic_is_found_under_any_prefix() -> None:
    """Each topic is recognised by the end of its name, though one name may end like another."""
    for topic in Topic:
        made = DeadLetterEntry("i", (), topic.value.name("a.b-"), "c", 0, 0, 0, "", "", None, None, 0, 0, "")
        assert made.origin is topic


def test_a_letter_is_found_by_the_prefix_of_its_id(entry: Callable[..., DeadLetterEntry]) -> None:
    """A prefix finds one letter; a short, unknown or ambiguous prefix is refused."""
    entries = [entry(), entry(dead_letter_id="12eb0000-0000-0000-0000-000000000000")]
    assert find_letter(entries, "12EB4") is entries[0]
    for beginning, words in (("12e", "at least the first 4"), ("12eb", "2 dead letters"), ("ffff", "No dead letter")):
        with pytest.raises(Mistake, match=words):
            find_letter(entries, beginning)


def test_moments_as_people_write_them() -> None:
    """Durations (ago), dates and times are understood; anything else is refused with an example."""
    now = 1_588_300_200_000
    assert [now - parse_moment(text, now, "--since") for text in ("now", "90m", "1.5h", "2d", "30s")] == [
        0, 5_400_000, 5_400_000, 172_800_000, 30_000,
    ]  # fmt: skip
    assert parse_moment("2020-05-01T02:30", 0, "--since") == parse_moment("2020-05-01T09:30+07:00", 0, "--since") == now
    assert parse_moment("2020-05-01", 0, "--since") == now - 9_000_000
    assert format_moment(now) == "2020-05-01 02:30"
    with pytest.raises(Mistake, match="--since yesterday is not a time"):
        parse_moment("yesterday", now, "--since")
