"""Standing: whether a sheet comes from an enterprise of the declaration that it rates.

An enterprise is entitled if any status of the declaration as of the rating names it. So a late status can make a sheet
count, and none ever undoes it: facts do not depend on the order in which records come (ADR 41).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from processors.domain.join.as_of import States
from schemas.records.facts import Standing
from schemas.reference.tax_code import enterprise_of
from schemas.vectorized.kernels.compiled import Bools, Longs

STANDINGS = (Standing.VERIFIED, Standing.UNSTATED, Standing.UNVERIFIED, Standing.FOREIGN)
"""What a sheet can have."""
_VERIFIED, _UNSTATED, _UNVERIFIED, _FOREIGN = range(len(STANDINGS))
_STATED = np.array([_UNVERIFIED, _UNVERIFIED, _FOREIGN, _VERIFIED])
"""By what statuses say: the standing of a sheet that names an enterprise."""
_SILENT = np.array([_UNVERIFIED, _UNSTATED, _UNSTATED, _UNSTATED])
"""Likewise of one that names none."""

NOT_STATED, NOT_KNOWN = 0, -1
"""Numbers of no enterprise: the sheet names none; it names one that no status names."""


class EnterpriseNumbers:
    """Numbers for the enterprises that statuses name: an enterprise and its dependent units share one."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._by_code = np.zeros(1, np.int64)

    def by_code(self, tax_codes: Sequence[str | None]) -> Longs:
        """The number of the enterprise behind each code of the status log; 0 for code 0.

        Args:
            tax_codes: The text behind each code. Further ones may follow in later calls; earlier ones stay.
        """
        known = len(self._by_code)
        if known < len(tax_codes):
            numbers = self._numbers
            new = [numbers.setdefault(enterprise_of(text or ""), len(numbers) + 1) for text in tax_codes[known:]]
            self._by_code = np.append(self._by_code, np.array(new, np.int64))
        return self._by_code

    def claimed(self, tax_codes: Sequence[str | None]) -> Longs:
        """The number of the enterprise that each sheet names, `NOT_STATED` or `NOT_KNOWN`; call `by_code` before."""
        found = (
            NOT_STATED if text is None else self._numbers.get(enterprise_of(text), NOT_KNOWN) for text in tax_codes
        )
        return np.fromiter(found, np.int64, len(tax_codes))


def standings_of(states: States, stated: Bools) -> Longs:
    """The standing of sheets, as places in `STANDINGS`.

    Args:
        states: The declaration of each sheet.
        stated: Whether the sheet names an enterprise.
    """
    found: Longs = np.where(stated, _STATED[states.heard], _SILENT[states.heard])
    return found
