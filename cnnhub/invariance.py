"""What pooling survives: a picture is moved, pooled before and after, and the change is measured."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cnnhub.convolution import POOLING_MODES, Pixels, as_pixels, pool2d
from cnnhub.errors import GeometryError
from cnnhub.lazy import Lazy

if TYPE_CHECKING:
    import torch
    import torch.nn.functional as F
else:
    torch = Lazy("torch")
    F = Lazy("torch.nn.functional")


def pooled(pixels: Pixels, window: int = 2, stride: int = 2) -> dict[str, torch.Tensor]:
    """One picture pooled in each way, each channel on its own.

    Args:
        pixels: (..., H, W) values, or a PIL image.
        window, stride: side of the window and its step, in pixels.

    Returns:
        "max", "average" and "l2" as `pool2d` makes them, and "global_average" (..., 1, 1), the mean of the channel.

    Raises:
        GeometryError: window or stride leave no output.

    >>> {name: values.tolist() for name, values in pooled(torch.tensor([[3.0, 4.0], [0.0, 0.0]])).items()}
    {'max': [[4.0]], 'average': [[1.75]], 'l2': [[5.0]], 'global_average': [[1.75]]}
    """
    pixels = as_pixels(pixels)
    outputs: dict[str, torch.Tensor] = {mode: pool2d(pixels, window, stride=stride, mode=mode) for mode in POOLING_MODES}
    return {**outputs, "global_average": pixels.mean((-2, -1), keepdim=True)}


def moved(pixels: Pixels, shift_x: float = 0, shift_y: float = 0, angle: float = 0, scale: float = 1) -> torch.Tensor:
    """The picture turned and scaled about its middle, then shifted, in a frame that stays as large as it was.

    A shift by whole pixels alone copies them; anything else interpolates between four pixels. Beyond the edge of
    the picture its nearest pixel is repeated.

    Args:
        pixels: (..., H, W) values, or a PIL image.
        shift_x, shift_y: pixels to the right, downwards.
        angle: degrees against the clock.
        scale: 2 makes everything in the picture twice as large.

    Raises:
        GeometryError: a number that is not finite, or a scale that is not above 0.

    >>> moved(torch.tensor([[1.0, 2.0, 3.0]]), shift_x=1)
    tensor([[1., 1., 2.]])
    >>> moved(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), angle=90).round()
    tensor([[2., 4.],
            [1., 3.]])
    """
    pixels = as_pixels(pixels)
    _check_move(shift_x=shift_x, shift_y=shift_y, angle=angle, scale=scale)
    if angle == 0 and scale == 1 and shift_x == int(shift_x) and shift_y == int(shift_y):
        return _shifted(pixels, int(shift_x), int(shift_y))
    height, width = pixels.shape[-2:]
    cos, sin = math.cos(math.radians(angle)) / scale, math.sin(math.radians(angle)) / scale
    # From a place in the result to the one in the picture. affine_grid counts both sides from -1 to 1, whatever
    # their length, so that what crosses from one axis to the other is stretched by their ratio.
    across, down = -2 * shift_x / width, -2 * shift_y / height
    matrix = torch.tensor(
        [
            [cos, -sin * height / width, cos * across - sin * down * height / width],
            [sin * width / height, cos, sin * across * width / height + cos * down],
        ],
        dtype=pixels.dtype,
    )
    flat = pixels.reshape(1, -1, height, width)  # (..., H, W) -> (1, C, H, W): all channels move alike
    grid = F.affine_grid(matrix[None], [1, 1, height, width], align_corners=False).to(pixels.device)
    return F.grid_sample(flat, grid, padding_mode="border", align_corners=False).reshape(pixels.shape)


def change(before: torch.Tensor, after: torch.Tensor) -> float:
    """How much values changed: the mean of |before - after| divided by the mean of |before|.

    0 says that nothing changed, 0.09 that values changed by 9 % of their size on average. It is relative, as only
    so outputs of different size can be compared: an L2 norm over 2 x 2 pixels is up to twice as large as a pixel.
    The mean and not the spread stands below the line because a global average is one value, which has no spread.

    Raises:
        GeometryError: the two are not of one shape.

    >>> change(torch.tensor([10.0, 30.0]), torch.tensor([13.0, 29.0]))
    0.1
    """
    if before.shape != after.shape:
        raise GeometryError(
            f"Values shaped {tuple(before.shape)} and {tuple(after.shape)} arrived; expected one shape, before and after."
        )
    difference = (before.double() - after.double()).abs().mean().item()
    if difference == 0:
        return 0.0
    size = before.double().abs().mean().item()
    return difference / size if size else math.inf


def _shifted(pixels: torch.Tensor, right: int, down: int) -> torch.Tensor:
    height, width = pixels.shape[-2:]
    right, down = max(-width, min(right, width)), max(-height, min(down, height))  # further off, nothing else is seen
    rows = (torch.arange(height, device=pixels.device) - down).clamp(0, height - 1)
    columns = (torch.arange(width, device=pixels.device) - right).clamp(0, width - 1)
    return pixels[..., rows[:, None], columns]


def _check_move(**numbers: float) -> None:
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise GeometryError(f"The {name} is {value!r}; expected an ordinary number.")
    if numbers["scale"] <= 0:
        raise GeometryError(f"The scale is {numbers['scale']!r}; expected a number above 0, such as 1.1.")
