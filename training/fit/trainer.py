"""A trainer takes steps: all layers at layer-wise decayed rates, one step after the other. When to stop is not its affair."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from accelerate.utils import broadcast
from numpy.typing import NDArray
from timm.data import Mixup
from timm.optim import create_optimizer_v2, param_groups_layer_decay
from timm.scheduler import CosineLRScheduler
from timm.utils import ModelEmaV3
from torch.nn.modules.batchnorm import _BatchNorm

from training.data.pixels import Key, derive, seeded
from training.fit.depthwise import quick_backward
from training.fit.prepare import Prepared
from training.fit.recipe import Recipe
from training.fit.stops import DivergedError

MOST_BAD_IN_A_ROW = 3

Batches = Iterator[tuple[torch.Tensor, torch.Tensor]]


@dataclass(frozen=True)
class Step:
    """What one step came to, over all processes: mean loss, how many pictures were answered right, whether it was skipped."""

    loss: float
    correct: int
    skipped: bool


class Trainer:
    """A network with its optimizer, schedule and moving average.

    What is random in a step (augmentation, mixup, dropout) follows from the seed and the step's number alone, so no
    generator's state has to be carried from one session of a run to the next.

    Attributes:
        steps: how many make an epoch.
        bad_in_a_row: how many steps were skipped since the last good one.
    """

    def __init__(self, ready: Prepared) -> None:
        recipe = ready.recipe
        self.recipe, self.engine, self.teachers = recipe, ready.engine, ready.teachers
        self.sees = ready.config.pretrained_cfg
        self.network = ready.network.to(ready.engine.device)
        self.average: Any = None
        if recipe.ema_decay:
            self.average = ModelEmaV3(self.network, decay=recipe.ema_decay, use_warmup=recipe.ema_warmup)
        # AdamW over timm's layer groups, each at `layer_decay` times the rate of the group above it
        rates = {"lr": recipe.lr, "weight_decay": recipe.weight_decay, "layer_decay": recipe.layer_decay}
        optimizer = create_optimizer_v2(self.network, opt="adamw", **rates)
        self.model, self.optimizer = ready.engine.prepare(self.network, optimizer)
        self.steps = len(ready.train.pictures) // recipe.batch_size
        self.schedule: Any = CosineLRScheduler(
            self.optimizer,
            t_initial=max(2, self.steps * recipe.epochs),
            warmup_t=round(recipe.warmup_epochs * self.steps),
            t_in_epochs=False,
        )
        classes, smoothing = ready.config.num_classes, recipe.label_smoothing
        self.mixup = None
        if recipe.mixup or recipe.cutmix:
            self.mixup = Mixup(recipe.mixup, recipe.cutmix, label_smoothing=smoothing, num_classes=classes)
        self.class_weights = None
        if recipe.class_weights == "balanced":
            self.class_weights = balanced_weights(ready.train.pictures.targets, classes).to(ready.engine.device)
        self.layers = layers_of(self.network) if recipe.unfreeze_epochs else []
        self.bad_in_a_row = 0

    @property
    def rate(self) -> float:
        """The head's learning rate."""
        return float(max(group["lr"] for group in self.optimizer.param_groups))

    def train_mode(self) -> None:
        """To be called before the first step, and after each measurement, which leaves the network in eval mode."""
        self.model.train()
        if self.recipe.freeze_batch_norm:
            for layer in self.network.modules():
                if isinstance(layer, _BatchNorm):
                    layer.eval()

    def step(self, number: int, micro_batches: Batches) -> Step:
        """One step over all its micro-batches.

        Args:
            number: of the step, from 0, over all epochs.

        Raises:
            DivergedError: it is the third in a row without a finite loss.
        """
        recipe, engine = self.recipe, self.engine
        self.schedule.step_update(number)
        statistics = [buffer.clone() for buffer in self.network.buffers()]
        sums = torch.zeros(2, dtype=torch.float64, device=engine.device)
        with seeded(derive(recipe.seed, 2_000_000, number, engine.process_index)):
            for part in range(recipe.accumulate):
                pixels, targets = (tensor.to(engine.device) for tensor in next(micro_batches))
                last = part == recipe.accumulate - 1
                with nullcontext() if last else engine.no_sync(self.model):
                    sums += self._micro_batch(pixels.contiguous(memory_format=torch.channels_last), targets)
        loss_sum, right = engine.reduce(sums).tolist()
        for parameter in self._asleep(number):
            parameter.grad = None  # and the optimizer passes it over
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip or math.inf)
        loss = loss_sum / (recipe.accumulate * engine.num_processes)
        is_good = math.isfinite(loss) and bool(torch.isfinite(norm))
        if is_good:
            self.optimizer.step()
            if self.average:
                self.average.update(self.network, number + 1 if recipe.ema_warmup else None)
            self.bad_in_a_row = 0
        else:
            self._skip(number, statistics)
        self.optimizer.zero_grad()
        return Step(loss, int(right), not is_good)

    def averaged(self) -> torch.nn.Module:
        """The network whose weights are measured and kept; its batch-norm statistics are the first process's."""
        if self.average is None:
            return self.network
        averaged: torch.nn.Module = self.average.module
        if self.engine.num_processes > 1:
            for buffer in averaged.buffers():
                buffer.copy_(broadcast(buffer))
        return averaged

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of it."""
        return {
            "network": self.network.state_dict(),
            "average": self.average.module.state_dict() if self.average else None,
            "optimizer": self.optimizer.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what `state` gave."""
        self.network.load_state_dict(state["network"])
        if self.average:
            self.average.module.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])

    def _micro_batch(self, pixels: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Forward and backward -> (loss, right answers) of this process's micro-batch."""
        recipe = self.recipe
        wanted, smoothing = targets, recipe.label_smoothing
        if self.mixup:
            pixels, wanted = self.mixup(pixels, targets)
            smoothing = 0.0  # its soft targets are smoothed already
        if self.teachers:
            with self.engine.autocast():
                wanted, smoothing = self.teachers(pixels, self.sees), recipe.label_smoothing
        with quick_backward(self.engine.device, recipe.precision):
            logits = self.model(pixels).float()
        if self.class_weights is None:
            loss = F.cross_entropy(logits, wanted, label_smoothing=smoothing)
        else:
            losses = F.cross_entropy(logits, wanted, label_smoothing=smoothing, reduction="none")
            loss = (losses * self._weights(wanted)).mean()
        self.engine.backward(loss / recipe.accumulate)
        right = (logits.argmax(1) == targets).sum()
        return torch.stack([loss.detach().double(), right.double()])

    def _weights(self, wanted: torch.Tensor) -> torch.Tensor:
        """Class numbers (N,) or shares of classes (N, K) -> what each picture weighs (N,)."""
        assert self.class_weights is not None
        return wanted @ self.class_weights if wanted.is_floating_point() else self.class_weights[wanted]

    def _asleep(self, number: int) -> list[torch.nn.Parameter]:
        """What does not learn yet in a step: of so many layers those farthest from the head."""
        steps = self.recipe.unfreeze_epochs * self.steps
        if number >= steps:
            return []
        awake = 1 + int(number / steps * (len(self.layers) - 1))
        return [parameter for layer in self.layers[awake:] for parameter in layer]

    def _skip(self, number: int, statistics: list[torch.Tensor]) -> None:
        """Leave weights as they are and give batch norm back the statistics that the bad forward pass spoiled."""
        for buffer, before in zip(self.network.buffers(), statistics, strict=True):
            buffer.copy_(before)
        self.bad_in_a_row += 1
        if self.bad_in_a_row >= MOST_BAD_IN_A_ROW:
            epoch, step = divmod(number, self.steps)
            raise DivergedError(
                f"The loss was not finite {MOST_BAD_IN_A_ROW} steps in a row (epoch {epoch + 1}, step {step}, "
                f"learning rate {self.rate:.2g}). The last good checkpoint and the best model stay. "
                "Take a smaller --lr, --clip 1, or --precision float32."
            )


def epoch_batches(targets: Sequence[int], recipe: Recipe, epoch: int, process: int, processes: int) -> list[list[Key]]:
    """One process's micro-batches of an epoch, `recipe.accumulate` to a step; the incomplete last step is dropped.

    Every process cuts its share out of the same shuffled steps, so that the pictures of a step do not depend on how many
    processes there are.

    Args:
        targets: the class number of each picture.
    """
    order = _order(np.asarray(targets), recipe, epoch)
    micro = recipe.micro_batch(processes)
    batches = []
    for start in range(0, len(order) - recipe.batch_size + 1, recipe.batch_size):
        for part in range(recipe.accumulate):
            first = start + (part * processes + process) * micro
            batches.append([(index, derive(recipe.seed, epoch, *key)) for index, *key in order[first : first + micro]])
    return batches


def balanced_weights(targets: Sequence[int], classes: int) -> torch.Tensor:
    """What a picture of each class weighs (K,), so that classes weigh alike together and pictures one on average.

    >>> balanced_weights([0, 0, 0, 1], 2)
    tensor([0.6667, 2.0000])
    """
    counts = torch.bincount(torch.tensor(targets), minlength=classes)
    return len(targets) / (classes * counts.clamp(min=1)).float()


def layers_of(network: torch.nn.Module) -> list[list[torch.nn.Parameter]]:
    """The parameters by timm's layer groups, the head's group first."""
    by_scale: dict[float, list[torch.nn.Parameter]] = defaultdict(list)
    for group in param_groups_layer_decay(network, layer_decay=0.5):
        by_scale[group["lr_scale"]] += group["params"]
    return [by_scale[scale] for scale in sorted(by_scale, reverse=True)]


def copy_of(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Its weights and statistics, on the CPU, as they are now."""
    return {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}


def _order(targets: NDArray[np.int64], recipe: Recipe, epoch: int) -> list[tuple[int, ...]]:
    """An epoch's pictures, each with what its seed follows from: its number, and how often it came before in the epoch.

    A balanced epoch is as long as any; a rare label's pictures come again and again in it, a common one's not all.
    """
    generator = np.random.default_rng(derive(recipe.seed, epoch))
    if not recipe.balanced_sampler:
        return [(index, index) for index in generator.permutation(len(targets)).tolist()]
    labels = np.unique(targets)
    share = -(-len(targets) // len(labels))
    drawn: list[tuple[int, ...]] = []
    for label in labels:
        those = np.flatnonzero(targets == label)
        rounds = ((turn, index) for turn in range(share) for index in generator.permutation(those).tolist())
        drawn += [(index, index, turn) for turn, index in islice(rounds, share)]
    return [drawn[place] for place in generator.permutation(len(drawn))[: len(targets)]]
