"""A timm network built from a ModelConfig, its weights checked before memory is taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import timm
import torch
from safetensors import SafetensorError, safe_open

import cnnhub.classics  # noqa: F401  registers with timm the architectures that it lacks
from cnnhub.engines import check_size
from cnnhub.errors import ModelConfigError, ModelWeightsError, nearest
from cnnhub.hub.config import ModelConfig
from cnnhub.hub.folder import check_header

COUNTER = ".num_batches_tracked"
_FLOATS = ("F32", "F16", "BF16", "F64")  # safetensors' names
_WHOLE = ("I64", "I32")
_TRAINING_ONLY = ("AuxLogits.",)  # Inception's second head
_WRAPPER = "timm_model."  # transformers' TimmWrapper


def build(config: ModelConfig, weights: Path, max_parameters: int) -> torch.nn.Module:
    """Build the network that `config` describes and load its weights.

    It is first built without memory (torch's "meta" device), so that its size and the weights' shapes are
    checked before anything is allocated.

    Raises:
        ModelConfigError, ModelTooLargeError: as `blueprint` does.
        ModelWeightsError: the file is not safetensors, or its names, shapes or values do not fit.
    """
    expected = blueprint(config, max_parameters).state_dict()
    try:
        state = _read_weights(weights, expected)
    except _OtherNamesError as other:
        return _as_timm_loads(config, weights, 2 * max_parameters, other)
    network = create_network(config)
    network.load_state_dict({**_counts(expected), **state})
    return network


def blueprint(config: ModelConfig, max_parameters: int) -> torch.nn.Module:
    """The network that `config` describes, without memory or weights.

    Raises:
        ModelConfigError: timm has no such architecture, or cannot build it so.
        ModelTooLargeError: the network has more than `max_parameters`.
    """
    if not timm.is_model(config.architecture):
        raise ModelConfigError(
            f"timm {timm.__version__} has no architecture {config.architecture!r}. "
            f"{nearest(config.architecture, timm.list_models(), 'architectures')}"
        )
    with torch.device("meta"):
        network = create_network(config)
    check_size(config.architecture, sum(parameter.numel() for parameter in network.parameters()), max_parameters)
    return network


def create_network(config: ModelConfig, **others: Any) -> torch.nn.Module:
    """The network with timm's initial weights (random), unless `others`, for timm, bring some."""
    try:
        network: torch.nn.Module = timm.create_model(
            config.architecture, num_classes=config.num_classes, **_arguments(config), **{"pretrained": False, **others}
        )
    except Exception as error:  # timm's factories raise whatever their arguments provoke
        raise ModelConfigError(
            f"timm cannot build {config.architecture} with {config.model_args}: {error}. Check model_args."
        ) from error
    return network


def twice_as_large(config: ModelConfig) -> torch.nn.Module:
    """The network for an input of twice the height and width, without memory or weights.

    Raises:
        ModelConfigError: timm cannot build it so.
    """
    channels, height, width = config.pretrained_cfg.input_size
    cfg = config.pretrained_cfg.model_copy(update={"input_size": (channels, 2 * height, 2 * width), "fixed_input_size": True})
    with torch.device("meta"):
        return create_network(config.model_copy(update={"pretrained_cfg": cfg}))


def head_input_size(network: Any) -> int:
    """How many numbers the head sees, the length of an embedding; where hidden layers stand before the head, their output's."""
    return int(getattr(network, "head_hidden_size", None) or network.num_features)


def _arguments(config: ModelConfig) -> dict[str, Any]:
    """A network that is built for one size of input is built for the one that config.json names, as timm does it."""
    cfg = config.pretrained_cfg
    return {**config.model_args, **({"img_size": cfg.input_size[1:]} if cfg.fixed_input_size else {})}


class _OtherNamesError(ModelWeightsError):
    """The names or shapes in a file are not those of the network."""


def _as_timm_loads(config: ModelConfig, path: Path, most: int, other: _OtherNamesError) -> torch.nn.Module:
    """The network from weights with older or wrapped names, through timm's own filters.

    Raises:
        ModelWeightsError: what was found at first, where timm cannot make it fit either.
    """
    from timm.models import clean_state_dict  # drops what DataParallel and torch.compile put before names

    state = {name.removeprefix(_WRAPPER): tensor for name, tensor in clean_state_dict(_read_weights(path, None, most)).items()}
    overlay = {"state_dict": state, "num_classes": config.num_classes, "custom_load": False, "label_offset": 0}
    try:
        return create_network(config, pretrained=True, pretrained_cfg_overlay=overlay)
    except ModelConfigError as error:
        raise ModelWeightsError(str(other)) from error


def _read_weights(path: Path, expected: dict[str, torch.Tensor] | None, most: int = 0) -> dict[str, torch.Tensor]:
    """The tensors of a file that has the expected names, shapes and types; or, with None, at most `most` numbers."""
    check_header(path)
    try:
        with safe_open(path, framework="pt") as file:
            slices = {name: file.get_slice(name) for name in file.keys() if not name.startswith(_TRAINING_ONLY)}
            shapes = {name: torch.Size(part.get_shape()) for name, part in slices.items()}
            if expected is None:
                if sum(shape.numel() for shape in shapes.values()) > most:
                    raise ModelWeightsError(
                        f"{path} holds more than {most:,} numbers. Pass max_parameters=... to raise the limit."
                    )
            else:
                _check_names_and_shapes(path, shapes, {name: tensor.shape for name, tensor in expected.items()})
                for name, part in slices.items():
                    _check_type(path, name, part.get_dtype(), expected[name])
            state = {name: file.get_tensor(name) for name in shapes}
    except SafetensorError as error:
        raise ModelWeightsError(
            f"{path} is not a whole safetensors file: {error}. A pickle (.bin, .pt) with another name, or a "
            "download that was cut off, is refused; save it with safetensors.torch.save_file."
        ) from error
    except OSError as error:
        raise ModelWeightsError(f"{path} cannot be read: {error}.") from error
    broken = [name for name, tensor in state.items() if not torch.isfinite(tensor.float()).all()]
    if broken:
        raise ModelWeightsError(f"{path} holds values that are not finite, in {broken[0]}. Take an earlier checkpoint.")
    return state


def _counts(expected: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Batch norm's counters of training steps, zero: the oldest weights lack them, and no answer depends on them."""
    return {name: torch.zeros((), dtype=torch.int64) for name in expected if name.endswith(COUNTER)}


def _check_type(path: Path, name: str, found: str, expected: torch.Tensor) -> None:
    """Whole numbers for weights, or the reverse, would be converted in silence."""
    allowed = _FLOATS if expected.is_floating_point() else _WHOLE
    if found not in allowed:
        raise ModelWeightsError(f"{path}: {name} is stored as {found}; expected {' or '.join(allowed)}.")


def _check_names_and_shapes(path: Path, found: dict[str, torch.Size], expected: dict[str, torch.Size]) -> None:
    missing = sorted(name for name in expected.keys() - found.keys() if not name.endswith(COUNTER))
    surplus = sorted(found.keys() - expected.keys())
    if missing or surplus:
        faults = [f"{len(missing)} are missing, such as {missing[0]}"] if missing else []
        faults += [f"{len(surplus)} are not part of it, such as {surplus[0]}"] if surplus else []
        raise _OtherNamesError(
            f"{path} does not hold the weights of the network in config.json: {'; '.join(faults)}. "
            "Keep the two files of one model together."
        )
    for name, shape in found.items():
        if shape != expected[name]:
            raise _OtherNamesError(
                f"{path}: {name} has shape {tuple(shape)}; the network in config.json expects {tuple(expected[name])}. "
                "Keep the two files of one model together."
            )
