"""Our own architectures behind timm's interface."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
import torchvision
from timm.data import resolve_data_config
from timm.optim import param_groups_layer_decay

import cnnhub
import cnnhub.classics

NAME = "cnnhub_shufflenet_v2_x1_0"


@pytest.fixture
def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return timm.create_model(NAME).eval()


def test_it_is_registered_with_torchvision_s_weights_and_preprocessing() -> None:
    assert timm.is_model(NAME) and timm.is_model_pretrained(NAME)
    cfg = timm.get_pretrained_cfg(f"{NAME}.tv_in1k")
    assert cfg.url == "https://download.pytorch.org/models/shufflenetv2_x1-5666bf0f80.pth"
    theirs = torchvision.models.ShuffleNet_V2_X1_0_Weights.IMAGENET1K_V1.transforms()
    ours = resolve_data_config(pretrained_cfg=cfg.to_dict())
    assert (list(ours["mean"]), list(ours["std"])) == (theirs.mean, theirs.std)
    assert ours["interpolation"] == theirs.interpolation.value
    assert [ours["input_size"][1] / ours["crop_pct"]] == theirs.resize_size


def test_it_answers_as_torchvision_s_own(network: torch.nn.Module) -> None:
    theirs = torchvision.models.shufflenet_v2_x1_0().eval()
    theirs.load_state_dict(network.state_dict())
    pixels = torch.randn(2, 3, 96, 64)
    with torch.inference_mode():
        assert torch.equal(network(pixels), theirs(pixels))
    assert sum(parameter.numel() for parameter in network.parameters()) == 2_278_604


def test_features_and_head_are_timm_s(network: torch.nn.Module) -> None:
    pixels = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        features = network.forward_features(pixels)
        assert features.shape == (2, network.num_features, 2, 2)
        pooled = network.forward_head(features, pre_logits=True)
        assert torch.equal(pooled, features.mean((2, 3)))
        assert torch.equal(network.get_classifier()(pooled), network(pixels))
        network.reset_classifier(7)
        assert network(pixels).shape == (2, 7)
        network.reset_classifier(0)
        assert torch.equal(network(pixels), pooled)


def test_features_only_and_one_channel() -> None:
    network = timm.create_model(NAME, features_only=True, in_chans=1)
    maps = network(torch.randn(1, 1, 64, 64))
    assert [tuple(m.shape[1:]) for m in maps] == [(24, 32, 32), (24, 16, 16), (116, 8, 8), (232, 4, 4), (1024, 2, 2)]


def test_each_layer_has_its_group(network: torch.nn.Module) -> None:
    groups = param_groups_layer_decay(network, layer_decay=0.5)
    scales = {parameter: group["lr_scale"] for group in groups for parameter in group["params"]}
    rates = {name: scales[parameter] for name, parameter in network.named_parameters()}
    order = [rates[f"{name}.weight"] for name in ("conv1.0", "stage2.0.branch1.0", "stage4.3.branch2.0", "conv5.0", "fc")]
    assert order == sorted(order) and len(set(order)) >= 4
    assert rates["fc.weight"] == 1
    with pytest.raises(AssertionError, match="not supported"):
        network.set_grad_checkpointing()


def test_a_saved_folder_loads(model_folder: Callable[..., Path]) -> None:
    classifier = cnnhub.load(model_folder(architecture=NAME))
    assert isinstance(classifier.network, cnnhub.classics.ShuffleNetV2)
    assert classifier.network.fc.out_features == 3
    assert {"conv1", "stage2", "stage4", "conv5"} <= set(classifier.layers())


@pytest.mark.parametrize(("line", "known"), [("import cnnhub", "False"), ("import cnnhub.classics", "True")])
def test_who_registers_it(line: str, known: str) -> None:
    """`import cnnhub` stays light; plain timm needs the one line that cards name."""
    code = f"{line}; import sys; light = 'torch' not in sys.modules; import timm; print(light, timm.is_model('{NAME}'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == [str(known == "False"), known]
