"""Backbones: any timm architecture, its weights from timm's Hub, a file or nowhere, and a head for the labels."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import Any, Literal

import timm
import torch
from huggingface_hub import HfApi, try_to_load_from_cache

import cnnhub.classics  # noqa: F401  registers the networks that timm lacks
from cnnhub.engines.network import COUNTER, create_network
from cnnhub.errors import ModelConfigError, ModelNotFoundError, ModelWeightsError, UnknownNameError
from cnnhub.hub.config import CnnHubMetadata, ModelConfig
from cnnhub.hub.folder import CONFIG_NAME, read_config
from training.fit.recipe import Recipe, RecipeError
from training.release.record import Backbone, Record, record_of

Weights = Path | Literal["hub", "scratch"]
_FROM_TORCHVISION = {"torchvision:shufflenet_v2_x1_0": "cnnhub_shufflenet_v2_x1_0"}
_KEPT = ("input_size", "fixed_input_size", "interpolation", "mean", "std", "pool_size", "first_conv", "classifier")  # of timm's
CROP = {"crop_mode": "center", "crop_pct": 0.95}  # while training; finetune chooses among several afterwards


def built_as(weights: Weights, backbone: str | None, model_args: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The architecture and timm's arguments for it: what was asked for, else what the config.json beside the weights says."""
    beside = _beside(weights)
    if beside is None or (backbone and _timm_name(backbone).partition(".")[0] != beside.architecture):
        return backbone or Recipe.backbone, model_args
    return backbone or beside.architecture, {**beside.model_args, **model_args}


def recipe_for(
    weights: Weights, backbone: str | None = None, model_args: dict[str, Any] | None = None, **settings: Any
) -> Recipe:
    """A recipe whose backbone is built as the weights want it.

    >>> from cnnhub.hub import BUILTIN_FOLDER
    >>> recipe_for(BUILTIN_FOLDER / "imagenet" / "model.safetensors", epochs=2).backbone
    'tf_efficientnet_lite1'
    """
    named, arguments = built_as(weights, backbone, model_args or {})
    return Recipe(backbone=named, model_args=arguments, **settings)


def check(recipe: Recipe, weights: Weights) -> None:
    """Whether the backbone can be built and its weights are there and fit it, before any picture is read.

    Raises:
        ModelNotFoundError: timm's weights cannot be fetched.
        UnknownNameError: there is no such backbone; the message names near ones.
        ModelWeightsError: the file does not fit; which keys and shapes.
        RecipeError: the recipe needs a trained backbone, or the backbone another size.
    """
    if weights == "scratch" and recipe.freeze_batch_norm:
        raise RecipeError("--freeze-batch-norm keeps a trained backbone's statistics; --from-scratch has none. Leave out one.")
    name = _timm_name(recipe.backbone)
    if not timm.is_model(name):
        raise UnknownNameError("backbone", recipe.backbone, [*timm.list_models(), *_FROM_TORCHVISION])
    with torch.device("meta"):
        blueprint = timm.create_model(name, **recipe.model_args)
    if recipe.size:
        _check_size(blueprint, recipe)
    if isinstance(weights, Path):
        _fitting(blueprint, weights, name, recipe.fresh)
    elif weights == "hub":
        _from_timms_hub(recipe, num_classes=1)  # into the client's cache; `create` builds it once the labels are known


def describe(recipe: Recipe, labels: list[str], label_texts: dict[str, dict[str, str]], weights: Weights) -> ModelConfig:
    """The config.json of the model that the recipe makes, before it is trained."""
    with torch.device("meta"):
        blueprint = timm.create_model(_timm_name(recipe.backbone), num_classes=len(labels), **recipe.model_args)
    beside = _beside(weights)  # the preprocessing that the backbone was trained with
    cfg = {**blueprint.pretrained_cfg, **(beside.pretrained_cfg.model_dump() if beside else {})}
    size = (recipe.size, recipe.size) if recipe.size else cfg["input_size"][1:]
    # pictures come in red, green and blue; a network for grey ones makes them grey itself
    in_colour = {"input_size": (3, *size), **{key: (*cfg[key], *cfg[key], *cfg[key])[:3] for key in ("mean", "std")}}
    return ModelConfig.model_validate(
        {
            "architecture": _timm_name(recipe.backbone).partition(".")[0],
            "num_classes": len(labels),
            "num_features": blueprint.num_features,
            "label_names": labels,
            "model_args": recipe.model_args,
            "pretrained_cfg": {
                "tag": "cnnhub",
                "custom_load": False,
                "num_classes": len(labels),
                **{key: cfg.get(key) for key in _KEPT},
                **CROP,
                **in_colour,
            },
            "cnnhub": CnnHubMetadata(label_texts=label_texts),
        }
    )


def create(config: ModelConfig, recipe: Recipe, weights: Weights) -> torch.nn.Module:
    """The network with the backbone's weights and a fresh head, in channels_last (half the time on a CPU).

    Raises:
        ModelNotFoundError: timm's weights cannot be fetched.
        ModelWeightsError: the file does not fit; which keys and shapes.
    """
    torch.manual_seed(recipe.seed)
    if weights == "hub":
        network = _from_timms_hub(recipe, config.num_classes)
    else:
        network = create_network(config)
        if isinstance(weights, Path):
            network.load_state_dict(_fitting(network, weights, config.architecture, recipe.fresh), strict=False)
    return network.to(memory_format=torch.channels_last)


def head_of(network: Any) -> torch.nn.Linear:
    """The classifier of a timm network, wherever the architecture keeps it."""
    head: torch.nn.Linear = network.get_classifier()
    return head


def head_names(network: torch.nn.Module) -> set[str]:
    """Names of the classifier's parameters."""
    head = head_of(network)
    prefix = next(name for name, module in network.named_modules() if module is head)
    return {f"{prefix}.{name}" for name, _ in head.named_parameters()}


def origin(weights: Weights, backbone: str) -> Backbone:
    """Where the weights came from (timm's tag, as a config.json beside them says; else the file's name), and their hash."""
    if not isinstance(weights, Path):
        tag = timm.get_pretrained_cfg(_timm_name(backbone)) if weights == "hub" else None
        return Backbone((tag.tag or "timm") if tag else "scratch")
    beside = _beside(weights)
    named = None
    if beside:
        ours = record_of(beside)
        named = ours.backbone.origin if ours.backbone else ours.origin
        named = named or beside.pretrained_cfg.model_dump().get("tag")
    return Backbone(named or weights.name, hashlib.sha256(weights.read_bytes()).hexdigest())


def earlier_recipes(weights: Weights) -> list[dict[str, Any]]:
    """Where the weights were fine-tuned here before: the recipes of those runs, first one first, with their command lines and the
    hash of what each began with."""
    beside = _beside(weights)
    ours = record_of(beside) if beside else Record()
    if not ours.recipe:
        return []
    began_with = ours.backbone.sha256 if ours.backbone else None
    return [*(ours.earlier or []), {**ours.recipe, "command": ours.command, "backbone_sha256": began_with}]


def _timm_name(backbone: str) -> str:
    return _FROM_TORCHVISION.get(backbone, backbone)


def _beside(weights: Weights) -> ModelConfig | None:
    """The config.json that lies beside a backbone's file, where one does; one that describes no model says nothing."""
    if not isinstance(weights, Path) or not (weights.parent / CONFIG_NAME).is_file():
        return None
    with contextlib.suppress(ModelConfigError):
        return read_config(weights.parent)
    return None


def _check_size(blueprint: torch.nn.Module, recipe: Recipe) -> None:
    """Whether pictures of that size go through the network: it is asked without memory, on torch's "meta" device."""
    try:
        with torch.inference_mode():
            blueprint.eval()(torch.empty(1, 3, recipe.size or 0, recipe.size or 0, device="meta"))
    except Exception as error:  # whatever the architecture asserts
        raise RecipeError(
            f"--size {recipe.size} does not suit {recipe.backbone}: {str(error).splitlines()[0].rstrip('.')}. Leave it out for "
            "the backbone's own."
        ) from error


def _check_reachable(name: str) -> None:
    """Ask for the weights once, before the client asks again and again for minutes; those in the cache are not asked for."""
    known = timm.get_pretrained_cfg(name)
    repository = known and known.hf_hub_id
    if repository and not any(try_to_load_from_cache(repository, file) for file in ("model.safetensors", "pytorch_model.bin")):
        HfApi().model_info(repository, timeout=10)


def _from_timms_hub(recipe: Recipe, num_classes: int) -> torch.nn.Module:
    try:
        _check_reachable(_timm_name(recipe.backbone))
        network: torch.nn.Module = timm.create_model(
            _timm_name(recipe.backbone), pretrained=True, num_classes=num_classes, **recipe.model_args
        )
    except Exception as error:  # the client and timm raise what the network provokes
        raise ModelNotFoundError(
            f"The weights of {recipe.backbone} cannot be fetched: {(str(error) or type(error).__name__).splitlines()[0][:200]}. "
            "Give --backbone-weights FILE, or --backbone-weights imagenet, the EfficientNet-Lite1 that comes with cnnhub, or "
            "--from-scratch."
        ) from error
    return network


def _fitting(network: torch.nn.Module, path: Path, architecture: str, fresh: tuple[str, ...]) -> dict[str, torch.Tensor]:
    """The file's weights for everything but the head and the parts that begin anew."""
    try:
        state = timm.models.load_state_dict(str(path), weights_only=True)
    except Exception as error:
        raise ModelWeightsError(f"{path} cannot be read: {error}. Expected a backbone's safetensors file.") from error
    parts = [name for name, _ in network.named_children()]
    for part in fresh:
        if part not in parts:
            raise UnknownNameError("part of the network", part, parts)
    prefixes = tuple(f"{part}." for part in fresh)
    anew = head_names(network) | {name for name in network.state_dict() if name.startswith(prefixes)}
    counters = {name for name in network.state_dict() if name.endswith(COUNTER)}  # the oldest weights lack them
    expected = {name: tensor.shape for name, tensor in network.state_dict().items() if name not in anew}
    found = {name: tensor for name, tensor in state.items() if name not in anew}
    missing, surplus = sorted(expected.keys() - found.keys() - counters), sorted(found.keys() - expected.keys())
    shapes = [f"{n} {tuple(found[n].shape)}, not {tuple(s)}" for n, s in expected.items() if n in found and found[n].shape != s]
    if missing or surplus or shapes:
        problems = [f"{len(missing)} keys are missing, such as {missing[:3]}"] if missing else []
        problems += [f"{len(surplus)} are not part of it, such as {surplus[:3]}"] if surplus else []
        problems += [f"{len(shapes)} have other shapes, such as {'; '.join(shapes[:3])}"] if shapes else []
        lacking = sorted({name.partition(".")[0] for name in missing})
        whole = [part for part in lacking if not any(name.startswith(f"{part}.") for name in found)]
        way_out = f", or begin anew what the file lacks: {' '.join(f'--fresh {part}' for part in whole)}" if whole else ""
        raise ModelWeightsError(f"{path} does not fit {architecture}: {'; '.join(problems)}. Check --backbone{way_out}.")
    return found
