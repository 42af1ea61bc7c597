"""Correlation, convolution and pooling of pictures, computed by torch's own operators."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image

from cnnhub.errors import GeometryError, UnknownNameError
from cnnhub.images import open_image
from cnnhub.kernels import KernelSource, kernel

Padding: TypeAlias = "int | Literal['same', 'valid']"
Pixels: TypeAlias = "torch.Tensor | NDArray[np.generic] | Image.Image"
POOLING_MODES = ("max", "average", "l2")


def output_size(size: int, window: int, stride: int = 1, padding: Padding = 0, dilation: int = 1) -> int:
    """How many values stand along one side of the output: floor((W + 2P - D(F - 1) - 1) / S) + 1.

    Formula: torch.nn.Conv2d's documentation; with D = 1 it is the (W - F + 2P) / S + 1 of the courses.

    Args:
        size: W, the side of the input.
        window: F, the side of the kernel or pooling window.
        stride: S. padding: P, a number, "valid" (none) or "same" (see `padding_amount`). dilation: D.

    Raises:
        GeometryError: stride or dilation below 1, padding below 0, or no output is left.

    >>> output_size(32, 3), output_size(451, 3, padding="same"), output_size(13, 6, stride=5)
    (30, 451, 2)
    """
    for name, value, least in (
        ("size", size, 1),
        ("window", window, 1),
        ("stride", stride, 1),
        ("dilation", dilation, 1),
    ):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise GeometryError(f"The {name} is {value!r}; expected a whole number of at least {least}.")
    amount = padding_amount(padding, window, dilation)
    reach = dilation * (window - 1) + 1
    if size + 2 * amount < reach:
        raise GeometryError(
            f"A window that reaches over {reach} pixels does not fit into {size} + 2 x {amount} of padding: "
            "the output would be empty. Use more padding, a smaller kernel or a larger picture."
        )
    return (size + 2 * amount - reach) // stride + 1


def padding_amount(padding: Padding, window: int, dilation: int = 1) -> int:
    """P in pixels on every side. "same" is D(F - 1) / 2, which gives ceil(W / S) values for odd windows.

    >>> padding_amount("same", 7), padding_amount("valid", 7), padding_amount(2, 7)
    (3, 0, 2)
    """
    if padding == "same":
        return dilation * (window - 1) // 2
    if padding == "valid":
        return 0
    if isinstance(padding, bool) or not isinstance(padding, int) or padding < 0:
        raise GeometryError(f"The padding is {padding!r}; expected 'same', 'valid' or a whole number of at least 0.")
    return padding


def correlate2d(
    image: Pixels, weights: KernelSource, *, stride: int = 1, padding: Padding = "same", dilation: int = 1
) -> torch.Tensor:
    """Slide a kernel over a picture: multiply, sum, step. Each channel on its own; borders are zero.

    This is what deep learning calls convolution.

    Args:
        image: (H, W) or (..., H, W) values, or a PIL image (grey -> (H, W), otherwise RGB -> (3, H, W)).
        weights: a preset's name or a grid (k, k), k odd.

    Returns:
        float32 shaped as the input, with H and W as `output_size` tells.

    Raises:
        KernelError, UnknownNameError: the kernel; GeometryError: the other settings.

    >>> impulse = torch.zeros(3, 3); impulse[1, 1] = 1
    >>> correlate2d(impulse, [[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    tensor([[9., 8., 7.],
            [6., 5., 4.],
            [3., 2., 1.]])
    """
    pixels, weights = as_pixels(image), kernel(weights)
    size = weights.shape[-1]
    for side in pixels.shape[-2:]:
        output_size(side, size, stride, padding, dilation)
    single = pixels.reshape(-1, 1, *pixels.shape[-2:])  # (..., H, W) -> (N, 1, H, W)
    output = F.conv2d(
        single,
        weights[None, None].to(single.device),
        stride=stride,
        padding=padding_amount(padding, size, dilation),
        dilation=dilation,
    )
    return output.reshape(*pixels.shape[:-2], *output.shape[-2:])


def convolve2d(
    image: Pixels, weights: KernelSource, *, stride: int = 1, padding: Padding = "same", dilation: int = 1
) -> torch.Tensor:
    """The mathematician's convolution: `correlate2d` with the kernel turned by 180 degrees.

    >>> impulse = torch.zeros(3, 3); impulse[1, 1] = 1
    >>> convolve2d(impulse, [[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    tensor([[1., 2., 3.],
            [4., 5., 6.],
            [7., 8., 9.]])
    """
    turned = kernel(weights).flip(0, 1)
    return correlate2d(image, turned, stride=stride, padding=padding, dilation=dilation)


def pool2d(
    image: Pixels,
    window: int = 2,
    *,
    stride: int | None = None,
    mode: Literal["max", "average", "l2"] = "max",
) -> torch.Tensor:
    """Replace each window by its maximum, its average, or its L2 norm sqrt(sum(x^2)); each channel on its own.

    Args:
        image: (H, W) or (..., H, W) values, or a PIL image.
        window: side of the window in pixels. stride: step in pixels; the window's side if None.

    Raises:
        GeometryError: the settings leave no output; UnknownNameError: no such mode.

    >>> pool2d(torch.tensor([[4., 1.], [1., 0.]]))
    tensor([[4.]])
    """
    if mode not in POOLING_MODES:
        raise UnknownNameError("pooling mode", mode, POOLING_MODES)
    stride = window if stride is None else stride
    pixels = as_pixels(image)
    for side in pixels.shape[-2:]:
        output_size(side, window, stride)
    single = pixels.reshape(-1, 1, *pixels.shape[-2:])
    if mode == "max":
        output = F.max_pool2d(single, window, stride)
    elif mode == "average":
        output = F.avg_pool2d(single, window, stride)
    else:
        output = F.lp_pool2d(single, 2.0, window, stride)
    return output.reshape(*pixels.shape[:-2], *output.shape[-2:])


def as_pixels(image: Pixels) -> torch.Tensor:
    """A tensor or array (..., H, W), or a PIL image, -> float32 (..., H, W). PIL pixels stay in 0..255.

    Raises:
        GeometryError: it is something else, or has fewer than two axes.

    >>> as_pixels(Image.new("RGB", (4, 2))).shape, as_pixels(Image.new("L", (4, 2))).shape
    (torch.Size([3, 2, 4]), torch.Size([2, 4]))
    """
    if isinstance(image, Image.Image):
        is_grey = image.mode in ("1", "L", "LA", "F") or image.mode.startswith("I")
        rgb = torch.from_numpy(np.array(open_image(image), dtype=np.float32))
        return rgb[:, :, 0].contiguous() if is_grey else rgb.permute(2, 0, 1).contiguous()  # (H, W, 3) -> (3, H, W)
    if not isinstance(image, torch.Tensor | np.ndarray):
        raise GeometryError(
            f"A {type(image).__name__} arrived; expected a tensor, an array or a PIL image. cnnhub.open_image opens files."
        )
    pixels = torch.as_tensor(np.ascontiguousarray(image) if isinstance(image, np.ndarray) else image).float()
    if pixels.ndim < 2:
        raise GeometryError(f"Values shaped {tuple(pixels.shape)} arrived; expected (H, W) or (..., H, W).")
    return pixels
