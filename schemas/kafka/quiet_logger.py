"""A logger for Kafka clients: librdkafka would write to stderr what it also reports to us as errors."""

from __future__ import annotations

import logging

QUIET = logging.getLogger(f"{__name__}.librdkafka")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False
