"""Handwritten digits of 8 x 8 pixels: 1,797 to learn from, and whatever somebody draws made like them."""

from __future__ import annotations

import functools
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from cnnhub.errors import GeometryError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Whole: TypeAlias = NDArray[np.int64]
    Bitmap: TypeAlias = NDArray[np.bool_]

DIGITS_FILE = Path(__file__).parent / "data" / "digits.zz"  # what it holds stands in the README.md beside it
COUNT, SIDE, CLASSES, LEVELS = 1_797, 8, 10, 16  # digits in the file, pixels, labels, the largest value of a pixel
INK = 128  # of a drawing's 0 to 255: from here on it is a stroke
CELLS, WIDEST = 32, 20  # of the bitmap between drawing and digit: its side, and the columns that a digit may take
ENOUGH, THICKENINGS = 260, 3  # cells of ink, of 1,024, below which strokes are thickened; how often at most


@dataclass(frozen=True)
class Digits:
    """Handwritten digits.

    Attributes:
        pictures: (N, 8, 8) float64, 0 (paper) to 1 (ink).
        labels: (N,), 0 to 9.

    >>> digits().labels[:5]
    array([0, 1, 2, 3, 4])
    """

    pictures: Floats
    labels: Whole


def digits() -> Digits:
    """1,797 digits written by 13 people, from the UCI repository by way of scikit-learn (CC BY 4.0); they cannot be changed.

    >>> digits().pictures.shape, digits().labels[:10].tolist()
    ((1797, 8, 8), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    """
    return _read()


def as_digit(drawing: ArrayLike) -> Floats | None:
    """A drawing made as the digits were: what the strokes cover, as 32 x 32 cells, counted in blocks of 4 x 4.

    After the programs of NIST that made the digits (Garris et al. 1994, NISTIR 5469), strokes are scaled to the whole height
    and at most 20 cells of width, thickened where they are thin, and straightened: row by row shifted until the first ink of
    the top row and of the bottom row lie in one column.

    Args:
        drawing: (H, W) of any size, 0 (paper) to 255 (ink), as a black canvas with white strokes gives it.

    Returns:
        (8, 8) float64, 0 to 1; None where nothing is drawn.

    Raises:
        GeometryError: the drawing has another number of dimensions.

    >>> stroke = np.zeros((200, 300))
    >>> stroke[20:180, 140:160] = 255
    >>> (as_digit(stroke)[0] * 16).tolist()
    [0.0, 0.0, 4.0, 16.0, 16.0, 4.0, 0.0, 0.0]
    >>> as_digit(np.zeros((200, 300))) is None
    True
    """
    values = np.asarray(drawing)
    if values.ndim != 2:
        raise GeometryError(f"A drawing shaped {values.shape} arrived; expected (H, W), its brightness.")
    ink = values >= INK
    if not ink.any():
        return None
    bitmap = _straightened(_thickened(_centred(_fitted(_cropped(ink)))))
    blocks = _centred(bitmap).reshape(SIDE, CELLS // SIDE, SIDE, CELLS // SIDE)  # (32, 32) -> (8, 4, 8, 4)
    counts: Floats = blocks.sum(axis=(1, 3)) / LEVELS
    return counts


@functools.cache
def _read() -> Digits:
    values = np.frombuffer(zlib.decompress(DIGITS_FILE.read_bytes()), np.uint8)
    pictures = values[COUNT:].reshape(COUNT, SIDE, SIDE) / LEVELS
    labels = values[:COUNT].astype(np.int64)
    pictures.flags.writeable = labels.flags.writeable = False
    return Digits(pictures, labels)


def _cropped(ink: Bitmap) -> Bitmap:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _fitted(ink: Bitmap) -> Bitmap:
    """(H, W) -> 32 rows of as many columns as keep its shape, at most 20; a cell has ink where any of its pixels has."""
    height, width = ink.shape
    columns = max(1, min(WIDEST, (2 * CELLS * width + height) // (2 * height)))  # rounded, in whole numbers
    tall = np.stack([ink[start:end].any(axis=0) for start, end in _cells(height, CELLS)])
    return np.stack([tall[:, start:end].any(axis=1) for start, end in _cells(width, columns)], axis=1)


def _cells(pixels: int, cells: int) -> list[tuple[int, int]]:
    """Which pixels lie, even in part, in each of so many equal cells.

    >>> _cells(3, 2)
    [(0, 2), (1, 3)]
    """
    return [(cell * pixels // cells, -(-(cell + 1) * pixels // cells)) for cell in range(cells)]


def _thickened(bitmap: Bitmap) -> Bitmap:
    """Strokes grow by a cell to every side, not over the square's edge, until there is about as much ink as the digits have."""
    for _ in range(THICKENINGS):
        if bitmap.sum() >= ENOUGH:
            break
        around = np.pad(bitmap, 1)
        rows, columns = around[:-2, 1:-1] | around[2:, 1:-1], around[1:-1, :-2] | around[1:-1, 2:]
        bitmap = bitmap | rows | columns
    return bitmap


def _straightened(bitmap: Bitmap) -> Bitmap:
    lean = int(bitmap[-1].argmax()) - int(bitmap[0].argmax())
    rows = len(bitmap)
    shifts = [(lean * (2 * row - rows + 1) + rows - 1) // (2 * (rows - 1)) for row in range(rows)]  # rounded
    room = abs(lean)
    wide = np.zeros((rows, bitmap.shape[1] + 2 * room), bool)
    for row, shift in enumerate(shifts):
        wide[row, room - shift : room - shift + bitmap.shape[1]] = bitmap[row]
    return _cropped(wide)


def _centred(bitmap: Bitmap) -> Bitmap:
    """(32, W) -> (32, 32); what is wider loses as much on both sides."""
    width = bitmap.shape[1]
    over = max(0, width - CELLS) // 2
    kept = bitmap[:, over : over + CELLS]
    left = (CELLS - kept.shape[1]) // 2
    square = np.zeros((CELLS, CELLS), bool)
    square[:, left : left + kept.shape[1]] = kept
    return square
