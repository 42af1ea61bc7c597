"""A network as an ONNX model: pixels of 8 bits in, normalised inside, logits and embeddings out, any number of pictures."""

from __future__ import annotations

import importlib.util
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from cnnhub.engines.torch import Normalise, logits_and_embeddings
from cnnhub.errors import EngineError

if TYPE_CHECKING:
    from cnnhub.hub.config import PretrainedConfig


def check_installed() -> None:
    """Raise EngineError where a package that export or run needs is missing."""
    missing = [name for name in ("onnx", "onnxruntime") if importlib.util.find_spec(name) is None]
    if missing:
        raise EngineError(f"engine='onnx' needs {' and '.join(missing)}. Install them with: pip install 'cnnhub[onnx]'.")


def export(network: torch.nn.Module, cfg: PretrainedConfig) -> bytes:
    """Input "pixels" (N, 3, H, W) uint8; outputs "logits" (N, K) and "embeddings" (N, D), float32.

    The tracing exporter takes a second or two, torch.export's takes ten.
    """
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        path = Path(folder) / "model.onnx"
        torch.onnx.export(
            _Answering(network, cfg).eval(),  # the exporter gives the mode back that it found
            (torch.zeros(1, *cfg.input_size, dtype=torch.uint8),),
            path,
            dynamo=False,
            input_names=["pixels"],
            output_names=["logits", "embeddings"],
            dynamic_axes={name: {0: "N"} for name in ("pixels", "logits", "embeddings")},
        )
        return path.read_bytes()


class _Answering(torch.nn.Module):
    """A network that normalises its input, and whose outputs are its logits and its embeddings."""

    def __init__(self, network: torch.nn.Module, cfg: PretrainedConfig) -> None:
        super().__init__()
        self.normalise, self.network = Normalise(cfg), network

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return logits_and_embeddings(self.network, self.normalise(pixels))
