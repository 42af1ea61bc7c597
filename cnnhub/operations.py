"""What networks do between their layers, and in place of plain convolutions: each operation by torch's own operator.

`maps` is a tensor or an array (C, H, W), or a PIL image in colour (3, H, W); weights are a tensor, an array or nested lists.
Results are float64 where the maps are, else float32. Convolution means what deep learning means by it: the kernel is not turned.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from cnnhub.convolution import Padding, Pixels, as_pixels, output_size, padding_amount
from cnnhub.errors import ArgumentError, GeometryError
from cnnhub.lazy import Lazy

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch = Lazy("torch")
    F = Lazy("torch.nn.functional")

Weights: TypeAlias = "torch.Tensor | NDArray[np.generic] | Sequence[Any]"


def depthwise_max_pool(maps: Pixels, size: int) -> torch.Tensor:
    """At each pixel the maximum of every `size` neighbouring maps: what they look for in several ways becomes one map.

    (C, H, W) -> (C / size, H, W). So a network may learn not to mind how a thing is turned, or how thick or bright it is.

    Formula: max pooling along the channels, as TensorFlow's `tf.nn.max_pool` has it with ksize (1, 1, 1, size).

    Raises:
        ArgumentError: the maps are not (C, H, W), or their number is no multiple of `size`.

    >>> depthwise_max_pool(torch.tensor([[[1.0]], [[5.0]], [[2.0]], [[-1.0]], [[-4.0]], [[-3.0]]]), 3).flatten()
    tensor([ 5., -1.])
    """
    values = _maps(maps)
    _check_whole("size", size)
    if len(values) % size:
        whole = [divisor for divisor in range(1, len(values) + 1) if len(values) % divisor == 0]
        raise ArgumentError(
            f"size={size} and maps shaped {tuple(values.shape)} arrived; {len(values)} maps make no groups of {size}. "
            f"Take a size that divides them: {', '.join(map(str, whole))}."
        )
    # (C, H, W) -> (1, C, H, W), of which the window runs over the second axis
    return F.max_pool3d(values[None], (size, 1, 1))[0]


def global_average_pool(maps: Pixels) -> torch.Tensor:
    """The mean of each map: how much of a thing there is, wherever it is. (C, H, W) -> (C,).

    Whatever the picture's size, the layer after it gets C numbers.

    Formula: Lin, Chen, Yan, "Network in network" (2014), section 3.2.

    Raises:
        ArgumentError: the maps are not (C, H, W).

    >>> global_average_pool(torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 8.0]]]))
    tensor([2.5000, 2.0000])
    """
    return F.adaptive_avg_pool2d(_maps(maps), 1)[:, 0, 0]


def local_response_norm(
    maps: Pixels, radius: int = 2, bias: float = 1.0, alpha: float = 2e-5, beta: float = 0.75
) -> torch.Tensor:
    """Each value divided by what its neighbours among the maps answer at the same pixel: a strong one quietens them.

    (C, H, W) -> (C, H, W). With n = 2 radius + 1 maps in the window, fewer at both ends:

        a[i] / (bias + alpha * sum(a[j]² for j from i - radius to i + radius)) ** beta

    That is AlexNet's definition, and TensorFlow's. torch's LocalResponseNorm takes the mean over n values in place of the sum,
    zeros beyond the ends counted, so that alpha has to be converted: its size is n, and its alpha is n * alpha.

    Formula: Krizhevsky, Sutskever, Hinton, "ImageNet classification with deep convolutional neural networks" (2012),
    section 3.3; `tf.nn.local_response_normalization`.

    Args:
        radius: maps on either side. The defaults are those that are told of AlexNet, with bias 1.

    Raises:
        ArgumentError: the maps are not (C, H, W); radius is no whole number from 0, bias is not above 0, alpha is below 0, or
            a number is not finite.

    >>> local_response_norm(torch.tensor([[[3.0]], [[4.0]], [[0.0]]]), radius=1, bias=11, alpha=1, beta=0.5).flatten()
    tensor([0.5000, 0.6667, 0.0000])
    """
    values = _maps(maps)
    _check_whole("radius", radius, least=0)
    for name, value in (("bias", bias), ("alpha", alpha), ("beta", beta)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ArgumentError(f"{name}={value!r} arrived; expected an ordinary number.")
    if bias <= 0:
        raise ArgumentError(f"bias={bias!r} arrived; expected a number above 0, since maps of zeros would be divided by it.")
    if alpha < 0:
        raise ArgumentError(f"alpha={alpha!r} arrived; expected a number from 0, so that what is divided by stays above 0.")
    size = 2 * radius + 1
    # torch takes (N, C, H, W): three axes would be (N, C, L) to it
    return F.local_response_norm(values[None], size, alpha=size * alpha, beta=beta, k=bias)[0]


def transposed_convolution(maps: Pixels, kernels: Weights, stride: int = 1, padding: int = 0) -> torch.Tensor:
    """Every value lays its kernel, multiplied by it, onto the output, `stride` apart; where they overlap, they are added up.

    (C, H, W) -> (D, H', W') with H' = (H - 1) stride + k - 2 padding: larger by about the stride. The same comes of
    `zero_insertion`, k - 1 - padding of zeros around it, and a convolution with each kernel turned by 180 degrees, its channels
    swapped.

    Formula: Dumoulin, Visin, "A guide to convolution arithmetic for deep learning" (2016), chapter 4.

    Args:
        kernels: (C, D, k, l), as torch's ConvTranspose2d keeps them: those of the maps that arrive come first.
        padding: how much is cut off each side of the output.

    Raises:
        ArgumentError: the maps or kernels are not shaped so, their channels differ, or stride or padding is no whole number.
        GeometryError: the padding leaves nothing.

    >>> transposed_convolution(torch.tensor([[[1.0, 2.0]]]), [[[[1, 1, 1]]]], stride=2)
    tensor([[[1., 1., 3., 2., 2.]]])
    """
    values = _maps(maps)
    weights = _weights("kernels", kernels, "(C, D, k, l)", values)
    _check_channels("kernels", weights, weights.shape[0], values)
    _check_whole("stride", stride)
    _check_whole("padding", padding, least=0)
    for side, window in zip(values.shape[1:], weights.shape[2:], strict=True):
        whole = (side - 1) * stride + window
        if whole <= 2 * padding:
            raise GeometryError(
                f"padding={padding} arrived; it cuts 2 x {padding} of the {whole} values that maps shaped "
                f"{tuple(values.shape)} give under kernels shaped {tuple(weights.shape)} and stride {stride}. Use less padding."
            )
    return F.conv_transpose2d(values, weights, stride=stride, padding=padding)


def zero_insertion(maps: Pixels, stride: int) -> torch.Tensor:
    """Maps whose neighbours stand `stride` apart, with zeros between them: (..., H, W) -> (..., (H - 1) stride + 1, ...).

    The first half of `transposed_convolution`.

    Formula: Dumoulin, Visin, "A guide to convolution arithmetic for deep learning" (2016), section 4.5.

    Raises:
        ArgumentError: stride is no whole number from 1. GeometryError: there are fewer than two axes.

    >>> zero_insertion(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), 2)
    tensor([[1., 0., 2.],
            [0., 0., 0.],
            [3., 0., 4.]])
    """
    values = as_pixels(maps)
    _check_whole("stride", stride)
    sides = [max(0, (side - 1) * stride + 1) for side in values.shape[-2:]]
    apart = values.new_zeros(*values.shape[:-2], *sides)
    apart[..., ::stride, ::stride] = values
    return apart


def dilate(kernel: Weights, rate: int) -> torch.Tensor:
    """A kernel with rate - 1 zeros between its weights: (k,) -> ((k - 1) rate + 1,), of more axes the last two.

    Formula: Yu, Koltun, "Multi-scale context aggregation by dilated convolutions" (2016), section 2.

    Raises:
        ArgumentError: the kernel is not an array of numbers, or rate is no whole number from 1.

    >>> dilate([1, 2, 3], 4)
    tensor([1., 0., 0., 0., 2., 0., 0., 0., 3.])
    """
    weights = _numbers("kernel", kernel)
    _check_whole("rate", rate)
    if weights.ndim == 0:
        raise ArgumentError(f"kernel={kernel!r} arrived; expected a row of weights, or a grid.")
    return zero_insertion(weights[None], rate)[0] if weights.ndim == 1 else zero_insertion(weights, rate)


def dilated_convolution(maps: Pixels, kernels: Weights, rate: int, padding: Padding = 0) -> torch.Tensor:
    """A convolution whose kernels look at every `rate`-th pixel: the reach of `dilate(kernels, rate)` for k x l weights.

    (C, H, W) -> (D, H', W'), with H' as `output_size` tells. For one kernel on each channel by itself there is `correlate2d`.

    Formula: Yu, Koltun, "Multi-scale context aggregation by dilated convolutions" (2016), section 2.

    Args:
        kernels: (D, C, k, l), as torch's Conv2d keeps them.
        padding: zeros on every side, or "same" or "valid".

    Raises:
        ArgumentError: the maps or kernels are not shaped so, or their channels differ.
        GeometryError: rate or padding is impossible, or the kernels reach over more than the padded maps.

    >>> dilated_convolution(torch.arange(1.0, 10).reshape(1, 1, 9), [[[[1, 2, 3]]]], rate=4)  # 1 * 1 + 2 * 5 + 3 * 9
    tensor([[[38.]]])
    """
    values = _maps(maps)
    weights = _weights("kernels", kernels, "(D, C, k, l)", values)
    _check_channels("kernels", weights, weights.shape[1], values)
    return F.conv2d(values, weights, padding=_amounts(values, weights, padding, rate), dilation=rate)


def separable_convolution(maps: Pixels, depthwise: Weights, pointwise: Weights, padding: Padding = 0) -> torch.Tensor:
    """One kernel for each map, then sums of the maps so made: where something is, and what belongs together, apart.

    (C, H, W) -> (C, H', W') -> (D, H', W'). The same comes of one convolution with `product_kernels(depthwise, pointwise)`;
    `plain_cost` and `separable_cost` count what either takes.

    Formula: Chollet, "Xception: deep learning with depthwise separable convolutions" (2017), section 1.

    Args:
        depthwise: (C, k, l), a kernel for each map.
        pointwise: (D, C), how much of each map goes into each result.
        padding: zeros on every side, or "same" or "valid".

    Raises:
        ArgumentError: the maps or weights are not shaped so, or their channels differ.
        GeometryError: the padding is impossible, or the kernels are larger than the padded maps.

    >>> separable_convolution(torch.tensor([[[1.0, 2.0]], [[3.0, 4.0]]]), [[[1, 1]], [[-1, 1]]], [[1, 0], [10, 1]])
    tensor([[[ 3.]],
    <BLANKLINE>
            [[31.]]])
    """
    values = _maps(maps)
    each, mixed = _factors(depthwise, pointwise, values)
    _check_channels("depthwise", each, each.shape[0], values)
    alone = F.conv2d(values, each[:, None], padding=_amounts(values, each, padding), groups=len(values))
    return F.conv2d(alone, mixed[:, :, None, None])


def product_kernels(depthwise: Weights, pointwise: Weights) -> torch.Tensor:
    """The kernels of the one convolution that does what a separable one does: (C, k, l) and (D, C) -> (D, C, k, l).

    Not every convolution can be taken apart so: all kernels of one map are multiples of each other.

    Raises:
        ArgumentError: the weights are not shaped so, or their channels differ.

    >>> product_kernels([[[1, 1]], [[-1, 1]]], [[1, 0], [10, 1]])[1].tolist()
    [[[10.0, 10.0]], [[-1.0, 1.0]]]
    """
    each, mixed = _factors(depthwise, pointwise)
    return mixed[:, :, None, None] * each


@dataclass(frozen=True)
class Cost:
    """What a convolution without bias takes.

    Attributes:
        parameters: weights to learn.
        multiplications: to make all of its output of one picture.

    >>> Cost(parameters=9, multiplications=900).parameters
    9
    """

    parameters: int
    multiplications: int


def plain_cost(channels: int, outputs: int, window: int, height: int, width: int) -> Cost:
    """C channels in, D outputs, kernels of k x k weights, H' x W' values in each output: k² C D weights, each used H' W' times.

    Formula: Howard and others, "MobileNets" (2017), section 3.1.

    Raises:
        ArgumentError: a number is no whole number from 1.

    >>> plain_cost(channels=3, outputs=200, window=5, height=100, width=150)
    Cost(parameters=15000, multiplications=225000000)
    """
    _check_cost(channels=channels, outputs=outputs, window=window, height=height, width=width)
    parameters = window**2 * channels * outputs
    return Cost(parameters, parameters * height * width)


def separable_cost(channels: int, outputs: int, window: int, height: int, width: int) -> Cost:
    """The same of a separable convolution: k² C + C D weights, each used H' W' times; 1 / D + 1 / k² of `plain_cost`.

    Formula: Howard and others, "MobileNets" (2017), section 3.1.

    Raises:
        ArgumentError: a number is no whole number from 1.

    >>> separable_cost(channels=3, outputs=200, window=5, height=100, width=150)
    Cost(parameters=675, multiplications=10125000)
    """
    _check_cost(channels=channels, outputs=outputs, window=window, height=height, width=width)
    parameters = window**2 * channels + channels * outputs
    return Cost(parameters, parameters * height * width)


def _maps(maps: Pixels) -> torch.Tensor:
    values = as_pixels(maps)
    if values.ndim != 3 or not values.numel():
        raise ArgumentError(
            f"Maps shaped {tuple(values.shape)} arrived; expected (C, H, W), at least one value. "
            "Of one map (H, W) make maps[None]."
        )
    return values


def _weights(name: str, weights: Weights, axes: str, like: torch.Tensor | None = None) -> torch.Tensor:
    """Weights with the axes that are written in `axes`, such as "(D, C)", in the type of the maps and beside them."""
    values = _numbers(name, weights)
    if values.ndim != axes.count(",") + 1 or not values.numel():
        raise ArgumentError(f"{name} shaped {tuple(values.shape)} arrived; expected {axes}, at least one weight.")
    return values if like is None else values.to(like)


def _numbers(name: str, weights: Weights) -> torch.Tensor:
    """Weights as they are if float64, else as float32."""
    try:
        values = weights if isinstance(weights, torch.Tensor) else torch.from_numpy(np.array(weights))
    except (TypeError, ValueError):
        raise ArgumentError(f"{name} is a {type(weights).__name__} that holds no grid of numbers; expected rows alike.") from None
    return values if values.dtype == torch.float64 and isinstance(weights, torch.Tensor | np.ndarray) else values.float()


def _factors(depthwise: Weights, pointwise: Weights, like: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    each, mixed = _weights("depthwise", depthwise, "(C, k, l)", like), _weights("pointwise", pointwise, "(D, C)", like)
    _check_channels("pointwise", mixed, mixed.shape[1], each, "depthwise")
    return each, mixed


def _amounts(values: torch.Tensor, weights: torch.Tensor, padding: Padding, rate: int = 1) -> tuple[int, int]:
    """The zeros above and below, and left and right, when an output is left of maps (C, H, W) under weights (..., k, l)."""
    for side, window in zip(values.shape[1:], weights.shape[-2:], strict=True):
        try:
            output_size(side, window, padding=padding, dilation=rate)
        except GeometryError as error:
            shapes = f"Maps shaped {tuple(values.shape)} and kernels shaped {tuple(weights.shape)} arrived. "
            raise GeometryError(shapes + str(error)) from None
    down, across = (padding_amount(padding, window, rate) for window in weights.shape[-2:])
    return down, across


def _check_channels(name: str, weights: torch.Tensor, channels: int, values: torch.Tensor, others: str = "maps") -> None:
    if channels != len(values):
        raise ArgumentError(
            f"{name} shaped {tuple(weights.shape)} and {others} shaped {tuple(values.shape)} arrived; "
            f"those are weights for {channels} channels, and there are {len(values)}. Make both alike."
        )


def _check_whole(name: str, value: int, least: int = 1) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ArgumentError(f"{name}={value!r} arrived; expected a whole number from {least}.")


def _check_cost(**numbers: int) -> None:
    for name, value in numbers.items():
        _check_whole(name, value)
