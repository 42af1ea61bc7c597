"""Backbones that are here: how large they are, what they were published to know, and how long they take on this machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import RenderableType
from rich.table import Table

import cnnhub
from cnnhub import hub
from cnnhub.errors import CnnHubError, ModelNotFoundError
from training.data.words import escape

_IMAGENET = 1000  # classes
# ImageNet-1k top-1 of the validation set, by architecture, as whoever trained the weights published it.
_PUBLISHED = {
    "mobilenetv2_100": 0.718,  # tensorflow/models, research/slim/nets/mobilenet/README.md
    "tf_efficientnet_lite0": 0.751,  # tensorflow/tpu, models/official/efficientnet/lite/README.md
    "tf_efficientnet_lite1": 0.767,  # the same
}
_ROUNDS = 15


@dataclass(frozen=True)
class Backbone:
    """A model to fine-tune from."""

    name: str  # what --backbone-weights takes
    architecture: str
    megabytes: float  # of its weights' file
    side: int  # of the input, pixels
    imagenet_top1: float | None  # as published; None where the weights have other labels, or no figure is known
    milliseconds: float  # for one picture by `engine`, without decoding: a median on this machine
    engine: str


def at_hand(folder: Path | None = None) -> Iterator[Backbone]:
    """The built-in models, then the model folders in `folder`.

    Raises:
        ModelNotFoundError: `folder` is none, or holds no model.
    """
    yield from map(_measured, hub.builtin_models())
    if folder is None:
        return
    inside = sorted(path.parent for path in folder.glob(f"*/{hub.CONFIG_NAME}"))
    if not inside:
        raise ModelNotFoundError(f"{folder} holds no model: expected folders with a {hub.CONFIG_NAME} and a {hub.WEIGHTS_NAME}.")
    for path in inside:
        try:
            yield _measured(str(path))
        except CnnHubError:  # half a network, or another's layout: nothing to fine-tune from by name
            continue


def report(found: list[Backbone]) -> Iterator[RenderableType]:
    """What was found, for rich's console."""
    table = Table("--backbone-weights", "architecture", "MB", "input", "ImageNet top-1, published", "ms a picture, here")
    for each in found:
        known = "" if each.imagenet_top1 is None else f"{each.imagenet_top1:.1%}"
        time_taken = f"{each.milliseconds:.1f} ({each.engine})"
        table.add_row(escape(each.name), each.architecture, f"{each.megabytes:.1f}", f"{each.side} px", known, time_taken)
    yield table
    yield "Any other timm architecture: --backbone NAME, with timm's weights from the Hub."


def as_json(found: list[Backbone]) -> dict[str, Any]:
    """As `backbones --json` prints it."""
    return {"backbones": [asdict(each) for each in found]}


def _measured(source: str) -> Backbone:
    classifier = cnnhub.load(source)
    config, weights = classifier.config, hub.resolve(source).weights
    pixels = np.zeros((1, *config.pretrained_cfg.input_size), np.uint8)
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        classifier.engine.answer(pixels)
        times.append(1e3 * (time.perf_counter() - started))
    known = _PUBLISHED.get(config.architecture) if config.num_classes == _IMAGENET else None
    megabytes = weights.stat().st_size / 1e6
    side = config.pretrained_cfg.input_size[2]
    return Backbone(source, config.architecture, megabytes, side, known, statistics.median(times), classifier.engine.name)
