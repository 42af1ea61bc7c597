"""The picture that stands for the page where a link to it is shown: an example photo, and what one filter sees of it."""

from __future__ import annotations

import io
from functools import cache

from PIL import Image, ImageDraw, ImageFont, ImageOps
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cnnhub import convolution, render
from demo import assets, texts

PATH = "gradio_api/cover.jpg"
WIDTH, HEIGHT = 1200, 630
PHOTO = "cat.jpg"
PAPER, INK, SOFT = "#fbfaf7", "#1d1c1a", "#6b6862"
_GAP, _TOP, _PICTURE = 40, 190, (540, 360)


def route() -> Route:
    async def answer(_request: Request) -> Response:
        return Response(drawn(), media_type="image/jpeg", headers={"Cache-Control": "public, max-age=86400"})

    return Route(f"/{PATH}", answer)


@cache
def drawn() -> bytes:
    """A JPEG of WIDTH x HEIGHT pixels."""
    made = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    with Image.open(assets.EXAMPLES / PHOTO) as file:
        photo = ImageOps.fit(file.convert("RGB"), _PICTURE)
    values = convolution.correlate2d(photo.convert("L"), "sobel_x")
    scale = render.maps_scale(values[None])
    pen = ImageDraw.Draw(made)
    pen.text((_GAP, 36), "cnnhub", INK, ImageFont.load_default(64))
    pen.text((_GAP, 122), texts.t("en", "tagline"), SOFT, ImageFont.load_default(32))
    made.paste(photo, (_GAP, _TOP))
    made.paste(render.palette_image(values, scale.limit, scale.is_signed).convert("RGB"), (2 * _GAP + _PICTURE[0], _TOP))
    buffer = io.BytesIO()
    made.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
