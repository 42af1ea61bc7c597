"""The onnx engine: an exported graph, filled with the weights of model.safetensors, run by onnxruntime on the CPU."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PREFIX = "network."  # of the names of weights in a graph
READ = ("F64", "F32", "F16")  # safetensors' names of the types that NumPy has


class OnnxEngine:
    """onnxruntime on the CPU.

    Attributes:
        why: a sentence on why this engine answers.
    """

    name = "onnx"

    def __init__(self, model: bytes, external: tuple[str, ...], weights: Path | bytes, why: str) -> None:
        """
        Args:
            model: a graph, as `engines.export` makes it.
            external: names of its tensors that lie in `weights`, a safetensors file, or its bytes.
        """
        self.why = why
        self._model, self._external, self._weights = model, external, weights
        self._session = _session(model, external, weights)

    def answer(self, pixels: NDArray[np.uint8], *, embed: bool = False) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Pixels (N, 3, H, W), 0 to 255 -> logits (N, K), and what the head sees (N, D) where it is wanted."""
        logits, *rest = self._session.run(["logits", "embeddings"] if embed else ["logits"], {"pixels": pixels})
        return logits, rest[0] if embed else None

    def __reduce__(self) -> tuple[Any, ...]:  # a session cannot be pickled, and the file may not be there where the copy is
        weights = self._weights if isinstance(self._weights, bytes) else self._weights.read_bytes()
        return type(self), (self._model, self._external, weights, self.why)


def external_weights(weights: Path | bytes) -> dict[str, NDArray[Any]]:
    """Name in a graph -> what a safetensors file holds under it, floats as float32; what NumPy has no type for is left out."""
    import numpy as np
    from safetensors import safe_open
    from safetensors.numpy import load

    if isinstance(weights, bytes):
        held = load(weights)
    else:
        with safe_open(weights, framework="np") as file:
            held = {name: file.get_tensor(name) for name in file.keys() if file.get_slice(name).get_dtype() in READ}
    return {f"{PREFIX}{name}": np.ascontiguousarray(array, np.float32) for name, array in held.items()}


@lru_cache(maxsize=1)
def onnxruntime() -> Any:
    """The module, told not to report to its makers; its import (1.32) leaves a file among the temporary ones for that.

    All sessions take their memory from one place: each would keep as much as its largest batch took, and never give it back.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime as runtime

    place = runtime.OrtMemoryInfo("Cpu", runtime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, runtime.OrtMemType.DEFAULT)
    unlimited, doubled, default = 0, 0, -1
    runtime.create_and_register_allocator(place, runtime.OrtArenaCfg(unlimited, doubled, default, default))
    return runtime


def _session(model: bytes, external: tuple[str, ...], weights: Path | bytes) -> Any:
    runtime = onnxruntime()
    options = runtime.SessionOptions()
    options.log_severity_level = 3  # errors alone
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS") or 0)  # as torch does; 0 is a thread a core
    if external:
        held = external_weights(weights)
        values = [runtime.OrtValue.ortvalue_from_numpy(held[name]) for name in external]
        options.add_external_initializers(list(external), values)
    return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
