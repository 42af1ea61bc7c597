"""The onnx engine: an exported network, run by onnxruntime on the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnxruntime

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class OnnxEngine:
    """onnxruntime on the CPU, with a model that `engines.export` made."""

    name = "onnx"

    def __init__(self, model: bytes) -> None:
        self._model = model
        self._session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])

    def answer(self, pixels: NDArray[np.uint8], *, embed: bool = False) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Pixels (N, 3, H, W), 0 to 255 -> logits (N, K), and what the head sees (N, D) where it is wanted."""
        logits, *rest = self._session.run(["logits", "embeddings"] if embed else ["logits"], {"pixels": pixels})
        return logits, rest[0] if embed else None

    def __reduce__(self) -> tuple[type[OnnxEngine], tuple[bytes]]:
        return type(self), (self._model,)  # a session cannot be pickled
