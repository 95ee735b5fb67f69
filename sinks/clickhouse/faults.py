"""What an error of ClickHouse means for a batch. Three answers, and the unknown error is one of the last.

=============  =============================================  ===========================================
class          examples                                       what the loader does
=============  =============================================  ===========================================
row fault      value out of range, bad text for a type        finds the row by halving, sets it aside
system fault   wrong password, no grant, no table or column   stops and says so: an operator must act
transient      too many parts, memory, time-outs, broken      pauses and repeats the identical block
or unknown     connections, anything not listed               without end
=============  =============================================  ===========================================

A table in the wrong class drains a topic into the dead letters (reference: mistakes of comparable sinks), so the lists
are short and everything else is repeated. Codes: `src/Common/ErrorCodes.cpp` of ClickHouse.
"""

from __future__ import annotations

import struct
from enum import Enum, auto

from clickhouse_driver import errors

from schemas.errors import OutcomeUnknown, SystemFault, Unavailable


class Fault(Enum):
    """Whose fault an error is."""

    ROW = auto()
    SYSTEM = auto()
    TRANSIENT = auto()


_ROW_CODES = frozenset(
    {
        6,  # CANNOT_PARSE_TEXT
        27,  # CANNOT_PARSE_INPUT_ASSERTION_FAILED
        33,  # CANNOT_READ_ALL_DATA
        38,  # CANNOT_PARSE_DATE
        41,  # CANNOT_PARSE_DATETIME
        53,  # TYPE_MISMATCH
        69,  # ARGUMENT_OUT_OF_BOUND
        70,  # CANNOT_CONVERT_TYPE
        72,  # CANNOT_PARSE_NUMBER
        117,  # INCORRECT_DATA
        131,  # TOO_LARGE_STRING_SIZE
        321,  # VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
        349,  # CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
        469,  # VIOLATED_CONSTRAINT
    }
)

_SYSTEM_ADVICE = {
    16: "run `hailong migrate`: a column is missing",
    60: "run `hailong migrate`: a table is missing",
    81: "run `hailong migrate`: the database is missing",
    62: "this version of ClickHouse does not understand a statement of ours",
    164: "the user may only read: give it a profile without readonly",
    192: "the user is not known to ClickHouse: check HAILONG_CLICKHOUSE_USER",
    193: "wrong password: check HAILONG_CLICKHOUSE_PASSWORD",
    291: "the user may not use the database: grant it",
    497: "the user lacks a right: grant INSERT, SELECT, CREATE and ALTER on the database",
    516: "user or password is wrong: check HAILONG_CLICKHOUSE_USER and HAILONG_CLICKHOUSE_PASSWORD",
}

# What the driver raises while it encodes a column, before anything is sent: some value does not fit its type.
_ENCODING = (errors.TypeMismatchError, struct.error, OverflowError, ValueError, TypeError, AttributeError)


def classify(error: BaseException) -> Fault:
    """Whose fault it is."""
    if isinstance(error, errors.TypeMismatchError):
        return Fault.ROW
    if isinstance(error, errors.Error):
        code = getattr(error, "code", None)
        if code in _ROW_CODES:
            return Fault.ROW
        return Fault.SYSTEM if code in _SYSTEM_ADVICE else Fault.TRANSIENT
    if isinstance(error, (OSError, EOFError)):
        return Fault.TRANSIENT
    return Fault.ROW if isinstance(error, _ENCODING) else Fault.TRANSIENT


def as_hailong(error: BaseException, doing: str) -> SystemFault | OutcomeUnknown | Unavailable:
    """The error in our words, with advice; never with values, which the server's text may hold.

    Args:
        error: What the driver raised.
        doing: What was being done, e.g. `inserting into rating`.
    """
    code = getattr(error, "code", None)
    if code in _SYSTEM_ADVICE:
        return SystemFault(f"ClickHouse refused {doing} (code {code}): {_SYSTEM_ADVICE[code]}")
    if isinstance(error, errors.NetworkError | errors.SocketTimeoutError | OSError):
        return Unavailable(f"ClickHouse does not answer while {doing} ({type(error).__name__})")
    return OutcomeUnknown(f"ClickHouse failed while {doing} (code {code}, {type(error).__name__})")
