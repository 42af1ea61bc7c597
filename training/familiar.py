"""Teach a model to notice strangers: some training pictures' embeddings, and the threshold that validation gives.

Nothing here opens a test split, and no picture of a stranger decides anything: strangers are only counted afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

import cnnhub
from cnnhub import familiarity
from cnnhub.errors import CnnHubError, ImageError
from cnnhub.hub.config import Neighbours
from cnnhub.hub.folder import read_config, read_familiar, write_config, write_familiar
from training import card, strangers
from training.calibration import energy_threshold, share_above
from training.data import DataError, Source, load_split
from training.evaluate import home
from training.tasks import TASKS

PICTURES = 256  # 0.3 MB for embeddings of 1,280 numbers; 512 told strangers as well, to a hundredth
K = 8


def learn(
    source: str, data: Source | Path, ood: Iterable[Path] = (), command: str = "", pictures: int = PICTURES, seed: int = 0
) -> dict[str, Any]:
    """Fit `cnnhub.familiarity` and write it into the model's folder: familiar.safetensors, config.json, and the card
    of a model that `finetune` made.

    Args:
        data: its train split gives the embeddings, its validation split means, deviations and the threshold.
        ood: sets of pictures that show none of the labels, as `strangers.read` takes them.
        pictures: how many training pictures are kept, as many of each label as there are.

    Returns:
        What stands in config.json under "neighbours": k, the means and deviations, threshold, false_alarm, pictures and
        detection (set -> {n, rate, groups?}).

    Raises:
        DataError: a split or a set does not exist, or none of its pictures can be read.
        CnnHubError: the model has no folder that can be written to.
    """
    folder = home(source)
    if folder is None:
        raise CnnHubError(f"{source} is no folder that can be written to. Copy the model into one first.")
    classifier = cnnhub.load(source)
    sets = strangers.read_all(ood, classifier.labels)
    train = load_split(data, "train", check=False)
    chosen = _of_each_label(train.targets, pictures, seed)
    _, taught = _answers(classifier, (train.source(number) for number in chosen), len(chosen), "train")
    write_familiar(folder, taught)

    validation = load_split(data, "validation", check=False)
    encoded = (validation.source(number) for number in range(len(validation)))
    own = _answers(classifier, encoded, len(validation), "validation")
    kept = familiarity.unit_length(read_familiar(folder, K))
    stored = _fitted(kept, *own)
    fitted = familiarity.Familiarity(kept, stored)
    detection = {}
    for each in sets:
        theirs = _answers(classifier, each.sources, len(each.sources), each.name)
        if len(theirs[0]) < len(each.sources):
            raise DataError(f"Some pictures of {each.name} cannot be read. Give --ood a set of whole pictures.")
        detection[each.name] = strangers.rates(torch.from_numpy(fitted.strangeness(*theirs)), each.groups, stored.threshold)

    neighbours = {**stored.model_dump(), "pictures": len(taught), "detection": detection, "command": command}
    config = read_config(folder).with_metadata(neighbours=neighbours)
    write_config(folder, config)
    ours = config.cnnhub.model_dump()
    if "recipe" in ours:  # made by `finetune`, whose card it is
        name = ours.get("name") or folder.resolve().name
        card.write(folder, name, config, TASKS.get(name))
    return neighbours


def _fitted(kept: NDArray[np.float32], logits: NDArray[np.float32], embeddings: NDArray[np.float32]) -> Neighbours:
    """What validation's own pictures say; logits (N, K), embeddings (N, D)."""
    energies = familiarity.energy(logits).astype(np.float64)
    apart = familiarity.neighbour_distance(embeddings, kept, K).astype(np.float64)
    scales = {
        "energy_mean": float(energies.mean()),
        "energy_sd": float(energies.std(ddof=1)),
        "distance_mean": float(apart.mean()),
        "distance_sd": float(apart.std(ddof=1)),
    }
    unset = Neighbours(k=K, threshold=0, false_alarm=0, **scales)
    own = torch.from_numpy(familiarity.Familiarity(kept, unset).strangeness(logits, embeddings))
    threshold = energy_threshold(own)
    return Neighbours(k=K, threshold=threshold, false_alarm=share_above(own, threshold), **scales)


def _of_each_label(targets: Sequence[int], count: int, seed: int) -> list[int]:
    """Numbers of at most `count` pictures, drawn with `seed`, as many of each label as there are."""
    labels = np.asarray(targets)
    random = np.random.default_rng(seed)
    each = max(1, count // len(np.unique(labels)))
    drawn = [random.permutation(np.flatnonzero(labels == label))[:each] for label in np.unique(labels)]
    return sorted(int(number) for numbers in drawn for number in numbers)


def _answers(
    classifier: cnnhub.Classifier, sources: Iterable[Any], total: int, title: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """-> logits (N, K) and embeddings (N, D), of length 1, of the pictures that can be read."""
    logits, embeddings = [], []
    for source in track(sources, title, total=total, console=Console(stderr=True), transient=True):
        try:
            pixels = classifier.to_pixels(source)
        except ImageError:
            continue
        ours, theirs = classifier.engine.answer(pixels[None], embed=True)
        assert theirs is not None
        logits.append(ours)
        embeddings.append(familiarity.unit_length(theirs))
    if not logits:
        raise DataError(f"None of the {total} pictures of {title} can be read.")
    return np.concatenate(logits), np.concatenate(embeddings)
