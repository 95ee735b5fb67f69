"""What errors of the driver become."""

from __future__ import annotations

import pytest
from clickhouse_driver.errors import CannotParseUuidError, NetworkError, ServerException, SocketTimeoutError

from schemas.errors import HailongError, OutcomeUnknown, SystemFault, Unavailable
from sinks.clickhouse.connection import ClickHouseConnection
from sinks.clickhouse.errors import BadRow, translate_error

CONNECTION = ClickHouseConnection("ch", 9440, password="hunter2")


@pytest.mark.parametrize(
    ("error", "expected", "words"),
    [
        (NetworkError("Connection refused (ch:9440)"), Unavailable, "ch:9440 does not answer: Connection refused"),
        (SocketTimeoutError("timed out"), Unavailable, "does not answer"),
        (NetworkError("[SSL: CERTIFICATE_VERIFY_FAILED] (ch)"), SystemFault, "HAILONG_CLICKHOUSE_CA_FILE"),
        (EOFError("Unexpected EOF"), OutcomeUnknown, "connection lost"),
        (ServerException("DB::Exception: no\nStack trace: 0.", 60), SystemFault, r"UNKNOWN_TABLE \(60\): no: run"),
        (ServerException("DB::Exception: value 7", 321), BadRow, "^VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE"),
        (ServerException("DB::Exception: memory", 241), OutcomeUnknown, "code 241: memory"),
        (ValueError("0912345678"), BadRow, "^ValueError while encoding$"),
        (CannotParseUuidError("0912345678"), BadRow, "^CannotParseUuidError while encoding$"),
    ],
)
def test_each_error_has_one_meaning_and_quotes_no_secret(
    error: Exception, expected: type[HailongError], words: str
) -> None:
    """Nothing sent, outcome unknown, bad row and system fault are told apart, also when the driver hides the cause."""
    found = translate_error(error, CONNECTION)
    with pytest.raises(expected, match=words):
        raise found
    assert not {"hunter2", "0912345678"} & set(str(found).split())
