"""Which axis of a layer's output is the channel: beside what timm's own `forward_intermediates` calls maps, family by family."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from PIL import Image

import cnnhub
from cnnhub import features
from cnnhub.engines.network import create_network, twice_as_large
from cnnhub.hub.config import ModelConfig

MOST_PARAMETERS = 12_000_000
LONG = random.Random(0).sample(sorted(timm.list_models()), 120)
SHORT = ("mambaout_femto", "swin_tiny_patch4_window7_224", "convnext_atto", "maxvit_pico_rw_256", "edgenext_xx_small")


def config_of(architecture: str) -> ModelConfig:
    cfg = timm.get_pretrained_cfg(architecture)
    sizes = {"input_size": list(cfg.input_size), "fixed_input_size": cfg.fixed_input_size} if cfg else {}
    return ModelConfig.model_validate({"architecture": architecture, "num_classes": 3, "pretrained_cfg": sizes})


def check(architecture: str) -> None:
    config = config_of(architecture)
    torch.manual_seed(0)
    network = create_network(config).eval()
    size = config.pretrained_cfg.input_size
    layers = features.layers_of(network, size, lambda: twice_as_large(config))
    pixels = torch.randn(1, *size)
    with torch.inference_mode():
        expected = network.forward_intermediates(pixels, output_fmt="NCHW", intermediates_only=True)
    maps = features.feature_maps(network, pixels, layers)
    assert all(tuple(values.shape) == layers[name].shape for name, values in maps.items())
    for stage in expected:
        if stage.ndim == 4 and not any(is_same(values, stage[0]) for values in maps.values()):
            alike = [name for name, values in maps.items() if sorted(values.shape) == sorted(stage.shape[1:])]
            assert not any(layers[name].shape[0] != stage.shape[1] for name in alike), f"{alike} against {tuple(stage.shape)}"


def is_same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("architecture", SHORT)
def test_every_stage_is_read_as_timm_means_it(architecture: str) -> None:
    check(architecture)


@pytest.mark.long
@pytest.mark.parametrize("architecture", LONG)
def test_of_any_family(architecture: str) -> None:
    with torch.device("meta"):
        network: Any = timm.create_model(architecture)
    if not hasattr(network, "forward_intermediates"):
        pytest.skip("timm has no intermediates of it")
    if sum(parameter.numel() for parameter in network.parameters()) > MOST_PARAMETERS:
        pytest.skip("too large for a test")
    check(architecture)


def test_windows_and_tables_are_no_maps() -> None:
    config = config_of("swinv2_cr_tiny_224")
    with torch.device("meta"):
        network = create_network(config)
    layers = features.layers_of(network, config.pretrained_cfg.input_size, lambda: twice_as_large(config))
    assert layers and all(height == width for _, height, width in (layer.shape for layer in layers.values()))
    assert not [name for name in layers if name.endswith(("attn", "softmax", "attn_drop"))]


def test_a_classifier_hands_out_channels_first(model_folder: Callable[..., Path], picture: Image.Image) -> None:
    classifier = cnnhub.load(model_folder(architecture="convnext_atto"))
    for name, (channels, height, width) in classifier.layer_shapes().items():
        assert height == width and channels >= 8, name
    maps = classifier.feature_maps(picture, "stages.1.blocks.0.norm")["stages.1.blocks.0.norm"]
    assert tuple(maps.shape) == classifier.layer_shapes()["stages.1.blocks.0.norm"]
