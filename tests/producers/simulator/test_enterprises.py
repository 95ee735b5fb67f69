"""Invented tax codes are valid."""

from producers.simulator.draws import stream
from producers.simulator.enterprises import tax_codes

WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


def test_check_digits_are_right_and_codes_distinct() -> None:
    """Every code obeys the rule of the check digit; a few belong to branches."""
    codes = tax_codes(stream(1, "codes"), 3000)
    assert len(set(codes)) == 3000
    for code in codes:
        digits = [int(c) for c in code[:10]]
        assert (sum(w * d for w, d in zip(WEIGHTS, digits, strict=False)) + digits[9]) % 11 == 10
    assert 30 < sum(code.endswith("-001") for code in codes) < 200
