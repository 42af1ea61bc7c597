"""Does a saved folder, loaded again, answer as the network that was saved?"""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import timm
import torch
from PIL import Image
from timm.data import create_transform, resolve_data_config

import cnnhub
from cnnhub.errors import CnnHubError
from cnnhub.hub.config import ModelConfig
from cnnhub.hub.folder import CONFIG_NAME, read_config, write_config
from training.measure.evaluate import evaluate
from training.release.card import as_source
from training.release.record import record_of

TOLERANCE = 1e-4  # of a logit; relative where logits are larger than 1
_SHAPES = ((16, 16), (15, 20), (20, 15), (45, 30))  # (H, W) in blocks; not all square, so that the crop shows too
_BLOCK = 16  # pixels


class VerificationError(CnnHubError):
    """A model folder does not answer as it did when it was trained, or not the same through every door."""


def probe_pictures() -> list[Image.Image]:
    """A few pictures of coloured blocks, the same on every machine: their pixels follow from a seed alone."""
    generator = np.random.default_rng(0)
    grids = [generator.integers(0, 256, (*shape, 3), dtype=np.uint8) for shape in _SHAPES]
    return [Image.fromarray(np.kron(grid, np.ones((_BLOCK, _BLOCK, 1), np.uint8))) for grid in grids]


def probe_logits(classifier: cnnhub.Classifier) -> list[list[float]]:
    """The logits (K,) of every probe picture."""
    return [classifier.logits(picture).tolist() for picture in probe_pictures()]


def write_with_probe(folder: Path, config: ModelConfig) -> ModelConfig:
    """Note in config.json how the folder answers, to be compared wherever it is loaded later.

    It is the saved weights that answer, which are rounded.
    """
    config = config.with_metadata(probe={"logits": probe_logits(cnnhub.load(folder))})
    write_config(folder, config)
    return config


def check_logits(folder: Path) -> None:
    """Load a folder through cnnhub and through timm alone, and compare the logits of the probe pictures.

    Where config.json holds the logits that training recorded, they are compared too.

    Raises:
        VerificationError: the logits differ, or timm cannot load the folder.
        ModelConfigError, ModelWeightsError: cnnhub cannot load it.
    """
    ours = probe_logits(cnnhub.load(folder))
    _compare(ours, _timms_logits(folder), f"{folder} answers differently in cnnhub and in timm", "Check pretrained_cfg.")
    recorded = record_of(read_config(folder)).probe
    if recorded:
        _compare(
            ours,
            recorded["logits"],
            f"{folder} does not answer as it did when it was saved",
            "Its config.json or weights have changed since; keep the two files of one run together, or train again.",
        )


def recorded_accuracy(folder: Path) -> float:
    """The test accuracy (0 to 1) that `evaluate --record` wrote into the folder.

    Raises:
        VerificationError: there is none.
    """
    accuracy = record_of(read_config(folder)).metrics.get("test", {}).get("top1")
    if accuracy is None:
        raise VerificationError(
            f"{folder / CONFIG_NAME} holds no test accuracy to compare with. Measure it first: "
            f"python -m training evaluate --model {shlex.quote(as_source(folder))} --data DIR --split test --record"
        )
    return float(accuracy)


def check_accuracy(folder: Path, data: Path) -> float:
    """Measure the test split again -> its accuracy (0 to 1), equal to the recorded one.

    Raises:
        VerificationError: none is recorded, or it differs.
    """
    expected = recorded_accuracy(folder)
    measured = evaluate(as_source(folder), data, "test", log=False).figures.top1
    if abs(measured - expected) > 1e-9:
        again = f"python -m training evaluate --model {shlex.quote(as_source(folder))} --data {shlex.quote(str(data))} --record"
        raise VerificationError(
            f"{folder} finds {measured:.4%} of the test pictures in {data}; its config.json says {expected:.4%}. Check --data; "
            f"if the data changed, measure again: {again}"
        )
    return measured


def _timms_logits(folder: Path) -> list[list[float]]:
    """Logits of the probe pictures with timm's loading and timm's preprocessing."""
    try:
        network = timm.create_model(f"local-dir:{folder.resolve()}", pretrained=True).eval()
    except Exception as error:  # timm's factories raise whatever their arguments provoke
        raise VerificationError(f"timm cannot load {folder}: {error} Expected the layout that `finetune` writes.") from error
    transform = create_transform(**resolve_data_config({}, model=network))
    with torch.inference_mode():
        return [network(transform(picture)[None])[0].float().tolist() for picture in probe_pictures()]


def _compare(found: list[list[float]], expected: list[list[float]], problem: str, advice: str) -> None:
    a, b = np.array(found), np.array(expected)
    if a.shape != b.shape:
        raise VerificationError(f"{problem}: logits of shape {a.shape}, expected {b.shape}. {advice}")
    difference = float(np.abs(a - b).max())
    if not difference <= TOLERANCE * max(1.0, float(np.abs(b).max())):  # so written, NaN is a difference too
        raise VerificationError(f"{problem}: a logit differs by {difference:.2g}, more than {TOLERANCE:g}. {advice}")
