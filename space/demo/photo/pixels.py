"""The photo's pixels as the laboratory computes with them: at most a megapixel, packed so that the browser gets them exactly."""

from __future__ import annotations

import base64
import math
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnnhub.decoding import Size
from demo.photo.memory import Kept

if TYPE_CHECKING:
    import torch

Box: TypeAlias = tuple[int, int, int, int]  # left, top, right, bottom
MAX_PIXELS = 1_000_000  # larger photos are scaled down: the map could not be shown larger anyway
MOST_KEPT = 8  # decoded photos, of 4 MB each at most
KEPT_SECONDS = 30.0  # with the age at which files are deleted, less than the ten minutes that the page promises


@dataclass(frozen=True, eq=False)
class Pixels:
    """A photo, opened and scaled down.

    Attributes:
        id: tells photos apart.
        rgb: (H, W, 3) uint8, scaled down if the photo had more than MAX_PIXELS.
        original: (width, height) before that.
    """

    id: str
    rgb: NDArray[np.uint8]
    original: tuple[int, int]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.rgb.shape[1], self.rgb.shape[0]

    @property
    def scaled_down(self) -> bool:
        return self.size != self.original

    def picture(self) -> Image.Image:
        return Image.fromarray(self.rgb)

    @cached_property
    def grey(self) -> NDArray[np.uint8]:
        """(H, W), brightness as PIL weighs the colours."""
        return np.asarray(self.picture().convert("L"))

    def planes(self, colour: bool) -> torch.Tensor:
        """-> (3, H, W) or (1, H, W) float64, 0 to 255."""
        import torch

        planes = self.rgb.transpose(2, 0, 1) if colour else self.grey[None]  # (H, W, 3) -> (3, H, W)
        return torch.from_numpy(planes.astype(np.float64))

    def packed(self, box: Box | None = None) -> dict[str, Any]:
        """The exact pixels for lab_math.js: planes R, G, B, each row as differences modulo 256, deflated, base64.

        Args:
            box: the part of the photo that is given; without one, all of it.
        """
        width, height = self.size
        left, top, right, bottom = box = box or (0, 0, width, height)
        part = self.rgb[top:bottom, left:right].transpose(2, 0, 1)
        planes = part.copy()
        planes[:, :, 1:] -= part[:, :, :-1]  # of uint8: modulo 256
        data = base64.b64encode(zlib.compress(planes.tobytes(), 6)).decode()
        facts = {"id": self.id, "width": width, "height": height, "isScaledDown": self.scaled_down}
        return facts | {"box": box, "means": self.means, "data": data}

    @cached_property
    def means(self) -> dict[str, float]:
        """Of the brightness ("null") and of each channel, for the border that holds them."""
        planes = {"null": self.grey, **{str(channel): self.rgb[:, :, channel] for channel in range(3)}}
        return {name: int(plane.sum(dtype=np.int64)) / plane.size for name, plane in planes.items()}


_kept: Kept[str, Pixels] = Kept(MOST_KEPT, KEPT_SECONDS)


def made(name: str, picture: Image.Image, original: Size) -> Pixels:
    """Of a photo of this (width, height), which may have been scaled down already."""
    return Pixels(name, np.asarray(fitted(picture)), original)


def kept(name: str) -> Pixels | None:
    """Those of the photo with this id, if it was among the last ones."""
    return _kept.get(name)


def keep(made: Pixels) -> Pixels:
    """Remember them for half a minute, and forget the oldest."""
    return _kept.keep(made.id, made)


def fitted(picture: Image.Image) -> Image.Image:
    """The picture, scaled down if it has more than MAX_PIXELS."""
    size = fitting(picture.size)
    return picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)


def fitting(size: Size) -> Size:
    """(width, height) of a picture of this size once it has MAX_PIXELS at most.

    >>> fitting((4000, 3000)), fitting((640, 480))
    ((1154, 866), (640, 480))
    """
    width, height = size
    if width * height <= MAX_PIXELS:
        return size
    shrink = math.sqrt(MAX_PIXELS / (width * height))
    return max(1, int(width * shrink)), max(1, int(height * shrink))
