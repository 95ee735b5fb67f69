"""What a stage made, on its way to Kafka: encoded, produced, acknowledged."""
