"""The articles' chart, drawn by us: what a frozen backbone's features are worth, against what they cost.

Validation accuracy of a linear head (logistic regression on the embeddings of the training pictures), milliseconds a picture of
the network on onnxruntime, and its multiply-adds. Never the test split.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    import cnnhub

MOST_TRAIN, ROUNDS = 800, 40


@dataclass(frozen=True)
class Point:
    """A backbone: accuracy 0 to 1, milliseconds a picture, multiply-adds in millions."""

    name: str
    accuracy: float
    milliseconds: float
    million_macs: float


def points(data: Path, weights: Path, say: Callable[[str], None]) -> list[Point]:
    """The built-in models, and the timm backbones whose model folders lie in `weights`.

    Args:
        data: DIR/{train,validation}/LABEL/*.jpg.
    """
    import cnnhub

    found = []
    for source in [*cnnhub.builtin_models(), *sorted(path for path in weights.iterdir() if path.is_dir())]:
        try:
            classifier = cnnhub.load(source)
        except cnnhub.CnnHubError as error:
            say(f"{Path(source).name} is left out: {error}")
            continue
        found.append(Point(Path(source).name, _accuracy(classifier, data), *_cost(classifier)))
        say(f"{found[-1]}")
    return found


def draw(found: list[Point], title: str, path: Path) -> None:
    """Two panels: accuracy against milliseconds, and against multiply-adds."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.4), layout="constrained")
    figure.suptitle(title, fontsize=11)
    for place, (axis, label) in enumerate(
        (("milliseconds", "milliseconds a picture on onnxruntime"), ("million_macs", "million multiply-adds")), 1
    ):
        axes: Any = figure.add_subplot(1, 2, place)
        for point in found:
            across = getattr(point, axis)
            axes.scatter(across, 100 * point.accuracy, color="#c2571a" if "_" not in point.name else "#4a6fa5")
            axes.annotate(point.name, (across, 100 * point.accuracy), xytext=(5, 4), textcoords="offset points", fontsize=8)
        axes.set_xlabel(label, fontsize=9)
        axes.set_ylabel("validation accuracy of a linear head, %", fontsize=9)
        axes.margins(0.18)
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)


def _accuracy(classifier: cnnhub.Classifier, data: Path) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    train, validation = (
        _embedded(classifier, data / split, most) for split, most in (("train", MOST_TRAIN), ("validation", None))
    )
    head = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500))
    return float(head.fit(*train).score(*validation))


def _embedded(classifier: cnnhub.Classifier, folder: Path, most: int | None) -> tuple[NDArray[np.float32], list[str]]:
    """Embeddings (N, D) and labels of the pictures in a folder, or of `most` of them, evenly spread."""
    paths = sorted(folder.glob("*/*.jpg"))
    if most and len(paths) > most:
        paths = [paths[number] for number in np.linspace(0, len(paths) - 1, most).astype(int)]
    return np.stack([classifier.embed(path) for path in paths]), [path.parent.name for path in paths]


def _cost(classifier: cnnhub.Classifier) -> tuple[float, float]:
    """(milliseconds a picture, millions of multiply-adds)."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    size = classifier.config.pretrained_cfg.input_size
    pixels, times = np.random.default_rng(0).integers(0, 256, (1, *size), np.uint8), []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        classifier.engine.answer(pixels)
        times.append((time.perf_counter() - started) * 1e3)
    counter = FlopCounterMode(display=False)
    with counter, torch.inference_mode():
        classifier.network(torch.zeros(1, *size))
    return statistics.median(times), counter.get_total_flops() / 2e6
