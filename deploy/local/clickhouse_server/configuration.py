"""The files that the server is started with. They are written again at each start.

The library runs `clickhouse local`, which always signs in as `default` without a password, to open the ports. So nobody
else may be `default`: that user has no rights but those, and a quota that its own three statements use up. Grants here
are stricter than in a server as ClickHouse ships it: a user who creates tables needs `TABLE ENGINE` for each engine.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from deploy.local.clickhouse.configuration import ON_TABLES
from deploy.local.clickhouse_kind import ClickHouseKind

USER: Final = ClickHouseKind.SERVER.user
"""The user of a server whose users nobody has named."""

STOPPER: Final = "hailong_stop"
"""Ends the statement that keeps the server running; its password is new at each start."""

STATEMENTS: Final = (
    "SYSTEM START LISTEN TCP",
    "SYSTEM START LISTEN HTTP",
    # The server runs for as long as this does. A block for each row, because only blocks can be cancelled.
    "SELECT sleepEachRow(1) FROM system.numbers SETTINGS max_block_size = 1 FORMAT Null",
)

_LOOPBACK: Final = "127.0.0.1"

# All that keep to their own data. Others, such as Kafka and URL, reach outside, as table functions do: `clickhouse
# local` lets `file()` read any path.
_ENGINES: Final = (
    *("MergeTree", "ReplacingMergeTree", "SummingMergeTree", "AggregatingMergeTree", "CollapsingMergeTree"),
    *("VersionedCollapsingMergeTree", "CoalescingMergeTree", "Memory", "Null", "Set", "Join", "Log", "TinyLog"),
    *("StripeLog", "Merge", "Buffer", "Dictionary", "GenerateRandom", "Atomic"),
)


# `clickhouse local` takes "1 + 1" for a SELECT; a server does not.
_PROFILE: Final = "<implicit_select>0</implicit_select>"


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How to run one server; it listens on the loopback interface only."""

    directory: Path  # its settings, and its data below `data`
    port: int  # native protocol
    http_port: int
    password: str = field(default="", repr=False)  # of USER
    users: Path | None = None  # a users.xml, instead of USER; `default` in it is replaced
    reader: tuple[str, str] | None = field(default=None, repr=False)  # name and password of a user who may only read


def write_configuration(options: ServerOptions, stopper_password: str) -> Path:
    """Write the server's settings, and return the file to start it with.

    Raises:
        OSError: The directory cannot be written, or `users` cannot be read.
    """
    directory = options.directory.resolve()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    (directory / "users.d").mkdir(exist_ok=True)
    users = directory / "users.xml"
    if options.users is None:
        reader = _reader(*options.reader) if options.reader else ""
        users.write_text(_users(USER, _sha256(options.password), reader), encoding="utf-8")
    else:
        shutil.copyfile(options.users, users)
    # ClickHouse merges the files of `users.d` into users.xml.
    (directory / "users.d" / "start.xml").write_text(_start_users(stopper_password), encoding="utf-8")
    config = directory / "config.xml"
    config.write_text(
        f"<clickhouse><logger><console>1</console><console_log_level>warning</console_log_level></logger><listen_host>{_LOOPBACK}</listen_host>"
        f"<tcp_port>{options.port}</tcp_port><http_port>{options.http_port}</http_port>"
        f"<path>{escape(str(directory / 'data'))}/</path>"
        f"<backups><allowed_path>{escape(str(directory / 'backups'))}/</allowed_path></backups>"
        f"<users_config>{escape(str(users))}</users_config>"
        # `clickhouse local` has two threads for all background work, which delays merges and warns each second.
        "<background_pool_size>8</background_pool_size>"
        "<background_schedule_pool_size>16</background_schedule_pool_size>"
        "<background_streaming_schedule_pool_size>16</background_streaming_schedule_pool_size></clickhouse>\n",
        encoding="utf-8",
    )
    return config


def _reader(name: str, password: str) -> str:
    grants = ("SELECT, SHOW, dictGet, CREATE TEMPORARY TABLE ON *.*", "TABLE ENGINE ON Memory")
    return f"<{name}>{_sha256(password)}{_account('default', *grants, profile='readonly')}</{name}>"


def _users(name: str, password: str, reader: str) -> str:
    grants = (
        f"{ON_TABLES}, ALLOW SQL SECURITY NONE ON *.*",
        "SET DEFINER ON *",
        "BACKUP ON *.*",
        *(f"TABLE ENGINE ON {engine}" for engine in _ENGINES),
    )
    return (
        # `readonly` 2: settings may be changed, as most clients do, but not this one.
        f"<clickhouse><profiles><default>{_PROFILE}</default><readonly>{_PROFILE}<readonly>2</readonly></readonly>"
        "</profiles><quotas><default></default></quotas>"
        f"<users><{name}>{password}{_account('default', *grants)}</{name}>{reader}</users></clickhouse>\n"
    )


def _start_users(stopper_password: str) -> str:
    """The user that opens the ports, and the one that ends the server."""
    ten_years_s, statements = 315_360_000, len(STATEMENTS)
    quota = f"<interval><duration>{ten_years_s}</duration><queries>{statements}</queries></interval>"
    opener = _account("hailong_start", "SYSTEM LISTEN ON *.*", "SELECT ON system.numbers")
    stopper = _account("default", "KILL QUERY ON *.*", "SELECT ON system.processes")
    return (
        f'<clickhouse><quotas><hailong_start replace="replace">{quota}</hailong_start></quotas><users>'
        f'<default replace="replace"><password></password>{opener}</default>'
        f'<{STOPPER} replace="replace">{_sha256(stopper_password)}{stopper}</{STOPPER}>'
        "</users></clickhouse>\n"
    )


def _account(quota: str, *grants: str, profile: str = "default") -> str:
    allowed = "".join(f"<query>GRANT {grant}</query>" for grant in grants)
    return (
        f"<networks><ip>{_LOOPBACK}</ip></networks><profile>{profile}</profile><quota>{quota}</quota>"
        f"<grants>{allowed}</grants>"
    )


def _sha256(password: str) -> str:
    return f"<password_sha256_hex>{hashlib.sha256(password.encode()).hexdigest()}</password_sha256_hex>"
