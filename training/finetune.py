"""Fine-tuning in two phases: a new head on a frozen backbone, then all layers at much smaller learning rates."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from accelerate import Accelerator
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

import cnnhub
from cnnhub.config import ModelConfig
from cnnhub.errors import CnnHubError
from cnnhub.files import write_atomically
from cnnhub.hub import CONFIG_NAME, WEIGHTS_NAME
from training import backbones, checkpoint, devices, phase_one, phase_two
from training.backbones import Weights
from training.data import Pictures, load_training
from training.phase_two import Job
from training.pixels import Pixels, stretched, transforms
from training.recipe import Recipe
from training.score import Score
from training.verify import PROBE, probe_logits

# What is tried on validation after training: keep the shape of the picture and cut, or squash it whole.
CROPS: tuple[tuple[str, float], ...] = (
    ("center", 0.95),
    ("center", 0.875),
    ("squash", 0.875),
    ("squash", 0.95),
    ("squash", 1.0),
)
CHECKPOINTS, FEATURES, TENSORBOARD = "run/checkpoints", "run/features.safetensors", "run/tensorboard"


@dataclass(frozen=True)
class Run:
    """Where and how a recipe is carried out; none of it changes what comes out but `max_minutes`.

    Attributes:
        output: the model's folder; `output/run` holds what only training needs.
        resume: go on from the newest checkpoint there; start where there is none.
        overwrite: drop an unfinished run there.
        max_minutes: end training so that the best model is evaluated and saved by then; 0 is no limit.
        checkpoint_steps: steps between checkpoints, beside the one at each epoch's end; 0 is none between.
        workers: processes that decode pictures.
        about: what else goes under "cnnhub" into config.json, such as name and command.
    """

    output: Path
    resume: bool = False
    overwrite: bool = False
    max_minutes: float = 0.0
    checkpoint_steps: int = 100
    workers: int = 2
    about: dict[str, Any] = field(default_factory=dict)


def finetune(
    data: Path,
    weights: Weights,
    recipe: Recipe,
    run: Run,
    label_texts: dict[str, dict[str, str]],
    console: Console,
) -> ModelConfig:
    """Fine-tune a backbone on `data`'s train split, choose on its validation split, write a model folder.

    The best model so far is written after every epoch and a checkpoint every so many steps, so whatever interrupts a run
    leaves both. The test split is never opened.

    Args:
        weights: a backbone's file with any classifier, "hub" for timm's, or "scratch".
    """
    started = time.monotonic()
    if run.resume and (finished := _finished(run.output)):
        console.print(f"{run.output} holds the finished run already.")
        return finished
    with _gentle(recipe):
        recipe = dataclasses.replace(recipe, precision=devices.resolve_precision(recipe.precision))
        engine = devices.accelerator(recipe.precision)
        console = console if engine.is_main_process else Console(quiet=True)
        backbones.check(recipe.backbone)
        recipe.check(engine.num_processes)
        found = _found(run, console)
        with engine.main_process_first():
            train, validation = load_training(data)
        recipe = recipe.fitted_to(len(train), engine.num_processes)
        _tell(train, validation, engine, recipe, console)

        config = backbones.describe(recipe, train.labels, label_texts, weights)
        network = backbones.create(config, recipe, weights).to(engine.device)
        _check_space(network, run.output)
        origin = backbones.origin(weights, recipe.backbone)
        split_hash = {"train": train.fingerprint, "validation": validation.fingerprint}
        made_of = {"backbone_sha256": origin["sha256"], "data": split_hash}
        identity = {**recipe.as_json(), **made_of}
        if found:
            checkpoint.check_same(found["identity"], identity)

        make = transforms(config, recipe)
        pixels = Pixels(train, make[0]), Pixels(validation, make[1])
        head, seconds = _phase_one(network, pixels, recipe, engine, run, made_of, weights, console)
        writer = _tensorboard(run.output / TENSORBOARD, engine)
        job = Job(
            *pixels,
            recipe=recipe,
            engine=engine,
            workers=run.workers,
            folder=run.output / CHECKPOINTS,
            every=run.checkpoint_steps,
            identity=identity,
            deadline=_deadline(started, run, seconds, len(validation) / max(1, len(train) + len(validation))),
            on_best=lambda best: save(best, config, run.output) if engine.is_main_process else None,
            log=writer,
            console=console,
        )
        if head and not found and engine.is_main_process:
            save(network, config, run.output)
        state = phase_two.fit_all(network, job, head.score if head else None, found)
        crop, crops = _choose_crop(network, config, job)
        config = _cropped(config, crop)
        score = _validated(network, config, job)
    about = {
        **run.about,
        "recipe": recipe.as_json(),
        "earlier": backbones.earlier_recipes(weights),
        "backbone": origin,
        "counts": {"train": len(train), "validation": len(validation)},
        "metrics": {"validation": {"n": len(validation), **dataclasses.asdict(score)}},
        "head_only": {**dataclasses.asdict(head.score), "c": head.c} if head else None,
        "crops": {name: dataclasses.asdict(score) for name, score in crops.items()},
        "best_epoch": state.best_epoch,
        "history": state.history,
        "skipped_steps": state.skipped,
        "stopped": state.stopped,
        "data": {"split_hash": split_hash},
        "git_commit": _git_commit(),
        "minutes": round((seconds + state.seconds) / 60, 1),
        "processes": engine.num_processes,
    }
    config = config.model_copy(update={"cnnhub": config.cnnhub.model_copy(update=about)})
    if engine.is_main_process:
        save(network, config, run.output)
        probe = {PROBE: {"logits": probe_logits(cnnhub.load(run.output))}}  # of the file, whose weights are rounded
        config = config.model_copy(update={"cnnhub": config.cnnhub.model_copy(update=probe)})
        config.write(run.output / CONFIG_NAME)
        shutil.rmtree(run.output / CHECKPOINTS, ignore_errors=True)
    return config


def save(network: torch.nn.Module, config: ModelConfig, folder: Path) -> None:
    """Write a model folder; matrices and convolutions in half precision, batch norm and biases as they are."""
    state = {
        name: tensor.detach().cpu().to(torch.float16 if tensor.ndim > 1 else tensor.dtype).contiguous()
        for name, tensor in network.state_dict().items()
    }
    write_atomically(folder / WEIGHTS_NAME, safetensors.torch.save(state, metadata={"format": "pt"}))
    config.write(folder / CONFIG_NAME)


@contextlib.contextmanager
def _gentle(recipe: Recipe) -> Iterator[None]:
    """Say what would help where memory or disk runs out."""
    try:
        yield
    except RuntimeError as error:
        explained = devices.explain_memory(error, recipe)
        if explained is None:
            raise
        raise explained from error
    except OSError as error:
        raise CnnHubError(f"{error}. The last checkpoint stays; free some space and repeat the command with --resume.") from error


def _finished(output: Path) -> ModelConfig | None:
    """The config.json of a run that came to its end, which alone knows its minutes."""
    if checkpoint.exists(output / CHECKPOINTS) or not (output / CONFIG_NAME).is_file():
        return None
    config = ModelConfig.read(output / CONFIG_NAME)
    return config if "minutes" in (config.cnnhub.model_extra or {}) else None


def _found(run: Run, console: Console) -> dict[str, Any] | None:
    """The checkpoint to go on from, if any; an unfinished run is neither continued nor dropped unasked."""
    folder = run.output / CHECKPOINTS
    if run.overwrite:
        shutil.rmtree(folder, ignore_errors=True)
    if not run.resume:
        if checkpoint.exists(folder):
            raise checkpoint.CheckpointError(
                f"{run.output} holds an unfinished run. Add --resume to go on, --overwrite to start anew, or take "
                "another --output."
            )
        return None
    found = checkpoint.load(folder, console)
    if found is None:
        console.print(f"{run.output} holds no checkpoint; starting at the beginning.")
    return found


def _tell(train: Pictures, validation: Pictures, engine: Accelerator, recipe: Recipe, console: Console) -> None:
    console.print(
        f"{len(train):,} training and {len(validation):,} validation pictures, {len(train.labels)} labels; "
        f"{engine.num_processes} process{'es' if engine.num_processes > 1 else ''} on {engine.device.type}, {recipe.precision}"
    )
    for problem in (*train.unreadable, *validation.unreadable):
        console.print(f"[yellow]skipped:[/] {escape(problem)}")


def _check_space(network: torch.nn.Module, output: Path) -> None:
    """Three checkpoints (two kept, one being written) of five copies of the weights each."""
    size = sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values())
    output.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(output).free
    if free < 15 * size:
        raise CnnHubError(
            f"{output} has {free / 1e6:,.0f} MB free; checkpoints of this network need {15 * size / 1e6:,.0f} MB. "
            "Free some, or take another --output."
        )


def _phase_one(
    network: torch.nn.Module,
    pixels: tuple[Pixels, Pixels],
    recipe: Recipe,
    engine: Accelerator,
    run: Run,
    identity: dict[str, Any],
    weights: Weights,
    console: Console,
) -> tuple[phase_one.Head | None, float]:
    """-> (the fitted head, seconds of computing features); no head from scratch, whose features say nothing yet."""
    started = time.monotonic()
    if weights == "scratch":
        return None, 0.0
    train, validation = pixels
    total = len(train.pictures) * (1 + recipe.views) + len(validation.pictures)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("phase 1: features", total=total)
        features, computing = phase_one.cached_features(
            network, train, validation, recipe, engine, run.workers, run.output / FEATURES, identity,
            lambda pictures: progress.advance(task, pictures),
        )  # fmt: skip
    head = phase_one.fit_head(network, features, recipe, engine)
    console.print(
        f"phase 1, head on frozen features: validation {head.score.top1:.2%}, loss {head.score.loss:.4f}, "
        f"{time.monotonic() - started:.0f} s"
    )
    return head, computing


def _deadline(started: float, run: Run, phase_one_seconds: float, validation_share: float) -> float:
    """When training must end so that one more validation and the trial of the crops still fit, with a third to spare."""
    if not run.max_minutes:
        return float("inf")
    reserve = phase_one_seconds * validation_share * (len(CROPS) + 2) * 1.33 + 3
    return started + 60 * run.max_minutes - reserve


def _tensorboard(folder: Path, engine: Accelerator) -> Callable[[dict[str, float], int], None]:
    if not engine.is_main_process:
        return lambda numbers, step: None
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(folder)

    def log(numbers: dict[str, float], step: int) -> None:
        for name, value in numbers.items():
            writer.add_scalar(name, value, step)
        writer.flush()

    return log


def _choose_crop(network: torch.nn.Module, config: ModelConfig, job: Job) -> tuple[dict[str, Any], dict[str, Score]]:
    """Measure each way of cutting on validation -> the best one's settings, and every way's score."""
    scores: dict[str, Score] = {}
    best: dict[str, Any] = {}
    best_score = None
    for mode, share in CROPS:
        crop = {"crop_mode": mode, "crop_pct": share}
        scores[f"{mode} {share}"] = score = _validated(network, _cropped(config, crop), job, job.recipe.squashed_from)
        if score.beats(best_score):
            best, best_score = crop, score
    return best, scores


def _validated(network: torch.nn.Module, config: ModelConfig, job: Job, stretch: float | None = None) -> Score:
    transform = stretched(transforms(config, job.recipe)[1], stretch)
    return phase_two.validate(network, Pixels(job.validation.pictures, transform), job)


def _cropped(config: ModelConfig, crop: dict[str, Any]) -> ModelConfig:
    return config.model_copy(update={"pretrained_cfg": config.pretrained_cfg.model_copy(update=crop)})


def _git_commit() -> str | None:
    """The commit that trained, with "+" where files had changed since; None outside a clone."""
    told = subprocess.run(
        ["git", "describe", "--always", "--abbrev=40", "--dirty=+"], cwd=Path(__file__).parent, capture_output=True, text=True
    )
    return told.stdout.strip() or None
