"""Where machine code is kept: a directory for each version of the sources that it was compiled from.

numba notices that a function changed, but neither a change of a function that it calls nor one of a constant, and
files of a package may all carry the same date. So a digest of the sources names the directory.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def directory_for(function: Callable[..., Any]) -> Path | None:
    """The directory for the machine code of a function; None where nothing can be kept."""
    home = _home()
    return None if home is None else home / _digest(Path(function.__code__.co_filename))


@cache
def _digest(module: Path) -> str:
    found = hashlib.blake2s(digest_size=8)
    for path in (*sorted(_HERE.glob("*.py")), module):
        found.update(path.read_bytes())
    return found.hexdigest()


@cache
def _home() -> Path | None:
    """The first writable place; the variable NUMBA_CACHE_DIR comes first."""
    return next(filter(_can_be_written, _places()), None)


def _can_be_written(path: Path) -> bool:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return True
    except OSError:
        return False


def _is_ours(path: Path) -> bool:
    """Whether no other user can write there: numba runs the code that it finds."""
    try:
        found = path.stat()
    except OSError:
        return True  # it will be created for us alone
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _places() -> Iterator[Path]:
    if named := os.environ.get("NUMBA_CACHE_DIR"):
        yield Path(named)
    yield _HERE / "__pycache__"
    caches = os.environ.get("XDG_CACHE_HOME") or (os.environ.get("HOME", "") and f"{os.environ['HOME']}/.cache")
    if caches and _is_ours(own := Path(caches) / "hailong"):
        yield own
