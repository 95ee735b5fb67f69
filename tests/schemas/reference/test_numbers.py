"""Tax codes and declaration numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reference.tax_code import TaxCodeVerdict, check_tax_code
from schemas.validation import rules

# Public codes of well-known companies: Vinamilk, FPT, Petrolimex.
REAL = ["0300588569", "0101248141", "0100107370"]


@pytest.mark.parametrize("code", [*REAL, *(f"{code}-001" for code in REAL), f"{REAL[0]}999"])
def test_real_tax_codes_are_valid(code: str) -> None:
    """Published codes pass, alone and with the number of a dependent unit."""
    assert check_tax_code(code) is TaxCodeVerdict.VALID


@given(st.sampled_from(REAL), st.integers(0, 9), st.integers(1, 9))
def test_any_wrong_digit_is_found(code: str, place: int, shift: int) -> None:
    """Changing one digit of a valid code is always found, for 11 is prime and no weight is a multiple of it."""
    wrong = code[:place] + str((int(code[place]) + shift) % 10) + code[place + 1 :]
    assert check_tax_code(wrong) is TaxCodeVerdict.BAD_CHECK_DIGIT


@pytest.mark.parametrize(
    "code",
    ["", "030058856", "03005885690", "0300588569-", "0300588569-01", "0300588569-000", " 0300588569", "O300588569"],
)
def test_other_forms_are_bad(code: str) -> None:
    """Wrong lengths, letters, blanks and unit 000 have a bad format."""
    assert check_tax_code(code) is TaxCodeVerdict.BAD_FORMAT


def test_digits_of_other_scripts_are_bad() -> None:
    """Only ASCII digits count as digits."""
    assert check_tax_code("٠٣٠٠٥٨٨٥٦٩") is TaxCodeVerdict.BAD_FORMAT
    assert not rules.DECLARATION_NO.accepts("\u0661" * 12)


def test_a_personal_id_is_not_called_bad() -> None:
    """Twelve digits are a personal id, which has no check digit we know."""
    assert check_tax_code("001099012345") is TaxCodeVerdict.PERSONAL_ID


@given(st.text(max_size=20))
def test_any_text_has_a_verdict(text: str) -> None:
    """No text makes the check fail."""
    assert check_tax_code(text) in TaxCodeVerdict


@pytest.mark.parametrize("text", ["", "10345678901", "1034567890123", "10345678901x", "103456789 12", "²" * 12])
def test_other_texts_are_no_declaration_numbers(text: str) -> None:
    """Only 12 ASCII digits are accepted."""
    assert not rules.DECLARATION_NO.accepts(text)
