"""The directory of the demo."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from deploy.errors import Mistake
from deploy.local.demo.run import DemoOptions, run


def test_what_no_demo_made_is_not_removed(tmp_path: Path) -> None:
    """A directory with logs of somebody else's is named and left as it is."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "mine").write_text("kept")
    with pytest.raises(Mistake, match="logs"):
        run(DemoOptions(tmp_path, seed=1, scale=0.01, workers=1, keep=False), Console(), {})
    assert (tmp_path / "logs" / "mine").read_text() == "kept"
