"""HTTP requests against a small server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploy.local.ports import free_port
from schemas.errors import ConfigurationError
from schemas.http_client import HttpClient, HttpReply


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """Address of a server that answers its path, or redirects from `/away`; and the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer with what was sent."""
            asked.append(self.path)
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(302 if self.path == "/away" else 200)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Keep silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}", asked
        listening.shutdown()


def test_a_redirect_is_the_answer_and_is_not_followed(server: tuple[str, list[str]]) -> None:
    """Nothing is sent to the address that the answer names."""
    url, asked = server
    assert HttpClient(5).send("POST", f"{url}/away", b"secret") == HttpReply(302)
    assert asked == ["/away"]


def test_the_body_is_read_as_far_as_it_was_asked_for(server: tuple[str, list[str]]) -> None:
    """An endless answer costs no more memory than the caller allows."""
    url, _asked = server
    assert HttpClient(5).send("POST", url, b"12345", max_body_bytes=3) == HttpReply(200, b"123")
    assert HttpClient(5).send("POST", url, b"12345", max_body_bytes=9) == HttpReply(200, b"12345")
    assert HttpClient(5).send("POST", url, b"12345") == HttpReply(200)


def test_a_server_that_is_away_is_told_by_the_kind_of_fault() -> None:
    """The reason holds no address: it goes to logs."""
    reply = HttpClient(5).send("POST", f"http://127.0.0.1:{free_port()}/", b"")
    assert reply == HttpReply(None, cause="ConnectionRefusedError")


def test_certificates_that_cannot_be_read_are_a_wrong_setting(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(ConfigurationError, match=r"nothing\.pem holds no certificates"):
        HttpClient(5, tmp_path / "nothing.pem")
