"""The ports of a stack."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from deploy.local.ports import free_port
from deploy.local.stack.ports import SERVERS, choose_ports
from schemas.errors import ConfigurationError


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]


def test_ports_stay_the_same_for_one_directory(tmp_path: Path) -> None:
    """A client that is set up once finds the stack after each start."""
    first = choose_ports([*SERVERS, "worker-1"], {}, tmp_path / "ports.json")
    assert len(set(first.values())) == 4
    assert choose_ports(SERVERS, {}, tmp_path / "ports.json") == {name: first[name] for name in SERVERS}
    assert choose_ports([*SERVERS, "worker-1"], {}, tmp_path / "ports.json") == first


def test_a_named_port_is_kept_too(tmp_path: Path) -> None:
    """Who names a port once need not name it at the next start."""
    wanted = free_port()
    first = choose_ports(SERVERS, {"clickhouse-http": wanted, "kafka": None}, tmp_path / "ports.json")
    assert first["clickhouse-http"] == wanted
    assert choose_ports(SERVERS, {}, tmp_path / "ports.json") == first


def test_a_named_port_that_is_taken_is_an_error(tmp_path: Path, taken: int) -> None:
    """Another port in its place would be found by nobody."""
    with pytest.raises(ConfigurationError, match=rf"Port {taken} .* in use\. Name another with --kafka-port"):
        choose_ports(SERVERS, {"kafka": taken}, tmp_path / "ports.json")
    assert not (tmp_path / "ports.json").exists()


def test_two_servers_cannot_have_one_port(tmp_path: Path) -> None:
    """The second one would not start."""
    port = free_port()
    with pytest.raises(ConfigurationError, match="--kafka-port, --clickhouse-port name one port twice"):
        choose_ports(SERVERS, {"kafka": port, "clickhouse": port}, tmp_path / "ports.json")


def test_a_port_of_the_last_start_that_is_taken_is_replaced(tmp_path: Path, taken: int) -> None:
    """A stack starts although somebody else has its port now."""
    (tmp_path / "ports.json").write_text(f'{{"kafka": {taken}, "clickhouse": 1, "clickhouse-http": "x"}}')
    assert taken not in choose_ports(SERVERS, {}, tmp_path / "ports.json").values()


def test_a_named_port_wins_over_one_of_the_last_start(tmp_path: Path) -> None:
    """The server that had it gets another."""
    first = choose_ports(SERVERS, {}, tmp_path / "ports.json")
    second = choose_ports(SERVERS, {"clickhouse": first["kafka"]}, tmp_path / "ports.json")
    assert second["clickhouse"] == first["kafka"]
    assert len(set(second.values())) == len(SERVERS)


def test_connections_that_are_still_closing_do_not_take_a_port(tmp_path: Path) -> None:
    """A stack that is started again at once keeps its ports."""
    port = free_port()
    with closing(socket.create_server(("127.0.0.1", port))) as listener:
        client = socket.create_connection(("127.0.0.1", port))
        server, _ = listener.accept()
        server.close()  # the side that closes first waits for the last packets, and keeps the port for a minute
        assert client.recv(1) == b""
        client.close()
    (tmp_path / "ports.json").write_text(f'{{"kafka": {port}}}')
    assert choose_ports(["kafka"], {}, tmp_path / "ports.json") == {"kafka": port}
