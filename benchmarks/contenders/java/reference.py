"""Writes the reference data of hailong to a file for the Java contenders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from processors.stages.reference_policies import reference_context
from schemas.catalogue import latest
from schemas.codec.wire import frame_header
from schemas.reference.offices import load_offices
from schemas.reference.timeline import FIRST_MS, build_timeline, regular_days
from schemas.reference.validity import DAY_MS
from schemas.reference.working_hours import load_working_hours
from schemas.topics import Topic


def write_reference(path: Path) -> None:
    """Write the file that `vn.hailong.bench.Reference` reads."""
    path.write_text("".join("\t".join(map(str, line)) + "\n" for line in _lines()))


def _lines() -> Iterator[tuple[object, ...]]:
    yield "header", frame_header(latest(Topic.RATED_SERVICE.subject).schema_id).hex()
    limits = reference_context().limits
    yield "limit", "DOCUMENT_CHECK", limits.document_minutes
    yield "limit", "GOODS_INSPECTION", limits.goods_minutes
    hours = load_working_hours()
    for own in [None, *sorted({rule.office for rule in hours.overtime})]:
        for day, windows in enumerate(build_timeline(hours, regular_days(hours), own).windows):
            midnight = FIRST_MS + day * DAY_MS
            for start, length in windows:
                yield "window", own or "", midnight + start, midnight + start + length
    directory = load_offices()
    for code, versions in directory._offices.items():  # noqa: SLF001 - nobody but this bench wants all of it
        for validity, _office in versions:
            yield "office", code, validity.from_ms, validity.to_ms
    for (office, team), found in directory._teams.items():  # noqa: SLF001
        for validity, _team in found:
            yield "team", office, team, validity.from_ms, validity.to_ms
