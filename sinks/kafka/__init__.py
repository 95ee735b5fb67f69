"""What sinks ask of Kafka beside the records themselves."""
