"""Draws the figure of docs/performance.md: processor time of each contender relative to hailong.

Usage: PROGRAM CONTENDERS_JSON OUTPUT_SVG, run by benchmarks/report.py with an interpreter that has matplotlib.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

mpl.rcParams["svg.fonttype"] = "none"  # keep text as text: smaller, and searchable
mpl.rcParams["svg.hashsalt"] = "hailong"  # the same numbers give the same file

names: dict[str, float] = json.loads(sys.argv[1])
ranked = sorted(names.items(), key=lambda entry: -entry[1])
figure = Figure(figsize=(8, 0.5 + 0.45 * len(ranked)), layout="constrained")
axes = figure.subplots()
colours = ["#c0392b" if name == "hailong" else "#7f8c8d" for name, _ratio in ranked]
bars = axes.barh([name for name, _ratio in ranked], [ratio for _name, ratio in ranked], color=colours)
axes.bar_label(bars, [f"{ratio:.3g}" for _name, ratio in ranked], padding=4)
axes.set_xscale("log")
axes.set_xlim(0.5, max(names.values()) * 2)
axes.set_xlabel("processor time per event, hailong = 1 (logarithmic)")
axes.spines[["top", "right"]].set_visible(False)
figure.savefig(Path(sys.argv[2]), metadata={"Date": None})
