"""Contender `bytewax`: a dataflow with Kafka operators, keyed state, and recovery snapshots every ten seconds.

Usage: PROGRAM BOOTSTRAP PREFIX DIRECTORY
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSinkMessage, KafkaSourceMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main
from confluent_kafka import OFFSET_BEGINNING

from benchmarks.contenders.rules import Encoded, add_rating, add_status, empty
from schemas.topics import Topic

bootstrap, prefix, directory = sys.argv[1:]
STATUSES, RATINGS = Topic.DECLARATION_STATUS.value.name(prefix), Topic.RATING.value.name(prefix)


def join(known: Any, record: tuple[bool, bytes]) -> tuple[Any, Iterable[Encoded]]:
    """Add one record to the state; returns the facts that change."""
    is_rating, value = record
    return (add_rating if is_rating else add_status)(known or empty(), value)


def keyed(message: KafkaSourceMessage[Any, Any]) -> tuple[str, tuple[bool, bytes]]:
    """The declaration of a message, and whether it is a rating."""
    return message.key.decode(), (message.topic == RATINGS, message.value)


flow = Dataflow("join")
source = kop.input(
    "in",
    flow,
    brokers=[bootstrap],
    topics=[STATUSES, RATINGS],
    starting_offset=OFFSET_BEGINNING,
    batch_size=5000,
)
changed = op.stateful_flat_map("join", op.map("key", source.oks, keyed), join)
kop.output(
    "out",
    op.map("fact", changed, lambda entry: KafkaSinkMessage(entry[1][0], entry[1][1])),
    brokers=[bootstrap],
    topic=Topic.RATED_SERVICE.value.name(prefix),
    add_config={"linger.ms": "5", "compression.type": "lz4"},
)

if __name__ == "__main__":
    recovery = Path(directory)
    if not any(recovery.glob("*.sqlite3")):
        init_db_dir(recovery, 1)
    cli_main(flow, epoch_interval=timedelta(seconds=10), recovery_config=RecoveryConfig(str(recovery)))
