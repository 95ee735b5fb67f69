"""Alerts to a webhook."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from support.polling import DEADLINE_S, eventually
from support.sink_bench import SinkBench

from schemas.errors import ConfigurationError
from schemas.records.alerts import Alert, Driver, TargetEvidence
from schemas.topics import Topic
from sinks.alerts.webhook import WebhookOptions, run_webhook

pytestmark = pytest.mark.servers


def alert(number: int) -> Alert:
    """One alert."""
    return Alert(
        f"00000000-0000-5000-8000-00000000000{number}", 7, "03CC", "OPEN", "BURST", 1, 1, None, 1, 1, 86400, 20, 5, 5,
        0.017, 300.0, 0.34, 0.0001, 0.001, 0.0, (Driver("TEAM:01", 4),),
        (TargetEvidence("TEAM", "01", 5, 4, 0.2, 0.0003, 5.5),), (), "Cảnh báo", "Alert",
    )  # fmt: skip


def test_alerts_are_repeated_until_taken_and_signed(bench: SinkBench) -> None:
    """After 503 an alert is repeated, after a redirect or 400 skipped; each has a signature and an idempotency key."""
    seen, answers = [], [503, 302, 400, 200]

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((self.headers, body))
            self.send_response(answers[min(len(seen), len(answers)) - 1])
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    bench.send(Topic.ALERT, *(alert(number) for number in range(3)))
    url = f"http://127.0.0.1:{receiver.server_port}/"
    options = WebhookOptions(url, "s3cret", group=f"{bench.options.group}.hook", retry_initial_s=0.05)
    stop = threading.Event()
    thread = threading.Thread(target=run_webhook, args=(bench.kafka, options, stop))
    thread.start()
    try:
        eventually(lambda: len(seen) == 4, "four attempts")
    finally:
        stop.set()
        thread.join(DEADLINE_S)
        receiver.shutdown()
        receiver.server_close()

    assert "s3cret" not in repr(options)
    assert [json.loads(body)["alert_id"][-1] for _headers, body in seen] == ["0", "0", "1", "2"]
    headers, body = seen[-1]
    assert headers["Idempotency-Key"] == f"{alert(2).alert_id}:7"
    signed = f"{headers['X-Hailong-Timestamp']}.".encode() + body
    assert headers["X-Hailong-Signature"] == "sha256=" + hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()


def test_an_address_with_a_password_is_refused_without_being_quoted() -> None:
    """An address appears in logs and process lists, so it must hold no password."""
    with pytest.raises(ConfigurationError) as refused:
        WebhookOptions("https://user:hunter2@hooks.example/alerts")
    assert "user and password" in str(refused.value)
    assert "hunter2" not in str(refused.value)
