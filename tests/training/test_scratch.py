"""From random weights, the defaults learn small pictures in few steps; those of fine-tuning do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from training.fit.defaults import FINE_TUNING
from training.fit.finetune import finetune
from training.fit.recipe import Recipe, Run
from training.release.record import record_of

STROKES = {"above": (slice(4, 8), slice(6, 22)), "below": (slice(20, 24), slice(6, 22)), "left": (slice(6, 22), slice(4, 8)),
           "right": (slice(6, 22), slice(20, 24))}  # fmt: skip


@pytest.fixture(scope="module")
def strokes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noisy pictures of 28 pixels, each with a stroke near one of its edges."""
    folder, generator = tmp_path_factory.mktemp("strokes"), np.random.default_rng(0)
    for split, count in (("train", 60), ("validation", 20)):
        for label, place in STROKES.items():
            (folder / split / label).mkdir(parents=True)
            for number in range(count):
                pixels = generator.normal(60, 40, (28, 28))
                pixels[place] += 120
                Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / split / label / f"{number}.png")
    return folder


def accuracy(strokes: Path, folder: Path, **settings: object) -> float:
    recipe = Recipe("resnet10t", size=32, epochs=2, batch_size=8, flip=False, precision="float32", **settings)
    config = finetune(strokes, "scratch", recipe, Run(folder, workers=0, checkpoint_steps=0), console=Console(quiet=True))
    return float(record_of(config).validation["top1"])


def test_scratch_learns_in_two_epochs(strokes: Path, tmp_path: Path) -> None:
    now, before = accuracy(strokes, tmp_path / "now"), accuracy(strokes, tmp_path / "before", **FINE_TUNING)
    print(now, before)
    assert now > 0.9 and before < now - 0.2
