"""Draws a figure for each scenario: problems found by day, or false alarms where there is no problem.

Usage: PROGRAM REPORT_JSON DIRECTORY, with an interpreter that has matplotlib.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

mpl.rcParams["svg.fonttype"] = "none"  # keep text as text: smaller, and searchable
mpl.rcParams["svg.hashsalt"] = "hailong"  # the same numbers give the same file

report = json.loads(Path(sys.argv[1]).read_text())
colours = dict(zip(report["detectors"], ("#c0392b", "#2c3e50", "#95a5a6", "#2980b9", "#27ae60"), strict=True))


def found(scenario: dict[str, Any], axes: Axes) -> None:
    """Plot the share of problems found by the number of days."""
    end = max((days[-1] for days in scenario["delays_days"].values() if days), default=1)
    for who, days in scenario["delays_days"].items():
        total = scenario["detectors"][who]["planted"]
        shares = [100 * (place + 1) / total for place in range(len(days))]
        last = shares[-1] if shares else 0
        axes.step([0, *days, end], [0, *shares, last], where="post", color=colours[who], label=who)
    axes.set_xlabel("days since the problem began")
    axes.set_ylabel("problems found, %")
    axes.set_ylim(0, 101)
    axes.legend(frameon=False, fontsize=8)


def alarmed(scenario: dict[str, Any], axes: Axes) -> None:
    """Plot false alarms per office and month; whiskers show two standard errors of a Poisson count."""
    figures = scenario["detectors"]
    rates = [one["false_alarms_per_office_month"] for one in figures.values()]
    errors = [2 * one["false_alarms"] ** 0.5 / one["office_months"] for one in figures.values()]
    axes.barh(list(figures), rates, xerr=errors, color=[colours[who] for who in figures], height=0.6)
    axes.axvline(report["budget"], color="#7f8c8d", linestyle="--", linewidth=1)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel("alarms per office and month; dashed: allowed when nothing happens")


for scenario in report["scenarios"]:
    figure = Figure(figsize=(6, 3.2), layout="constrained")
    axes = figure.subplots()
    (found if scenario["ahead_of"] is not None else alarmed)(scenario, axes)
    axes.set_title(scenario["words"], fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(Path(sys.argv[2]) / f"alerts-{scenario['name']}.svg", metadata={"Date": None})
