from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from ipaddress import IPv4Address
from typing import Any
from uuid import UUID

import pytest
from clickhouse_driver import Client, errors
from support.polling import DEADLINE_S, eventually

pytestmark = pytest.mark.servers
TOKYO = dt.timezone(dt.timedelta(hours=9))


@pytest.fixture(params=[False, "lz4"], ids=["plain", "lz4"])
def client(server: Any, request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client in database `db`, once without compression and once with it."""
    with server.client(compression=request.param, database="db") as connected:
        yield connected


def fresh(client: Client, columns: str, name: str = "t", engine: str = "MergeTree ORDER BY tuple()") -> str:
    """An empty table of that name, which is returned."""
    client.execute(f"DROP TABLE IF EXISTS {name} SYNC")
    client.execute(f"CREATE TABLE {name} ({columns}) ENGINE = {engine}")
    return name


ROUND_TRIPS = [
    ("String", ["", "a\n\nb", "Hải Phòng", "x" * 127, "x" * 128, "x" * 70_000]),
    ("FixedString(4)", ["abcd"]),
    ("UInt16", [2570, 0, 65535]),
    ("UInt256", [2**255]),
    ("Int128", [-(2**100)]),
    ("Float64", [1.5, -0.0]),
    ("Bool", [True, False]),
    ("Date", [dt.date(2024, 2, 29)]),
    ("DateTime('Asia/Tokyo')", [dt.datetime(2024, 1, 1, 9, tzinfo=TOKYO)]),
    ("DateTime64(3, 'Asia/Tokyo')", [dt.datetime(2024, 1, 1, 9, 0, 0, 123000, tzinfo=TOKYO)]),
    ("Nullable(DateTime('Asia/Tokyo'))", [dt.datetime(2024, 1, 1, 9, tzinfo=TOKYO), None]),
    ("UUID", [UUID(int=2**127 + 5)]),
    ("Enum8('a' = 1, 'b, (c' = -2)", ["a", "b, (c"]),
    ("Enum16('it\\'s' = 1000)", ["it's"]),
    ("Decimal(9, 2)", [Decimal("1.25")]),
    ("Decimal(38, 10)", [Decimal("-12345678901234567890.0123456789")]),
    ("IPv4", [IPv4Address("10.1.2.3")]),
    ("Nullable(String)", [None, "", "x"]),
    ("LowCardinality(String)", ["a", "b", "a"]),
    ("LowCardinality(Nullable(String))", ["a", None, "a"]),
    ("Array(Array(Nullable(Int32)))", [[[1, None], []], []]),
    ("Array(LowCardinality(String))", [["a", "b"], ["a"], []]),
    ("Map(String, Array(UInt8))", [{"a": [1], "b": []}, {}]),
    ("Map(LowCardinality(String), Nullable(Int8))", [{"a": None}]),
    ("Tuple(String, Nullable(UInt8), Array(String))", [("a", None, ["x"])]),
    ("SimpleAggregateFunction(max, UInt64)", [7]),
]


@pytest.mark.parametrize(("type_", "values"), ROUND_TRIPS, ids=[type_ for type_, _ in ROUND_TRIPS])
def test_a_value_of_each_type_comes_back_as_it_went(client: Client, type_: str, values: list[Any]) -> None:
    """Every type of the tables survives insert and select, with its exact type name in the header."""
    table = fresh(client, f"n UInt8, v {type_}, after UInt16")
    assert client.execute(f"INSERT INTO {table} VALUES", [(i, v, 513) for i, v in enumerate(values)]) == len(values)
    rows, header = client.execute(f"SELECT v, after FROM {table} ORDER BY n", with_column_types=True)
    assert rows == [(value, 513) for value in values]
    assert header[0][1] == client.execute(f"SELECT toTypeName(v) FROM {table}")[0][0]


def test_an_empty_result_has_its_columns(client: Client) -> None:
    """A result without rows still says what its columns are, for SELECT and for SHOW."""
    rows, header = client.execute("SELECT 1 AS a, now('Asia/Tokyo') AS b WHERE 0", with_column_types=True)
    assert (rows, header) == ([], [("a", "UInt8"), ("b", "DateTime('Asia/Tokyo')")])
    assert client.execute("SHOW TABLES LIKE 'none'", with_column_types=True) == ([], [("name", "String")])


def test_json_reads_back(client: Client) -> None:
    """A JSON column reaches the client as its value."""
    assert client.execute('SELECT \'{"a": {"b": 1}}\'::JSON') == [({"a": {"b": 1}},)]


def test_parameters_are_filled_in_by_the_server(server: Any) -> None:
    """`{x:Type}` takes any text, with quotes, escapes and line breaks, as a value and never as SQL."""
    awkward = "a'b\\c\nd\te' OR 1 --"
    with server.client(settings={"server_side_params": True}) as client:
        assert client.execute("SELECT {x:String}, {n:UInt8} + 1", {"x": awkward, "n": 3}) == [(awkward, 4)]


def test_a_large_insert_arrives_whole_and_comes_back(client: Client) -> None:
    """Several hundred thousand rows go in as many blocks and come out as the same sum."""
    table = fresh(client, "n UInt64, s String")
    numbers = list(range(300_000))
    columns = [numbers, ["x" * (n % 200) for n in numbers]]
    client.execute(f"INSERT INTO {table} VALUES", columns, columnar=True, settings={"insert_block_size": 50_000})
    assert client.execute(f"SELECT count(), sum(n), sum(length(s)) FROM {table}") == [
        (300_000, sum(numbers), sum(n % 200 for n in numbers))
    ]
    assert len(client.execute(f"SELECT * FROM {table}")) == 300_000


@pytest.mark.parametrize("width", [1, 9, 10, 12, 13, 32])
def test_any_number_of_columns_can_be_inserted(client: Client, width: int) -> None:
    """No column count or value can be mistaken for a line break within the data."""
    table = fresh(client, ", ".join(f"c{i} UInt16" for i in range(width)))
    client.execute(f"INSERT INTO {table} VALUES", [(2570,) * width] * 10)
    assert client.execute(f"SELECT * FROM {table}") == [(2570,) * width] * 10


def test_inserts_of_every_kind_store_their_rows(client: Client) -> None:
    """Column subsets, inline values, INSERT SELECT, EXCEPT and empty inserts all do what they say."""
    table = fresh(client, "a UInt8, `b c` String DEFAULT 'd', m UInt8 MATERIALIZED a + 1")
    client.execute(f"INSERT INTO {table} (a) VALUES", [(1,)])
    client.execute(f"-- why\nINSERT INTO db.{table} (`b c`, a) VALUES", [("x", 2)])
    client.execute(f"INSERT INTO {table} (a) VALUES (3), (4)")
    client.execute(f"INSERT INTO {table} SELECT 5, 'sel'")
    client.execute(f"INSERT INTO {table} (* EXCEPT (`b c`)) VALUES", [(6,)])
    client.execute(f"INSERT INTO {table} VALUES", [])
    assert client.execute(f"SELECT a, `b c` FROM {table} ORDER BY a") == [
        (1, "d"), (2, "x"), (3, "d"), (4, "d"), (5, "sel"), (6, "d"),
    ]  # fmt: skip


ERRORS = [
    ("SELEC 1", 62),
    ("SELECT * FROM nothing_here", 60),
    ("SELECT * FROM default.nothing_here", 60),
    ("SELECT * FROM main.nothing_here", 60),
    ("SELECT * FROM nowhere.t", 81),
    ("SELECT nope FROM system.one", 47),
    ("SELECT nope(1)", 46),
    ("SELECT toUInt8('x')", 6),
    ("SELECT throwIf(number = 3000000) FROM numbers(10000000)", 395),
    ("CREATE TABLE db.bad (a Nope) ENGINE = Memory", 50),
    ("CREATE USER someone", 497),
]


@pytest.mark.parametrize(("statement", "code"), ERRORS)
def test_an_error_carries_its_code_and_leaves_the_connection_usable(client: Client, statement: str, code: int) -> None:
    """What the engine refuses reaches the client under ClickHouse's own code, and life goes on."""
    with pytest.raises(errors.ServerException) as raised:
        client.execute(statement)
    assert raised.value.code == code
    assert client.execute("SELECT 1") == [(1,)]


def test_an_insert_that_fails_is_reported(client: Client) -> None:
    """Wrong table, wrong column and a broken constraint are errors of the insert, which stores nothing."""
    table = fresh(client, "a UInt8, CONSTRAINT small CHECK a < 10")
    for statement, code in [
        ("INSERT INTO nothing_here VALUES", 60),
        (f"INSERT INTO {table} (z) VALUES", 16),
        (f"INSERT INTO {table} VALUES", 469),
    ]:
        with pytest.raises(errors.ServerException) as raised:
            client.execute(statement, [(1,), (11,)])
        assert raised.value.code == code
    assert client.execute(f"SELECT count() FROM {table}") == [(0,)]


def test_settings_hold_for_their_query_only(client: Client) -> None:
    """A setting is applied, undone by the next query, and ignored when unknown unless it is important."""
    usual = client.execute("SELECT getSetting('max_block_size')")
    query = "SELECT getSetting('max_block_size')"
    assert client.execute(query, settings={"max_block_size": 17, "no_such_thing": 1}) == [(17,)]
    assert client.execute(query) == usual


def test_an_unknown_setting_that_matters_is_an_error(server: Any) -> None:
    """A client that calls its settings important hears of the unknown one."""
    with server.client(settings_is_important=True) as client, pytest.raises(errors.ServerException) as raised:
        client.execute("SELECT 1", settings={"no_such_thing": 1})
    assert raised.value.code == 115


ESCAPES = [
    "DROP TABLE t",
    "INSERT INTO t VALUES (1)",
    "INSERT INTO t SETTINGS readonly = 0 SELECT 1",
    "SET readonly = 0",
    "SET readonly = DEFAULT",
    "SELECT 1 SETTINGS readonly = 0",
    "DROP TABLE t SETTINGS readonly = DEFAULT",
    "INSERT INTO t SELECT 1 SETTINGS readonly = DEFAULT",
    "SET readonly = 0; DROP TABLE t",
    "EXPLAIN SELECT 1; DROP TABLE t",
    "SELECT 1; DROP TABLE t",
]


@pytest.mark.parametrize("level", [1, 2])
def test_readonly_cannot_be_switched_off(server: Any, level: int) -> None:
    """A query that may only read can neither reset the setting, in itself or before, nor bring a second statement."""
    with server.client(database="db") as client:
        fresh(client, "a UInt8")
        codes = []
        for statement in ESCAPES:
            with pytest.raises(errors.ServerException) as raised:
                client.execute(statement, settings={"readonly": level})
            codes.append(raised.value.code)
        assert set(codes) == {164, 62}  # 62: several statements
        assert client.execute("SELECT count() FROM t") == [(0,)]


def test_readonly_forbids_writing_and_ends_with_its_query(client: Client) -> None:
    """`readonly` refuses a write with 164, and the next query may write again."""
    table = fresh(client, "a UInt8")
    with pytest.raises(errors.ServerException) as raised:
        client.execute(f"INSERT INTO {table} SELECT 1", settings={"readonly": 1})
    assert raised.value.code == 164
    client.execute(f"INSERT INTO {table} SELECT 1")
    assert client.execute("SELECT currentDatabase()") == [("db",)]


def test_a_deduplication_token_makes_a_retry_harmless(client: Client) -> None:
    """The same token twice stores once; another token with the same rows stores again."""
    engine = "MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100"
    table = fresh(client, "a UInt8", engine=engine)
    for token in ("one", "one", "two"):
        client.execute(f"INSERT INTO {table} VALUES", [(1,)], settings={"insert_deduplication_token": token})
    assert client.execute(f"SELECT count() FROM {table}") == [(2,)]


def test_external_tables_join_the_query(client: Client) -> None:
    """Rows sent along with a query can be read in it, and are gone afterwards."""
    table = {"name": "ext", "structure": [("x", "Int32"), ("y", "Array(String)")], "data": [{"x": 2570, "y": ["a"]}]}
    assert client.execute("SELECT * FROM ext", external_tables=[table]) == [(2570, ["a"])]
    with pytest.raises(errors.ServerException):
        client.execute("SELECT * FROM ext")


def test_a_cancelled_query_stops_and_frees_the_connection(client: Client) -> None:
    """After a cancel the endless result ends at once and the next query is answered."""
    rows = client.execute_iter("SELECT number FROM system.numbers", settings={"max_block_size": 10_000})
    assert next(rows) == (0,)
    client.cancel()
    assert client.execute("SELECT 1") == [(1,)]


def test_a_client_that_leaves_a_result_does_not_hold_the_query(server: Any) -> None:
    """When the reader of an endless result hangs up, its query ends."""
    leaver = server.client()
    next(leaver.execute_iter("SELECT number AS endless FROM system.numbers"))
    leaver.disconnect()
    with server.client() as watcher:
        query = "SELECT count() FROM system.processes WHERE query LIKE '%endless%' AND query NOT LIKE '%processes%'"
        eventually(lambda: watcher.execute(query) == [(0,)], "the query ends")


def test_many_clients_work_at_once(server: Any) -> None:
    """Writers, readers and reconnecting clients side by side lose nothing and meet no error."""
    with server.client(database="db") as client:
        fresh(client, "w UInt8, n UInt32", name="busy")

    def write(writer: int) -> None:
        with server.client(database="db", compression=bool(writer % 2)) as mine:
            for batch in range(10):
                mine.execute("INSERT INTO busy VALUES", [(writer, batch * 100 + i) for i in range(100)])

    def read(_: int) -> None:
        for _ in range(10):
            with server.client(database="db") as mine:
                assert mine.execute("SELECT count() % 100 FROM busy") == [(0,)]

    with ThreadPoolExecutor(8) as pool:
        work = [pool.submit(write, i) for i in range(4)] + [pool.submit(read, i) for i in range(4)]
        for one in work:
            one.result(DEADLINE_S)
    with server.client(database="db") as client:
        assert client.execute("SELECT count(), uniqExact(w, n) FROM busy") == [(4000, 4000)]


def test_sessions_are_apart(server: Any) -> None:
    """One client's settings, database and temporary tables are invisible to another."""
    with server.client(database="db") as one, server.client() as other:
        one.execute("CREATE TEMPORARY TABLE mine (a UInt8)")
        one.execute("SET max_block_size = 3")
        assert other.execute("SELECT currentDatabase(), getSetting('max_block_size') != 3") == [("main", 1)]
        with pytest.raises(errors.ServerException):
            other.execute("SELECT * FROM mine")


def test_a_slow_query_does_not_delay_others(server: Any) -> None:
    """While one client waits for its query, another is served."""
    done = threading.Event()

    def wait() -> None:
        with server.client() as slow:
            slow.execute("SELECT sleep(1.5)")
        done.set()

    thread = threading.Thread(target=wait)
    thread.start()
    with server.client() as quick:
        assert quick.execute("SELECT 1") == [(1,)]
    assert not done.is_set()
    thread.join()


@pytest.mark.parametrize("options", [{"password": "wrong"}, {"user": "stranger"}, {"password": ""}])
def test_strangers_are_not_let_in(server: Any, options: dict[str, str]) -> None:
    """A wrong user or password is refused with 516."""
    with server.client(**options) as client, pytest.raises(errors.ServerException) as raised:
        client.execute("SELECT 1")
    assert raised.value.code == 516


def test_an_unknown_database_is_refused_at_the_door(server: Any) -> None:
    """Connecting to a database that does not exist fails with 81."""
    with server.client(database="nowhere") as client, pytest.raises(errors.ServerException) as raised:
        client.execute("SELECT 1")
    assert raised.value.code == 81
