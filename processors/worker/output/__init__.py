"""From the outputs of a stage to acknowledged Kafka records: encoded, produced, acknowledged."""
