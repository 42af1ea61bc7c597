"""Correlation, convolution and pooling of pictures, computed by torch's own operators.

`correlate2d` computes a whole map; `window_at` shows the arithmetic of one of its values, computed apart from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnhub.errors import GeometryError, KernelError, UnknownNameError
from cnnhub.images import open_image
from cnnhub.kernels import KernelSource, kernel
from cnnhub.lazy import Lazy

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch = Lazy("torch")
    F = Lazy("torch.nn.functional")

Padding: TypeAlias = "int | Literal['same', 'valid']"
Pixels: TypeAlias = "torch.Tensor | NDArray[np.generic] | Image.Image"
Border: TypeAlias = "Literal['zero', 'reflect', 'replicate', 'mean']"
# What stands where the window leaves the picture: 0; the picture mirrored at its outermost pixels, which are not
# repeated; the nearest pixel; the mean of the whole channel.
BORDERS = ("zero", "reflect", "replicate", "mean")
PoolingMode: TypeAlias = "Literal['max', 'average', 'l2']"
POOLING_MODES: tuple[PoolingMode, ...] = ("max", "average", "l2")
_CACHED_VALUES = 2**15  # up to so many torch uses one thread
MAX_PADDED_VALUES = 400_000_000  # of a picture with its padding: twice the largest photo that open_image reads, in colour


@dataclass(frozen=True)
class Filter:
    """A kernel and everything that decides its response map.

    Attributes:
        weights: (k, k), undivided. divisor, bias: a value is sum / divisor + bias.
        flipped: turn the kernel by 180 degrees, the mathematician's convolution.

    >>> apply_filter(torch.eye(2), Filter(((0, 0, 0), (0, 6, 0), (0, 0, 0)), divisor=2, bias=1))
    tensor([[4., 1.],
            [1., 4.]])
    """

    weights: tuple[tuple[float, ...], ...]
    divisor: float = 1.0
    bias: float = 0.0
    stride: int = 1
    dilation: int = 1
    padding: Padding = "same"
    border: Border = "zero"
    flipped: bool = False

    def kernel(self) -> torch.Tensor:
        """The kernel as it acts on a picture: divided, and turned if the filter is flipped; (k, k) float64.

        >>> Filter(((0, 0, 0), (0, 0, 4), (0, 0, 0)), divisor=2, flipped=True).kernel()[1].tolist()
        [2.0, 0.0, 0.0]
        """
        weights = kernel(self.weights, torch.float64) / self.divisor
        return weights.flip(0, 1) if self.flipped else weights


@dataclass(frozen=True, eq=False)
class Window:
    """The arithmetic of one value of a response map.

    Attributes:
        pixels: (k, k) float64, what the window sees, padding included.
        weights: (k, k) float64, as they are applied: turned already if the filter is flipped.
        products: (k, k), pixels times weights.
        total: sum of the products / divisor + bias.
        top, left: row and column in the picture, counted from 0, of the window's first cell; negative in the padding.
        dilation: from one cell to the next, in pixels of the picture.

    >>> window_at(torch.tensor([[5.0, 7.0]]), Filter(((3,),), divisor=2), row=0, column=1).total
    10.5
    """

    pixels: torch.Tensor
    weights: torch.Tensor
    products: torch.Tensor
    total: float
    top: int
    left: int
    dilation: int


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
    _check_whole(size=size, window=window, stride=stride, dilation=dilation)
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


def tensorflow_same(size: int, window: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """How many zeros TensorFlow's padding="SAME" puts (before, after) one side: unequally where their number is odd.

    It pads just enough for ceil(W / S) values. "same" here gives as many, with D(F - 1) / 2 zeros on both sides, but
    where the stride is above 1 its windows may lie one or more pixels further left and up. PyTorch's own padding="same"
    exists for stride 1 only; for odd windows all three agree there.

    Formula: "Notes on padding" in TensorFlow's documentation of tf.nn; in its source, `GetWindowedOutputSizeVerbose`
    in core/framework/kernel_shape_util.cc.

    Raises:
        GeometryError: an argument is no whole number of at least 1.

    >>> tensorflow_same(224, 3, stride=2), tensorflow_same(225, 3, stride=2), tensorflow_same(13, 6, stride=5)
    ((0, 1), (1, 1), (1, 2))
    """
    _check_whole(size=size, window=window, stride=stride, dilation=dilation)
    count = math.ceil(size / stride)
    amount = max(0, (count - 1) * stride + dilation * (window - 1) + 1 - size)
    return amount // 2, amount - amount // 2


def size_formula(size: int, window: int, stride: int = 1, padding: Padding = 0, dilation: int = 1) -> str:
    """`output_size` with its numbers, in the short form (W - F + 2P) / S + 1 where the dilation is 1.

    >>> print(size_formula(451, 3, dilation=2, padding=1))
    floor((451 + 2·1 − 2·(3 − 1) − 1) / 1) + 1 = 449
    >>> print(size_formula(451, 3, padding="same"))
    (451 − 3 + 2·1) / 1 + 1 = 451
    >>> print(size_formula(300, 3, stride=2, padding=1))
    floor((300 − 3 + 2·1) / 2) + 1 = 150
    """
    output = output_size(size, window, stride, padding, dilation)
    amount = padding_amount(padding, window, dilation)
    if dilation > 1:
        filled = f"floor(({size} + 2·{amount} − {dilation}·({window} − 1) − 1) / {stride}) + 1"
    else:
        filled = f"({size} − {window} + 2·{amount}) / {stride}"
        filled = (f"floor({filled})" if (size - window + 2 * amount) % stride else filled) + " + 1"
    return f"{filled} = {output}"


def correlate2d(
    image: Pixels,
    weights: KernelSource,
    *,
    stride: int = 1,
    padding: Padding = "same",
    dilation: int = 1,
    border: Border = "zero",
    divisor: float = 1.0,
    bias: float = 0.0,
) -> torch.Tensor:
    """Slide a kernel over a picture: multiply, sum, step. Each channel on its own.

    This is what deep learning calls convolution.

    Args:
        image: (H, W) or (..., H, W) values, or a PIL image (grey -> (H, W), otherwise RGB -> (3, H, W)).
        weights: a preset's name or a grid (k, k), k odd.
        border: what stands in the padding, one of BORDERS.
        divisor, bias: a value is sum / divisor + bias.

    Returns:
        float64 if the image is float64, else float32; shaped as the input, with H and W as `output_size` tells.

    Raises:
        KernelError, UnknownNameError: the kernel, its divisor or bias, the border's name; GeometryError: the other settings.

    >>> impulse = torch.zeros(3, 3); impulse[1, 1] = 1
    >>> correlate2d(impulse, [[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    tensor([[9., 8., 7.],
            [6., 5., 4.],
            [3., 2., 1.]])
    >>> correlate2d(torch.ones(2, 2), "box_blur", border="replicate", bias=0.5)
    tensor([[1.5000, 1.5000],
            [1.5000, 1.5000]])
    """
    pixels = as_pixels(image)
    grid = kernel(weights, pixels.dtype)
    _check_numbers(divisor, bias)
    size = grid.shape[-1]
    height, width = (output_size(side, size, stride, padding, dilation) for side in pixels.shape[-2:])
    padded = _padded(pixels, padding_amount(padding, size, dilation), border).detach()
    output = padded.new_empty(*pixels.shape[:-2], height, width)
    # Some rows at a time, so that they stay in the processor's cache while all weights are applied to them.
    step = max(1, _CACHED_VALUES * height // max(1, output.numel()))

    is_inference = torch.is_inference_mode_enabled()

    def fill(top: int) -> None:
        with torch.inference_mode(is_inference):  # each thread has a mode of its own
            rows = output[..., top : top + step, :]
            _weighted_sum(padded[..., top * stride :, :], grid.tolist(), rows, stride, dilation)
            if divisor != 1:
                rows /= divisor
            if bias:
                rows += bias

    # Threads of our own: torch's would meet at the end of each of the many small steps.
    with ThreadPoolExecutor(torch.get_num_threads()) as threads:
        list(threads.map(fill, range(0, height, step)))
    return output


def convolve2d(
    image: Pixels,
    weights: KernelSource,
    *,
    stride: int = 1,
    padding: Padding = "same",
    dilation: int = 1,
    border: Border = "zero",
    divisor: float = 1.0,
    bias: float = 0.0,
) -> torch.Tensor:
    """The mathematician's convolution: `correlate2d` with the kernel turned by 180 degrees.

    >>> impulse = torch.zeros(3, 3); impulse[1, 1] = 1
    >>> convolve2d(impulse, [[1, 2, 3], [4, 5, 6], [7, 8, 9]])
    tensor([[1., 2., 3.],
            [4., 5., 6.],
            [7., 8., 9.]])
    """
    return correlate2d(
        image,
        kernel(weights, torch.float64).flip(0, 1),
        stride=stride,
        padding=padding,
        dilation=dilation,
        border=border,
        divisor=divisor,
        bias=bias,
    )


def apply_filter(image: Pixels, filter_: Filter) -> torch.Tensor:
    """`correlate2d`, or `convolve2d` for a flipped filter, with all the filter's settings.

    >>> apply_filter(torch.ones(3, 3), Filter(((1, 1, 1),) * 3, divisor=9, stride=3)).shape
    torch.Size([1, 1])
    """
    operation = convolve2d if filter_.flipped else correlate2d
    return operation(
        image,
        filter_.weights,
        stride=filter_.stride,
        padding=filter_.padding,
        dilation=filter_.dilation,
        border=filter_.border,
        divisor=filter_.divisor,
        bias=filter_.bias,
    )


def window_at(image: Pixels, filter_: Filter, row: int, column: int) -> Window:
    """What the filter multiplies and adds for one value of its response map, read off the picture's own pixels.

    Args:
        image: one channel (H, W), or a grey PIL image.
        row, column: the value's place in the response map, counted from 0.

    Raises:
        GeometryError: the map has no such value, or several channels arrived; otherwise as `correlate2d`.

    >>> window = window_at(torch.arange(16.0).reshape(4, 4), Filter(((0, 0, 0), (-1, 0, 1), (0, 0, 0))), row=0, column=0)
    >>> window.pixels.tolist(), window.total, (window.top, window.left)
    ([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 4.0, 5.0]], 1.0, (-1, -1))
    """
    pixels = as_pixels(image).double()
    if pixels.ndim != 2:
        raise GeometryError(f"Values shaped {tuple(pixels.shape)} arrived; expected one channel (H, W).")
    weights = kernel(filter_.weights, torch.float64)
    _check_numbers(filter_.divisor, filter_.bias)
    size, dilation = weights.shape[0], filter_.dilation
    amount = padding_amount(filter_.padding, size, dilation)
    for name, place, side in (("row", row, pixels.shape[0]), ("column", column, pixels.shape[1])):
        count = output_size(side, size, filter_.stride, amount, dilation)
        if not 0 <= place < count:
            raise GeometryError(f"The {name} is {place}; expected 0 to {count - 1}, as the response map has {count}.")
    _check_border(pixels, amount, filter_.border)
    top, left = row * filter_.stride - amount, column * filter_.stride - amount
    rows, columns = ([first + dilation * step for step in range(size)] for first in (top, left))
    seen = torch.tensor([[_pixel(pixels, r, c, filter_.border) for c in columns] for r in rows], dtype=torch.float64)
    weights = weights.flip(0, 1) if filter_.flipped else weights
    products = seen * weights
    total = math.fsum(products.flatten().tolist()) / filter_.divisor + filter_.bias
    return Window(seen, weights, products, total, top, left, dilation)


def pool2d(
    image: Pixels,
    window: int = 2,
    *,
    stride: int | None = None,
    mode: PoolingMode = "max",
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
    if mode == "max":
        return _over_windows(pixels, window, stride, torch.amax)
    if mode == "average":
        return _over_windows(pixels, window, stride, torch.mean)
    return _over_windows(pixels.square(), window, stride, torch.sum).sqrt()


def as_pixels(image: Pixels) -> torch.Tensor:
    """A tensor or array (..., H, W), or a PIL image, -> (..., H, W), float64 as it is, anything else as float32.

    PIL pixels stay in 0..255.

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
    pixels = torch.as_tensor(np.ascontiguousarray(image) if isinstance(image, np.ndarray) else image)
    if pixels.ndim < 2:
        raise GeometryError(f"Values shaped {tuple(pixels.shape)} arrived; expected (H, W) or (..., H, W).")
    return pixels if pixels.dtype == torch.float64 else pixels.float()


def _over_windows(
    pixels: torch.Tensor, window: int, stride: int, reduce: Callable[[torch.Tensor, int], torch.Tensor]
) -> torch.Tensor:
    """Reduce each window to one value: along its rows, then down, so that 32 x 32 values cost as much as 32 + 32."""
    rows = reduce(pixels.unfold(-1, window, stride), -1)  # (..., H, W) -> (..., H, W', window) -> (..., H, W')
    return reduce(rows.unfold(-2, window, stride), -1)  # -> (..., H', W', window) -> (..., H', W')


def _weighted_sum(
    padded: torch.Tensor, grid: Sequence[Sequence[float]], output: torch.Tensor, stride: int, dilation: int
) -> None:
    """Put into `output` (..., h, w) what the weights make of `padded` from its first row on.

    One shifted view of the picture for each weight: for a single kernel that is faster than torch's conv2d, whose table of
    all windows would take 7.5 GB for 31 x 31 weights on one megapixel of float64.
    """
    height, width = output.shape[-2:]
    for i, row in enumerate(grid):
        for j, weight in enumerate(row):
            rows = slice(i * dilation, i * dilation + (height - 1) * stride + 1, stride)
            columns = slice(j * dilation, j * dilation + (width - 1) * stride + 1, stride)
            if i == j == 0:
                torch.mul(padded[..., rows, columns], weight, out=output)
            else:
                output.add_(padded[..., rows, columns], alpha=weight)


def _padded(pixels: torch.Tensor, amount: int, border: Border) -> torch.Tensor:
    """(..., H, W) -> (..., H + 2 amount, W + 2 amount)."""
    _check_border(pixels, amount, border)
    height, width = pixels.shape[-2:]
    shape = (*pixels.shape[:-2], height + 2 * amount, width + 2 * amount)
    if amount and math.prod(shape) > MAX_PADDED_VALUES:
        raise GeometryError(
            f"The padding is {amount} and would make {math.prod(shape):,} values of the picture's {pixels.numel():,}; the limit "
            f"is {MAX_PADDED_VALUES:,}. Use less padding, a smaller dilation or a smaller picture."
        )
    if border == "mean":
        padded = pixels.mean((-2, -1), keepdim=True).expand(shape).clone()
        padded[..., amount : amount + height, amount : amount + width] = pixels
        return padded
    single = pixels.reshape(-1, 1, *pixels.shape[-2:])  # torch's other modes want (N, C, H, W)
    mode = "constant" if border == "zero" else border
    padded = F.pad(single, (amount,) * 4, mode=mode)
    return padded.reshape(*pixels.shape[:-2], *padded.shape[-2:])


def _pixel(pixels: torch.Tensor, row: int, column: int, border: Border) -> float:
    """One pixel of (H, W), or what the border puts in its place, found without torch's padding."""
    height, width = pixels.shape
    if not (0 <= row < height and 0 <= column < width):
        if border == "zero":
            return 0.0
        if border == "mean":
            return pixels.mean().item()
        place = _mirrored if border == "reflect" else _nearest
        row, column = place(row, height), place(column, width)
    return pixels[row, column].item()


def _mirrored(place: int, side: int) -> int:
    return side - 1 - abs(side - 1 - abs(place))


def _nearest(place: int, side: int) -> int:
    return min(max(place, 0), side - 1)


def _check_border(pixels: torch.Tensor, amount: int, border: Border) -> None:
    if border not in BORDERS:
        raise UnknownNameError("border", border, BORDERS)
    side = min(pixels.shape[-2:])
    if border == "reflect" and amount >= side:
        raise GeometryError(
            f"The padding is {amount} and the picture's shorter side {side} pixels; a reflected border needs padding below "
            "that side. Use less padding, a larger picture or another border."
        )


def _check_whole(**values: int) -> None:
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise GeometryError(f"The {name} is {value!r}; expected a whole number of at least 1.")


def _check_numbers(divisor: float, bias: float) -> None:
    for name, value in (("divisor", divisor), ("bias", bias)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise KernelError(f"The {name} is {value!r}; expected an ordinary number.")
    if divisor == 0:
        raise KernelError("The divisor is 0; expected any other number. Use 1 to leave the sum as it is.")
