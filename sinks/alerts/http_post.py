"""One POST of JSON, what its answer means, and the pauses before it is repeated.

Redirects are not followed: an alert goes where the operator said and nowhere else.

Sent with the standard library's urllib: one small request now and then needs no more.
"""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from schemas.errors import ConfigurationError

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
        self._timeout_s = timeout_s
        handlers: list[urllib.request.BaseHandler] = [_NoRedirects()]
        if ca_file is not None:
            try:
                handlers.append(urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca_file)))
            except OSError as error:
                raise ConfigurationError([f"{ca_file} holds no certificates that can be read."]) from error
        self._opener = urllib.request.build_opener(*handlers)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send JSON once.

        Args:
            url: Where to; http or https.
            body: The JSON.
            headers: Besides those that say what and who it is.
        """
        known = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "hailong"}
        request = urllib.request.Request(url, data=body, headers={**known, **headers}, method="POST")  # noqa: S310 - the options accept http and https only
        try:
            with self._opener.open(request, timeout=self._timeout_s) as response:
                return Answer(response.status, f"status {response.status}")
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, f"status {error.code}")
        except (OSError, HTTPException) as error:
            return Answer(None, _cause(error))


def _cause(error: OSError | HTTPException) -> str:
    """The kind of fault, never its text, which may hold an address."""
    reason = getattr(error, "reason", None)
    return type(reason if isinstance(reason, BaseException) else error).__name__


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Answers with the redirect itself instead of following it."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        """Never."""


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
