"""What every training run needs before its first step: pictures, a network, and devices."""

from __future__ import annotations

import dataclasses
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from rich.console import Console

from cnnhub.errors import CnnHubError
from cnnhub.hub.config import ModelConfig
from training.data import decisions
from training.data.decisions import Reviewed
from training.data.pixels import Pixels, plain_transform, training_transform
from training.data.sources import Origin, Source, revision_of
from training.data.splits import Pictures, load_training
from training.data.tasks import are_named
from training.data.words import counted, escape
from training.data.writable import check_writable
from training.fit import backbones, defaults, distil
from training.fit.backbones import Weights
from training.fit.distil import Teachers
from training.fit.recipe import AUTO, Recipe, Run
from training.release.record import Backbone


@dataclass(frozen=True)
class Prepared:
    """A network ready to be trained."""

    network: torch.nn.Module
    config: ModelConfig
    recipe: Recipe  # as it was asked for, with what the data and the devices decided
    engine: Accelerator
    train: Pixels
    validation: Pixels
    teachers: Teachers | None  # what all layers learn from in place of the labels, where the recipe names any
    backbone: Backbone  # where its weights came from, and their hash
    is_trained: bool  # whether the backbone's features say something; not from scratch
    data: Origin  # where the pictures came from, at which revision, and the hash of each split

    @property
    def made_of(self) -> dict[str, Any]:
        """Hashes of the backbone's weights, of the pictures, and of the decisions on them."""
        decided = {"review_sha256": self.data.review.sha256} if self.data.review else {}
        return {"backbone_sha256": self.backbone.sha256, "data": self.data.split_hash, **decided}

    @property
    def identity(self) -> dict[str, Any]:
        """What must be the same to go on from a checkpoint."""
        taught_by = {"teachers_sha256": [each.sha256 for each in self.teachers.about]} if self.teachers else {}
        return {**self.recipe.as_json(), **self.made_of, **taught_by}

    @property
    def targets(self) -> torch.Tensor:
        """Validation's class numbers (N,)."""
        return torch.tensor(self.validation.pictures.targets)


@dataclass(frozen=True)
class Splits:
    """The pictures to train on and to choose by."""

    source: Source  # at the revision that was read
    train: Pictures
    validation: Pictures


def prepare(
    data: Source | Path,
    weights: Weights,
    recipe: Recipe,
    run: Run,
    label_texts: dict[str, dict[str, str]],
    engine: Accelerator,
    console: Console,
) -> Prepared:
    """Read the train and validation splits and build the network.

    Args:
        weights: a backbone's file with any classifier, "hub" for timm's, or "scratch".
    """
    check(weights, recipe, run, engine)
    teachers = distil.load(recipe.teachers, engine.device) if recipe.teachers else None
    return build(read(data, run, engine), weights, recipe, run, label_texts, engine, console, teachers)


def check(weights: Weights, recipe: Recipe, run: Run, engine: Accelerator) -> None:
    """Refuse what cannot work before any picture is read."""
    recipe = defaults.suited(recipe, weights == "scratch")
    recipe.check(engine.num_processes)
    check_writable(run.output)
    backbones.check(recipe, weights)


def read(data: Source | Path, run: Run, engine: Accelerator) -> Splits:
    """Read the train and validation splits."""
    source = Source(str(data)) if isinstance(data, Path) else data
    source = dataclasses.replace(source, revision=revision_of(source))
    with engine.main_process_first():
        return Splits(source, *load_training(source, run.fix_leaks))


def build(
    splits: Splits,
    weights: Weights,
    recipe: Recipe,
    run: Run,
    label_texts: dict[str, dict[str, str]],
    engine: Accelerator,
    console: Console,
    teachers: Teachers | None = None,
) -> Prepared:
    """Decide what the recipe leaves open and build the network."""
    source, train, validation = splits.source, splits.train, splits.validation
    asked = recipe.fitted_to(len(train), engine.num_processes)
    sides = [min(each.size) for each in train.prints]
    recipe = defaults.decided(asked, sides, len(train.labels), from_scratch=weights == "scratch")
    if not are_named(label_texts, train.labels):  # the pictures are of something else than the task's
        label_texts, recipe = {}, dataclasses.replace(recipe, squashed_from=None)
    if recipe.squashed_from and any(w != h for w, h in (each.size for each in validation.prints)):
        recipe = dataclasses.replace(recipe, squashed_from=None)
    _say(train, validation, engine, recipe, console)
    if asked.epochs == AUTO and not recipe.epochs:
        console.print(
            f"Fewer than {defaults.FEW} pictures a label: the head alone is trained, since all layers would learn them by heart. "
            f"To train them nevertheless, give --epochs {defaults.MANY_EPOCHS}.",
            soft_wrap=True,
        )

    config = backbones.describe(recipe, train.labels, label_texts, weights)
    distil.check(recipe.teachers, config)
    network = backbones.create(config, recipe, weights).to(engine.device)
    _check_space(network, run)
    both = {"train": train, "validation": validation}
    split_hash = {split: pictures.as_found or pictures.fingerprint for split, pictures in both.items()}
    return Prepared(
        network,
        config,
        recipe,
        engine,
        train=Pixels(train, training_transform(config, recipe.augmentation())),
        validation=Pixels(validation, plain_transform(config)),
        teachers=teachers,
        backbone=backbones.origin(weights, recipe.backbone),
        is_trained=weights != "scratch",
        data=Origin(source.published, source.revision, split_hash, train.lent, _reviewed(source, both)),
    )


def _reviewed(source: Source, splits: dict[str, Pictures]) -> Reviewed | None:
    """What the review did to each split, where there was one."""
    if source.review is None:
        return None
    counts = {split: decisions.counts(pictures.decided) for split, pictures in splits.items()}
    return Reviewed(source.review.name, decisions.read(source.review).sha256, counts)


def _say(train: Pictures, validation: Pictures, engine: Accelerator, recipe: Recipe, console: Console) -> None:
    console.print(
        f"{len(train):,} training and {counted(len(validation), 'validation picture')}, {len(train.labels)} labels; "
        f"{engine.num_processes} process{'es' if engine.num_processes > 1 else ''} on {engine.device.type}, {recipe.precision}"
    )
    for note in dict.fromkeys([*train.notes, *validation.notes]):
        console.print(escape(note), soft_wrap=True, highlight=False)
    for problem in (*train.unreadable, *validation.unreadable):
        console.print(f"[yellow]skipped:[/] {escape(problem)}")


def _check_space(network: torch.nn.Module, run: Run) -> None:
    """Three checkpoints (two kept, one being written) of five copies of the weights each; those that lie there give way."""
    size = sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values())
    own = sum(path.stat().st_size for path in run.checkpoints.glob("*step-*"))
    free = shutil.disk_usage(run.output).free + own
    if free < 15 * size:
        raise CnnHubError(
            f"{run.output} has {free / 1e6:,.0f} MB free; checkpoints of this network need {15 * size / 1e6:,.0f} MB. "
            f"Free some{', then go on with --resume' if run.resume else ''}, or take another --output."
        )
