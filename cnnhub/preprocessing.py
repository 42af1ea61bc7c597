"""A picture becomes the pixels that a network takes: what timm's `create_transform` does, with Pillow and NumPy alone.

Each function follows timm's evaluation transform step by step, so that its pixels are equal to timm's to the last bit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps

from cnnhub.errors import ImageError
from cnnhub.images import Box, Size

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cnnhub.hub.config import PretrainedConfig

MAX_RESIZED_PIXELS = 32_000_000
REDUCED = 2  # times the size that a picture is scaled to: JPEGs are decoded no smaller


def to_pixels(
    picture: Image.Image, cfg: PretrainedConfig, whole: Size | None = None, box: Box | None = None
) -> NDArray[np.uint8]:
    """An RGB picture, scaled and cut as `cfg` says -> pixels (3, H, W), 0 to 255.

    crop_mode "center" scales the shorter side and cuts the middle out, "squash" gives up the picture's shape, "border" scales
    the longer side and fills what is missing with the mean colour. crop_pct is the share of the scaled side that is kept.

    Args:
        whole, box: of a picture that was decoded at reduced size, see `images.Opened`.

    Raises:
        ImageError: the picture is a sliver.

    >>> from cnnhub.hub.config import PretrainedConfig
    >>> to_pixels(Image.new("RGB", (400, 300), "white"), PretrainedConfig()).shape
    (3, 224, 224)
    """
    height, width = cfg.input_size[1:]
    size = _scaled_size(whole or picture.size, cfg)
    scaled = picture if size == picture.size else picture.resize(size, Image.Resampling[cfg.interpolation.upper()], box)
    colour = tuple(round(255 * value) for value in cfg.mean) if cfg.crop_mode == "border" else (0, 0, 0)
    cut = _cut(scaled, width, height, colour)
    return np.ascontiguousarray(np.asarray(cut).transpose(2, 0, 1))  # (H, W, 3) -> (3, H, W)


def least_size(size: Size, cfg: PretrainedConfig) -> Size:
    """(width, height) down to which a picture of this size may be decoded, so that the scaling that follows changes little.

    Twice what it is scaled to. "nearest" picks single pixels and lets those between fall away; it needs them all.

    Raises:
        ImageError: the picture is a sliver.

    >>> from cnnhub.hub.config import PretrainedConfig
    >>> least_size((4000, 3000), PretrainedConfig(crop_pct=0.875))
    (682, 512)
    """
    width, height = _scaled_size(size, cfg)
    return size if cfg.interpolation == "nearest" else (REDUCED * width, REDUCED * height)


def seen_box(size: Size, cfg: PretrainedConfig) -> Box:
    """What of a picture of this (width, height) the network gets to see: left, top, right, bottom in the picture's pixels.

    Beyond the picture where crop_mode "border" fills up.

    >>> from cnnhub.hub.config import PretrainedConfig
    >>> seen_box((448, 224), PretrainedConfig(crop_pct=1.0))
    (112.0, 0.0, 336.0, 224.0)
    """
    height, width = cfg.input_size[1:]
    scaled_width, scaled_height = _scaled_size(size, cfg)
    left, top = round((scaled_width - width) / 2), round((scaled_height - height) / 2)
    across, down = size[0] / scaled_width, size[1] / scaled_height
    return left * across, top * down, (left + width) * across, (top + height) * down


def normalise(pixels: NDArray[np.uint8], cfg: PretrainedConfig) -> NDArray[np.float32]:
    """Pixels (..., 3, H, W), 0 to 255 -> float32, less the mean and divided by the standard deviation of each channel.

    >>> from cnnhub.hub.config import PretrainedConfig
    >>> grey = PretrainedConfig(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    >>> normalise(np.full((3, 1, 1), 255, np.uint8), grey).ravel()
    array([1., 1., 1.], dtype=float32)
    """
    mean, std = (np.asarray(values, np.float32)[:, None, None] for values in (cfg.mean, cfg.std))
    scaled: NDArray[np.float32] = pixels.astype(np.float32) / np.float32(255)
    scaled -= mean
    scaled /= std
    return scaled


def _scaled_size(size: Size, cfg: PretrainedConfig) -> Size:
    """(width, height) to which a picture of this size is scaled before it is cut."""
    width, height = size
    target_height, target_width = (math.floor(side / cfg.crop_pct) for side in cfg.input_size[1:])
    if cfg.crop_mode == "squash":
        return target_width, target_height
    ratios = height / target_height, width / target_width
    if cfg.crop_mode == "border":
        scaled = round(width / max(ratios)), round(height / max(ratios))
    elif target_height == target_width:  # torchvision's Resize rounds the longer side down
        longer = int(target_height * max(size) / min(size))
        scaled = (target_width, longer) if width <= height else (longer, target_height)
    else:
        scaled = round(width / min(ratios)), round(height / min(ratios))
    if min(scaled) < 1 or scaled[0] * scaled[1] > MAX_RESIZED_PIXELS:
        raise ImageError(
            f"The picture is {width} x {height} pixels, a sliver that cannot be classified. Crop it to something less long."
        )
    return scaled


def _cut(picture: Image.Image, width: int, height: int, colour: tuple[Any, ...]) -> Image.Image:
    """The middle of the picture; what it lacks in width or height is added around it first."""
    lacking_width, lacking_height = max(0, width - picture.width), max(0, height - picture.height)
    if lacking_width or lacking_height:
        left, top = lacking_width // 2, lacking_height // 2
        picture = ImageOps.expand(picture, (left, top, lacking_width - left, lacking_height - top), colour)
    left, top = round((picture.width - width) / 2), round((picture.height - height) / 2)
    return picture.crop((left, top, left + width, top + height))
