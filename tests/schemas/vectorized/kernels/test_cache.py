"""Where machine code is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.vectorized.kernels import cache


@pytest.fixture
def sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing named, and the sources where nothing can be written (a file stands there); home is the path returned."""
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "__pycache__").touch()
    monkeypatch.setattr(cache, "_HERE", tmp_path / "sources")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    cache._home.cache_clear()
    cache._digest.cache_clear()
    return tmp_path / "home"


@pytest.fixture(autouse=True)
def _forgotten() -> object:
    """What was found for other sources is not kept."""
    yield
    cache._home.cache_clear()
    cache._digest.cache_clear()


def a_kernel() -> None:
    """Stands for one."""


def test_the_home_directory_serves_where_the_sources_cannot_be_written(sealed: Path) -> None:
    """As where hailong was installed by somebody else."""
    found = cache.directory_for(a_kernel)
    assert found is not None
    assert found.parent == sealed / ".cache" / "hailong"


def test_a_directory_that_others_may_write_is_not_trusted(sealed: Path) -> None:
    """What lies in it is run."""
    shared = sealed / ".cache" / "hailong"
    shared.mkdir(parents=True)
    shared.chmod(0o777)
    assert cache.directory_for(a_kernel) is None


@pytest.mark.usefixtures("sealed")
def test_other_sources_have_another_directory(tmp_path: Path) -> None:
    """A kernel that is called by another one may change, and the caller's file not."""
    before = cache.directory_for(a_kernel)
    (tmp_path / "sources" / "new.py").write_text("# changed")
    cache._digest.cache_clear()
    assert cache.directory_for(a_kernel) not in (before, None)
