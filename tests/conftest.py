"""Tiny seeded networks and generated pictures; nothing here needs the network or ../shared."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"  # a test that reached for the Hub would fail here as it does offline

import numpy as np
import pytest
import torch
from PIL import Image

import cnnhub
from cnnhub.engines.network import create_network
from cnnhub.hub import folder
from cnnhub.hub.config import ModelConfig

ROOT = Path(__file__).parent.parent
SPACE = ROOT / "space"
EXAMPLES = SPACE / "examples"
SHARED = ROOT.parent / "shared"


def tiny_config(**changes: object) -> dict[str, object]:
    """The config.json of a network that is built in milliseconds (0.04 million parameters)."""
    return {
        "architecture": "test_byobnet",
        "num_classes": 3,
        "label_names": ["ant", "bee", "cow"],
        "pretrained_cfg": {"input_size": [3, 64, 64], "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]},
        **changes,
    }


@pytest.fixture(autouse=True)
def own_accelerator() -> Iterator[None]:
    """accelerate's settings, which a process has once, do not pass from one test to another."""
    yield
    if state := sys.modules.get("accelerate.state"):
        state.AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture
def model_folder(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a model folder with seeded random weights."""

    def write(name: str = "model", **changes: object) -> Path:
        torch.manual_seed(0)
        config = ModelConfig.model_validate(tiny_config(**changes))
        folder.write(tmp_path / name, config, create_network(config))
        return tmp_path / name

    return write


@pytest.fixture
def tiny(model_folder: Callable[..., Path]) -> cnnhub.Classifier:
    return cnnhub.load(model_folder())


@pytest.fixture
def picture() -> Image.Image:
    """An RGB picture 60 x 40 whose four corners differ, so that a turn or a flip shows."""
    pixels = np.full((40, 60, 3), 128, np.uint8)
    pixels[:20, :30] = (255, 0, 0)
    pixels[:20, 30:] = (0, 255, 0)
    pixels[20:, :30] = (0, 0, 255)
    return Image.fromarray(pixels)
