"""A real series with a known event: 104 neonatal operations by one surgeon, and the cluster of deaths among them.

Source: de Leval and others, "Analysis of a cluster of surgical failures", Journal of Thoracic and Cardiovascular
Surgery 107, 1994: one death in the first 52 operations, then seven from the 53rd to the 68th. The numbers of these
operations are in the data set `deleval` of the R package surveillance (after Steiner, Cook and Farewell, "Monitoring
paired binary surgical outcomes using cumulative sum charts", Statistics in Medicine 18, 1999). The series resembles
those of offices: single outcomes, a share of about 2 % before the cluster. It has no dates, so several spacings are
tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.alerting.ours import episodes
from benchmarks.alerting.rivals import RIVALS, alarms
from benchmarks.alerting.world import DAY_MS, OPENING_MS, START, Ratings
from processors.domain.spikes.policy import SpikePolicy

OPERATIONS = 104
DEATHS = (34, 53, 55, 59, 63, 64, 67, 68, 100)
CLUSTER = (53, 68)
SPACINGS_DAYS = (1, 3, 7)


def public_series(policy: SpikePolicy, limits: Mapping[str, float], ours: str) -> list[dict[str, Any]]:
    """For each spacing and detector: the operations at which it raised, the first in the cluster, and those before."""
    found = []
    for spacing in SPACINGS_DAYS:
        series = _series(spacing)
        raised = {ours: [start for start, _ in episodes([series], policy)[0]]}
        for name, statistic in RIVALS.items():
            raised[name] = [start for start, _ in alarms(series, statistic(series), limits[name])]
        for who, instants in raised.items():
            places = [int((series.at <= instant).sum()) for instant in instants]
            found.append(
                {
                    "spacing_days": spacing,
                    "detector": who,
                    "raised_at_operation": places,
                    "first_in_cluster": next((one for one in places if CLUSTER[0] <= one <= CLUSTER[1]), None),
                    "before_cluster": sum(one < CLUSTER[0] for one in places),
                }
            )
    return found


def _series(spacing_days: int) -> Ratings:
    at = START + OPENING_MS + np.arange(OPERATIONS, dtype=np.int64) * spacing_days * DAY_MS
    low = np.zeros(OPERATIONS, bool)
    low[np.array(DEATHS) - 1] = True
    return Ratings(at, low, np.arange(OPERATIONS, dtype=np.int64))
