"""The officials: pseudonymous ids, and who works in which team."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from producers.simulator.draws import Int64s, shares
from producers.simulator.profiles import OFFICES, TEAM_CODES

NOBODY = 0
"""Code of "no official yet"."""


class Staff:
    """Every official; a code is a position in `ids`, and code 0 is nobody."""

    def __init__(self) -> None:
        self.ids: list[str | None] = [None]
        self._first = np.zeros((len(OFFICES), len(TEAM_CODES)), dtype=np.int64)
        self._count = np.ones_like(self._first)
        for row, office in enumerate(OFFICES):
            sizes = shares(office.officials, list(office.teams.values()))
            number = 1
            for team, size in zip(office.teams, sizes.tolist(), strict=True):
                column = TEAM_CODES.index(team)
                self._first[row, column] = len(self.ids)
                self._count[row, column] = size
                self.ids += [f"{office.code}-o{n:02d}" for n in range(number, number + size)]
                number += size

    def draw(self, rng: Generator, office: Int64s, team: Int64s) -> Int64s:
        """One official of the team for each declaration."""
        chosen: Int64s = self._first[office, team] + (rng.random(len(office)) * self._count[office, team]).astype(
            np.int64
        )
        return chosen
