"""Which Alertmanagers get alerts, and how patiently."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from schemas.options import Checked, duration_problems

API_PATH = "/api/v2/alerts"
_SENDINGS = 3
"""An open alert is sent at least so many times before Alertmanager forgets it: two attempts may fail."""


@dataclass(frozen=True, slots=True)
class AlertmanagerOptions(Checked):
    """Which Alertmanagers get alerts, and how patiently."""

    urls: Sequence[str]  # http or https addresses without the API's path; each gets every alert
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)  # bearer token, instead of a user
    ca_file: Path | None = None  # trusted certificates (PEM); None for the system's
    group: str = "hailong.alertmanager"  # prefix of the consumer groups; each Alertmanager has a group of its own
    severity: str = "warning"  # the label `severity` of every alert
    link_base: str | None = None  # beginning of `generatorURL`, before the alert's id; None for no link
    resend_s: float = 60.0  # an open alert is sent again after so many seconds
    hold_s: float = 600.0  # Alertmanager keeps an open alert for so long after it was last sent
    timeout_s: float = 10.0  # how long an Alertmanager may take to answer
    retry_initial_s: float = 0.5  # pause before the first repetition; it doubles up to the next
    retry_max_s: float = 60.0  # longest pause between repetitions
    connect_timeout_s: float = 10.0  # how long Kafka may be unreachable at start
    stall_after_s: float = 120.0  # an Alertmanager that takes nothing for so long is reported as unhealthy

    def _problems(self) -> Iterator[str]:
        yield from _address_problems(self.urls)
        yield from self._credential_problems()
        if not self.severity:
            yield "the severity must not be empty: Alertmanager drops empty labels"
        if self.link_base is not None and urlsplit(self.link_base).scheme not in {"http", "https"}:
            yield "the link must begin with http:// or https://"
        yield from duration_problems(self)
        if self.hold_s < _SENDINGS * max(self.resend_s, self.retry_max_s):
            yield f"hold_s must be at least {_SENDINGS} times resend_s and retry_max_s, or open alerts would flicker"
        if self.stall_after_s <= self.resend_s:
            yield "stall_after_s must be more than resend_s: in between nothing is sent"

    def _credential_problems(self) -> Iterator[str]:
        if (self.user is None) != (self.password is None):
            yield "user and password go together: set both or neither"
        if self.user is not None and self.token is not None:
            yield "user and token are two ways to log in: set one of them"
        if self.user is not None and ":" in self.user:
            yield "the user must hold no colon"
        if self.token is not None and not re.fullmatch(r"[!-~]+", self.token):
            yield "the token must be visible ASCII characters without spaces"

    @property
    def targets(self) -> Mapping[str, str]:
        """The address alerts are POSTed to, by the name of its Alertmanager in logs and metrics."""
        return {target_name(url): url.rstrip("/") + API_PATH for url in self.urls}

    @property
    def authorization(self) -> Mapping[str, str]:
        """The header with our credentials; empty without credentials."""
        if self.token is not None:
            return {"Authorization": f"Bearer {self.token}"}
        if self.user is not None:
            pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        return {}

    def group_of(self, target: str) -> str:
        """The consumer group of an Alertmanager, by its name."""
        return f"{self.group}.{re.sub(r'[^a-zA-Z0-9._-]', '_', target)}"


def target_name(url: str) -> str:
    """Host, port and path of an address: they identify an Alertmanager."""
    parts = urlsplit(url)
    return f"{parts.netloc.lower()}{parts.path.rstrip('/')}"


def _address_problems(urls: Sequence[str]) -> Iterator[str]:
    if not urls:
        yield "no Alertmanager is named"
    for url in urls:
        parts = urlsplit(url)
        if "@" in parts.netloc:  # checked first, and reported without the address: it holds a password
            yield "an address must hold no user or password: use the settings for them"
        elif parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            yield f"{url} must be http:// or https:// with a host, and no query"
        elif parts.path.rstrip("/").endswith(API_PATH):
            yield f"{url} must be without {API_PATH}, which is added"
    if len({target_name(url) for url in urls}) < len(urls):
        yield "one Alertmanager is named twice"
