"""Fine-tuning in two phases: a new head on a frozen backbone, then all layers at much smaller learning rates."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

import cnnhub
from cnnhub.hub import folder
from cnnhub.hub.config import ModelConfig
from training.data.pixels import Pixels, stretched, transforms
from training.data.sources import Source
from training.fit import backbones, blend, checkpoint, devices, trainer
from training.fit.backbones import Weights
from training.fit.blend import Blend
from training.fit.prepare import Run, explained, prepare
from training.fit.recipe import Recipe
from training.fit.trainer import Job
from training.measure import plots
from training.measure.calibration import calibrate
from training.measure.evaluate import measure
from training.measure.score import Score, score_of
from training.release.verify import PROBE, probe_logits

# What is tried on validation after training: keep the shape of the picture and cut, or squash it whole.
CROPS: tuple[tuple[str, float], ...] = (
    ("center", 1.0),
    ("center", 0.95),
    ("center", 0.875),
    ("squash", 0.875),
    ("squash", 0.95),
    ("squash", 1.0),
)
CHECKPOINTS, TENSORBOARD = "run/checkpoints", "run/tensorboard"


def finetune(
    data: Source | Path,
    weights: Weights,
    recipe: Recipe,
    run: Run,
    label_texts: dict[str, dict[str, str]],
    console: Console,
) -> ModelConfig:
    """Fine-tune a backbone on `data`'s train split, choose on its validation split, write a model folder.

    The best model so far is written after every epoch and a checkpoint every so many steps, so whatever interrupts a run
    leaves both. The test split is never opened, unless it is not stored apart: then its pictures are hashed to be left out.

    Args:
        weights: a backbone's file with any classifier, "hub" for timm's, or "scratch".
    """
    started = time.monotonic()
    if run.resume and (finished := _finished(run.output)):
        console.print(f"{run.output} holds the finished run already.")
        return finished
    with explained(recipe):
        recipe = dataclasses.replace(recipe, precision=devices.resolve_precision(recipe.precision))
        engine = devices.accelerator(recipe.precision)
        console = console if engine.is_main_process else Console(quiet=True)
        found = _found(run, console)
        ready = prepare(data, weights, recipe, run, label_texts, engine, console)
        if found:
            checkpoint.check_same(found["identity"], ready.identity)
        network, config, recipe, validation = ready.network, ready.config, ready.recipe, ready.validation.pictures
        counts = {"train": len(ready.train.pictures), "validation": len(validation)}
        job = Job(
            ready.train,
            ready.validation,
            recipe=recipe,
            engine=engine,
            workers=run.workers,
            folder=run.output / CHECKPOINTS,
            every=run.checkpoint_steps,
            identity=ready.identity,
            deadline=_deadline(started, run, recipe, ready.seconds, counts["validation"] / sum(counts.values())),
            on_best=lambda best: folder.write(run.output, config, best) if engine.is_main_process else None,
            log=tensorboard(run.output / TENSORBOARD, found["state"]["total"] if found else 0, engine.is_main_process),
            console=console,
            teachers=ready.teachers,
        )
        if ready.head and not found and engine.is_main_process:
            folder.write(run.output, config, network)
        start = trainer.copy_of(network)
        state = trainer.fit_all(network, job, ready.head.score if ready.head else None, found)
        blended = _blend(network, start, config, job) if recipe.blend and ready.head and state.best_epoch else None
        crop, crops = _choose_crop(network, config, job)
        config = cropped(config, crop)
        logits, targets = _logits(network, config, job), torch.tensor(validation.targets)
        calibration = calibrate(logits, targets)
        measured = measure(logits, targets, config.labels(), calibration.temperature)
        bins = measured.pop("reliability")
    about = {
        **run.about,
        "temperature": calibration.temperature,
        "energy": calibration.energy(),
        "recipe": recipe.as_json(),
        "teachers": list(ready.teachers.about) if ready.teachers else None,
        "earlier": backbones.earlier_recipes(weights),
        "backbone": ready.origin,
        "counts": counts,
        "reliability": {"split": "validation", "bins": bins},
        "metrics": {"validation": measured},
        "head_only": {**dataclasses.asdict(ready.head.score), "c": ready.head.c} if ready.head else None,
        "crops": {name: dataclasses.asdict(score) for name, score in crops.items()},
        "best_epoch": state.best_epoch,
        "blend": _as_json(blended) if blended else None,
        "history": state.history,
        "skipped_steps": state.skipped,
        "stopped": state.stopped,
        "data": ready.data,
        "git_commit": git_commit(),
        "minutes": round((ready.seconds + state.seconds) / 60, 1),
        "processes": engine.num_processes,
    }
    config = config.with_metadata(**about)
    if engine.is_main_process:
        folder.write(run.output, config, network)
        probe = {PROBE: {"logits": probe_logits(cnnhub.load(run.output))}}  # of the file, whose weights are rounded
        config = config.with_metadata(**probe)
        folder.write_config(run.output, config)
        plots.curves(state.history, run.output / plots.CURVES)
        shutil.rmtree(run.output / CHECKPOINTS, ignore_errors=True)
    return config


def cropped(config: ModelConfig, crop: dict[str, Any]) -> ModelConfig:
    """The same with these of pretrained_cfg's settings: crop_mode and crop_pct."""
    return config.model_copy(update={"pretrained_cfg": config.pretrained_cfg.model_copy(update=crop)})


def git_commit() -> str | None:
    """The commit that trained, with "+" where files had changed since; None outside a clone."""
    told = subprocess.run(
        ["git", "describe", "--always", "--abbrev=40", "--dirty=+"], cwd=Path(__file__).parent, capture_output=True, text=True
    )
    return told.stdout.strip() or None


def tensorboard(place: Path, first: int, is_main: bool = True) -> Callable[[dict[str, float], int], None]:
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


def _finished(output: Path) -> ModelConfig | None:
    """The config.json of a run that came to its end, which alone knows its minutes."""
    if checkpoint.exists(output / CHECKPOINTS) or not (output / folder.CONFIG_NAME).is_file():
        return None
    config = folder.read_config(output)
    return config if "minutes" in (config.cnnhub.model_extra or {}) else None


def _found(run: Run, console: Console) -> dict[str, Any] | None:
    """The checkpoint to go on from, if any; an unfinished run is neither continued nor dropped unasked."""
    checkpoints = run.output / CHECKPOINTS
    if run.overwrite:
        shutil.rmtree(checkpoints, ignore_errors=True)
    if not run.resume:
        if checkpoint.exists(checkpoints):
            raise checkpoint.CheckpointError(
                f"{run.output} holds an unfinished run. Add --resume to go on, --overwrite to start anew, or take "
                "another --output."
            )
        return None
    found = checkpoint.load(checkpoints, console)
    if found is None:
        console.print(f"{run.output} holds no checkpoint; starting at the beginning.")
    return found


def _deadline(started: float, run: Run, recipe: Recipe, phase_one_seconds: float, validation_share: float) -> float:
    """When training must end so that one more validation and the trials of blends and crops still fit, with a third to spare."""
    if not run.max_minutes:
        return float("inf")
    passes = len(CROPS) + 2 + (len(blend.SHARES) if recipe.blend else 0)
    reserve = phase_one_seconds * validation_share * passes * 1.33 + 3
    return started + 60 * run.max_minutes - reserve


def _blend(network: torch.nn.Module, start: dict[str, torch.Tensor], config: ModelConfig, job: Job) -> Blend:
    targets = torch.tensor(job.validation.pictures.targets)
    chosen = blend.choose(network, start, lambda: blend.calibrated_score(_logits(network, config, job), targets))
    told = ", ".join(f"{share:g}: {score.top1:.2%}, loss {score.loss:.4f}" for share, score in chosen.scores.items())
    job.console.print(f"share of phase two's weights in the blend with phase one's, on validation: {told}; kept {chosen.share:g}")
    return chosen


def _as_json(chosen: Blend) -> dict[str, Any]:
    scores = {f"{share:g}": dataclasses.asdict(score) for share, score in chosen.scores.items()}
    return {"share": chosen.share, "scores": scores}


def _choose_crop(network: torch.nn.Module, config: ModelConfig, job: Job) -> tuple[dict[str, Any], dict[str, Score]]:
    """Measure each way of cutting on validation -> the best one's settings, and every way's score."""
    scores: dict[str, Score] = {}
    best: dict[str, Any] = {}
    best_score = None
    for mode, share in CROPS:
        crop = {"crop_mode": mode, "crop_pct": share}
        logits = _logits(network, cropped(config, crop), job, job.recipe.squashed_from)
        scores[f"{mode} {share}"] = score = score_of(logits, torch.tensor(job.validation.pictures.targets))
        if score.beats(best_score):
            best, best_score = crop, score
    return best, scores


def _logits(network: torch.nn.Module, config: ModelConfig, job: Job, stretch: float | None = None) -> torch.Tensor:
    transform = stretched(transforms(config, job.recipe)[1], stretch)
    return trainer.logits_of(network, Pixels(job.validation.pictures, transform), job)
