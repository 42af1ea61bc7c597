"""A recipe: everything that decides a run besides the data and the backbone's weights; and how one is carried out."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cnnhub.errors import CnnHubError, UnknownNameError
from cnnhub.hub.config import ALLOWED_MODEL_ARGS

PRECISIONS = ("auto", "bf16", "float32")
CLASS_WEIGHTS = ("none", "balanced")
SIZES = range(16, 1025)
AUTO, AUTOMATIC = -1, "auto"  # a number and a string that are left open: `defaults` decides them
# What settings were before there was a choice: a run that was begun then goes on so.
BEFORE = {
    "ema_warmup": False, "flip": True, "fresh": [], "cutmix": 0.0, "without": [], "vertical_flip": False, "set_back": 0.0,
    "erase": 0.0,
    "unfreeze_epochs": 0.0, "class_weights": "none", "balanced_sampler": False,
}  # fmt: skip
OPEN = ("epochs", "layer_decay", "label_smoothing", "mixup", "augment", "scale", "ema_decay")


class RecipeError(CnnHubError):
    """Settings that contradict each other or the data."""


@dataclass(frozen=True)
class Recipe:
    """How a model is trained."""

    backbone: str = "mobilenetv2_100"  # a timm architecture, with or without a tag, or "torchvision:shufflenet_v2_x1_0"
    model_args: dict[str, str] = field(default_factory=dict)  # such as {"pad_type": "same"} for weights from TensorFlow
    fresh: tuple[str, ...] = ()  # parts of the network, such as "conv5", that the weights lack: they begin with random ones
    size: int | None = None  # side of the square input, pixels; None takes the backbone's own
    views: int = 0  # phase one, augmented views of each training picture beside the plain one
    head_c: tuple[float, ...] = (0.003, 0.01, 0.03, 0.1, 0.3)  # phase one, inverse L2 penalties that are tried for the head
    epochs: int = AUTO  # phase two, all layers, AdamW
    lr: float = 1e-3  # the head's peak rate
    layer_decay: float = AUTO  # each layer learns at this share of the rate of the layer above it (timm's layer groups)
    weight_decay: float = 0.02
    warmup_epochs: float = 1.0  # the rate rises linearly for so long, then falls to zero as a cosine
    label_smoothing: float = AUTO
    mixup: float = AUTO  # alpha of the Beta distribution (Zhang et al. 2018); 0 is off
    cutmix: float = 0.0  # alpha likewise, of CutMix (Yun et al. 2019); with mixup, each batch has one of them; 0 is off
    augment: str = AUTOMATIC  # timm's auto_augment string, here RandAugment; empty is off
    flip: bool = True  # half of the pictures left to right; not for digits, letters or arrows
    without: tuple[str, ...] = ()  # operations that RandAugment does not do, by timm's names, such as "Rotate"
    vertical_flip: bool = False  # half of the pictures upside down; for pictures from above
    # share of the pictures that are shown small, before their own blurred colours or a plain one, as subjects far away are
    set_back: float = 0.0
    erase: float = 0.0  # share of the pictures of which a random rectangle becomes noise (Zhong et al. 2017); 0 is off
    scale: float = AUTO  # smallest share of the picture's area that a random crop keeps
    color_jitter: float = 0.25  # used where `augment` is off
    ema_decay: float = AUTO  # of the weights' exponential moving average, which is measured and kept; 0 is off
    # the average's decay rises to that from 0 (timm's use_warmup), so that a short run does not keep what it began with
    ema_warmup: bool = True
    # phase two, batch norm keeps the statistics of the backbone's training (eval mode) and learns its scale and shift alone;
    # those of a batch of 32 are noisy
    freeze_batch_norm: bool = False
    # phase two, for so many epochs layers join the head from above, one group after the other; 0 begins with all (Howard and
    # Ruder 2018)
    unfreeze_epochs: float = 0.0
    # both phases, "balanced": a label's pictures weigh as much together as another's. Or, phase two: each label is shown as often
    class_weights: str = "none"
    balanced_sampler: bool = False
    batch_size: int = 32  # pictures a step, over all devices and micro-batches together
    accumulate: int = 1  # micro-batches that a step's pictures are cut into, to save memory
    clip: float = 0.0  # largest norm of a step's gradient; 0 is off
    # "bf16" runs convolutions in bfloat16 (autocast), "float32" does not, "auto" takes bf16 where the device computes in it
    precision: str = "auto"
    patience: int = 0  # stop after so many epochs without a better validation score; 0 is off
    teachers: tuple[str, ...] = ()  # folders of trained models whose mean answer phase two learns in place of the labels
    blend: bool = True  # after phase two, look for better weights between phase one's and phase two's (WiSE-FT)
    # width / height that the data's pictures had before they were squashed to squares, or None. Crops are then chosen on
    # validation pictures stretched back to it, as visitors' photos are
    squashed_from: float | None = None
    seed: int = 0

    def check(self, processes: int = 1) -> None:
        """Refuse what cannot work, before any picture is read.

        Raises:
            RecipeError, UnknownNameError: the setting, and what would work.
        """
        if self.precision not in PRECISIONS:
            raise UnknownNameError("precision", self.precision, PRECISIONS)
        if self.class_weights not in CLASS_WEIGHTS:
            raise UnknownNameError("way of weighting classes", self.class_weights, CLASS_WEIGHTS)
        if self.balanced_sampler and self.class_weights != "none":
            raise RecipeError("--class-weights and --balanced-sampler each make up for rare labels; leave one out.")
        for key in self.model_args:
            if key not in ALLOWED_MODEL_ARGS:
                raise UnknownNameError("model argument", key, ALLOWED_MODEL_ARGS)
        if self.size is not None and self.size not in SIZES:
            raise RecipeError(
                f"--size {self.size} arrived; expected {SIZES[0]} to {SIZES[-1]} pixels. Leave it out for the backbone's own."
            )
        self._check_augment()
        shares = self.accumulate * processes
        if self.batch_size < 2 * shares or self.batch_size % shares:
            raise RecipeError(
                f"A batch of {self.batch_size} pictures cannot be cut into {self.accumulate} micro-batches on {processes} "
                f"devices. Expected a multiple of {shares}, {2 * shares} or more; change --batch-size or --accumulate."
            )
        if (self.cutmix or self.mixup not in (0, AUTO)) and self.micro_batch(processes) % 2:
            raise RecipeError(
                f"Mixup and CutMix pair the pictures of a micro-batch, and {self.micro_batch(processes)} is odd. "
                f"Take --batch-size {2 * self.batch_size}, or --mixup 0 and --cutmix 0."
            )

    def _check_augment(self) -> None:
        """timm asserts, or leaves out in silence what it does not know."""
        from training.data.pixels import augmenting

        if self.augment == AUTOMATIC:
            return
        kind, *settings = self.augment.split("-")
        try:
            augmenting({**self.augmentation(), "without": ()}, input_size=32)
            is_known = kind not in ("rand", "augmix") or all(re.fullmatch(r"[a-z]+[\d.]+|t\w+", each) for each in settings)
        except Exception:  # whatever its string provokes in timm
            is_known = False
        if not is_known:
            raise RecipeError(
                f"--augment {self.augment!r} arrived; expected timm's auto_augment string, such as rand-m5-n2-mstd0.5-inc1, "
                "augmix-m3 or original, or '' to augment with colours alone."
            )
        if self.without and kind != "rand":
            raise RecipeError(f"--without leaves out operations of RandAugment, and --augment {self.augment!r} has none.")
        augmenting(self.augmentation(), input_size=32)

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

    def augmentation(self) -> dict[str, Any]:
        """What happens to a training picture at random, as arguments of timm's create_transform."""
        return {
            "scale": (self.scale, 1.0),
            "ratio": (3 / 4, 4 / 3),
            "hflip": 0.5 if self.flip else 0.0,
            "vflip": 0.5 if self.vertical_flip else 0.0,
            "auto_augment": self.augment or None,
            "without": self.without,
            "set_back": self.set_back,
            "color_jitter": self.color_jitter,
            "re_prob": self.erase,
            "re_mode": "pixel",
        }

    def left_open(self) -> set[str]:
        """Names of the settings that nobody decided."""
        return {each for each in OPEN if getattr(self, each) in (AUTO, AUTOMATIC)}

    def as_begun(self, identity: dict[str, Any]) -> Recipe:
        """As the run was begun whose checkpoint says `identity`, in what this recipe leaves open."""
        known = {**BEFORE, **identity}
        return dataclasses.replace(self, **{name: known[name] for name in (*self.left_open(), "ema_warmup")})

    def as_json(self) -> dict[str, Any]:
        """As it stands in config.json and in checkpoints."""
        return {name: list(each) if isinstance(each, tuple) else each for name, each in dataclasses.asdict(self).items()}


@dataclass(frozen=True)
class Run:
    """Where and how a recipe is carried out; what comes out depends on `max_minutes` and `fix_leaks` alone."""

    output: Path  # the model's folder; `output/run` holds what only training needs
    resume: bool = False  # go on from the newest checkpoint there; start where there is none
    overwrite: bool = False  # replace what is there, an unfinished run or a model
    max_minutes: float = 0.0  # end training so that the best model is evaluated and saved by then; 0 is no limit
    checkpoint_steps: int = 100  # steps between checkpoints, beside the one at each epoch's end; 0 is none between
    workers: int = 2  # processes that decode pictures
    fix_leaks: bool = False  # train on validation pictures that have a copy in train, where otherwise they are refused
    # name, command: what the model is called, and the command line that makes it; both stand in its card
    name: str | None = None
    command: str | None = None

    @property
    def checkpoints(self) -> Path:
        """Where they are written."""
        return self.output / "run" / "checkpoints"
