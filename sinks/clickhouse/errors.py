"""Translates errors of ClickHouse and of its driver: is the row, the system, or only this moment to blame?

A changed password must stop the sink, not send a whole topic to the dead letters; one bad row must not stop the sink.
So there are two lists of error codes. A code in neither list counts as temporary: the block is repeated without end,
with a warning each time, and nothing is lost.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from clickhouse_driver import errors as driver
from clickhouse_driver.columns.exceptions import ColumnException

from schemas.errors import HailongError, OutcomeUnknown, SystemFault, Unavailable
from sinks.clickhouse.connection import ClickHouseConnection


class BadRow(HailongError):
    """ClickHouse refused a block because of its contents: at least one of its rows can never be stored.

    The text is name and code of the error, never a value.
    """


ROW_CODES: Mapping[int, str] = {
    6: "CANNOT_PARSE_TEXT",
    26: "CANNOT_PARSE_QUOTED_STRING",
    27: "CANNOT_PARSE_INPUT_ASSERTION_FAILED",
    38: "CANNOT_PARSE_DATE",
    41: "CANNOT_PARSE_DATETIME",
    69: "ARGUMENT_OUT_OF_BOUND",
    70: "CANNOT_CONVERT_TYPE",
    72: "CANNOT_PARSE_NUMBER",
    117: "INCORRECT_DATA",
    128: "TOO_LARGE_ARRAY_SIZE",
    131: "TOO_LARGE_STRING_SIZE",
    190: "SIZES_OF_ARRAYS_DONT_MATCH",
    321: "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE",
    349: "CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN",
    376: "CANNOT_PARSE_UUID",
    395: "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO",
    407: "DECIMAL_OVERFLOW",
    467: "CANNOT_PARSE_BOOL",
    469: "VIOLATED_CONSTRAINT",
}
"""A value in the block is at fault."""

_MIGRATE = "run `hailong migrate`"
_GRANT = "grant the user what `docs/clickhouse-rights.md` lists"
_LOGIN = "check HAILONG_CLICKHOUSE_USER and HAILONG_CLICKHOUSE_PASSWORD"

SYSTEM_CODES: Mapping[int, tuple[str, str]] = {
    1: ("UNSUPPORTED_METHOD", "use a supported ClickHouse version"),
    8: ("THERE_IS_NO_COLUMN", _MIGRATE),
    10: ("NOT_FOUND_COLUMN_IN_BLOCK", _MIGRATE),
    16: ("NO_SUCH_COLUMN_IN_TABLE", _MIGRATE),
    20: ("NUMBER_OF_COLUMNS_DOESNT_MATCH", _MIGRATE),
    46: ("UNKNOWN_FUNCTION", "use a supported ClickHouse version"),
    47: ("UNKNOWN_IDENTIFIER", _MIGRATE),
    48: ("NOT_IMPLEMENTED", "check whether a view has replaced the table: nothing can be inserted into a view"),
    50: ("UNKNOWN_TYPE", "use a supported ClickHouse version"),
    53: ("TYPE_MISMATCH", _MIGRATE),
    60: ("UNKNOWN_TABLE", _MIGRATE),
    62: ("SYNTAX_ERROR", "use a supported ClickHouse version"),
    81: ("UNKNOWN_DATABASE", _MIGRATE),
    115: ("UNKNOWN_SETTING", "use a supported ClickHouse version"),
    164: ("READONLY", _GRANT),
    # A user who signs in under a wrong name gets 516 from today's servers: this is the definer of a view.
    192: ("UNKNOWN_USER", "run `hailong migrate` if the user is the one who defined the views, or create it again"),
    193: ("WRONG_PASSWORD", _LOGIN),
    194: ("REQUIRED_PASSWORD", _LOGIN),
    218: ("TABLE_IS_DROPPED", _MIGRATE),
    291: ("DATABASE_ACCESS_DENIED", _GRANT),
    392: ("QUERY_IS_PROHIBITED", _GRANT),
    452: ("SETTING_CONSTRAINT_VIOLATION", "let the user set async_insert and the deduplication settings"),
    497: ("ACCESS_DENIED", _GRANT),
    516: ("AUTHENTICATION_FAILED", _LOGIN),
}
"""An operator must act: name of the code, and what to do."""

_NOT_CONNECTED = (driver.NetworkError, driver.SocketTimeoutError)
"""What the driver raises while it connects, and only then: nothing was sent."""
_UNENCODABLE = (
    ColumnException,
    driver.TypeMismatchError,
    driver.CannotParseUuidError,
    struct.error,
    UnicodeError,
    OverflowError,
    ValueError,
    TypeError,
    AttributeError,
)
"""What the driver raises for a value that the column cannot hold, before or while it writes the block."""

_MESSAGE_CHARACTERS = 300


def translate_error(error: Exception, connection: ClickHouseConnection) -> HailongError:
    """An error of the driver as one of ours; its text holds neither a password nor a value of a row.

    Args:
        error: What clickhouse-driver raised.
        connection: The server that it came from.
    """
    where = f"ClickHouse at {connection.host}:{connection.port}"
    if isinstance(error, driver.ServerException):
        return _translate_server_error(error, where, connection)
    if isinstance(error, _NOT_CONNECTED) and "CERTIFICATE_VERIFY_FAILED" in str(error):
        return SystemFault(f"{where}: its certificate is not trusted: check HAILONG_CLICKHOUSE_CA_FILE")
    if isinstance(error, _NOT_CONNECTED):
        return Unavailable(f"{where} does not answer: {error.message}. Is it running?")
    if isinstance(error, _UNENCODABLE):
        return BadRow(f"{type(error).__name__} while encoding")
    return OutcomeUnknown(f"{where}: connection lost ({type(error).__name__})")


def server_message(error: driver.ServerException) -> str:
    """What the server says about a statement, without its stack trace and its list of the whole grammar."""
    text = str(error.message).split("Stack trace:")[0].removeprefix("DB::Exception: ").strip()
    return text.split(" Expected one of:")[0]


def _translate_server_error(
    error: driver.ServerException, where: str, connection: ClickHouseConnection
) -> HailongError:
    code = error.code
    if code in ROW_CODES:
        return BadRow(f"{ROW_CODES[code]} ({code})")
    first_line = server_message(error).split("\n")[0][:_MESSAGE_CHARACTERS]
    if code in SYSTEM_CODES:
        name, remedy = SYSTEM_CODES[code]
        return SystemFault(f"{where}, database {connection.database}: {name} ({code}): {first_line}: {remedy}")
    return OutcomeUnknown(f"{where}: code {code}: {first_line}")


@contextmanager
def translated(connection: ClickHouseConnection) -> Iterator[None]:
    """Raise errors of the driver from inside the `with` block as ours."""
    try:
        yield
    except HailongError:
        raise
    except (driver.Error, EOFError, OSError) as error:
        raise translate_error(error, connection) from error
