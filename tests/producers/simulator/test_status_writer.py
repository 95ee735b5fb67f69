"""The status writer gives the same bytes as the codec for single records."""

from __future__ import annotations

from producers.simulator import Haiphong2020
from producers.simulator.declarations import CHANNELS, KINDS
from producers.simulator.draws import stream
from producers.simulator.enterprises import Enterprises
from producers.simulator.messages import STATUS_OF, message_of, step_of
from producers.simulator.office_profiles import OFFICE_CODES, TEAM_CODES
from producers.simulator.staff import Staff
from producers.simulator.status_events import Slot
from producers.simulator.volume_plan import VolumePlan
from schemas.codec.record import encoder
from schemas.records.events import DeclarationStatus
from schemas.topics import Topic

ENCODE = encoder(Topic.DECLARATION_STATUS.subject)


def test_events_are_byte_identical_to_the_codec(small: Haiphong2020) -> None:
    """Keys and values of many events equal those that the codec writes one by one."""
    declarations, staff = small.declarations, Staff()
    enterprises = Enterprises(stream(7, "enterprises"), VolumePlan.at(0.02).enterprise_share)
    events = small.events.take(small._status_rows[:3000])
    keys, values = small._writer.write_events(events)
    expected = []
    for place, row in enumerate(events.declaration.tolist()):
        slot, channel = Slot(int(events.slot[place])), CHANNELS[int(events.channel[place])]
        key = f"{int(declarations.number[row]):011d}"
        assert keys[place] == key.encode()
        event = DeclarationStatus(
            event_id=f"{key}-{slot:02d}",
            declaration_no=f"{key}{int(events.amendments[place])}",
            status=STATUS_OF[slot],
            occurred_at=int(events.occurred_at[place]),
            office=OFFICE_CODES[int(declarations.office[row])],
            team=TEAM_CODES[int(declarations.team[row])],
            step=step_of(slot, channel),
            official=staff.ids[int(events.official[place])],
            channel=channel,
            kind=KINDS[int(declarations.kind[row])],
            tax_code=enterprises.tax_codes[int(declarations.enterprise[row])],
            source_message=message_of(slot, channel, export=bool(declarations.export[row])),
        )
        expected.append(ENCODE(event.to_avro()))
    assert values == expected


def test_no_events_give_no_records(small: Haiphong2020) -> None:
    """Writing no events gives no keys and no values."""
    assert small._writer.write_events(small.events.take(small._status_rows[:0])) == ([], [])
