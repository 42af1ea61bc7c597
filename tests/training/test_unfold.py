"""Folded batch norms are given statistics: the answers stay, and training in proportion becomes possible."""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors.torch
import timm
import torch
from torch import nn

from tests.support.training_runs import draw
from training.data.sources import Source
from training.fit.recipe import RecipeError
from training.fit.unfold import give_back, is_folded, unfold

NAME = "cnnhub_shufflenet_v2_x1_0"


def _folded(seed: int = 0) -> nn.Module:
    """A ShuffleNet whose batch norms add biases and no more, as NanoDet's trunk has them."""
    torch.manual_seed(seed)
    network = timm.create_model(NAME, num_classes=2).eval()
    with torch.no_grad():
        for norm in _norms(network).values():
            norm.weight.fill_((1 + norm.eps) ** 0.5)
            norm.bias.normal_(0, 0.5)
    return network


def _norms(network: nn.Module) -> dict[str, nn.BatchNorm2d]:
    return {name: module for name, module in network.named_modules() if isinstance(module, nn.BatchNorm2d)}


@pytest.fixture
def batches() -> list[torch.Tensor]:
    torch.manual_seed(1)
    return [torch.randn(8, 3, 64, 64) for _ in range(3)]


def test_the_answers_stay_and_each_norm_sees_its_own_statistics(batches: list[torch.Tensor]) -> None:
    network = _folded()
    before = [network(batch) for batch in batches]
    norms = _norms(network)
    assert all(is_folded(norm) for norm in norms.values())
    give_back(network, norms, batches)
    assert not any(is_folded(norm) for norm in norms.values())
    for batch, wanted in zip(batches, before, strict=True):
        torch.testing.assert_close(network(batch), wanted, rtol=1e-3, atol=1e-4)
    seen: dict[str, list[torch.Tensor]] = {name: [] for name in norms}
    for name, norm in norms.items():
        norm.register_forward_hook(lambda _, inputs, __, name=name: seen[name].append(inputs[0]))
    with torch.no_grad():
        for batch in batches:
            network(batch)
    for name, norm in norms.items():
        values = torch.cat(seen[name]).double()
        torch.testing.assert_close(norm.running_mean.double(), values.mean((0, 2, 3)), rtol=1e-3, atol=1e-3)
        torch.testing.assert_close(norm.running_var.double(), values.var((0, 2, 3), correction=0), rtol=2e-3, atol=1e-5)


def test_relu_in_place_of_leaky_relu_keeps_mean_and_spread(batches: list[torch.Tensor]) -> None:
    """The case that ReLU alone gets wrong: maps drift away from those that the weights were trained for."""
    leaky, mended, plain = _folded(), _folded(), _folded()
    for parent in list(leaky.modules()):
        for name, module in list(parent.named_children()):
            if isinstance(module, nn.ReLU):
                setattr(parent, name, nn.LeakyReLU(0.1))
    give_back(mended, _norms(mended), batches, slope=0.1)
    assert not any(isinstance(module, nn.LeakyReLU) for module in mended.modules())

    def outputs(network: nn.Module) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
        found: dict[str, list[torch.Tensor]] = {}
        hooks = [
            norm.register_forward_hook(lambda _, __, output, name=name: found.setdefault(name, []).append(output))
            for name, norm in _norms(network).items()
        ]
        with torch.no_grad():
            for batch in batches:
                network(batch)
        for hook in hooks:
            hook.remove()
        return {name: (torch.cat(v).mean((0, 2, 3)), torch.cat(v).std((0, 2, 3))) for name, v in found.items()}

    wanted, with_statistics, without = outputs(leaky), outputs(mended), outputs(plain)
    far = {  # how far the means are away, in standard deviations
        which: torch.cat([(found[name][0] - mean).abs() / spread for name, (mean, spread) in wanted.items()]).median()
        for which, found in (("mended", with_statistics), ("plain", without))
    }
    assert far["mended"] < 0.2 * far["plain"]


def test_the_file_fits_finetune_and_is_unfolded_once(tmp_path: Path) -> None:
    data = draw(tmp_path / "data", {"train": 32, "validation": 2})
    state = {name: tensor for name, tensor in _folded().state_dict().items() if not name.startswith(("conv5", "fc"))}
    weights = tmp_path / "trunk.safetensors"
    safetensors.torch.save_file(state, weights)
    count = unfold(weights, Source(str(data)), tmp_path / "trunk", "torchvision:shufflenet_v2_x1_0", ("conv5",), 0.1)
    assert count == 55
    written = safetensors.torch.load_file(tmp_path / "trunk" / "model.safetensors")
    assert written.keys() == state.keys()
    with pytest.raises(RecipeError, match="None of the batch norms"):
        unfold(
            tmp_path / "trunk" / "model.safetensors",
            Source(str(data)),
            tmp_path / "again",
            "torchvision:shufflenet_v2_x1_0",
            ("conv5",),
        )
