"""Maps of numbers become pictures: one sequential colour map for activations, one diverging for signed values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from cnnhub.kernels import keeps_brightness
from cnnhub.lazy import Lazy

if TYPE_CHECKING:
    import torch
else:
    torch = Lazy("torch")

SEQUENTIAL = "magma"  # zero is black; for maps that are never negative
VISIBLE_SHARE = 0.995
DIVERGING = "RdBu_r"  # blue below zero, red above, neutral at zero
_TILE, _GAP, _LINE, _BAR = 96, 6, 14, 128  # pixels of a gallery: about a tile's side, gaps, lines of text, colour bar
_WALL, _INK = (222, 222, 222), (40, 40, 40)


@dataclass(frozen=True)
class Scale:
    """How the values of one response map are drawn.

    Attributes:
        kind: "grey" is 0 (black) to 255 (white), cut at both; "signed" is the diverging colours from -limit to limit;
            "unsigned" the sequential ones from 0 to limit.
        limit: the |value| of the last colour; stronger values have it too.

    >>> Scale("signed", 330.0).kind
    'signed'
    """

    kind: Literal["grey", "signed", "unsigned"]
    limit: float

    @property
    def is_signed(self) -> bool:
        """Whether the colours are the diverging ones.

        >>> Scale("signed", 330.0).is_signed
        True
        """
        return self.kind == "signed"

    @property
    def low(self) -> float:
        """The value of the first colour.

        >>> Scale("signed", 330.0).low, Scale("unsigned", 330.0).low
        (-330.0, 0.0)
        """
        return -self.limit if self.is_signed else 0.0


GREYS = Scale("grey", 255.0)


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
    return palette_image(values, limit, signed).convert("RGB")


@cache
def palette(signed: bool) -> NDArray[np.uint8]:
    """The 256 colours (256, 3), red, green and blue, of signed maps, or of those that are never negative.

    >>> palette(False)[0].tolist()
    [0, 0, 4]
    """
    from matplotlib import colormaps  # a sixth of a second

    return (colormaps[DIVERGING if signed else SEQUENTIAL](np.arange(256))[:, :3] * 255).round().astype(np.uint8)


def palette_image(values: torch.Tensor, limit: float | None = None, signed: bool | None = None) -> Image.Image:
    """`map_image` with its 256 colours as a palette (mode "P"): a third of the bytes, and quicker to save.

    >>> palette_image(torch.tensor([[-1.0, 0.0, 1.0]])).getpixel((1, 0))
    128
    """
    signed = is_signed(values) if signed is None else signed
    limit = float(values.abs().max()) if limit is None else limit
    unit = values / (limit or 1.0)
    position = (unit + 1) / 2 if signed else unit
    index = (position.clamp(0, 1) * 255).round().to(torch.uint8).numpy()
    image = Image.fromarray(index).copy()
    image.putpalette(palette(signed).tobytes())
    return image


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
    return palette_sprite(maps, limit, signed).convert("RGB")


def palette_sprite(maps: torch.Tensor, limit: float | None = None, signed: bool | None = None) -> Image.Image:
    """`sprite` with its 256 colours as a palette (mode "P"), as `palette_image` is to `map_image`.

    >>> palette_sprite(torch.rand(5, 10, 20)).mode
    'P'
    """
    signed = is_signed(maps) if signed is None else signed
    channels, height, width = maps.shape
    columns = sprite_columns(channels)
    rows = math.ceil(channels / columns)
    padded = torch.zeros(rows * columns, height, width)
    padded[:channels] = maps
    # (rows * columns, H, W) -> (rows, H, columns, W) -> (rows * H, columns * W)
    grid = padded.reshape(rows, columns, height, width).permute(0, 2, 1, 3).reshape(rows * height, columns * width)
    return palette_image(grid, float(maps.abs().max()) if limit is None else limit, signed)


def sprite_columns(channels: int) -> int:
    """How many tiles stand beside each other in a sprite of so many: the side of the smallest square.

    >>> sprite_columns(16), sprite_columns(17)
    (4, 5)
    """
    return math.ceil(math.sqrt(channels))


def response_scale(values: torch.Tensor, weights: torch.Tensor) -> Scale:
    """How to draw a response map (H, W), or those of red, green and blue (3, H, W), of a photo with values 0 to 255, made by a
    kernel (k, k), divided.

    A kernel whose weights add up to 1 makes a picture of a picture: greys. Of others the kernel tells whether values
    below zero are to be expected, not this photo alone, so that one kernel has one kind of colours.

    >>> response_scale(torch.full((4, 4), 9.0), torch.tensor([[-1.0, 0.0, 1.0]]))
    Scale(kind='signed', limit=9.0)
    """
    return GREYS if keeps_brightness(weights) else coloured_scale(values, weights)


def coloured_scale(values: torch.Tensor, weights: torch.Tensor, bias: float = 0.0) -> Scale:
    """The colours of `response_scale`, for a kernel whose weights add up to 1 too; `bias` is what was added to each value.

    >>> coloured_scale(torch.full((4, 4), 9.0), torch.tensor([[1.0]]), bias=-1.0)
    Scale(kind='signed', limit=9.0)
    """
    return _coloured(bias < 0 or is_signed(weights) or is_signed(values), values)


def maps_scale(shown: torch.Tensor, of: torch.Tensor | None = None) -> Scale:
    """How to draw some of a layer's maps, all on one scale; whether it is signed is told from all of the layer's, `of`.

    >>> maps_scale(torch.ones(2, 4, 4), of=torch.tensor([[[-1.0, 1.0]]]))
    Scale(kind='signed', limit=1.0)
    """
    return _coloured(is_signed(shown if of is None else of), shown)


def response_image(values: torch.Tensor, scale: Scale) -> Image.Image:
    """A response map (H, W) -> an image, one pixel a value: mode "L" for greys, otherwise RGB.

    The maps of red, green and blue (3, H, W) become one RGB image where one map would be grey; otherwise they stand beside
    each other, (H, 3 W).

    >>> response_image(torch.tensor([[-9.0, 300.0]]), Scale("grey", 255.0)).tobytes()
    b'\\x00\\xff'
    >>> response_image(torch.ones(3, 20, 10), Scale("signed", 1.0)).size
    (30, 20)
    """
    if scale.kind == "grey":
        pixels = values.clamp(0, 255).round().to(torch.uint8)
        return Image.fromarray((pixels.permute(1, 2, 0) if values.ndim == 3 else pixels).numpy())  # (3, H, W) -> (H, W, 3)
    return map_image(torch.cat(list(values), dim=1) if values.ndim == 3 else values, scale.limit, scale.is_signed)


def overlay(photo: Image.Image, heat: NDArray[np.float32], strength: float = 0.6) -> Image.Image:
    """A photo in grey under the colours of a map: opaque, up to `strength`, where the map is large.

    Args:
        heat: (height, width), 0 to 1.

    >>> overlay(Image.new("RGB", (4, 2)), np.ones((2, 4), np.float32)).size
    (4, 2)
    """
    grey = np.repeat(np.asarray(photo.convert("L"), np.float32)[..., None], 3, axis=2)
    colours = palette(False)[(heat * 255).round().astype(np.uint8)].astype(np.float32)
    share = (strength * np.sqrt(heat))[..., None]
    return Image.fromarray((grey * (1 - share) + colours * share).round().astype(np.uint8))


def captioned(picture: Image.Image, title: str, limit: float = 1.0) -> Image.Image:
    """A picture with a line of text and the colours' legend below it.

    >>> captioned(Image.new("RGB", (300, 200)), "why it is a dog").size
    (312, 246)
    """
    width = max(picture.width, math.ceil(_font().getlength(title)), _BAR) + 2 * _GAP
    page = Image.new("RGB", (width, picture.height + 3 * _GAP + 2 * _LINE), _WALL)
    page.paste(picture, (_GAP, _GAP))
    top = picture.height + 2 * _GAP
    ImageDraw.Draw(page).text((_GAP, top), title, _INK, _font())
    _draw_bar(page, top + _LINE, limit, signed=False)
    return page


def gallery(maps: torch.Tensor, captions: Sequence[str], title: str, limit: float, signed: bool) -> Image.Image:
    """Maps (C, H, W) -> an RGB image to look at: tiles with gaps and captions, the title and a colour bar below.

    Small maps are enlarged by a whole number, each value a square.

    Args:
        captions: C short texts, one below each tile.
        limit: the |value| of the last colour. signed: use the diverging colours, from -limit to limit.

    >>> gallery(torch.rand(4, 48, 48), ["0", "1", "2", "3"], "four maps", 1.0, False).size
    (210, 278)
    """
    channels, height, width = maps.shape
    enlarged = max(1, round(_TILE / max(height, width)))
    columns = sprite_columns(channels)
    step = width * enlarged + _GAP, height * enlarged + _GAP + _LINE
    rows = math.ceil(channels / columns)
    title_width = math.ceil(_font().getlength(title))
    page_width = _GAP + max(columns * step[0], title_width + _GAP, _BAR + _GAP)
    page = Image.new("RGB", (page_width, 3 * _GAP + rows * step[1] + 2 * _LINE), _WALL)
    draw = ImageDraw.Draw(page)
    for number, (values, caption) in enumerate(zip(maps, captions, strict=True)):
        left, top = _GAP + number % columns * step[0], _GAP + number // columns * step[1]
        tile = map_image(values, limit, signed)
        page.paste(tile.resize((width * enlarged, height * enlarged), Image.Resampling.NEAREST), (left, top))
        draw.text((left, top + height * enlarged + 1), caption, _INK, _font())
    foot = _GAP + rows * step[1] + _GAP
    draw.text((_GAP, foot), title, _INK, _font())
    _draw_bar(page, foot + _LINE, limit, signed)
    return page


def _coloured(signed: bool, values: torch.Tensor) -> Scale:
    return Scale("signed" if signed else "unsigned", visible_limit(values))


def _draw_bar(page: Image.Image, top: int, limit: float, signed: bool) -> None:
    """The colours and the values of the first and the last."""
    low, high = f"{-limit if signed else 0:.3g} ", f" {limit:.3g}"
    left = _GAP + math.ceil(_font().getlength(low))
    draw = ImageDraw.Draw(page)
    draw.text((_GAP, top), low, _INK, _font())
    for x in range(_BAR // 2):
        colour = tuple(palette(signed)[4 * x + 2].tolist())
        draw.line((left + x, top + 1, left + x, top + _LINE - 3), colour)
    draw.text((left + _BAR // 2, top), high, _INK, _font())


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The one inside Pillow."""
    return ImageFont.load_default()
