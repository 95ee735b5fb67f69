"""What one Alertmanager ought to know, and whether it does: a view over the topic `alert`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from schemas.records import Alert, AlertState

REPEAT_ENDED_MS = 15 * 60_000
"""Ended alerts are sent as often as open ones for so long, acknowledged or not: Alertmanager keeps alerts in memory,
and may crash before it has told anybody that one ended. Prometheus does the same, for as long."""


@dataclass(slots=True)
class Entry:
    """One alert under its labels.

    Attributes:
        alert: Its newest version.
        written_at: When Kafka recorded that version, epoch milliseconds.
        offset: Where that version stands.
        acknowledged: Whether Alertmanager has taken that version, or will never take it.
        refused: The latter.
        sent_at: When it was last taken, in seconds of a clock that only goes forward.
    """

    alert: Alert
    written_at: int
    offset: int
    acknowledged: bool = False
    refused: bool = False
    sent_at: float = float("-inf")

    @property
    def open(self) -> bool:
        """Whether it is firing."""
        return self.alert.state == AlertState.OPEN


class AlertView:
    """The newest version of every alert that an Alertmanager must hear of.

    Args:
        resend_s: After how long what was taken is sent again.
    """

    def __init__(self, resend_s: float) -> None:
        self._resend_s = resend_s
        self._newest: dict[str, tuple[int, str]] = {}  # version and detector, by alert
        self._entries: dict[tuple[str, str], Entry] = {}  # by alert and detector, which is a label

    @property
    def open(self) -> int:
        """How many alerts are open."""
        return sum(entry.open for entry in self._entries.values())

    def apply(self, alert: Alert, written_at: int, offset: int) -> None:
        """Take a record of the topic; the highest version of an alert counts, in whatever order they come."""
        version, detector = self._newest.get(alert.alert_id, (-1, alert.detector))
        if alert.version <= version:
            return
        self._newest[alert.alert_id] = (alert.version, alert.detector)
        former = self._entries.get((alert.alert_id, detector))
        if detector != alert.detector and former is not None and former.open:
            # Late data may show that the other test raised it: under other labels it is another alert.
            ended = replace(former.alert, state=AlertState.RETRACTED, cleared_at=None)
            self._entries[alert.alert_id, detector] = Entry(ended, written_at, offset)
        self._entries[alert.alert_id, alert.detector] = Entry(alert, written_at, offset)

    def settle(self, done: int, now: int) -> None:
        """Forget what an earlier run has finished.

        Args:
            done: Alerts that had ended before this offset were acknowledged.
            now: Epoch milliseconds.
        """
        for entry in self._entries.values():
            entry.acknowledged = not entry.open and entry.offset < done
        self.forget(now)

    def forget(self, now: int) -> None:
        """Drop ended alerts that need not be sent any more; their versions stay known."""
        self._entries = {
            key: one for key, one in self._entries.items() if not one.acknowledged or one.open or _recent(one, now)
        }

    def due(self, now: int, ticks: float) -> Sequence[Entry]:
        """What must be sent: what is new, and when one of the others is late, all of them, so that they stay together.

        Args:
            now: Epoch milliseconds.
            ticks: Seconds of the clock that only goes forward.
        """
        entries = self._entries.values()
        late = any(self._repeated(one, now) and ticks - one.sent_at >= self._resend_s for one in entries)
        return [one for one in entries if not one.acknowledged or (late and self._repeated(one, now))]

    def done(self, position: int) -> int:
        """The offset before which every alert that has ended was acknowledged.

        Args:
            position: Up to where the topic was read.
        """
        waiting = [one.offset for one in self._entries.values() if not one.open and not one.acknowledged]
        return min([position, *waiting])

    @staticmethod
    def _repeated(entry: Entry, now: int) -> bool:
        return entry.acknowledged and not entry.refused and (entry.open or _recent(entry, now))


def _recent(entry: Entry, now: int) -> bool:
    return now - entry.written_at < REPEAT_ENDED_MS
