"""What a trained backbone is worth where pictures are few: a new head on its frozen features, against a network from scratch.

Both learn from the same pictures, drawn by a seed, and both are measured on validation; test is never opened.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image, ImageOps
from rich.console import Console, RenderableType
from rich.progress import track
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from torch import nn

import cnnhub
from cnnhub.errors import ArgumentError
from cnnhub.images import open_image
from training.data.layout import DataError
from training.data.pixels import seeded
from training.data.sources import Source
from training.data.splits import Pictures, load_training
from training.data.words import escape
from training.fit.recipe import Recipe
from training.measure.answers import answers

COUNTS = (10, 50, 200, 1_000)
CHANNELS = (16, 32, 64, 128)
SIDE, MARGIN = 64, 8  # pixels: what the small network sees, and what a random crop may leave out
BATCH = 32
RATE = 0.003  # AdamW's largest learning rate, after a warm-up and before it falls to zero (one cycle)
LEAST_STEPS = 10  # an epoch, of however few pictures
_C = Recipe.head_c[len(Recipe.head_c) // 2]  # the middle of what phase one tries: there is no third split to choose by
_BATCH_OF_FEATURES = 16


@dataclass(frozen=True)
class Reached:
    """What one way of learning reached with so many pictures, over all seeds."""

    mean: float  # of validation accuracies, 0 to 1; least and most likewise
    least: float
    most: float
    seconds: float  # of processor time, the mean: reading the pictures, their features and fitting, or training

    @classmethod
    def of(cls, top1: Sequence[float], seconds: Sequence[float]) -> Reached:
        """From the accuracy and the seconds of each seed.

        >>> Reached.of([0.5, 1.0], [2.0, 4.0])
        Reached(mean=0.75, least=0.5, most=1.0, seconds=3.0)
        """
        return cls(round(fmean(top1), 4), min(top1), max(top1), round(fmean(seconds), 2))


@dataclass(frozen=True)
class Transfer:
    """Two curves: accuracy by the number of training pictures, with a frozen backbone and from scratch."""

    command: str
    labels: list[str]
    validation: int  # pictures that accuracy is measured on
    seeds: list[int]  # each draws other pictures, other weights and another order
    head: dict[str, Any]  # how it was fitted
    scratch: dict[str, Any]  # what was trained, and how
    curve: list[dict[str, Any]]  # {"pictures": in total, "head": Reached, "scratch": Reached}

    def as_json(self) -> dict[str, Any]:
        """As the file holds it."""
        return asdict(self)


@dataclass(frozen=True)
class _Seen:
    """Pictures as both ways of learning see them, by their numbers."""

    features: NDArray[np.float32]  # (N, D)
    pixels: torch.Tensor  # (N, 3, SIDE + MARGIN, SIDE + MARGIN) uint8
    targets: torch.Tensor  # (N,)
    # processor seconds a picture
    seconds_of_features: float
    seconds_of_pixels: float


class SmallNetwork(nn.Sequential):
    """Four convolutions 3 x 3, each with batch norm, ReLU and 2 x 2 max pooling; the mean over the places; one linear layer.

    >>> sum(parameter.numel() for parameter in SmallNetwork(2).parameters())
    97938
    """

    def __init__(self, classes: int) -> None:
        blocks: list[nn.Module] = []
        for before, after in zip((3, *CHANNELS), CHANNELS, strict=False):
            convolution = nn.Conv2d(before, after, 3, padding=1, bias=False)
            blocks += [convolution, nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
        super().__init__(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(CHANNELS[-1], classes))


def measure(
    data: Source | Path,
    model: str = "imagenet",
    counts: Sequence[int] = COUNTS,
    seeds: int = 5,
    epochs: int = 40,
    command: str = "",
    console: Console | None = None,
) -> Transfer:
    """Learn from each number of pictures in both ways, once a seed.

    Args:
        model: whose backbone gives the features.
        counts: training pictures in total, as many of each label; those of a smaller count are among those of a larger one.
        epochs: of the network from scratch, of `LEAST_STEPS` steps or more.
        command: how it was called, for the record.

    Raises:
        ArgumentError: a count below two pictures a label.
        DataError: fewer training pictures of a label than the largest count takes.
    """
    say = console or Console(quiet=True)
    train, validation = load_training(data)
    _check_counts(counts, train)
    drawn = [draw(train.targets, max(counts), seed) for seed in range(seeds)]
    used = sorted({number for numbers in drawn for number in numbers})
    place = {number: row for row, number in enumerate(used)}
    classifier = cnnhub.load(model)
    known, unseen = _seen(train, used, classifier), _seen(validation, range(len(validation)), classifier)
    curve = []
    for count in sorted(counts):
        rows = [[place[number] for number in numbers[:count]] for numbers in drawn]
        head = Reached.of(*zip(*(_by_head(known, unseen, each) for each in rows), strict=True))
        anew = (_from_scratch(known, unseen, each, seed, epochs) for seed, each in enumerate(rows))
        scratch = Reached.of(*zip(*anew, strict=True))
        curve.append({"pictures": count, "head": head, "scratch": scratch})
        say.print(f"{count:,} pictures: head {head.mean:.2%}, {head.seconds} s; scratch {scratch.mean:.2%}, {scratch.seconds} s")
    return Transfer(
        command,
        train.labels,
        len(validation),
        list(range(seeds)),
        {"backbone": model, "architecture": classifier.config.architecture, "C": _C},
        {"channels": list(CHANNELS), "parameters": _size(len(train.labels)), "side": SIDE, "epochs": epochs, "rate": RATE},
        curve,
    )


def draw(targets: Sequence[int], count: int, seed: int) -> list[int]:
    """Positions of `count` pictures, the labels taking turns, so that every beginning of the list is balanced too.

    >>> [(0, 0, 0, 1, 1)[position] for position in draw([0, 0, 0, 1, 1], 4, seed=0)]
    [0, 1, 0, 1]
    """
    order = np.random.default_rng(seed).permutation(len(targets))
    by_label = [[int(n) for n in order if targets[n] == label] for label in sorted(set(targets))]
    turns = [group[turn] for turn in range(len(targets)) for group in by_label if turn < len(group)]
    return turns[:count]


def report(found: Transfer) -> Iterator[RenderableType]:
    """What was measured, for rich's console."""
    title = escape(f"accuracy on {found.validation:,} validation pictures, {len(found.seeds)} seeds")
    table = Table("pictures", "head on a frozen backbone", "s", "from scratch", "s", title=title)
    for each in found.curve:
        head, scratch = each["head"], each["scratch"]
        table.add_row(f"{each['pictures']:,}", _range(head), f"{head.seconds:.1f}", _range(scratch), f"{scratch.seconds:.1f}")
    yield table


def _range(reached: Reached) -> str:
    return f"{reached.mean:.1%} ({reached.least:.1%} to {reached.most:.1%})"


def _check_counts(counts: Sequence[int], train: Pictures) -> None:
    labels = len(train.labels)
    if min(counts) < 2 * labels:
        raise ArgumentError(f"--count {min(counts)} arrived; expected {2 * labels} or more, two of each of the {labels} labels.")
    rarest = min(train.labels, key=lambda label: train.targets.count(train.labels.index(label)))
    there, wanted = train.targets.count(train.labels.index(rarest)), -(-max(counts) // labels)
    if there < wanted:
        raise DataError(f"{max(counts)} pictures take {wanted} of each label, and {rarest!r} has {there}. Take smaller counts.")


def _seen(pictures: Pictures, numbers: Sequence[int], classifier: cnnhub.Classifier) -> _Seen:
    """Features and pixels of these pictures, each computed once whatever learns from it."""
    sources = [pictures.source(number) for number in numbers]
    began = time.process_time()
    features = answers(classifier, sources, len(sources), "features", _BATCH_OF_FEATURES, embed=True).embeddings
    middle = time.process_time()
    shown = track(sources, "pixels", console=Console(stderr=True), transient=True)
    pixels = np.stack([_small(open_image(source)) for source in shown])  # (N, side, side, 3)
    ended = time.process_time()
    return _Seen(
        features,
        torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous(),  # -> (N, 3, side, side)
        torch.tensor([pictures.targets[number] for number in numbers]),
        (middle - began) / len(sources),
        (ended - middle) / len(sources),
    )


def _small(image: Image.Image) -> NDArray[np.uint8]:
    """A square of the middle, `SIDE + MARGIN` pixels wide -> (side, side, 3)."""
    return np.asarray(ImageOps.fit(image, (SIDE + MARGIN, SIDE + MARGIN), Image.Resampling.BICUBIC))


def _by_head(known: _Seen, unseen: _Seen, rows: Sequence[int]) -> tuple[float, float]:
    """-> (validation accuracy, processor seconds)"""
    began = time.process_time()
    targets = known.targets[rows].numpy()
    fitted = LogisticRegression(C=_C, max_iter=1000).fit(known.features[rows], targets)
    seconds = time.process_time() - began + len(rows) * known.seconds_of_features
    return float(fitted.score(unseen.features, unseen.targets.numpy())), seconds


def _from_scratch(known: _Seen, unseen: _Seen, rows: Sequence[int], seed: int, epochs: int) -> tuple[float, float]:
    """-> (validation accuracy, processor seconds)"""
    began = time.process_time()
    with seeded(seed):
        network = _trained(known.pixels[rows], known.targets[rows], epochs)
    seconds = time.process_time() - began + len(rows) * known.seconds_of_pixels
    edge = MARGIN // 2
    with torch.inference_mode():
        pixels = unseen.pixels[:, :, edge : edge + SIDE, edge : edge + SIDE]
        logits = torch.cat([network(_scaled(batch)) for batch in torch.split(pixels, BATCH)])
    return (logits.argmax(1) == unseen.targets).double().mean().item(), seconds


def _trained(pixels: torch.Tensor, targets: torch.Tensor, epochs: int) -> nn.Module:
    """Pixels (N, 3, SIDE + MARGIN, SIDE + MARGIN) uint8, targets (N,) -> a network in eval mode."""
    network = SmallNetwork(int(targets.max()) + 1).to(memory_format=torch.channels_last)
    size = min(BATCH, len(targets))
    steps = max(len(targets) // size, LEAST_STEPS) * epochs
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    order = torch.empty(0, dtype=torch.long)
    for _ in range(steps):
        if len(order) < size:
            order = torch.randperm(len(targets))
        batch, order = order[:size], order[size:]
        loss = F.cross_entropy(network(_scaled(_varied(pixels[batch]))), targets[batch])
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return network.eval()


def _varied(pixels: torch.Tensor) -> torch.Tensor:
    """Each picture cut out somewhere else, every other one mirrored -> (N, 3, SIDE, SIDE)."""
    corners = torch.randint(MARGIN + 1, (len(pixels), 2)).tolist()
    cut = [each[:, y : y + SIDE, x : x + SIDE] for each, (y, x) in zip(pixels, corners, strict=True)]
    mirrored = torch.rand(len(pixels)) < 0.5
    return torch.stack([each.flip(2) if flips else each for each, flips in zip(cut, mirrored, strict=True)])


def _scaled(pixels: torch.Tensor) -> torch.Tensor:
    """0 to 255 -> about -2 to 2."""
    return ((pixels.float() / 255 - 0.5) / 0.25).contiguous(memory_format=torch.channels_last)


def _size(classes: int) -> int:
    return sum(parameter.numel() for parameter in SmallNetwork(classes).parameters())
