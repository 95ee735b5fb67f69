"""From errors to messages and exit statuses: 0 done, 1 failed, 2 wrong settings or usage, 130 interrupted."""

from __future__ import annotations

import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from deploy.errors import Mistake
from schemas.errors import ConfigurationError, HailongError

FAILED = 1
MISCONFIGURED = 2
INTERRUPTED = 130


@dataclass(slots=True)
class Reporting:
    """How errors are shown; set by `--debug`.

    Attributes:
        debug: Whether to show where in the program an error arose.
    """

    debug: bool = False


REPORTING = Reporting()


def report(error: BaseException) -> int:
    """Say what went wrong, on standard error; returns the exit status."""
    if REPORTING.debug:
        traceback.print_exception(error)
    match error:
        case KeyboardInterrupt():
            _say("Interrupted.")
            return INTERRUPTED
        case ConfigurationError():
            _say("hailong cannot start like this:")
            for problem in error.problems:
                _say(f"  - {problem}")
            _say("All settings are explained in deploy/hailong.env.example.")
            return MISCONFIGURED
        case Mistake():
            _say(f"hailong: {error}")
            return MISCONFIGURED
        case HailongError():
            _say(f"hailong: {error}")
            return FAILED
        case _:
            _say(f"hailong: unexpected {type(error).__name__} at {_place(error)}; this is a fault of the program.")
            _say("Please report it. `hailong --debug ...` shows all of it.")
            return FAILED


def _place(error: BaseException) -> str:
    """Where it arose; not what it says, which may quote data."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "an unknown place"
    return f"{'/'.join(Path(frames[-1].filename).parts[-3:])}:{frames[-1].lineno}"


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 messages for people, not logs
