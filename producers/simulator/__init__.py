"""The scenario simulator: 57 days of declarations and ratings at Hai Phong; the same seed gives the same bytes."""

from producers.simulator.ground_truth import GroundTruth, PlantedSpike
from producers.simulator.haiphong2020 import Haiphong2020, SimulatedBatch
from producers.simulator.player import PlayProgress, play
from producers.simulator.rating_sheets import ContactSealer

__all__ = [
    "ContactSealer",
    "GroundTruth",
    "Haiphong2020",
    "PlantedSpike",
    "PlayProgress",
    "SimulatedBatch",
    "play",
]
