from __future__ import annotations

from typing import Any

import pytest
from clickhouse_driver import errors

from deploy.local.clickhouse.errors import ServerError
from deploy.local.clickhouse.guard import guard

FORBIDDEN = [
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT file('/etc/passwd')",
    "SELECT `file`('/etc/passwd')",
    "SELECT \"file\" /* */ ('/etc/passwd')",
    "SELECT `\\x66ile`('/etc/passwd')",
    "SELECT '\\'', file('/etc/passwd')",
    "SELECT \u2018'\u2019, file('/etc/passwd'), \u2018'\u2019",
    "SELECT $$'$$, file('/etc/passwd'), $$'$$",
    "CREATE TABLE db.f (a String) ENGINE = File(CSV)",
    "CREATE TABLE db.k (a String) ENGINE Kafka SETTINGS kafka_broker_list = 'x'",
    "INSERT INTO db.t FROM INFILE '/etc/passwd' FORMAT LineAsString",
    "SELECT * FROM (SELECT 1) INTO OUTFILE '/tmp/x' FORMAT CSV SETTINGS max_threads = 1",
    "SELECT * FROM executable('cat', TSV, 'a String')",
    "SELECT * FROM Python(x)",
    "CREATE DICTIONARY db.d (k UInt64) PRIMARY KEY k SOURCE(FILE(path '/etc/passwd' format 'TSV')) LAYOUT(FLAT())",
    "CREATE DICTIONARY db.d (k UInt64) PRIMARY KEY k SOURCE(HTTP(url 'http://x')) LAYOUT(FLAT())",
    "SYSTEM SHUTDOWN",
]
SHUT_BY_THE_ENGINE = [
    "SELECT * FROM url('http://127.0.0.1:1/', 'CSV')",
    "SELECT * FROM remote('127.0.0.1:1', system.one)",
    "SELECT * FROM s3('http://127.0.0.1:1/bucket/a', 'CSV')",
    "SELECT * FROM sqlite('/tmp/x', 't')",
    "CREATE TABLE db.u (a String) ENGINE = URL('http://127.0.0.1:1/', 'CSV')",
]
HARMLESS = [
    "SELECT 'file(x)', $$INTO OUTFILE$$ -- file('x')",
    "SELECT /* file('x') */ 1 AS file",
    "INSERT INTO t VALUES ('FROM INFILE', 'it''s file (')",
    "SELECT source, killed FROM profile WHERE outfile = 1",
    "CREATE DICTIONARY d (k UInt64) PRIMARY KEY k SOURCE(CLICKHOUSE(TABLE 't')) LAYOUT(FLAT())",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_words_that_reach_outside_the_tables_are_refused(statement: str) -> None:
    """Files, processes and queues cannot be named, however the name is written."""
    with pytest.raises(ServerError) as raised:
        guard(statement)
    assert raised.value.code == 344


@pytest.mark.parametrize("statement", HARMLESS)
def test_the_same_words_in_texts_comments_and_names_pass(statement: str) -> None:
    """The guard looks at what a statement does, not at what it mentions."""
    guard(statement)


@pytest.mark.servers
@pytest.mark.parametrize("statement", [*FORBIDDEN, *SHUT_BY_THE_ENGINE])
def test_the_server_refuses_what_reaches_outside(server: Any, statement: str) -> None:
    """A client that tries hears 344, whether our guard or the engine's grants stopped it."""
    with server.client() as client, pytest.raises(errors.ServerException) as raised:
        client.execute(statement)
    assert raised.value.code == 344


@pytest.mark.servers
def test_settings_that_name_files_cannot_be_changed(server: Any) -> None:
    """A query cannot have the engine write its parse errors to a file, or read a schema from one."""
    with server.client() as client:
        for name in ("input_format_record_errors_file_path", "format_schema", "format_template_row"):
            for statement, settings in [(f"SELECT 1 SETTINGS {name} = '/tmp/x'", {}), ("SELECT 1", {name: "/tmp/x"})]:
                with pytest.raises(errors.ServerException) as raised:
                    client.execute(statement, settings=settings)
                assert raised.value.code == 452
