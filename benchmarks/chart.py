"""The articles' chart, drawn by us: what a network answers, against what it costs.

A model that was taught the pictures' own labels answers them itself; of any other the frozen features are measured, by a linear
head (logistic regression on the embeddings of the training pictures). Milliseconds a picture of the network on onnxruntime, its
multiply-adds, and its file. Validation's pictures, never the test split's.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    import cnnhub
    from training.data.sources import Source

MOST_TRAIN, ROUNDS = 800, 40
COLOURS = {"frozen": "#4a6fa5", "fine-tuned": "#c2571a", "distilled": "#2f7d4f"}
_AXES = {
    "milliseconds": "milliseconds a picture on onnxruntime",
    "million_macs": "million multiply-adds",
    "megabytes": "megabytes of weights",
}


@dataclass(frozen=True)
class Point:
    """A model: accuracy 0 to 1, milliseconds a picture, multiply-adds in millions, megabytes of its file of weights."""

    name: str
    kind: str  # of COLOURS
    accuracy: float
    milliseconds: float
    million_macs: float
    megabytes: float


def points(source: Source, models: Sequence[str], say: Callable[[str], None]) -> list[Point]:
    """Of each model, a built-in name or a folder, that can be loaded and answers the pictures' labels, or has features."""
    import cnnhub
    from training.data.splits import load_split

    validation = load_split(source, "validation", check=False)
    found = []
    for model in models:
        try:
            classifier = cnnhub.load(model)
        except cnnhub.CnnHubError as error:
            say(f"{model} is left out: {error}")
            continue
        if set(classifier.labels) == set(validation.labels):
            accuracy, kind = _answered(classifier, validation), _how_made(classifier)
        else:
            accuracy, kind = _with_a_head(classifier, load_split(source, "train", check=False), validation), "frozen"
        found.append(Point(Path(model).name, kind, accuracy, *_cost(classifier), _bytes_of(model) / 1e6))
        say(f"{found[-1]}")
    return found


def draw(found: Sequence[Point], title: str, path: Path) -> None:
    """A panel for each cost."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 4.6), layout="constrained")
    figure.suptitle(title, fontsize=11)
    for place, (axis, label) in enumerate(_AXES.items(), 1):
        axes: Any = figure.add_subplot(1, len(_AXES), place)
        for kind, colour in COLOURS.items():
            those = [point for point in found if point.kind == kind]
            across = [getattr(point, axis) for point in those]
            axes.scatter(across, [100 * point.accuracy for point in those], color=colour, label=kind if those else None)
        for point in found:
            at = (getattr(point, axis), 100 * point.accuracy)
            axes.annotate(point.name, at, xytext=(5, 4), textcoords="offset points", fontsize=8)
        axes.set_xlabel(label, fontsize=9)
        axes.set_ylabel("validation accuracy, %", fontsize=9)
        axes.margins(0.2)
        axes.spines[["top", "right"]].set_visible(False)
        if place == 1:
            axes.legend(fontsize=8, frameon=False, loc="lower right")
    figure.savefig(path, dpi=100)


def _how_made(classifier: cnnhub.Classifier) -> str:
    stored = classifier.config.cnnhub.model_dump()
    return "distilled" if stored.get("teachers") else "fine-tuned"


def _answered(classifier: cnnhub.Classifier, pictures: Any) -> float:
    said = [prediction.label for prediction in classifier.predict_many(_sources(pictures, range(len(pictures))))]
    return sum(label == pictures.label(number) for number, label in enumerate(said)) / len(said)


def _with_a_head(classifier: cnnhub.Classifier, train: Any, validation: Any) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    some = np.linspace(0, len(train) - 1, min(MOST_TRAIN, len(train))).astype(int).tolist()
    head = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=500))
    head.fit(_embedded(classifier, train, some), [train.label(number) for number in some])
    every = range(len(validation))
    return float(head.score(_embedded(classifier, validation, every), [validation.label(number) for number in every]))


def _embedded(classifier: cnnhub.Classifier, pictures: Any, numbers: Sequence[int]) -> NDArray[np.float32]:
    """Embeddings (N, D) of the pictures with these numbers."""
    return np.stack([classifier.embed(source) for source in _sources(pictures, numbers)])


def _sources(pictures: Any, numbers: Sequence[int]) -> list[Any]:
    found = map(pictures.source, numbers)
    return [Path(each) if isinstance(each, str) else each for each in found]


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


def _bytes_of(model: str) -> int:
    from cnnhub import hub

    folder = hub.BUILTIN_FOLDER / model if model in hub.builtin_models() else Path(model)
    return (folder / hub.WEIGHTS_NAME).stat().st_size
