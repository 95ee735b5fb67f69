"""The published figures that the scenario is calibrated to, and what follows from them.

Sources: 151,617 declarations and 4,988 ratings from 1 April to 6 May 2020: Hai Phong Customs, May 2020. More than
8,000 opinions by 27 May, 98.3 % satisfied or better: Hai Phong Customs, 28 May 2020. How the remaining numbers were
chosen is said in `docs/simulation.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

DECLARATIONS_UNTIL_MAY_6 = 151_617
RATED_UNTIL_MAY_6 = 4_988

DECLARATIONS_AFTER_MAY_6 = 88_443
"""21 days at the daily rate of the 36 before."""

OPINIONS = 8_214
NOT_SATISFIED = 140
"""Opinions at level 3 or below: 140 of 8,214 leave 98.3 %."""

SPIKE_SHEETS = 12
"""Dissatisfied sheets of the planted spike; part of the 140. Not scaled: a small scenario has its spike too."""

UNKNOWN_DECLARATIONS = 10
"""Sheets for declarations that never appear."""

RATED_CANCELLED = 14
"""Sheets for declarations that are cancelled, at least."""

SMALLEST_SCALE = 0.01


@dataclass(frozen=True, slots=True)
class VolumePlan:
    """Exact numbers of one scenario.

    Attributes:
        early: Declarations registered by the end of 6 May.
        late: Declarations registered afterwards.
        rated_early: Of `early`, how many are rated by the end of 6 May.
        opinions: All sheets.
        not_satisfied: Sheets whose latest revision holds a score of 3 or less; the spike included.
        unknown: Sheets for declarations that never appear.
        cancelled: Sheets that are given to cancelled declarations on purpose.
        enterprise_share: Share of the enterprises that take part.
    """

    early: int
    late: int
    rated_early: int
    opinions: int
    not_satisfied: int
    unknown: int
    cancelled: int
    enterprise_share: float

    @property
    def declarations(self) -> int:
        """Declarations of the whole scenario."""
        return self.early + self.late

    @staticmethod
    def at(scale: float) -> VolumePlan:
        """The plan of a scenario that is `scale` times the size of Hai Phong.

        Raises:
            ValueError: The scale is outside 0.01 to 1.
        """
        if not SMALLEST_SCALE <= scale <= 1:
            raise ValueError(f"scale must be {SMALLEST_SCALE} to 1, not {scale}")
        return VolumePlan(
            early=round(DECLARATIONS_UNTIL_MAY_6 * scale),
            late=round(DECLARATIONS_AFTER_MAY_6 * scale),
            rated_early=round(RATED_UNTIL_MAY_6 * scale),
            opinions=round(OPINIONS * scale),
            not_satisfied=max(round(NOT_SATISFIED * scale), SPIKE_SHEETS),
            unknown=max(round(UNKNOWN_DECLARATIONS * scale), 1),
            cancelled=max(round(RATED_CANCELLED * scale), 1),
            enterprise_share=max(scale, 0.05),
        )
