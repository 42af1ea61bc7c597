"""`load`: from a name, a Hub id or a folder to a Classifier, without torch and timm where an exported graph answers."""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from cnnhub import hub
from cnnhub.classifier import Classifier
from cnnhub.engines import Engine, check_engine, check_size, graphs
from cnnhub.errors import ArgumentError, DeviceError, EngineError
from cnnhub.familiarity import Familiarity, unit_length
from cnnhub.hub.config import MAX_CLASSES, ModelConfig
from cnnhub.hub.folder import read_familiar

if TYPE_CHECKING:
    import torch

    from cnnhub.hub import ModelFiles

MAX_PARAMETERS = 400_000_000
_BYTES_EACH, _LEAST_LIMIT = 16, 100_000_000  # of a file: float64, and a second head or what only training needs


def load(
    source: str | os.PathLike[str],
    *,
    revision: str | None = None,
    engine: str = "auto",
    precision: str = "float32",
    cache_dir: str | os.PathLike[str] | None = None,
    token: str | bool | None = None,
    local_files_only: bool = False,
    device: str | torch.device | None = None,
    num_classes: int | None = None,
    labels: Sequence[str] | None = None,
    max_parameters: int = MAX_PARAMETERS,
    max_bytes: int | None = None,
    reduced_decoding: bool = True,
    allow_unverified: bool = False,
) -> Classifier:
    """Load an image classifier.

    Args:
        source: a built-in name ("cats-vs-dogs", "flowers", "imagenet", "cats-vs-dogs-shufflenet", "mnist"), a Hub id
            ("owner/name", "owner/name@revision"), or a folder (a Path, or a string starting with ./, ../, ~ or /).
        revision: a branch, tag or commit of a Hub repository.
        engine: "onnx" runs onnxruntime on the CPU, "torch" the network as it is; "auto" is "onnx" wherever that answers as
            torch does, and `Classifier.engine.why` says what was found. A network is exported once, which takes a second or
            two, and kept beside the Hub's cache (or in CNNHUB_CACHE); the built-in models ship exported.
        precision: "int8" answers faster and not quite alike; it must have been made, and let pass, by
            `cnnhub export SOURCE --precision int8 --data DIR`.
        cache_dir, token, local_files_only: as huggingface_hub understands them.
        device: where the network runs, such as "cpu" or "cuda"; None is the CPU.
        num_classes: put a fresh head with so many outputs, random weights, on the network; its labels are "class 0",
            "class 1", .... The old labels, temperature and threshold go.
        labels: the same, with these labels.
        max_parameters: refuse larger networks; of those on the Hub, before the weights are downloaded.
        max_bytes: refuse a repository on the Hub one of whose files is larger, before it is downloaded. Without it that is
            what max_parameters may take at most.
        reduced_decoding: decode a large JPEG (a file, bytes or URL) at a half, a quarter or an eighth of its size, never below
            twice what the network's preprocessing scales it to, and whole where the first two labels are within 0.1 of each
            other. That takes a fraction of the time and moves most probabilities by less than 0.01. False decodes every pixel.
        allow_unverified: take files of a Hub that announces no hash of them, as a mirror of one's own may: nothing then tells
            whether they are those that were uploaded.

    Raises:
        ModelNotFoundError, ModelConfigError, ModelWeightsError: see each.
        UnknownNameError: there is no such engine or precision.
        ArgumentError: num_classes or labels cannot be a head's; int8 was asked of torch.
        DeviceError: the device cannot be used, or not with this engine.
        EngineError: the engine cannot run this network, or not in this precision.

    >>> from sklearn.datasets import load_sample_image
    >>> cnnhub.load("imagenet").predict(load_sample_image("china.jpg")).label
    'palace'
    """
    check_engine(engine, precision)
    on_cpu = device is None or str(device) == "cpu"
    if precision == "int8" and engine == "torch":
        raise ArgumentError("precision='int8' with engine='torch' arrived; int8 runs on onnxruntime. Leave engine out.")
    if not on_cpu:
        _check_device(device, needs_cpu=engine == "onnx" or precision == "int8")
    files = hub.resolve(
        source,
        revision=revision,
        cache_dir=cache_dir,
        token=token,
        local_files_only=local_files_only,
        max_bytes=most_bytes(max_parameters) if max_bytes is None else max_bytes,
        check=partial(_check_buildable, max_parameters=max_parameters),
        allow_unverified=allow_unverified,
    )
    config = files.config
    if num_classes is not None or labels is not None:
        config = config.with_labels(_head_labels(num_classes, labels))
    network = LazyNetwork(partial(_network, files, config, max_parameters, device))
    runs, embedding_length = _engine(engine, precision, on_cpu, files, config, network, max_parameters)
    taught = _taught(files, config, embedding_length)
    return Classifier(config, runs, files.source, network, taught, reduced_decoding=reduced_decoding)


def most_bytes(max_parameters: int = MAX_PARAMETERS) -> int:
    """How large a file of the Hub may be at most that brings a network of so many parameters.

    >>> most_bytes(), most_bytes(1)
    (6400000000, 100000000)
    """
    return max(_BYTES_EACH * max_parameters, _LEAST_LIMIT)


class LazyNetwork:
    """A network that is built when it is first asked for, once: an engine may answer without it."""

    def __init__(self, build: Callable[[], torch.nn.Module]) -> None:
        self._build, self._lock = build, threading.Lock()
        self._network: torch.nn.Module | None = None

    def __call__(self) -> torch.nn.Module:
        with self._lock:
            if self._network is None:
                self._network = self._build()
            return self._network

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._build,), {"_network": self._network}  # a lock cannot be pickled


def _check_buildable(config: ModelConfig, max_parameters: int) -> None:
    from cnnhub.engines.network import blueprint

    blueprint(config, max_parameters)


def _network(files: ModelFiles, config: ModelConfig, max_parameters: int, device: str | torch.device | None) -> torch.nn.Module:
    """The network of a model's files, with a fresh head where `config` is no longer theirs."""
    import torch

    from cnnhub.engines.network import build

    with torch.random.fork_rng(devices=[]):  # the initial weights, soon replaced, are drawn from a copy of torch's generator
        network: Any = build(files.config, files.weights, max_parameters)
    if config is not files.config:
        network.reset_classifier(config.num_classes)
    ready: torch.nn.Module = network.to(device or "cpu").eval().requires_grad_(False)
    return ready


def _engine(
    name: str,
    precision: str,
    on_cpu: bool,
    files: ModelFiles,
    config: ModelConfig,
    network: LazyNetwork,
    max_parameters: int,
) -> tuple[Engine, int]:
    """What runs the network, and the length of its embeddings."""
    is_fresh, must_be_onnx = config is not files.config, name == "onnx" or precision == "int8"
    why = _why_torch(name, on_cpu, is_fresh, must_be_onnx)
    if not why:
        graph = _graph(files, config, precision, network)
        check_size(config.architecture, graph.record.parameters, max_parameters)
        if graph.model:
            from cnnhub.engines.onnx import OnnxEngine

            try:
                weights = _bytes(network()) if is_fresh else files.weights
                return OnnxEngine(graph.model, graph.record.external, weights, graph.record.why), graph.record.embedding_length
            except Exception as error:  # a broken installation of onnxruntime raises of its own kinds
                why = f"onnxruntime does not run it: {' '.join(str(error).split())[:200]}."
        else:
            why = graph.record.why
    if must_be_onnx:
        raise EngineError(f"{why} Leave engine and precision out, or choose engine='torch'.")
    from cnnhub.engines.network import head_input_size
    from cnnhub.engines.torch import TorchEngine

    return TorchEngine(network(), config.pretrained_cfg, why), head_input_size(network())


def _why_torch(name: str, on_cpu: bool, is_fresh: bool, must_be_onnx: bool) -> str:
    """Why torch runs a network before any graph is looked at; nothing where a graph may."""
    if name == "torch":
        return "It was asked for."
    if not on_cpu:
        return "Another device than the CPU was asked for, and onnxruntime is used on the CPU alone."
    missing = [package for package in ("onnx", "onnxruntime") if importlib.util.find_spec(package) is None]
    if missing:
        return f"{' and '.join(missing)} are not installed (pip install onnx onnxruntime)."
    return "Its head is fresh, and soon another." if is_fresh and not must_be_onnx else ""


def _graph(files: ModelFiles, config: ModelConfig, precision: str, network: LazyNetwork) -> graphs.Graph:
    """The graph of a model: one that is kept, or made now.

    Raises:
        EngineError: there is none of this precision.
    """
    if config is not files.config:
        if precision == "int8":
            raise EngineError("A fresh head has no int8: it is made of a trained model. Leave precision out.")
        from cnnhub.engines.export import graph_of

        return graph_of(network(), config, _bytes(network()), None)
    kept = graphs.find(config, files.weights, precision, files.builtin)
    if kept is not None:
        return kept
    if precision == "int8":
        raise EngineError(
            f"{files.source} has no int8 graph on this machine. Make one with "
            f"`cnnhub export {files.source} --precision int8 --data DIR`, DIR being pictures such as it was taught with."
        )
    from cnnhub.engines.export import graph_of

    return graph_of(network(), config, files.weights, graphs.place_of(config, files.weights))


def _bytes(network: torch.nn.Module) -> bytes:
    """Its weights, as a safetensors file holds them."""
    from safetensors.torch import save

    return save({name: tensor.contiguous() for name, tensor in network.state_dict().items()})


def _taught(files: ModelFiles, config: ModelConfig, embedding_length: int) -> Familiarity | None:
    """What the model keeps of its training pictures; nothing beside a fresh head."""
    stored = config.cnnhub.neighbours
    if files.familiar is None or stored is None:
        return None
    taught = read_familiar(files.familiar.parent, stored.k, embedding_length)
    return Familiarity(unit_length(taught.embeddings), stored, taught.probe)


def _head_labels(num_classes: int | None, labels: Sequence[str] | None) -> list[str]:
    """The labels of a fresh head."""
    if labels is None:
        if isinstance(num_classes, bool) or not isinstance(num_classes, int) or not 1 <= num_classes <= MAX_CLASSES:
            raise ArgumentError(f"num_classes={num_classes!r} arrived; expected a whole number from 1 to {MAX_CLASSES:,}.")
        return [f"class {number}" for number in range(num_classes)]
    names = [] if isinstance(labels, str) or not isinstance(labels, Iterable) else list(labels)
    if (not names and labels != []) or not all(isinstance(name, str) and name for name in names):
        raise ArgumentError(f"labels={labels!r} arrived; expected a list of names such as ['ant', 'bee'].")
    if not 1 <= len(names) <= MAX_CLASSES or len(set(names)) < len(names):
        different = len(set(names))
        raise ArgumentError(f"{len(names)} labels arrived, {different} different ones; expected at least one, and each once.")
    if num_classes not in (None, len(names)):
        raise ArgumentError(f"num_classes={num_classes} and {len(names)} labels arrived. Leave num_classes out.")
    return names


def _check_device(device: str | torch.device | None, needs_cpu: bool) -> None:
    """Raise DeviceError where torch cannot use a device, or where only the CPU will do."""
    import torch

    try:
        chosen = torch.device("cpu" if device is None else device)
        if needs_cpu and chosen.type != "cpu":
            raise DeviceError(
                f"engine='onnx' and precision='int8' run on the CPU; device is {str(chosen)!r}. "
                f"Choose engine='torch' for {str(chosen)!r}, or leave device out."
            )
        torch.zeros(1, device=chosen).cpu()  # "meta" takes values and gives none back
    except (RuntimeError, AssertionError, TypeError) as error:  # torch raises any of them for a backend that is not there
        why = str(error).partition("\n")[0].partition(". ")[0].rstrip(".")
        raise DeviceError(
            f"The device {device!r} cannot be used: {why}. This machine has {', '.join(_devices())}; "
            "leave device out for the CPU."
        ) from error


def _devices() -> list[str]:
    """What torch can use here."""
    import torch

    gpus = [f"cuda:{number}" for number in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    return ["cpu", *gpus, *(["mps"] if torch.backends.mps.is_available() else [])]
