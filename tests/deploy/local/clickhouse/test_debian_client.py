from __future__ import annotations

import subprocess
from typing import Any

import pytest
from support.extras import needs_clickhouse_client
from support.polling import DEADLINE_S

pytestmark = [pytest.mark.servers, needs_clickhouse_client]


def run(server: Any, query: str, data: str = "", *options: str) -> subprocess.CompletedProcess[str]:
    """Run one query with data on standard input."""
    command = ["clickhouse-client", "--host", "127.0.0.1", "--port", str(server.port), "--user", "tester"]
    command += ["--password", "correct horse", *options, "--query", query]
    return subprocess.run(command, input=data, capture_output=True, text=True, timeout=DEADLINE_S, check=False)


def test_the_old_client_defines_inserts_and_selects(server: Any) -> None:
    """Debian's clickhouse-client (2018) runs DDL, CSV and VALUES inserts, selects and binary settings."""
    run(server, "CREATE TABLE db.o (a UInt32, s String) ENGINE = MergeTree ORDER BY a")
    assert run(server, "INSERT INTO db.o FORMAT CSV", '1,"x"\n2,"y\n\nz"\n').returncode == 0
    assert run(server, "INSERT INTO db.o VALUES (3, 'v')").returncode == 0
    read = run(server, "SELECT * FROM db.o ORDER BY a FORMAT CSV", "", "--max_threads=1", "--max_block_size=7")
    assert (read.stdout, read.stderr) == ('1,"x"\n2,"y\n\nz"\n3,"v"\n', "")


def test_the_old_client_shows_the_columns_of_an_empty_result(server: Any) -> None:
    """Names arrive without rows."""
    assert run(server, "SELECT 1 AS a WHERE 0 FORMAT TabSeparatedWithNames").stdout == "a\n"


def test_the_old_client_reads_a_long_result(server: Any) -> None:
    """Half a million rows come through complete."""
    result = run(server, "SELECT number, toString(number) FROM numbers(500000)")
    assert result.stdout.count("\n") == 500_000


@pytest.mark.parametrize(("query", "code"), [("SELEC", 62), ("SELECT * FROM db.nope", 60), ("SELECT nope", 47)])
def test_the_old_client_hears_of_errors(server: Any, query: str, code: int) -> None:
    """It ends with a failure and shows the code."""
    result = run(server, query)
    assert result.returncode != 0
    assert f"Code: {code}" in result.stderr
