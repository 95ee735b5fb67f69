"""Behind `hailong simulate`: publish the events of a scenario."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from deploy.admin.topics import verify_topics
from deploy.settings.kafka import KafkaSettings
from deploy.settings.load import load
from deploy.settings.process import LogSettings
from deploy.settings.sealing import SealingSettings
from producers.sdk import EventPublisher
from producers.simulator import Haiphong2020, PlayProgress, play
from schemas.contacts.sealing import Contact, seal
from schemas.errors import ConfigurationError
from schemas.topics import Topic

NEEDS = (KafkaSettings, SealingSettings, LogSettings)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Which scenario to publish, and how."""

    seed: int
    scale: float  # size; 1 is all of Hai Phong
    speed: float | None  # simulated seconds per second; None: as fast as possible
    poison: bool  # mix in broken records
    handling: bool  # let offices handle complaints
    truth: Path | None  # file for the true figures, written before the events are published; None: none


def run(
    scenario: Scenario,
    variables: Mapping[str, str],
    progress: Callable[[PlayProgress], None],
    stop: Event,
) -> tuple[int, int]:
    """Publish a scenario; returns how many records Kafka has, and how many the scenario holds (more only after a stop).

    Raises:
        ConfigurationError: Topics are missing, or the sealing keys.
        Unavailable: Kafka does not answer.
        DeliveryFailed: Kafka did not accept everything.
    """
    connection = load(KafkaSettings, variables).connection()
    verify_topics(connection, (Topic.DECLARATION_STATUS, Topic.RATING, Topic.COMPLAINT_ACTION))
    keys = load(SealingSettings, variables).keys()
    if keys is None:
        raise ConfigurationError(
            ["HAILONG_SEALING_KEYS is not set: the scenario holds contacts, which must be sealed."]
        )
    made = Haiphong2020(
        scenario.seed,
        scenario.scale,
        poison=scenario.poison,
        seal=lambda sheet_id, name, phone: seal(Contact(name, phone), sheet_id, keys),
        handling=scenario.handling,
    )
    if scenario.truth is not None:
        scenario.truth.write_text(made.ground_truth.to_json(), encoding="utf-8")
    with EventPublisher(connection) as publisher:
        sent = play(made, publisher, speed=scenario.speed, progress=progress, stop=stop)
    return sent, len(made)
