"""Measure a model on one split, through the same door as everybody: `cnnhub.load` and `Classifier.preprocess`."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from scipy.stats import binomtest
from sklearn import metrics

import cnnhub
from cnnhub import hub
from cnnhub.errors import CnnHubError, ImageError
from cnnhub.hub.config import Energy
from cnnhub.hub.folder import weights_sha256
from training import plots, review, strangers, testlog
from training.calibration import Calibration, calibrate, energies_of, expected_calibration_error, reliability, share_above
from training.data import DataError, Source, load_split
from training.devices import OutOfMemoryError, is_out_of_memory
from training.review import Seen
from training.writable import check_writable

CONFUSION, RELIABILITY = "confusion_matrix.png", "reliability.png"


def evaluate(
    source: str,
    data: Source | Path,
    split: str = "test",
    batch_size: int = 32,
    ood: Iterable[Path] = (),
    output: Path | None = None,
    log: bool = True,
) -> dict[str, Any]:
    """Classify every picture of a split.

    On validation the temperature and the energy of strangers are fitted anew; elsewhere the stored ones are used.

    Args:
        ood: sets of pictures that show none of the labels, as `strangers.read` takes them.
        output: a folder for confusion_matrix.png, reliability.png and SPLIT.html, the pictures that were hardest.
        log: add a line to the model's log if this opens the test split; only a check of a recorded figure goes without.

    Returns:
        What `measure` returns; and model, split, unreadable (pictures left out), split_hash, temperature, false_alarm
        (share of the split that is called strange), energy (threshold, false_alarm on validation, detection: set ->
        {n, rate}), with `output` likely_wrong (labels) and contact_sheet (its path), and on test test_log ({length, weights};
        None where none can be kept). Shares lie in 0 to 1, losses are nats.

    Raises:
        UnknownNameError: the dataset has a label that the model does not know.
        DataError: the split or a set does not exist, or none of its pictures can be read.
        CnnHubError: strangers are asked for, and the model has no threshold.
        OutputError: `output` cannot be written to.
    """
    if output:
        check_writable(output)
    classifier = cnnhub.load(source)
    pictures = load_split(data, split, check=False)
    numbers = torch.tensor([classifier.label_index(label) for label in pictures.labels])
    calibration = _stored(classifier)
    ood = list(ood)
    if ood and split != "validation" and calibration.threshold is None:
        raise CnnHubError(
            f"{source} has no threshold for strangers. Fit it first: python -m training evaluate --model {source} "
            "--data DIR --split validation --record"
        )
    sets = strangers.read_all(ood, classifier.labels)

    encoded = (pictures.source(index) for index in range(len(pictures)))
    readable, logits = _logits(classifier, encoded, len(pictures), batch_size, f"evaluating {split}")
    if not readable:
        raise DataError(f"None of the {len(pictures)} pictures of {split} in {data} can be read.")
    targets = numbers[torch.tensor(pictures.targets)[readable]]
    if split == "validation":
        calibration = calibrate(logits, targets)
    result = {
        "model": source,
        "split": split,
        **measure(logits, targets, classifier.labels, calibration.temperature),
        "unreadable": len(pictures) - len(readable),
        "split_hash": pictures.fingerprint,
        "temperature": calibration.temperature,
        **_energies(classifier, logits, calibration, sets, batch_size),
    }
    if split == "test":
        result["test_log"] = _log(source, result) if log else None
    if output:
        probabilities = torch.softmax(logits.double() / calibration.temperature, dim=1)
        seen = Seen(
            probabilities,
            targets,
            classifier.labels,
            lambda number: pictures.source(readable[number]),
            lambda number: pictures.name(readable[number]),
        )
        sheet = output / f"{split}.html"
        _draw(output, seen, result)
        result |= {"likely_wrong": review.write(sheet, seen, split), "contact_sheet": str(sheet)}
    return result


def measure(logits: torch.Tensor, targets: torch.Tensor, labels: Sequence[str], temperature: float) -> dict[str, Any]:
    """How good logits are.

    Args:
        logits: (N, K)
        targets: (N,) class numbers.
        temperature: what the logits are divided by before the softmax.

    Returns:
        n; top1 (accuracy) and its 95 % interval (Wilson 1927); top5 for more than five classes; loss (mean cross-entropy,
        nats) and ece (expected calibration error, 15 bins), both also _uncalibrated, at temperature 1; precision and recall
        by label, without labels where they are undefined; confusion (K, K), rows the given labels, columns the answers;
        reliability, the bins of `calibration.reliability`.
    """
    exact = logits.double()
    truth, answers = targets.numpy(), exact.argmax(1).numpy()
    n, right = len(truth), int((truth == answers).sum())
    interval = binomtest(right, n).proportion_ci(0.95, method="wilson")
    classes = range(len(labels))
    precision, recall, _, _ = metrics.precision_recall_fscore_support(truth, answers, labels=classes, zero_division=np.nan)
    bins = reliability(torch.softmax(exact / temperature, dim=1), targets)
    plain = reliability(torch.softmax(exact, dim=1), targets)
    return {
        "n": n,
        "top1": right / n,
        "top1_interval": [float(interval.low), float(interval.high)],
        **({"top5": _top(exact, targets, 5)} if len(labels) > 5 else {}),
        "loss": F.cross_entropy(exact / temperature, targets).item(),
        "ece": expected_calibration_error(bins),
        "loss_uncalibrated": F.cross_entropy(exact, targets).item(),
        "ece_uncalibrated": expected_calibration_error(plain),
        "precision": _defined(labels, precision),
        "recall": _defined(labels, recall),
        "confusion": metrics.confusion_matrix(truth, answers, labels=classes).tolist(),
        "reliability": [dataclasses.asdict(each) for each in bins],
    }


def home(source: str) -> Path | None:
    """The folder of a built-in model or a folder, where something can be written beside it; None for others."""
    if not hub.is_folder(source) and source not in hub.builtin_models():
        return None
    folder = hub.resolve(source).weights.parent
    return folder if os.access(folder, os.W_OK) else None


def folder_for(source: str) -> Path:
    """Where plots and contact sheets go unless somebody says: beside one's own model; what ships carries nobody's pictures."""
    folder = home(source)
    if folder is None or hub.BUILTIN_FOLDER.resolve() in folder.resolve().parents:
        return Path("runs") / "evaluation" / source.replace("/", "--").replace("@", "--")
    return folder / "run" / "evaluation"


def _logits(
    classifier: cnnhub.Classifier, sources: Iterable[Any], total: int, batch_size: int, title: str
) -> tuple[list[int], torch.Tensor]:
    """-> (numbers of the pictures that can be read, their logits (N, K)); each is decoded once, a batch is held at a time."""
    readable: list[int] = []
    parts = [torch.empty(0, len(classifier.labels))]
    shown = track(sources, title, total=total, console=Console(stderr=True), transient=True)
    opened = _opened(classifier, shown)
    while batch := list(islice(opened, batch_size)):
        readable += [number for number, _ in batch]
        try:
            logits, _ = classifier.engine.answer(np.stack([pixels for _, pixels in batch]))
            parts.append(torch.from_numpy(logits))
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            raise OutOfMemoryError(
                f"Memory ran out with {len(batch)} pictures at once: {str(error).splitlines()[0][:200]} "
                f"Take --batch-size {max(1, len(batch) // 4)}; the figures stay the same."
            ) from error
    return readable, torch.cat(parts)


def _opened(classifier: cnnhub.Classifier, sources: Iterable[Any]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    for number, source in enumerate(sources):
        try:
            yield number, classifier.to_pixels(source)
        except ImageError:
            continue


def _stored(classifier: cnnhub.Classifier) -> Calibration:
    ours = classifier.config.cnnhub
    energy = ours.energy or Energy()
    return Calibration(ours.temperature, energy.threshold, energy.false_alarm)


def _energies(
    classifier: cnnhub.Classifier,
    logits: torch.Tensor,
    calibration: Calibration,
    sets: Sequence[strangers.Strangers],
    batch_size: int,
) -> dict[str, Any]:
    """How many pictures of the split and of each set are called strange; nothing without a threshold."""
    if calibration.threshold is None:
        return {}
    found = {}
    for each in sets:
        readable, theirs = _logits(classifier, each.sources, len(each.sources), batch_size, each.name)
        if not readable:
            raise DataError(f"None of the {len(each.sources)} pictures of {each.name} can be read. Give --ood another set.")
        found[each.name] = strangers.detection(theirs, [each.groups[number] for number in readable], calibration.threshold)
    return {
        "false_alarm": share_above(energies_of(logits), calibration.threshold),
        "energy": {**calibration.energy(), **({"detection": found} if found else {})},
    }


def _log(source: str, result: dict[str, Any]) -> dict[str, int] | None:
    folder = home(source)
    if folder is None:
        return None
    weights = weights_sha256(folder)
    testlog.append(folder, {"weights_sha256": weights, **{key: result[key] for key in ("n", "top1", "split_hash")}})
    return testlog.summary(folder)


def _draw(output: Path, seen: Seen, result: dict[str, Any]) -> None:
    title = f"{result['split']}, {result['n']:,} pictures"
    plots.confusion_matrix(result["confusion"], seen.labels, output / CONFUSION, title)
    plots.reliability(seen.probabilities, seen.targets, output / RELIABILITY, result["temperature"], title=title)


def _top(logits: torch.Tensor, targets: torch.Tensor, k: int) -> float:
    return (logits.topk(k, dim=1).indices == targets[:, None]).any(1).double().mean().item()


def _defined(labels: Sequence[str], values: Iterable[float]) -> dict[str, float]:
    """label -> share; a label that has no picture has no recall, one that is never answered no precision."""
    return {label: float(value) for label, value in zip(labels, values, strict=True) if not np.isnan(value)}
