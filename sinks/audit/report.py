"""The result of an audit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sinks.audit.wave import Behind


@dataclass(frozen=True, slots=True)
class TopicAudit:
    """One topic: `records = stored + dead_lettered + missing`."""

    topic: str
    epoch: int  # number of its current log in ClickHouse; 0 if no sink has met it
    records: int  # records that Kafka holds, or has compacted away since they were stored
    stored: int  # records whose row is in ClickHouse, or was dropped by age
    aged: int  # of the stored: those whose row was dropped by age
    duplicates: int  # stored records with the natural id of another record: repeats and later versions
    dead_lettered: int  # records that were set aside
    missing: int  # records that are neither stored nor set aside, and rows that are gone or incomplete
    doubled: int  # rows too many: several rows from one record, or several ids for one natural key


@dataclass(frozen=True, slots=True)
class ServiceAudit:
    """Rating items against facts: `accepted = matched + unmatched + superseded + waiting + missing`."""

    accepted: int  # distinct rated targets on distinct sheets, over all revisions
    matched: int  # with a fact whose declaration is known
    unmatched: int  # with a fact whose declaration is not known
    gone: int  # of the unmatched: those whose declaration the log may have deleted
    superseded: int  # dropped by a later revision
    waiting: int  # without a fact yet: their sheet waits for its declaration
    waiting_sheets: int  # how many sheets these are
    missing: int  # without a fact
    doubled: int  # facts without an item, and facts beyond one for each item


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The whole audit."""

    topics: Sequence[TopicAudit]
    services: ServiceAudit
    behind: Sequence[Behind] = ()  # what consumer groups have not read; while there is any, `missing` says little

    @property
    def missing(self) -> int:
        """Everything that is missing, or on its way."""
        return sum(topic.missing for topic in self.topics) + self.services.missing

    @property
    def doubled(self) -> int:
        """Everything that is stored too often."""
        return sum(topic.doubled for topic in self.topics) + self.services.doubled

    @property
    def working(self) -> bool:
        """Whether some records have not passed all consumer groups."""
        return bool(self.behind)

    @property
    def clean(self) -> bool:
        """Whether everything has passed, and nothing is missing or doubled."""
        return not self.working and not self.missing and not self.doubled

    def to_json(self) -> str:
        """The report as a JSON object with the keys clean, working, missing, doubled, topics, services and behind."""
        said = {name: getattr(self, name) for name in ("clean", "working", "missing", "doubled")}
        return json.dumps({**said, **asdict(self)}, ensure_ascii=False, indent=2)
