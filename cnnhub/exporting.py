"""Exporting a model: its graph made anew and compared with torch; int8 let pass, or refused, by what it answers on pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cnnhub import ahead, hub, pictures
from cnnhub.classifier import Classifier
from cnnhub.engines import graphs
from cnnhub.errors import ArgumentError, CnnHubError
from cnnhub.loading import load

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cnnhub.engines import Engine
    from cnnhub.engines.quantize import Way
    from cnnhub.hub import ModelFiles

MOST_DIFFERENT = 0.003  # share of pictures whose first answer int8 may change
MOST_WORSE = 0.005  # share by which it may raise more false alarms, and notice fewer unfamiliar pictures
LEAST_PICTURES = 20
_BATCH = 32


@dataclass
class Trial:
    """What one way of int8 answered, beside float32: counts of pictures.

    Attributes:
        different: whose first answer is another.
        alarms: (float32, int8) that were called unfamiliar and are of the model's kinds.
        noticed: (float32, int8) that were called so and are of other kinds.
    """

    way: Way
    engine: Engine
    model: bytes
    pictures: int = 0
    different: int = 0
    alarms: list[int] = field(default_factory=lambda: [0, 0])
    others: int = 0
    noticed: list[int] = field(default_factory=lambda: [0, 0])

    @property
    def passes(self) -> bool:
        """Whether int8 may be used."""
        more_alarms = (self.alarms[1] - self.alarms[0]) / self.pictures
        fewer_noticed = (self.noticed[0] - self.noticed[1]) / max(1, self.others)
        return self.different <= MOST_DIFFERENT * self.pictures and max(more_alarms, fewer_noticed) <= MOST_WORSE

    @property
    def rank(self) -> tuple[bool, int, int]:
        """The lower, the better."""
        return not self.passes, self.different, self.alarms[1] - self.alarms[0] + self.noticed[0] - self.noticed[1]

    def __str__(self) -> str:
        share = f"{self.different:,} of {self.pictures:,} pictures ({self.different / self.pictures:.2%})"
        told = f"{self.way}: another first answer on {share}, false alarms {self.alarms[0]:,} -> {self.alarms[1]:,}"
        return f"{told}, noticed {self.noticed[0]:,} -> {self.noticed[1]:,} of {self.others:,} others" if self.others else told


def export(source: str, progress: Callable[[str], None] = lambda told: None) -> tuple[ModelFiles, graphs.Graph]:
    """Export a model for onnxruntime, anew, and keep the graph, or why there is none, where `load` finds it.

    Args:
        progress: called with a phrase whenever something was done.

    Raises:
        ModelNotFoundError, ModelConfigError, ModelWeightsError: as `load` does.
    """
    from cnnhub.engines.export import graph_of

    files = hub.resolve(source)
    network = load(source, engine="torch").network
    progress("the network is built")
    return files, graph_of(network, files.config, files.weights, graphs.place_of(files.config, files.weights))


def export_int8(
    source: str,
    data: Path,
    unlike: Iterable[Path] = (),
    progress: Callable[[str], None] = lambda told: None,
    ways: Sequence[Way] | None = None,
) -> tuple[ModelFiles, graphs.Graph, list[Trial]]:
    """Quantize a model in several ways, compare each with float32 on pictures, and keep the best, or the refusal.

    Args:
        data: a folder of pictures such as the model was taught with; what lies in folders called test is not looked at.
            Up to 200 of those in a folder called train, where there is one, calibrate.
        unlike: folders of pictures of other kinds.

    Raises:
        ArgumentError: too few pictures. EngineError: the model cannot be exported at all.
    """
    from cnnhub.engines import quantize
    from cnnhub.engines.export import with_weights
    from cnnhub.engines.onnx import OnnxEngine

    classifier, ours = load(source, engine="onnx"), _pictures(data)
    others = [path for folder in unlike for path in _pictures(folder)]
    files = hub.resolve(source)
    exact = graphs.find(files.config, files.weights, "float32", files.builtin)
    assert exact is not None, "load has just made it"
    model, trials = with_weights(exact, files.weights), []
    calibrating = [pixels for path in _spread(ours) if (pixels := _try_to_pixels(classifier, path)) is not None]
    for way in ways or quantize.WAYS:
        progress(f"quantizing: {way}")
        made = quantize.quantize(model, calibrating, way)
        trials.append(Trial(way, OnnxEngine(made, (), b"", str(way)), made))
    compare(classifier, ours, others, trials, progress)
    best = min(trials, key=lambda trial: trial.rank)
    place = graphs.place_of(files.config, files.weights, "int8")
    graph = _judged(best, source, exact.record, place.key)
    place.write(graph)
    return files, graph, trials


def compare(
    classifier: Classifier,
    ours: Sequence[Path],
    others: Sequence[Path],
    trials: Sequence[Trial],
    progress: Callable[[str], None] = lambda told: None,
) -> None:
    """Count in each trial what its engine answers otherwise than the classifier's own. Each picture is decoded once."""
    for is_ours, paths in ((True, ours), (False, others)):
        done = 0
        for batch in ahead.batches(partial(_try_to_pixels, classifier), iter(paths), _BATCH):
            done += len(batch)
            readable = [each for each in batch if each is not None]
            if not readable:
                continue
            pixels = np.stack(readable)
            exact = classifier.predictions(pixels)
            for trial in trials:
                found = classifier.predictions(pixels, trial.engine)
                called = [sum(bool(each.is_unfamiliar) for each in answers) for answers in (exact, found)]
                counts = trial.alarms if is_ours else trial.noticed
                counts[:] = [count + more for count, more in zip(counts, called, strict=True)]
                if is_ours:
                    trial.pictures += len(found)
                    trial.different += sum(a.label != b.label for a, b in zip(exact, found, strict=True))
                else:
                    trial.others += len(found)
            progress(f"compared on {done:,} of {len(paths):,} pictures")


def _judged(trial: Trial, source: str, exact: graphs.Record, key: str) -> graphs.Graph:
    """The graph of the best way and its record, or the refusal."""
    if not trial.passes:
        most = f"at most {MOST_DIFFERENT:.1%} may change, and the notice of unfamiliar pictures must stay as good"
        why = f"int8 of {source} is refused; the best way, {trial} ({most})."
        return graphs.Graph(graphs.Record(key=key, why=why, made_with=graphs.made_with()))
    told = exact.model_copy(
        update={
            "key": key,
            "why": f"int8 was asked for. {trial}.",
            "sha256": hashlib.sha256(trial.model).hexdigest(),
            "external": (),
        }
    )
    return graphs.Graph(told, trial.model)


def _pictures(folder: Path) -> list[Path]:
    """The pictures below a folder, but for those in folders called test."""
    found = [folder / path for path in pictures.find(folder).pictures if "test" not in Path(path).parts[:-1]]
    if len(found) < LEAST_PICTURES:
        raise ArgumentError(
            f"{len(found)} pictures lie in {folder} outside of test; expected at least {LEAST_PICTURES}, and some hundreds "
            "to find a difference of a third of a percent."
        )
    return found


def _spread(found: Sequence[Path]) -> list[Path]:
    """Up to 200 pictures, evenly spread; of train where there is one."""
    from cnnhub.engines.quantize import MOST_PICTURES

    train = [path for path in found if "train" in path.parts[:-1]]
    chosen = train if len(train) >= LEAST_PICTURES else found
    numbers = np.unique(np.linspace(0, len(chosen) - 1, min(MOST_PICTURES, len(chosen))).astype(int))
    return [chosen[number] for number in numbers]


def _try_to_pixels(classifier: Classifier, path: Path) -> NDArray[np.uint8] | None:
    """Pixels of a picture; None where it cannot be read."""
    try:
        return classifier.to_pixels(path)
    except CnnHubError:
        return None
