"""One POST of JSON, what its answer means, and the pauses before it is repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.http_client import HttpClient

_REPEAT = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request.

    Attributes:
        status: HTTP status; None when no answer came.
        words: For the log: the status, or why none came.
    """

    status: int | None
    words: str

    @property
    def taken(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def passing(self) -> bool:
        """Whether the same request may be taken later."""
        return self.status is None or self.status in _REPEAT or self.status >= 500


class Poster:
    """Sends requests.

    Args:
        timeout_s: How long a receiver may take to answer.
        ca_file: Certificates that are trusted (PEM); None for the system's.

    Raises:
        ConfigurationError: The certificates cannot be read.
    """

    def __init__(self, timeout_s: float, ca_file: Path | None = None) -> None:
        self._client = HttpClient(timeout_s, ca_file)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send JSON once.

        Args:
            url: Where to; http or https.
            body: The JSON.
            headers: Besides those that say what and who it is.
        """
        known = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "hailong"}
        reply = self._client.send("POST", url, body, {**known, **headers})
        return Answer(reply.status, reply.cause if reply.status is None else f"status {reply.status}")


class Pauses:
    """Pauses between repetitions: each twice the one before.

    Args:
        initial_s: The first.
        max_s: The longest.
    """

    def __init__(self, initial_s: float, max_s: float) -> None:
        self._initial_s = initial_s
        self._max_s = max_s
        self._next_s = initial_s

    def take(self) -> float:
        """The next pause, seconds."""
        pause = self._next_s
        self._next_s = min(2 * pause, self._max_s)
        return pause

    def reset(self) -> None:
        """Begin with the first again."""
        self._next_s = self._initial_s
