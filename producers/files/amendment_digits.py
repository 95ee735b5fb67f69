"""Notices an import that seems to use the 12th digit of declaration numbers for something else than amendments.

hailong takes numbers that share their first 11 digits as one declaration, and the 12th as the count of its amendments.
Who numbers declarations through all 12 digits has ten of them taken as one. Nothing can be refused for that, since one
amended declaration looks the same as two that are near; but over many numbers it shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from producers.files.report import AmendmentDoubt
from schemas.keys import KEY_DIGITS

MAX_REMEMBERED = 50_000
"""Declarations remembered; about 10 MB. When there are more, half of them are left out by number, again and again.
The rest is a fair sample, of which all events are seen."""

_REGISTERED = "REGISTERED"
_APART_MS = 60 * 86_400_000
"""An amendment is made while its declaration is being cleared. Two months are our guess; it only decides a warning."""
_MANY_DIGITS = 5
"""As many different 12th digits of one declaration are rare for amendments, and usual for running numbers."""
_LEAST_SHARE, _LEAST_CROWDED_SHARE = 0.05, 0.2  # of the declarations with several numbers
_LEAST_CROWDED = 10
_ENTERPRISE_DIGITS = 10  # behind them a tax code names a dependent unit
_SPREAD = 0x9E3779B97F4A7C15  # an odd number: its products spread neighbours over all bits
_SHIFT = 40


@dataclass(slots=True)
class _Declaration:
    """What is known of the numbers that share their first 11 digits."""

    digits: int = 0  # a bit for each 12th digit seen
    enterprise: str | None = None
    enterprise_digit: str = ""  # 12th digit of the number that named it
    registered_at: int | None = None
    registered_digit: str = ""
    contradiction: str = ""  # why they are several declarations


class AmendmentDigits:
    """Collects evidence, event by event, in bounded memory."""

    def __init__(self) -> None:
        self._seen: dict[int, _Declaration] = {}
        self._mask = 0  # a declaration is remembered if these bits of its spread number are 0
        self._example: tuple[Path, int] | None = None

    def note(self, record: Mapping[str, object], path: Path, line: int) -> None:
        """Take the number of one event that was sent.

        Args:
            record: Its fields; the number has 12 digits. Only a status tells whose the declaration is and when it was
                registered: a rating may come from another enterprise.
            path: File of the event.
            line: Line of the event.
        """
        number = record.get("declaration_no")
        if not isinstance(number, str):
            return
        key = int(number[:KEY_DIGITS])
        if self._mask and self._spread(key) & self._mask:
            return
        seen = self._seen.get(key)
        if seen is None:
            seen = self._seen[key] = _Declaration()
            if len(self._seen) > MAX_REMEMBERED:
                self._halve()
        digit = number[KEY_DIGITS]
        seen.digits |= 1 << int(digit)
        if "status" in record and not seen.contradiction:
            seen.contradiction = _contradiction(seen, digit, record)
            if self._example is None and seen.contradiction:
                self._example = path, line

    def doubt(self) -> AmendmentDoubt | None:
        """What speaks against amendments; None if it is too little."""
        several = [seen for seen in self._seen.values() if seen.digits & (seen.digits - 1)]
        reasons = [seen.contradiction for seen in several if seen.contradiction]
        crowded = sum(seen.digits.bit_count() >= _MANY_DIGITS for seen in several)
        contradicted = len(reasons) >= max(1, _LEAST_SHARE * len(several))
        if not contradicted and crowded < max(_LEAST_CROWDED, _LEAST_CROWDED_SHARE * len(several)):
            return None
        return AmendmentDoubt(
            several=len(several),
            enterprises=reasons.count("enterprises"),
            registrations=reasons.count("registrations"),
            crowded=crowded,
            share=self._mask + 1,
            example=self._example,
        )

    def _halve(self) -> None:
        while len(self._seen) > MAX_REMEMBERED:
            self._mask = self._mask << 1 | 1
            self._seen = {key: seen for key, seen in self._seen.items() if not self._spread(key) & self._mask}

    @staticmethod
    def _spread(key: int) -> int:
        return key * _SPREAD >> _SHIFT


def _contradiction(seen: _Declaration, digit: str, record: Mapping[str, object]) -> str:
    """Why a status with another 12th digit is of another declaration; empty when nothing says so."""
    tax_code, at = record.get("tax_code"), record.get("occurred_at")
    if isinstance(tax_code, str):
        enterprise = tax_code[:_ENTERPRISE_DIGITS]
        if seen.enterprise is None:
            seen.enterprise, seen.enterprise_digit = enterprise, digit
        elif enterprise != seen.enterprise and digit != seen.enterprise_digit:
            return "enterprises"
    if record["status"] == _REGISTERED and isinstance(at, int):
        if seen.registered_at is None:
            seen.registered_at, seen.registered_digit = at, digit
        elif digit != seen.registered_digit and abs(at - seen.registered_at) > _APART_MS:
            return "registrations"
    return ""
