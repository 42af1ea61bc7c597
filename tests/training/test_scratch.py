"""From random weights, the defaults learn small pictures in few steps; those of fine-tuning do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from training.data.pixels import loader
from training.fit import prepare
from training.fit.defaults import FINE_TUNING
from training.fit.devices import accelerator, logits_of
from training.fit.recipe import Recipe, Run
from training.fit.trainer import Trainer, epoch_batches
from training.measure.figures import score_of

STROKES = {"above": (slice(4, 8), slice(6, 22)), "below": (slice(20, 24), slice(6, 22)), "left": (slice(6, 22), slice(4, 8)),
           "right": (slice(6, 22), slice(20, 24))}  # fmt: skip


@pytest.fixture(scope="module")
def strokes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noisy pictures of 28 pixels, each with a stroke near one of its edges."""
    folder, generator = tmp_path_factory.mktemp("strokes"), np.random.default_rng(0)
    for split, count in (("train", 40), ("validation", 20)):
        for label, place in STROKES.items():
            (folder / split / label).mkdir(parents=True)
            for number in range(count):
                pixels = generator.normal(60, 40, (28, 28))
                pixels[place] += 120
                Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / split / label / f"{number}.png")
    return folder


def accuracy(strokes: Path, folder: Path, **settings: Any) -> float:
    """On validation, after two epochs."""
    recipe = Recipe("test_resnet", size=32, epochs=2, batch_size=8, flip=False, precision="float32", **settings)
    run, engine = Run(folder, workers=0), accelerator("float32")
    ready = prepare.prepare(strokes, "scratch", recipe, run, {}, engine, Console(quiet=True))
    trainer = Trainer(ready)
    for epoch in (1, 2):
        batches = iter(loader(ready.train, epoch_batches(ready.train.pictures.targets, ready.recipe, epoch, 0, 1), 0))
        trainer.train_mode()
        for step in range(trainer.steps):
            trainer.step((epoch - 1) * trainer.steps + step, batches)
    return score_of(logits_of(trainer.averaged(), ready.validation, engine, ready.recipe, 0), ready.targets).top1


def test_scratch_learns_in_two_epochs(strokes: Path, tmp_path: Path) -> None:
    now, before = accuracy(strokes, tmp_path), accuracy(strokes, tmp_path, **FINE_TUNING)
    assert now > 0.55 and before < 0.4, (now, before)
