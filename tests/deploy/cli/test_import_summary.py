from __future__ import annotations

from pathlib import Path

import pytest

from deploy.cli.import_summary import conclusion, notes
from producers.files.report import STANDARD_INPUT, AmendmentDoubt, FileCounts, FileReport

A, B = Path("a.csv"), Path("b.avro")


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (FileReport([FileCounts(A, 3, 3)]), "3 events are in Kafka."),
        (FileReport([FileCounts(A, 1, 1)]), "1 event is in Kafka."),
        (
            FileReport([FileCounts(A, 5, 3, 2)]),
            "3 events are in Kafka. 2 were rejected and not sent (see above).",
        ),
        (FileReport([FileCounts(A, 5, 0, 5)]), "No event was sent: all 5 were rejected (see above)."),
        (FileReport([FileCounts(A)]), "No event was sent: there is none in what was read."),
        (FileReport([FileCounts(A, complete=False)]), "No event was sent: a.csv cannot be used; the reason is above."),
        (
            FileReport([FileCounts(A, 3, 3), FileCounts(B, 7, 7, complete=False)]),
            "10 events are in Kafka. Not sent: the rest of b.avro.",
        ),
        (
            FileReport([FileCounts(A, 3, 3), FileCounts(B, complete=False)]),
            "3 events are in Kafka. Not sent: b.avro.",
        ),
        (
            FileReport([FileCounts(A, 4, 3, 1), FileCounts(STANDARD_INPUT, complete=False)]),
            "3 events are in Kafka. 1 was rejected and not sent (see above). Not sent: standard input.",
        ),
        (
            FileReport([FileCounts(A, 3, 3, complete=False)], stopped=True),
            "3 events are in Kafka. Stopped before the end: publish the same again",
        ),
        (FileReport([FileCounts(A, complete=False)], stopped=True), "No event was sent. Stopped before the end"),
    ],
)
def test_the_last_line_says_what_was_done_and_what_not(report: FileReport, words: str) -> None:
    """It never counts zero of zero: nothing that was sent, or that was not, is left to guess."""
    assert conclusion(report, None).startswith(words)


def test_a_file_of_rejections_is_named() -> None:
    """The last line says where to look."""
    assert "(r.csv lists them)" in conclusion(FileReport([FileCounts(A, 5, 3, 2)]), Path("r.csv"))


def test_notes_name_what_was_passed_over_and_where_reading_ended() -> None:
    """Columns that were ignored, doubtful tax codes, and the place where a file could not be read on."""
    cut = FileCounts(B, 5400, 5399, 1, complete=False, last_line=5401)
    report = FileReport([FileCounts(A, 3, 3, doubtful_tax_codes=2, ignored={"region", "note"}), cut])
    assert list(notes(report)) == [
        "a.csv: passed over unknown note, region.",
        "b.avro: not read from line (in Avro: record) 5,401 on; 5,399 events were sent.",
        "2 of the events sent have a tax code with a wrong check digit.",
    ]


def test_unknown_offices_are_named_with_the_most_frequent_first() -> None:
    """A long list is cut, and says by how much."""
    (few,) = notes(FileReport([FileCounts(A, 3, 3)], unknown_offices={"AAAA": 1, "BBBB": 1200}))
    assert "BBBB (1,200), AAAA (1)." in few
    (many,) = notes(FileReport([FileCounts(A, 3, 3)], unknown_offices={f"Q{n:03d}": n for n in range(25)}))
    assert "Q024 (24), Q023 (23)" in many
    assert "and 15 more codes" in many


def test_the_warning_about_amendments_says_why_and_what_to_do() -> None:
    """Counts, an example, and how to map the numbers."""
    doubt = AmendmentDoubt(2000, 1990, 3, 1500, 4, (A, 17))
    (warning,) = notes(FileReport([FileCounts(A, 3, 3)], amendment_doubt=doubt))
    for words in (
        "warning: the 12th digit",
        "2,000 such declarations have several numbers (of a sample of one in 4)",
        "1,990 belong to different enterprises, 3 were registered more than two months apart, 1,500 have five numbers",
        "first at a.csv:17",
        "11 digits and add 0",
    ):
        assert words in warning
