"""Maps of numbers become pictures: one sequential colour map for activations, one diverging for signed values."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image

SEQUENTIAL = "magma"  # zero is black; for maps that are never negative
VISIBLE_SHARE = 0.995
DIVERGING = "RdBu_r"  # blue below zero, red above, neutral at zero


def is_signed(maps: torch.Tensor) -> bool:
    """Whether any value lies below zero.

    >>> is_signed(torch.tensor([0.0, 1.0])), is_signed(torch.tensor([-1.0, 1.0]))
    (False, True)
    """
    return bool((maps < 0).any())


def map_image(values: torch.Tensor, limit: float | None = None, signed: bool | None = None) -> Image.Image:
    """One map (H, W) -> an RGB image, one pixel a value.

    Args:
        limit: the value that gets the last colour; the largest |value| if None.
        signed: use the diverging colours, symmetric around zero; told from the values if None.

    >>> picture = map_image(torch.tensor([[-1.0, 0.0, 1.0]]))
    >>> [picture.getpixel((x, 0)) for x in range(3)]  # blue, nearly white, red
    [(5, 48, 97), (247, 246, 246), (103, 0, 31)]
    """
    signed = is_signed(values) if signed is None else signed
    limit = float(values.abs().max()) if limit is None else limit
    unit = values.float() / (limit or 1.0)
    position = (unit + 1) / 2 if signed else unit
    index = (position.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    return Image.fromarray(_palette(DIVERGING if signed else SEQUENTIAL)[index])


def visible_limit(values: torch.Tensor) -> float:
    """The |value| to give the last colour: a few stark values must not wash out all the others.

    It is the 99.5 % quantile of |values| (of every so many, where there are more than 100,000), or the largest
    if that is zero.

    >>> visible_limit(torch.cat([torch.ones(999), torch.tensor([1000.0])]))
    1.0
    """
    sizes = values.abs().flatten()
    sample = sizes[:: max(1, sizes.numel() // 100_000)]
    return torch.quantile(sample, VISIBLE_SHARE).item() or sizes.max().item()


def sprite(maps: torch.Tensor, limit: float | None = None, signed: bool | None = None) -> Image.Image:
    """Maps (C, H, W) -> one RGB image of tiles without gaps, row by row, one pixel a value.

    The tiles stand in a grid that is `sprite_columns(C)` wide; unused places at the end are zero.

    >>> sprite(torch.rand(5, 10, 20)).size
    (60, 20)
    """
    signed = is_signed(maps) if signed is None else signed
    channels, height, width = maps.shape
    columns = sprite_columns(channels)
    rows = math.ceil(channels / columns)
    padded = torch.zeros(rows * columns, height, width)
    padded[:channels] = maps
    # (rows * columns, H, W) -> (rows, H, columns, W) -> (rows * H, columns * W)
    grid = padded.reshape(rows, columns, height, width).permute(0, 2, 1, 3).reshape(rows * height, columns * width)
    return map_image(grid, float(maps.abs().max()) if limit is None else limit, signed)


def sprite_columns(channels: int) -> int:
    """How many tiles stand beside each other in a sprite of so many: the side of the smallest square.

    >>> sprite_columns(16), sprite_columns(17)
    (4, 5)
    """
    return math.ceil(math.sqrt(channels))


@cache
def _palette(name: str) -> NDArray[np.uint8]:
    """256 colours as (256, 3) uint8."""
    return (colormaps[name](np.arange(256))[:, :3] * 255).round().astype(np.uint8)
