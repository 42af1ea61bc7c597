"""`cnnhub filter`."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnhub.cli import completion
from cnnhub.cli.output import needed, show_table, stem, writing
from cnnhub.errors import KernelError, OutputError

if TYPE_CHECKING:
    from PIL import Image

    from cnnhub.convolution import Filter, Padding
    from cnnhub.render import Scale

FIRST_KERNEL = "sobel_x"
FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".bmp": "BMP", ".tif": "TIFF", ".tiff": "TIFF"}


class Border(StrEnum):
    """cnnhub.convolution.BORDERS, which would bring in torch before --help is answered."""

    zero = "zero"
    reflect = "reflect"
    replicate = "replicate"
    mean = "mean"


def filter(
    image: Annotated[str | None, typer.Argument(metavar="IMAGE", help="A picture or an http(s) URL.")] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="The picture to write. Default: ./PICTURE-KERNEL.png."),
    ] = None,
    kernel: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help=f"A preset; --list shows them. Default: {FIRST_KERNEL}.", autocompletion=completion.kernels
        ),
    ] = None,
    weights: Annotated[
        str | None, typer.Option(metavar="ROWS", help='Your own numbers, row by row: "0 1 0; 1 -4 1; 0 1 0".')
    ] = None,
    divisor: Annotated[float | None, typer.Option(help="Divide the sum by it. Default: the preset's, 1 for --weights.")] = None,
    bias: Annotated[float, typer.Option(help="Add it after that.")] = 0.0,
    stride: Annotated[int, typer.Option(help="Step in pixels.")] = 1,
    dilation: Annotated[int, typer.Option(help="From one weight to the next, in pixels.")] = 1,
    padding: Annotated[str, typer.Option(metavar="same|valid|N", help="How much is put around the picture, in pixels.")] = "same",
    border: Annotated[
        Border, typer.Option(help="What is put there: zeros, the mirror, the nearest pixel, the mean.")
    ] = Border.zero,
    colour: Annotated[bool, typer.Option("--colour", help="Red, green and blue each on its own.")] = False,
    flip: Annotated[
        bool, typer.Option("--flip", help="Turn the kernel by 180 degrees: the mathematician's convolution.")
    ] = False,
    list_kernels: Annotated[bool, typer.Option("--list", help="List the presets with their numbers.")] = False,
) -> None:
    """Draw what one kernel answers to a picture.

    The kernel slides over the picture's brightness, 0 (black) to 255 (white), or with --colour over its red, its green
    and its blue. One pixel of the result is one value.

    A kernel whose weights add up to 1 makes a picture of a picture: it is drawn in greys, cut at black and white.
    Others are drawn in colours. With weights below zero: blue below zero, white at zero, red above. Without: black at
    zero to light yellow. The last colour stands for the |value| that 99.5 % of the values stay under; the few stronger
    ones have it too. In colour the first kind makes a colour picture; of the others the three maps stand side by side,
    on one scale. What is printed tells the size, the smallest and the largest value and the scale.

    \b
    Examples:
      cnnhub filter cat.jpg
      cnnhub filter cat.jpg --kernel gaussian_5x5 --border reflect --colour -o soft.png
      cnnhub filter cat.jpg --weights "-1 -1 -1; -1 8 -1; -1 -1 -1" --stride 2 -o lines.png
    """
    if list_kernels:
        _show_kernels()
        return
    image = needed(image)
    if kernel is not None and weights is not None:
        raise typer.BadParameter("give one of the two", param_hint="--kernel / --weights")
    target = output or Path(f"{stem(image)}-{'own' if weights is not None else kernel or FIRST_KERNEL}.png")
    _check_target(target, image)
    from cnnhub.convolution import Filter

    rows, usual_divisor = _preset(kernel or FIRST_KERNEL) if weights is None else (_rows(weights), 1.0)
    divisor = usual_divisor if divisor is None else divisor
    filter_ = Filter(rows, divisor, bias, stride, dilation, _padding(padding), border.value, flip)
    show_table(("file", "width", "height", "smallest", "largest", "drawn as"), [_draw(image, filter_, colour, target)])


def _draw(image: str, filter_: Filter, colour: bool, target: Path) -> tuple[str, ...]:
    """Write the picture -> a sentence on it."""
    from cnnhub.convolution import apply_filter
    from cnnhub.images import open_image
    from cnnhub.render import response_image, response_scale

    photo = open_image(image)
    values = apply_filter(photo if colour else photo.convert("L"), filter_)  # (3, H, W) or (H, W)
    if not values.isfinite().all():
        raise KernelError("The sums are larger than float32 can hold. Use smaller weights.")
    scale = response_scale(values, filter_.kernel())
    picture = response_image(values, scale)
    _save(picture, target)
    return str(target), *map(str, picture.size), f"{values.min():.4g}", f"{values.max():.4g}", _told(scale, colour)


def _told(scale: Scale, colour: bool) -> str:
    if scale.kind == "grey":
        return f"{'colours' if colour else 'greys'}: 0 to 255"
    limit = f"{scale.limit:.4g}"
    colours = f"blue, white, red: -{limit} to {limit}" if scale.is_signed else f"black to yellow: 0 to {limit}"
    return f"{colours}; of red, green and blue, from the left" if colour else colours


def _show_kernels() -> None:
    from cnnhub import kernels

    rows = []
    for name in kernels.names():
        preset = kernels.preset(name)
        text = "; ".join(" ".join(f"{value:g}" for value in row) for row in preset.weights)
        rows.append((name, preset.group.replace("_", " "), f"{preset.divisor:g}", text))
    show_table(("kernel", "for", "divisor", "weights"), rows)


def _preset(name: str) -> tuple[tuple[tuple[float, ...], ...], float]:
    from cnnhub.kernels import preset

    found = preset(name)
    return found.weights, found.divisor


def _rows(text: str) -> tuple[tuple[float, ...], ...]:
    try:
        rows = text.strip().strip(";").split(";")
        return tuple(tuple(float(number) for number in re.split(r"[\s,]+", row.strip())) for row in rows)
    except ValueError as error:
        raise KernelError(f'--weights is {text!r}: {error}. Expected rows of numbers, such as "0 1 0; 1 -4 1; 0 1 0".') from None


def _padding(text: str) -> Padding:
    """Whole numbers as such; anything else is left for cnnhub to refuse."""
    return int(text) if re.fullmatch(r"-?[0-9]{1,6}", text) else text  # type: ignore[return-value]


def _check_target(target: Path, image: str) -> None:
    """Refuse a suffix that is not a picture's, and to write over the picture itself, before anything is computed."""
    if target.suffix.lower() not in FORMATS:
        raise OutputError(f"{target} has no suffix of a picture; expected one of {', '.join(FORMATS)}.")
    if target.is_dir():
        raise OutputError(f"{target} is a folder. Name a file in it.")
    if os.path.exists(image) and target.exists() and target.samefile(image):
        raise OutputError(f"{target} is the picture itself, which would be lost. Choose another --output.")


def _save(picture: Image.Image, target: Path) -> None:
    from cnnhub.files import atomic_file

    with writing(target), atomic_file(target) as file:
        picture.save(file, FORMATS[target.suffix.lower()])
