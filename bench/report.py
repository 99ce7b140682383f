"""Medians, ratios and targets, as JSON and as Markdown tables."""

import os
import platform
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

from bench.case import Case, Outcome
from bench.contenders import Peer
from bench.measure import MEGABYTE, usable_cores

PACKAGES = ("polars", "duckdb", "pandas", "pydantic", "pyarrow", "orjson")
HEAD = (
    "contender",
    "s",
    "rows/s",
    "CPU s",
    "peak MB",
    "our time / its",
    "our memory / its",
    "wanted",
    "output",
)


def table(case: Case, peers: Sequence[Peer], outcome: Outcome) -> dict[str, Any]:
    """The results of one case, ours first."""
    ours = medians(outcome, "ours")
    rows = [ours | {"limits": own_limits(case)}]
    for peer in peers:
        row = medians(outcome, peer.name)
        for name, measured, target in (
            ("ratio", "wall", peer.target),
            ("memory_ratio", "peak_mb", peer.memory_target),
        ):
            row[name] = ours[measured] / row[measured] if ours[measured] and row[measured] else None
            row[f"{name}_target"] = target
        rows.append(row)
    for row in rows:
        row["rows_per_second"] = round(case.made.rows / row["wall"]) if row["wall"] else None
    return {
        "part": case.part.name,
        "beside": case.part.beside or case.part.name,
        "number": case.number,
        "file": case.source.name,
        "scale": case.scale,
        "invalid_share": case.invalid,
        "cores": case.cores,
        "rows": case.made.rows,
        "records": case.made.records,
        "invalid": case.made.invalid,
        "bytes": case.made.bytes,
        "results": rows,
    }


def medians(outcome: Outcome, name: str) -> dict[str, Any]:
    """The median run of one contender, and what became of its output."""
    runs = [] if name in outcome.failures else outcome.runs[name]
    found = outcome.outputs.get(name)
    return {
        "name": name,
        "rounds": len(runs),
        **{
            measured: median(getattr(run, measured) for run in runs) if runs else None
            for measured in ("wall", "cpu", "peak_mb", "own_mb")
        },
        "failed": outcome.failures.get(name, ""),
        "equal": None if found is None else not found.difference,
        "output": "" if found is None else found.difference or f"equal ({found.records} records)",
    }


def own_limits(case: Case) -> dict[str, float]:
    """What is asked of us in this case, not beside anyone."""
    part = case.part
    limits = {"wall": part.seconds, "peak_mb": part.megabytes}
    asked = {name: limit for name, limit in limits.items() if limit is not None}
    beside = part.times and (case.number or part.beside)
    return asked | ({"times_first": part.times[case.number]} if beside else {})


def whole(tables: Sequence[dict[str, Any]], date: datetime, rounds: int) -> dict[str, Any]:
    """All results with the machine and the date; `sound` unless someone failed or an output differs."""
    firsts = {one["part"]: one["results"][0] for one in tables if one["number"] == 0}
    for one in tables:
        ours, first = one["results"][0], firsts.get(one["beside"], {"wall": None})
        ours["times_first"] = ours["wall"] / first["wall"] if ours["wall"] and first["wall"] else None
    rows = [row for one in tables for row in one["results"]]
    return {
        "date": date.date().isoformat(),
        "machine": machine(),
        "rounds": rounds,
        "memory": "RSS summed over the process tree, sampled every 20 ms; own_mb without file pages",
        "sound": not any(row["failed"] or row["equal"] is False for row in rows),
        "cases": list(tables),
    }


def machine() -> dict[str, Any]:
    """What the ratios were measured on."""
    processors = Path("/proc/cpuinfo")
    lines = processors.read_text().splitlines() if processors.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.processor(),
        "cores": len(usable_cores()) or os.cpu_count(),
        "memory_mb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / MEGABYTE),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := installed_version(name))},
    }


def installed_version(name: str) -> str:
    """The version of a package, empty where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def text(whole: dict[str, Any]) -> str:
    """The Markdown that docs/speed.md shows."""
    about = whole["machine"]
    packages = ", ".join(f"{name} {number}" for name, number in about["packages"].items())
    place = f"{about['cores']} cores ({about['processor']}), {about['memory_mb']} MB, {about['system']}"
    method = f"Medians of {whole['rounds']} rounds, (1) where once; memory is RSS of the whole process tree."
    lines = [f"{whole['date']}, {place}, Python {about['python']}, {packages}. {method}"]
    for case in whole["cases"]:
        size = f"{case['rows']:,} rows, {case['bytes'] / MEGABYTE:,.1f} MB"
        pinned = f", on {case['cores']} core{'s' * (case['cores'] > 1)}" if case["cores"] else ""
        title = f"### {case['part']}: {case['file']}, {size}, {case['invalid_share']:.0%} invalid{pinned}"
        head = [f"| {' | '.join(HEAD)} |", "|---|" + "---:|" * 6 + "---|---|"]
        lines += ["", title, "", *head, *(line(row) for row in case["results"])]
    return "\n".join(lines)


def line(row: dict[str, Any]) -> str:
    """One row of a table."""
    if row["failed"]:
        return f"| {row['name']} | failed: {row['failed'].replace('|', '/')} |" + " |" * (len(HEAD) - 2)
    cells = [
        row["name"] + (" (1)" if row["rounds"] == 1 else ""),
        f"{row['wall']:.2f}",
        f"{row['rows_per_second']:,}",
        f"{row['cpu']:.2f}",
        f"{row['peak_mb']:,.0f}",
        *(f"{row[name]:.2f}" if row.get(name) else "" for name in ("ratio", "memory_ratio")),
        "; ".join(goals(row)),
        row["output"],
    ]
    return f"| {' | '.join(cells)} |"


def goals(row: dict[str, Any]) -> list[str]:
    """Each target of a row, and whether it is met."""
    limits = {name: row.get(f"{name}_target") for name in ("ratio", "memory_ratio")} | row.get("limits", {})
    return [
        f"{name} {row[name]:.2f} <= {limit:g}: {'yes' if row[name] <= limit else 'NO'}"
        for name, limit in limits.items()
        if limit is not None and row.get(name) is not None
    ]
