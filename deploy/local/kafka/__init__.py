"""Apache Kafka as a server on this machine: for tests, and for stacks whose topics are to survive a restart."""

from deploy.local.kafka.cluster import KafkaCluster
from deploy.local.kafka.jars import available

__all__ = ["KafkaCluster", "available"]
