from __future__ import annotations

import json
import logging
import subprocess
import sys
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry, Counter

from deploy.observability import HealthReport, serve
from deploy.observability.logs import hide_secrets
from schemas.errors import ConfigurationError

LOGGING = """
import logging, structlog
from deploy.observability import configure_logs
configure_logs("info", {style!r})
structlog.get_logger("x").info("loaded", rows=3, password="hunter2", has_contact=True)
logging.getLogger("library").warning("old %s", "style")
structlog.get_logger("x").debug("invisible")
"""


def logged(style: str) -> list[str]:
    """What a process with these settings writes to standard error."""
    done = subprocess.run(
        [sys.executable, "-c", LOGGING.format(style=style)], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_without_a_terminal_each_log_line_is_one_json_object() -> None:
    """Every line is JSON, including those of libraries."""
    first, second = (json.loads(line) for line in logged("auto"))
    assert (first["event"], first["rows"], first["level"], first["logger"]) == ("loaded", 3, "info", "x")
    assert second["event"] == "old style"


@pytest.mark.parametrize("style", ["json", "console"])
def test_secrets_never_reach_a_log(style: str) -> None:
    """A value whose name shows that it is secret is hidden; flags and numbers are not."""
    text = "\n".join(logged(style))
    assert "hunter2" not in text
    assert "(hidden)" in text
    assert hide_secrets(None, "info", {"has_contact": True, "sealing_keys": "k"}) == {
        "has_contact": True,
        "sealing_keys": "(hidden)",
    }


def test_metrics_and_health_are_served_on_a_free_port() -> None:
    """Prometheus reads /metrics; /health says 200 or 503 and why."""
    registry = CollectorRegistry()
    Counter("hailong_test_things", "Things", registry=registry).inc(3)
    state = {"healthy": True}
    with serve("127.0.0.1", 0, lambda: HealthReport(state["healthy"], {"lag": 7}), registry) as port:
        with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            assert b"hailong_test_things_total 3.0" in answer.read()
        with urlopen(f"http://127.0.0.1:{port}/health") as answer:
            assert json.load(answer) == {"healthy": True, "lag": 7}
        state["healthy"] = False
        with pytest.raises(HTTPError) as unhealthy:
            urlopen(f"http://127.0.0.1:{port}/health")
        assert unhealthy.value.code == 503
        assert json.load(unhealthy.value)["healthy"] is False
        unhealthy.value.close()
        with pytest.raises(HTTPError) as missing:
            urlopen(f"http://127.0.0.1:{port}/etc/passwd")
        assert missing.value.code == 404
        missing.value.close()


def test_a_port_that_is_taken_is_a_configuration_error() -> None:
    """The message names the address, and the setting to change."""
    ok = HealthReport(healthy=True)
    with (
        serve("127.0.0.1", 0, lambda: ok) as port,
        pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}.*HAILONG_HTTP_PORT"),
        serve("127.0.0.1", port, lambda: ok),
    ):
        pass
    logging.getLogger().handlers.clear()
