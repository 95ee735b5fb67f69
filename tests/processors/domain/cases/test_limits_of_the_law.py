"""Each legal limit on real dates, worked out by hand with a calendar on the wall.

Rules: D766 is Decision 766/QĐ-TTg, D20/2008 Decree 20/2008/NĐ-CP, D13/2023 Decree 13/2023/NĐ-CP; L02/2011 is the law on
complaints, L25/2018 that on denunciations, L136/2025 amends both since 1 July 2026; L91/2025 protects personal data.
How days are counted is CC, the Civil Code 2015: the day of the event is not counted (147.3), a limit ends at 24:00 of
its last day (148.1, 148.6). The star marks those in calendar days that end on a day off: they go on to the next working
day (148.5).
"""

from __future__ import annotations

import pytest
from support.events import at

from processors.domain.cases.clocks import limit_end
from schemas.reference.calendar import load_calendar
from schemas.reference.deadlines import load_deadlines
from schemas.reference.validity import DAY_MS

CASES = [
    # limit, rule, start, last day, what to see
    ("RESOLVE", "D766 5.2", "2022-06-23 08:00", "2022-07-14", "three plain weeks, from the first day of the Decision"),
    ("RESOLVE", "D766 5.2", "2022-08-19 09:30", "2022-09-13", "1 and 2 September are days off"),
    ("RESOLVE", "D766 5.2", "2023-01-09 10:00", "2023-02-06", "Tết, 20 to 26 January"),
    ("RESOLVE", "D766 5.2", "2023-04-14 16:59", "2023-05-10", "29 April to 3 May: two days off in lieu"),
    ("RESOLVE", "D766 5.2", "2024-04-12 08:00", "2024-05-08", "18, 29, 30 April, 1 May off; 4 May worked"),
    ("RESOLVE", "D766 5.2", "2025-01-20 14:00", "2025-02-17", "Tết, 27 to 31 January"),
    ("RESOLVE", "D766 5.2", "2026-02-06 09:00", "2026-03-06", "Tết, 16 to 20 February"),
    ("RESOLVE", "D766 5.2", "2026-08-14 11:00", "2026-09-08", "22 August worked; 31 Aug to 2 Sept off"),
    ("PUBLISH", "D766 5.2", "2022-09-01 09:00", "2022-09-06", "resolved on a day off"),
    ("PUBLISH", "D766 5.2", "2024-02-07 15:00", "2024-02-16", "resolved on the eve of Tết, 8 to 14 February"),
    ("PUBLISH", "D766 5.2", "2025-04-29 10:00", "2025-05-06", "30 April to 2 May off, then a weekend"),
    ("PUBLISH", "D766 5.2", "2026-08-21 17:30", "2026-08-24", "the Saturday is worked"),
    ("REJECT", "D766 5.2", "2022-12-30 09:00", "2023-01-04", "1 January is a Sunday: Monday off in lieu"),
    ("REJECT", "D766 5.2", "2024-05-02 09:00", "2024-05-04", "ends on a Saturday that is worked"),
    ("REJECT", "D766 5.2", "2025-04-04 09:00", "2025-04-09", "Hùng Kings, 7 April"),
    ("ASK_SUPPLEMENT", "D766 5.2", "2023-01-18 09:00", "2023-02-01", "one day before Tết, four after"),
    ("ASK_SUPPLEMENT", "D766 5.2", "2024-08-28 09:00", "2024-09-06", "2 and 3 September off"),
    ("ASK_SUPPLEMENT", "D766 5.2", "2026-04-24 09:00", "2026-05-06", "27 April in lieu of Hùng Kings; 30 April, 1 May"),
    ("FORWARD_OUT_OF_SCOPE", "D20/2008 Art. 9", "2020-01-21 09:00", "2020-02-04", "Tết, 23 to 29 January"),
    ("FORWARD_OUT_OF_SCOPE", "D20/2008 Art. 9", "2021-04-16 09:00", "2021-04-26", "Hùng Kings, 21 April"),
    ("FORWARD_OUT_OF_SCOPE", "D20/2008 Art. 9", "2020-04-27 23:30", "2020-05-06", "in the evening; 30 April, 1 May"),
    ("COMPLAINT_ACCEPT", "L02/2011", "2020-04-20 09:00", "2020-05-04", "the tenth day, 30 April, is off *"),
    (
        "COMPLAINT_ACCEPT",
        "L02/2011",
        "2021-02-01 09:00",
        "2021-02-17",
        "the tenth day is in Tết, 10 to 16 February *",
    ),
    (
        "COMPLAINT_ACCEPT",
        "L02/2011",
        "2024-04-19 09:00",
        "2024-05-02",
        "the tenth day, Monday 29 April, is off *",
    ),
    ("COMPLAINT_ACCEPT", "L02/2011", "2026-06-30 16:00", "2026-07-10", "the last day of ten calendar days"),
    ("COMPLAINT_ACCEPT", "L136/2025", "2026-07-01 08:00", "2026-07-10", "the first day of seven working days"),
    ("COMPLAINT_ACCEPT", "L136/2025", "2026-08-20 08:00", "2026-08-28", "a worked Saturday is one of seven"),
    ("COMPLAINT_DECIDE", "L02/2011", "2020-01-01 09:00", "2020-01-31", "over Tết, which ends before"),
    (
        "COMPLAINT_DECIDE",
        "L02/2011",
        "2021-01-11 09:00",
        "2021-02-17",
        "the thirtieth day is the first of Tết *",
    ),
    ("COMPLAINT_DECIDE", "L02/2011", "2023-03-31 09:00", "2023-05-04", "Sunday 30 April, then days off *"),
    ("COMPLAINT_DECIDE", "L02/2011", "2024-01-09 09:00", "2024-02-15", "in Tết *"),
    ("COMPLAINT_DECIDE", "L02/2011", "2026-08-03 09:00", "2026-09-03", "2 September *"),
    ("COMPLAINT_DECIDE_COMPLEX", "L02/2011", "2020-03-17 09:00", "2020-05-04", "1 May, weekend *"),
    ("COMPLAINT_DECIDE_COMPLEX", "L02/2011", "2022-07-19 09:00", "2022-09-05", "2 September, then a weekend *"),
    ("COMPLAINT_DECIDE_COMPLEX", "L02/2011", "2025-12-17 09:00", "2026-02-02", "a Saturday *"),
    ("COMPLAINT_SEND", "L02/2011", "2020-04-28 09:00", "2020-05-05", "30 April, 1 May and a weekend"),
    ("COMPLAINT_SEND", "L02/2011", "2021-02-09 09:00", "2021-02-19", "decided on the eve of Tết"),
    ("COMPLAINT_SEND", "L02/2011", "2025-08-29 09:00", "2025-09-05", "1 and 2 September"),
    ("COMPLAINT_SECOND_LODGE", "L02/2011", "2020-04-01 09:00", "2020-05-04", "1 May, weekend *"),
    ("COMPLAINT_SECOND_LODGE", "L02/2011", "2024-01-10 09:00", "2024-02-15", "in Tết *"),
    ("COMPLAINT_LODGE", "L02/2011", "2021-01-31 09:00", "2021-05-04", "Saturday 1 May, then Monday in lieu *"),
    ("COMPLAINT_LODGE", "L02/2011", "2026-06-02 09:00", "2026-09-03", "31 August to 2 September *"),
    ("COMPLAINT_SECOND_ACCEPT", "L02/2011", "2022-08-23 09:00", "2022-09-05", "2 September *"),
    ("COMPLAINT_SECOND_ACCEPT", "ours", "2026-08-20 09:00", "2026-08-28", "seven working days"),
    ("COMPLAINT_SECOND_DECIDE", "L02/2011", "2025-12-18 09:00", "2026-02-02", "Sunday 1 February *"),
    ("COMPLAINT_SECOND_DECIDE_COMPLEX", "L02/2011", "2020-03-02 09:00", "2020-05-04", "1 May, weekend *"),
    ("COMPLAINT_SECOND_SEND", "L02/2011", "2023-04-26 09:00", "2023-05-10", "29 April to 3 May"),
    ("DENUNCIATION_ACCEPT", "L25/2018", "2020-04-29 09:00", "2020-05-12", "30 April, 1 May"),
    ("DENUNCIATION_ACCEPT", "L25/2018", "2024-02-05 09:00", "2024-02-21", "two days before Tết, five after"),
    ("DENUNCIATION_RESOLVE", "L25/2018 Art. 30", "2021-04-02 09:00", "2021-05-04", "Sunday, Monday in lieu *"),
    (
        "DENUNCIATION_RESOLVE",
        "L25/2018 Art. 30",
        "2023-08-03 09:00",
        "2023-09-05",
        "2 September, Monday in lieu *",
    ),
    (
        "DENUNCIATION_RESOLVE_COMPLEX",
        "L25/2018 Art. 30",
        "2022-03-02 09:00",
        "2022-05-04",
        "1 May, two days in lieu *",
    ),
    ("DENUNCIATION_RESOLVE_COMPLEX", "L25/2018 Art. 30", "2026-07-03 09:00", "2026-09-03", "1 September *"),
    ("ERASE_CONTACT", "D13/2023 Art. 16", "2023-08-30 09:00", "2023-09-05", "2 September, Monday in lieu *"),
    ("ERASE_CONTACT", "D13/2023 Art. 16", "2024-04-26 09:00", "2024-05-02", "29 April to 1 May *"),
    ("ERASE_CONTACT", "L91/2025", "2026-01-28 09:00", "2026-02-23", "in Tết *"),
]


@pytest.mark.parametrize(("limit", "rule", "start", "last_day", "why"), CASES)
def test_a_limit_of_the_law_ends_with_its_last_day(limit: str, rule: str, start: str, last_day: str, why: str) -> None:
    """At 24:00 of the day that was worked out."""
    begun = at(start)
    end = limit_end(load_deadlines().get(limit, begun), begun, load_calendar())
    assert end == at(f"{last_day} 00:00") + DAY_MS, f"{rule}: {why}"


def test_every_limit_of_the_law_is_worked_out() -> None:
    """Only those that are ours are missing."""
    known, day = load_deadlines(), at("2026-06-30 08:00")
    of_the_law = {one for one in known.ids() if not known.get(one, day).source.startswith("ours")}
    assert of_the_law <= {limit for limit, *_rest in CASES}
