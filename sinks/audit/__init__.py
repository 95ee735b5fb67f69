"""`hailong audit`: proof from Kafka's offsets and ClickHouse's rows that nothing is missing or doubled."""
