"""ClickHouse's native format: columns encoded in bulk, sent as prepared frames."""
