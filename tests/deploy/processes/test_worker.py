"""What a worker makes of its settings."""

from __future__ import annotations

from typing import Any

from support.events import at

from deploy.processes.worker import chosen_stages
from deploy.settings.load import load
from deploy.settings.worker import WorkerSettings
from schemas.codec.record import pinned_only
from schemas.reference.site.reference import parse_site

TRUST = 'confidence = "U"\nsource = "test"\n'
OWN = f"""
[[office]]
code = "XV"
level = "REGION"
name_vi = "Vùng"
valid_from = 2010-01-01
{TRUST}
[[office]]
code = "SPSP"
name_vi = "São Paulo"
parent = "XV"
valid_from = 2016-09-01
{TRUST}
[[outage]]
from = 2020-06-01T08:00:00
until = 2020-06-01T12:00:00
offices = ["SPSP"]
what = "fibre cut"
{TRUST}
[[day_off]]
date = 2020-06-03
name = "site"
{TRUST}"""


def test_every_stage_works_with_the_reference_data_of_the_site() -> None:
    """Facts, working time, units above, alerts' names and outages: all of them come from the site's file."""
    data = parse_site("site.toml", OWN)
    stages: dict[str, Any] = {stage.name: stage for stage in chosen_stages(load(WorkerSettings, {}), data, pinned_only)}
    when, free = at("2020-06-01 09:00"), at("2020-06-03 09:00")
    join, cases, spikes = stages["join"]._context, stages["complaints"].context, stages["spikes"]
    assert join.directory.periods("SPSP") == [(at("2016-09-01 00:00"), data.offices.periods("SPSP")[0][1])]
    assert cases.hierarchy.above("SPSP", when) == ("XV", "VN")
    assert spikes.office_name("SPSP", when) == "São Paulo"
    assert [outage.covers("SPSP", when) for outage in spikes.policy.outages] == [True, False]
    calendars = (join.calendar, cases.calendar, stages["assessment"].calendar)
    assert [calendar.is_working_day(free) for calendar in calendars] == [False] * 3
