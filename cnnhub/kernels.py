"""Preset kernels, and the check that any other grid of numbers has to pass.

Kernels are written as they are applied by correlation, the operation that deep learning calls convolution:
`sobel_x` answers positively where the picture gets brighter to the right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from cnnhub.errors import KernelError, UnknownNameError
from cnnhub.lazy import Lazy

if TYPE_CHECKING:
    import torch
else:
    torch = Lazy("torch")

KernelSource: TypeAlias = "str | Sequence[Sequence[float]] | torch.Tensor"

MAX_SIZE = 31

# What a preset is for, in the order in which people meet them.
GROUPS = ("smooth", "sharpen", "vertical_edges", "horizontal_edges", "diagonal_edges", "all_edges", "emboss", "lines")


@dataclass(frozen=True)
class Preset:
    """A preset kernel as people write it: whole numbers and what their sum is divided by.

    Attributes:
        weights: (k, k), undivided.
        group: what it is for, one of GROUPS.

    >>> preset("gaussian").weights[1], preset("gaussian").divisor
    ((2.0, 4.0, 2.0), 16.0)
    """

    weights: tuple[tuple[float, ...], ...]
    divisor: float
    group: str


def _preset(group: str, rows: Sequence[Sequence[float]], divisor: float = 1) -> Preset:
    return Preset(tuple(tuple(float(value) for value in row) for row in rows), float(divisor), group)


_BINOMIAL_3, _BINOMIAL_5 = (1, 2, 1), (1, 4, 6, 4, 1)
_PRESETS: dict[str, Preset] = {
    "identity": _preset("smooth", [[0, 0, 0], [0, 1, 0], [0, 0, 0]]),  # the blur over a single pixel
    "box_blur": _preset("smooth", [[1] * 3] * 3, 9),
    "box_blur_5x5": _preset("smooth", [[1] * 5] * 5, 25),
    "gaussian": _preset("smooth", [[a * b for b in _BINOMIAL_3] for a in _BINOMIAL_3], 16),
    "gaussian_5x5": _preset("smooth", [[a * b for b in _BINOMIAL_5] for a in _BINOMIAL_5], 256),
    "sharpen": _preset("sharpen", [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "sobel_x": _preset("vertical_edges", [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]),
    "sobel_y": _preset("horizontal_edges", [[-1, -2, -1], [0, 0, 0], [1, 2, 1]]),
    "prewitt_x": _preset("vertical_edges", [[-1, 0, 1]] * 3),
    "prewitt_y": _preset("horizontal_edges", [[-1] * 3, [0] * 3, [1] * 3]),
    "scharr_x": _preset("vertical_edges", [[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]]),
    "scharr_y": _preset("horizontal_edges", [[-3, -10, -3], [0, 0, 0], [3, 10, 3]]),
    # degrees counted from the right towards the top: positive where it gets brighter to the upper right, the upper left
    "sobel_45": _preset("diagonal_edges", [[0, 1, 2], [-1, 0, 1], [-2, -1, 0]]),
    "sobel_135": _preset("diagonal_edges", [[2, 1, 0], [1, 0, -1], [0, -1, -2]]),
    "laplacian_4": _preset("all_edges", [[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "laplacian_8": _preset("all_edges", [[1, 1, 1], [1, -8, 1], [1, 1, 1]]),
    "emboss": _preset("emboss", [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]),
    "outline": _preset("all_edges", [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
    # Aurélien Géron's pair in "Hands-On Machine Learning", the chapter on deep computer vision
    "line_vertical": _preset("lines", [[0, 0, 0, 1, 0, 0, 0]] * 7),
    "line_horizontal": _preset("lines", [[0] * 7] * 3 + [[1] * 7] + [[0] * 7] * 3),
}


def names() -> list[str]:
    """Names of the preset kernels.

    >>> names()[:3]
    ['identity', 'box_blur', 'box_blur_5x5']
    """
    return list(_PRESETS)


def preset(name: str) -> Preset:
    """The preset of this name, undivided.

    Raises:
        UnknownNameError: no preset has this name.

    >>> preset("box_blur")
    Preset(weights=((1.0, 1.0, 1.0), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0)), divisor=9.0, group='smooth')
    """
    if name not in _PRESETS:
        raise UnknownNameError("kernel", name, _PRESETS)
    return _PRESETS[name]


def kernel(source: KernelSource, dtype: torch.dtype | None = None) -> torch.Tensor:
    """A preset's name (its weights divided by its divisor) or a grid of numbers -> a kernel (k, k), k odd.

    Args:
        dtype: of the result; None is torch.float32.

    Raises:
        UnknownNameError: no preset has this name.
        KernelError: the grid is not square, odd-sized, at most 31 wide, and of finite numbers.

    >>> kernel("sobel_x")
    tensor([[-1.,  0.,  1.],
            [-2.,  0.,  2.],
            [-1.,  0.,  1.]])
    >>> kernel("box_blur", torch.float64)[0, 0].item()
    0.1111111111111111
    """
    if isinstance(source, str):
        known = preset(source)
        source = [[value / known.divisor for value in row] for row in known.weights]
    weights = _as_tensor(source, dtype or torch.float32)
    _check(weights)
    return weights


def keeps_brightness(weights: torch.Tensor) -> bool:
    """Whether the weights (k, k) add up to 1: such a kernel makes a picture of a picture, as bright as it was.

    >>> keeps_brightness(kernel("gaussian")), keeps_brightness(kernel("sobel_x"))
    (True, False)
    """
    return abs(weights.sum().item() - 1) < 1e-3


def _as_tensor(source: Sequence[Sequence[float]] | torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    if isinstance(source, torch.Tensor):
        return source.detach().to(dtype, copy=True)
    try:
        return torch.tensor([[float(value) for value in row] for row in source], dtype=dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise KernelError(
            f"The kernel is not a square grid of numbers: {error}. Expected rows of equal length, "
            "such as [[0, 1, 0], [1, -4, 1], [0, 1, 0]]."
        ) from None


def _check(weights: torch.Tensor) -> None:
    shape = " x ".join(str(side) for side in weights.shape)
    if weights.ndim != 2 or weights.shape[0] != weights.shape[1]:
        raise KernelError(f"The kernel is {shape or 'one number'}; expected a square grid, such as 3 x 3 or 5 x 5.")
    size = weights.shape[0]
    if size % 2 == 0:
        raise KernelError(f"The kernel is {shape}; expected an odd size (3, 5, 7), which has a middle.")
    if size > MAX_SIZE:
        raise KernelError(f"The kernel is {shape}; expected at most {MAX_SIZE} x {MAX_SIZE}.")
    if not torch.isfinite(weights).all():
        raise KernelError("The kernel holds a value that is not finite (inf or nan); expected ordinary numbers.")


@dataclass(frozen=True)
class Nature:
    """What a kernel does to a picture, by its numbers alone.

    Attributes:
        kind: one of "zero", "identity", "smooth", "sharpen", "relief", "vertical_edges",
            "horizontal_edges", "diagonal_edges", "details", "vertical_lines", "horizontal_lines", "mixed".
        total: sum of the weights, the answer to a flat picture of ones.
        towards_x, towards_y: first moments, sum of weight times offset from the middle, in pixels; positive
            if the kernel answers positively where the picture gets brighter to the right or downwards.
        centre: the weight in the middle.

    >>> nature("sobel_x")
    Nature(kind='vertical_edges', total=0.0, towards_x=8.0, towards_y=0.0, centre=0.0)
    """

    kind: str
    total: float
    towards_x: float
    towards_y: float
    centre: float


def nature(source: KernelSource) -> Nature:
    """Tell a kernel's nature from its sum and its first moments.

    >>> nature("sobel_x").kind, nature("laplacian_4").kind, nature("gaussian").kind
    ('vertical_edges', 'details', 'smooth')
    """
    weights = kernel(source).double()
    middle = weights.shape[0] // 2
    offsets = torch.arange(-middle, middle + 1, dtype=torch.float64)
    total = weights.sum().item()
    towards_x = (weights.sum(0) * offsets).sum().item()
    towards_y = (weights.sum(1) * offsets).sum().item()
    return Nature(
        _kind(weights, total, towards_x, towards_y),
        total,
        towards_x,
        towards_y,
        weights[middle, middle].item(),
    )


def _kind(weights: torch.Tensor, total: float, towards_x: float, towards_y: float) -> str:
    size = weights.abs().sum().item()
    middle = weights.shape[0] // 2
    centre = weights[middle, middle].item()
    moment = math.hypot(towards_x, towards_y)
    negligible, clear = 1e-3 * size, 0.1 * size
    if size == 0:
        return "zero"
    if size - abs(centre) <= negligible:
        return "identity" if abs(total - 1) <= negligible else "mixed"
    if (weights >= 0).all():
        if weights[:, middle].sum() == total:
            return "vertical_lines"
        if weights[middle].sum() == total:
            return "horizontal_lines"
        return "smooth" if moment <= clear else "mixed"  # one that leans to a side shifts the picture
    if abs(total) <= negligible:
        if moment > clear:
            return _edges(towards_x, towards_y)
        return "details" if abs(centre) >= 0.3 * size else "mixed"
    if total > 0 and moment > clear:
        return "relief"
    return "sharpen" if total > 0 and centre >= 0.5 * size else "mixed"


def _edges(towards_x: float, towards_y: float) -> str:
    slope = math.tan(math.pi / 8)  # an edge counts as diagonal from 22.5 degrees off the axes
    if abs(towards_y) <= slope * abs(towards_x):
        return "vertical_edges"
    return "horizontal_edges" if abs(towards_x) <= slope * abs(towards_y) else "diagonal_edges"
