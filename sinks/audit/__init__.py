"""`hailong audit`: proof from Kafka's offsets and ClickHouse's rows that nothing is missing or doubled."""

from sinks.audit.render import render
from sinks.audit.report import AuditReport, ServiceAudit, TopicAudit
from sinks.audit.run import audit

__all__ = ["AuditReport", "ServiceAudit", "TopicAudit", "audit", "render"]
