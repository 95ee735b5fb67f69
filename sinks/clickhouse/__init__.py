"""From topics into ClickHouse: migrations, loader, error classes."""
