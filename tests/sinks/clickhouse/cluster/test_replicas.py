"""What is checked before a cluster is used, and how replicas are read and written. A script answers for the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from clickhouse_driver import Client
from support.clickhouse_server import ClickHouseServer
from support.recording_client import RecordingClient

from schemas.errors import SystemFault
from schemas.kafka.topic_metadata import TopicFacts
from schemas.topics import Topic
from sinks.audit.tables import COMPARED
from sinks.clickhouse import migrate as migrating
from sinks.clickhouse.cluster.replicas import check_cluster, check_engines, check_replicas, quorum
from sinks.clickhouse.loader.log_epochs import identify
from sinks.clickhouse.migrate import lacking, migrate

MACROS: list[tuple[Any, ...]] = [("shard",), ("replica",)]
GOOD = {"system.clusters": [("customs", 1, 3, 1), ("other", 2, 4, 1)], "system.macros": MACROS}


@pytest.mark.parametrize(
    ("clusters", "macros", "words"),
    [
        ([("customs", 2, 4, 1)], MACROS, "has 2 shards: hailong needs one shard"),
        ([("other", 1, 2, 1)], MACROS, "knows no cluster customs but other"),
        ([], MACROS, "knows no cluster customs but none"),
        ([("customs", 1, 3, 0)], MACROS, "is no part of the cluster"),
        ([("customs", 1, 3, 1)], [("shard",)], "has no macro replica"),
    ],
)
def test_a_cluster_that_does_not_fit_is_refused(
    clusters: list[tuple[Any, ...]], macros: list[tuple[Any, ...]], words: str
) -> None:
    """Several shards, an unknown or foreign cluster and missing macros are refused before anything is made."""
    client = RecordingClient("customs", {"system.clusters": clusters, "system.macros": macros})
    with pytest.raises(SystemFault, match=words):
        check_cluster(client)
    assert all(statement.startswith("SELECT") for statement in client.statements)


def test_a_cluster_that_fits_tells_its_replicas() -> None:
    """One shard with three replicas; without a cluster nothing is asked."""
    assert check_cluster(RecordingClient("customs", GOOD)) == 3
    alone = RecordingClient("", {})
    assert check_cluster(alone) == 1
    assert not alone.statements


def test_a_server_that_knows_no_cluster_says_so(clickhouse_server: ClickHouseServer) -> None:
    """A real server refuses the name before it makes a database."""
    connection = clickhouse_server.connection("never_made")
    with pytest.raises(SystemFault, match="knows no cluster nowhere but "):
        migrate(replace(connection, cluster="nowhere"))


def test_tables_of_one_server_are_refused_with_a_cluster(database: Client) -> None:
    """A sink or a migration with HAILONG_CLICKHOUSE_CLUSTER does not mix with tables that were made without."""
    assert lacking(database) == []
    database.cluster = "customs"
    with pytest.raises(SystemFault, match="were made for one server, but HAILONG_CLICKHOUSE_CLUSTER is set"):
        lacking(database)
    with pytest.raises(SystemFault, match="were made for one server"):
        check_engines(database, COMPARED)


def test_replicated_tables_are_refused_without_a_cluster() -> None:
    """A process that lacks the setting would read stale replicas: it stops."""
    with pytest.raises(SystemFault, match="rating in this database are replicated"):
        check_engines(RecordingClient("", {"system.tables": [("rating",)]}), COMPARED)


def test_a_table_that_some_server_lacks_is_reported() -> None:
    """If servers do not share a table, for example because of equal macros, `hailong migrate` fails."""
    with pytest.raises(SystemFault, match="not every server of the cluster customs has rating"):
        check_replicas(RecordingClient("customs", {"total_replicas": [("rating",)]}), 3)


def test_epochs_are_read_after_waiting_for_the_replica() -> None:
    """Each look at the claims follows a SYSTEM SYNC REPLICA; a claim is acknowledged by most replicas."""
    client = RecordingClient("customs", {})
    facts = {Topic.RATING: TopicFacts("hailong.rating.v1", 1, "cluster/topic")}
    with pytest.raises(SystemFault):
        identify(client, facts, sleep=lambda _: None)
    looks = [n for n, statement in enumerate(client.statements) if statement.startswith("SELECT topic_identity")]
    claims = [(statement, settings) for statement, settings in client.said if statement.startswith("INSERT")]
    assert looks
    assert client.statements[0] == "SYSTEM SYNC REPLICA log_epoch LIGHTWEIGHT"
    assert client.statements.count(client.statements[0]) == len(claims)
    assert all(settings == quorum("customs") for _statement, settings in claims)


def test_a_migration_of_a_cluster(monkeypatch: pytest.MonkeyPatch, clickhouse_server: ClickHouseServer) -> None:
    """Every object is made on all servers, the ledger is read after waiting and written to most replicas."""
    replicas = {"total_replicas": [], "system.replicas": [("complaint_case",), ("rating_item",)]}
    client = RecordingClient("customs", {**GOOD, **replicas})

    @contextmanager
    def session(*_: Any, **__: Any) -> Iterator[RecordingClient]:
        yield client

    monkeypatch.setattr(migrating, "session", session)
    monkeypatch.setattr(migrating, "load_reference", lambda *_: [])
    assert migrate(replace(clickhouse_server.connection("hailong"), cluster="customs"))
    made = [(said, settings) for said, settings in client.said if said.startswith(("CREATE", "ALTER", "DROP"))]
    assert made[0][0] == "CREATE DATABASE IF NOT EXISTS `hailong` ON CLUSTER `customs` ENGINE = Atomic"
    assert all(" ON CLUSTER `customs`" in said for said, _settings in made)
    assert all("CURRENT_USER" not in said for said, _settings in made)
    assert all(settings["distributed_ddl_output_mode"] == "throw" for _said, settings in made)
    reads = [n for n, said in enumerate(client.statements) if said.startswith("SELECT name, checksum FROM schema_mig")]
    assert client.statements[reads[0] - 1] == "SYSTEM SYNC REPLICA schema_migration LIGHTWEIGHT"
    waits = [f"SYSTEM SYNC REPLICA {name} LIGHTWEIGHT" for name in ("complaint_case", "rating_item")]
    copies = [n for n, said in enumerate(client.statements) if said.startswith("INSERT ") and "\nSELECT " in said]
    assert copies
    assert all(client.statements[n - 2 : n] == waits for n in copies)
    noted = [settings for said, settings in client.said if said.startswith("INSERT INTO schema_migration")]
    assert noted
    assert all(settings == quorum("customs") for settings in noted)


def test_what_is_said_to_replicas_can_be_parsed(database: Client) -> None:
    """ClickHouse knows the statement that waits, and the settings of inserts and of statements for a cluster."""
    database.execute("EXPLAIN AST SYSTEM SYNC REPLICA log_epoch LIGHTWEIGHT")
    names = [*quorum("c"), "distributed_ddl_output_mode", "distributed_ddl_task_timeout"]
    known = database.execute("SELECT count() FROM system.settings WHERE name IN %(names)s", {"names": names})
    assert known == [(len(names),)]
    database.execute("SELECT 1", settings=dict(quorum("c")))
