"""Who may do what: the one list from which `roles.sql`, `users.sql` and `users.xml` are made.

A grant is what stands between GRANT and TO; `{db}` is the database. Names that are made on the server begin with
`hailong_`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from deploy.clickhouse.profiles import AUDITOR, HOURLY, MIGRATOR, READER, SERVICE, VIEWS, WRITER, Profile, Quota

DEFINER = "hailong_views"
"""The user with whose rights plain views read (`HAILONG_CLICKHOUSE_VIEW_DEFINER`); nobody can sign in as it."""

_LOGS = ("log_epoch", "log_position", "schema_migration")
_CASES = ("complaint", "complaint_case", "complaint_event", "complaint_action", "complaint_answer")
_TREES = ("MergeTree", "ReplacingMergeTree", "AggregatingMergeTree")
_ENGINES = ("Atomic", *_TREES, *(f"Replicated{tree}" for tree in _TREES))
_ENTERED = "period, period_start, unit_level, unit, criterion, numerator, denominator, points, source"
_CLOSED = (
    "period, period_start, unit_level, unit, criterion, numerator, denominator, ratio, points, maximum, basis, "
    "measured, confidence, known_until"
)
_ORIGIN = ("log_epoch", "log_partition", "log_offset")
_FILLED = {
    "declaration_status": "declaration, event_id, occurred_at, written_at",
    "rating": "declaration, sheet_id, revision, item_count, submitted_at, written_at, row_version",
    "rating_item": "declaration, sheet_id, revision, target, office, target_id, row_version",
    "rated_service": "fact_id, declaration, sheet_id, target, office, target_id, state, unmatched_reason, row_version",
    "satisfaction": "target, office, target_id, window_seconds, window_end",
    "office_count": "office, pane_start",
    "complaint": "complaint_id, office, declaration, sheet_id",
    "complaint_case": "complaint_id, office",
    "complaint_event": "complaint_id, event_id",
    "complaint_action": "complaint_id, action_id",
    "complaint_answer": "complaint_id, answer_id",
    "alert": "alert_id, office",
    "alert_action": "alert_id, action_id",
    "dead_letter": "dead_letter_id, source_identity, source_partition, source_offset",
    "dead_letter_action": "dead_letter_id, action_id, action",
}
"""The tables that the sink fills, and what the audit compares of each: identities and origins, without enterprises,
scores, and the track of a complaint."""

_WATCHED = (
    *("asynchronous_metrics", "clusters", "detached_parts", "disks", "distribution_queue", "dropped_tables"),
    *("errors", "events", "merges", "metrics", "mutations", "part_log", "parts", "processes", "query_log"),
    *("replicas", "replication_queue"),
)


@dataclass(frozen=True, slots=True)
class Role:
    """A role, and the account that the files make with it.

    Attributes:
        name: Without the prefix.
        what: What it is for, in words.
        grants: Its rights.
        profile: Settings of its users.
        quota: How much they may ask; None: as much as they like.
        signs_in: Whether its account has a password.
    """

    name: str
    what: str
    grants: Sequence[str]
    profile: Profile
    quota: Quota | None = None
    signs_in: bool = True

    @property
    def role(self) -> str:
        """Its name on the server."""
        return f"hailong_{self.name}_role"

    @property
    def user(self) -> str:
        """The account with it."""
        return f"hailong_{self.name}"


ROLES: Sequence[Role] = (
    Role(
        "migrator",
        "`hailong migrate`: makes and changes tables and views; materialized views copy rows with its rights",
        (
            # SELECT and INSERT also for the materialized views, and to replace reference data.
            "SHOW, SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW ON {db}.*",
            f"SET DEFINER ON {DEFINER}",
            *(f"TABLE ENGINE ON {engine}" for engine in _ENGINES),
            # On a cluster (docs/cluster.md).
            "CLUSTER ON *.*",
            *(f"SELECT ON system.{table}" for table in ("clusters", "macros", "replicas")),
            "SYSTEM SYNC REPLICA ON {db}.*",
        ),
        MIGRATOR,
    ),
    Role("views", "reads for all who query a view", ("SELECT ON {db}.*",), VIEWS, signs_in=False),
    Role(
        "sink",
        "`hailong sink`: fills tables, and knows which logs it has read how far",
        (
            *(f"INSERT ON {{db}}.{table}" for table in (*_FILLED, "log_epoch")),
            *(f"SELECT, SYSTEM SYNC REPLICA ON {{db}}.{table}" for table in _LOGS),
        ),
        SERVICE,
    ),
    Role(
        "auditor",
        "`hailong audit`, and `hailong publish` that waits: counts and compares identities",
        (
            *(f"SELECT ON {{db}}.{table}" for table in (*_LOGS, "retention_limit")),
            "SYSTEM SYNC REPLICA ON {db}.*",
            *(f"SELECT({columns}, {', '.join(_ORIGIN)}) ON {{db}}.{table}" for table, columns in _FILLED.items()),
        ),
        AUDITOR,
    ),
    Role("leader", "reads every view", ("SELECT ON {db}.v_*",), READER, HOURLY),
    Role(
        "analyst",
        "reads every view, and enters figures of Decision 766; not their time, so no entry can outlive a later one",
        (
            "SELECT ON {db}.v_*",
            f"INSERT({_ENTERED}) ON {{db}}.score_entry",
        ),
        WRITER,
        HOURLY,
    ),
    Role(
        "handler",
        "works on cases: reads them whole, protected ones too, and what is needed beside them",
        (
            *(f"SELECT ON {{db}}.{table}" for table in _CASES),
            # `hailong complaint show`: where in Kafka a sheet is; not what it says, nor who sent it when.
            f"SELECT(declaration, sheet_id, revision, {', '.join(_ORIGIN)}) ON {{db}}.rating",
            "SELECT(topic, topic_identity, epoch, claim, claimed_at) ON {db}.log_epoch",
            *(f"SELECT ON {{db}}.{view}" for view in ("v_case*", "v_complaint*", "v_declarations", "v_office")),
        ),
        READER,
        HOURLY,
    ),
    Role(
        "operator",
        "keeps ClickHouse and the pipeline running, closes months, and sets the least numbers that protect officials",
        (
            "SHOW, OPTIMIZE, SYSTEM MERGES ON {db}.*",
            *(
                f"SELECT ON {{db}}.{table}"
                for table in (*_LOGS, "retention_limit", "dead_letter", "dead_letter_action")
            ),
            "SELECT ON {db}.v_dead_letters_open",
            "SELECT ON {db}.v_freshness",
            "SELECT ON {db}.v_target_known_outdated",
            "SELECT, INSERT(name, value) ON {db}.score_setting",
            # `hailong scores close`.
            "SELECT ON {db}.v_score_period",
            "SELECT ON {db}.v_score_766_at",
            f"INSERT({_CLOSED}) ON {{db}}.closed_score",
            *(f"SELECT ON system.{table}" for table in _WATCHED),
            "KILL QUERY, SYSTEM FLUSH LOGS ON *.*",
        ),
        SERVICE,
    ),
)
