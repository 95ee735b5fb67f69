"""An embedded ClickHouse: the chDB engine behind the native protocol and HTTP.

Clients connect as to any ClickHouse, so a real server replaces this one by changing host and port.
Start it as a process of its own with ``python -m deploy.local.clickhouse``; docs/adr/0003 says why.
"""
