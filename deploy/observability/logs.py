"""Structured logs: readable lines on a terminal, one JSON object per line elsewhere."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

HIDDEN = "(hidden)"
_SECRET_WORDS = ("password", "secret", "sealing_key", "authorization", "token", "contact", "phone", "comment")
"""Values with such names are never logged. No code logs them on purpose; this is a second safeguard."""

_NOISY = ("aiokafka", "faust", "mode", "kafka", "asyncio")


def configure_logs(level: str, style: Literal["auto", "console", "json"] = "auto") -> None:
    """Send all logs, including those of libraries, to standard error.

    Args:
        level: `debug`, `info`, `warning` or `error`.
        style: `auto` is `console` on a terminal and `json` elsewhere.
    """
    human = style == "console" or (style == "auto" and sys.stderr.isatty())
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        hide_secrets,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: list[Any] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if human
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    handler.addFilter(_no_chatter)
    logging.basicConfig(handlers=[handler], level=number, force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    # It logs every error with a traceback and also raises it.
    logging.getLogger("clickhouse_driver").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        cache_logger_on_first_use=True,
    )


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace values whose names show that they are secret or personal."""
    for name in event:
        if any(word in name.lower() for word in _SECRET_WORDS) and not isinstance(event[name], bool | int | float):
            event[name] = HIDDEN
    return event


def _no_chatter(record: logging.LogRecord) -> bool:
    """Drop Faust's lines about its inner services, which it logs under the names of our modules."""
    return record.levelno >= logging.WARNING or not str(record.msg).startswith("[^")
