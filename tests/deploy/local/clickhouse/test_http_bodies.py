from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import cramjam
import lz4.frame
import pytest
from support.http_statements import basic, call

from deploy.local.clickhouse.compression import compress, frames
from deploy.local.clickhouse.errors import ServerError
from deploy.local.clickhouse.http_encoding import PIECE, accepted, decoded, encoded, from_blocks
from deploy.local.clickhouse.insert_spool import Spool
from deploy.local.clickhouse.wire import Reader

SIGNED = basic("tester", "correct horse")
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "lz4": lz4.frame.compress,
    "zstd": lambda data: bytes(cramjam.zstd.compress(data)),
}
UNPACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "deflate": zlib.decompress,
    "lz4": lz4.frame.decompress,
    "zstd": lambda data: bytes(cramjam.zstd.decompress(data)),
}


def unblocked(data: bytes) -> bytes:
    """The content of ClickHouse's compressed blocks."""
    reader = Reader(data=data)
    block = frames(reader)
    content = b""
    while reader.pending:
        content += block()
    return content


@pytest.mark.parametrize("encoding", PACKED)
@pytest.mark.parametrize("step", [1000, 1 << 20])
def test_a_body_is_unpacked_in_small_pieces(tmp_path: Path, encoding: str, step: int) -> None:
    """64 MiB of zeros in a few kilobytes come out whole, in pieces of bounded size, however they arrive."""
    content = bytes(64 << 20)
    packed = PACKED[encoding](content)
    pieces = (packed[start : start + step] for start in range(0, len(packed), step))
    sizes = [len(piece) for piece in decoded(pieces, encoding, partial(Spool, tmp_path))]
    assert sum(sizes) == len(content)
    assert max(sizes) <= PIECE


@pytest.mark.parametrize("encoding", PACKED)
def test_a_body_that_is_cut_or_damaged_is_an_error(tmp_path: Path, encoding: str) -> None:
    """No half of a compressed body passes for the whole."""
    packed = PACKED[encoding](bytes(range(256)) * 1000)
    for wrong in (packed[:-5], b"\x01" + packed, packed[:20]):
        with pytest.raises(ServerError) as raised:
            list(decoded(iter([wrong]), encoding, partial(Spool, tmp_path)))
        assert raised.value.code == 89


def test_a_reader_may_stop_within_a_zstd_body(tmp_path: Path) -> None:
    """Whoever reads no further leaves no thread behind that still unpacks."""
    pieces = decoded(iter([PACKED["zstd"](bytes(64 << 20))]), "zstd", partial(Spool, tmp_path))
    assert next(pieces)
    pieces.close()  # type: ignore[attr-defined]  # returns only when the thread has ended


@pytest.mark.parametrize("encoding", UNPACKED)
def test_an_answer_is_packed_as_it_comes(encoding: str) -> None:
    """Pieces that are packed one after another unpack to the whole."""
    pieces = [bytes([number]) * 100_000 for number in range(20)]
    assert UNPACKED[encoding](b"".join(encoded(iter(pieces), encoding))) == b"".join(pieces)


@pytest.mark.parametrize(
    ("header", "encoding"),
    [("", ""), ("gzip, deflate, br", "gzip"), ("lz4,zstd", "lz4"), ("zstd;q=0.5", "zstd"), ("gzip;q=0, br", "")],
)
def test_the_encoding_of_an_answer_is_one_that_the_client_names(header: str, encoding: str) -> None:
    """What a client does not accept, or weighs with 0, is never sent."""
    assert accepted(header) == encoding


def test_blocks_must_be_whole() -> None:
    """ClickHouse's blocks in any pieces come out whole, and a cut one is an error."""
    content = bytes(range(256)) * 10_000
    packed = compress(content)
    assert b"".join(from_blocks(iter([packed[:7], packed[7:]]))) == content
    with pytest.raises(ServerError) as raised:
        list(from_blocks(iter([packed[:-1]])))
    assert raised.value.code == 33


@pytest.mark.servers
@pytest.mark.parametrize("encoding", PACKED)
def test_rows_and_results_in_each_encoding(server: Any, encoding: str) -> None:
    """An INSERT is stored from a body in each encoding, and a large and a small result come back in it."""
    table = f"db.body_{encoding}"
    call(server.http, body=f"CREATE TABLE {table} (n UInt64) ENGINE = MergeTree ORDER BY n", headers=SIGNED)
    statement = f"INSERT INTO {table} FORMAT TSV\n" + "\n".join(map(str, range(100_000)))
    headers = {**SIGNED, "Content-Encoding": encoding}
    assert call(server.http, body=PACKED[encoding](statement.encode()), headers=headers)[0] == 200
    for limit in (3, 100_000):
        query = f"SELECT n FROM {table} ORDER BY n LIMIT {limit}"
        status, body, reply = call(server.http, body=query, headers={**SIGNED, "Accept-Encoding": encoding})
        assert (status, reply["Content-Encoding"]) == (200, encoding)
        assert UNPACKED[encoding](body) == "".join(f"{n}\n" for n in range(limit)).encode()


@pytest.mark.servers
def test_rows_and_results_in_the_blocks_of_clickhouse(server: Any) -> None:
    """`decompress=1` reads an INSERT from LZ4 blocks, and `compress=1` sends small and large results in them."""
    call(server.http, body="CREATE TABLE db.blocks (n UInt64) ENGINE = MergeTree ORDER BY n", headers=SIGNED)
    statement = ("INSERT INTO db.blocks FORMAT TSV\n" + "\n".join(map(str, range(300_000)))).encode()
    assert call(server.http, body=compress(statement), headers=SIGNED, decompress="1")[0] == 200
    for limit in (3, 300_000):
        query = f"SELECT n FROM db.blocks ORDER BY n LIMIT {limit}"
        status, body, _ = call(server.http, body=query, headers=SIGNED, compress="1")
        assert (status, unblocked(body)) == (200, "".join(f"{n}\n" for n in range(limit)).encode())


@pytest.mark.servers
def test_an_unknown_encoding_is_refused(server: Any) -> None:
    """A body that cannot be read is an error, not an empty statement."""
    headers = {**SIGNED, "Content-Encoding": "br"}
    assert call(server.http, body=b"x", headers=headers)[2]["X-ClickHouse-Exception-Code"] == "89"


def test_no_encoding_passes_a_body_on() -> None:
    """Plain bodies are not touched."""
    assert list(decoded(iter([b"a", b"b"]), "identity", nullcontext)) == [b"a", b"b"]  # type: ignore[arg-type]  # there is no spool
