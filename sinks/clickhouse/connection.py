"""How to reach a ClickHouse server."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ClickHouseConnection:
    """Address and credentials of a ClickHouse server (native protocol)."""

    host: str = "127.0.0.1"
    port: int = 9000  # of the native protocol
    user: str = "default"
    password: str = field(default="", repr=False)
    database: str = "hailong"  # created by `hailong migrate`
    secure: bool = False  # with TLS
    ca_file: Path | None = None  # trusted certificates; None for the system's
    # `hailong migrate` makes views that read with the rights of this user; empty: with those of the user above
    view_definer: str = ""
    cluster: str = ""  # whose servers hold replicas of all tables (docs/cluster.md); empty: this server alone
