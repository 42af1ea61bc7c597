"""Teach a model to notice unfamiliar pictures: some training pictures' embeddings, and the threshold that validation gives.

Nothing here opens a test split, and no unfamiliar picture decides anything: they are only counted afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import cnnhub
from cnnhub import familiarity
from cnnhub.errors import CnnHubError
from cnnhub.hub.config import Neighbours
from cnnhub.hub.folder import read_config, read_familiar, write_config, write_familiar
from training.data.layout import DataError
from training.data.sources import Source
from training.data.splits import Pictures, load_split
from training.measure import unfamiliar
from training.measure.answers import Answers, answers
from training.measure.calibration import energy_threshold, share_above
from training.measure.evaluate import home
from training.release import card
from training.release.record import record_of

PICTURES = 256  # 0.3 MB for embeddings of 1,280 numbers; 512 of them noticed no more, to a hundredth
K = 8


def learn(
    source: str, data: Source | Path, others: Iterable[Path] = (), command: str = "", pictures: int = PICTURES, seed: int = 0
) -> dict[str, Any]:
    """Fit `cnnhub.familiarity` and write it into the model's folder: familiar.safetensors, config.json, and the card
    of a model that `finetune` made.

    Args:
        data: its train split gives the embeddings, its validation split means, deviations and the threshold.
        others: sets of pictures that show none of the labels, as `unfamiliar.read` takes them.
        pictures: how many training pictures are kept, as many of each label as there are.

    Returns:
        What is written into config.json under "neighbours": what `cnnhub.familiarity` reads there, how many training pictures
        are kept, and of each set of unfamiliar pictures how many were noticed.

    Raises:
        DataError: a split or a set does not exist, or none of its pictures can be read.
        CnnHubError: the model has no folder that can be written to.
    """
    folder = home(source)
    if folder is None:
        raise CnnHubError(f"{source} is no folder that can be written to. Copy the model into one first.")
    classifier = cnnhub.load(source)
    sets = unfamiliar.read_all(others, classifier.labels)
    train, validation = (load_split(data, split, check=False) for split in ("train", "validation"))
    taught = _answers(classifier, train, _of_each_label(train.targets, pictures, seed), "train")
    write_familiar(folder, taught.embeddings)

    kept = familiarity.unit_length(read_familiar(folder, K))
    stored = _fitted(kept, _answers(classifier, validation, range(len(validation)), "validation"))
    fitted = familiarity.Familiarity(kept, stored)
    detection = {}
    for each in sets:
        theirs = answers(classifier, each.sources, len(each.sources), each.name, embed=True)
        if len(theirs.readable) < len(each.sources):
            raise DataError(f"Some pictures of {each.name} cannot be read. Give --ood a set of whole pictures.")
        strangeness = torch.from_numpy(fitted.strangeness(theirs.logits, theirs.embeddings))
        detection[each.name] = unfamiliar.detection(strangeness, each.groups, stored.threshold).as_json()

    learned = {**stored.model_dump(), "pictures": len(taught.readable), "detection": detection, "command": command}
    config = read_config(folder).with_metadata(neighbours=learned)
    write_config(folder, config)
    if record_of(config).recipe:  # made by `finetune`, whose card it is
        card.write_again(folder, config)
    return learned


def _fitted(kept: NDArray[np.float32], answered: Answers) -> Neighbours:
    """Means, deviations and threshold of validation's own pictures."""
    energies = familiarity.energy(answered.logits).astype(np.float64)
    apart = familiarity.neighbour_distance(answered.embeddings, kept, K).astype(np.float64)
    scales = {
        "energy_mean": float(energies.mean()),
        "energy_sd": float(energies.std(ddof=1)),
        "distance_mean": float(apart.mean()),
        "distance_sd": float(apart.std(ddof=1)),
    }
    unset = Neighbours(k=K, threshold=0, false_alarm=0, **scales)
    own = torch.from_numpy(familiarity.Familiarity(kept, unset).strangeness(answered.logits, answered.embeddings))
    threshold = energy_threshold(own)
    return Neighbours(k=K, threshold=threshold, false_alarm=share_above(own, threshold), **scales)


def _of_each_label(targets: Sequence[int], count: int, seed: int) -> list[int]:
    """Numbers of at most `count` pictures, drawn with `seed`, as many of each label as there are."""
    labels = np.asarray(targets)
    random = np.random.default_rng(seed)
    each = max(1, count // len(np.unique(labels)))
    drawn = [random.permutation(np.flatnonzero(labels == label))[:each] for label in np.unique(labels)]
    return sorted(int(number) for numbers in drawn for number in numbers)


def _answers(classifier: cnnhub.Classifier, pictures: Pictures, numbers: Sequence[int], split: str) -> Answers:
    """Of those of the numbered pictures that can be read, one at once."""
    answered = answers(classifier, (pictures.source(number) for number in numbers), len(numbers), split, embed=True)
    if not answered.readable:
        raise DataError(f"None of the {len(numbers)} pictures of {split} can be read.")
    return answered
