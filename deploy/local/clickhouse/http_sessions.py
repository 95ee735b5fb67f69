"""Sessions over HTTP: requests with the same ``session_id`` share settings made by SET and temporary tables."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from deploy.local.clickhouse.accounts import Account
from deploy.local.clickhouse.client_session import ClientSession
from deploy.local.clickhouse.engine import Engine
from deploy.local.clickhouse.errors import (
    INVALID_SESSION_TIMEOUT,
    SESSION_IS_LOCKED,
    SESSION_NOT_FOUND,
    TOO_MANY_CLIENTS,
    ServerError,
)

_USUAL_SECONDS: Final = 60
_LONGEST_SECONDS: Final = 3600  # as in ClickHouse, like the usual time
_LIMIT: Final = 500  # each holds a connection of the engine: about 120 KB, and its temporary tables


@dataclass(slots=True)
class KeptSession:
    """A session between requests, and until when it is kept; `busy` while a request uses it."""

    session: ClientSession
    until: float
    busy: bool = True


class HttpSessions:
    """The sessions of all HTTP clients."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._guard = threading.Lock()
        self._kept: dict[tuple[str, str], KeptSession] = {}

    @contextmanager
    def opened(self, account: Account, database: str, arguments: Mapping[str, str]) -> Iterator[ClientSession]:
        """The session that a request names, which is made if it is new.

        Args:
            account: whose session it is: others have sessions of their own under the same id.
            database: of this request.
            arguments: of the request: ``session_id``, ``session_timeout``, ``session_check``, ``close_session``.

        Raises:
            ServerError: 372, there is no such session; 373, another request uses it; 374, too long a timeout;
                202, too many sessions; 81, no such database.
        """
        seconds = _seconds(arguments.get("session_timeout", ""))
        key = account.name, arguments["session_id"]
        kept = self._taken(key, account, must_exist=arguments.get("session_check") == "1")
        try:
            if database:
                kept.session.use(database)
            yield kept.session
        finally:
            kept.until = time.monotonic() + seconds
            if arguments.get("close_session") == "1":
                with self._guard:
                    del self._kept[key]
                kept.session.close()
            kept.busy = False

    def _taken(self, key: tuple[str, str], account: Account, *, must_exist: bool) -> KeptSession:
        with self._guard:
            self._forget()
            if kept := self._kept.get(key):
                if kept.busy:
                    text = f"Session {key[1][:100]} is locked by a concurrent client (SESSION_IS_LOCKED)"
                    raise ServerError(SESSION_IS_LOCKED, text)
                kept.busy = True
                return kept
            if must_exist:
                raise ServerError(SESSION_NOT_FOUND, f"Session {key[1][:100]} not found (SESSION_NOT_FOUND)")
            if len(self._kept) >= _LIMIT:
                text = f"There are {_LIMIT} sessions already; they end after session_timeout seconds without requests"
                raise ServerError(TOO_MANY_CLIENTS, f"{text} (TOO_MANY_SIMULTANEOUS_QUERIES)")
            kept = self._kept[key] = KeptSession(ClientSession(self._engine, account), 0.0)
            return kept

    def _forget(self) -> None:
        now = time.monotonic()
        for key in [key for key, kept in self._kept.items() if not kept.busy and kept.until < now]:
            self._kept.pop(key).session.close()


def _seconds(text: str) -> int:
    if not text:
        return _USUAL_SECONDS
    if not text.isdecimal() or int(text) > _LONGEST_SECONDS:
        message = f"session_timeout is at most {_LONGEST_SECONDS} seconds (INVALID_SESSION_TIMEOUT)"
        raise ServerError(INVALID_SESSION_TIMEOUT, message)
    return int(text)
