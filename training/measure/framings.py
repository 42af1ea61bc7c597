"""The same pictures, framed as people frame them: how much of a model's accuracy each way of taking a picture costs.

What is random follows from the seed and the picture's number alone, so that every model sees the same pictures.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageEnhance
from rich.console import RenderableType
from rich.table import Table

import cnnhub
from cnnhub.errors import CnnHubError, ImageError
from cnnhub.images import open_image
from training.data.layout import DataError
from training.data.pixels import blurred, derive, set_back
from training.data.sources import Source
from training.data.splits import load_split
from training.data.words import counted, escape
from training.measure.answers import answers

MOST_LOST = 0.03  # of accuracy, in any framing, of a model that is done
PLAIN = "as it is"
Framing = Callable[[Image.Image, random.Random], Image.Image]


def small_subject(image: Image.Image, chance: random.Random) -> Image.Image:
    """The picture at half its size somewhere before its own blurred colours: a quarter of the frame."""
    return set_back(image, 0.5, blurred(image), chance)


def cut_subject(image: Image.Image, chance: random.Random) -> Image.Image:
    """35 % of the width or of the height is missing on one side."""
    width, height = image.size
    missing = {"left": 0, "top": 0, "right": 0, "bottom": 0}
    side = chance.choice(list(missing))
    missing[side] = round(0.35 * (width if side in ("left", "right") else height))
    return image.crop((missing["left"], missing["top"], width - missing["right"], height - missing["bottom"]))


def turned(image: Image.Image, chance: random.Random) -> Image.Image:
    """By 10 degrees to either side, without the empty corners."""
    angle = chance.choice((-10, 10))
    rotated = image.rotate(angle, Image.Resampling.BICUBIC)
    return _middle(rotated, 0.8)


def dim(image: Image.Image, chance: random.Random) -> Image.Image:
    """At 30 % of its brightness."""
    return ImageEnhance.Brightness(image).enhance(0.3)


def jpeg_30(image: Image.Image, chance: random.Random) -> Image.Image:
    """Saved at JPEG quality 30."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=30)
    return Image.open(buffer).convert("RGB")


def screenshot(image: Image.Image, chance: random.Random) -> Image.Image:
    """Between the plain borders of a telephone's screen: a third of its height above and below, white or black."""
    width, height = image.size
    above, below = round(0.12 * height), round(0.21 * height)
    page = Image.new("RGB", (width, above + height + below), chance.choice(("white", "black", "#1f2937")))
    page.paste(image, (0, above))
    return page


FRAMINGS: dict[str, Framing] = {
    "small subject": small_subject,
    "cut subject": cut_subject,
    "turned by 10 degrees": turned,
    "dim": dim,
    "JPEG 30": jpeg_30,
    "screenshot": screenshot,
}


@dataclass(frozen=True)
class Framed:
    """A model's accuracy in each framing of one split; shares lie in 0 to 1."""

    model: str
    split: str
    pictures: int
    top1: dict[str, float]  # "as it is", then each framing

    @property
    def lost(self) -> dict[str, float]:
        """Framing -> how much less than for the pictures as they are."""
        return {name: self.top1[PLAIN] - share for name, share in self.top1.items() if name != PLAIN}

    def as_json(self) -> dict[str, Any]:
        """As `framings --json` prints it."""
        return {**asdict(self), "lost": self.lost}


def measure(source: str, data: Source | Path, split: str = "validation", batch_size: int = 32, seed: int = 0) -> Framed:
    """Classify every picture of a split, as it is and in each framing.

    Raises:
        CnnHubError: the test split was asked for: framings are there to choose by.
        UnknownNameError: the dataset has a label that the model does not know.
        DataError: the split does not exist, or none of its pictures can be read.
    """
    if split == "test":
        raise CnnHubError("--split test arrived; framings are there to choose by, so take validation or train.")
    classifier = cnnhub.load(source)
    pictures = load_split(data, split, check=False)
    numbers = torch.tensor([classifier.label_index(label) for label in pictures.labels])
    top1 = {}
    count = 0
    for name, framing in {PLAIN: None, **FRAMINGS}.items():
        framed = (_framed(pictures.source(number), framing, derive(seed, number)) for number in range(len(pictures)))
        answered = answers(classifier, framed, len(pictures), name, batch_size)
        if not answered.readable:
            raise DataError(f"None of the {len(pictures)} pictures of {split} in {data} can be read.")
        targets = numbers[torch.tensor(pictures.targets)[answered.readable]]
        top1[name] = (torch.from_numpy(answered.logits).argmax(1) == targets).double().mean().item()
        count = len(answered.readable)
    return Framed(source, split, count, top1)


def report(found: Framed) -> Iterator[RenderableType]:
    """What was measured, for rich's console."""
    title = escape(f"{found.model} on {found.split}, {counted(found.pictures, 'picture')}")
    table = Table("framing", "accuracy", "lost, points", title=title)
    for name, share in found.top1.items():
        table.add_row(name, f"{share:.2%}", f"{100 * found.lost[name]:.2f}" if name in found.lost else "")
    yield table
    worst = [name for name, lost in found.lost.items() if lost > MOST_LOST]
    if worst:
        yield f"More than {100 * MOST_LOST:.0f} points are lost in: {', '.join(worst)}."


def _framed(source: str | bytes, framing: Framing | None, seed: int) -> Any:
    """The picture, or what cannot be read as it is: `answers` leaves that out."""
    try:
        image = open_image(source)
    except ImageError:
        return source
    return framing(image, random.Random(seed)) if framing else image


def _middle(image: Image.Image, share: float) -> Image.Image:
    width, height = image.size
    left, top = round((1 - share) / 2 * width), round((1 - share) / 2 * height)
    return image.crop((left, top, width - left, height - top))
