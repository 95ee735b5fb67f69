"""Combines the results of all benchmarks in one JSON file and one report.

    .venv/bin/python benchmarks/report.py

Reads the results of the other scripts in var/bench and writes

* var/bench/report.json: `contenders.<name>`, `all_rated.<name>` and the other parts by the names of their scripts
* benchmarks/report.md and docs/figures/peers.svg, which are part of the repository

A part that was not measured is null in the JSON file and "Not measured" in the report.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tests"))

from benchmarks.peers import python_of  # noqa: E402 - found by the path set above

RESULTS = ROOT / "var" / "bench"
FIGURE = ROOT / "docs" / "figures" / "peers.svg"
MAIN_WORK = "250000 declarations, 3.3% rated"
PARTS = ("floors", "latency", "sink", "queries", "recipes", "scaling", "histories", "recovery", "timers", "transport")


def collected() -> dict[str, Any]:
    """All results; None for parts that were not measured."""
    found: dict[str, Any] = {name: _read(name) for name in PARTS}
    works = (_read("peers") or {}).get("works", {})
    all_rated = [contenders for work, contenders in works.items() if work.endswith("100.0% rated")]
    return {"contenders": works.get(MAIN_WORK, {}), "all_rated": all_rated[-1] if all_rated else {}, **found}


def _read(name: str) -> Any:
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def written(report: Mapping[str, Any]) -> Iterator[str]:
    """The lines of the report."""
    yield "# What was measured"
    yield ""
    yield "Written by `make bench`. Two cores, which also run the broker. Ratios compare runs of one invocation;"
    yield "absolute figures are footnotes. [docs/performance.md](../docs/performance.md) describes what is measured and"
    yield "how."
    for title, work in (("3.3 % of the declarations rated", "contenders"), ("All declarations rated", "all_rated")):
        yield from _contenders(title, report[work])
    yield from _floors(report["floors"])
    yield from _scaling(report["scaling"])
    yield from _histories(report["histories"])
    yield from _latency(report["latency"])
    yield from _sink(report["sink"])
    yield from _queries(report["queries"])
    yield from _recipes(report["recipes"])
    yield from _recovery(report["recovery"])
    yield from _timers(report["timers"])
    yield from _transport(report["transport"])


def _contenders(title: str, contenders: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", f"## Contenders: {title}", "")
    if not contenders:
        yield "Not measured."
        return
    yield (
        "| contender | processor time, hailong = 1 | lowest and highest run | speed of hailong relative to it "
        "| peak MiB | recovery, s | facts | work |"
    )
    yield "|---|---:|---:|---:|---:|---:|---|---|"
    failed = {name: one for name, one in contenders.items() if "cpu_s_per_million" not in one}
    ranked = sorted(
        (entry for entry in contenders.items() if entry[0] not in failed), key=lambda entry: _ratio(entry[1])
    )
    for name, one in ranked:
        correct = "equal to the oracle" if one["correct"] else "WRONG"
        yield (
            f"| {name} | {_ratio(one):.3g} | {_spread(one)} "
            f"| {one.get('hailong_events_against_its', '')} | {one['peak_rss_mib']} "
            f"| {one['recovery_s']} | {correct} | {one['declarations']:,} declarations, {one['runs']} runs |"
        )
    for name, one in failed.items():
        yield f"| {name} | | | | | | {one['note']} | |"
    yield ""
    absolute = (f"{name} {one['events_per_s']:,}/s, {one['cpu_s_per_million']} s" for name, one in ranked)
    yield "Footnote, status events per second and processor seconds per million: " + "; ".join(absolute) + "."


def _spread(one: Mapping[str, Any]) -> str:
    """The cheapest and the most expensive run, relative to the median of hailong in the same invocation."""
    own = one["cpu_s_per_million"] / _ratio(one)
    low, high = one["cpu_s_per_million_spread"]
    return f"{low / own:.3g} to {high / own:.3g}"


def _ratio(one: Mapping[str, Any]) -> float:
    ratio: float = one.get("cpu_against_hailong", float("nan"))
    return ratio


def _floors(floors: Mapping[str, Any] | None) -> Iterator[str]:
    yield from ("", "## Where the time goes", "")
    if floors is None:
        yield "Not measured."
        return
    costs = floors["cpu_s_per_million"]
    yield "| up to this step | of the worker's processor time | s per million |"
    yield "|---|---:|---:|"
    for name, cost in costs.items():
        yield f"| {name} | {cost / costs['worker']:.0%} | {cost:.2f} |"
    yield from (
        "",
        f"The worker costs {floors['worker_to_fetch_and_decode']} times fetch + decode (target: at most 2.5).",
    )


def _scaling(scaling: Mapping[str, Any] | None) -> Iterator[str]:
    yield from ("", "## Growth", "")
    if scaling is None:
        yield "Not measured."
        return
    yield "| live declarations | bytes each | CPU s per million | from the log, s | from snapshots, s | resident MiB |"
    yield "|---:|---:|---:|---:|---:|---:|"
    for one in scaling.get("sizes", ()):
        yield (
            f"| {one['declarations']:,} | {one['bytes_per_declaration']} | {one['cpu_s_per_million']} "
            f"| {one['rebuild_s']} | {one['snapshot_rebuild_s']} | {one['resident_mib']} |"
        )
    yield ""
    workers = (f"{one['workers']}: {one['events_per_s']:,}/s" for one in scaling.get("workers", ()))
    yield "Workers on the same two cores: " + "; ".join(workers) + "."
    if (years := scaling.get("years")) is not None:
        yield from _years(years)


def _years(years: Mapping[str, Any]) -> Iterator[str]:
    yield ""
    yield (
        f"{years['months']} months: {years['declarations']:,} declarations, {years['status_events']:,} statuses, "
        f"{years['sheets']:,} sheets; {years['events_per_s']:,} events/s, {years['wrong']} facts wrong, "
        f"{years['disk_mib']:,} MiB on disk."
    )
    yield ""
    yield "| worker | s | peak MiB without mapped files | with them |"
    yield "|---|---:|---:|---:|"
    for name, title in (("first", "reads all"), ("from_snapshots", "from snapshots"), ("from_log", "from the log")):
        one = years[name]
        seconds = one.get("read_s", one.get("seconds"))
        yield f"| {title} | {seconds} | {one['peak_anonymous_mib']:,} | {one['peak_mib']:,} |"


def _histories(histories: Mapping[str, Any] | None) -> Iterator[str]:
    yield from ("", "## Histories of years", "")
    if histories is None:
        yield "Not measured."
        return
    yield "| history | facts wrong | done, s | peak MiB without mapped files | with them | on disk, MiB |"
    yield "|---|---:|---:|---:|---:|---:|"
    for case, one in sorted(histories.items()):
        figures = (one["done_s"], one["peak_anonymous_mib"], one["peak_mib"], one["disk_mib"])
        yield f"| {case} | {one['wrong']:,} | " + " | ".join(f"{figure:,}" for figure in figures) + " |"


def _latency(latency: Mapping[str, Any] | None) -> Iterator[str]:
    yield from ("", "## Latency", "")
    if latency is None:
        yield "Not measured."
        return
    yield "| events/s | from the SDK to | n | p50 ms | p95 ms | p99 ms | max ms |"
    yield "|---:|---|---:|---:|---:|---:|---:|"
    for rate, paths in latency["rates"].items():
        for name, one in paths.items():
            if isinstance(one, dict) and "p99_ms" in one:
                cells = (one[key] for key in ("n", "p50_ms", "p95_ms", "p99_ms", "max_ms"))
                yield f"| {rate} | {name} | " + " | ".join(f"{cell:,.0f}" for cell in cells) + " |"


def _sink(sink: Mapping[str, Any] | None) -> Iterator[str]:
    yield from ("", "## Sink", "")
    if sink is None:
        yield "Not measured."
        return
    for name in ("statuses", "facts"):
        if name in sink:
            yield f"* {name}: " + ", ".join(f"{key} {value:,}" for key, value in sink[name].items() if _plain(value))


def _plain(value: object) -> bool:
    return isinstance(value, int | float)


def _queries(queries: Mapping[str, Any] | None) -> Iterator[str]:
    yield from ("", "## Analysts' questions", "")
    if queries is None:
        yield "Not measured."
        return
    yield "| question | median ms | max ms |"
    yield "|---|---:|---:|"
    for one in queries["queries"]:
        yield f"| {one['name']} | {one['median_ms']:.0f} | {one['max_ms']:.0f} |"


def _recipes(recipes: Mapping[str, Any] | None) -> Iterator[str]:
    yield from ("", "## Recipes of docs/recipes.md, at the size of the demo", "")
    if recipes is None:
        yield "Not measured."
        return
    yield "| recipe | median ms | max ms |"
    yield "|---|---:|---:|"
    for number, one in recipes.items():
        yield f"| {number} | {one['median_ms']:.0f} | {one['max_ms']:.0f} |"


def _recovery(recovery: Mapping[str, Any] | None) -> Iterator[str]:
    yield from ("", "## Starting and taking over", "")
    if recovery is None:
        yield "Not measured."
        return
    views = recovery["rebuild"]
    yield f"* {views['records']:,} records into views, one partition after the other: from the log"
    yield f"  {views['from_log_seconds']} s ({views['from_log_records_per_second']:,} a second), from snapshots"
    yield f"  {views['from_snapshot_seconds']} s"
    for name, what in (("takeover_with_snapshots", "with"), ("takeover_from_log", "without")):
        seconds = recovery[name]["killed_to_served_seconds"]
        yield f"* from the kill of a worker until all partitions are served again, {what} snapshots: {seconds} s"


def _timers(timers: Mapping[str, Any] | None) -> Iterator[str]:
    yield from ("", "## Timers of complaints", "")
    if timers is None:
        yield "Not measured."
        return
    counts = ", ".join(f"{timers[name]:,} {name}" for name in ("missed", "doubled", "invented"))
    yield f"* {timers['cases']:,} open cases, {timers['timers']:,} timers, {timers['kills']} kills: {counts}"
    median, p99, most = (timers["tick"][f"firing_{name}_ms"] for name in ("median", "p99", "max"))
    yield f"* a step of firings: median {median} ms, 99th percentile {p99} ms, maximum {most} ms"


def _transport(transport: Mapping[str, Any] | None) -> Iterator[str]:
    yield from ("", "## Faust's transport and ours", "")
    if transport is None:
        yield "Not measured."
        return
    ratio = transport["cpu_ratio"]
    yield f"One Faust event per record costs {ratio} times the processor time of batches with the whole join."


def draw(contenders: Mapping[str, Any]) -> None:
    """Draw the figure in a separate interpreter, because we do not depend on matplotlib."""
    ratios = {name: _ratio(one) for name, one in contenders.items() if "cpu_against_hailong" in one}
    if not ratios:
        return
    FIGURE.parent.mkdir(parents=True, exist_ok=True)
    python = python_of(ROOT / "benchmarks" / "requirements-figure.txt")
    script = ROOT / "benchmarks" / "figure.py"
    subprocess.run([python, str(script), json.dumps(ratios), str(FIGURE)], check=True)


def main() -> None:
    """Collect all results and write the report."""
    report = collected()
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    (ROOT / "benchmarks" / "report.md").write_text("\n".join(written(report)) + "\n")
    draw(report["contenders"])


if __name__ == "__main__":
    main()
