"""The pictures to look at after training: labels that are likely wrong, and the largest losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from cnnhub.images import open_image
from training.data.sheets import Cell, Section, contact_sheet
from training.data.splits import Pictures

MOST = 48  # of each kind


@dataclass(frozen=True)
class Seen:
    """What a network said of pictures with labels.

    Attributes:
        probabilities: (N, K)
        targets: (N,) the given labels' class numbers.
        labels: K names.
        pictures: the whole split.
        numbers: N numbers of its pictures.
    """

    probabilities: torch.Tensor
    targets: torch.Tensor
    labels: Sequence[str]
    pictures: Pictures
    numbers: Sequence[int]


def likely_wrong(probabilities: torch.Tensor, targets: torch.Tensor) -> list[int]:
    """Numbers of the pictures whose given label is likely wrong, the clearest first.

    Confident learning (Northcutt et al. 2021, https://arxiv.org/abs/1911.00068): the answer is another label, and at least as
    probable as that label is on average where it is given. It counts on probabilities of pictures that the network did not
    learn from.

    Args:
        probabilities: (N, K)
        targets: (N,) the given labels' class numbers.
    """
    given = probabilities.gather(1, targets[:, None])[:, 0]
    classes = probabilities.shape[1]
    counts = torch.bincount(targets, minlength=classes).clamp(min=1)
    average = torch.bincount(targets, weights=given, minlength=classes) / counts
    confidence, answers = probabilities.max(1)
    suspicious = (answers != targets) & (confidence >= average[answers])
    margin = given - confidence  # from the given label to the answer
    return [number for number in torch.argsort(margin, stable=True).tolist() if suspicious[number]]


def largest_losses(probabilities: torch.Tensor, targets: torch.Tensor) -> list[int]:
    """Numbers of the pictures, those with the largest cross-entropy first."""
    return torch.argsort(probabilities.gather(1, targets[:, None])[:, 0], stable=True).tolist()


def in_words(wrong: int) -> str:
    """How many labels are likely wrong, for a reader.

    >>> in_words(1), in_words(4)
    ('1 label is likely wrong', '4 labels are likely wrong')
    """
    return f"{wrong} label is likely wrong" if wrong == 1 else f"{wrong} labels are likely wrong"


def write(path: Path, seen: Seen, split: str) -> int:
    """A page of pictures: the likely wrong labels, then the largest losses among the others, at most 48 of each.

    Returns:
        How many labels are likely wrong.
    """
    wrong = likely_wrong(seen.probabilities, seen.targets)
    others = [number for number in largest_losses(seen.probabilities, seen.targets) if number not in set(wrong)]
    notes = ["The network learned from these pictures, labels included, so wrong ones hide."] if split == "train" else []
    sections = [
        Section(in_words(len(wrong)), [_cell(seen, number) for number in wrong[:MOST]]),
        Section("The largest losses among the others", [_cell(seen, number) for number in others[:MOST]]),
    ]
    contact_sheet(path, f"{split}: the hardest of {len(seen.targets):,} pictures", sections, notes)
    return len(wrong)


def _cell(seen: Seen, number: int) -> Cell:
    probabilities, target = seen.probabilities[number], int(seen.targets[number])
    answer = int(probabilities.argmax())
    caption = f"given: {seen.labels[target]} {probabilities[target]:.1%}"
    if answer != target:
        caption += f", answer: {seen.labels[answer]} {probabilities[answer]:.1%}"
    loss = -torch.log(probabilities[target]).item()
    place = seen.numbers[number]
    return Cell(open_image(seen.pictures.source(place)), caption, f"loss {loss:.2f}, {seen.pictures.name(place)}")
