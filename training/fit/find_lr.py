"""The learning-rate range test: train while the rate grows, and see where the loss falls and where it breaks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import track

from training.data.pixels import Pixels, loader
from training.data.sources import Source
from training.fit import devices
from training.fit.backbones import Weights
from training.fit.head import fit_head
from training.fit.prepare import prepare
from training.fit.recipe import Recipe, Run
from training.fit.stops import DivergedError
from training.fit.trainer import Batches, Trainer, epoch_batches

LOWEST, HIGHEST = 1e-6, 1.0
_SMOOTHING = 0.9  # share of the average that a step keeps
_BROKEN = 2.0  # times the smallest smoothed loss


@dataclass(frozen=True)
class Found:
    """Learning rates of the head, the smoothed training loss (nats) at each, and the rate to take as a peak."""

    rates: list[float]
    losses: list[float]
    suggestion: float


def find_lr(data: Source | Path, weights: Weights, recipe: Recipe, run: Run, console: Console, steps: int = 100) -> Found:
    """Fit the head, then train all layers for so many steps, the rate rising from 1e-6 to 1 as a geometric series.

    Ends early where the loss doubles. Without mixup and CutMix, whose share of a second picture moves the loss of a step more
    than the rate does. Smith 2017, "Cyclical Learning Rates for Training Neural Networks" (range test); the suggestion is
    fastai's: a tenth of the rate at which the smoothed loss is smallest. Nothing is kept of the network.
    """
    steady: dict[str, Any] = {"mixup": 0.0, "cutmix": 0.0, "unfreeze_epochs": 0.0}
    recipe = dataclasses.replace(recipe, precision=devices.resolve_precision(recipe.precision), **steady, epochs=1)
    engine = devices.accelerator(recipe.precision)
    with devices.explained(recipe):
        ready = prepare(data, weights, recipe, run, {}, engine, console)
        fit_head(ready, run, console)
        trainer = Trainer(ready)
        rates = [LOWEST * (HIGHEST / LOWEST) ** (step / max(1, steps - 1)) for step in range(steps)]
        trainer.schedule = _Rising(trainer.optimizer, rates)
        trainer.train_mode()
        losses = smoothed(_losses(trainer, _endless(ready.train, ready.recipe, run.workers), steps, console))
    tried = rates[: len(losses)]
    return Found(tried, losses, tried[losses.index(min(losses))] / 10)


def smoothed(losses: Iterator[float]) -> list[float]:
    """Exponential averages, corrected for their start, until they break: double the smallest, or not finite.

    >>> smoothed(iter([1.0, 1.0, 1.0, 99.0, 1.0]))
    [1.0, 1.0, 1.0]
    """
    averages: list[float] = []
    running = 0.0
    for step, loss in enumerate(losses, 1):
        running = _SMOOTHING * running + (1 - _SMOOTHING) * loss
        average = round(running / (1 - _SMOOTHING**step), 9)
        if averages and not average <= _BROKEN * min(averages):
            break
        averages.append(average)
    return averages


class _Rising:
    """Takes the place of the schedule: timm's groups keep their shares of the rate."""

    def __init__(self, optimizer: torch.optim.Optimizer, rates: list[float]) -> None:
        self.optimizer, self.rates = optimizer, rates

    def step_update(self, step: int) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = self.rates[step] * group.get("lr_scale", 1.0)


def _losses(trainer: Trainer, batches: Batches, steps: int, console: Console) -> Iterator[float]:
    try:
        for number in track(range(steps), "learning rates", console=console, transient=True):
            yield trainer.step(number, batches).loss
    except DivergedError:
        return


def _endless(train: Pixels, recipe: Recipe, workers: int) -> Batches:
    epoch = 0
    while True:
        epoch += 1
        yield from loader(train, epoch_batches(train.pictures.targets, recipe, epoch, 0, 1), workers)
