"""Looking inside: feature maps beside a bare forward pass, and a response map of a large photo beside OpenCV's filter2D."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from typing import Any

import numpy as np

ROUNDS = 25
LARGE = (3000, 4000)  # rows and columns: 12 megapixels


def figures(say: Callable[[str], None]) -> dict[str, dict[str, list[float]]]:
    """Milliseconds, interleaved."""
    return {"feature maps, milliseconds": _interleaved(_maps()), "3x3 on 12 megapixels, milliseconds": _interleaved(_large(say))}


def _maps() -> dict[str, Callable[[], Any]]:
    """The same network of torch, the same pixels: its answer alone, and with what some or all of its layers answer."""
    import torch

    import cnnhub
    from cnnhub import features

    classifier = cnnhub.load("cats-vs-dogs", engine="torch")
    network, cfg = classifier.network, classifier.config.pretrained_cfg
    layers = features.layers_of(network, cfg.input_size)
    stages = {name: layers[name] for name in classifier.stages()}
    pixels = torch.from_numpy(np.random.default_rng(0).standard_normal((1, *cfg.input_size), np.float32))

    def bare() -> None:
        with torch.inference_mode():
            network(pixels)

    return {
        "bare forward pass": bare,
        f"feature maps of {len(stages)} stages": lambda: features.feature_maps(network, pixels, stages),
        f"feature maps of all {len(layers)} layers": lambda: features.feature_maps(network, pixels, layers),
    }


def _large(say: Callable[[str], None]) -> dict[str, Callable[[], Any]]:
    import torch

    from cnnhub.convolution import correlate2d

    grey = np.random.default_rng(0).integers(0, 256, LARGE, np.uint8).astype(np.float32)
    pixels = torch.from_numpy(grey)
    found: dict[str, Callable[[], Any]] = {"cnnhub.convolution.correlate2d": lambda: correlate2d(pixels, "sobel_x")}
    if importlib.util.find_spec("cv2") is None:
        say("OpenCV is not installed; left out")
        return found
    import cv2

    kernel = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.float32)
    found["OpenCV filter2D"] = lambda: cv2.filter2D(grey, cv2.CV_32F, kernel, borderType=cv2.BORDER_CONSTANT)
    assert np.allclose(found["OpenCV filter2D"](), correlate2d(pixels, "sobel_x").numpy(), atol=1e-2)
    return found


def _interleaved(candidates: dict[str, Callable[[], Any]]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(ROUNDS + 2):
        for name, run in candidates.items():
            started = time.perf_counter()
            run()
            times[name] += [(time.perf_counter() - started) * 1e3] if number > 1 else []
    return times
