"""The onnx engine: the network exported to ONNX when it is loaded, run by onnxruntime on the CPU."""

from __future__ import annotations

import importlib.util
import tempfile
import warnings
from pathlib import Path

import torch

from cnnhub.errors import CnnHubError


class OnnxEngine:
    """onnxruntime on the CPU. The network is exported when the engine is made, which takes a second or two."""

    name = "onnx"

    def __init__(self, network: torch.nn.Module, input_size: tuple[int, int, int]) -> None:
        missing = [name for name in ("onnx", "onnxruntime") if importlib.util.find_spec(name) is None]
        if missing:
            raise CnnHubError(f"engine='onnx' needs {' and '.join(missing)}. Install them with: pip install 'cnnhub[onnx]'.")
        import onnxruntime

        self._network, self._input_size = network.cpu().eval(), input_size
        model = _export(self._network, input_size)
        self._session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])

    def logits(self, pixels: torch.Tensor) -> torch.Tensor:
        """Pixels (N, 3, H, W) float32 -> logits (N, K) float32."""
        (output,) = self._session.run(None, {"pixels": pixels.numpy()})
        return torch.from_numpy(output)

    def __reduce__(self) -> tuple[type[OnnxEngine], tuple[torch.nn.Module, tuple[int, int, int]]]:
        return type(self), (self._network, self._input_size)  # a session cannot be pickled; the copy exports anew


def _export(network: torch.nn.Module, input_size: tuple[int, int, int]) -> bytes:
    """ONNX with a free batch size. The tracing exporter takes a second, torch.export's takes ten."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        path = Path(folder) / "model.onnx"
        torch.onnx.export(
            network,
            (torch.zeros(1, *input_size),),
            path,
            dynamo=False,
            input_names=["pixels"],
            output_names=["logits"],
            dynamic_axes={"pixels": {0: "N"}, "logits": {0: "N"}},
        )
        return path.read_bytes()
