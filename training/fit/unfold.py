"""Give folded batch norms their statistics back, so that a backbone that was published for inference can be trained on.

Where a batch norm was folded into the convolution before it, what is left scales by 1 and adds a bias: trained on, nothing keeps
its inputs in proportion. Statistics of real pictures go in and out again in equal measure, so that the answers stay as they are.
Where the activation changes too, from LeakyReLU to ReLU say, the maps that came out before are what scale and bias ask for, and
statistics of the network as it is now what goes in, so that every channel keeps its mean and spread (Jordan et al. 2023,
"REPAIR: REnormalizing Permuted Activations for Interpolation Repair", https://arxiv.org/abs/2211.08403).
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import safetensors.torch
import torch
from torch import nn

from cnnhub.files import write_atomically
from cnnhub.hub.folder import WEIGHTS_NAME
from training.data.pixels import Pixels, plain_transform
from training.data.sources import Source
from training.data.splits import load_split
from training.data.writable import check_free
from training.fit import backbones
from training.fit.recipe import Recipe, RecipeError

_BATCH = 64  # pictures at once; large enough for statistics of a batch


def unfold(
    weights: Path,
    source: Source,
    output: Path,
    backbone: str,
    fresh: tuple[str, ...] = (),
    slope: float = 0.0,
    pictures: int = 512,
) -> int:
    """Write the weights with statistics in their batch norms; returns how many were given some.

    Args:
        weights: the backbone's file, without its head.
        source: pictures, of which some of the train split are seen.
        output: the folder for model.safetensors.
        backbone: as `finetune --backbone`.
        fresh: parts of the network that the weights lack.
        slope: of the LeakyReLU that the weights were trained with where the network has ReLU.
        pictures: so many, at least a batch of 64.

    Raises:
        RecipeError: too few pictures, or none of the batch norms is folded.
    """
    check_free(output)
    recipe = Recipe(backbone=backbone, fresh=fresh)
    backbones.check(recipe, weights)
    config = backbones.describe(recipe, ["a", "b"], {}, weights)
    network = backbones.create(config, recipe, weights).eval()
    anew = tuple(f"{part}." for part in fresh)
    norms = {
        name: module
        for name, module in network.named_modules()
        if isinstance(module, nn.BatchNorm2d) and not name.startswith(anew) and is_folded(module)
    }
    if not norms:
        raise RecipeError(f"None of the batch norms of {weights} is folded: each has statistics. It can be trained on as it is.")
    seen = load_split(source, "train", check=False)
    if len(seen) < _BATCH:
        raise RecipeError(f"{len(seen)} training pictures arrived; statistics want at least {_BATCH}.")
    chosen = random.Random(recipe.seed).sample(range(len(seen)), min(pictures, len(seen)) // _BATCH * _BATCH)
    pixels = Pixels(seen, plain_transform(config))
    batches = [
        torch.stack([pixels[key, 0][0] for key in chosen[start : start + _BATCH]]) for start in range(0, len(chosen), _BATCH)
    ]
    give_back(network, norms, batches, slope)
    kept = network.state_dict().keys() - backbones.head_names(network)
    state = {
        name: tensor.contiguous() for name, tensor in network.state_dict().items() if name in kept and not name.startswith(anew)
    }
    write_atomically(output / WEIGHTS_NAME, safetensors.torch.save(state))
    return len(norms)


def is_folded(norm: nn.BatchNorm2d) -> bool:
    """Whether it does no more than add a bias."""
    mean, variance = _statistics(norm)
    passed = norm.weight / torch.sqrt(variance + norm.eps)
    return bool((mean == 0).all()) and torch.allclose(passed, torch.ones_like(passed), atol=1e-3)


def give_back(network: nn.Module, norms: dict[str, nn.BatchNorm2d], batches: list[torch.Tensor], slope: float = 0.0) -> None:
    """Put the statistics of batches (N, 3, H, W) into the norms of a network in eval mode, whose maps keep their proportions."""
    with torch.no_grad():
        with _leaky(network, slope):
            wanted = _moments(network, norms, batches)
        for name, norm in norms.items():
            (mean, variance), (own_mean, own_variance) = wanted[name], _statistics(norm)
            scale = norm.weight.double() / torch.sqrt(own_variance.double() + norm.eps)
            norm.bias.copy_(norm.bias.double() + scale * (mean - own_mean.double()))
            norm.weight.copy_(scale * torch.sqrt(variance + norm.eps))
            own_mean.copy_(mean)
            own_variance.copy_(variance)
        if slope:
            _measure_anew(network, norms, batches)


def _statistics(norm: nn.BatchNorm2d) -> tuple[torch.Tensor, torch.Tensor]:
    """Running mean and variance, which a norm of a backbone has."""
    assert norm.running_mean is not None and norm.running_var is not None
    return norm.running_mean, norm.running_var


def _moments(
    network: nn.Module, norms: dict[str, nn.BatchNorm2d], batches: list[torch.Tensor]
) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Mean and variance of what goes into each norm, by channel."""
    sums = {name: torch.zeros(3, norm.num_features, dtype=torch.float64) for name, norm in norms.items()}

    def add(name: str, values: torch.Tensor) -> None:
        values = values.double()
        sums[name] += torch.stack(
            [torch.ones_like(values[0, :, 0, 0]) * values[:, 0].numel(), values.sum((0, 2, 3)), (values**2).sum((0, 2, 3))]
        )

    hooks = [norm.register_forward_pre_hook(lambda _, inputs, name=name: add(name, inputs[0])) for name, norm in norms.items()]
    try:
        for batch in batches:
            network(batch)
    finally:
        for hook in hooks:
            hook.remove()
    means = {name: (total / count, squares / count) for name, (count, total, squares) in sums.items()}
    return {name: (mean, square - mean**2) for name, (mean, square) in means.items()}


def _measure_anew(network: nn.Module, norms: dict[str, nn.BatchNorm2d], batches: list[torch.Tensor]) -> None:
    """Running statistics of the network as it is, each norm seeing what the mended ones before it let through."""
    momenta = {name: norm.momentum for name, norm in norms.items()}
    for norm in norms.values():
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all batches
        norm.train()
    for batch in batches:
        network(batch)
    network.eval()
    for name, norm in norms.items():
        norm.momentum = momenta[name]


@contextmanager
def _leaky(network: nn.Module, slope: float) -> Iterator[None]:
    """ReLU lets `slope` of what is negative through, within the block."""
    places = [
        (parent, name, module)
        for parent in network.modules()
        for name, module in parent.named_children()
        if isinstance(module, nn.ReLU) and slope
    ]
    for parent, name, _ in places:
        setattr(parent, name, nn.LeakyReLU(slope))
    try:
        yield
    finally:
        for parent, name, module in places:
            setattr(parent, name, module)
