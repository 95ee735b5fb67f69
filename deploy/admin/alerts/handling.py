"""What people did about an alert and judge of it, from their actions; the view `handled_alert` says the same in SQL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.records.alerts import AlertAction, AlertActionKind, Verdict


@dataclass(frozen=True, slots=True)
class Handling:
    """What people did about one alert.

    Attributes:
        actions: All of it, in the order of time.
    """

    actions: tuple[AlertAction, ...] = ()

    @property
    def acknowledged_at(self) -> int | None:
        """When somebody first acknowledged it, epoch milliseconds."""
        return next((one.acted_at for one in self.actions if one.action == AlertActionKind.ACKNOWLEDGED), None)

    @property
    def assignee(self) -> str | None:
        """Who is to look into it: the latest assignment counts."""
        return next((one.assignee for one in reversed(self.actions) if one.action == AlertActionKind.ASSIGNED), None)

    @property
    def verdict(self) -> AlertAction | None:
        """The latest verdict: it replaces earlier ones."""
        return next((one for one in reversed(self.actions) if one.action in tuple(Verdict)), None)


def handling_of(actions: Iterable[AlertAction]) -> Handling:
    """What the actions on one alert amount to, in whatever order and however often they come."""
    known = {action.action_id: action for action in actions}
    return Handling(tuple(sorted(known.values(), key=lambda one: (one.acted_at, one.action_id))))
