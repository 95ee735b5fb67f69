"""Our SQL for a cluster: each object is made on all servers, and each table is replicated.

The files hold the SQL of one server. Here are the few patterns that our own files follow; a test holds every statement
of theirs against them, so this need not understand any other SQL.
"""

from __future__ import annotations

import re

from schemas.errors import SystemFault

_PATH = "'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'"
"""Where the replicas of a table find each other in Keeper, and the name of this one among them.

With `{uuid}`, the default of the server, a server that is added or was emptied would make a table of its own, and hold
none of the rows. A renamed table keeps the path of its old name (ClickHouse#60489), so no table of ours is renamed.
"""

_OBJECT = re.compile(
    r"(?:CREATE\s+(?:OR\s+REPLACE\s+)?(?:TABLE|VIEW|MATERIALIZED\s+VIEW|DATABASE)(?:\s+IF\s+NOT\s+EXISTS)?"
    r"|ALTER\s+TABLE|DROP\s+(?:TABLE|VIEW|DATABASE)(?:\s+IF\s+EXISTS)?)\s+(?:`[^`]+`|\w+)",
    re.IGNORECASE,
)
_ENGINE = re.compile(r"^ENGINE = (\w*MergeTree)(?:\((\w*)\))?", re.MULTILINE)
_WINDOW = re.compile(r"^(SETTINGS )non_(replicated_deduplication_window = \d+)", re.MULTILINE)
_WEEK = "replicated_deduplication_window_seconds = 604800"
"""How long a block is recognised that is sent again; on one server always. Default: a week in 25.8, an hour in 26.3."""


def on_cluster(statement: str, cluster: str) -> str:
    """A statement of a migration or a view, as it is run on a cluster.

    Args:
        statement: CREATE, ALTER or DROP of a table, view or database; or INSERT, which needs no change, because the
            table brings the rows to its replicas.
        cluster: Name of the cluster; empty for one server, where the statement stays as it is.

    Raises:
        SystemFault: It is another statement, or its table could not be replicated.
    """
    if not cluster or statement.startswith("INSERT "):
        return statement
    named = _OBJECT.match(statement)
    if named is None:
        raise SystemFault(f"this statement cannot be run on a cluster: {statement[:80]!r}")
    rest = _WINDOW.sub(rf"\1\2, {_WEEK}", _ENGINE.sub(_replicated, statement[named.end() :]))
    return f"{named[0]} ON CLUSTER `{cluster}`{rest}"


def _replicated(engine: re.Match[str]) -> str:
    arguments = ", ".join(filter(None, (_PATH, engine[2])))
    return f"ENGINE = Replicated{engine[1]}({arguments})"
