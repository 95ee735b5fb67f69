"""The demonstration: 57 days of Hai Phong through the whole pipeline, and a report of what ClickHouse then holds."""
