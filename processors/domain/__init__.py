"""The pure core: events and state in, changes and outputs out. No framework, no Kafka, no clock."""
