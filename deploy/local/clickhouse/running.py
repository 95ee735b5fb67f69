"""The statements that run now: under which id a client knows them, and whether the client still waits for them.

chDB gives each statement an id of its own. So each connection to the engine carries a mark, in the setting
``log_comment``, by which its statement is found among the engine's processes.
"""

from __future__ import annotations

import itertools
import re
import select
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from deploy.local.clickhouse.accounts import Account
from deploy.local.clickhouse.errors import ACCESS_DENIED, ALREADY_RUNNING, ServerError

MARK: Final = "log_comment"
_LOOK_SECONDS: Final = 0.1
_TEXT = re.compile(r"'([^'\\]*)'")
_KILL_ONE = re.compile(r"KILL\s+QUERY\s+WHERE\s+query_id\s*=\s*'([^'\\]*)'(?:\s+(?:A?SYNC))?", re.IGNORECASE)


def waiting(sock: socket.socket) -> bytes | None:
    """The next byte that a client has sent and nobody has read; empty if it hung up, None if there is none.

    Raises:
        OSError: the connection is broken.
    """
    poll = select.poll()  # of its own: one such object serves one thread; and a socket with a timeout would wait
    poll.register(sock, select.POLLIN)
    return sock.recv(1, socket.MSG_PEEK) if poll.poll(0) else None


@dataclass(slots=True)
class RunningStatement:
    """A statement, from its start to its end.

    Attributes:
        query_id: The client's name for it; may be empty.
        account: Who runs it.
        left: Whether the client hung up or cancelled; asked every tenth of a second, from another thread.
        dropped: Set when nobody reads its result any more, or somebody killed it.
    """

    query_id: str
    account: Account
    left: Callable[[], bool]
    dropped: bool = False

    @property
    def abandoned(self) -> bool:
        """Whether nobody waits for it any more."""
        try:
            return self.dropped or self.left()
        except (OSError, ValueError):  # its socket is broken or closed
            return True


class RunningStatements:
    """The statements of all clients; ends those that nobody waits for.

    Args:
        connect: Opens a connection to the engine, used for nothing else.
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._engine = connect()
        self._guard = threading.Lock()  # of the connection and of the entries
        self._entries: dict[str, RunningStatement] = {}
        self._numbers = itertools.count(1)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def new_mark(self) -> str:
        """The mark of a new connection to the engine."""
        return f"hailong-{next(self._numbers)}"

    @contextmanager
    def entered(self, mark: str, statement: RunningStatement) -> Iterator[None]:
        """Count a statement of the connection with that mark as running.

        Raises:
            ServerError: 216, another statement with this query id runs.
        """
        query_id = statement.query_id
        with self._guard:
            if query_id and any(one.query_id == query_id for one in self._entries.values()):
                text = f"Query with id = {query_id[:100]} is already running. (QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING)"
                raise ServerError(ALREADY_RUNNING, text)
            self._entries[mark] = statement
        try:
            yield
        finally:
            with self._guard:
                del self._entries[mark]

    def translated(self, kill: str, account: Account) -> str:
        """A KILL statement with the engine's ids in place of the clients'.

        Raises:
            ServerError: 497, who may only read may end nothing but a statement of the same user, named by its id.
        """
        ids = self._engine_ids(account)
        one = _KILL_ONE.fullmatch(kill)
        if account.reads_only and not (one and one[1] in ids):
            text = "Not enough privileges: this user may KILL QUERY WHERE query_id = '...' of its own, and no more"
            raise ServerError(ACCESS_DENIED, f"{text} (ACCESS_DENIED)")
        if one and one[1] in ids:
            self._drop(one[1])
        return _TEXT.sub(lambda text: f"'{ids.get(text[1], text[1])}'", kill)

    def _engine_ids(self, account: Account) -> dict[str, str]:
        """The engine's id for each client's id; for an account that only reads, of its own statements."""
        with self._guard:
            query = f"SELECT Settings['{MARK}'], query_id FROM system.processes"  # noqa: S608 - our own constant
            lines = self._engine.query(query, "TSVRaw").bytes().decode().splitlines()
            processes = dict(line.split("\t", 1) for line in lines)
            return {
                one.query_id: processes.get(mark, "")
                for mark, one in self._entries.items()
                if one.query_id and (one.account == account or not account.reads_only)
            }

    def _drop(self, query_id: str) -> None:
        """End a statement whatever the engine runs for it now.

        It has an id for each part of a statement: a KILL that comes while it only describes the columns ends no more.
        """
        with self._guard:
            for one in self._entries.values():
                if one.query_id == query_id:
                    one.dropped = True

    def _watch(self) -> None:
        while not self._stopped.wait(_LOOK_SECONDS):
            with self._guard:
                # Again at each look, until it has ended: the first KILL may come before the engine knows it.
                for mark in [mark for mark, one in self._entries.items() if one.abandoned]:
                    self._kill(mark)

    def _kill(self, mark: str) -> None:
        try:
            self._engine.query(f"KILL QUERY WHERE Settings['{MARK}'] = '{mark}' ASYNC", "Null")
        except Exception as error:  # noqa: BLE001 - the watch must go on for the others
            sys.stderr.write(f"cannot end an abandoned query: {error}\n")

    def stop_watching(self) -> None:
        """Let all statements run to their end from now on: the server hangs up itself."""
        self._stopped.set()
        self._thread.join()

    def close(self) -> None:
        """End the connection to the engine."""
        self.stop_watching()
        self._engine.close()
