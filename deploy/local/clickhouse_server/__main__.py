"""Run a real ClickHouse server: ``python -m deploy.local.clickhouse_server --path DIR``."""

from __future__ import annotations

import argparse
import os
import resource
import secrets
import signal
import sys
from pathlib import Path

from deploy.local.clickhouse_server.configuration import STOPPER, USER, ServerOptions, write_configuration
from deploy.local.clickhouse_server.engine import ServerEngine
from deploy.local.clickhouse_server.library import resolve, version
from deploy.local.password_file import password_in
from deploy.local.ports import listens
from schemas.errors import ConfigurationError, HailongError

_LOOK_S = 0.05
_STOP_S = 20.0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.clickhouse_server", description=__doc__)
    parser.add_argument("--path", type=Path, required=True, help="directory for data and settings")
    parser.add_argument("--port", type=int, default=9000, help="native protocol (%(default)s)")
    parser.add_argument("--http-port", type=int, default=8123, help="HTTP (%(default)s)")
    parser.add_argument("--reader", help="a second user, who may only read; without it there is none")
    parser.add_argument("--reader-password-file", type=Path, help="file with that user's password on its first line")
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--password-file", type=Path, help=f"file with the password of user {USER} on its first line")
    who.add_argument("--users", type=Path, help="a users.xml with all users instead; `default` in it is replaced")
    return parser.parse_args()


def main() -> int:
    """Serve until SIGTERM or SIGINT.

    Returns:
        0 after an orderly stop; 1 when it could not start, or ended by itself, with the reason on stderr.
    """
    # Blocked before any thread starts, so that they all leave them to this one.
    stop_signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop_signals)
    # A client can make it abort; what it has in memory must not get to the disk by that.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    arguments = _arguments()
    try:
        password = "" if arguments.password_file is None else password_in(arguments.password_file)
        options = ServerOptions(
            arguments.path, arguments.port, arguments.http_port, password, arguments.users, _reader(arguments)
        )
        library = resolve(tell=_tell)
        _refuse_taken_ports(options)
        stopper_password = secrets.token_urlsafe(24)
        engine = ServerEngine(library, write_configuration(options, stopper_password))
    except (HailongError, OSError) as error:
        sys.stderr.write(f"cannot start: {error}\n")
        return 1
    engine.start()
    while engine.running and not (listens("127.0.0.1", options.port) and listens("127.0.0.1", options.http_port)):
        if signal.sigtimedwait(stop_signals, _LOOK_S) is not None:
            break
    else:
        if engine.running:
            _tell(f"ready clickhouse={version()} port={options.port} http={options.http_port}")
            signal.sigwait(stop_signals)
    status = 0 if engine.running else 1
    if not engine.running:
        sys.stderr.write(f"ClickHouse ended: {engine.error or 'see above'}\n")
    elif not engine.stop(options.http_port, stopper_password, _STOP_S):
        sys.stderr.write(f"ClickHouse did not stop in {_STOP_S:.0f} s\n")
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    # Not a normal exit: the library's own end handlers would meet its threads that still run.
    os._exit(status)


def _reader(arguments: argparse.Namespace) -> tuple[str, str] | None:
    if arguments.reader is None:
        return None
    password = "" if arguments.reader_password_file is None else password_in(arguments.reader_password_file)
    if not password or arguments.reader in (USER, STOPPER) or arguments.users is not None:
        needs = f"another name than {USER}, a password in a file, and no --users, which name all users"
        raise ConfigurationError([f"--reader needs {needs}."])
    return arguments.reader, password


def _refuse_taken_ports(options: ServerOptions) -> None:
    """ClickHouse itself would only log it, and listen on the other port."""
    for port in (options.port, options.http_port):
        if listens("127.0.0.1", port):
            raise OSError(f"port {port} of 127.0.0.1 is taken")


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
