"""Run the embedded ClickHouse: ``python -m deploy.local.clickhouse --path DIR``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Final

from deploy.local.clickhouse.accounts import Account
from deploy.local.password_file import password_in
from schemas.errors import ConfigurationError

PASSWORD_VARIABLE: Final = "HAILONG_CLICKHOUSE_PASSWORD"  # noqa: S105 - the name of it, not the thing
_CLOSE_SECONDS: Final = 10.0
READER_PASSWORD_VARIABLE: Final = "HAILONG_CLICKHOUSE_READER_PASSWORD"  # noqa: S105 - so is this


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.clickhouse", description=__doc__)
    parser.add_argument("--path", type=Path, required=True, help="data directory, created if missing")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=9000, help="native protocol; 0 picks one (%(default)s)")
    parser.add_argument("--http-port", type=int, help="HTTP; 0 picks one; without it there is no HTTP")
    parser.add_argument("--user", default="default", help="the user who may do everything here (%(default)s)")
    parser.add_argument(
        "--password-file",
        type=Path,
        help=f"file with the password on its first line; without it, ${PASSWORD_VARIABLE}, else no password",
    )
    parser.add_argument("--reader", help="a second user, who may only read; without it there is none")
    parser.add_argument(
        "--reader-password-file",
        type=Path,
        help=f"the same for the second user; without it, ${READER_PASSWORD_VARIABLE}; there must be a password",
    )
    parser.add_argument("--time-zone", default="UTC", help="zone of DateTime without one (%(default)s)")
    parser.add_argument("--max-clients", type=int, default=100, help="connections at a time (%(default)s)")
    parser.add_argument("--max-threads", type=int, help="threads of one query; default: all cores")
    parser.add_argument("--max-memory", type=int, help="bytes that one query may use; default: no limit")
    return parser.parse_args()


def _password(file: Path | None, variable: str) -> str:
    # Removed from the environment, so that no child process inherits it.
    given = os.environ.pop(variable, "")
    return given if file is None else password_in(file)


def _accounts(arguments: argparse.Namespace) -> list[Account]:
    accounts = [Account(arguments.user, _password(arguments.password_file, PASSWORD_VARIABLE))]
    reader = Account(
        arguments.reader or "", _password(arguments.reader_password_file, READER_PASSWORD_VARIABLE), reads_only=True
    )
    if not reader.name:
        return accounts
    if reader.name == arguments.user:
        raise ConfigurationError([f"--reader must name another user than {arguments.user}."])
    if not reader.password:
        raise ConfigurationError([f"User {reader.name} has no password: set ${READER_PASSWORD_VARIABLE} or its file."])
    return [*accounts, reader]


def main() -> int:
    """Serve until SIGTERM or SIGINT.

    Returns:
        0 after an orderly stop; 1 when it could not start, with one line on stderr that says why.
    """
    arguments = _arguments()
    os.environ["TZ"] = arguments.time_zone  # the engine reads it once, when it is loaded
    time.tzset()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    # Imported only now: the engine is large, and reads the time zone when it is loaded.
    from deploy.local.clickhouse.engine import VERSION, DirectoryInUseError, Engine  # noqa: PLC0415
    from deploy.local.clickhouse.errors import ServerError  # noqa: PLC0415
    from deploy.local.clickhouse.server import Server  # noqa: PLC0415

    limits = {"max_threads": arguments.max_threads, "max_memory_usage": arguments.max_memory}
    settings = {name: str(value) for name, value in limits.items() if value}
    try:
        engine = Engine(arguments.path, _accounts(arguments), settings)
        server = Server(engine, arguments.host, arguments.port, arguments.http_port, arguments.max_clients)
    except (ConfigurationError, DirectoryInUseError, ServerError, OSError) as error:
        sys.stderr.write(f"cannot start: {error}\n")
        sys.stderr.flush()
        os._exit(1)  # the engine's threads may be running
    server.start()
    version, ports = ".".join(map(str, VERSION)), server.ports
    http = f" http={ports[1]}" if len(ports) > 1 else ""
    sys.stdout.write(f"ready clickhouse={version} host={arguments.host} port={ports[0]}{http}\n")
    sys.stdout.flush()
    stop.wait()
    server.stop()
    # The engine may hang when it is closed while it still loads tables; what was acknowledged is on disk without it.
    closing = threading.Thread(target=engine.close, daemon=True)
    closing.start()
    closing.join(_CLOSE_SECONDS)
    sys.stderr.flush()
    # Not a normal exit: a query that still runs would block the interpreter, or crash in it.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
