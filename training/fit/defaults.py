"""What a recipe leaves open: decided by whether a trained backbone is fine-tuned, and by the pictures."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from statistics import median
from typing import Any

from training.fit.recipe import Recipe

MANY_EPOCHS = 8
FEW = 50  # pictures a label; with fewer, all layers learn them by heart, and the head alone answers better
SMALL = 64  # pixels, the shorter side; half of such a picture seldom shows what the whole does
# For a trained backbone: its deep layers know most already, and few pictures have to go a long way.
FINE_TUNING: dict[str, Any] = {
    "layer_decay": 0.85,
    "label_smoothing": 0.1,
    "mixup": 0.2,
    "augment": "rand-m5-n2-mstd0.5-inc1",
    "ema_decay": 0.995,
    "scale": 0.5,
}
# For random weights: no layer knows anything yet, and what is changed too much is learned too late.
FROM_SCRATCH: dict[str, Any] = {
    "layer_decay": 1.0,
    "label_smoothing": 0.1,
    "mixup": 0.0,
    "augment": "rand-m3-n1-mstd0.5-inc1",
    "ema_decay": 0.0,
    "scale": 0.7,
}
SMALL_SCALE = 0.9  # of small pictures


def suited(recipe: Recipe, from_scratch: bool) -> Recipe:
    """The recipe with all decided that needs no look at the pictures."""
    known = FROM_SCRATCH if from_scratch else FINE_TUNING
    return _completed(recipe, {name: value for name, value in known.items() if name != "scale"})


def decided(recipe: Recipe, sides: Sequence[int], labels: int, from_scratch: bool) -> Recipe:
    """The whole recipe: epochs (none where pictures are few and the head alone can do) and the size of crops too.

    Args:
        sides: of each training picture the shorter one, pixels.
        labels: how many there are.
    """
    head_can_do = not from_scratch and not recipe.teachers
    epochs = 0 if head_can_do and len(sides) < FEW * labels else MANY_EPOCHS
    scale = (FROM_SCRATCH if from_scratch else FINE_TUNING)["scale"] if median(sides) > SMALL else SMALL_SCALE
    return _completed(suited(recipe, from_scratch), {"epochs": epochs, "scale": scale})


def _completed(recipe: Recipe, known: dict[str, Any]) -> Recipe:
    return dataclasses.replace(recipe, **{name: known[name] for name in known.keys() & recipe.left_open()})
