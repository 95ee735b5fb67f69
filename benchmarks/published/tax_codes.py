"""Tax codes for enterprises that have none."""

from __future__ import annotations

from schemas.reference.tax_code import check_digit


def tax_code(number: int) -> str:
    """A code with a right check digit for the enterprise with this number; each number has one of its own.

    Some nine digits have no check digit: then the next nine are taken.
    """
    nines = (f"02{number:06d}{last}" for last in range(10))
    return next(f"{nine}{digit}" for nine in nines if (digit := check_digit(nine)) < 10)
