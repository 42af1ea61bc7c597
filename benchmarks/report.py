"""What was measured, as tables, JSON, pictures, and the table in README.md."""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.answers import Timed

ROOT = Path(__file__).parent.parent
OURS = "cnnhub"
_PLACE = re.compile(r"(<!-- measured: answers -->\n).*?(<!-- end -->)", re.DOTALL)


def machine() -> str:
    """What the figures were measured on."""
    return f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def show(figures: dict[str, dict[str, list[float]]]) -> None:
    """A table for each title: medians, best and worst."""
    for title, rows in figures.items():
        table = Table("what", "median", "best", "worst", "runs", title=f"{title} ({machine()})")
        for name, values in rows.items():
            best, worst = (max, min) if "pictures/s" in title else (min, max)
            cells = (f"{value:.1f}" for value in (statistics.median(values), best(values), worst(values)))
            table.add_row(name, *cells, str(len(values)))
        Console().print(table)


def show_answers(answers: dict[str, dict[str, Timed]]) -> None:
    """One table: a row a candidate, a column a kind of picture; medians, and how many times cnnhub's time that is."""
    table = Table("", *answers, title=f"milliseconds a picture, times cnnhub's ({machine()})")
    for row in rows_of(answers):
        table.add_row(*row)
    Console().print(table)


def rows_of(answers: dict[str, dict[str, Timed]]) -> list[list[str]]:
    """Candidate, and for each kind of picture its median and its ratio to cnnhub's; no ratio where first answers differ."""
    names = list(dict.fromkeys(name for timed in answers.values() for name in timed))
    return [[name, *(_cell(name, timed) for timed in answers.values())] for name in names]


def _cell(name: str, timed: dict[str, Timed]) -> str:
    if name not in timed:
        return ""
    theirs, ours = timed[name], timed[OURS]
    different = sum(a != b for a, b in zip(theirs.labels, ours.labels, strict=True))
    if different:
        return f"{theirs.median:.1f} ms (answers {different} of {len(ours.labels)} otherwise)"
    return f"{theirs.median:.1f} ms" if name == OURS else f"{theirs.median:.1f} ms ({theirs.median / ours.median:.2f}x)"


def write_json(path: Path, figures: dict[str, dict[str, list[float]]], answers: dict[str, dict[str, Timed]]) -> None:
    """Everything, medians and single values."""
    timed = {kind: {name: vars(each) | {"median": each.median} for name, each in rows.items()} for kind, rows in answers.items()}
    medians = {title: {name: statistics.median(values) for name, values in rows.items()} for title, rows in figures.items()}
    held = {"machine": machine(), "median": medians, "all": figures, "answers, milliseconds": timed}
    path.write_text(json.dumps(held, indent=2) + "\n")


def write_readme(answers: dict[str, dict[str, Timed]], path: Path = ROOT / "README.md") -> None:
    """Put the table of answers where README.md keeps it."""
    head = ["milliseconds a picture", *answers]
    lines = [head, ["---"] * len(head), *rows_of(answers)]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    text, count = _PLACE.subn(lambda found: f"{found[1]}{table}\n\n({machine()})\n{found[2]}", path.read_text(encoding="utf-8"))
    if count != 1:
        raise ValueError(
            f"{path} has {count} places for the table; expected one, between <!-- measured: answers --> and <!-- end -->"
        )
    path.write_text(text, encoding="utf-8")


def draw_answers(answers: dict[str, dict[str, Timed]], path: Path) -> None:
    """A bar for each candidate, a panel for each kind of picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * len(answers), 4.2), layout="constrained")
    for place, (kind, timed) in enumerate(answers.items(), 1):
        axes: Any = figure.add_subplot(1, len(answers), place)
        names = sorted(timed, key=lambda name: -timed[name].median)
        bars = axes.barh(
            names, [timed[name].median for name in names], color=["#c2571a" if OURS in n else "#9aa3a8" for n in names]
        )
        axes.bar_label(bars, fmt="%.1f", padding=3, fontsize=8)
        axes.set_title(kind, fontsize=10)
        axes.set_xlabel("milliseconds a picture, median", fontsize=8)
        axes.tick_params(labelsize=8)
        axes.margins(x=0.15)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def _processor() -> str:
    """The processor's own name, where the system tells it."""
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1].strip() if found else platform.machine()
