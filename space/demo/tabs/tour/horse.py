"""The outline of a horse, drawn: a thing that most networks here were never taught."""

from __future__ import annotations

from PIL import Image, ImageDraw

SIDE = 480  # pixels
# In hundredths of the side: back, neck and head to the right, four legs and a tail.
_OUTLINE = (
    *((20, 42), (34, 38), (50, 40), (60, 37), (68, 24), (72, 17), (75, 12), (77, 17), (82, 22), (90, 31), (88, 36), (83, 35)),
    *((77, 33), (73, 40), (70, 50), (68, 56), (67, 66), (69, 78), (69, 88), (64, 88), (63, 78), (60, 64), (58, 66), (59, 80)),
    *((58, 88), (53, 88), (54, 78), (52, 62), (40, 62), (36, 60), (32, 70), (36, 80), (35, 88), (30, 88), (30, 80), (25, 70)),
    *((24, 66), (20, 74), (22, 88), (17, 88), (15, 74), (18, 60), (16, 52), (12, 60), (9, 72), (8, 58), (12, 46)),
)


def horse() -> Image.Image:
    """A black outline on white.

    >>> horse().size
    (480, 480)
    """
    picture = Image.new("RGB", (SIDE, SIDE), "white")
    points = [(x * SIDE / 100, y * SIDE / 100) for x, y in _OUTLINE]
    ImageDraw.Draw(picture).line([*points, points[0], points[1]], "black", 6, "curve")
    return picture
