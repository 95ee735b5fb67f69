"""The load: a process that publishes at a steady rate, round after round, until it is told to stop.

Commands come as lines on standard input, answers go as JSON lines to standard output:

==========================  ==========================================================================================
command                     what follows
==========================  ==========================================================================================
``rate``                    the declarations of the round are rated from now on; until then only statuses flow
``close FILE``              the round ends and the next begins at once; when Kafka has acknowledged every event of the
                            ended round, they are written to the file and ``{"closed": number, ...}`` is answered
``end FILE``                the same, but no round follows: the load ends
==========================  ==========================================================================================

Two publishers take turns, one round each: so one can be waited for while the other goes on. Events that Kafka did not
take in time are sent again until it does; that is harmless, for the same ids change nothing twice.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.observability import configure_logs
from deploy.settings.kafka import KafkaSettings
from deploy.settings.load import load
from faults.inputs import Records, write_inputs
from faults.traffic import START_MS, Event, Round, Traffic, rounds
from producers.sdk import DeliveryFailed, EventPublisher, encoded_rating, encoded_status
from schemas.kafka.connection import KafkaConnection
from schemas.records.events import Rating
from schemas.reference.offices import load_offices
from schemas.topics import Topic

_TICK_S = 0.05
_POISON_EVERY = 997
"""One record in so many comes a second time, cut off: it costs itself alone, and gives one dead letter."""

_MOST_BEHIND_S = 1.0
"""A load that was held back catches up, but not more than this at a time."""


class Sender:
    """The events of one round on their way to Kafka."""

    def __init__(self, of: Round, seed: int, since: int, publisher: EventPublisher) -> None:
        self.round = of
        self.traffic = Traffic(of, seed, since)
        self.publisher = publisher
        self.records: Records = {Topic.DECLARATION_STATUS: [], Topic.RATING: []}
        self.poison: Records = {Topic.DECLARATION_STATUS: [], Topic.RATING: []}
        self.started_at = time.monotonic()
        self.sent_again = 0
        self._sent = 0

    def send(self, events: Sequence[Event]) -> None:
        """Encode and hand over to the publisher."""
        now = time.time_ns() // 1_000_000
        for event in events:
            if isinstance(event, Rating):
                topic, record = Topic.RATING, encoded_rating(event, now)
            else:
                topic, record = Topic.DECLARATION_STATUS, encoded_status(event, now)
            self.publisher.publish_encoded(topic, *record)
            self.records[topic].append(record)
            self._sent += 1
            if self._sent % _POISON_EVERY == 0:
                bad = (record[0], record[1][:-3])
                self.publisher.publish_encoded(topic, *bad)
                self.poison[topic].append(bad)

    def acknowledged(self) -> int:
        """Wait until Kafka has every event of the round; how many they are."""
        while True:
            try:
                self.publisher.flush()
            except DeliveryFailed:
                self.sent_again += 1
                for topic, records in self.records.items():
                    for record in records + self.poison[topic]:
                        self.publisher.publish_encoded(topic, *record)
            else:
                return sum(map(len, self.records.values()))


class Load:
    """Publishes until it is told to stop.

    Args:
        connection: The cluster.
        seed: What the events are drawn from.
        rate: Events a second.
    """

    def __init__(self, connection: KafkaConnection, seed: int, rate: int) -> None:
        self._seed = seed
        self._rate = rate
        self._rounds = iter(rounds([office.code for office in load_offices().offices(START_MS)], seed))
        self._publishers = [EventPublisher(connection, delivery_timeout_s=600.0) for _ in range(2)]
        for publisher in self._publishers:
            publisher.check(30.0)
        self._commands: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
        self._sender = self._next(START_MS)

    def _next(self, since: int) -> Sender:
        of = next(self._rounds)
        return Sender(of, self._seed, since, self._publishers[of.number % 2])

    def listen(self) -> None:
        """Take commands until standard input ends; in a thread of its own."""
        for line in sys.stdin:
            self._commands.put(line.split(maxsplit=1))
        self._commands.put(["quit"])

    def run(self) -> None:
        """Publish, tick by tick."""
        threading.Thread(target=self.listen, name="commands", daemon=True).start()
        say(ready=True)
        due = time.monotonic()
        while True:
            while not self._commands.empty():
                if not self._obey(*self._commands.get()):
                    return
            now = time.monotonic()
            due = max(due, now - _MOST_BEHIND_S)
            if due > now:
                time.sleep(due - now)
            self._sender.send(self._sender.traffic.take(int(self._rate * _TICK_S)))
            due += _TICK_S

    def _obey(self, command: str, argument: str = "") -> bool:
        if command == "rate":
            self._sender.traffic.rated = True
        elif command in {"close", "end"}:
            closed = self._sender
            closed.send(closed.traffic.rest())
            seconds = time.monotonic() - closed.started_at
            if command == "close":
                self._sender = self._next(closed.traffic.now)
            ending = threading.Thread(target=finish, args=(closed, Path(argument.strip()), seconds), daemon=True)
            ending.start()
            if command == "end":
                ending.join()
        return command not in {"end", "quit"}


def finish(closed: Sender, path: Path, seconds: float) -> None:
    """Wait for the acknowledgements of a closed round and hand it over; in a thread of its own."""
    count = closed.acknowledged()
    write_inputs(path, closed.records, sum(map(len, closed.poison.values())))
    say(closed=closed.round.number, acknowledged=count, seconds=round(seconds, 1), sent_again=closed.sent_again)


def say(**answer: object) -> None:
    """One answer."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    """`python load.py SEED RATE`, with the settings of the cluster in the environment."""
    configure_logs("info", "json")
    Load(load(KafkaSettings, dict(os.environ)).connection(), int(sys.argv[1]), int(sys.argv[2])).run()
    os._exit(0)  # the harness is gone, or has all it asked for


if __name__ == "__main__":
    main()
