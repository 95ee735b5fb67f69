"""The officials: pseudonymous ids, and who works in which team."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from producers.simulator.draws import Int64s, split_total
from producers.simulator.office_profiles import OFFICES, TEAM_CODES

NOBODY = 0
"""Code for "no official yet"."""


class Staff:
    """Every official. The code of an official is a position in `ids`; code 0 is nobody."""

    def __init__(self) -> None:
        self.ids: list[str | None] = [None]
        self._first = np.zeros((len(OFFICES), len(TEAM_CODES)), dtype=np.int64)
        self._count = np.ones_like(self._first)
        for row, office in enumerate(OFFICES):
            before = len(self.ids)
            for team, size in zip(
                office.teams, split_total(office.officials, list(office.teams.values())), strict=True
            ):
                column = TEAM_CODES.index(team)
                self._first[row, column], self._count[row, column] = len(self.ids), size
                self.ids += [f"{office.code}-o{len(self.ids) - before + n:02d}" for n in range(1, size + 1)]

    def draw(self, rng: Generator, office: Int64s, team: Int64s) -> Int64s:
        """Draw one official of the team for each declaration."""
        place = (rng.random(len(office)) * self._count[office, team]).astype(np.int64)
        chosen: Int64s = self._first[office, team] + place
        return chosen
