"""The Technical Support set: tickets of a service desk in 2023 with their times and the survey of the customer.

    https://www.kaggle.com/datasets/suvroo/technical-support-dataset

Its origin is not stated; the times are spread evenly over the hours of the day, so it is probably generated.
 It needs
`tickets.csv`: the set's only file, renamed.

A ticket is a declaration, the country its office, the line of support its team, the agent its official. Creation is the
registration, the first response the channel, the resolution the end of the document check (first line) or of the goods
inspection (second line), closing the clearance. The set has no time for the survey: it is the time of closing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.published.history import Event, Item, Sheet, Status, local_ms

_LINES = {"1st line support": "01", "2nd line support": "02"}


def events(directory: Path) -> list[Event]:
    """All statuses, then all sheets."""
    with (directory / "tickets.csv").open(encoding="utf-8-sig", newline="") as file:
        tickets = list(csv.DictReader(file))
    agents = {name: f"agent-{n}" for n, name in enumerate(sorted({ticket["Agent Name"] for ticket in tickets}))}
    found: list[Event] = [status for ticket in tickets for status in _statuses(ticket, agents)]
    return found + [_sheet(ticket, agents) for ticket in tickets if ticket["Survey results"]]


def _statuses(ticket: Mapping[str, str], agents: Mapping[str, str]) -> Iterator[Status]:
    second = _LINES[ticket["Agent Group"]] == "02"
    times = [
        ("REGISTERED", "Created time"),
        ("CHANNEL_ASSIGNED", "First response time"),
        *([("INSPECTION_REQUIRED", "First response time")] if second else []),
        ("GOODS_INSPECTED" if second else "DOCUMENTS_CHECKED", "Resolution time"),
        ("CLEARED", "Close time"),
    ]
    for status, column in times:
        if ticket[column]:
            yield Status(
                f"{ticket['Ticket ID']}-{status}",
                _number(ticket),
                status,
                local_ms(ticket[column]),
                _office(ticket),
                _LINES[ticket["Agent Group"]],
                agents[ticket["Agent Name"]],
                ("RED" if second else "YELLOW") if status == "CHANNEL_ASSIGNED" else "",
            )


def _sheet(ticket: Mapping[str, str], agents: Mapping[str, str]) -> Sheet:
    office, score, team = _office(ticket), round(float(ticket["Survey results"])), _LINES[ticket["Agent Group"]]
    items = (
        Item("OFFICE", office, office, score),
        Item("TEAM", office, team, score),
        Item("STEP", office, "GOODS_INSPECTION" if team == "02" else "DOCUMENT_CHECK", score),
        Item("OFFICIAL", office, agents[ticket["Agent Name"]], score),
    )
    at = local_ms(ticket["Close time"])
    return Sheet(f"survey-{ticket['Ticket ID']}", 1, _number(ticket), at, "AFTER_CLEARANCE", items)


def _number(ticket: Mapping[str, str]) -> str:
    return f"30{int(ticket['Ticket ID']):09d}0"


def _office(ticket: Mapping[str, str]) -> str:
    return ticket["Country"].replace(" ", "")[:5].upper()
