"""Draws, for each scenario, which share of the troubles each detector has found after how many days.

Usage: PROGRAM REPORT_JSON DIRECTORY, with an interpreter that has matplotlib.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

mpl.rcParams["svg.fonttype"] = "none"  # text stays text: small, and found by a search
mpl.rcParams["svg.hashsalt"] = "hailong"  # so that the same figures give the same file

report = json.loads(Path(sys.argv[1]).read_text())
colours = dict(zip(report["detectors"], ("#c0392b", "#2c3e50", "#95a5a6", "#2980b9", "#27ae60"), strict=True))
for scenario in report["scenarios"]:
    planted = scenario["detectors"]["hailong"]["planted"]
    if not planted:
        continue
    figure = Figure(figsize=(6, 3.2), layout="constrained")
    axes = figure.subplots()
    end = max((days[-1] for days in scenario["delays_days"].values() if days), default=1)
    for who, days in scenario["delays_days"].items():
        total = scenario["detectors"][who]["planted"]
        shares = [100 * (place + 1) / total for place in range(len(days))]
        last = shares[-1] if shares else 0
        axes.step([0, *days, end], [0, *shares, last], where="post", color=colours[who], label=who)
    axes.set_xlabel("days since the trouble began")
    axes.set_ylabel("found, % of the troubles")
    axes.set_ylim(0, 101)
    axes.set_title(scenario["words"], fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(Path(sys.argv[2]) / f"alerts-{scenario['name']}.svg", metadata={"Date": None})
