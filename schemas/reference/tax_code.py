"""Tax codes (mã số thuế) and their check digit, used softly: warn about a bad one, keep the event."""

from __future__ import annotations

import re
from enum import StrEnum

_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
_ENTERPRISE = re.compile(r"([0-9]{10})(?:-?([0-9]{3}))?", re.ASCII)
_PERSONAL = re.compile(r"[0-9]{12}", re.ASCII)


class TaxCodeVerdict(StrEnum):
    """What can be said about a text given as a tax code.

    VALID: right form and right check digit. PERSONAL_ID: 12 digits, the personal id that serves as tax code since 2025
    (unverified; it has no check digit we know). BAD_CHECK_DIGIT: right form, wrong 10th digit. BAD_FORMAT: all else.
    """

    VALID = "valid"
    PERSONAL_ID = "personal_id"
    BAD_FORMAT = "bad_format"
    BAD_CHECK_DIGIT = "bad_check_digit"


def enterprise_of(tax_code: str) -> str:
    """The enterprise of a tax code: that of a dependent unit begins with the ten digits of its enterprise.

    Circular 105/2020 Art. 5 gives a dependent unit the number of its enterprise with three digits more. That both speak
    for one enterprise is our reading. A personal id is its own enterprise.
    """
    match = _ENTERPRISE.fullmatch(tax_code)
    return tax_code if match is None else match[1]


def check_digit(first_nine: str) -> int:
    """The 10th digit of a tax code: 10 minus (weighted sum of the first nine mod 11). 10 means that no digit fits.

    The rule is general knowledge, tested on real codes (probable).
    """
    return 10 - sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first_nine, strict=True)) % 11


def check_tax_code(text: str) -> TaxCodeVerdict:
    """Judges a tax code: 10 digits (enterprise), or 10 and 3 with or without a hyphen (dependent unit, 001 to 999).

    Form: Law on Tax Administration Art. 3, Circular 105/2020 Art. 5 (confirmed); without the hyphen it fills the 13
    characters of the VNACCS field. Surrounding blanks are not accepted.
    """
    match = _ENTERPRISE.fullmatch(text)
    if match is None:
        return TaxCodeVerdict.PERSONAL_ID if _PERSONAL.fullmatch(text) else TaxCodeVerdict.BAD_FORMAT
    number, unit = match.groups()
    if unit == "000":
        return TaxCodeVerdict.BAD_FORMAT
    if check_digit(number[:9]) != int(number[9]):
        return TaxCodeVerdict.BAD_CHECK_DIGIT
    return TaxCodeVerdict.VALID
