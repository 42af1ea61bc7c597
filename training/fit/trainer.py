"""Phase two: all layers at layer-wise decayed rates, resumable after anything."""

from __future__ import annotations

import dataclasses
import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from accelerate.utils import broadcast
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from timm.data import Mixup
from timm.optim import create_optimizer_v2
from timm.scheduler import CosineLRScheduler
from timm.utils import ModelEmaV3
from torch.nn.modules.batchnorm import _BatchNorm

from training.data.pixels import Pixels, derive, epoch_batches, loader, seeded
from training.fit import checkpoint
from training.fit.devices import over_all
from training.fit.distil import Teachers
from training.fit.recipe import Recipe
from training.fit.stops import DivergedError, Stopped, signals
from training.measure.score import Score, score_of

MOST_BAD_IN_A_ROW = 3


@dataclass
class State:
    """Where a run stands. Everything but tensors; goes into checkpoints as a dictionary."""

    epoch: int = 1
    step: int = 0  # steps done in this epoch
    total: int = 0  # steps done in all
    loss_sum: float = 0.0  # over this epoch's steps
    correct: int = 0
    skipped: int = 0
    best: dict[str, float] | None = None
    best_epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    stopped: str = "end"
    seconds: float = 0.0  # of phase two, over all sessions of the run


@dataclass(frozen=True)
class Job:
    """What a run works on and with.

    Attributes:
        folder: where checkpoints are written.
        every: steps between checkpoints; 0 is at the end of epochs only.
        identity: what must be the same to go on from a checkpoint.
        deadline: time.monotonic() at which training ends, so that what comes after it still fits.
        on_best: called with the averaged network whenever it is the best so far.
        log: called with numbers and the step, for TensorBoard.
        teachers: what they answer is learned in place of the labels.
    """

    train: Pixels
    validation: Pixels
    recipe: Recipe
    engine: Accelerator
    workers: int
    folder: Path
    every: int
    identity: dict[str, Any]
    deadline: float
    on_best: Callable[[torch.nn.Module], None]
    log: Callable[[dict[str, float], int], None]
    console: Console
    teachers: Teachers | None = None


def fit_all(network: torch.nn.Module, job: Job, head_score: Score | None, found: dict[str, Any] | None) -> State:
    """Train, leaving in `network` the best averaged weights by validation.

    What is random in a step (order, augmentation, mixup, dropout) follows from the seed and the step's number alone, so no
    generator's state has to be carried from one session of the run to the next.

    Args:
        head_score: phase one's score, which an epoch has to beat.
        found: a checkpoint to go on from.

    Raises:
        DivergedError: after three steps in a row without a finite loss.
        Stopped: after SIGINT or SIGTERM, once the state is saved.
    """
    run = Trainer(network, job, head_score, found)
    with signals() as asked:
        while run.state.epoch <= job.recipe.epochs and run.state.stopped == "end":
            run.epoch(asked)
    network.load_state_dict(run.best_weights)
    return run.state


class Trainer:
    """Steps of phase two, one after the other; `fit_all` carries out all of them."""

    def __init__(self, network: torch.nn.Module, job: Job, head_score: Score | None, found: dict[str, Any] | None) -> None:
        recipe = job.recipe
        self.job, self.network = job, network.to(job.engine.device)
        self.average = ModelEmaV3(network, decay=recipe.ema_decay) if recipe.ema_decay else None
        self.model, self.optimizer = job.engine.prepare(network, _optimizer(network, recipe))
        self.steps = len(job.train.pictures) // recipe.batch_size
        self.schedule = CosineLRScheduler(
            self.optimizer,
            t_initial=max(2, self.steps * recipe.epochs),
            warmup_t=round(recipe.warmup_epochs * self.steps),
            t_in_epochs=False,
        )
        classes = network.get_classifier().out_features
        smoothing = recipe.label_smoothing
        self.mixup = Mixup(mixup_alpha=recipe.mixup, label_smoothing=smoothing, num_classes=classes) if recipe.mixup else None
        self.state = State(best=dataclasses.asdict(head_score) if head_score else None)
        self.best_weights = copy_of(network)
        self.bad_in_a_row = 0
        if found:
            self._restore(found)
        elif recipe.epochs:
            self.save()

    def epoch(self, asked: list[int]) -> None:
        """One epoch, from the step where the run stands."""
        state, job = self.state, self.job
        share = job.engine.process_index, job.engine.num_processes
        batches = epoch_batches(len(job.train.pictures), job.recipe, state.epoch, *share)
        micro_batches = iter(loader(job.train, batches[state.step * job.recipe.accumulate :], job.workers))
        self._train_mode()
        first, before, started = state.step, state.seconds, time.monotonic()
        with _progress(job.console) as progress:
            task = progress.add_task(f"epoch {state.epoch} of {job.recipe.epochs}", total=self.steps, completed=first, told="")
            while state.step < self.steps and state.stopped == "end":
                loss, correct = self.train_on(micro_batches)
                state.seconds = before + time.monotonic() - started
                speed = (state.step - first) * job.recipe.batch_size / (state.seconds - before)
                accuracy = correct / job.recipe.batch_size
                progress.update(task, advance=1, told=f"loss {loss:.3f}, accuracy {accuracy:.0%}, {speed:.0f} pictures/s")
                if state.total % 10 == 0:
                    job.log({"train/loss": loss, "train/lr": self._rate(), "train/pictures_per_second": speed}, state.total)
                self._heed(asked)
        self._end_of_epoch(speed if state.step > first else 0.0)

    def _train_mode(self) -> None:
        self.model.train()
        if self.job.recipe.freeze_batch_norm:
            for layer in self.network.modules():
                if isinstance(layer, _BatchNorm):
                    layer.eval()

    def _heed(self, asked: list[int]) -> None:
        """After a step: save when it is time to, stop when somebody asks for it or time is up."""
        state, job = self.state, self.job
        stop, late = self._anywhere(bool(asked), time.monotonic() >= job.deadline)
        due = job.every > 0 and state.total % job.every == 0 and state.step < self.steps
        if (stop or due) and not self.bad_in_a_row:  # a state that may be broken does not replace a good one
            self.save()
        if stop:
            raise Stopped(asked[0] if asked else signal.SIGTERM, saved=not self.bad_in_a_row)
        if late:
            state.stopped = "max-minutes"

    def train_on(self, micro_batches: Iterator[tuple[torch.Tensor, torch.Tensor]]) -> tuple[float, int]:
        """One step over all its micro-batches -> (mean loss, pictures that were answered right), over all processes."""
        state, job, recipe = self.state, self.job, self.job.recipe
        self.schedule.step_update(state.total)
        statistics = [buffer.clone() for buffer in self.network.buffers()]
        sums = torch.zeros(2, dtype=torch.float64, device=job.engine.device)
        with seeded(derive(recipe.seed, 2_000_000, state.total, job.engine.process_index)):
            for part in range(recipe.accumulate):
                pixels, targets = (tensor.to(job.engine.device) for tensor in next(micro_batches))
                last = part == recipe.accumulate - 1
                with nullcontext() if last else job.engine.no_sync(self.model):
                    sums += self._micro_batch(pixels.contiguous(memory_format=torch.channels_last), targets)
        total = job.engine.reduce(sums).tolist()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip or math.inf)
        loss = total[0] / (recipe.accumulate * job.engine.num_processes)
        if math.isfinite(loss) and torch.isfinite(norm):
            self.optimizer.step()
            if self.average:
                self.average.update(self.network)
            self.bad_in_a_row = 0
            state.loss_sum += loss
            state.correct += int(total[1])
        else:
            self._skip(statistics)
        self.optimizer.zero_grad()
        state.step, state.total = state.step + 1, state.total + 1
        return loss, int(total[1])

    def _micro_batch(self, pixels: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Forward and backward -> (loss, right answers) of this process's micro-batch."""
        recipe = self.job.recipe
        wanted, smoothing = targets, recipe.label_smoothing
        if self.mixup:
            pixels, wanted = self.mixup(pixels, targets)
            smoothing = 0.0  # its soft targets are smoothed already
        if self.job.teachers:
            with self.job.engine.autocast():
                wanted, smoothing = self.job.teachers(pixels), recipe.label_smoothing
        logits = self.model(pixels).float()
        loss = F.cross_entropy(logits, wanted, label_smoothing=smoothing)
        self.job.engine.backward(loss / recipe.accumulate)
        right = (logits.argmax(1) == targets).sum()
        return torch.stack([loss.detach().double(), right.double()])

    def _skip(self, statistics: list[torch.Tensor]) -> None:
        """Leave weights as they are and give batch norm back the statistics that the bad forward pass spoiled."""
        for buffer, before in zip(self.network.buffers(), statistics, strict=True):
            buffer.copy_(before)
        self.state.skipped += 1
        self.bad_in_a_row += 1
        if self.bad_in_a_row >= MOST_BAD_IN_A_ROW:
            raise DivergedError(
                f"The loss was not finite {MOST_BAD_IN_A_ROW} steps in a row (epoch {self.state.epoch}, step {self.state.step}, "
                f"learning rate {self._rate():.2g}). The last good checkpoint and the best model stay. "
                "Take a smaller --lr, --clip 1, or --precision float32."
            )

    def _end_of_epoch(self, speed: float) -> None:
        state, job, recipe = self.state, self.job, self.job.recipe
        averaged = self._averaged()
        started = time.monotonic()
        score = validate(averaged, job.validation, job)
        entry = {
            "epoch": state.epoch if state.stopped == "end" else state.epoch - 1 + state.step / self.steps,
            "lr": self._rate(),
            "train_loss": state.loss_sum / max(1, state.step),
            "train_top1": state.correct / max(1, state.step * recipe.batch_size),
            **dataclasses.asdict(score),
            "pictures_per_second": round(speed, 1),
            "seconds": round(state.seconds, 1),
        }
        state.history.append(entry)
        job.log({"validation/top1": score.top1, "validation/loss": score.loss}, state.total)
        kept = score.beats(Score(**state.best) if state.best else None)
        if kept:
            state.best, state.best_epoch = dataclasses.asdict(score), len(state.history)
            self.best_weights = copy_of(averaged)
            self._try(lambda: job.on_best(averaged), "the best model so far")
        validated = time.monotonic() - started
        job.console.print(
            f"phase 2, epoch {entry['epoch']:g} of {recipe.epochs}: validation {score.top1:.2%}, loss {score.loss:.4f}; "
            f"{speed:.0f} pictures/s, validated in {validated:.0f} s{self._left(validated)}{', saved' if kept else ''}"
        )
        if state.stopped == "end":
            state.epoch, state.step, state.loss_sum, state.correct = state.epoch + 1, 0, 0.0, 0
            if recipe.patience and len(state.history) - state.best_epoch >= recipe.patience and state.epoch <= recipe.epochs:
                state.stopped = "early stopping"
        self.save()

    def _left(self, validated: float) -> str:
        """How long the epochs that are left will take, if each takes as long as those before; validation took `validated`."""
        state = self.state
        epochs = self.job.recipe.epochs - state.epoch
        if state.stopped != "end" or not epochs:
            return ""
        seconds = epochs * (self.steps * state.seconds / state.total + validated)
        return f", about {seconds / 60:.0f} min left" if seconds >= 90 else f", about {seconds:.0f} s left"

    def _averaged(self) -> torch.nn.Module:
        """The network whose weights are measured and kept; its batch-norm statistics are the first process's."""
        if self.average is None:
            return self.network
        averaged: torch.nn.Module = self.average.module
        if self.job.engine.num_processes > 1:
            for buffer in averaged.buffers():
                buffer.copy_(broadcast(buffer))
        return averaged

    def _rate(self) -> float:
        """The head's learning rate."""
        return max(group["lr"] for group in self.optimizer.param_groups)

    def _anywhere(self, *flags: bool) -> list[bool]:
        """Whether each flag is raised in any process; all of them must decide alike."""
        if self.job.engine.num_processes == 1:
            return list(flags)
        raised = torch.tensor([float(flag) for flag in flags], device=self.job.engine.device)
        return [value > 0 for value in self.job.engine.reduce(raised).tolist()]

    def save(self) -> None:
        if not self.job.engine.is_main_process:
            return
        state = {
            "identity": self.job.identity,
            "state": dataclasses.asdict(self.state),
            "network": self.network.state_dict(),
            "average": self.average.module.state_dict() if self.average else None,
            "optimizer": self.optimizer.state_dict(),
            "best": self.best_weights,
        }
        self._try(lambda: checkpoint.save(self.job.folder, self.state.total, state), "a checkpoint")

    def _try(self, save: Callable[[], None], what: str) -> None:
        """A full disk costs the save, not the run: what was saved before stays, and training goes on."""
        try:
            save()
        except OSError as error:
            self.job.console.print(f"[yellow]Cannot save {what}: {error}. What was saved before stays; free some space.[/]")

    def _restore(self, found: dict[str, Any]) -> None:
        self.network.load_state_dict(found["network"])
        if self.average:
            self.average.module.load_state_dict(found["average"])
        self.optimizer.load_state_dict(found["optimizer"])
        self.best_weights = found["best"]
        self.state = State(**found["state"])
        self.job.console.print(f"going on after epoch {self.state.epoch - 1}, step {self.state.step} of {self.steps}")


def validate(network: torch.nn.Module, pixels: Pixels, job: Job) -> Score:
    """Accuracy and loss in float32, as the model will be used."""
    return score_of(logits_of(network, pixels, job), torch.tensor(pixels.pictures.targets))


def logits_of(network: torch.nn.Module, pixels: Pixels, job: Job) -> torch.Tensor:
    """Logits (N, K) float32 of every picture, in order."""
    network.eval()

    def forward(batch: torch.Tensor) -> torch.Tensor:
        with torch.autocast(job.engine.device.type, enabled=False):
            logits: torch.Tensor = type(network).forward(network, batch)  # accelerate wraps .forward in autocast
        return logits

    return over_all(job.engine, forward, pixels, job.recipe, job.workers)


def copy_of(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Its weights and statistics, on the CPU, as they are now."""
    return {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}


def _optimizer(network: torch.nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """AdamW over timm's layer groups, each at `layer_decay` times the rate of the group above it."""
    optimizer: torch.optim.Optimizer = create_optimizer_v2(
        network, opt="adamw", lr=recipe.lr, weight_decay=recipe.weight_decay, layer_decay=recipe.layer_decay
    )
    return optimizer


def _progress(console: Console) -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} of {task.total}"), TimeRemainingColumn()
    return Progress(*columns, TextColumn("{task.fields[told]}"), console=console, transient=True)
