"""What a module logs.

structlog's own `capture_logs` misses it once a command of the same process has configured logs: loggers keep the
configuration of their first use, and one that is made later takes the configured least level.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from unittest.mock import patch

import structlog
from structlog.testing import LogCapture


@contextmanager
def logged_by(module: ModuleType) -> Iterator[list[MutableMapping[str, Any]]]:
    """The events that a module logs while the block lasts."""
    capture = LogCapture()
    every_level = structlog.make_filtering_bound_logger(logging.NOTSET)
    with patch.object(module, "log", structlog.wrap_logger(None, processors=[capture], wrapper_class=every_level)):
        yield capture.entries
