"""Results in ClickHouse: migrations and the loader."""
