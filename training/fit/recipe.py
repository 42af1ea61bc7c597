"""A recipe: everything that decides a run besides the data and the backbone's weights; and how one is carried out."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cnnhub.errors import CnnHubError, UnknownNameError
from cnnhub.hub.config import ALLOWED_MODEL_ARGS

PRECISIONS = ("auto", "bf16", "float32")


class RecipeError(CnnHubError):
    """Settings that contradict each other or the data."""


@dataclass(frozen=True)
class Recipe:
    """How a model is trained.

    Attributes:
        backbone: a timm architecture, with or without a tag ("resnet18.a1_in1k"), or "torchvision:shufflenet_v2_x1_0".
        model_args: variants of the backbone, such as {"pad_type": "same"} for weights from TensorFlow.
        size: side of the square input, pixels; None takes the backbone's own.
        views: phase one, augmented views of each training picture beside the plain one.
        head_c: phase one, the inverse L2 penalties that are tried for the head on cached features.
        epochs, lr: phase two, all layers, AdamW; lr is the head's peak rate.
        layer_decay: each layer learns at this share of the rate of the layer above it (timm's layer groups).
        warmup_epochs: the rate rises linearly for so long, then falls to zero as a cosine.
        mixup: alpha of the Beta distribution (Zhang et al. 2018); 0 is off.
        augment: timm's auto_augment string, such as "rand-m5-n2-mstd0.5-inc1" (RandAugment); empty is off.
        scale: smallest share of the picture's area that a random crop keeps.
        color_jitter: used where `augment` is off.
        ema_decay: what is measured and kept is the exponential moving average of the weights over the steps; 0 is off.
        freeze_batch_norm: phase two, batch norm keeps the statistics of the backbone's training (eval mode) and learns its
            scale and shift alone; those of a batch of 32 are noisy.
        batch_size: pictures a step, over all devices and micro-batches together.
        accumulate: micro-batches that a step's pictures are cut into, to save memory.
        clip: largest norm of a step's gradient; 0 is off.
        precision: "bf16" runs convolutions in bfloat16 (autocast), "float32" does not, "auto" takes bf16 where the
            device computes in it.
        patience: stop after so many epochs without a better validation score; 0 is off.
        teachers: folders of trained models whose mean answer phase two learns in place of the labels; see `training.fit.distil`.
        blend: after phase two, look for better weights between phase one's and phase two's (WiSE-FT); see `training.fit.blend`.
        squashed_from: width / height that the data's pictures had before they were squashed to squares, or None.
            Crops are then chosen on validation pictures stretched back to it, as visitors' photos are.
    """

    backbone: str = "mobilenetv2_100"
    model_args: dict[str, str] = field(default_factory=dict)
    size: int | None = None
    views: int = 0
    head_c: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1, 0.3)
    epochs: int = 8
    lr: float = 1e-3
    layer_decay: float = 0.85
    weight_decay: float = 0.02
    warmup_epochs: float = 1.0
    label_smoothing: float = 0.1
    mixup: float = 0.2
    augment: str = "rand-m5-n2-mstd0.5-inc1"
    scale: float = 0.5
    color_jitter: float = 0.25
    ema_decay: float = 0.995
    freeze_batch_norm: bool = False
    batch_size: int = 32
    accumulate: int = 1
    clip: float = 0.0
    precision: str = "auto"
    patience: int = 0
    teachers: tuple[str, ...] = ()
    blend: bool = True
    squashed_from: float | None = None
    seed: int = 0

    def check(self, processes: int = 1) -> None:
        """Refuse what cannot work, before any picture is read.

        Raises:
            RecipeError, UnknownNameError: the setting, and what would work.
        """
        if self.precision not in PRECISIONS:
            raise UnknownNameError("precision", self.precision, PRECISIONS)
        for key in self.model_args:
            if key not in ALLOWED_MODEL_ARGS:
                raise UnknownNameError("model argument", key, ALLOWED_MODEL_ARGS)
        shares = self.accumulate * processes
        least = 2 * shares
        if self.batch_size < least or self.batch_size % shares:
            raise RecipeError(
                f"A batch of {self.batch_size} pictures cannot be cut into {self.accumulate} micro-batches on {processes} "
                f"devices. Expected a multiple of {shares}, {least} or more; change --batch-size or --accumulate."
            )
        if self.mixup and self.micro_batch(processes) % 2:
            raise RecipeError(
                f"Mixup pairs the pictures of a micro-batch, and {self.micro_batch(processes)} is odd. "
                f"Take --batch-size {2 * self.batch_size}, or --mixup 0."
            )

    def micro_batch(self, processes: int) -> int:
        """Pictures that one device sees at once."""
        return self.batch_size // (self.accumulate * processes)

    def fitted_to(self, pictures: int, processes: int) -> Recipe:
        """The recipe with a batch no larger than the training set; still a multiple that the devices can share."""
        unit = 2 * self.accumulate * processes
        if pictures < unit:
            raise RecipeError(f"{pictures} training pictures arrived; expected {unit} or more.")
        largest = pictures // unit * unit
        return self if self.batch_size <= pictures else dataclasses.replace(self, batch_size=largest)

    def as_json(self) -> dict[str, Any]:
        """As it stands in config.json and in checkpoints."""
        return {**dataclasses.asdict(self), "head_c": list(self.head_c), "teachers": list(self.teachers)}


@dataclass(frozen=True)
class Run:
    """Where and how a recipe is carried out; what comes out depends on `max_minutes` and `fix_leaks` alone.

    Attributes:
        output: the model's folder; `output/run` holds what only training needs.
        resume: go on from the newest checkpoint there; start where there is none.
        overwrite: drop an unfinished run there.
        max_minutes: end training so that the best model is evaluated and saved by then; 0 is no limit.
        checkpoint_steps: steps between checkpoints, beside the one at each epoch's end; 0 is none between.
        workers: processes that decode pictures.
        fix_leaks: train on validation pictures that have a copy in train, where otherwise they are refused.
        name, command: what the model is called, and the command line that makes it; both stand in its card.
    """

    output: Path
    resume: bool = False
    overwrite: bool = False
    max_minutes: float = 0.0
    checkpoint_steps: int = 100
    workers: int = 2
    fix_leaks: bool = False
    name: str | None = None
    command: str | None = None

    @property
    def checkpoints(self) -> Path:
        """Where they are written."""
        return self.output / "run" / "checkpoints"
