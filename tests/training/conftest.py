"""Pictures, a backbone and a trained model, made once for all tests that only read them."""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors.torch
import timm
import torch

from tests.support.training_runs import draw, finetuning, training


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw(tmp_path_factory.mktemp("data"), {"train": 24, "validation": 8, "test": 6})


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of a small backbone with 1,000 classes, as they come from a hub."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("backbone") / "model.safetensors"
    safetensors.torch.save_file(timm.create_model("test_byobnet").state_dict(), path)
    return path


@pytest.fixture(scope="session")
def trained(data: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run. Who changes something takes a copy."""
    output = tmp_path_factory.mktemp("runs") / "colours"
    done = training(*finetuning(data, weights, output))
    assert done.returncode == 0, done.stderr
    return output
