"""`/metrics` and `/health` of a long-running process.

They show counters and states, never contents of records, and change nothing. Still the server listens on the loopback
interface unless the settings name another address.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from schemas.errors import ConfigurationError

log = structlog.get_logger(__name__)

REQUEST_TIMEOUT_S = 10.0
"""A client that sends nothing is disconnected after this time, so that it cannot hold a thread for ever."""


@dataclass(frozen=True, slots=True)
class HealthReport:
    """Health of a process."""

    healthy: bool  # its work makes progress
    details: Mapping[str, Any] = field(default_factory=dict)  # reasons and states; JSON values only


Health = Callable[[], HealthReport]


@contextmanager
def serve(host: str, port: int, health: Health, registry: CollectorRegistry = REGISTRY) -> Iterator[int]:
    """Serve both within the `with` block; yields the port.

    Args:
        host: Address to listen on.
        port: Port; 0: any free port.
        health: Called for each request to `/health`, from another thread.
        registry: Metrics to show.

    Raises:
        ConfigurationError: The address cannot be used.
    """
    try:
        server = ThreadingHTTPServer((host, port), partial(_Handler, health, registry))
    except OSError as error:
        raise ConfigurationError(
            [f"Cannot serve metrics at {host}:{port}: {error.strerror}. Set HAILONG_HTTP_PORT to a free port, or 0."]
        ) from error
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    log.info("metrics_served", url=f"http://{host}:{server.server_port}/metrics")
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    timeout = REQUEST_TIMEOUT_S
    server_version = "hailong"
    sys_version = ""

    def __init__(self, health: Health, registry: CollectorRegistry, *request: Any) -> None:
        self._health = health
        self._registry = registry
        super().__init__(*request)

    def do_GET(self) -> None:
        """Answer one request."""
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(self._registry))
        elif path == "/health":
            report = self._health()
            status = HTTPStatus.OK if report.healthy else HTTPStatus.SERVICE_UNAVAILABLE
            body = json.dumps({"healthy": report.healthy, **report.details}, ensure_ascii=False).encode()
            self._answer(status, "application/json; charset=utf-8", body)
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"see /metrics and /health\n")

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the name is http.server's
        """Do not log each request."""
