from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = (Path(__file__).parents[3] / "docs" / "publishing.md").read_text(encoding="utf-8")


def test_the_worked_example_does_what_the_page_says(outbox: Any) -> None:
    """Two statuses are sent and one rejected for its time; the sheet in CSV and in JSON is the same rating."""
    statuses, ratings, rejects = re.findall(r"```csv\n(.*?)```", PAGE, re.DOTALL)
    (sheet,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    outbox.publish(outbox.file("statuses.csv", statuses), outbox.file("r.csv", ratings), outbox.file("r.jsonl", sheet))
    assert [record.get("event_id") for record in outbox.records] == ["hq-1", "hq-2", None, None]
    assert outbox.records[2] == outbox.records[3]
    (rejection,) = outbox.rejections
    assert f"{rejection.line},{rejection.field},{rejection.reason}," in rejects
    assert rejection.rule in rejects
