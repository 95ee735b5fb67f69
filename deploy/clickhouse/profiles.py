"""Limits and fixed settings of users, and how much they may ask in an hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

GIB = 1024**3

NO_BREAK: Sequence[str] = (
    "distinct_overflow_mode",
    "group_by_overflow_mode",
    "join_overflow_mode",
    "read_overflow_mode",
    "read_overflow_mode_leaf",
    "set_overflow_mode",
    "sort_overflow_mode",
    "timeout_overflow_mode",
    "timeout_overflow_mode_leaf",
    "transfer_overflow_mode",
)
"""With `break` a query goes on with a part of a table, a set or a join: what these were to hide would be shown."""

_ASKS_BEHIND_VIEWS: Sequence[str] = (
    "additional_table_filters",  # filters a table inside a view by columns that the view hides
    "additional_result_filter",
    "compatibility",  # changes many settings at once
    "log_queries",  # who asked what stays in the server's log of queries
    "send_logs_level",  # the server's own log tells sizes of sets and conditions on tables inside a view
)


@dataclass(frozen=True, slots=True)
class Profile:
    """Settings of some users; the same in SQL and XML.

    Attributes:
        name: Without the prefix that all our names have.
        what: Whose they are, in words.
        values: Settings and their values.
        fixed: Settings that nobody of them may change; those without a value keep the server's.
        at_most: Limits that they may lower and not raise; each is in `values`. 0 means no limit, so it is refused.
        free: With `readonly` 1: settings that may be changed all the same.
    """

    name: str
    what: str
    values: Mapping[str, int]
    fixed: Sequence[str] = ()
    at_most: Sequence[str] = ()
    free: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Quota:
    """How much one user may ask in an hour.

    Attributes:
        name: Without the prefix.
        limits: Most of each kind in an hour.
    """

    name: str
    limits: Mapping[str, int]


_PEOPLE = {
    "final": 1,  # tables show each row once, as views do
    "log_queries": 1,
    "max_memory_usage": 4 * GIB,
    "max_execution_time": 120,
    "max_result_rows": 1_000_000,
    "max_concurrent_queries_for_user": 10,
}
_LIMITS = ("max_memory_usage", "max_execution_time", "max_result_rows", "max_concurrent_queries_for_user")
_LOCKED = ("final", *_ASKS_BEHIND_VIEWS, *NO_BREAK)

READER = Profile("reader", "people who read and write nothing", {"readonly": 2, **_PEOPLE}, _LOCKED, _LIMITS)
WRITER = Profile("writer", "people who read, and enter figures of scores", {"readonly": 0, **_PEOPLE}, _LOCKED, _LIMITS)
AUDITOR = Profile(
    "auditor",
    "the audit, which counts every row that is stored and sends no settings",
    {"readonly": 1, "log_queries": 1, "max_execution_time": 600},
)
VIEWS = Profile(
    "definer",
    "the definer of views: settings of a query reach the tables below a view only where it lets them",
    {"readonly": 1},
    # These change how long a query takes and what it needs, never what it answers.
    free=("max_block_size", "max_threads", "optimize_aggregation_in_order"),
)
MIGRATOR = Profile(
    "migration",
    "who makes the views, and defines them if nobody else is named: what asks behind a view stays out all the same",
    {},
    (*_ASKS_BEHIND_VIEWS, *NO_BREAK),
)
SERVICE = Profile("service", "sink and operators: nothing is fixed, because the sink sets how it inserts", {})

PROFILES: Sequence[Profile] = (READER, WRITER, AUDITOR, VIEWS, MIGRATOR, SERVICE)

HOURLY = Quota("people", {"queries": 10_000, "errors": 1_000, "result_rows": 50_000_000, "execution_time": 3_600})
