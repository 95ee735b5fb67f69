"""A real Alertmanager, and small HTTP servers: in place of it, or as the receiver of its notifications."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.local.ports import free_port, listens
from deploy.local.supervisor.child import bound_command
from support.extras import alertmanager
from support.polling import DEADLINE_S, eventually

CONFIGURATION = Path(__file__).resolve().parents[2] / "deploy" / "monitoring" / "alertmanager.yml"
"""The configuration that we recommend."""

_SHORTER = {"group_wait": "2s", "group_interval": "1s", "repeat_interval": "1h"}


@dataclass
class Received:
    """Requests that an HTTP server received.

    Attributes:
        url: Its address.
        bodies: JSON of the requests, in order.
        headers: Headers of each request.
        paths: Path of each request.
        answer: Gives the status for a request from its body.
    """

    url: str
    bodies: list[Any] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    answer: Callable[[Any], int] = lambda _body: 200

    @property
    def alerts(self) -> list[dict[str, Any]]:
        """All alerts received, where it stands in for Alertmanager."""
        return [alert for body in list(self.bodies) for alert in body]


@contextmanager
def receiver(certificate: Path | None = None) -> Iterator[Received]:
    """An HTTP server that takes JSON, for as long as the block lasts; with TLS if it is given a certificate."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            received.headers.append(dict(self.headers.items()))
            received.paths.append(self.path)
            received.bodies.append(body)
            self.send_response(received.answer(body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    received = Received(f"http{'s' * (certificate is not None)}://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def certificate_for_loopback(path: Path) -> Path:
    """Write a self-signed certificate and its key into a file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    path.write_bytes(certificate.public_bytes(pem) + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return path


class Alertmanager:
    """An Alertmanager on a free loopback port with our recommended configuration; tests may stop and start it.

    Args:
        directory: For its data, which outlives it.
        receiver_url: Address that it notifies.
    """

    def __init__(self, directory: Path, receiver_url: str) -> None:
        self._binary = str(alertmanager())
        self._directory = directory
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None
        text = CONFIGURATION.read_text()
        for name, short in _SHORTER.items():
            text, found = re.subn(rf"(?m)^(  {name}): \w+$", rf"\1: {short}", text)
            assert found == 1, name
        text, found = re.subn(r"(?m)^(      - url): .*$", rf"\1: {receiver_url}", text)
        assert found == 1
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "alertmanager.yml").write_text(text)

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [
            self._binary,
            f"--config.file={self._directory / 'alertmanager.yml'}",
            f"--storage.path={self._directory / 'data'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
            "--cluster.listen-address=",
        ]
        with (self._directory / "alertmanager.log").open("ab") as log:
            self._process = subprocess.Popen(bound_command(command), stdout=log, stderr=log)
        process = self._process
        eventually(lambda: process.poll() is not None or listens("127.0.0.1", self._port), "Alertmanager listens")
        assert process.poll() is None, (self._directory / "alertmanager.log").read_text()

    def stop(self) -> None:
        """Stop it (SIGTERM), if it runs. It keeps its log of notifications and forgets the alerts."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(DEADLINE_S)
            self._process = None

    def alerts(self) -> dict[str, dict[str, Any]]:
        """Active alerts by id."""
        with urllib.request.urlopen(f"{self.url}/api/v2/alerts", timeout=DEADLINE_S) as response:
            return {alert["labels"]["alert_id"]: alert for alert in json.load(response)}
