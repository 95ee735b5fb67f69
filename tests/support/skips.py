"""A pytest plugin: skips tests whose program is missing, and says what a run did not test and why."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from support.extras import EXTRAS

NO_SKIPS = "NO_SKIPS"
"""With this variable set, as in CI, any skipped test fails."""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose program is missing."""
    for mark in item.iter_markers("extras"):
        (extra,) = mark.args
        if (missing := extra.missing()) is not None:
            pytest.skip(f"{extra.name}: {missing}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With NO_SKIPS=1 a skipped test is a failed one."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get(NO_SKIPS):
        report.outcome, report.longrepr = "failed", f"{NO_SKIPS} is set, and this was skipped: {report.longrepr}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say in one line what was not tested and why."""
    if "not extras" in config.option.markexpr:
        missing = [f"{one.name}: {why}" for one in EXTRAS if (why := one.missing()) is not None]
        here = f" Missing here: {'; '.join(missing)}." if missing else ""
        names = ", ".join(one.name for one in EXTRAS)
        terminalreporter.write_line(
            f"Not tested: {names}, which the lock does not bring, and what takes long; `make test-more` does.{here}"
        )
    elif terminalreporter.stats.get("skipped"):
        reasons = sorted(
            {str(report.longrepr[2]).removeprefix("Skipped: ") for report in terminalreporter.stats["skipped"]}
        )
        terminalreporter.write_line(f"Not tested: {'; '.join(reasons)}")
