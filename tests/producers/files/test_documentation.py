from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.documented_events import blocks, examples

from schemas.reference.tax_code import TaxCodeVerdict, check_tax_code

PAGE = (Path(__file__).parents[3] / "docs" / "publishing.md").read_text(encoding="utf-8")


def test_the_worked_example_does_what_the_page_says(outbox: Any) -> None:
    """Two statuses are sent and one rejected for its time; the sheet in CSV and in JSON is the same rating."""
    statuses, ratings, rejects = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
    (sheet,) = re.findall(r"```json\n(\{\"sheet_id.*?)```", PAGE, re.DOTALL)
    outbox.publish(outbox.file("statuses.csv", statuses), outbox.file("r.csv", ratings), outbox.file("r.jsonl", sheet))
    assert [record.get("event_id") for record in outbox.records] == ["hq-1", "hq-2", None, None]
    assert outbox.records[2] == outbox.records[3]
    (rejection,) = outbox.rejections
    assert f"{rejection.line},{rejection.field},{rejection.reason}," in rejects
    assert rejection.rule in rejects


@pytest.mark.parametrize("example", examples(), ids=lambda example: f"{example.page}-{example.topic.subject}")
def test_every_example_of_every_page_is_clean(outbox: Any, example: Any) -> None:
    """Nothing is rejected except where the page says so, and no value is doubtful."""
    report = outbox.publish(outbox.file(f"example{example.suffix}", example.text))
    assert report.sent > 0
    assert report.doubtful_tax_codes == 0
    assert report.amendment_doubt is None
    assert report.rejected == (1 if "hq-3" in example.text else 0)


def test_there_are_examples_of_all_kinds() -> None:
    """The search for examples finds those that exist: statuses, ratings in two formats, an action."""
    found = [(example.topic.subject, example.suffix) for example in examples()]
    assert {("declaration-status", ".csv"), ("rating", ".csv"), ("rating", ".jsonl")} <= set(found)
    assert ("complaint-action", ".jsonl") in found


def test_tax_codes_in_the_documents_have_the_right_check_digit() -> None:
    """Also those in SQL and in bytes: an example that warns teaches to overlook warnings."""
    named = {code for block in blocks() for code in re.findall(r"(?<!\d)0\d{9}(?!\d)", block.text)}
    assert named
    assert {code for code in named if check_tax_code(code) is not TaxCodeVerdict.VALID} == set()
