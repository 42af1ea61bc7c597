"""The demo while many ask at once: how long they wait, what is turned away, what stays in memory."""

from __future__ import annotations

import csv
import importlib.util
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.serving import ROOT, served

VISITORS = Path(__file__).with_name("visitors.py")
PERCENTILES = (("p50", "50%"), ("p95", "95%"))
# all visitors come from here, where each would have an address, and its limits, of its own
ONE_ADDRESS = {"CNNHUB_UPLOADS_A_MINUTE": "100000", "CNNHUB_UPLOAD_MEGABYTES_A_MINUTE": "100000"}
ANSWER = "answer"  # as visitors.py calls a call, from the question to its answer


def is_possible() -> bool:
    """Whether locust, which plays the visitors, is installed."""
    return importlib.util.find_spec("locust") is not None


def figures(users: int, seconds: int) -> dict[str, dict[str, list[float]]]:
    """Milliseconds to each endpoint's answer with so many visitors, p50 and p95; how many were answered, turned away and failed.

    Resident megabytes (10^6 bytes) of the server and its children are those of the second half of the time.
    """
    with tempfile.TemporaryDirectory() as folder, served(ROOT, GRADIO_TEMP_DIR=folder, **ONE_ADDRESS) as (process, url):
        table = Path(folder) / "load"
        command = [sys.executable, "-m", "locust", "-f", str(VISITORS), "--headless", "--only-summary", "--host", url]
        command += ["--users", str(users), "--spawn-rate", str(users / 5), "--run-time", f"{seconds}s", "--csv", str(table)]
        with subprocess.Popen([*command, "--exit-code-on-error", "0"], stdin=subprocess.DEVNULL) as visitors:
            resident = list(_watched(process, visitors))
        rows = _rows(f"{table}_stats.csv")
        away = sum(int(row["Occurrences"]) for row in _rows(f"{table}_failures.csv") if "the line is full" in row["Error"])
    answers = {row["Name"]: row for row in rows if row["Type"] == ANSWER}
    half = resident[len(resident) // 2 :]
    failed = sum(int(row["Failure Count"]) for row in rows) - away
    counts = {
        "answered": sum(int(row["Request Count"]) - int(row["Failure Count"]) for row in answers.values()),
        "turned away": away,
        "failed": failed,
        "MB, least of the second half": min(half) / 1e6,
        "MB, most of the second half": max(half) / 1e6,
    }
    times = {f"{name}, {kind}": [float(row[column])] for name, row in answers.items() for kind, column in PERCENTILES}
    return {f"{users} visitors, milliseconds": times, f"{users} visitors": {name: [count] for name, count in counts.items()}}


def _watched(process: psutil.Process, visitors: subprocess.Popen[bytes]) -> Iterator[int]:
    while visitors.poll() is None:
        yield sum(_resident(each) for each in [process, *process.children(recursive=True)])
        time.sleep(1)


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:  # a worker that has just ended
        return 0


def _rows(path: str) -> list[dict[str, str]]:
    with Path(path).open() as file:
        return list(csv.DictReader(file))
