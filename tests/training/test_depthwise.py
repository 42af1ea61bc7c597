"""The quick backward pass of depthwise convolutions gives torch's own gradients."""

import pytest
import torch
from timm.layers import Conv2dSame

from training.fit.depthwise import _Depthwise, quick_backward

CPU = torch.device("cpu")


@pytest.mark.parametrize("side", [1, 3, 5, 7])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("size", [(12, 12), (13, 10)])
@pytest.mark.parametrize("padding", [0, "half"])
def test_gradients_are_torch_s(side: int, stride: int, size: tuple[int, int], padding: int | str) -> None:
    torch.manual_seed(0)
    padding = side // 2 if padding == "half" else 0
    layer = torch.nn.Conv2d(6, 6, side, stride, int(padding), groups=6, bias=False).to(memory_format=torch.channels_last)
    _check(layer, torch.randn(3, 6, *size))


@pytest.mark.parametrize("size", [(12, 12), (11, 14)])
def test_tensorflow_s_padding_too(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    _check(Conv2dSame(6, 6, 5, 2, groups=6, bias=False), torch.randn(3, 6, *size))


@pytest.mark.parametrize(
    "layer",
    [
        torch.nn.Conv2d(6, 6, 3),
        torch.nn.Conv2d(6, 12, 3, groups=6, bias=False),
        torch.nn.Conv2d(6, 6, 3, groups=6),
        torch.nn.Conv2d(6, 6, 3, groups=2, bias=False),
        torch.nn.Conv2d(6, 6, (1, 3), groups=6, bias=False),
        torch.nn.Conv2d(6, 6, 3, stride=(1, 2), groups=6, bias=False),
        torch.nn.Conv2d(6, 6, 3, dilation=2, groups=6, bias=False),
        torch.nn.Conv2d(6, 6, 3, padding="same", groups=6, bias=False),
        torch.nn.Conv2d(6, 6, 3, padding=3, groups=6, bias=False),
    ],
    ids=str,
)
def test_other_convolutions_are_left_alone(layer: torch.nn.Conv2d) -> None:
    with quick_backward(CPU, "bf16"):
        made = layer(torch.randn(1, 6, 12, 12))
    assert made.grad_fn.name() == "ConvolutionBackward0"


def test_only_where_it_is_slow() -> None:
    layer = torch.nn.Conv2d(6, 6, 3, groups=6, bias=False)
    for device, precision, quick in ((CPU, "bf16", True), (CPU, "float32", False), (torch.device("cuda"), "bf16", False)):
        with quick_backward(device, precision):
            assert (layer(torch.randn(1, 6, 12, 12)).grad_fn.name() == f"{_Depthwise.__name__}Backward") is quick


def _check(layer: torch.nn.Conv2d, x: torch.Tensor) -> None:
    """The same values, and gradients that differ by bfloat16's rounding alone from those in float32."""
    (plain, *plain_gradients), (quick, *quick_gradients) = _pass(layer, x, "float32"), _pass(layer, x, "bf16")
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(quick, layer(x))
    for ours, theirs in zip([quick, *quick_gradients], [plain, *plain_gradients], strict=True):
        assert ours.shape == theirs.shape
        assert (ours.float() - theirs).norm() < 0.01 * theirs.norm()


def _pass(layer: torch.nn.Conv2d, x: torch.Tensor, precision: str) -> list[torch.Tensor]:
    """Its output, then the gradients of a mixed sum of it, of the input and of the weights."""
    x = x.clone().requires_grad_()
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"), quick_backward(CPU, precision):
        made = layer(x)
    weights = torch.linspace(-1, 1, made.numel()).reshape(made.shape)
    return [made.detach(), *torch.autograd.grad((made.float() * weights).sum(), [x, layer.weight])]
