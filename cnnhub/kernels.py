"""Preset kernels, and the check that any other grid of numbers has to pass.

Kernels are written as they are applied by correlation, the operation that deep learning calls convolution:
`sobel_x` answers positively where the picture gets brighter to the right.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import torch

from cnnhub.errors import KernelError, UnknownNameError

KernelSource: TypeAlias = "str | Sequence[Sequence[float]] | torch.Tensor"

MAX_SIZE = 31

_LINE = [0.0] * 7
_PRESETS: dict[str, list[list[float]]] = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "box_blur": [[1 / 9] * 3] * 3,
    "box_blur_5x5": [[1 / 25] * 5] * 5,
    "gaussian": [[w / 16 for w in row] for row in ([1, 2, 1], [2, 4, 2], [1, 2, 1])],
    "gaussian_5x5": [[a * b / 256 for b in (1, 4, 6, 4, 1)] for a in (1, 4, 6, 4, 1)],
    "sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "sobel_x": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "sobel_y": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "prewitt_x": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "prewitt_y": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "scharr_x": [[-3, 0, 3], [-10, 0, 10], [-3, 0, 3]],
    "scharr_y": [[-3, -10, -3], [0, 0, 0], [3, 10, 3]],
    "laplacian_4": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "laplacian_8": [[1, 1, 1], [1, -8, 1], [1, 1, 1]],
    "emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
    "outline": [[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]],
    # Aurélien Géron's pair in "Hands-On Machine Learning", the chapter on deep computer vision
    "line_vertical": [[0, 0, 0, 1, 0, 0, 0]] * 7,
    "line_horizontal": [_LINE, _LINE, _LINE, [1.0] * 7, _LINE, _LINE, _LINE],
}


def names() -> list[str]:
    """Names of the preset kernels.

    >>> names()[:3]
    ['identity', 'box_blur', 'box_blur_5x5']
    """
    return list(_PRESETS)


def kernel(source: KernelSource) -> torch.Tensor:
    """A preset's name or a grid of numbers -> a kernel (k, k) float32, k odd.

    Raises:
        UnknownNameError: no preset has this name.
        KernelError: the grid is not square, odd-sized, at most 31 wide, and of finite numbers.

    >>> kernel("sobel_x")
    tensor([[-1.,  0.,  1.],
            [-2.,  0.,  2.],
            [-1.,  0.,  1.]])
    """
    if isinstance(source, str):
        if source not in _PRESETS:
            raise UnknownNameError("kernel", source, _PRESETS)
        source = _PRESETS[source]
    weights = _as_tensor(source)
    _check(weights)
    return weights


def _as_tensor(source: Sequence[Sequence[float]] | torch.Tensor) -> torch.Tensor:
    if isinstance(source, torch.Tensor):
        return source.detach().float().clone()
    try:
        return torch.tensor([[float(value) for value in row] for row in source], dtype=torch.float32)
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
    """What a kernel does to a picture, told from its numbers alone.

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
