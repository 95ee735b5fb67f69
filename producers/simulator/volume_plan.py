"""How many declarations and sheets a scenario has: the published figures, and our choices where none is published.

Sources: 151,617 declarations and 4,988 ratings from 1 April to 6 May 2020: Hai Phong Customs, May 2020. More than
8,000 opinions by 27 May, 98.3 % satisfied or better: Hai Phong Customs, 28 May 2020. `docs/simulation.md` explains how
the other numbers were chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

SMALLEST_SCALE = 0.01
SPIKE_SHEETS = 12
"""Dissatisfied sheets of the planted spike. Not scaled: a small scenario has its spike too."""


@dataclass(frozen=True, slots=True)
class VolumePlan:
    """Exact numbers of one scenario.

    Attributes:
        early: Declarations registered by the end of 6 May.
        late: Declarations registered in the 21 days afterwards, at the same daily rate.
        rated_early: How many of `early` are rated by the end of 6 May.
        opinions: All sheets.
        not_satisfied: Sheets whose latest revision has a score of 3 or less, with the spike; 98.3 % are better.
        unknown: Sheets for declarations that never appear.
        cancelled: Sheets given to cancelled declarations on purpose.
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
            early=round(151_617 * scale),
            late=round(88_443 * scale),
            rated_early=round(4_988 * scale),
            opinions=round(8_214 * scale),
            not_satisfied=max(round(140 * scale), SPIKE_SHEETS),
            unknown=max(round(10 * scale), 1),
            cancelled=max(round(14 * scale), 1),
            enterprise_share=max(scale, 0.05),
        )
