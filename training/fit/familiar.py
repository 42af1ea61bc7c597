"""Teach a model to notice unfamiliar pictures: some training pictures' embeddings, a linear probe that tells training pictures
from others, and the threshold that validation gives.

Nothing here opens a test split. Other pictures only point the probe; where the threshold lies, validation's own pictures say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import cnnhub
from cnnhub import familiarity
from cnnhub.errors import CnnHubError
from cnnhub.familiarity import Familiarity
from cnnhub.hub.config import Neighbours
from cnnhub.hub.folder import read_config, read_familiar, write_config, write_familiar
from training.data import drawings
from training.data.layout import DataError
from training.data.sources import Source
from training.data.splits import Pictures, load_split
from training.measure import unfamiliar
from training.measure.answers import Answers, answers
from training.measure.calibration import energy_threshold, share_above
from training.measure.evaluate import home
from training.measure.unfamiliar import Unfamiliar
from training.release import card
from training.release.record import record_of

PICTURES = 256  # 0.3 MB for embeddings of 1,280 numbers; 512 of them noticed no more, to a hundredth
K = 8
BATCH = 32
DRAWINGS = 40 * len(drawings.KINDS)
# Logistic regression's C, where the weights of either side sum to 1. That the three scores count alike was chosen by leaving out
# one kind of other pictures at a time (22 kinds).
PROBE_C = 30.0


def learn(
    source: str,
    data: Source | Path,
    unlike: Iterable[Path] = (),
    others: Iterable[Path] = (),
    command: str = "",
    probe_alone: bool = False,
    seed: int = 0,
) -> dict[str, Any]:
    """Fit `cnnhub.familiarity` and write it into the model's folder: familiar.safetensors, config.json, and the card
    of a model that `finetune` made.

    Args:
        data: its train split gives the embeddings and points the probe, its validation split means, deviations and the threshold.
        unlike: sets of pictures that show none of the labels, as `unfamiliar.read` takes them. The probe learns from them, and
            from drawings of nothing.
        others: more such sets, to be counted afterwards; they decide nothing.
        probe_alone: neither energy nor distance counts. For a model many of whose labels `data` lacks.

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
    classifier = cnnhub.load(source, engine="onnx" if find_spec("onnxruntime") else "auto")  # several times as fast on a CPU
    apart, sets = (unfamiliar.read_all(paths, classifier.labels) for paths in (unlike, others))
    train, validation = (load_split(data, split, check=False) for split in ("train", "validation"))
    taught = _answers(classifier, train, "train")
    labels = [str(train.targets[number]) for number in taught.readable]
    probe = _probe(taught.embeddings, labels, *_unlike(classifier, apart))
    write_familiar(folder, taught.embeddings[_of_each_label(labels, PICTURES, seed)], probe)

    kept = read_familiar(folder, K)
    whole = Familiarity(familiarity.unit_length(kept.embeddings), Neighbours(k=K, threshold=0, false_alarm=0), kept.probe)
    fitted = _fitted(whole, _answers(classifier, validation, "validation"), probe_alone)
    detection = {each.name: _detection(classifier, each, fitted).as_json() for each in sets}
    pictures = {"pictures": len(kept.embeddings), "unlike": [each.name for each in apart]}
    learned = {**fitted.stored.model_dump(), **pictures, "detection": detection, "command": command}
    config = read_config(folder).with_metadata(neighbours=learned)
    write_config(folder, config)
    if record_of(config).recipe:  # made by `finetune`, whose card it is
        card.write_again(folder, config)
    return learned


def _unlike(classifier: cnnhub.Classifier, sets: Sequence[Unfamiliar]) -> tuple[NDArray[np.float32], list[str]]:
    """Embeddings (N, D) of drawings and of the given sets, and the kind of each."""
    drawn = drawings.draw(DRAWINGS)
    found = answers(classifier, drawn, len(drawn), "drawings", BATCH, embed=True)
    embeddings, kinds = [found.embeddings], [f"drawing {number % len(drawings.KINDS)}" for number in found.readable]
    for each in sets:
        found = answers(classifier, each.sources, len(each.sources), each.name, BATCH, embed=True)
        embeddings.append(found.embeddings)
        kinds += [f"{each.name} {each.groups[number]}" for number in found.readable]
    return np.concatenate(embeddings), kinds


def _probe(
    taught: NDArray[np.float32], labels: Sequence[str], others: NDArray[np.float32], kinds: Sequence[str]
) -> NDArray[np.float32]:
    """The direction (D,) from training pictures to others, by logistic regression; each label and each kind weighs the same."""
    from sklearn.linear_model import LogisticRegression

    embeddings = familiarity.unit_length(np.concatenate([taught, others]))
    sides = np.repeat([0, 1], [len(taught), len(others)])
    scale = embeddings.std(axis=0) + 1e-6
    regression = LogisticRegression(C=PROBE_C, max_iter=5000)
    regression.fit(embeddings / scale, sides, sample_weight=np.concatenate([_alike(labels), _alike(kinds)]))
    direction: NDArray[np.float32] = (regression.coef_[0] / scale).astype(np.float32)
    return direction


def _alike(kinds: Sequence[str]) -> NDArray[np.float64]:
    """A weight for each of N pictures, such that kinds weigh the same; they sum to 1."""
    names, places, counts = np.unique(np.asarray(kinds), return_inverse=True, return_counts=True)
    weights: NDArray[np.float64] = 1 / counts[places] / len(names)
    return weights


def _fitted(whole: Familiarity, answered: Answers, probe_alone: bool) -> Familiarity:
    """With means, deviations and threshold of validation's own pictures."""
    assert whole.probe is not None
    values = {"probe": familiarity.unit_length(answered.embeddings) @ whole.probe}
    if not probe_alone:
        values["energy"] = familiarity.energy(answered.logits)
        values["distance"] = familiarity.neighbour_distance(answered.embeddings, whole.embeddings, K)
    exact = {name: each.astype(np.float64) for name, each in values.items()}
    means = {f"{name}_mean": float(each.mean()) for name, each in exact.items()}
    deviations = {f"{name}_sd": float(each.std(ddof=1)) for name, each in exact.items()}
    unset = Neighbours(k=K, threshold=0, false_alarm=0, **means, **deviations)
    own = torch.from_numpy(Familiarity(whole.embeddings, unset, whole.probe).strangeness(answered.logits, answered.embeddings))
    threshold = energy_threshold(own)
    stored = unset.model_copy(update={"threshold": threshold, "false_alarm": share_above(own, threshold)})
    return Familiarity(whole.embeddings, stored, whole.probe)


def _detection(classifier: cnnhub.Classifier, pictures: Unfamiliar, fitted: Familiarity) -> unfamiliar.Detection:
    theirs = answers(classifier, pictures.sources, len(pictures.sources), pictures.name, BATCH, embed=True)
    if len(theirs.readable) < len(pictures.sources):
        raise DataError(f"Some pictures of {pictures.name} cannot be read. Give --ood a set of whole pictures.")
    strangeness = torch.from_numpy(fitted.strangeness(theirs.logits, theirs.embeddings))
    return unfamiliar.detection(strangeness, pictures.groups, fitted.stored.threshold)


def _of_each_label(labels: Sequence[str], count: int, seed: int) -> list[int]:
    """Numbers of at most `count` pictures, drawn with `seed`, as many of each label as there are."""
    named = np.asarray(labels)
    random = np.random.default_rng(seed)
    each = max(1, count // len(np.unique(named)))
    drawn = [random.permutation(np.flatnonzero(named == label))[:each] for label in np.unique(named)]
    return sorted(int(number) for numbers in drawn for number in numbers)


def _answers(classifier: cnnhub.Classifier, pictures: Pictures, split: str) -> Answers:
    """Of those of a split's pictures that can be read, one at once."""
    answered = answers(classifier, map(pictures.source, range(len(pictures))), len(pictures), split, BATCH, embed=True)
    if not answered.readable:
        raise DataError(f"None of the {len(pictures)} pictures of {split} can be read.")
    return answered
