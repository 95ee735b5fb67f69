"""Files with a password."""

from __future__ import annotations

from pathlib import Path


def password_in(file: Path) -> str:
    """The password on the first line of a file.

    Raises:
        OSError: It cannot be read.
    """
    return file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
