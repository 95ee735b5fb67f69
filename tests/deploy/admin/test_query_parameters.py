from __future__ import annotations

import pytest

from deploy.admin.query_parameters import QueryParameter


@pytest.mark.parametrize(
    ("value", "declared", "sent"),
    [
        ("plain", "String", "plain"),
        ("it's", "String", r"it\'s"),
        ("a\\b\tc\n", "String", r"a\\\\b\\tc\\n"),
        (r"\N", "Nullable(String)", r"\\N"),
        ("['a', 'it\\'s']", "Array(String)", r"[\'a\', \'it\\\'s\']"),
    ],
)
def test_values_are_sent_as_they_are_written(value: str, declared: str, sent: str) -> None:
    """Nothing in a text is an escape; arrays keep their own quotes."""
    assert str(QueryParameter(value, "x", f"SELECT {{y:UInt8}}, {{ x : {declared}}}")) == sent
