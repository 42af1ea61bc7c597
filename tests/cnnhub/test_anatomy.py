"""The anatomy beside torchinfo, hand counts, and the gradients that receptive fields leave."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from xml.etree import ElementTree

import numpy as np
import pytest
import timm
import torch
import torchinfo
from torch import nn

import cnnhub
from cnnhub import anatomy
from cnnhub.errors import AnatomyError, ArgumentError, UnknownNameError
from cnnhub.features import recording_copy
from cnnhub.fields import ReceptiveField
from cnnhub.schematic import svg
from tests.support.cli_runner import run
from tests.support.sampled import sampled

# Ten families whose units see rectangles, each at an input larger than most of its fields, and five with attention.
CONVOLUTIONAL = (
    "resnet18", "tf_efficientnet_lite0", "mobilenetv2_100", "densenet121", "inception_v3", "vgg11_bn", "regnetx_002", "dla34",
    "convnext_atto", "cnnhub_shufflenet_v2_x1_0", "ghostnet_100", "repvgg_a0",
)  # fmt: skip
OF_ALL_KINDS = (
    *CONVOLUTIONAL, "efficientnet_b0", "vit_tiny_patch16_224", "swin_tiny_patch4_window7_224", "mixer_s32_224", "mobilevit_xxs",
    "levit_128s", "poolformer_s12", "xcit_nano_12_p16_224", "hrnet_w18_small", "nfnet_l0",
)  # fmt: skip


@pytest.mark.parametrize("name", sampled(OF_ALL_KINDS, 2))
def test_parameters_and_multiply_adds_beside_torchinfo(name: str) -> None:
    """torchinfo counts a multiplication for each parameter of a norm and of whatever it does not know too, and no attention."""
    with torch.device("meta"):
        network = timm.create_model(name).eval()
    size = network.pretrained_cfg["input_size"]
    found = anatomy.trace(network, size)
    theirs = torchinfo.summary(network, (1, *size), verbose=0, device="meta")
    assert found.params == theirs.total_params == sum(row.params for row in found.rows)
    assert found.trainable_params == theirs.trainable_params
    by_hand = 0
    with _each_output(network) as outputs, torch.no_grad():
        network(torch.empty(1, *size, device="meta"))
    for module, output in outputs:
        if isinstance(module, nn.Conv2d):
            by_hand += output.numel() * module.weight[0].numel()
        elif isinstance(module, nn.Linear):
            by_hand += output.numel() * module.in_features
    products = sum(row.macs for row in found.rows if row.kind in ("matrix product", "attention"))
    assert found.macs - products == by_hand


def test_numbers_that_are_published() -> None:
    """VGG-16 and AlexNet as every textbook counts them; ResNet-50's multiply-adds as torchvision states them (4.09 billion)."""
    vgg = cnnhub.anatomy.of("torchvision:vgg16")
    assert (vgg.params, vgg.macs) == (138_357_544, 15_470_264_320)
    assert [row.output_shape for row in vgg.rows if row.kind == "flatten"] == [(25_088,)]
    assert cnnhub.anatomy.of("torchvision:alexnet").params == 61_100_840
    assert round(cnnhub.anatomy.of("torchvision:resnet50").macs / 1e9, 2) == 4.09
    assert round(cnnhub.anatomy.of("torchvision:swin_t").macs / 1e9, 2) == 4.49


def test_by_hand() -> None:
    """conv 3x3 x 8 with padding, ReLU, pool 2, conv 5x5 stride 2 in two groups, flatten, dense."""
    network = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 4, 5, stride=2, groups=2, bias=False),
        nn.Flatten(), nn.Linear(4 * 6 * 6, 10),
    )  # fmt: skip
    rows = anatomy.trace(network, (3, 32, 32)).rows
    assert [(row.kind, row.output_shape, row.params, row.macs) for row in rows] == [
        ("convolution", (8, 32, 32), 8 * 27 + 8, 32 * 32 * 8 * 27),
        ("ReLU", (8, 32, 32), 0, 0),
        ("max pooling", (8, 16, 16), 0, 0),
        ("grouped convolution", (4, 6, 6), 4 * 4 * 25, 36 * 4 * 4 * 25),
        ("flatten", (144,), 0, 0),
        ("linear", (10,), 1450, 1440),
    ]
    assert rows[3].sees == ReceptiveField((12, 12), (4, 4), (-1, -1))  # 3, then 4 at stride 2, then + 4 * 2
    assert rows[-1].sees == "whole picture"
    assert rows[0].activation_bytes == 4 * 8 * 32 * 32
    assert rows[3].groups == 2 and rows[3].stride == (2, 2)


@pytest.mark.parametrize("name", sampled(CONVOLUTIONAL, 3))
def test_receptive_fields_are_where_the_gradient_is(name: str) -> None:
    """All weights positive and maxima replaced by means, every pixel that a unit can see moves it, and no other does."""
    torch.manual_seed(0)
    side = 192
    network = _positive(timm.create_model(name).eval())
    found = anatomy.trace(network, (3, side, side))
    regular = [row for row in found.rows if isinstance(row.sees, ReceptiveField) and row.layout == "maps" and ":" not in row.name]
    modules = dict(network.named_modules())
    chosen = [row for row in regular if row.name in modules and row.kind != "dropout"]
    chosen = chosen[:: max(1, len(chosen) // 5)]
    assert len(chosen) >= 5
    for row in chosen:
        assert isinstance(row.sees, ReceptiveField)
        _, height, width = row.output_shape
        for at in ((height // 2, width // 2), (0, width - 1)):
            # the first windows of Inception leave out the last rows and columns of the picture
            edge = side - 3 if name == "inception_v3" else side
            expected, reached = (
                [min(max(0, end), edge) for end in ends] for ends in (row.sees.of(*at), _reached(network, row.name, at, side))
            )
            assert reached == expected, (row.name, at)


def test_what_has_attention_is_said_to_see_the_whole_picture() -> None:
    rows = {row.name: row for row in anatomy.of("vit_tiny_patch16_224").rows}
    assert rows["patch_embed.proj"].sees == ReceptiveField((16, 16), (16, 16), (0, 0))
    assert rows["blocks.0.norm1"].layout == "tokens"
    assert rows["blocks.0.attn.proj"].sees == "whole picture"
    gated = {row.name: row for row in anatomy.of("efficientnet_b0").rows}  # squeeze-and-excitation
    assert gated["blocks.0.0.conv_dw"].sees == ReceptiveField((7, 7), (2, 2), (-3, -3))
    assert gated["blocks.0.0.conv_pw"].sees == "whole picture"


def test_channels_last_is_read_as_it_is_meant() -> None:
    """Swin keeps (N, H, W, C): its height is not its number of channels."""
    rows = {row.name: row for row in anatomy.of("swin_tiny_patch4_window7_224").rows}
    assert (rows["layers.0.blocks.0.norm1"].output_shape, rows["layers.0.blocks.0.norm1"].layout) == (
        (96, 56, 56),
        "maps, channels last",
    )
    assert rows["layers.0.blocks.0.attn.qkv"].layout == "windows"
    assert rows["layers.0.blocks.0.attn.proj"].sees == "irregular"
    assert rows["layers.3.blocks.1.attn.proj"].sees in ("irregular", "whole picture")


def test_built_in_models_and_their_layers() -> None:
    for name in cnnhub.builtin_models():
        classifier = cnnhub.load(name)
        found = anatomy.of(name)
        assert found.params == sum(each.numel() for each in classifier.network.parameters())
        shapes = {row.name: row.output_shape for row in found.rows}
        for layer, shape in classifier.layer_shapes().items():
            assert shapes.get(layer, shape) == shape


def test_branches_come_together() -> None:
    rows = anatomy.of("resnet18").rows
    added = next(number for number, row in enumerate(rows) if row.kind == "add")
    assert {rows[source].name for source in rows[added].inputs} == {"layer1.0.bn2", "maxpool"}


@pytest.mark.parametrize("name", ["inception_v3", "swin_tiny_patch4_window7_224", "densenet121"])
def test_the_drawing_has_a_box_where_something_happens(name: str) -> None:
    found = anatomy.of(name)
    drawing = ElementTree.fromstring(svg(found, "a <title> & more"))
    boxes = [each for each in drawing.iter() if each.tag.endswith("rect")]
    weighty = [row for row in found.rows if row.macs]
    assert len(weighty) <= len(boxes) <= len(found.rows)
    assert all(float(box.get("width", 0)) > 0 and float(box.get("height", 0)) > 0 for box in boxes)


def test_the_command() -> None:
    done = run("anatomy", "resnet18", "--num-classes", "10", "--input", "3", "64", "64", "--json")
    told = json.loads(done.out)
    assert {"params", "trainable_params", "macs", "layers"} <= told.keys()
    assert told["params"] == 11_181_642
    assert told["layers"][0] == {
        **told["layers"][0], "name": "conv1", "output_shape": [64, 32, 32], "params": 9408, "receptive_field": [7, 7],
    }  # fmt: skip
    assert told["layers"][-1]["receptive_field"] is None and told["layers"][-1]["reach"] == "whole picture"
    keras = run("anatomy", "torchvision:vgg16", "--keras").out
    assert "(None, 7, 7, 512)" in keras and "Total params: 138,357,544" in keras


def test_what_cannot_be_is_said() -> None:
    with pytest.raises(UnknownNameError, match="resnet18"):
        anatomy.of("resnet_18")
    with pytest.raises(ArgumentError, match="Leave it out"):
        anatomy.of("flowers", num_classes=3)
    with pytest.raises(AnatomyError, match="Try its own size"):
        anatomy.of("torchvision:alexnet", (3, 16, 16))


@pytest.mark.parametrize(
    ("network", "told"),
    [
        # the picture is too small for the second kernel, and for the pooling window; channels differ from what was made
        (
            nn.Sequential(nn.Conv2d(3, 4, 7), nn.Conv2d(4, 4, 7)),
            "layer 1, Conv2d(4, 4, kernel_size=(7, 7), stride=(1, 1)), gets 4 x 4 x 4. ",
        ),
        (nn.Sequential(nn.Conv2d(3, 4, 3), nn.MaxPool2d(20)), "layer 1, MaxPool2d(kernel_size=20, stride=20, padding=0, "),
        (
            nn.Sequential(nn.Sequential(nn.Conv2d(6, 4, 3, groups=2))),
            "layer 0.0, Conv2d(6, 4, kernel_size=(3, 3), stride=(1, 1), groups=2), gets 3 x 10 x 10. ",
        ),
    ],
)
def test_the_layer_that_cannot_be_is_named_with_what_arrives(network: nn.Module, told: str) -> None:
    expected = f"Sequential cannot be followed with an input of 3 x 10 x 10: {told}"
    with pytest.raises(AnatomyError, match=re.escape(expected)):
        anatomy.trace(network, (3, 10, 10))


def test_no_layer_is_blamed_for_what_it_did_not_raise() -> None:
    class Refusing(nn.Module):
        """Swallows what a layer raised, and refuses by itself."""

        def __init__(self) -> None:
            super().__init__()
            self.wide = nn.Conv2d(3, 4, 99)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            with suppress(RuntimeError):
                self.wide(x)
            raise ValueError("no such pictures")

    with pytest.raises(AnatomyError, match="an input of 3 x 10 x 10: no such pictures"):
        anatomy.trace(Refusing(), (3, 10, 10))


@contextmanager
def _each_output(network: nn.Module) -> Iterator[list[tuple[nn.Module, torch.Tensor]]]:
    outputs: list[tuple[nn.Module, torch.Tensor]] = []
    hooks = [
        module.register_forward_hook(lambda module, _, output: outputs.append((module, output)))
        for module in network.modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    ]
    yield outputs
    for hook in hooks:
        hook.remove()


def _positive(network: nn.Module) -> nn.Module:
    """The same windows, with weights of one sign, and means for maxima: nothing that could hide a pixel."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.fill_(1 / module.weight[0].numel())
            elif isinstance(module, nn.BatchNorm2d):
                module.reset_running_stats()
                module.weight.fill_(1)
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.abs_()
    _replace(
        network,
        lambda module: (
            nn.AvgPool2d(module.kernel_size, module.stride, module.padding, module.ceil_mode)
            if isinstance(module, nn.MaxPool2d)
            else nn.Identity()
            if isinstance(module, nn.ReLU | nn.ReLU6 | nn.GELU | nn.LayerNorm) or type(module).__name__ == "LayerNorm2d"
            else None
        ),
    )
    return network


def _replace(network: nn.Module, by: Callable[[nn.Module], nn.Module | None]) -> None:
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if (new := by(child)) is not None:
                setattr(parent, name, new)


def _reached(network: nn.Module, layer: str, at: tuple[int, int], side: int) -> tuple[int, ...]:
    """The rectangle of pixels that move the unit: top, left, bottom, right, the last two exclusive."""
    picture = torch.rand(1, 3, side, side, requires_grad=True)
    with recording_copy(network, [layer]) as (private, maps):
        private(picture)
    maps[layer][0, :, at[0], at[1]].sum().backward()  # type: ignore[no-untyped-call]
    assert picture.grad is not None
    rows, columns = (picture.grad[0].abs().sum(0).numpy() > 0).nonzero()
    return int(np.min(rows)), int(np.min(columns)), int(np.max(rows)) + 1, int(np.max(columns)) + 1
