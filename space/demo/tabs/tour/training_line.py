"""The small network trained on the server, for a few seconds. One run at a time; who asks meanwhile stands in gradio's line."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import gradio as gr

from cnnhub.errors import ArgumentError, CnnHubError
from cnnhub.live import Training, thinned
from demo.serving import gradio_fixes

MOST_SECONDS, MOST_RATE, MOST_SEED = 5.0, 2.0, 2**32 - 1
MOST_DIGITS = 1_000  # a step: more would take too long for a run that must end in time
MOST_VALUES = 100  # of the curve that is sent
# Its own line, so that who waits in it holds none of the page's two places, and whoever runs holds one.
IN_LINE: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "tour_train"}

_running = Lock()
_ends = 0.0  # of the present run at the latest, by time.monotonic


class LineError(CnnHubError):
    """Somebody trains already, and this request did not stand in line."""


def train(seed: object, learning_rate: object, batch_size: object, noise: object, seconds: object) -> dict[str, Any]:
    """Train for so long -> what came of it, as JSON holds it.

    Raises:
        ArgumentError: a number out of its range.
        LineError: another run is under way.
    """
    most = number("seconds", seconds, 0.1, MOST_SECONDS)
    training = Training(
        seed=whole("seed", seed, 0, MOST_SEED),
        learning_rate=number("learning_rate", learning_rate, 0, MOST_RATE),
        batch_size=whole("batch_size", batch_size, 1, MOST_DIGITS),
        noise=number("noise", noise, 0, 1),
    )
    losses = []
    with _alone(most) as end:
        began = time.monotonic()
        while time.monotonic() < end:
            losses.append(training.step())
        took = time.monotonic() - began
    wrong = len(training.wrong())
    return {
        "steps": training.steps,
        "seconds": round(took, 3),
        "loss": [_finite(value) for value in thinned(losses, MOST_VALUES)],
        "accuracy": 1 - wrong / len(training.held_out),
        "wrong": wrong,
        "held_out": len(training.held_out),
        "filters": [[[_finite(weight) for weight in row] for row in each] for each in training.network.parts.filters.tolist()],
    }


def place_of(request: gr.Request) -> dict[str, Any]:
    """Where a visitor stands in line: how many runs come before theirs, and how many seconds that takes at most."""
    line = gradio_fixes.waiting(IN_LINE["concurrency_id"])
    left = max(0.0, _ends - time.monotonic())
    if request.session_hash not in line:
        return {"isWaiting": False, "isRunning": left > 0}
    before = line.index(request.session_hash)
    return {"isWaiting": True, "before": before + (left > 0), "seconds": math.ceil(left + before * MOST_SECONDS)}


def whole(name: str, value: object, low: int, high: int) -> int:
    """A whole number in its range.

    Raises:
        ArgumentError: it is none, or out of it.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or not low <= value <= high or value % 1:
        raise ArgumentError(f"{name} is {_shown(value)}; expected a whole number from {low} to {high}.")
    return int(value)


def number(name: str, value: object, low: float, high: float) -> float:
    """A number in its range.

    Raises:
        ArgumentError: it is none, or out of it.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ArgumentError(f"{name} is {_shown(value)}; expected a number from {low:g} to {high:g}.")
    return float(value)


@contextmanager
def _alone(seconds: float) -> Iterator[float]:
    """-> when this run must end. gradio runs one of the line at a time; a raw request may come past the line."""
    global _ends
    if not _running.acquire(blocking=False):
        raise LineError("Another training runs now; expected a request through the queue, where it waits for its turn.")
    try:
        _ends = time.monotonic() + seconds
        yield _ends
    finally:
        _ends = 0.0
        _running.release()


def _finite(value: float) -> float | None:
    """JSON knows no nan, which is what too high a rate ends in."""
    return round(value, 6) if math.isfinite(value) else None


def _shown(value: object) -> str:
    return repr(value)[:40]
