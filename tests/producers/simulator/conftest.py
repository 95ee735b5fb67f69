"""Scenarios that several tests of the simulator share."""

import pytest

from producers.simulator import Haiphong2020, SimulatedBatch
from schemas.contacts.sealing import Contact, SealingKeys, seal

KEYS = SealingKeys("test", {"test": bytes(32)})


@pytest.fixture(scope="session")
def haiphong() -> Haiphong2020:
    """The scenario at full scale, not encoded."""
    return Haiphong2020()


@pytest.fixture(scope="session")
def small() -> Haiphong2020:
    """A small scenario with contacts."""
    return Haiphong2020(seed=7, scale=0.02, seal=lambda sheet, *contact: seal(Contact(*contact), sheet, KEYS))


@pytest.fixture(scope="session")
def small_batches(small: Haiphong2020) -> list[SimulatedBatch]:
    """All batches of the small scenario."""
    return list(small.batches())
