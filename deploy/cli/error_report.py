"""From errors to messages and exit statuses.

0 done, 1 failed, 2 wrong settings or usage, 3 still working, 4 standing still, 130 interrupted.
"""

from __future__ import annotations

import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from deploy.errors import Mistake
from schemas.errors import ConfigurationError, HailongError, Unavailable

FAILED = 1
MISCONFIGURED = 2
WORKING = 3
STALLED = 4
INTERRUPTED = 130


@dataclass(slots=True)
class Reporting:
    """How errors are shown; set by `--debug`."""

    debug: bool = False  # whether to show the traceback of an error


REPORTING = Reporting()


def report(error: BaseException) -> int:
    """Print what went wrong on standard error; returns the exit status."""
    if REPORTING.debug:
        traceback.print_exception(error)
    match error:
        case KeyboardInterrupt():
            _print("Interrupted.")
            return INTERRUPTED
        case ConfigurationError():
            _print("hailong cannot start like this:")
            for problem in error.problems:
                _print(f"  - {problem}")
            _print("Nothing was done. deploy/hailong.env.example explains every setting.")
            return MISCONFIGURED
        case Mistake():
            _print(f"hailong: {error}")
            return MISCONFIGURED
        case Unavailable():
            _print(f"hailong: {error}")
            _print_notes(error)
            _print("Check that the server runs and that the settings name its address, then try again.")
            return FAILED
        case HailongError():
            _print(f"hailong: {error}")
            _print_notes(error)
            return FAILED
        case _:
            _print(f"hailong: unexpected {type(error).__name__} at {_place(error)}: this is a bug in hailong.")
            _print("Please report it, with what `hailong --debug ...` shows.")
            return FAILED


def _place(error: BaseException) -> str:
    """File and line; not the message, which may quote data."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "an unknown place"
    return f"{'/'.join(Path(frames[-1].filename).parts[-3:])}:{frames[-1].lineno}"


def _print_notes(error: HailongError) -> None:
    """What those who raised it or passed it on said beside it."""
    for note in getattr(error, "__notes__", ()):
        _print(note)


def _print(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 messages for people, not logs
