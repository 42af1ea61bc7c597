"""Measure a model on one split, through the same door as everybody: `cnnhub.load`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

import cnnhub
from cnnhub import hub
from cnnhub.errors import CnnHubError
from cnnhub.hub.config import Energy
from cnnhub.hub.folder import weights_sha256
from training.data.layout import DataError
from training.data.sources import Source
from training.data.splits import load_split
from training.data.words import counted
from training.data.writable import check_writable
from training.measure import plots, review, testlog, unfamiliar
from training.measure.answers import answers
from training.measure.calibration import Calibration, calibrate, energies_of, share_above
from training.measure.figures import Figures, measure
from training.measure.review import Seen
from training.measure.unfamiliar import Detection, Unfamiliar

CONFUSION, RELIABILITY = "confusion_matrix.png", "reliability.png"


@dataclass(frozen=True)
class Evaluation:
    """A model measured on one split. Shares lie in 0 to 1, losses are nats."""

    model: str
    split: str
    figures: Figures
    unreadable: int  # how many pictures were left out
    split_hash: str
    calibration: Calibration  # what was fitted on validation
    false_alarm: float | None = None  # the share of the split that is called unfamiliar; None without a threshold
    detection: dict[str, Detection] = field(default_factory=dict)  # set of unfamiliar pictures -> how many were noticed
    # looks at this very test split on record, where it was opened; None where no log can be kept
    test_log: testlog.Summary | None = None
    log_folder: Path | None = None  # where they stand
    likely_wrong: int | None = None  # how many labels are likely wrong, where a contact sheet was written; None at chance
    contact_sheet: Path | None = None  # its path
    mirrored: Figures | None = None  # of the mean answer to each picture and to it left to right, where that was asked for
    notes: list[str] = field(default_factory=list)  # what was left out of the dataset, and how its layout was understood

    def as_json(self) -> dict[str, Any]:
        """As `evaluate --json` prints it."""
        found = {
            "model": self.model,
            "split": self.split,
            **self.figures.recorded(),
            "reliability": self.figures.bins(),
            "unreadable": self.unreadable,
            "notes": self.notes,
            "split_hash": self.split_hash,
            "temperature": self.calibration.temperature,
        }
        if self.false_alarm is not None:
            found |= {"false_alarm": self.false_alarm, "energy": self.energy()}
        if self.mirrored:
            found["mirrored"] = self.mirrored.recorded()
        if self.split == "test":
            found["test_log"] = asdict(self.test_log) if self.test_log else None
        if self.contact_sheet:
            found |= {"likely_wrong": self.likely_wrong, "contact_sheet": str(self.contact_sheet)}
        return found

    def energy(self) -> dict[str, Any]:
        """As it stands in config.json under "energy": the threshold, and what it noticed."""
        detection = {name: each.as_json() for name, each in self.detection.items()}
        return {**self.calibration.energy(), **({"detection": detection} if detection else {})}

    def recorded(self) -> dict[str, Any]:
        """As it stands in config.json under "metrics" and the split's name."""
        found = self.figures.recorded() | ({} if self.false_alarm is None else {"false_alarm": self.false_alarm})
        return found | ({"split_hash": self.split_hash} if self.split == "test" else {})


def evaluate(
    source: str,
    data: Source | Path,
    split: str = "test",
    batch_size: int = 32,
    others: Sequence[Path] = (),
    output: Path | None = None,
    log: bool = True,
    mirror: bool = False,
) -> Evaluation:
    """Classify every picture of a split.

    On validation the temperature and the threshold of the energy are fitted anew; elsewhere the stored ones are used.

    Args:
        others: sets of pictures that show none of the labels, as `unfamiliar.read` takes them.
        output: a folder for confusion_matrix.png, reliability.png and SPLIT.html, the pictures that were hardest.
        log: add a line to the log of looks (in the model's folder, or in runs/evaluation where that is not the user's) if this
            opens the test split; only a check of a recorded figure goes without.
        mirror: measure too what the mean of the logits of each picture and of it left to right would give.

    Raises:
        UnknownNameError: the dataset has a label that the model does not know.
        DataError: the split or a set does not exist, or none of its pictures can be read.
        CnnHubError: unfamiliar pictures are given, and the model has no threshold.
        OutputError: `output` cannot be written to.
    """
    if output:
        check_writable(output)
    classifier = cnnhub.load(source)
    pictures = load_split(data, split, check=False)
    numbers = torch.tensor([classifier.label_index(label) for label in pictures.labels])
    calibration = _stored(classifier)
    if others and split != "validation" and calibration.threshold is None:
        raise CnnHubError(
            f"{source} has no threshold for strangers. Fit it first: python -m training evaluate --model {shlex.quote(source)} "
            "--data DIR --split validation --record"
        )
    sets = unfamiliar.read_all(others, classifier.labels)
    encoded = (pictures.source(index) for index in range(len(pictures)))
    answered = answers(classifier, encoded, len(pictures), f"evaluating {split}", batch_size, mirror=mirror)
    if not answered.readable:
        raise DataError(f"None of the {len(pictures)} pictures of {split} in {data} can be read.")
    logits, targets = torch.from_numpy(answered.logits), numbers[torch.tensor(pictures.targets)[answered.readable]]
    if split == "validation":
        calibration = calibrate(logits, targets)
    figures = measure(logits, targets, classifier.labels, calibration.temperature)
    unreadable = len(pictures) - len(answered.readable)
    notes = [*pictures.notes, *(note for each in sets for note in each.notes)]
    found = Evaluation(source, split, figures, unreadable, pictures.fingerprint, calibration, notes=notes)
    if mirror:
        both = (logits + torch.from_numpy(answered.mirrored)) / 2
        found = replace(found, mirrored=measure(both, targets, classifier.labels, calibration.temperature))
    if calibration.threshold is not None:
        alarm = share_above(energies_of(logits), calibration.threshold)
        noticed = {each.name: _detection(classifier, each, calibration.threshold, batch_size) for each in sets}
        found = replace(found, false_alarm=alarm, detection=noticed)
    if split == "test" and log:
        found = _logged(source, found)
    if output:
        probabilities = torch.softmax(logits.double() / calibration.temperature, dim=1)
        found = _draw(output, found, Seen(probabilities, targets, classifier.labels, pictures, answered.readable))
    return found


def home(source: str) -> Path | None:
    """The folder of a model that lies on this disk and can be written to; None for others."""
    if not hub.is_folder(source) and source not in hub.builtin_models():
        return None
    folder = hub.resolve(source).weights.parent
    return folder if os.access(folder, os.W_OK) else None


def folder_for(source: str) -> Path:
    """Where plots and contact sheets go if no folder is named: beside the model, where its folder is the user's."""
    folder = _users(source)
    return folder / "run" / "evaluation" if folder else _beside_runs(source)


def log_entry(folder: Path, found: Evaluation) -> dict[str, Any]:
    """What the log of looks at test says of one; `folder` holds the model's weights."""
    entry = {"n": found.figures.n, "top1": found.figures.top1, "split_hash": found.split_hash}
    return {"weights_sha256": weights_sha256(folder), **entry}


def _users(source: str) -> Path | None:
    """A model's folder where it is the user's own: none of the built-in ones, which ship, and nothing in a cache."""
    folder = home(source)
    return folder if folder and hub.BUILTIN_FOLDER.resolve() not in folder.resolve().parents else None


def _beside_runs(source: str) -> Path:
    return Path("runs") / "evaluation" / source.replace("/", "--").replace("@", "--")


def _stored(classifier: cnnhub.Classifier) -> Calibration:
    ours = classifier.config.cnnhub
    energy = ours.energy or Energy()
    return Calibration(ours.temperature, energy.threshold, energy.false_alarm)


def _detection(classifier: cnnhub.Classifier, pictures: Unfamiliar, threshold: float, batch_size: int) -> Detection:
    """How many pictures of a set are noticed by the energy of their logits."""
    total = len(pictures.sources)
    theirs = answers(classifier, pictures.sources, total, pictures.name, batch_size)
    if not theirs.readable:
        raise DataError(f"None of the {total} pictures of {pictures.name} can be read. Give --ood another set.")
    groups = [pictures.groups[number] for number in theirs.readable]
    return unfamiliar.detection(energies_of(torch.from_numpy(theirs.logits)), groups, threshold)


def _logged(source: str, found: Evaluation) -> Evaluation:
    """Put a look at test on record -> the evaluation that tells of all looks at this very split."""
    folder = _users(source) or _beside_runs(source)
    try:
        testlog.append(folder, log_entry(hub.resolve(source).weights.parent, found))
    except OSError:  # the figures are worth more than their log
        return found
    return replace(found, test_log=testlog.summary(folder, found.split_hash), log_folder=folder)


def _draw(output: Path, found: Evaluation, seen: Seen) -> Evaluation:
    """Write the plots and the contact sheet -> the evaluation that names them."""
    title = f"{found.split}, {counted(found.figures.n, 'picture')}"
    plots.confusion_matrix(found.figures.confusion, seen.labels, output / CONFUSION, title)
    plots.reliability(seen.probabilities, seen.targets, output / RELIABILITY, found.calibration.temperature, title=title)
    sheet = output / f"{found.split}.html"
    return replace(found, likely_wrong=review.write(sheet, seen, found.split), contact_sheet=sheet)
