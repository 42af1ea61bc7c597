"""`load`: from a name, a Hub id or a folder to a Classifier."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from cnnhub import hub
from cnnhub.classifier import Classifier
from cnnhub.engines import Engine, check_engine
from cnnhub.engines.network import LazyNetwork, blueprint, build, head_input_size
from cnnhub.engines.torch import TorchEngine
from cnnhub.errors import ArgumentError, DeviceError
from cnnhub.familiarity import Familiarity, unit_length
from cnnhub.hub.config import MAX_CLASSES, ModelConfig
from cnnhub.hub.folder import read_familiar

if TYPE_CHECKING:
    from cnnhub.hub import ModelFiles

MAX_PARAMETERS = 400_000_000


def load(
    source: str | os.PathLike[str],
    *,
    revision: str | None = None,
    engine: str = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    token: str | bool | None = None,
    local_files_only: bool = False,
    device: str | torch.device | None = None,
    num_classes: int | None = None,
    labels: Sequence[str] | None = None,
    max_parameters: int = MAX_PARAMETERS,
    max_bytes: int | None = None,
    reduced_decoding: bool = False,
) -> Classifier:
    """Load an image classifier.

    Args:
        source: a built-in name ("cats-vs-dogs", "flowers", "imagenet"), a Hub id ("owner/name",
            "owner/name@revision"), or a folder (a Path, or a string starting with ./, ../, ~ or /).
        revision: a branch, tag or commit of a Hub repository.
        engine: "torch"; "onnx" runs onnxruntime on the CPU, after an export that takes a second or two
            (`pip install cnnhub[onnx]`); "auto" is torch.
        cache_dir, token, local_files_only: as huggingface_hub understands them.
        device: where the network runs, such as "cpu" or "cuda"; None is the CPU.
        num_classes: put a fresh head with so many outputs, random weights, on the network; its labels are "class 0",
            "class 1", .... The old labels, temperature and threshold go.
        labels: the same, with these labels.
        max_parameters: refuse larger networks; of those on the Hub, before the weights are downloaded.
        max_bytes: refuse a repository on the Hub one of whose two files is larger, before it is downloaded.
        reduced_decoding: decode a large JPEG (a file, bytes or URL) at a half, a quarter or an eighth of its size, never below
            twice what the network's preprocessing scales it to. That is much faster, and moves probabilities by 0.01 or so; where
            two labels are about as probable, the other one may come first. Without it every pixel is decoded.

    Raises:
        ModelNotFoundError, ModelConfigError, ModelWeightsError: see each.
        UnknownNameError: there is no such engine.
        ArgumentError: num_classes or labels cannot be a head's.
        DeviceError: the device cannot be used, or not with this engine. EngineError: the engine is not installed.

    >>> from sklearn.datasets import load_sample_image
    >>> cnnhub.load("imagenet").predict(load_sample_image("china.jpg")).label
    'palace'
    """
    check_engine(engine)
    on = _device(device, engine)
    files = hub.resolve(
        source,
        revision=revision,
        cache_dir=cache_dir,
        token=token,
        local_files_only=local_files_only,
        max_bytes=max_bytes,
        check=lambda config: blueprint(config, max_parameters),
    )
    config = files.config
    if num_classes is not None or labels is not None:
        config = config.with_labels(_head_labels(num_classes, labels))
    network = LazyNetwork(partial(_network, files, config, max_parameters, on))
    runs = _engine(engine, network, config)
    return Classifier(config, runs, files.source, network, _taught(files, config, network()), reduced_decoding=reduced_decoding)


def _network(files: ModelFiles, config: ModelConfig, max_parameters: int, device: torch.device) -> torch.nn.Module:
    """The network of a model's files, with a fresh head where `config` is no longer theirs."""
    with torch.random.fork_rng(devices=[]):  # the initial weights, soon replaced, are drawn from a copy of torch's generator
        network: Any = build(files.config, files.weights, max_parameters)
    if config is not files.config:
        network.reset_classifier(config.num_classes)
    ready: torch.nn.Module = network.to(device).eval().requires_grad_(False)
    return ready


def _engine(name: str, network: LazyNetwork, config: ModelConfig) -> Engine:
    cfg = config.pretrained_cfg
    if name != "onnx":
        return TorchEngine(network(), cfg)
    from cnnhub.engines import export

    export.check_installed()
    from cnnhub.engines.onnx import OnnxEngine

    return OnnxEngine(export.export(network(), cfg))


def _taught(files: ModelFiles, config: ModelConfig, network: torch.nn.Module) -> Familiarity | None:
    """What the model keeps of its training pictures; nothing beside a fresh head."""
    stored = config.cnnhub.neighbours
    if files.familiar is None or stored is None:
        return None
    taught = read_familiar(files.familiar.parent, stored.k, head_input_size(network))
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


def _device(device: str | torch.device | None, engine: str) -> torch.device:
    try:
        chosen = torch.device("cpu" if device is None else device)
        if engine == "onnx" and chosen.type != "cpu":
            raise DeviceError(f"engine='onnx' runs on the CPU; device is {str(chosen)!r}. Leave one of them out.")
        torch.zeros(1, device=chosen).cpu()  # "meta" takes values and gives none back
    except (RuntimeError, AssertionError, TypeError) as error:  # torch raises any of them for a backend that is not there
        why = str(error).partition("\n")[0].partition(". ")[0].rstrip(".")
        raise DeviceError(
            f"The device {device!r} cannot be used: {why}. This machine has {', '.join(_devices())}; "
            "leave device out for the CPU."
        ) from error
    return chosen


def _devices() -> list[str]:
    """What torch can use here."""
    gpus = [f"cuda:{number}" for number in range(torch.cuda.device_count())] if torch.cuda.is_available() else []
    return ["cpu", *gpus, *(["mps"] if torch.backends.mps.is_available() else [])]
