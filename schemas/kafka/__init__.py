"""The Kafka toolkit: connection, errors of the client, topic metadata, reading topics to their end."""
