"""What every training run needs before its first step: pictures, a network with a fitted head, and devices."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from cnnhub.errors import CnnHubError
from cnnhub.hub.config import ModelConfig
from training.data.pixels import Pixels, transforms
from training.data.sources import Source, revision_of
from training.data.splits import Pictures, load_training
from training.data.writable import check_writable
from training.fit import backbones, devices, distil
from training.fit.backbones import Weights
from training.fit.distil import Teachers
from training.fit.head import Head, cached_features, fit_head
from training.fit.recipe import Recipe

FEATURES = "run/features.safetensors"


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
        about: what else goes under "cnnhub" into config.json, such as name and command.
    """

    output: Path
    resume: bool = False
    overwrite: bool = False
    max_minutes: float = 0.0
    checkpoint_steps: int = 100
    workers: int = 2
    fix_leaks: bool = False
    about: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """A network ready for phase two.

    Attributes:
        recipe: as it was asked for, with what the data and the devices decided.
        teachers: what phase two learns from in place of the labels, where the recipe names any.
        head: what phase one fitted; None from scratch.
        seconds: that phase one's features took to compute.
        origin: where the backbone's weights came from, and their hash.
        data: where the pictures came from, at which revision, and the hash of each split.
        identity: what must be the same to go on from a checkpoint.
    """

    network: torch.nn.Module
    config: ModelConfig
    recipe: Recipe
    engine: Accelerator
    train: Pixels
    validation: Pixels
    teachers: Teachers | None
    head: Head | None
    seconds: float
    origin: dict[str, str | None]
    data: dict[str, Any]
    identity: dict[str, Any]


def prepare(
    data: Source | Path,
    weights: Weights,
    recipe: Recipe,
    run: Run,
    label_texts: dict[str, dict[str, str]],
    engine: Accelerator,
    console: Console,
) -> Prepared:
    """Read the train and validation splits, build the network, fit its head on frozen features.

    Args:
        weights: a backbone's file with any classifier, "hub" for timm's, or "scratch".
    """
    recipe.check(engine.num_processes)
    check_writable(run.output)
    backbones.check(recipe, weights)
    teachers = distil.load(recipe.teachers, engine.device) if recipe.teachers else None
    source = Source(str(data)) if isinstance(data, Path) else data
    source = dataclasses.replace(source, revision=revision_of(source))
    with engine.main_process_first():
        train, validation = load_training(source, run.fix_leaks)
    recipe = recipe.fitted_to(len(train), engine.num_processes)
    if recipe.squashed_from and any(w != h for w, h in (each.size for each in validation.prints)):
        recipe = dataclasses.replace(recipe, squashed_from=None)
    _tell(train, validation, engine, recipe, console)

    config = backbones.describe(recipe, train.labels, label_texts, weights)
    distil.check(recipe.teachers, config)
    network = backbones.create(config, recipe, weights).to(engine.device)
    _check_space(network, run.output)
    origin = backbones.origin(weights, recipe.backbone)
    split_hash = {"train": train.fingerprint, "validation": validation.fingerprint}
    made_of = {"backbone_sha256": origin["sha256"], "data": split_hash}
    taught_by = {"teachers_sha256": [about["sha256"] for about in teachers.about]} if teachers else {}
    make = transforms(config, recipe)
    pixels = Pixels(train, make[0]), Pixels(validation, make[1])
    head, seconds = _phase_one(network, pixels, recipe, engine, run, made_of, weights, console)
    return Prepared(
        network,
        config,
        recipe,
        engine,
        *pixels,
        teachers=teachers,
        head=head,
        seconds=seconds,
        origin=origin,
        data={"source": source.place if source.on_hub else None, "revision": source.revision, "split_hash": split_hash},
        identity={**recipe.as_json(), **made_of, **taught_by},
    )


@contextlib.contextmanager
def explained(recipe: Recipe) -> Iterator[None]:
    """Say what would help where memory or disk runs out."""
    try:
        yield
    except RuntimeError as error:
        told = devices.explain_memory(error, recipe)
        if told is None:
            raise
        raise told from error
    except OSError as error:
        raise CnnHubError(f"{error}. The last checkpoint stays; free some space and repeat the command with --resume.") from error


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
) -> tuple[Head | None, float]:
    """-> (the fitted head, seconds of computing features); no head from scratch, whose features say nothing yet."""
    started = time.monotonic()
    if weights == "scratch":
        return None, 0.0
    train, validation = pixels
    total = len(train.pictures) * (1 + recipe.views) + len(validation.pictures)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("phase 1: features", total=total)
        features, computing = cached_features(
            network, train, validation, recipe, engine, run.workers, run.output / FEATURES, identity,
            lambda pictures: progress.advance(task, pictures),
        )  # fmt: skip
    head = fit_head(network, features, recipe, engine)
    console.print(
        f"phase 1, head on frozen features: validation {head.score.top1:.2%}, loss {head.score.loss:.4f}, "
        f"{time.monotonic() - started:.0f} s"
    )
    return head, computing
