"""Lines of a text file, one by one, whatever bytes it holds."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from producers.files.report import FileUnusable, fault
from schemas.errors import Problem

MAX_LINE_BYTES = 1 << 20
"""A rating of 50 items with the longest comment has about 20,000 bytes; a much longer line is not an event."""

_UTF8_BOM = b"\xef\xbb\xbf"
_NO_UTF8 = "must be UTF-8: it is damaged or in another encoding, such as Windows-1258; save the file as UTF-8"
_SKIP = 1 << 16
CUT = "is damaged or cut from here on; what came before was read. Copy or export it again: repeating events is harmless"


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end."""

    number: int  # from 1
    text: str | None  # None when it cannot be read
    problems: Sequence[Problem] = ()  # why it cannot be read


def lines_of(content: io.BufferedReader) -> Iterator[Line]:
    """Lines of a file, including empty ones; memory is bounded by `MAX_LINE_BYTES`.

    Raises:
        FileUnusable: The file is cut off or damaged.
    """
    number = 0
    while True:
        number += 1
        try:
            raw = content.readline(MAX_LINE_BYTES + 1)
            too_long = len(raw) > MAX_LINE_BYTES
            while too_long and raw and not raw.endswith(b"\n"):
                raw = content.readline(_SKIP)
        except (OSError, EOFError, zlib.error):
            raise FileUnusable(number, [fault("file", CUT)]) from None
        if not raw and not too_long:
            return
        raw = raw.removeprefix(_UTF8_BOM)  # in every line: files that were joined have one in the middle
        if too_long:
            yield Line(number, None, [fault("line", f"must have at most {MAX_LINE_BYTES:,} bytes")])
            continue
        try:
            yield Line(number, raw.rstrip(b"\r\n").decode("utf-8"))
        except UnicodeDecodeError:
            yield Line(number, None, [fault("line", _NO_UTF8)])
