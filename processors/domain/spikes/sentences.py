"""The sentence of an alert for a head of office, in Vietnamese and in English."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from processors.domain.panes import HOUR_MS
from processors.domain.spikes.evidence import Evidence
from processors.domain.spikes.policy import DAY_MS
from schemas.reference.wording import how_often

_LOCAL = timedelta(hours=7)  # Viet Nam has one time zone and no daylight saving


def sentences(name: str, phrases: tuple[str, str], evidence: Evidence) -> tuple[str, str]:
    """One sentence in Vietnamese and one in English.

    Args:
        name: The office.
        phrases: How dissatisfaction rose, in both languages. Where half of the enterprises spoke within one hour, that
            is said instead: the test that found it does not know the shape.
        evidence: The evidence, explained.
    """
    local = _local(evidence.until)
    expected = evidence.opinions * evidence.baseline.share
    length_vi, length_en = _length(evidence.window_ms)
    kind_vi, kind_en = phrases
    crowd = evidence.crowd
    if crowd is not None and 2 * crowd.enterprises >= evidence.enterprises:
        kind_vi, kind_en = "dồn dập trong một giờ", "a crowd within one hour"
    main_vi = (
        f"{name}: đánh giá không hài lòng {kind_vi}, {evidence.dissatisfied} trên {evidence.opinions} ý kiến của "
        f"{evidence.enterprises} doanh nghiệp trong {length_vi} đến {local:%H:%M ngày %d/%m/%Y} "
        f"(bình thường khoảng {expected:.1f})"
    )
    main_en = (
        f"{name}: {kind_en} of dissatisfaction, {evidence.dissatisfied} of {evidence.opinions} opinions from "
        f"{evidence.enterprises} enterprises in the {length_en} to {local:%Y-%m-%d %H:%M} local time "
        f"(about {expected:.1f} expected)"
    )
    vi, en = [main_vi], [main_en]
    last = evidence.last_day
    if last is not None and evidence.window_ms != DAY_MS:
        vi.append(f"24 giờ cuối: {last.dissatisfied} trên {last.opinions} ý kiến của {last.enterprises} doanh nghiệp")
        en.append(
            f"in the last 24 hours {last.dissatisfied} of {last.opinions} opinions from {last.enterprises} enterprises"
        )
    if crowd is not None:
        vi.append(
            f"{crowd.enterprises} doanh nghiệp không hài lòng trong giờ đến {_local(crowd.until):%H:%M ngày %d/%m/%Y}"
        )
        en.append(f"{crowd.enterprises} enterprises dissatisfied in the hour to {_local(crowd.until):%Y-%m-%d %H:%M}")
    if evidence.chance_months is not None:
        often_vi, often_en = how_often(evidence.chance_months)
        vi.append(f"ngẫu nhiên, đơn vị này {often_vi} có cảnh báo như vậy")
        en.append(f"by chance such an alarm comes {often_en} at this office")
    if evidence.standing_out:
        vi.append(f"nổi bật: {evidence.standing_out}")
        en.append(f"standing out: {evidence.standing_out}")
    return f"{'; '.join(vi)}.", f"{'; '.join(en)}."


def _local(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC) + _LOCAL


def _length(window_ms: int) -> tuple[str, str]:
    """The length of a window: in days if it has several whole ones, else in hours."""
    days, rest = divmod(window_ms, DAY_MS)
    if days > 1 and not rest:
        return f"{days} ngày", f"{days} days"
    return f"{window_ms // HOUR_MS} giờ", f"{window_ms // HOUR_MS} hours"
