"""The scenario simulator: 57 days of Hai Phong's declarations and ratings, the same bytes for the same seed."""

from producers.simulator.haiphong2020 import Haiphong2020, SimulatedBatch
from producers.simulator.player import PlayProgress, run
from producers.simulator.sheets import Seal
from producers.simulator.truth import GroundTruth, PlantedSpike

__all__ = [
    "GroundTruth",
    "Haiphong2020",
    "PlantedSpike",
    "PlayProgress",
    "Seal",
    "SimulatedBatch",
    "run",
]
