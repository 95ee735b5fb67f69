"""The loader: every topic into ClickHouse, exactly once by row identity (docs/adr/0006)."""
