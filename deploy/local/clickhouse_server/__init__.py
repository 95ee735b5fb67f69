"""A real ClickHouse server on this machine: ClickHouse's own native and HTTP ports, out of the library of chDB."""
