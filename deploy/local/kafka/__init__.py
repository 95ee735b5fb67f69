"""Apache Kafka as a server on this machine: for stacks whose topics survive a restart, and for tests."""
