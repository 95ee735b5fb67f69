"""The warning about a 12th digit that is no count of amendments."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from producers.files import amendment_digits
from producers.files.amendment_digits import AmendmentDigits
from producers.files.report import AmendmentDoubt

AT = 1_588_555_800_000
DAY = 86_400_000
PATH = Path("a.csv")


def doubt_of(*events: tuple[str, str, int, str | None]) -> AmendmentDoubt | None:
    """What is said about statuses: number, status, time, tax code."""
    digits = AmendmentDigits()
    for line, (number, status, at, tax_code) in enumerate(events, 2):
        digits.note({"declaration_no": number, "status": status, "occurred_at": at, "tax_code": tax_code}, PATH, line)
    return digits.doubt()


def test_amendments_give_no_warning() -> None:
    """A third of the declarations is amended, some of them five times, each for its own enterprise."""
    events: list[tuple[str, str, int, str | None]] = []
    for n in range(3000):
        amended = 0 if n % 3 else 5 if n % 30 == 0 else 1
        for digit in range(amended + 1):
            status = "AMENDED_BY_DECLARANT" if digit else "REGISTERED"
            events.append((f"{10300000000 + n}{digit}", status, AT + digit * DAY, f"{n:010}"))
    assert doubt_of(*events) is None


def test_a_declaration_that_is_registered_again_soon_gives_no_warning() -> None:
    """Some systems repeat the registration with each amendment, under the code of another unit of the enterprise."""
    first = ("103000000010", "REGISTERED", AT, "0200100107")
    assert doubt_of(first, ("103000000011", "REGISTERED", AT + 20 * DAY, "0200100107-001")) is None


def test_two_enterprises_under_eleven_digits_are_named() -> None:
    """Two numbers that differ in the last digit alone and belong to two enterprises: named, with the line."""
    doubt = doubt_of(
        ("103000000010", "REGISTERED", AT, "0200100107"),
        ("103000000010", "CLEARED", AT, "0200100107"),
        ("103000000011", "REGISTERED", AT, "0100109106"),
    )
    assert doubt == AmendmentDoubt(1, 1, 0, 0, 1, (PATH, 4))


def test_one_number_of_two_enterprises_is_another_matter() -> None:
    """A number whose own events contradict each other says nothing about its 12th digit."""
    assert doubt_of(("103000000010", "REGISTERED", AT, "1"), ("103000000010", "CLEARED", AT, "2")) is None


def test_registrations_far_apart_are_named() -> None:
    """No tax codes, but two registrations three months apart."""
    doubt = doubt_of(("103000000010", "REGISTERED", AT, None), ("103000000012", "REGISTERED", AT + 90 * DAY, None))
    assert doubt is not None
    assert (doubt.registrations, doubt.enterprises) == (1, 0)


def test_running_numbers_are_noticed_without_tax_codes() -> None:
    """Orders numbered one by one within hours: nearly every 11 digits hold ten numbers."""
    events = [(f"{103000000000 + n}", "REGISTERED", AT + n * 1000, None) for n in range(300)]
    doubt = doubt_of(*events)
    assert doubt is not None
    assert (doubt.several, doubt.crowded) == (30, 30)


def test_ratings_alone_show_it_too() -> None:
    """Their tax codes are no evidence, since anybody may rate, but their numbers are."""
    digits = AmendmentDigits()
    for n in range(300):
        digits.note({"declaration_no": f"{103000000000 + n}", "tax_code": f"{n:010}"}, PATH, n)
    doubt = digits.doubt()
    assert doubt is not None
    assert (doubt.enterprises, doubt.crowded) == (0, 30)


def test_a_few_contradictions_among_many_amendments_are_no_reason() -> None:
    """A hundred amended declarations, two with a mistyped tax code."""
    events: list[tuple[str, str, int, str | None]] = []
    for n in range(100):
        for digit in range(2):
            tax_code = "0100109106" if digit and n < 2 else f"{n:010}"
            events.append((f"{10300000000 + n}{digit}", "REGISTERED", AT, tax_code))
    assert doubt_of(*events) is None


def test_memory_is_bounded_and_the_sample_is_fair(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a hundred thousand declarations at most a thousand are remembered, each with all of its events."""
    monkeypatch.setattr(amendment_digits, "MAX_REMEMBERED", 1000)
    digits = AmendmentDigits()
    tracemalloc.start()
    for digit in range(2):
        for n in range(100_000):
            enterprise = f"{n * 2 + digit if n % 4 == 0 else n:010}"
            record = {"declaration_no": f"{10300000000 + n}{digit}", "status": "CLEARED", "tax_code": enterprise}
            digits.note(record, PATH, n)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    doubt = digits.doubt()
    assert doubt is not None
    assert 400 < doubt.several <= 1000
    assert 0.2 < doubt.enterprises / doubt.several < 0.3
    assert 0.8 < doubt.several * doubt.share / 100_000 < 1.25
    assert peak < 1_000_000


def test_an_import_reports_it(outbox: Any) -> None:
    """The report of `publish_files` has the doubt; the events are sent all the same."""
    rows = [f"e{n},{103000000000 + n},REGISTERED,{AT},03CC\n" for n in range(200)]
    report = outbox.publish(outbox.file("a.csv", "event_id,declaration_no,status,occurred_at,office\n" + "".join(rows)))
    assert (report.sent, report.clean) == (200, True)
    assert report.amendment_doubt is not None
    assert report.amendment_doubt.crowded == 20
