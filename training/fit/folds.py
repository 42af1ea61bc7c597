"""What a linear head on frozen backbones says of pictures that it did not learn from: each lies in one fold, and the head that
answers it was fitted to the others."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

import cnnhub
from cnnhub import hub
from cnnhub.familiarity import unit_length
from cnnhub.files import write_atomically
from training.data.layout import DataError
from training.data.splits import Pictures
from training.measure.answers import answers

BATCH = 32
# Of the features' principal components: as good as all 1,280 of a MobileNet, and fitted several times as fast.
COMPONENTS = 256
# The heads' inverse L2 penalty, for features of mean square 1. Between 1 and 4 lists of wrong labels are equally good, of flowers
# and of cats and dogs; above, heads learn wrong labels by heart.
PENALTY_C = 2.0
_SEEN = ("input_size", "interpolation", "crop_pct", "crop_mode", "mean", "std")  # what decides how a picture is prepared


def embeddings(backbones: Sequence[str | Path], splits: Sequence[Pictures], cache: Path) -> NDArray[np.float32]:
    """Features (N, D) of all pictures of the splits, each of length 1; those of several backbones stand side by side.

    Args:
        cache: a folder; features that lie there of the same weights, preprocessing and pictures are not computed again.
    """
    each = [unit_length(_features(backbone, splits, cache)) for backbone in backbones]
    return np.concatenate(each, axis=1) / np.float32(np.sqrt(len(each)))


def out_of_fold(
    features: NDArray[np.float32], targets: NDArray[np.int64], groups: NDArray[np.int64], folds: int, seed: int = 0
) -> torch.Tensor:
    """Probabilities (N, K) by heads that learned neither from the picture nor from any of its group.

    A picture whose label lies in no other fold cannot be judged, and is answered with its own label.

    Args:
        features: (N, D). targets: (N,) class numbers. groups: (N,) numbers; pictures of one group lie in one fold.

    Raises:
        DataError: there are too few pictures for so many folds.
    """
    enough = min(len(np.unique(groups)), np.bincount(targets).max())
    if enough < folds:
        raise DataError(f"--folds {folds} arrived, and {enough} different pictures of the commonest label. Take fewer folds.")
    compact = PCA(min(COMPONENTS, *features.shape), svd_solver="covariance_eigh").fit_transform(features)
    compact /= np.sqrt((compact**2).sum(axis=1).mean())
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of labels with fewer pictures than folds: those are seen to below
        parts = list(splitter.split(compact, targets, groups))
    found = np.zeros((len(targets), targets.max() + 1))
    for learned, held_out in track(parts, "answering fold by fold", console=Console(stderr=True), transient=True):
        known = np.unique(targets[learned])
        if len(known) > 1:
            head = LogisticRegression(C=PENALTY_C, max_iter=1000).fit(compact[learned], targets[learned])
            found[np.ix_(held_out, known)] = head.predict_proba(compact[held_out])
        alone = held_out[~np.isin(targets[held_out], known)]
        found[alone] = np.eye(found.shape[1])[targets[alone]]
    return torch.from_numpy(found)


def _features(backbone: str | Path, splits: Sequence[Pictures], cache: Path) -> NDArray[np.float32]:
    """What the head of one backbone sees (N, D), by the engine that answers fastest here."""
    files = hub.resolve(backbone)
    described: dict[str, Any] = {
        "weights": hashlib.sha256(files.weights.read_bytes()).hexdigest(),
        "network": [files.config.architecture, files.config.model_args],
        "prepared": files.config.pretrained_cfg.model_dump(mode="json", include=set(_SEEN)),
        "pictures": [digest for pictures in splits for digest in pictures.digests],
    }
    key = hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
    place = cache / f"features-{key[:16]}.safetensors"
    if (known := _read(place, key)) is not None:
        return known
    sources = (pictures.source(n) for pictures in splits for n in range(len(pictures)))
    classifier = cnnhub.load(backbone)
    answered = answers(classifier, sources, len(described["pictures"]), f"features of {files.source}", BATCH, embed=True)
    write_atomically(place, save({"features": answered.embeddings}, metadata={"key": key}))
    return answered.embeddings


def _read(place: Path, key: str) -> NDArray[np.float32] | None:
    try:
        with safe_open(place, framework="np") as file:
            if (file.metadata() or {}).get("key") != key:
                return None
            found: NDArray[np.float32] = file.get_tensor("features")
            return found
    except (OSError, SafetensorError):
        return None
