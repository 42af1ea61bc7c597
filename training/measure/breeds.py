"""What a backbone knows of ImageNet: 24 breeds of the Oxford-IIIT Pets, which ImageNet's thousand classes have too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F

from training.measure.calibration import expected_calibration_error, fit_temperature, reliability

if TYPE_CHECKING:
    import cnnhub

SPLITS = ("train", "validation")

# The pets' names -> the first names of ImageNet's classes; breeds that ImageNet lacks are left out.
BREEDS = {
    "basset_hound": "basset",
    "beagle": "beagle",
    "boxer": "boxer",
    "chihuahua": "Chihuahua",
    "Egyptian_Mau": "Egyptian cat",
    "english_cocker_spaniel": "cocker spaniel",
    "english_setter": "English setter",
    "german_shorthaired": "German short-haired pointer",
    "great_pyrenees": "Great Pyrenees",
    "japanese_chin": "Japanese spaniel",
    "keeshond": "keeshond",
    "leonberger": "Leonberg",
    "miniature_pinscher": "miniature pinscher",
    "newfoundland": "Newfoundland",
    "Persian": "Persian cat",
    "pomeranian": "Pomeranian",
    "pug": "pug",
    "saint_bernard": "Saint Bernard",
    "samoyed": "Samoyed",
    "scottish_terrier": "Scotch terrier",
    "Siamese": "Siamese cat",
    "staffordshire_bull_terrier": "Staffordshire bullterrier",
    "wheaten_terrier": "soft-coated wheaten terrier",
    "yorkshire_terrier": "Yorkshire terrier",
}


def measure(classifier: cnnhub.Classifier, data: Path) -> dict[str, Any]:
    """How often the first answer, and one of the first five, is the breed; and how far the probabilities can be believed.

    The temperature is fitted on the train split; what it comes to is measured on validation.

    Args:
        classifier: a model with ImageNet's labels.
        data: DIR/{train,validation}/ with pictures and metadata.jsonl, a line a picture with "file_name" and "breed".

    Returns:
        Shares, mean cross-entropies in nats, calibration errors 0 to 1, numbers of pictures.
    """
    of_splits = {split: _answers(classifier, data / split) for split in SPLITS}
    logits, targets = (torch.cat(parts) for parts in zip(*of_splits.values(), strict=True))
    rank = (logits > logits.gather(1, targets[:, None])).sum(1)
    temperature = fit_temperature(*of_splits["train"])
    unseen, wanted = of_splits["validation"]
    return {
        "n": {split: len(found) for split, (_, found) in of_splits.items()},
        "breeds": len(BREEDS),
        "top1": (rank < 1).double().mean().item(),
        "top5": (rank < 5).double().mean().item(),
        "temperature": temperature,
        "uncalibrated": _belief(unseen, wanted),
        "calibrated": _belief(unseen / temperature, wanted),
    }


def _answers(classifier: cnnhub.Classifier, folder: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (N, K) and class numbers (N,) of the pictures in a split."""
    numbers = {label.split(",")[0]: number for number, label in enumerate(classifier.labels)}
    pictures = _pictures(folder)
    logits = np.stack([classifier.logits(path) for path, _ in pictures])
    return torch.from_numpy(logits), torch.tensor([numbers[BREEDS[breed]] for _, breed in pictures])


def _belief(logits: torch.Tensor, targets: torch.Tensor) -> dict[str, float]:
    error = expected_calibration_error(reliability(logits.softmax(1), targets))
    return {"loss": F.cross_entropy(logits, targets).item(), "ece": error}


def _pictures(folder: Path) -> list[tuple[Path, str]]:
    lines = (folder / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
    return [(folder / each["file_name"], each["breed"]) for each in map(json.loads, lines) if each["breed"] in BREEDS]
