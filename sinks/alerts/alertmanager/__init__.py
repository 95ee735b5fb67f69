"""Alerts to Prometheus' Alertmanager, by its API v2.

Alertmanager forgets an alert that is not sent again before its `endsAt`. So there is no queue. A view over the
compacted topic holds what is open, and what has ended and was not acknowledged; it is rebuilt from the beginning of the
topic at each start, and sent until Alertmanager agrees with it. Newer versions replace older ones that were never sent.
"""
