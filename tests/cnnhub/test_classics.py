"""Our own architectures behind timm's interface."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
import torchvision
from timm.data import resolve_data_config
from timm.optim import param_groups_layer_decay
from torchvision import models

import cnnhub
import cnnhub.classics
from cnnhub import anatomy, features
from cnnhub.classics import Inception, SeparableConvolution, SqueezeExcitation, Subsampling, channel_shuffle
from cnnhub.errors import ArgumentError
from cnnhub.first_layer import first_layer

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


# name -> parameters, and the pixels that a value sees after each convolution and pooling, counted by hand
SMALL: dict[str, tuple[int, list[int]]] = {
    "cnnhub_lenet5": (156 + 2_416 + 48_120 + 10_164 + 850, [5, 6, 14, 16, 32]),
    "cnnhub_mnist_convnet": (320 + 18_496 + 73_856 + 11_530, [3, 4, 8, 10, 18]),
    "cnnhub_fashion_mnist_cnn": (1_413_834, [7, 8, 12, 16, 18, 26, 34, 38]),
    "cnnhub_cifar10_vgg": (896 + 18_496 + 524_416 + 1_290, [3, 4, 8, 10]),
    "cnnhub_catsdogs_oneconv": (760 + 2 * 219_041, [5, 6]),
}


@pytest.mark.parametrize("name", SMALL)
def test_a_small_classic_has_the_parameters_and_fields_of_its_text(name: str) -> None:
    found = anatomy.of(name)
    windows = [row.sees.size[0] for row in found.rows if row.kind.endswith(("convolution", "pooling"))]  # type: ignore[union-attr]
    assert (found.params, windows) == SMALL[name]


@pytest.mark.parametrize("name", SMALL)
def test_a_small_classic_behaves_as_timm_s_do(name: str) -> None:
    network = timm.create_model(name).eval()
    channels, *size = network.pretrained_cfg["input_size"]
    pixels = torch.rand(2, channels, *size)
    with torch.inference_mode():
        maps = network.forward_features(pixels)
        seen = network.forward_head(maps, pre_logits=True)
        assert maps.shape[1] == network.num_features and seen.shape == (2, network.head_hidden_size)
        assert torch.equal(network.get_classifier()(seen), network(pixels))
    groups = param_groups_layer_decay(network, layer_decay=0.5)
    scales = {parameter: group["lr_scale"] for group in groups for parameter in group["params"]}
    order = [scales[parameter] for name, parameter in network.named_parameters() if name.endswith("weight")]
    assert order == sorted(order) and order[-1] == 1 > order[0]
    network.reset_classifier(0)
    assert torch.equal(network(pixels), seen)


@pytest.mark.parametrize(
    "name", [name if name == "cnnhub_mnist_convnet" else pytest.param(name, marks=pytest.mark.long) for name in SMALL]
)
def test_a_small_classic_loads_and_both_engines_agree(name: str, model_folder: Callable[..., Path]) -> None:
    channels, *size = timm.get_pretrained_cfg(name).input_size
    cfg = {"input_size": [3, *size], "fixed_input_size": True, "crop_pct": 1.0}
    folder = model_folder(architecture=name, pretrained_cfg=cfg)
    picture = np.random.default_rng(0).integers(0, 256, (60, 50, 3), np.uint8)
    answers = {engine: cnnhub.load(folder, engine=engine).logits(picture) for engine in ("torch", "onnx")}
    np.testing.assert_allclose(answers["onnx"], answers["torch"], atol=1e-4)
    classifier = cnnhub.load(folder)
    assert "features.conv1" in classifier.stages() + classifier.layers()
    assert classifier.network.in_chans == channels, "1 where the pictures are grey"
    found = first_layer(classifier)
    maps = classifier.feature_maps(picture, found.layer)[found.layer]
    response = found.response(torch.from_numpy(classifier.preprocess(picture)), 3)
    assert torch.allclose(response, maps[3], atol=1e-5), "the laboratory shows the very map"


def test_a_network_for_grey_pictures_sees_the_mean_of_coloured_ones() -> None:
    network = timm.create_model("cnnhub_mnist_convnet").eval()
    pixels = torch.rand(1, 3, 28, 28)
    assert torch.allclose(network(pixels), network(pixels.mean(1, keepdim=True)), atol=1e-6)

    timm_s = timm.create_model("cnnhub_mnist_convnet", in_chans=3)  # as timm does for a model whose pictures have three channels
    assert timm_s.features.conv1.weight.shape == (32, 1, 3, 3)
    with pytest.raises(ArgumentError, match="in_chans=4 arrived; expected 1, or 3"):
        timm.create_model("cnnhub_lenet5", in_chans=4)


def test_one_output_unit_is_what_the_article_counted() -> None:
    assert anatomy.of("cnnhub_catsdogs_oneconv", num_classes=1).params == 219_801


def test_another_size_of_pictures_has_another_first_dense_layer() -> None:
    assert anatomy.of("cnnhub_cifar10_vgg", (3, 64, 64)).params == 545_098 + 3 * 4_096 * 128
    with pytest.raises(
        ArgumentError, match=r"conv3, Conv2d\(16, 120.*cannot take maps of 16 x 2 x 2: .*Take pictures larger than 16"
    ):
        timm.create_model("cnnhub_lenet5", img_size=16)


def test_lenet_s_own_subsampling_is_learned() -> None:
    network = timm.create_model("cnnhub_lenet5", trainable_subsampling=True)
    assert sum(each.numel() for each in network.parameters()) == 61_706 + 2 * (6 + 16)
    plain = timm.create_model("cnnhub_lenet5")
    plain.load_state_dict(network.state_dict(), strict=False)
    pixels = torch.rand(3, 1, 28, 28)
    assert torch.allclose(plain(pixels), network(pixels), atol=1e-6), "it begins as the mean"
    pool = Subsampling(2)
    torch.nn.init.constant_(pool.weight, 0.5)
    torch.nn.init.constant_(pool.bias, 1.0)
    maps = torch.rand(1, 2, 4, 6)
    by_hand = [[maps[0, 0, r : r + 2, c : c + 2].sum() / 2 + 1 for c in (0, 2, 4)] for r in (0, 2)]
    assert torch.allclose(pool(maps)[0, 0], torch.tensor(by_hand))


def test_resnet34_is_timm_s() -> None:
    ours, theirs = timm.create_model("cnnhub_resnet34").eval(), timm.create_model("resnet34").eval()
    theirs.load_state_dict(ours.state_dict())
    pixels = torch.rand(2, 3, 96, 64)
    with torch.inference_mode():
        assert torch.allclose(ours(pixels), theirs(pixels), atol=1e-5)
        assert torch.allclose(ours.forward_features(pixels), theirs.forward_features(pixels), atol=1e-5)
    assert anatomy.of("cnnhub_resnet34").macs == anatomy.of("resnet34").macs
    stages = [timm.create_model(name, features_only=True) for name in ("cnnhub_resnet34", "resnet34")]
    assert [each.shape for each in stages[0](pixels)] == [each.shape for each in stages[1](pixels)]


def test_squeeze_and_excitation_is_timm_s() -> None:
    from timm.layers import SEModule

    ours = SqueezeExcitation(32).eval()
    theirs = SEModule(32, rd_ratio=1 / 16, rd_divisor=1).eval()
    state: dict[str, Any] = ours.state_dict()
    names = {"fc1": "reduce", "fc2": "expand"}
    theirs.load_state_dict(
        {key: state[f"{names[key[:3]]}.{key[4:]}"].view(value.shape) for key, value in theirs.state_dict().items()}
    )
    maps = torch.rand(2, 32, 5, 7)
    assert torch.allclose(ours(maps), theirs(maps), atol=1e-6)
    with pytest.raises(ArgumentError, match="reduction=64 arrived for 32 maps"):
        SqueezeExcitation(32, 64)


def test_an_inception_module_is_torchvision_s_but_for_batch_norm_and_its_5_x_5() -> None:
    ours = Inception(192, 64, (96, 128), (16, 32), 32)
    assert sum(each.numel() for each in ours.parameters()) == (
        64 * 193 + 96 * 193 + 128 * (9 * 96 + 1) + 16 * 193 + 32 * (25 * 16 + 1) + 32 * 193
    )
    maps = torch.rand(1, 192, 6, 6)
    parts = ours(maps).split([64, 128, 32, 32], dim=1)
    assert torch.equal(parts[0], torch.relu(ours.ones[0](maps)))
    pooled = torch.nn.functional.max_pool2d(maps, 3, 1, 1)
    assert torch.allclose(parts[3], torch.relu(ours.pooled[1](pooled)))


def test_a_separable_convolution_is_one_with_product_kernels() -> None:
    block = SeparableConvolution(4, 6)
    depthwise, pointwise = block.depthwise.weight, block.pointwise.weight
    kernels = pointwise * depthwise[:, 0][None]  # (6, 4, 1, 1) x (1, 4, 3, 3)
    maps = torch.rand(2, 4, 7, 5)
    assert torch.allclose(block(maps), torch.nn.functional.conv2d(maps, kernels, padding=1), atol=1e-6)


@pytest.mark.parametrize("groups", [1, 2, 3, 4, 6, 12])
def test_channel_shuffle_is_torch_s(groups: int) -> None:
    maps = torch.rand(2, 12, 3, 5)
    assert torch.equal(channel_shuffle(maps, groups), torch.nn.functional.channel_shuffle(maps, groups))
    with pytest.raises(ArgumentError, match="12 channels cannot be cut into groups=5"):
        channel_shuffle(maps, 5)


# What books tell of, by timm or torchvision: parameters as their own lists have them, and those of heads for training alone.
FAMOUS = {
    "torchvision:alexnet": (61_100_840, 0),
    "torchvision:vgg16": (138_357_544, 0),
    "torchvision:vgg19": (143_667_240, 0),
    "torchvision:googlenet": (6_624_904, 6_379_984),
    "torchvision:inception_v3": (23_834_568, 3_326_696),
    "inception_v4": (42_679_816, 0),
    "legacy_xception": (22_855_952, 0),
    "legacy_seresnet18": (11_778_592, 0),
    "legacy_senet154": (115_088_984, 0),
    "torchvision:shufflenet_v2_x1_0": (2_278_604, 0),
}


LARGE = {"torchvision:vgg19", "inception_v4", "legacy_xception", "legacy_senet154"}


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.long) if name in LARGE else name for name in FAMOUS])
def test_the_anatomy_of_a_famous_network_needs_no_weights(name: str) -> None:
    found = anatomy.of(name)
    assert (sum(row.params for row in found.rows), found.unused) == FAMOUS[name]
    assert found.rows[-1].output_shape == (1000,)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("alexnet", 96),
        pytest.param("googlenet", 64, marks=pytest.mark.long),
        pytest.param("inception_v3", 96, marks=pytest.mark.long),
        pytest.param("legacy_xception", 64, marks=pytest.mark.long),
        ("legacy_seresnet18", 64),
        pytest.param("inception_v4", 96, marks=pytest.mark.long),
    ],
)
def test_a_famous_network_with_random_weights_shows_its_maps(name: str, size: int) -> None:
    network = models.get_model(name, weights=None) if name in ("alexnet", "googlenet") else timm.create_model(name)
    network.eval()
    layers = features.layers_of(network, (3, size, size))
    names = features.stages({each: layer.shape for each, layer in layers.items()})
    pixels = torch.rand(1, 3, size, size)
    maps = features.feature_maps(network, pixels, {each: layers[each] for each in names})
    assert len(maps) >= 3 and {each: tuple(values.shape) for each, values in maps.items()} == {
        each: layers[each].shape for each in names
    }
    first = next(iter(maps))
    seen: list[torch.Tensor] = []
    network.get_submodule(first).register_forward_hook(lambda module, given, made: seen.append(made.clone()))
    with torch.inference_mode():
        network(pixels)
    assert torch.equal(seen[0][0], maps[first])
