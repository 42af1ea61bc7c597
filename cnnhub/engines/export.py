"""A network as an ONNX graph: pixels of 8 bits in, normalised inside, logits and embeddings out, any number of pictures.

A graph is used only where it answers as torch does. Weights that lie in model.safetensors are not stored in it again: they are
called external, and the engine fills them in.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch.overrides import TorchFunctionMode

from cnnhub.engines.graphs import Graph, Place, Record, made_with
from cnnhub.engines.network import head_input_size
from cnnhub.engines.onnx import OnnxEngine, external_weights
from cnnhub.engines.torch import Normalise, TorchEngine, logits_and_embeddings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cnnhub.engines import Engine
    from cnnhub.hub.config import ModelConfig, PretrainedConfig

TOLERANCE = 1e-4  # by how much a logit may differ from torch's
_BATCHES = (1, 3)  # numbers of pictures that are tried
_LEAST_BYTES = 256  # of a tensor that is left to model.safetensors


def graph_of(network: torch.nn.Module, config: ModelConfig, weights: Path | bytes, place: Place | None) -> Graph:
    """Export a network on the CPU, compare it with torch, and keep what came of it at `place`: the graph, or why there is none.

    Args:
        weights: of this network: a safetensors file, or its bytes.
    """
    key, cfg = place.key if place else "", config.pretrained_cfg
    try:
        model, external = without_weights(export(network, cfg), weights)
        problem = disagreement(OnnxEngine(model, external, weights, ""), TorchEngine(network, cfg), cfg)
    except OSError as error:  # a full disk says nothing about the network
        return Graph(Record(key=key, why=f"The export was not finished: {error}.", made_with=made_with()))
    except Exception as error:  # what exporter and runtime raise of a network that they do not understand
        problem = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    if problem:
        why = f"The export of {config.architecture} cannot be used: {problem.rstrip('.')}."
        graph = Graph(Record(key=key, why=why, made_with=made_with()))
    else:
        why = f"onnxruntime is installed, and answers as torch does on {sum(_BATCHES)} probe pictures, within {TOLERANCE}."
        graph = Graph(_record(key, why, model, external, network), model)
    if place:
        with contextlib.suppress(OSError):  # a cache that cannot be written is done without
            place.write(graph)
    return graph


def export(network: torch.nn.Module, cfg: PretrainedConfig) -> onnx.ModelProto:
    """Input "pixels" (N, 3, H, W) uint8; outputs "logits" (N, K) and "embeddings" (N, D), float32.

    Weights keep their names, after a prefix. The tracing exporter takes a second or two, torch.export's takes ten.
    """
    names = ("pixels", "logits", "embeddings")
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), torch.inference_mode(), _OnlyTheBatchVaries():
        warnings.simplefilter("ignore")
        path = Path(folder) / "model.onnx"
        torch.onnx.export(
            _Answering(network, cfg).eval(),  # the exporter gives the mode back that it found
            (torch.zeros(1, *cfg.input_size, dtype=torch.uint8),),
            path,
            dynamo=False,
            input_names=list(names[:1]),
            output_names=list(names[1:]),
            dynamic_axes={name: {0: "N"} for name in names},
            do_constant_folding=False,  # onnxruntime folds too, and would not find the weights' names again
            training=torch.onnx.TrainingMode.PRESERVE,  # the same: "EVAL" merges batch norm and convolution
        )
        return onnx.load(path)


def without_weights(model: onnx.ModelProto, weights: Path | bytes) -> tuple[bytes, tuple[str, ...]]:
    """The graph without those tensors that a safetensors file holds under their names, and the names."""
    held = external_weights(weights)
    external = []
    for tensor in model.graph.initializer:
        array = held.get(tensor.name)
        if array is None or array.nbytes < _LEAST_BYTES or not np.array_equal(numpy_helper.to_array(tensor), array):
            continue
        external.append(tensor.name)
        tensor.ClearField("raw_data")
        tensor.ClearField("float_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, value in (("location", "model.safetensors"), ("offset", "0"), ("length", str(array.nbytes))):
            tensor.external_data.add(key=key, value=value)
    return model.SerializeToString(), tuple(external)


def with_weights(graph: Graph, weights: Path | bytes) -> onnx.ModelProto:
    """A graph as one model that needs no other file."""
    model = onnx.load_from_string(graph.model)
    held = external_weights(weights) if graph.record.external else {}
    for tensor in model.graph.initializer:
        if tensor.name in graph.record.external:
            tensor.CopyFrom(numpy_helper.from_array(held[tensor.name], tensor.name))
    return model


def disagreement(ours: Engine, reference: Engine, cfg: PretrainedConfig) -> str | None:
    """How two engines differ on probe pictures; None where they agree within TOLERANCE, and on the largest logit."""
    for count in _BATCHES:
        pixels = probe_pictures(count, cfg)
        pairs = zip(ours.answer(pixels, embed=True), reference.answer(pixels, embed=True), strict=True)
        for what, (found, expected) in zip(("logits", "embeddings"), pairs, strict=True):
            if found is None or expected is None or found.shape != expected.shape:
                return f"{what} of another shape"
            scale = 1.0 if what == "logits" else max(1.0, float(np.abs(expected).max()))  # of embeddings only directions count
            apart = float(np.abs(found - expected).max()) / scale
            if not apart <= TOLERANCE:  # NaN too
                return f"{what} differ by {apart:.2g}"
            if what == "logits" and not np.array_equal(found.argmax(axis=1), expected.argmax(axis=1)):
                return "the first answers differ"
    return None


def probe_pictures(count: int, cfg: PretrainedConfig) -> NDArray[np.uint8]:
    """Seeded pixels (N, 3, H, W), coarse patches with fine noise over them."""
    _, height, width = cfg.input_size
    generator = np.random.default_rng(count)
    patches = generator.integers(0, 256, (count, 3, 8, 8))
    large = patches.repeat(-(-height // 8), axis=2).repeat(-(-width // 8), axis=3)[:, :, :height, :width]
    noisy: NDArray[np.uint8] = np.clip(large + generator.integers(-40, 41, large.shape), 0, 255).astype(np.uint8)
    return noisy


def _record(key: str, why: str, model: bytes, external: tuple[str, ...], network: torch.nn.Module) -> Record:
    return Record(
        key=key,
        why=why,
        made_with=made_with(),
        sha256=hashlib.sha256(model).hexdigest(),
        external=external,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        embedding_length=head_input_size(network),
    )


class _Answering(torch.nn.Module):
    """A network that normalises its input, and whose outputs are its logits and its embeddings."""

    def __init__(self, network: torch.nn.Module, cfg: PretrainedConfig) -> None:
        super().__init__()
        self.normalise, self.network = Normalise(cfg), network

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return logits_and_embeddings(self.network, self.normalise(pixels))


class _OnlyTheBatchVaries(TorchFunctionMode):
    """Heights, widths and channels are numbers while a network is traced.

    The tracer would take every size for one that may vary, and what is worked out from sizes, such as SAME padding, for a part of
    the network: MobileNetV2 then takes half as long again.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func in (torch.Tensor.size, torch.Tensor.shape.__get__) and isinstance(result, tuple):  # type: ignore[attr-defined]
            return tuple(side if axis == 0 else int(side) for axis, side in enumerate(result))
        return result
