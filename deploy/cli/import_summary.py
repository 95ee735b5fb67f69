"""What an import did and what it did not, in a few sentences; the last one stands for the whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from producers.files.report import AmendmentDoubt, FileCounts, FileReport, shown

_PAGE = "docs/publishing.md"
_NAMES_SHOWN = 3

CODES_SHOWN = 10
"""Codes of unknown offices that are named at the end of an import."""


def notes(report: FileReport) -> Iterator[str]:
    """What a person should know about files, beside the rejections: for standard error."""
    for counts in report.files:
        name = shown(counts.path)
        if counts.ignored:
            yield f"{name}: passed over unknown {', '.join(sorted(counts.ignored))}."
        if counts.read and not (counts.complete or report.stopped):
            place = f"line (in Avro: record) {counts.last_line:,}"
            yield f"{name}: not read from {place} on; {counts.sent:,} events were sent."
    if report.doubtful_tax_codes:
        yield f"{report.doubtful_tax_codes:,} of the events sent have a tax code with a wrong check digit."
    if report.unknown_offices:
        yield unknown_offices(report.unknown_offices)
    if report.amendment_doubt is not None:
        yield _amendments(report.amendment_doubt)


def unknown_offices(events: Mapping[str, int]) -> str:
    """What to say about events whose office is not in the reference data."""
    most = sorted(events, key=lambda code: (-events[code], code))
    codes = ", ".join(f"{code} ({events[code]:,})" for code in most[:CODES_SHOWN])
    more = f", and {len(most) - CODES_SHOWN:,} more codes" if len(most) > CODES_SHOWN else ""
    return (
        "The reference data does not have these offices at the time of their events: "
        f"{codes}{more}. Their events are in Kafka and count under the code, without a name. "
        "If a code is right, add it: docs/reference-data.md."
    )


def conclusion(report: FileReport, rejects: Path | None) -> str:
    """What was done, and what was not: the last line."""
    if report.stopped:
        again = "Stopped before the end: publish the same again to complete it; repeating events is harmless."
        return f"{_sent(report)} {again}"
    unfinished = [counts for counts in report.files if not counts.complete]
    if report.sent:
        return " ".join([_sent(report), *_rejected(report, rejects), *_unread(unfinished)])
    if report.rejected:
        where = "see above" if rejects is None else f"{rejects} lists them"
        return f"No event was sent: all {report.rejected:,} were rejected ({where})."
    if unfinished:
        where = "the reason is above" if rejects is None else f"{rejects} has the reason"
        return f"No event was sent: {_names(unfinished)} cannot be used; {where}."
    return "No event was sent: there is none in what was read."


def _sent(report: FileReport) -> str:
    if not report.sent:
        return "No event was sent."
    return "1 event is in Kafka." if report.sent == 1 else f"{report.sent:,} events are in Kafka."


def _rejected(report: FileReport, rejects: Path | None) -> Iterator[str]:
    one = report.rejected == 1
    if report.rejected:
        listed = f"{rejects} lists {'it' if one else 'them'}"
        if rejects is None:
            listed = "see above"
        yield f"{report.rejected:,} {'was' if one else 'were'} rejected and not sent ({listed})."


def _unread(unfinished: Sequence[FileCounts]) -> Iterator[str]:
    cut = [counts for counts in unfinished if counts.read]
    unused = [counts for counts in unfinished if not counts.read]
    parts = [f"the rest of {_names(cut)}"] if cut else []
    if unused:
        parts.append(_names(unused))
    if parts:
        yield f"Not sent: {', and '.join(parts)}."


def _names(files: Sequence[FileCounts]) -> str:
    names = [shown(counts.path) for counts in files]
    return ", ".join(names[:_NAMES_SHOWN]) + (
        f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    )


def _amendments(doubt: AmendmentDoubt) -> str:
    reasons = []
    if doubt.enterprises:
        reasons.append(f"{doubt.enterprises:,} belong to different enterprises")
    if doubt.registrations:
        reasons.append(f"{doubt.registrations:,} were registered more than two months apart")
    if doubt.crowded:
        reasons.append(f"{doubt.crowded:,} have five numbers or more")
    place = f", first at {shown(doubt.example[0])}:{doubt.example[1]}" if doubt.example else ""
    sample = f" (of a sample of one in {doubt.share:,})" if doubt.share > 1 else ""
    return (
        "warning: the 12th digit of a declaration number counts amendments, so numbers that share the first 11 digits "
        f"are one declaration. Here {doubt.several:,} such declarations have several numbers{sample}; of these, "
        f"{', '.join(reasons)}{place}. If the 12th digit is part of the number in your system, map your numbers to 11 "
        f"digits and add 0 ({_PAGE}, Declaration numbers)."
    )
