from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from support.published_rows import write_published_rows

from benchmarks.published import helpdesk, olist
from benchmarks.published.arrangements import Arrangement, arrange
from benchmarks.published.history import Item, Sheet, Status, iso, read_csv, write_csv
from benchmarks.published.tax_codes import tax_code


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A directory with the files of both sets."""
    write_published_rows(tmp_path)
    return tmp_path


def test_an_order_becomes_a_declaration(data: Path) -> None:
    """Times become statuses 208 weeks later; an order without a time of its cancellation ends after its last time."""
    statuses = [event for event in olist.events(data) if isinstance(event, Status)]
    assert [(status.declaration_no, status.status, iso(status.at)) for status in statuses[:6]] == [
        ("100000000000", "REGISTERED", "2021-07-05T08:30:00.000+07:00"),
        ("100000000000", "CHANNEL_ASSIGNED", "2021-07-05T09:00:00.000+07:00"),
        ("100000000000", "DOCUMENTS_CHECKED", "2021-07-05T11:00:00.000+07:00"),
        ("100000000000", "CLEARED", "2021-07-05T14:00:00.000+07:00"),
        ("100000000010", "REGISTERED", "2021-07-05T09:00:00.000+07:00"),
        ("100000000010", "CHANNEL_ASSIGNED", "2021-07-05T10:00:00.000+07:00"),
    ]
    assert (statuses[6].status, statuses[6].at - statuses[5].at) == ("CANCELLED", 1000)
    assert {status.channel for status in statuses if status.status == "CHANNEL_ASSIGNED"} == {"YELLOW"}
    assert statuses[0].tax_code == statuses[-1].tax_code != statuses[4].tax_code


def test_a_review_becomes_a_sheet(data: Path) -> None:
    """A review rates the office, the seller if there is one, and the document check if it began."""
    first, second, _third = (event for event in olist.events(data) if isinstance(event, Sheet))
    assert first.items == (
        Item("OFFICE", "BRSP", "BRSP", 1),
        Item("OFFICIAL", "BRSP", "seller-1", 1),
        Item("STEP", "BRSP", "DOCUMENT_CHECK", 1),
    )
    assert (first.phase, first.comment) == ("AFTER_CLEARANCE", "Não chegou,\npéssimo")
    assert (second.phase, second.sheet_id, len(second.items)) == ("DURING_CLEARANCE", first.sheet_id, 2)


def test_a_ticket_becomes_a_declaration_with_an_inspection(data: Path) -> None:
    """A ticket of the second line has its goods inspected; without a survey there is no sheet."""
    events = helpdesk.events(data)
    assert [event.status for event in events if isinstance(event, Status)] == [
        *("REGISTERED", "CHANNEL_ASSIGNED", "INSPECTION_REQUIRED", "GOODS_INSPECTED", "CLEARED"),
        *("REGISTERED", "CHANNEL_ASSIGNED"),
    ]
    assert [(sheet.sheet_id, sheet.at) for sheet in events if isinstance(sheet, Sheet)] == [("survey-7", events[4].at)]


@pytest.mark.parametrize("how", list(Arrangement))
def test_an_arrangement_holds_every_event_once(data: Path, tmp_path: Path, how: Arrangement) -> None:
    """Whatever the order, the files hold the same events; those in CSV are read back as they were."""
    events = olist.events(data)
    files = arrange(events, how, tmp_path)
    if files[0].suffix == ".csv":
        pairs = sorted(files, key=lambda file: (file.stem.partition("-")[2], file.stem < "s"))
        read = [event for one, other in zip(pairs[::2], pairs[1::2], strict=True) for event in read_csv(one, other)]
        assert Counter(read) == Counter(events)
    else:
        assert len(files[0].read_text(encoding="utf-8").splitlines()) == len(events)


def test_sheets_of_one_id_stay_apart(data: Path, tmp_path: Path) -> None:
    """Two orders may have a review of one id: they are two sheets, also when their rows are neighbours."""
    files = tmp_path / "statuses.csv", tmp_path / "ratings.csv"
    write_csv(olist.events(data), *files)
    sheets = [event for event in read_csv(*files) if isinstance(event, Sheet)]
    assert [(sheet.sheet_id, len(sheet.items)) for sheet in sheets] == [
        ("review-1", 3),
        ("review-1", 2),
        ("review-2", 2),
    ]


def test_every_enterprise_has_a_code_of_its_own() -> None:
    """Codes are distinct, also where the first nine digits have no check digit."""
    codes = [tax_code(number) for number in range(2000)]
    assert len(set(codes)) == len(codes)
    assert {len(code) for code in codes} == {10}
