"""A view over the topic `alert`: what one Alertmanager must know, and whether it knows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from schemas.records.alerts import Alert, AlertState

REPEAT_ENDED_MS = 15 * 60_000
"""For so long ended alerts are sent as often as open ones, acknowledged or not. Alertmanager keeps alerts in memory
and may crash before it has told anybody that one ended; Prometheus does the same, for the same time."""


@dataclass(slots=True)
class PendingAlert:
    """One alert under its labels."""

    alert: Alert  # its newest version
    written_at: int  # when Kafka recorded that version, epoch milliseconds
    offset: int  # offset of that version
    acknowledged: bool = False  # whether Alertmanager has taken that version, or will never take it
    refused: bool = False  # whether Alertmanager will never take it
    sent_at: float = float("-inf")  # when it was last taken, seconds of a monotonic clock

    @property
    def open(self) -> bool:
        """Whether it is firing."""
        return self.alert.state == AlertState.OPEN


class AlertView:
    """The newest version of every alert that an Alertmanager must know.

    Args:
        resend_s: Seconds after which an alert that was taken is sent again.
    """

    def __init__(self, resend_s: float) -> None:
        self._resend_s = resend_s
        self._newest: dict[str, tuple[int, str]] = {}  # version and detector, by alert
        self._alerts: dict[tuple[str, str], PendingAlert] = {}  # by alert and detector, which is a label

    @property
    def unacknowledged(self) -> int:
        """How many alerts wait to be taken."""
        return sum(not one.acknowledged for one in self._alerts.values())

    @property
    def open(self) -> int:
        """How many alerts are open."""
        return sum(one.open for one in self._alerts.values())

    def apply(self, alert: Alert, written_at: int, offset: int) -> None:
        """Apply a record of the topic; the highest version of an alert counts, in whatever order they come."""
        version, detector = self._newest.get(alert.alert_id, (-1, alert.detector))
        if alert.version <= version:
            return
        self._newest[alert.alert_id] = (alert.version, alert.detector)
        former = self._alerts.get((alert.alert_id, detector))
        if detector != alert.detector and former is not None and former.open:
            # Late data may show that the other test raised it. Under other labels it is another alert: end this one.
            ended = replace(former.alert, state=AlertState.RETRACTED, cleared_at=None)
            self._alerts[alert.alert_id, detector] = PendingAlert(ended, written_at, offset)
        self._alerts[alert.alert_id, alert.detector] = PendingAlert(alert, written_at, offset)

    def mark_delivered(self, done: int, now: int) -> None:
        """Forget the ends that an earlier run has delivered.

        Args:
            done: Ended alerts before this offset were acknowledged.
            now: Epoch milliseconds.
        """
        for one in self._alerts.values():
            one.acknowledged = not one.open and one.offset < done
        self.forget(now)

    def forget(self, now: int) -> None:
        """Drop ended alerts that need not be sent again; their versions stay known."""
        self._alerts = {
            key: one for key, one in self._alerts.items() if not one.acknowledged or one.open or _recent(one, now)
        }

    def due(self, now: int, ticks: float) -> Sequence[PendingAlert]:
        """What must be sent: what is new, and as soon as one of the others is late, all of them, to keep them together.

        Args:
            now: Epoch milliseconds.
            ticks: Seconds of a monotonic clock.
        """
        alerts = self._alerts.values()
        late = any(self._repeated(one, now) and ticks - one.sent_at >= self._resend_s for one in alerts)
        return [one for one in alerts if not one.acknowledged or (late and self._repeated(one, now))]

    def acknowledged_before(self, position: int) -> int:
        """The offset before which every ended alert was acknowledged.

        Args:
            position: Up to where the topic was read.
        """
        waiting = [one.offset for one in self._alerts.values() if not one.open and not one.acknowledged]
        return min([position, *waiting])

    @staticmethod
    def _repeated(one: PendingAlert, now: int) -> bool:
        return one.acknowledged and not one.refused and (one.open or _recent(one, now))


def _recent(one: PendingAlert, now: int) -> bool:
    return now - one.written_at < REPEAT_ENDED_MS
