"""How to reach a ClickHouse server."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ClickHouseConnection:
    """Address and credentials of a ClickHouse server (native protocol).

    Attributes:
        host: Host name.
        port: Port of the native protocol.
        user: User.
        password: Password; hidden in `repr`.
        database: Database of hailong; created by the first migration.
        secure: Whether to use TLS.
        ca_file: Trusted certificates; None for the system's.
    """

    host: str = "127.0.0.1"
    port: int = 9000
    user: str = "default"
    password: str = field(default="", repr=False)
    database: str = "hailong"
    secure: bool = False
    ca_file: Path | None = None
