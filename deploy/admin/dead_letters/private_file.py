"""Write the bytes of a refused record to a file that only its owner can read."""

from __future__ import annotations

import os
from pathlib import Path

from deploy.errors import Mistake


def write_private(path: Path, value: bytes) -> None:
    """Write bytes to a new file with mode 0600.

    Raises:
        Mistake: The file exists (its mode would stay as it is), or it cannot be created.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Mistake(f"{path} exists already: name a new file.") from None
    except OSError as error:
        raise Mistake(
            f"{path} cannot be written: {error.strerror}. Name a file in a directory that you can write to."
        ) from None
    with os.fdopen(handle, "wb") as file:
        file.write(value)
