"""Measure a model on one split, through the same door as everybody: `Classifier.predict_many`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from sklearn.metrics import accuracy_score, log_loss, recall_score

import cnnhub
from training.data import DataError, load_split


def evaluate(source: str, data: Path, split: str = "test", batch_size: int = 32) -> dict[str, Any]:
    """Classify every picture of a split.

    Returns:
        split, n (pictures classified), top1 (accuracy, 0 to 1), loss (mean cross-entropy, nats), recall
        (label -> share of its pictures found), unreadable (pictures left out), model.

    Raises:
        UnknownNameError: the dataset has a label that the model does not know.
        DataError: the split does not exist, or none of its pictures can be read.
    """
    classifier = cnnhub.load(source)
    pictures = load_split(data, split, check=False)
    known = {number: classifier.label_index(label) for number, label in enumerate(pictures.labels)}
    images = (pictures.source(index) for index in range(len(pictures)))
    outcomes = classifier.predict_many(images, batch_size, on_error="keep")
    truth, scores = [], []
    for target, outcome in track(
        zip(pictures.targets, outcomes, strict=True),
        f"evaluating {split}",
        total=len(pictures),
        transient=True,
        console=Console(stderr=True),  # standard output is for the figures
    ):
        if isinstance(outcome, cnnhub.Prediction):
            truth.append(known[target])
            scores.append([outcome.scores[label] for label in classifier.labels])
    if not truth:
        raise DataError(f"None of the {len(pictures)} pictures of {split} in {data} can be read.")
    numbers = range(len(classifier.labels))
    answers = np.argmax(scores, axis=1)
    present = sorted(set(truth))
    recall = recall_score(truth, answers, labels=present, average=None, zero_division=0)
    return {
        "model": source,
        "split": split,
        "n": len(truth),
        "top1": float(accuracy_score(truth, answers)),
        "loss": float(log_loss(truth, scores, labels=list(numbers))),
        "recall": {classifier.labels[number]: float(value) for number, value in zip(present, recall, strict=True)},
        "unreadable": len(pictures) - len(truth),
    }
