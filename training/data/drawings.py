"""Pictures of nothing, drawn by code: what any network should call unfamiliar, whatever it was taught."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

SIDE = 256
_LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz        .,"))


def draw(count: int, seed: int = 0) -> list[Image.Image]:
    """`count` pictures of SIDE x SIDE pixels, of every kind in turn.

    >>> [picture.size for picture in draw(2)]
    [(256, 256), (256, 256)]
    """
    random = np.random.default_rng(seed)
    return [KINDS[number % len(KINDS)](random) for number in range(count)]


def _plain(random: np.random.Generator) -> Image.Image:
    return Image.new("RGB", (SIDE, SIDE), _colour(random))


def _noise(random: np.random.Generator) -> Image.Image:
    """Grains of 1 to 16 pixels, coloured or grey."""
    grains = SIDE // 2 ** int(random.integers(5))
    shape = (grains, grains, 3) if random.random() < 0.5 else (grains, grains)
    return _picture(random.integers(0, 256, shape)).resize((SIDE, SIDE), Image.Resampling.NEAREST)


def _clouds(random: np.random.Generator) -> Image.Image:
    few = int(random.integers(3, 12))
    return _picture(random.integers(0, 256, (few, few, 3))).resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def _gradient(random: np.random.Generator) -> Image.Image:
    along = np.linspace(0, 1, SIDE)[None, :, None]
    one, other = np.array(_colour(random)), np.array(_colour(random))
    ramp = np.broadcast_to(one + (other - one) * along, (SIDE, SIDE, 3))
    return _picture(ramp).rotate(int(random.integers(4)) * 90)


def _stripes(random: np.random.Generator) -> Image.Image:
    wave = np.sin(np.arange(SIDE) * 2 * np.pi / random.uniform(4, 64) + random.uniform(0, 6))
    lines = (wave > 0) if random.random() < 0.5 else (wave + 1) / 2
    one, other = np.array(_colour(random)), np.array(_colour(random))
    painted = np.broadcast_to(one + (other - one) * lines[None, :, None], (SIDE, SIDE, 3))
    return _picture(painted).rotate(float(random.uniform(0, 180)), fillcolor=_colour(random))


def _chessboard(random: np.random.Generator) -> Image.Image:
    rows, columns = np.indices((SIDE, SIDE)) // int(random.integers(4, 48))
    pair = ((0, 0, 0), (255, 255, 255)) if random.random() < 0.5 else (_colour(random), _colour(random))
    return _picture(np.array(pair)[(rows + columns) % 2])


def _text(random: np.random.Generator) -> Image.Image:
    """A page of letters."""
    picture, pen = _canvas(random)
    size = int(random.integers(10, 40))
    for y in range(8, SIDE, int(size * 1.5)):
        pen.text((8, y), "".join(random.choice(_LETTERS, 400 // size)), fill=_ink(random, picture), font_size=size)
    return picture


def _chart(random: np.random.Generator) -> Image.Image:
    picture, pen = _canvas(random)
    count = int(random.integers(3, 20))
    xs, ys = np.linspace(20, SIDE - 20, count), random.uniform(20, SIDE - 20, count)
    pen.line([(20, 20), (20, SIDE - 20), (SIDE - 20, SIDE - 20)], fill="gray", width=2)
    if random.random() < 0.5:
        pen.line([*zip(xs, ys, strict=True)], fill=_colour(random), width=3)
    else:
        for x, y in zip(xs, ys, strict=True):
            pen.rectangle([x, y, x + 200 / count, SIDE - 20], fill=_colour(random))
    return picture


def _silhouette(random: np.random.Generator) -> Image.Image:
    """One filled shape with a wavy outline, some with legs."""
    picture, pen = _canvas(random)
    ink = _ink(random, picture)
    angles = np.linspace(0, 2 * np.pi, 120)
    radius = np.full_like(angles, 60)
    for k in range(1, 7):
        radius += random.uniform(-30, 30) / k * np.sin(k * angles + random.uniform(0, 6))
    centre = SIDE / 2 + random.uniform(-20, 20, 2)
    wide = random.uniform(0.7, 1.6)
    pen.polygon([(centre[0] + wide * r * np.cos(a), centre[1] + r * np.sin(a)) for r, a in zip(radius, angles, strict=True)], ink)
    for _ in range(int(random.integers(0, 5))):
        x = centre[0] + random.uniform(-60, 60)
        pen.line([(x, centre[1]), (x + random.uniform(-30, 30), SIDE - 20)], ink, width=int(random.integers(4, 20)))
    return picture


def _disc(random: np.random.Generator) -> Image.Image:
    """A shaded ball before one colour, such as a moon."""
    picture, pen = _canvas(random)
    x, y, radius = random.uniform(80, SIDE - 80), random.uniform(80, SIDE - 80), random.uniform(20, 120)
    pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=_ink(random, picture))
    return picture.filter(ImageFilter.GaussianBlur(random.uniform(0, 12)))


def _strokes(random: np.random.Generator) -> Image.Image:
    picture, pen = _canvas(random)
    ink = _ink(random, picture)
    for _ in range(int(random.integers(3, 30))):
        points = np.cumsum(np.vstack([random.uniform(20, SIDE - 20, 2), random.normal(0, 15, (20, 2))]), axis=0)
        pen.line([tuple(point) for point in points], fill=ink, width=int(random.integers(1, 6)))
    return picture


def _shapes(random: np.random.Generator) -> Image.Image:
    picture, pen = _canvas(random)
    for _ in range(int(random.integers(2, 30))):
        corners = np.sort(random.uniform(0, SIDE, (2, 2)), axis=0).ravel().tolist()
        (pen.ellipse if random.random() < 0.5 else pen.rectangle)(corners, fill=_colour(random))
    return picture


KINDS: tuple[Callable[[np.random.Generator], Image.Image], ...] = (
    _plain, _noise, _clouds, _gradient, _stripes, _chessboard, _text, _chart, _silhouette, _disc, _strokes, _shapes,
)  # fmt: skip


def _colour(random: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in random.integers(0, 256, 3))
    return red, green, blue


def _canvas(random: np.random.Generator) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """White, black or coloured paper."""
    paper = ((255, 255, 255), (255, 255, 255), (0, 0, 0), _colour(random))[int(random.integers(4))]
    picture = Image.new("RGB", (SIDE, SIDE), paper)
    return picture, ImageDraw.Draw(picture)


def _ink(random: np.random.Generator, picture: Image.Image) -> tuple[int, int, int]:
    """Black or white, whatever the paper is not, or any colour."""
    light = sum(picture.getpixel((0, 0))) > 384  # type: ignore[arg-type]
    plain = (0, 0, 0) if light else (255, 255, 255)
    return plain if random.random() < 0.6 else _colour(random)


def _picture(values: NDArray[np.generic]) -> Image.Image:
    return Image.fromarray(values.astype(np.uint8))
