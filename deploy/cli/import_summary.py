"""What an import did and what it did not, in a few sentences; the last one stands for the whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from producers.files.report import AmendmentDoubt, FileReport, shown

_PAGE = "docs/publishing.md"


def notes(report: FileReport) -> Iterator[str]:
    """What a person should know about files, beside the rejections: for standard error."""
    for counts in report.files:
        name = shown(counts.path)
        if counts.ignored:
            yield f"{name}: passed over unknown {', '.join(sorted(counts.ignored))}."
        if counts.complete or report.stopped:
            continue
        if counts.read:
            yield f"{name}: read only up to {counts.last_line:,}; {counts.sent:,} events before it were sent."
        else:
            yield f"{name}: nothing of it was sent."
    if report.doubtful_tax_codes:
        yield f"{report.doubtful_tax_codes:,} of the events sent have a tax code with a wrong check digit."
    if report.amendment_doubt is not None:
        yield _amendments(report.amendment_doubt)


def conclusion(report: FileReport, rejects: Path | None) -> str:
    """What was done, and what was not: the last line."""
    if report.stopped:
        end = "Stopped before the end: publish the same again to complete it, repeating events is harmless."
        return f"{_sent(report)} {end}"
    listed = f"{rejects} lists them" if rejects is not None else "they are listed above"
    if report.rejected:
        if not report.sent:
            return f"No event was sent: all {report.rejected:,} were rejected ({listed})."
        return f"{_sent(report)} {report.rejected:,} were rejected and not sent ({listed})."
    unfinished = [shown(counts.path) for counts in report.files if not counts.complete]
    if not unfinished:
        return _sent(report) if report.sent else "No event was sent: there is none in what was read."
    some = f"{', '.join(unfinished[:3])}{', ...' if len(unfinished) > 3 else ''}"
    if not report.sent:
        return f"No event was sent: {some} cannot be used ({'see' if rejects is None else rejects})."
    return f"{_sent(report)} Not sent: the rest of {some}."


def _sent(report: FileReport) -> str:
    if not report.sent:
        return "No event was sent."
    return "1 event is in Kafka." if report.sent == 1 else f"{report.sent:,} events are in Kafka."


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
