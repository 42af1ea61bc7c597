"""Phase two: all layers, epoch after epoch; what is measured, saved and kept, and when it ends. Resumable after anything."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from cnnhub.hub import folder
from training.data.pixels import loader
from training.fit import checkpoint
from training.fit.devices import logits_of
from training.fit.prepare import Prepared
from training.fit.recipe import Run
from training.fit.stops import Stopped, signals
from training.fit.trainer import Batches, Trainer, copy_of, epoch_batches
from training.measure.figures import Epoch, Score, score_of

Log = Callable[[dict[str, float], int], None]


@dataclass
class TimeLeft:
    """How long training may go on, so that what comes after it still fits."""

    end: float  # time.monotonic() at which all must be done
    passes: int  # over validation that come after training
    one_pass: float  # seconds that one takes, as last measured

    @property
    def is_up(self) -> bool:
        """Whether training must end: a fifth, and seconds for files, are to spare."""
        return time.monotonic() >= self.end - 1.2 * self.passes * self.one_pass - 3


@dataclass
class State:
    """Where a run stands: everything but tensors; it goes into checkpoints as a dictionary."""

    epoch: int = 1
    step: int = 0  # steps done in this epoch
    total: int = 0  # steps done in all
    loss_sum: float = 0.0  # over this epoch's steps
    correct: int = 0
    skipped: int = 0
    best: Score | None = None
    best_epoch: int = 0
    history: list[Epoch] = field(default_factory=list)
    stopped: str = "end"
    seconds: float = 0.0  # of phase two, over all sessions of the run

    @classmethod
    def restored(cls, kept: dict[str, Any]) -> State:
        """From what a checkpoint kept."""
        best = Score(**kept["best"]) if kept["best"] else None
        return cls(**{**kept, "best": best, "history": [Epoch(**each) for each in kept["history"]]})


def fit_all(
    ready: Prepared,
    run: Run,
    head_score: Score | None,
    found: dict[str, Any] | None,
    time_left: TimeLeft | None,
    log: Log,
    console: Console,
) -> State:
    """Train, leaving in the network the best averaged weights by validation.

    The best model so far is written after every epoch and a checkpoint every so many steps, so whatever interrupts a run
    leaves both.

    Args:
        head_score: phase one's score. An epoch has to beat it to be written; to be kept at the end too, unless the recipe then
            looks between the two for the best weights.
        found: a checkpoint to go on from.
        time_left: how long training may go on; None for as long as it takes.
        log: called with numbers and the step, for TensorBoard.

    Raises:
        DivergedError: after three steps in a row without a finite loss.
        Stopped: after SIGINT or SIGTERM, once the state is saved.
    """
    trainer = Trainer(ready)
    to_beat = None if ready.recipe.blend else head_score
    course = _Course(ready, run, head_score, time_left, log, console, trainer, State(best=to_beat), copy_of(ready.network))
    if found:
        course.restore(found)
    elif ready.recipe.epochs:
        course.save()
    with signals() as asked:
        while course.state.epoch <= ready.recipe.epochs and course.state.stopped == "end":
            course.epoch(asked)
    ready.network.load_state_dict(course.best_weights)
    return course.state


@dataclass
class _Course:
    """The run that decides: a trainer, where the run stands, and the best weights so far."""

    ready: Prepared
    run: Run
    head_score: Score | None
    time_left: TimeLeft | None
    log: Log
    console: Console
    trainer: Trainer
    state: State
    best_weights: dict[str, torch.Tensor]

    def __post_init__(self) -> None:
        self.engine, self.recipe = self.ready.engine, self.ready.recipe

    def epoch(self, asked: list[int]) -> None:
        """One epoch, from the step where the run stands."""
        state, recipe, steps = self.state, self.recipe, self.trainer.steps
        share = self.engine.process_index, self.engine.num_processes
        batches = epoch_batches(self.ready.train.pictures.targets, recipe, state.epoch, *share)
        micro_batches = iter(loader(self.ready.train, batches[state.step * recipe.accumulate :], self.run.workers))
        self.trainer.train_mode()
        first, before, started = state.step, state.seconds, time.monotonic()
        speed = 0.0
        with _bar(self.console) as bar:
            task = bar.add_task(f"epoch {state.epoch} of {recipe.epochs}", total=steps, completed=first, figures="")
            while state.step < steps and state.stopped == "end":
                loss, correct = self._step(micro_batches)
                state.seconds = before + time.monotonic() - started
                speed = (state.step - first) * recipe.batch_size / (state.seconds - before)
                accuracy = correct / recipe.batch_size
                bar.update(task, advance=1, figures=f"loss {loss:.3f}, accuracy {accuracy:.0%}, {speed:.0f} pictures/s")
                if state.total % 10 == 0:
                    numbers = {"train/loss": loss, "train/lr": self.trainer.rate, "train/pictures_per_second": speed}
                    self.log(numbers, state.total)
                self._heed(asked)
        self._end_of_epoch(speed)

    def save(self) -> None:
        """Write a checkpoint."""
        if not self.engine.is_main_process:
            return
        state = {"identity": self.ready.identity, "state": asdict(self.state), **self.trainer.state(), "best": self.best_weights}
        self._try(lambda: checkpoint.save(self.run.checkpoints, self.state.total, state), "a checkpoint")

    def restore(self, found: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.trainer.restore(found)
        self.best_weights, self.state = found["best"], State.restored(found["state"])
        self.console.print(f"going on after epoch {self.state.epoch - 1}, step {self.state.step} of {self.trainer.steps}")

    def _step(self, micro_batches: Batches) -> tuple[float, int]:
        """-> (mean loss, pictures that were answered right)"""
        state = self.state
        done = self.trainer.step(state.total, micro_batches)
        if done.skipped:
            state.skipped += 1
        else:
            state.loss_sum += done.loss
            state.correct += done.correct
        state.step, state.total = state.step + 1, state.total + 1
        return done.loss, done.correct

    def _heed(self, asked: list[int]) -> None:
        """After a step: save when it is time to, stop when somebody asks for it or time is up."""
        state, every = self.state, self.run.checkpoint_steps
        stop, late = self._anywhere(bool(asked), self.time_left is not None and self.time_left.is_up)
        due = every > 0 and state.total % every == 0 and state.step < self.trainer.steps
        is_good = not self.trainer.bad_in_a_row
        if (stop or due) and is_good:  # a state that may be broken does not replace a good one
            self.save()
        if stop:
            raise Stopped(asked[0] if asked else signal.SIGTERM, saved=is_good)
        if late:
            state.stopped = "max-minutes"

    def _end_of_epoch(self, speed: float) -> None:
        state, recipe, steps = self.state, self.recipe, self.trainer.steps
        averaged = self.trainer.averaged()
        started = time.monotonic()
        logits = logits_of(averaged, self.ready.validation, self.engine, recipe, self.run.workers)
        score = score_of(logits, self.ready.targets)
        entry = Epoch(
            epoch=state.epoch if state.stopped == "end" else state.epoch - 1 + state.step / steps,
            lr=self.trainer.rate,
            train_loss=state.loss_sum / max(1, state.step),
            train_top1=state.correct / max(1, state.step * recipe.batch_size),
            top1=score.top1,
            loss=score.loss,
            pictures_per_second=round(speed, 1),
            seconds=round(state.seconds, 1),
        )
        state.history.append(entry)
        self.log({"validation/top1": score.top1, "validation/loss": score.loss}, state.total)
        is_best = state.best is None or score.rank > state.best.rank
        is_written = is_best and (self.head_score is None or score.rank > self.head_score.rank)
        if is_best:
            state.best, state.best_epoch = score, len(state.history)
            self.best_weights = copy_of(averaged)
        if is_written and self.engine.is_main_process:
            self._try(lambda: folder.write(self.run.output, self.ready.config, averaged), "the best model so far")
        validated = time.monotonic() - started
        if self.time_left:
            self.time_left.one_pass = validated
        self.console.print(
            f"phase 2, epoch {entry.epoch:g} of {recipe.epochs}: validation {score.top1:.2%}, loss {score.loss:.4f}; "
            f"{speed:.0f} pictures/s, validated in {validated:.0f} s{self._left(validated)}{', saved' if is_written else ''}"
        )
        if state.stopped == "max-minutes":
            self.console.print(
                f"Time ended the run (--max-minutes {self.run.max_minutes:g}) after {entry.epoch:.1f} epochs of {recipe.epochs}."
            )
        if state.stopped == "end":
            state.epoch, state.step, state.loss_sum, state.correct = state.epoch + 1, 0, 0.0, 0
            if recipe.patience and len(state.history) - state.best_epoch >= recipe.patience and state.epoch <= recipe.epochs:
                state.stopped = "early stopping"
        self.save()

    def _left(self, validated: float) -> str:
        """How long the epochs that are left will take, if each takes as long as those before; validation took `validated`."""
        state = self.state
        epochs = self.recipe.epochs - state.epoch
        if state.stopped != "end" or not epochs:
            return ""
        seconds = epochs * (self.trainer.steps * state.seconds / state.total + validated)
        return f", about {seconds / 60:.0f} min left" if seconds >= 90 else f", about {seconds:.0f} s left"

    def _anywhere(self, *flags: bool) -> list[bool]:
        """Whether each flag is raised in any process; all of them must decide alike."""
        if self.engine.num_processes == 1:
            return list(flags)
        raised = torch.tensor([float(flag) for flag in flags], device=self.engine.device)
        return [value > 0 for value in self.engine.reduce(raised).tolist()]

    def _try(self, save: Callable[[], None], what: str) -> None:
        """A full disk costs the save, not the run: what was saved before stays, and training goes on."""
        try:
            save()
        except OSError as error:
            self.console.print(f"[yellow]Cannot save {what}: {error}. What was saved before stays; free some space.[/]")


def _bar(console: Console) -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} of {task.total}"), TimeRemainingColumn()
    return Progress(*columns, TextColumn("{task.fields[figures]}"), console=console, transient=True)
