"""The one Kafka toolkit: connection, topic metadata, reading a topic to its end."""
