"""A history of months or years in bulk: each declaration with the same life, and the fact that must come of a rating.

The events are numbers, and a batch of them is encoded at once: two million declarations are made in seconds, and a
history never lies in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from confluent_kafka import Producer
from support.arrival_orders import Order, arranged

from benchmarks.producing import produce
from schemas.catalogue import latest, physical, schema_json
from schemas.codec.record import encoder
from schemas.kafka.connection import KafkaConnection
from schemas.keys import KEY_DIGITS
from schemas.records.events import Rating, RatingItem
from schemas.topics import DAY_MS, Topic
from schemas.vectorized.field_plan import enum_symbols
from schemas.vectorized.kernels.rows import ABSENT
from schemas.vectorized.kernels.texts import Strings
from schemas.vectorized.row_writer import RowWriter
from schemas.vectorized.string_dictionary import StringInterner

MINUTE_MS = 60_000
MONTH_MS = 30 * DAY_MS
BEGIN_MS = 1_585_789_200_000  # 2 April 2020, 08:00 in Viet Nam
RATED_AFTER_MS = 60 * MINUTE_MS
OFFICE = "03CC"

MINIMAL = (("REGISTERED", 0), ("CHANNEL_ASSIGNED", 2), ("CLEARED", 120))
"""A life in which the clearance comes after the rating, so it must not count."""
USUAL = (
    *(("PRE_REGISTERED", -30), ("REGISTERED", 0), ("CHANNEL_ASSIGNED", 2), ("OFFICIAL_ASSIGNED", 10)),
    *(("DOCUMENTS_CHECKED", 30), ("INSPECTION_REQUIRED", 35), ("GOODS_INSPECTED", 50), ("TAX_CONFIRMED", 55)),
    *(("RELEASED", 200), ("CLEARED", 240), ("WAREHOUSE_IN", 300), ("SUPERVISION_PASSED", 600)),
)
"""Twelve statuses, as many as a declaration of Hai Phong has."""

_CHUNK = 20_000
_ENTERPRISES = 5000

Longs = npt.NDArray[np.int64]


@dataclass(frozen=True)
class BulkHistory:
    """A history as numbers: event e below `statuses` is a status of declaration e // len(life), the others are ratings.

    Attributes:
        declarations: How many; they are registered at equal distances.
        months: Over how many months of thirty days.
        life: The statuses of each: name, and minutes after the registration.
        rated_each: Every so manieth declaration is rated, an hour after its registration.
    """

    declarations: int
    months: int
    life: Sequence[tuple[str, int]] = MINIMAL
    rated_each: int = 1
    _texts: StringInterner = field(default_factory=StringInterner, init=False)

    @property
    def statuses(self) -> int:
        """How many status events there are."""
        return self.declarations * len(self.life)

    @property
    def sheets(self) -> int:
        """How many declarations are rated."""
        return -(-self.declarations // self.rated_each)

    @property
    def statuses_before_rating(self) -> int:
        """How many statuses a fact must count."""
        return sum(minutes * MINUTE_MS <= RATED_AFTER_MS for _name, minutes in self.life)

    @cached_property
    def _enterprises(self) -> Longs:
        """The number of each tax code among the texts."""
        return np.array([self._texts.intern(f"02{number:08d}") for number in range(_ENTERPRISES)], np.int64)

    def registered_at(self, declarations: Longs) -> Longs:
        """When declarations are registered, epoch milliseconds."""
        return BEGIN_MS + declarations * self.months * MONTH_MS // self.declarations

    def declaration_of(self, number: str) -> int:
        """The declaration with a number; -1 if it is none of ours."""
        return int(number[2:KEY_DIGITS]) if number.startswith("10") else -1

    def publish(self, connection: KafkaConnection, order: Order, between: Sequence[Any] = ()) -> None:
        """Send all events in an order of arrival.

        Statuses and ratings lie in topics of their own: sorted, mixed and in parcels only means that both are sent in
        turns, some thousands at a time. Where one comes before the other, Kafka has all of it before the other begins.

        Args:
            connection: Where to.
            order: The order.
            between: What to do in the course of it, at equal distances.
        """
        producer = Producer({**connection.producer_config(), "queue.buffering.max.messages": 400_000})
        names = [connection.topic_name(topic) for topic in (Topic.DECLARATION_STATUS, Topic.RATING)]
        total, done, was_rating = self.statuses + self.sheets, 0, None
        for events in self._chunks(order):
            for is_rating in (False, True):
                chosen = events[(events >= self.statuses) == is_rating]
                if not len(chosen):
                    continue
                if was_rating not in (None, is_rating) and order in (Order.STATUSES_FIRST, Order.RATINGS_FIRST):
                    assert producer.flush(600) == 0
                was_rating = is_rating
                encoded = self._ratings(chosen - self.statuses) if is_rating else self._statuses(chosen)
                for key, value in encoded:
                    produce(producer, names[is_rating], key, value)
            producer.poll(0)
            before, done = done, done + len(events)
            for number, act in enumerate(between, 1):
                if before < number * total // (len(between) + 1) <= done:
                    act()
        assert producer.flush(600) == 0

    def encoded_statuses(self) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values of all statuses, declaration by declaration."""
        return self._statuses(np.arange(self.statuses))

    def encoded_ratings(self) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values of all sheets, in order of their declarations."""
        return self._ratings(np.arange(self.sheets))

    def _chunks(self, order: Order) -> Iterator[Longs]:
        """Events in order of arrival, some thousands at a time."""
        if order is Order.SORTED:  # the history of years does not fit into one array: declarations hardly overlap
            step = max(1, _CHUNK // len(self.life))
            for first in range(0, self.declarations, step):
                yield self._sorted(np.arange(first, min(first + step, self.declarations)))
            return
        events = np.arange(self.statuses + self.sheets)
        places = arranged(self._times(events), events >= self.statuses, order)
        for first in range(0, len(places), _CHUNK):
            yield places[first : first + _CHUNK]

    def _sorted(self, declarations: Longs) -> Longs:
        rated = declarations[declarations % self.rated_each == 0] // self.rated_each
        steps = np.arange(len(self.life))
        events = np.concatenate([np.add.outer(declarations * len(steps), steps).ravel(), self.statuses + rated])
        return events[np.argsort(self._times(events), kind="stable")]

    def _times(self, events: Longs) -> Longs:
        minutes = np.array([minutes for _name, minutes in self.life], np.int64)
        of_life = self.registered_at(events // len(self.life)) + minutes[events % len(self.life)] * MINUTE_MS
        of_sheet = self.registered_at((events - self.statuses) * self.rated_each) + RATED_AFTER_MS
        return np.where(events < self.statuses, of_life, of_sheet)

    def _statuses(self, events: Longs) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values of statuses."""
        declarations, steps, count = events // len(self.life), events % len(self.life), len(events)
        keys, numbers, ids = _digits(declarations), _digits(declarations, b"0"), _digits(declarations, b"-")
        ids = np.concatenate([ids, (steps[:, None] // (10, 1) % 10 + ord("0")).astype(np.uint8)], axis=1)
        subject = Topic.DECLARATION_STATUS.subject
        symbols = list(enum_symbols(physical(schema_json(latest(subject).schema_id)), "status"))
        chosen = np.array([symbols.index(name) for name, _minutes in self.life], np.int64)
        kept = {text: self._texts.intern(text) for text in (OFFICE, "01", "YELLOW", "A11")}
        places = np.arange(count)
        values = RowWriter(subject).write_records(
            count,
            {
                "event_id": -1 - places,
                "declaration_no": -1 - count - places,
                "status": chosen[steps],
                "occurred_at": self._times(events),
                "office": kept[OFFICE],
                "team": np.where(steps < 2, ABSENT, kept["01"]),
                "channel": np.where(steps < 2, ABSENT, kept["YELLOW"]),
                "kind": kept["A11"],
                "tax_code": self._enterprises[declarations % len(self._enterprises)],
                **dict.fromkeys(("step", "official", "source_message"), int(ABSENT)),
            },
            self._texts.strings,
            _strings(ids, numbers),
        )
        return zip(_texts(keys), values, strict=True)

    def _ratings(self, sheets: Longs) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values of sheets."""
        write = encoder(Topic.RATING.subject)
        items = (RatingItem("OFFICE", OFFICE, OFFICE, 5),)
        times = self._times(sheets + self.statuses)
        for declaration, at in zip((sheets * self.rated_each).tolist(), times.tolist(), strict=True):
            key = f"10{declaration:09d}"
            sheet = Rating(f"s-{key}", 1, f"{key}0", None, at, "AFTER_CLEARANCE", items)
            yield key.encode(), write(sheet.to_avro())


class FactCheck:
    """Judges the facts of a history by a rule of its own: each sheet is matched as of an hour after the registration.

    Attributes:
        unmatched: Declarations with a fact that was unmatched when it was published; most are corrected later.
    """

    def __init__(self, history: BulkHistory) -> None:
        self._history = history
        self._registered_at = history.registered_at(np.arange(history.declarations))
        self._versions = np.zeros(history.declarations, np.int64)
        self._right = np.zeros(history.declarations, np.bool_)
        self.unmatched: set[int] = set()

    def add(self, fact: dict[str, Any]) -> None:
        """Judge a decoded fact; the one with the highest version counts."""
        declaration = self._history.declaration_of(fact["declaration_no"])
        if declaration < 0 or fact["version"] < self._versions[declaration]:
            return
        registered_at = int(self._registered_at[declaration])
        self._versions[declaration] = fact["version"]
        self._right[declaration] = (
            fact["state"] == "MATCHED"
            and fact["registered_at"] == registered_at
            and fact["submitted_at"] == registered_at + RATED_AFTER_MS
            and fact["status_count"] == self._history.statuses_before_rating
            and fact["declaration_office"] == OFFICE
        )
        if fact["state"] == "UNMATCHED":
            self.unmatched.add(declaration)

    @property
    def facts(self) -> int:
        """Sheets that have a fact."""
        return int(np.count_nonzero(self._versions))

    @property
    def wrong(self) -> int:
        """Sheets without a fact, and those whose last fact is wrong."""
        return self._history.sheets - int(np.count_nonzero(self._right))

    def examples(self, most: int = 3) -> list[int]:
        """Some declarations with a wrong fact or none."""
        rated = np.arange(0, self._history.declarations, self._history.rated_each)
        return [int(one) for one in rated[~self._right[rated]][:most]]


def _digits(declarations: Longs, ending: bytes = b"") -> npt.NDArray[np.uint8]:
    """Declaration keys as bytes, a row each, with an ending."""
    powers = 10 ** np.arange(KEY_DIGITS - 1, -1, -1, dtype=np.int64)
    numbers = 10 * 10 ** (KEY_DIGITS - 2) + declarations
    digits = (numbers[:, None] // powers % 10 + ord("0")).astype(np.uint8)
    return np.concatenate([digits, np.tile(np.frombuffer(ending, np.uint8), (len(declarations), 1))], axis=1)


def _texts(rows: npt.NDArray[np.uint8]) -> list[bytes]:
    found: list[bytes] = np.ascontiguousarray(rows).view(f"S{rows.shape[1]}")[:, 0].tolist()
    return found


def _strings(*matrices: npt.NDArray[np.uint8]) -> Strings:
    """Each row of the byte matrices as one text."""
    sizes = np.repeat([matrix.shape[1] for matrix in matrices], [len(matrix) for matrix in matrices])
    return Strings(np.concatenate([matrix.ravel() for matrix in matrices]), np.concatenate(([0], np.cumsum(sizes))))
