"""Depthwise convolutions whose backward pass takes a fraction of the time, on a CPU in bfloat16.

oneDNN, which computes torch's convolutions on a CPU, has no fast kernel there for the gradient of a strided depthwise
convolution's input nor for that of a 5x5 one's weights: most of the 71 % of a training step that EfficientNet-Lite0's
convolutions spent going backward. The same sums are had from what is fast: the gradient of the input of a strided
convolution is an unstrided convolution of the output's gradient, zeros put between its values, with the kernel turned by 180
degrees (Dumoulin and Visin 2016, https://arxiv.org/abs/1603.07285, section 4); that of a wide kernel is computed in float32.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_conv2d = torch.conv2d
_LARGEST_FAST = 3  # side of the kernels whose gradient oneDNN computes fast in bfloat16


def quick_backward(device: torch.device, precision: str) -> AbstractContextManager[Any]:
    """Forward passes inside have the quick backward pass, where `device` and `precision` need one.

    Args:
        precision: "bf16" or "float32".
    """
    return _QuickBackward() if device.type == "cpu" and precision == "bf16" else nullcontext()


class _QuickBackward(TorchFunctionMode):
    """Puts `_Depthwise` in the place of each depthwise convolution, whatever module calls it."""

    def __torch_function__(
        self, function: Callable[..., Any], types: Iterable[type], args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        named = kwargs or {}
        if function is _conv2d and (asked := _asked(*args, **named)):
            return _Depthwise.apply(*asked)
        return function(*args, **named)


def _asked(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    stride: int | tuple[int, ...] = 1,
    padding: int | tuple[int, ...] | str = 0,
    dilation: int | tuple[int, ...] = 1,
    groups: int = 1,
) -> tuple[torch.Tensor, torch.Tensor, int, int] | None:
    """The arguments of conv2d -> those of `_Depthwise`, where it can compute the same."""
    if bias is not None or isinstance(padding, str) or not 1 < groups == x.shape[1] == weight.shape[0]:
        return None
    strides, paddings, dilations = ({each} if isinstance(each, int) else {*each} for each in (stride, padding, dilation))
    is_square = weight.shape[2] == weight.shape[3] and len(strides) == len(paddings) == 1 and dilations == {1}
    return (x, weight, strides.pop(), paddings.pop()) if is_square and max(paddings) < weight.shape[2] else None


class _Depthwise(torch.autograd.Function):
    """conv2d of x (N, C, H, W) and weight (C, 1, k, k), one kernel a channel."""

    @staticmethod
    @torch.amp.custom_fwd(device_type="cpu", cast_inputs=torch.bfloat16)  # type: ignore[untyped-decorator]
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, stride: int, padding: int) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        ctx.stride, ctx.padding = stride, padding
        return _conv2d(x, weight, None, stride, padding, 1, len(weight))

    @staticmethod
    @torch.amp.custom_bwd(device_type="cpu")  # type: ignore[untyped-decorator]
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None, None, None]:
        x, weight = ctx.saved_tensors
        stride, padding, side = ctx.stride, ctx.padding, weight.shape[-1]
        for_x, for_weight = ctx.needs_input_grad[:2]
        is_wide = side > _LARGEST_FAST
        in_one = [for_x and stride == 1, for_weight and not is_wide, False]
        to_x = to_weight = None
        if any(in_one):
            to_x, to_weight, _ = _backward(gradient, x, weight, stride, padding, in_one)
        if for_weight and is_wide:
            _, to_weight, _ = _backward(gradient.float(), x.float(), weight.float(), stride, padding, [False, True, False])
        if for_x and stride > 1:
            to_x = _spread(gradient, x.shape, stride, padding, side)
            to_x = _conv2d(to_x, weight.flip(2, 3), None, 1, side - 1 - padding, 1, len(weight))
        return to_x, to_weight, None, None


def _backward(
    gradient: torch.Tensor, x: torch.Tensor, weight: torch.Tensor, stride: int, padding: int, mask: list[bool]
) -> tuple[torch.Tensor | None, ...]:
    done: tuple[torch.Tensor | None, ...] = torch.ops.aten.convolution_backward(
        gradient, x, weight, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], len(weight), mask
    )
    return done


def _spread(gradient: torch.Tensor, shape: torch.Size, stride: int, padding: int, side: int) -> torch.Tensor:
    """The gradient of the output at the places it would have with stride 1, zeros between; channels last."""
    batch, channels, height, width = shape
    more = 2 * padding - side + 1
    spread = gradient.new_zeros(batch, height + more, width + more, channels).permute(0, 3, 1, 2)
    rows, columns = gradient.shape[2:]
    spread[:, :, : (rows - 1) * stride + 1 : stride, : (columns - 1) * stride + 1 : stride] = gradient
    return spread
