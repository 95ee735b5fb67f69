from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
import zlib
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from clickhouse_driver import errors
from support.polling import DEADLINE_S, eventually

from deploy.local.clickhouse import native
from deploy.local.clickhouse.blocks import read_block
from deploy.local.clickhouse.compression import frames
from deploy.local.clickhouse.errors import ProtocolError
from deploy.local.clickhouse.wire import Reader, string
from schemas.codec.varint import varint

HUGE = varint((1 << 63) - 1)
HELLO = b"\0" + string("x") + varint(1) + varint(1)


def hello(password: str = "correct horse", revision: int = 54400) -> bytes:
    """The handshake of an honest client."""
    return HELLO + varint(revision) + string("") + string("tester") + string(password)


def query_of(text_length: bytes) -> bytes:
    """A query packet at revision 54400, without client info and settings, up to its text."""
    return b"\1" + string("") + b"\0" + string("") + varint(2) + b"\0" + text_length


def send(port: int, data: bytes) -> bytes:
    """Send bytes, close our side, and return all that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S) as sock:
        got = b""
        try:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            while more := sock.recv(65536):
                got += more
        except ConnectionError:
            pass
        return got


def resident(server: Any) -> int:
    """Bytes of memory that the server process holds."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) << 10


ATTACKS = {
    "nothing": b"",
    "http on the native port": b"GET / HTTP/1.1\r\n\r\n",
    "huge client name": b"\0" + HUGE,
    "endless number": b"\0" + b"\xff" * 100,
    "huge user name": HELLO + varint(54400) + string("") + HUGE,
    "huge query id": hello() + b"\1" + HUGE,
    "huge query text": hello() + query_of(HUGE),
    "huge block width": hello() + query_of(string("SELECT 1")) + b"\2\0\0" + HUGE + HUGE,
    "huge row count": hello() + query_of(string("SELECT 1")) + b"\2\0\0" + b"\1" + varint(1 << 31) + string("a")
    + string("UInt256"),
    "huge array": hello() + query_of(string("SELECT 1")) + b"\2\0\0\1\1" + string("a") + string("Array(UInt8)")
    + struct.pack("<Q", 1 << 60),
    "deep type": hello() + query_of(string("SELECT 1")) + b"\2\0\0\1\1" + string("a") + string("Array(" * 10_000),
    "unknown packet": hello() + b"\x63",
    "data without a query": hello() + b"\2\0\0\1\1" + string("a") + string("Nope"),
}  # fmt: skip


@pytest.mark.servers
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_a_lying_client_is_parted_from_without_harm(server: Any, attack: bytes) -> None:
    """Absurd lengths and wrong packets cost no memory and nobody else's connection."""
    before = resident(server)
    send(server.port, attack)
    assert resident(server) - before < 64 << 20
    with server.client() as client:
        assert client.execute("SELECT 1") == [(1,)]


@pytest.mark.servers
@pytest.mark.parametrize("seed", range(4))
def test_random_bytes_do_not_stop_the_server(server: Any, seed: int) -> None:
    """Noise before and after the handshake, on both ports, is survived."""
    noise = random.Random(seed)
    for _ in range(10):
        send(server.port, noise.randbytes(300))
        send(server.port, hello() + b"\1" + noise.randbytes(300))
        send(server.port, hello() + query_of(string("SELECT 1")) + b"\2\0\0\1\5" + noise.randbytes(300))
        send(server.http, noise.randbytes(300) + b"\r\n\r\n")
    with server.client() as client:
        assert client.execute("SELECT 1") == [(1,)]


@pytest.mark.servers
@pytest.mark.parametrize(
    "request_",
    [
        b"POST / HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\n",
        b"POST /?user=tester&password=correct+horse HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n",
        b"POST /?user=tester&password=correct+horse HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /?user=tester&password=correct+horse HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /?user=tester&password=correct+horse HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nx",
    ],
)
def test_a_lying_http_client_gets_an_error_or_nothing(server: Any, request_: bytes) -> None:
    """Absurd body lengths are refused, or simply end with the client."""
    assert not send(server.http, request_).startswith(b"HTTP/1.1 200")
    with server.client() as client:
        assert client.execute("SELECT 1") == [(1,)]


@pytest.mark.servers
def test_a_compressed_bomb_does_not_fill_memory(server: Any) -> None:
    """A small body that unpacks to more than the limit is refused while it unpacks."""
    bomb = zlib.compress(bytes(200 << 20), 9)
    head = "POST /?user=tester&password=correct+horse HTTP/1.1\r\nContent-Encoding: deflate\r\n"
    answer = send(server.http, f"{head}Content-Length: {len(bomb)}\r\n\r\n".encode() + bomb)
    assert b"X-ClickHouse-Exception-Code: 131" in answer


@pytest.mark.servers
def test_clients_beyond_the_limit_are_told_so(own_server: Any) -> None:
    """A full server says so, and serves again when somebody leaves."""
    server = own_server("--max-clients", "2")
    one, two, three = (server.client() for _ in range(3))
    assert one.execute("SELECT 1") == two.execute("SELECT 1") == [(1,)]
    with pytest.raises((errors.ServerException, EOFError, OSError)) as raised:
        three.execute("SELECT 1")
    assert getattr(raised.value, "code", 202) == 202
    one.disconnect()
    eventually(server.serves, "the place of the client that left").disconnect()
    two.disconnect()


def test_a_block_beyond_the_limit_is_refused_before_it_is_read() -> None:
    """A row count is checked against the limit before a single byte of it is waited for."""
    data = b"\0\1" + varint(1 << 30) + string("a") + string("UInt64")
    with pytest.raises(ProtocolError, match="larger than"):
        read_block(Reader(data=data), 54400)


def test_a_handshake_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time limit is for the whole handshake: single bytes sent now and then do not extend it."""
    monkeypatch.setattr(native, "HANDSHAKE_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = socket.create_connection(listener.getsockname())
        theirs, _ = listener.accept()
    with ours, theirs:
        thread = threading.Thread(target=native.serve_client, args=(None, theirs))
        thread.start()
        sent = bytearray()

        def cut_off() -> bool:
            with contextlib.suppress(OSError):
                sent.extend(b"\1" if sent else b"\0\x80\x08")  # a name of 1024 bytes, byte by byte
                ours.send(sent[-1:] if len(sent) > 3 else sent)
            return not thread.is_alive()

        eventually(cut_off, "the client is cut off")
        assert len(sent) < 1024


def test_a_frame_cannot_claim_gigabytes() -> None:
    """The plain size in a compressed frame is checked before it is allocated."""
    frame = bytes(16) + struct.pack("<BII", 0x82, 20, (1 << 32) - 1) + bytes(11)
    with pytest.raises(ProtocolError, match="Frame of"):
        frames(Reader(data=frame))()


def test_a_damaged_frame_is_noticed() -> None:
    """A wrong checksum is an error, not data."""
    frame = bytes(16) + struct.pack("<BII", 0x82, 20, 100) + bytes(11)
    with pytest.raises(ProtocolError, match="Checksum"):
        frames(Reader(data=frame))()


def test_strings_that_arrive_in_pieces_are_passed_whole() -> None:
    """Whatever the cuts between packets, a column of strings ends where it ends."""
    column = b"".join(string("x" * size) for size in (0, 1, 127, 128, 300, 5))
    for step in (1, 2, 7, 64):
        pieces = iter([column[start : start + step] for start in range(0, len(column), step)])
        reader = Reader(partial(next, pieces, b""))
        reader.keep(10_000)
        reader.skip_strings(6)
        assert reader.position == len(column)
