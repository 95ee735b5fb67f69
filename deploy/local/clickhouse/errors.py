"""ClickHouse errors: a numeric code and a text."""

from __future__ import annotations

import re
from typing import Final

UNKNOWN_COLUMN: Final = 16
CANNOT_READ: Final = 33
BAD_ARGUMENTS: Final = 36
NOT_IMPLEMENTED: Final = 48
UNKNOWN_TYPE: Final = 50
UNKNOWN_TABLE: Final = 60
SYNTAX_ERROR: Final = 62
TOO_LARGE: Final = 131
UNKNOWN_METHOD: Final = 89
UNKNOWN_PACKET: Final = 99
UNEXPECTED_PACKET: Final = 101
UNKNOWN_SETTING: Final = 115
READONLY: Final = 164
TOO_MANY_CLIENTS: Final = 202
ALREADY_RUNNING: Final = 216
CANNOT_WRITE: Final = 243
CHECKSUM_MISMATCH: Final = 40
DISABLED: Final = 344
SESSION_NOT_FOUND: Final = 372
SESSION_IS_LOCKED: Final = 373
INVALID_SESSION_TIMEOUT: Final = 374
CANCELLED: Final = 394
ACCESS_DENIED: Final = 497
UNKNOWN_ROLE: Final = 511
AUTHENTICATION_FAILED: Final = 516
UNKNOWN_EXCEPTION: Final = 1002

_ENGINE_TEXT = re.compile(r"Code: (\d+)\. DB::Exception: (.*)", re.DOTALL)
_OUTSIDE = re.compile(r"grant (?:READ|WRITE|READ, WRITE|TABLE ENGINE) ON \w+|grant SYSTEM SHUTDOWN")


class ServerError(Exception):
    """A failure to report to the client under its ClickHouse error code."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text

    @classmethod
    def of(cls, error: BaseException) -> ServerError:
        """The ClickHouse error for any exception; 1002 if it has no code."""
        if isinstance(error, cls):
            return error
        if found := _ENGINE_TEXT.search(str(error)):
            return cls(*_translated(int(found[1]), found[2].strip()))
        if isinstance(error, UnicodeDecodeError):
            return cls(SYNTAX_ERROR, "Text is not valid UTF-8 (SYNTAX_ERROR)")
        return cls(UNKNOWN_EXCEPTION, f"{type(error).__name__}: {error}")


def _translated(code: int, text: str) -> tuple[int, str]:
    """Reword errors about grants of the engine's own user, which a client cannot know."""
    if code == ACCESS_DENIED and "grant READ ON FILE" in text:
        # The guard has refused statements that name a file. What remains is chDB's own database `default`,
        # which reads the name of an unknown table as a file name.
        return UNKNOWN_TABLE, "There is no such table; database `default` can have none here (UNKNOWN_TABLE)"
    if code == ACCESS_DENIED and _OUTSIDE.search(text):
        return DISABLED, f"Not available on this server: {text} (SUPPORT_IS_DISABLED)"
    return code, text


class ProtocolError(ServerError):
    """A client sent malformed data or exceeded a limit: the error is reported and the connection closed."""
