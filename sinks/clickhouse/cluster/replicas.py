"""What must be true of a cluster before hailong uses it, and how replicas are read and written safely.

A replica may lag behind the others. Rows that analysts read are then some seconds old, which is harmless. Where a read
decides something (which log has which epoch, which migrations were applied, what is missing), the replica first takes
over all that was acknowledged anywhere: `synchronize`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.errors import SystemFault
from sinks.clickhouse.cluster.statements import on_cluster
from sinks.clickhouse.native.column_client import ColumnClient

_VARIABLE = "HAILONG_CLICKHOUSE_CLUSTER"
_QUORUM_S = 30
"""How long an insert waits for the second replica; less than the sink waits for an answer."""


_DDL = {"distributed_ddl_output_mode": "throw", "distributed_ddl_task_timeout": 240}
"""Seconds for all servers together; less than `hailong migrate` waits for an answer."""


def quorum(cluster: str) -> Mapping[str, Any]:
    """Settings of an insert: on a cluster it is acknowledged when most replicas have the rows.

    Otherwise the only server that has them may be lost while the offsets of Kafka are committed. Several sinks insert
    at once (`insert_quorum_parallel`), which excludes `select_sequential_consistency`; `synchronize` takes its place.
    """
    if not cluster:
        return {}
    return {"insert_quorum": "auto", "insert_quorum_parallel": 1, "insert_quorum_timeout": _QUORUM_S * 1000}


def execute_everywhere(client: ColumnClient, statement: str) -> None:
    """Run a statement of `on_cluster`; on a cluster on all its servers, and fail unless all have done it in time.

    An INSERT runs on this server alone. It first takes over what it may read: rows that come later by replication pass
    no materialized view here, so nothing would copy them.
    """
    if statement.startswith("INSERT "):
        synchronize_all(client)
    settings = {**quorum(client.cluster), **_DDL} if client.cluster else {}
    client.execute(on_cluster(statement, client.cluster), settings=settings)


def synchronize(client: ColumnClient, *tables: str) -> None:
    """Wait until this server has all rows of these tables that any server has acknowledged; on one server do nothing.

    The user needs the right SYSTEM SYNC REPLICA.
    """
    if client.cluster:
        for table in tables:
            client.execute(f"SYSTEM SYNC REPLICA {table} LIGHTWEIGHT")


def synchronize_all(client: ColumnClient) -> None:
    """Likewise for all tables of the database."""
    if client.cluster:
        found = client.execute("SELECT table FROM system.replicas WHERE database = currentDatabase() ORDER BY table")
        synchronize(client, *(name for (name,) in found))


def check_cluster(client: ColumnClient) -> int:
    """The number of replicas of the cluster; 1 if there is no cluster.

    Raises:
        SystemFault: The server does not know the cluster or is no part of it, the cluster has several shards, or the
            server lacks a macro.
    """
    cluster = client.cluster
    if not cluster:
        return 1
    members: list[tuple[str, int, int, int]] = client.execute(
        "SELECT cluster, uniqExact(shard_num), count(), max(is_local) FROM system.clusters GROUP BY cluster"
    )
    known = {name: counts for name, *counts in members}
    if cluster not in known:
        raise SystemFault(f"ClickHouse knows no cluster {cluster} but {_names(known)}: correct {_VARIABLE}")
    shards, replicas, local = known[cluster]
    if shards != 1:
        raise SystemFault(
            f"the cluster {cluster} has {shards} shards: hailong needs one shard with replicas, because each server "
            f"must hold all rows to merge and join them (docs/cluster.md); name such a cluster in {_VARIABLE}"
        )
    if not local:
        raise SystemFault(f"this server is no part of the cluster {cluster}: correct HAILONG_CLICKHOUSE_HOST")
    macros = {name for (name,) in client.execute("SELECT macro FROM system.macros")}
    if lacking := {"shard", "replica"} - macros:
        raise SystemFault(f"this server has no macro {_names(lacking)}: set it in its configuration (docs/cluster.md)")
    return replicas


def check_engines(client: ColumnClient, tables: Iterable[str]) -> None:
    """Refuse a database whose tables were made for one server while a cluster is set, and the reverse.

    Args:
        client: Connected to the database.
        tables: Names of our tables.

    Raises:
        SystemFault: They do not fit.
    """
    found = client.execute(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND name IN %(tables)s "
        "AND engine LIKE '%%MergeTree' AND startsWith(engine, 'Replicated') != %(replicated)s",
        {"tables": sorted(tables), "replicated": bool(client.cluster)},
    )
    wrong = [name for (name,) in found]
    if wrong and client.cluster:
        raise SystemFault(
            f"{_names(wrong)} in this database were made for one server, but {_VARIABLE} is set: "
            "migrate into a new database, and fill it with a new HAILONG_SINK_GROUP"
        )
    if wrong:
        raise SystemFault(
            f"{_names(wrong)} in this database are replicated: set {_VARIABLE} to the name of the cluster"
        )


def check_replicas(client: ColumnClient, replicas: int) -> None:
    """Refuse tables that not every server of the cluster shares.

    Raises:
        SystemFault: There are such tables.
    """
    if client.cluster:
        found = client.execute(
            "SELECT table FROM system.replicas WHERE database = currentDatabase() AND total_replicas < %(replicas)s",
            {"replicas": replicas},
        )
        if lonely := [name for (name,) in found]:
            raise SystemFault(
                f"not every server of the cluster {client.cluster} has {_names(lonely)}: are their macros `replica` "
                "different, and their macros `shard` equal? docs/cluster.md says how a server is added"
            )


def _names(names: Iterable[str]) -> str:
    ordered = sorted(names)
    return ", ".join(ordered[:5]) + (f" and {len(ordered) - 5} more" if len(ordered) > 5 else "") or "none"
