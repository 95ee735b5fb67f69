"""ClickHouse on several servers: one shard, whose replicas all hold everything (ADR 36)."""
