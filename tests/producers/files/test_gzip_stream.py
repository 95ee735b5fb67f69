from __future__ import annotations

import gzip
import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.files.gzip_stream import GzipStream


def stream(packed: bytes) -> io.BufferedReader:
    """What a packed file unpacks to."""
    return io.BufferedReader(GzipStream(io.BufferedReader(io.BytesIO(packed))))


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=4), st.integers(0, 600))
def test_it_gives_what_pythons_own_module_gives(parts: list[bytes], zeros: int) -> None:
    """One or more archives, with zeros between and behind them, as tapes have."""
    packed = b"".join(gzip.compress(part) + bytes(zeros) for part in parts)
    assert stream(packed).read() == gzip.decompress(packed) == b"".join(parts)


@given(st.binary(min_size=200, max_size=5000), st.integers(1, 60))
def test_a_cut_archive_gives_what_it_holds_and_then_says_so(content: bytes, cut: int) -> None:
    """All that can be unpacked comes first, and then an error instead of the end."""
    packed = gzip.compress(content, 0)[:-cut]
    held = zlib.decompressobj(31).decompress(packed)
    reader = stream(packed)
    assert b"".join(reader.read1(100) for _ in range(len(held) // 100)) == held[: len(held) // 100 * 100]
    with pytest.raises(EOFError):
        reader.read()


@pytest.mark.parametrize("behind", [b"garbage", b"\x1f\x8bgarbage"])
def test_garbage_behind_an_archive_is_an_error(behind: bytes) -> None:
    """It is not silently left out: the file may have been joined or damaged."""
    with pytest.raises(zlib.error):
        stream(gzip.compress(b"content") + behind).read()


def test_a_wrong_checksum_is_an_error() -> None:
    """The last bytes of an archive guard its content."""
    packed = bytearray(gzip.compress(b"content" * 100))
    packed[-6] ^= 1
    with pytest.raises(zlib.error):
        stream(bytes(packed)).read()
