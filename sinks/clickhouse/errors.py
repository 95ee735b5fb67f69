"""What an error of ClickHouse means: the row, the system, or the moment.

Sending a whole topic to the dead letters because a password changed would be worse than stopping, and so would stopping
because of one row. So the codes are divided in three, and what is in neither list is taken for passing: such a block is
repeated without end, loudly, and nothing is lost.
"""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from clickhouse_driver import errors as driver
from clickhouse_driver.columns.exceptions import ColumnException

from schemas.errors import HailongError, OutcomeUnknown, SystemFault, Unavailable
from sinks.clickhouse.connection import ClickHouseConnection


class BadRow(HailongError):
    """A block was refused for what it holds: at least one of its rows can never be stored.

    Args:
        detail: Name and code of the error; never a value.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


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
"""The block is refused for a value in it."""

_MIGRATE = "run `hailong migrate`"
_GRANT = "grant the user what `docs/operations.md` lists"
_LOGIN = "check HAILONG_CLICKHOUSE_USER and HAILONG_CLICKHOUSE_PASSWORD"

SYSTEM_CODES: Mapping[int, tuple[str, str]] = {
    1: ("UNSUPPORTED_METHOD", "use a supported ClickHouse version"),
    8: ("THERE_IS_NO_COLUMN", _MIGRATE),
    10: ("NOT_FOUND_COLUMN_IN_BLOCK", _MIGRATE),
    16: ("NO_SUCH_COLUMN_IN_TABLE", _MIGRATE),
    20: ("NUMBER_OF_COLUMNS_DOESNT_MATCH", _MIGRATE),
    46: ("UNKNOWN_FUNCTION", "use a supported ClickHouse version"),
    47: ("UNKNOWN_IDENTIFIER", _MIGRATE),
    48: ("NOT_IMPLEMENTED", "nobody can insert there: is a view in the place of a table?"),
    50: ("UNKNOWN_TYPE", "use a supported ClickHouse version"),
    53: ("TYPE_MISMATCH", _MIGRATE),
    60: ("UNKNOWN_TABLE", _MIGRATE),
    62: ("SYNTAX_ERROR", "use a supported ClickHouse version"),
    81: ("UNKNOWN_DATABASE", _MIGRATE),
    115: ("UNKNOWN_SETTING", "use a supported ClickHouse version"),
    164: ("READONLY", _GRANT),
    192: ("UNKNOWN_USER", _LOGIN),
    193: ("WRONG_PASSWORD", _LOGIN),
    194: ("REQUIRED_PASSWORD", _LOGIN),
    218: ("TABLE_IS_DROPPED", _MIGRATE),
    291: ("DATABASE_ACCESS_DENIED", _GRANT),
    392: ("QUERY_IS_PROHIBITED", _GRANT),
    452: ("SETTING_CONSTRAINT_VIOLATION", "let the user set async_insert and the deduplication settings"),
    497: ("ACCESS_DENIED", _GRANT),
    516: ("AUTHENTICATION_FAILED", _LOGIN),
}
"""Only an operator can mend it: name of the code, and what to do."""

_LOST = (driver.NetworkError, driver.SocketTimeoutError, driver.UnexpectedPacketFromServerError, EOFError, OSError)
_UNENCODABLE = (
    ColumnException,
    driver.TypeMismatchError,
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
    """An error of the driver in our words; never with a password, nor with a value of a row.

    Args:
        error: What clickhouse-driver raised.
        connection: Where it happened.
    """
    where = f"ClickHouse at {connection.host}:{connection.port}"
    if isinstance(error, driver.ServerException):
        return _server(error, where, connection)
    if isinstance(error, ssl.SSLCertVerificationError):
        return SystemFault(f"{where}: its certificate is not trusted: check HAILONG_CLICKHOUSE_CA_FILE")
    if isinstance(error, (ConnectionRefusedError, socket.gaierror)):
        return Unavailable(f"{where} does not answer ({type(error).__name__})")
    if isinstance(error, _LOST):
        return OutcomeUnknown(f"{where}: connection lost ({type(error).__name__})")
    if isinstance(error, _UNENCODABLE):
        return BadRow(f"{type(error).__name__} while encoding")
    return OutcomeUnknown(f"{where}: {type(error).__name__}")


def _server(error: driver.ServerException, where: str, connection: ClickHouseConnection) -> HailongError:
    code = error.code
    if code in ROW_CODES:
        return BadRow(f"{ROW_CODES[code]} ({code})")
    if code in SYSTEM_CODES:
        name, remedy = SYSTEM_CODES[code]
        said = _first_line(error)
        return SystemFault(f"{where}, database {connection.database}: {name} ({code}): {said}: {remedy}")
    return OutcomeUnknown(f"{where}: code {code}: {_first_line(error)}")


def _first_line(error: driver.ServerException) -> str:
    text = str(error.message).split("Stack trace:")[0].strip().split("\n")[0]
    return text[:_MESSAGE_CHARACTERS]


@contextmanager
def translated(connection: ClickHouseConnection) -> Iterator[None]:
    """Errors of the driver inside the `with` block come out as ours."""
    try:
        yield
    except HailongError:
        raise
    except (driver.Error, EOFError, OSError) as error:
        raise translate_error(error, connection) from error
