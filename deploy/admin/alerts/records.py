"""Read alerts and what people did about them from the topics; ClickHouse is not needed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from deploy.admin.alerts.handling import Handling, handling_of
from deploy.admin.complaints.topic_records import read_keyed_records, read_records
from deploy.errors import Mistake
from schemas.codec.record import WriterSchemas
from schemas.kafka.connection import KafkaConnection
from schemas.records.alerts import Alert, AlertAction, AlertState
from schemas.topics import Topic
from schemas.validation.record import alert_action_problems


def read_alerts(connection: KafkaConnection, writer_schemas: WriterSchemas) -> list[Alert]:
    """The newest version of every alert, open ones first, then the latest; errors as `read_keyed_records`."""
    newest: dict[str, Alert] = {}
    for alert in map(Alert.from_avro, read_records(connection, Topic.ALERT, writer_schemas)):
        known = newest.get(alert.alert_id)
        if known is None or alert.version > known.version:
            newest[alert.alert_id] = alert
    return sorted(newest.values(), key=lambda one: (one.state != AlertState.OPEN, -one.raised_at, one.alert_id))


def read_handling(connection: KafkaConnection, writer_schemas: WriterSchemas) -> Mapping[str, Handling]:
    """What people did, by alert; an alert about which nobody did anything is left out. Errors as `read_alerts`.

    Actions that break a rule of the contract count nowhere: the sink makes dead letters of them.
    """
    found: defaultdict[str, list[AlertAction]] = defaultdict(list)
    for key, fields in read_keyed_records(connection, Topic.ALERT_ACTION, writer_schemas):
        if fields is not None and not alert_action_problems(fields, fields["acted_at"], key):
            found[fields["alert_id"]].append(AlertAction.from_avro(fields))
    return {alert_id: handling_of(actions) for alert_id, actions in found.items()}


def find_alert(alerts: Iterable[Alert], id_prefix: str) -> Alert:
    """The one alert whose id has this prefix.

    Raises:
        Mistake: There is none, or there are several.
    """
    found: Sequence[Alert] = [alert for alert in alerts if alert.alert_id.startswith(id_prefix.lower())]
    if not found:
        raise Mistake(f"No alert has an id that begins with {id_prefix}; `hailong alert list --all` shows all ids.")
    if len(found) > 1:
        raise Mistake(f"{len(found)} alerts have ids that begin with {id_prefix}: give more characters.")
    return found[0]
