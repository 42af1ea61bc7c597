"""The onnx engine: the network exported to ONNX when it is loaded, run by onnxruntime on the CPU."""

from __future__ import annotations

import importlib.util
import tempfile
import warnings
from pathlib import Path

import torch

from cnnhub.engines.torch import both
from cnnhub.errors import EngineError


class OnnxEngine:
    """onnxruntime on the CPU. The network is exported when the engine is made, which takes a second or two."""

    name = "onnx"

    def __init__(self, network: torch.nn.Module, input_size: tuple[int, int, int]) -> None:
        missing = [name for name in ("onnx", "onnxruntime") if importlib.util.find_spec(name) is None]
        if missing:
            raise EngineError(f"engine='onnx' needs {' and '.join(missing)}. Install them with: pip install 'cnnhub[onnx]'.")
        import onnxruntime

        self._network, self._input_size = network.cpu().eval(), input_size
        model = _export(self._network, input_size)
        self._session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])

    def logits(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pixels (N, 3, H, W) float32 -> logits (N, K) float32."""
        (output,) = self._session.run(["logits"], {"pixels": pixels.numpy()})
        return torch.from_numpy(output)

    def logits_and_embeddings(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Pixels (N, 3, H, W) float32 -> logits (N, K) and what the head sees (N, D), both float32."""
        logits, embeddings = self._session.run(["logits", "embeddings"], {"pixels": pixels.numpy()})
        return torch.from_numpy(logits), torch.from_numpy(embeddings)

    def __reduce__(self) -> tuple[type[OnnxEngine], tuple[torch.nn.Module, tuple[int, int, int]]]:
        return type(self), (self._network, self._input_size)  # a session cannot be pickled; the copy exports anew


class _Both(torch.nn.Module):
    """A network whose outputs are its logits and its embeddings."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return both(self.network, pixels)


def _export(network: torch.nn.Module, input_size: tuple[int, int, int]) -> bytes:
    """ONNX with a free batch size. The tracing exporter takes a second, torch.export's takes ten."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        path = Path(folder) / "model.onnx"
        torch.onnx.export(
            _Both(network).eval(),  # the exporter gives the mode back that it found
            (torch.zeros(1, *input_size),),
            path,
            dynamo=False,
            input_names=["pixels"],
            output_names=["logits", "embeddings"],
            dynamic_axes={name: {0: "N"} for name in ("pixels", "logits", "embeddings")},
        )
        return path.read_bytes()
