"""Changes of a picture that ask what a network looks at.

Pixels (3, H, W) of uint8 in, as `Classifier.to_pixels` gives them, as many out.

>>> import cnnhub
>>> flowers = cnnhub.load("flowers")
>>> pixels = flowers.to_pixels(np.full((300, 300, 3), 90, np.uint8))
>>> int(doubled(pixels).max())
180
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnhub.errors import ArgumentError

POOLED: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "max": lambda windows: windows.max(axis=(2, 4)),
    "average": lambda windows: windows.mean(axis=(2, 4)),
    "l2": lambda windows: np.sqrt((windows**2).mean(axis=(2, 4))),
}
_GREY = np.array([0.299, 0.587, 0.114])[:, None, None]  # brightness, as PIL weighs the colours (ITU-R 601-2)


def swapped(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each two neighbouring columns change places; an odd last one stays.

    >>> swapped(np.arange(5, dtype=np.uint8).reshape(1, 1, 5)).ravel()
    array([1, 0, 3, 2, 4], dtype=uint8)
    """
    width = pixels.shape[2]
    order = np.arange(width) ^ 1
    order[order >= width] = width - 1
    return pixels[:, :, order]


def doubled(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every value twice as large, cut off at 255.

    >>> doubled(np.array([[[10, 100, 200]]], np.uint8)).ravel()
    array([ 20, 200, 255], dtype=uint8)
    """
    return np.minimum(pixels.astype(np.uint16) * 2, 255).astype(np.uint8)


def blurred(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A 3 x 3 filter of 1 2 1, 2 4 2, 1 2 1, divided by 16; beyond the edge the nearest pixel is repeated.

    >>> blurred(np.array([[[0, 0, 160, 0, 0]]], np.uint8)).ravel()
    array([ 0, 40, 80, 40,  0], dtype=uint8)
    """
    return _as_bytes(_along(_along(pixels, (1, 2, 1), 1), (1, 2, 1), 2) / 16)


def edges(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """How steeply the brightness rises: the length of Sobel's two answers, cut off at 255, the same in all three channels.

    >>> edges(np.repeat(np.array([[[0, 0, 50, 50]]], np.uint8), 3, axis=0))[0]
    array([[  0, 200, 200,   0]], dtype=uint8)
    """
    grey = (_GREY * pixels).sum(axis=0, keepdims=True)
    across = _along(_along(grey, (1, 2, 1), 1), (-1, 0, 1), 2)
    down = _along(_along(grey, (-1, 0, 1), 1), (1, 2, 1), 2)
    return np.repeat(_as_bytes(np.hypot(across, down)), 3, axis=0)


def noisy(pixels: NDArray[np.uint8], amount: float, seed: int = 0) -> NDArray[np.uint8]:
    """Normally distributed noise, drawn for each value by itself.

    Args:
        amount: its standard deviation, as a share of the 255.

    Raises:
        ArgumentError: the amount is not a number from 0 to 1.

    >>> bool((noisy(np.full((3, 2, 2), 7, np.uint8), 0) == 7).all())
    True
    """
    _check_share("amount", amount, 0)
    noise = np.random.default_rng(seed).normal(0, 255 * amount, pixels.shape)
    return _as_bytes(pixels + noise)


def shuffled(pixels: NDArray[np.uint8], pieces: int, seed: int = 0) -> NDArray[np.uint8]:
    """Cut into pieces x pieces equal tiles, which change places at random: the texture stays, the shape is gone.

    What the tiles do not cover, at the right and at the bottom, stays where it is.

    Raises:
        ArgumentError: so many tiles have no pixel each.

    >>> sorted(shuffled(np.arange(16, dtype=np.uint8).reshape(1, 4, 4), 2).ravel()) == list(range(16))
    True
    """
    height, width = (side // pieces if pieces > 0 else 0 for side in pixels.shape[1:])
    if not height or not width:
        raise ArgumentError(f"pieces={pieces!r} arrived; expected a whole number from 1 to {min(pixels.shape[1:])}.")
    made = pixels.copy()
    order = np.random.default_rng(seed).permutation(pieces**2)
    for to, source in enumerate(order):
        (row, column), (old_row, old_column) = divmod(to, pieces), divmod(int(source), pieces)
        made[:, row * height : (row + 1) * height, column * width : (column + 1) * width] = pixels[
            :, old_row * height : (old_row + 1) * height, old_column * width : (old_column + 1) * width
        ]
    return made


def cropped(pixels: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    """The middle, a share of both sides, scaled up to the whole size.

    Raises:
        ArgumentError: the share is not a number from 0.05 to 1.

    >>> cropped(np.zeros((3, 8, 8), np.uint8), 0.5).shape
    (3, 8, 8)
    """
    _check_share("share", share, 0.05)
    height, width = pixels.shape[1:]
    left, top = (side * (1 - share) / 2 for side in (width, height))
    picture = Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))  # (3, H, W) -> (H, W, 3)
    made = picture.resize((width, height), Image.Resampling.BICUBIC, (left, top, width - left, height - top))
    return np.ascontiguousarray(np.asarray(made).transpose(2, 0, 1))


def pooled(pixels: NDArray[np.uint8], mode: str, times: int = 1) -> NDArray[np.uint8]:
    """Each two by two pixels become one, so many times; then every pixel is as large as those that it stands for.

    An odd last row or column is left out of the pooling, and repeats its neighbour.

    Args:
        mode: "max", "average", or "l2", the root of the mean of the squares: the L2 norm, divided by 2, so that it stays a pixel.

    Raises:
        ArgumentError: there is no such mode, or nothing is left.

    >>> pooled(np.array([[[3, 4, 8], [0, 0, 8]]], np.uint8), "max")[0].tolist()
    [[4, 4, 4], [4, 4, 4]]
    """
    if mode not in POOLED:
        raise ArgumentError(f"mode={mode!r} arrived; expected one of {', '.join(POOLED)}.")
    if times < 0 or min(pixels.shape[1:]) >> times < 1:
        raise ArgumentError(f"times={times!r} arrived; {pixels.shape[1]} x {pixels.shape[2]} pixels cannot be halved so often.")
    values = pixels.astype(np.float64)
    for _ in range(times):
        height, width = (side // 2 for side in values.shape[1:])
        windows = values[:, : 2 * height, : 2 * width].reshape(-1, height, 2, width, 2)
        values = POOLED[mode](windows)
    rows, columns = (np.minimum(np.arange(side) >> times, (side >> times) - 1) for side in pixels.shape[1:])
    return _as_bytes(values[:, rows][:, :, columns])


def _along(values: NDArray[np.generic], weights: tuple[int, int, int], axis: int) -> NDArray[np.float64]:
    """Three weights over neighbours along an axis; beyond the edge the nearest value is repeated."""
    pads = [(1, 1) if each == axis else (0, 0) for each in range(values.ndim)]
    wide = np.pad(values.astype(np.float64), pads, mode="edge")
    length = values.shape[axis]
    parts = (weight * wide.take(range(shift, shift + length), axis) for shift, weight in enumerate(weights))
    total: NDArray[np.float64] = sum(parts, np.zeros(values.shape))
    return total


def _as_bytes(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _check_share(name: str, value: float, least: float) -> None:
    if not least <= value <= 1:
        raise ArgumentError(f"{name}={value!r} arrived; expected a number from {least:g} to 1.")
