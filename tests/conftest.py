"""Tiny seeded networks and generated pictures; nothing here needs the network or ../shared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import cnnhub
from cnnhub.engines.network import create_network
from cnnhub.hub import folder
from cnnhub.hub.config import ModelConfig
from tests.support.places import tiny_config
from tests.support.visiting import CHROMIUM


@pytest.fixture(scope="session", autouse=True)
def exports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Exported networks are kept in a folder of these tests, for the processes that they start too."""
    folder = tmp_path_factory.mktemp("exports")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNHUB_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here; Debian's package chromium brings one")
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=quiet)
        yield running
        running.close()


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
