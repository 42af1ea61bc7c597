"""Fine-tuning in two phases: a new head on a frozen backbone, then all layers at much smaller learning rates."""

from __future__ import annotations

import dataclasses
import shutil
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from cnnhub.hub import folder
from cnnhub.hub.config import ModelConfig
from training.data.pixels import Pixels
from training.data.sources import Source
from training.data.writable import check_free
from training.fit import backbones, checkpoint, devices
from training.fit.backbones import Weights
from training.fit.choose import Choice, choose, passes_over_validation
from training.fit.devices import logits_of
from training.fit.epochs import Log, State, TimeLeft, fit_all
from training.fit.head import Head, fit_head
from training.fit.prepare import Prepared, prepare
from training.fit.recipe import BEFORE, Recipe, Run
from training.fit.trainer import copy_of
from training.measure import plots
from training.measure.evaluate import CONFUSION, RELIABILITY
from training.measure.figures import fitted
from training.release.record import HeadOnly, Record, git_commit, record_of, shown
from training.release.verify import write_with_probe

TENSORBOARD = "run/tensorboard"
_TIMED = 128  # pictures
_OR_OVERWRITE = "Take another --output, or add --overwrite to replace it."
_DRAWN = (plots.CURVES, CONFUSION, RELIABILITY)


def finetune(
    data: Source | Path,
    weights: Weights,
    recipe: Recipe,
    run: Run,
    label_texts: dict[str, dict[str, str]] | None = None,
    console: Console | None = None,
) -> ModelConfig:
    """Fine-tune a backbone on `data`'s train split, choose on its validation split, write a model folder.

    The test split is never opened, unless it is not stored apart: then its pictures are hashed to be left out.

    Args:
        weights: a backbone's file with any classifier, "hub" for timm's, or "scratch".
        label_texts: language -> label -> what a reader sees.
        console: what is told while it goes on; standard error by default.

    Example (docs/retrain.md has it with pictures)::

        weights = BUILTIN_FOLDER / "imagenet" / "model.safetensors"
        finetune(Path("photos"), weights, recipe_for(weights, epochs=4), Run(Path("runs/mine")))
        cnnhub.load("./runs/mine").predict("photo.jpg")
    """
    started = time.monotonic()
    console = console or Console(stderr=True)
    if run.resume and (done := finished(run.output)):
        return done
    with devices.explained(recipe):
        recipe = dataclasses.replace(recipe, precision=devices.resolve_precision(recipe.precision))
        engine = devices.accelerator(recipe.precision)
        console = console if engine.is_main_process else Console(quiet=True)
        found = _found(run, console)
        recipe = recipe.as_begun(found["identity"]) if found else recipe
        ready = prepare(data, weights, recipe, run, label_texts or {}, engine, console)
        if found:
            checkpoint.check_same({**BEFORE, **found["identity"]}, ready.identity)

        head = fit_head(ready, run, console)
        if head and not found and engine.is_main_process:
            folder.write(run.output, ready.config, ready.network)
        start = copy_of(ready.network)
        log = tensorboard(run.output / TENSORBOARD, found["state"]["total"] if found else 0, engine.is_main_process)
        time_left = _time_left(started, ready, run) if run.max_minutes and ready.recipe.epochs else None
        state = fit_all(ready, run, head.score if head else None, found, time_left, log, console)
        looks_for_a_blend = ready.recipe.blend and head and state.best_epoch
        choice = choose(ready, run, start if looks_for_a_blend else None, None if ready.recipe.epochs else head, console)
    return _record(ready, run, head, state, choice, backbones.earlier_recipes(weights))


def tensorboard(place: Path, first: int, is_main: bool = True) -> Log:
    """A function that logs numbers at a step; what an earlier session logged at step `first` or later is hidden."""
    if not is_main:
        return lambda numbers, step: None
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(place, purge_step=first)

    def log(numbers: dict[str, float], step: int) -> None:
        for name, value in numbers.items():
            writer.add_scalar(name, value, step)
        writer.flush()

    return log


def finished(output: Path) -> ModelConfig | None:
    """The config.json of a run that came to its end."""
    if checkpoint.exists(Run(output).checkpoints) or not (output / folder.CONFIG_NAME).is_file():
        return None
    config = folder.read_config(output)
    return config if record_of(config).is_finished else None


def _found(run: Run, console: Console) -> dict[str, Any] | None:
    """The checkpoint to go on from, if any; neither an unfinished run nor a model is replaced unasked."""
    if run.overwrite:
        shutil.rmtree(run.checkpoints, ignore_errors=True)
        for name in (folder.CARD_NAME, folder.CONFIG_NAME, folder.WEIGHTS_NAME, folder.FAMILIAR_NAME, *_DRAWN):
            (run.output / name).unlink(missing_ok=True)
    if not run.resume:
        if checkpoint.exists(run.checkpoints):
            raise checkpoint.CheckpointError(
                f"{run.output} holds an unfinished run. Add --resume to go on, --overwrite to start anew, or take "
                "another --output."
            )
        check_free(run.output, _OR_OVERWRITE)
        return None
    found = checkpoint.load(run.checkpoints, console)
    if found is None:
        check_free(run.output, _OR_OVERWRITE)
        console.print(f"{run.output} holds no checkpoint; starting at the beginning.")
    return found


def _time_left(started: float, ready: Prepared, run: Run) -> TimeLeft:
    """Up to --max-minutes after the start, less what the end takes, for which a part of validation is timed now."""
    pictures = ready.validation.pictures
    sample = range(min(len(pictures), _TIMED))
    before = time.monotonic()
    logits_of(ready.network, Pixels(pictures.take(sample), ready.validation.transform), ready.engine, ready.recipe, run.workers)
    one_pass = (time.monotonic() - before) * len(pictures) / len(sample)
    # the end: the average is validated, then `choose` looks at validation, then files are written
    return TimeLeft(started + 60 * run.max_minutes, 1 + passes_over_validation(ready.recipe), one_pass)


def _counts(ready: Prepared) -> dict[str, int]:
    return {"train": len(ready.train.pictures), "validation": len(ready.validation.pictures)}


def _record(
    ready: Prepared, run: Run, head: Head | None, state: State, choice: Choice, earlier: list[dict[str, Any]]
) -> ModelConfig:
    """Write the finished model, with all that its card says -> its config."""
    record = Record(
        name=run.name,
        command=run.command,
        recipe={**ready.recipe.as_json(), "teachers": [shown(each) for each in ready.recipe.teachers]},
        teachers=list(ready.teachers.about) if ready.teachers else None,
        earlier=earlier,
        backbone=ready.backbone,
        counts=_counts(ready),
        metrics={"validation": choice.figures.recorded()},
        head_only=HeadOnly(head.score.top1, head.score.loss, head.c) if head else None,
        crops=choice.crops,
        best_epoch=state.best_epoch,
        blend=choice.blend,
        history=state.history,
        skipped_steps=state.skipped,
        stopped=state.stopped,
        data=ready.data,
        git_commit=git_commit(),
        minutes=round(((head.seconds if head else 0.0) + state.seconds) / 60, 1),
        processes=ready.engine.num_processes,
    )
    config = record.written_to(choice.config, **fitted(choice.calibration, choice.figures))
    if ready.engine.is_main_process:
        folder.write(run.output, config, ready.network)
        config = write_with_probe(run.output, config)
        plots.curves(state.history, run.output / plots.CURVES)
        shutil.rmtree(run.checkpoints, ignore_errors=True)
    return config
