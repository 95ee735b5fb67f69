"""What a worker makes of its settings."""

from __future__ import annotations

from typing import Any

from support.events import at
from support.site_file import ADDED, TRUST

from deploy.processes.worker import chosen_stages
from deploy.settings.load import load
from deploy.settings.worker import WorkerSettings
from schemas.codec.record import pinned_only
from schemas.reference.site.reference import parse_site

OWN = (
    ADDED.replace('code = "SPSP"', 'code = "SPSP"\nparent = "XV"')
    + f"""
[[office]]
code = "XV"
level = "REGION"
name_vi = "Vùng"
valid_from = 2010-01-01
{TRUST}
[[outage]]
from = 2019-06-03T08:00:00
until = 2019-06-03T12:00:00
offices = ["SPSP"]
what = "fibre cut"
{TRUST}
[[day_off]]
date = 2019-06-05
name = "site"
{TRUST}"""
)


def test_every_stage_works_with_the_reference_data_of_the_site() -> None:
    """Facts, working time, units above, alerts' names and outages: all of them come from the site's file."""
    data = parse_site("site.toml", OWN)
    stages: dict[str, Any] = {stage.name: stage for stage in chosen_stages(load(WorkerSettings, {}), data, pinned_only)}
    when, free = at("2019-06-03 09:00"), at("2019-06-05 09:00")
    join, cases, spikes = stages["join"]._context, stages["complaints"].context, stages["spikes"]
    assert join.directory.periods("SPSP") == [(at("2016-09-01 00:00"), data.offices.periods("SPSP")[0][1])]
    assert cases.hierarchy.above("SPSP", when) == ("XV", "VN")
    assert spikes.office_name("SPSP", when) == "São Paulo"
    assert [outage.covers("SPSP", when) for outage in spikes.policy.outages] == [True, False]
    calendars = (join.calendar, cases.calendar, stages["assessment"].calendar)
    assert [calendar.is_working_day(free) for calendar in calendars] == [False] * 3
