"""The pictures to look at after training: labels that are likely wrong, and the largest losses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from scipy.stats import binomtest

from cnnhub.images import open_image
from training.data.sheets import Cell, Section, contact_sheet
from training.data.splits import Pictures
from training.data.words import counted

MOST = 48  # of each kind


@dataclass(frozen=True)
class Seen:
    """What a network said of pictures with labels."""

    probabilities: torch.Tensor  # (N, K)
    targets: torch.Tensor  # (N,) the given labels' class numbers
    labels: Sequence[str]  # K names
    pictures: Pictures  # the whole split
    numbers: Sequence[int]  # N numbers of its pictures


def doubtful(probabilities: torch.Tensor, targets: torch.Tensor) -> list[int]:
    """Numbers of the pictures that are answered with another label, those whose given label is least probable first.

    It takes probabilities (N, K) of pictures that the network did not learn from, and the given labels' class numbers (N,).
    """
    disagreeing = (probabilities.argmax(1) != targets).tolist()
    return [number for number in largest_losses(probabilities, targets) if disagreeing[number]]


def likely_wrong(probabilities: torch.Tensor, targets: torch.Tensor) -> list[int]:
    """Numbers of the pictures whose given label is likely wrong: the first of those that are doubtful, half as many again as
    `count_wrong` says, since in a list of its length some wrong labels are missing."""
    return doubtful(probabilities, targets)[: math.ceil(1.5 * count_wrong(probabilities, targets))]


def count_wrong(probabilities: torch.Tensor, targets: torch.Tensor) -> int:
    """How many of the given labels are likely wrong, from probabilities (N, K) and class numbers (N,).

    Confident learning (Northcutt et al. 2021, https://arxiv.org/abs/1911.00068): a picture seems to be of a class if that is at
    least as probable as it is on average where it is given. The share of each label's pictures that seem to be of another class,
    among those that seem to be of any, is taken for the share of its wrong labels.
    """
    classes = probabilities.shape[1]
    given = probabilities.gather(1, targets[:, None])[:, 0].double()
    counts = torch.bincount(targets, minlength=classes)
    average = torch.bincount(targets, weights=given, minlength=classes) / counts  # not a number for a label without pictures
    best, seeming = torch.where(probabilities >= average - 1e-6, probabilities, -1.0).max(1)  # less a little, for rounding
    joint = torch.zeros(classes, classes, dtype=torch.double)  # given label, class that it seems to be of
    ones = torch.ones(len(targets), dtype=torch.double)
    joint.index_put_((targets[best >= 0], seeming[best >= 0]), ones[best >= 0], accumulate=True)
    right = joint.diagonal().clamp(min=1)  # no label is wrong throughout
    wrong = joint.sum(1) - joint.diagonal()
    return round((counts * wrong / (right + wrong)).sum().item())


def largest_losses(probabilities: torch.Tensor, targets: torch.Tensor) -> list[int]:
    """Numbers of the pictures, those with the largest cross-entropy first."""
    return torch.argsort(probabilities.gather(1, targets[:, None])[:, 0], stable=True).tolist()


def is_at_chance(probabilities: torch.Tensor, targets: torch.Tensor) -> bool:
    """Whether answers cannot be told from always naming the commonest label, so that they say nothing of any single label.

    It takes probabilities (N, K) and class numbers (N,); mistakes are needed for it, and an accuracy whose 95 % interval
    (Wilson's) reaches down to the commonest label's share.
    """
    n, right = len(targets), int((probabilities.argmax(1) == targets).sum())
    commonest = torch.bincount(targets).max().item() / n
    return right < n and float(binomtest(right, n).proportion_ci(0.95, method="wilson").low) <= commonest


def in_words(wrong: int | None) -> str:
    """How many labels are likely wrong, for a reader; None is said of a model at chance.

    >>> in_words(1), in_words(4)
    ('1 label is likely wrong', '4 labels are likely wrong')
    """
    if wrong is None:
        return "The model answers no better than chance here, so it says nothing of wrong labels"
    return f"{counted(wrong, 'label')} {'is' if wrong == 1 else 'are'} likely wrong"


def write(path: Path, seen: Seen, split: str) -> int | None:
    """A page of pictures: those whose labels are likely wrong, then the largest losses among the others, at most 48 of each.

    Returns:
        How many labels are likely wrong; None of a model at chance, which cannot say.
    """
    is_blind = is_at_chance(seen.probabilities, seen.targets)
    wrong = [] if is_blind else likely_wrong(seen.probabilities, seen.targets)
    count = None if is_blind else count_wrong(seen.probabilities, seen.targets)
    others = [number for number in largest_losses(seen.probabilities, seen.targets) if number not in set(wrong)]
    notes = ["The network learned from these pictures, labels included, so wrong ones hide."] if split == "train" else []
    first = f"; the {len(wrong)} to look at first" if wrong else ""
    sections = [
        Section(f"{in_words(count)}{first}", [_cell(seen, number) for number in wrong[:MOST]]),
        Section("The largest losses among the others", [_cell(seen, number) for number in others[:MOST]]),
    ]
    contact_sheet(path, f"{split}: the hardest of {counted(len(seen.targets), 'picture')}", sections, notes)
    return count


def _cell(seen: Seen, number: int) -> Cell:
    probabilities, target = seen.probabilities[number], int(seen.targets[number])
    answer = int(probabilities.argmax())
    caption = f"given: {seen.labels[target]} {probabilities[target]:.1%}"
    if answer != target:
        caption += f", answer: {seen.labels[answer]} {probabilities[answer]:.1%}"
    loss = -torch.log(probabilities[target]).item()
    place = seen.numbers[number]
    return Cell(open_image(seen.pictures.source(place)), caption, f"loss {loss:.2f}, {seen.pictures.name(place)}")
