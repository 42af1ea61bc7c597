"""How long it takes from nothing: imports, a command to its printed label, the demo to its first answer."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parent.parent
PHOTO = ROOT / "space" / "examples" / "cat.jpg"
ROUNDS = 7
GRADIO = "import os; os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'; import gradio"


def figures() -> dict[str, dict[str, list[float]]]:
    """Milliseconds, with a warm disk; each round runs everything once."""
    commands = {
        "nothing": [sys.executable, "-c", ""],
        "import cnnhub": [sys.executable, "-c", "import cnnhub"],
        "import timm": [sys.executable, "-c", "import timm"],
        "cnnhub predict, to the label": [sys.executable, "-m", "cnnhub.cli", "predict", str(PHOTO)],
        "the same in Python": [sys.executable, "-c", _PREDICT, str(PHOTO)],
        "import gradio": [sys.executable, "-c", GRADIO],
    }
    times: dict[str, list[float]] = {name: [] for name in [*commands, "the demo, to its first answer"]}
    for number in range(ROUNDS + 1):  # the first warms the disk
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
            times[name] += [(time.perf_counter() - started) * 1e3] if number else []
        served = _demo()
        times["the demo, to its first answer"] += [served] if number else []
    empty = min(times.pop("nothing"))
    imports = {name: [value - empty for value in times.pop(name)] for name in ("import cnnhub", "import timm")}
    less = [whole - gradio for whole, gradio in zip(times["the demo, to its first answer"], times["import gradio"], strict=True)]
    return {"start, milliseconds": {**imports, **times, "the demo, less gradio's import": less}}


_PREDICT = "import sys, cnnhub; print(cnnhub.load('cats-vs-dogs').predict(sys.argv[1]).label)"


def _demo() -> float:
    """Milliseconds from the process's start to the first HTML, which holds an answer."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.perf_counter()
    server = subprocess.Popen(
        [sys.executable, "space/app.py"], cwd=ROOT, stdout=subprocess.DEVNULL, env={**os.environ, "GRADIO_SERVER_PORT": str(port)}
    )
    try:
        while server.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10):
                    return (time.perf_counter() - started) * 1e3
            except OSError:
                time.sleep(0.01)
        raise RuntimeError(f"the demo ended with status {server.returncode}")
    finally:
        server.terminate()
        server.wait()
