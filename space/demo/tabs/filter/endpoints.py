"""The named endpoints /filter, /filter_window, /filter_stack and /pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from cnnhub import convolution, kernels, stack
from cnnhub.errors import GeometryError
from demo.endpoints import (
    choice_input,
    for_programs,
    json_output,
    number_input,
    picture_output,
    publish,
    require,
    text_input,
)
from demo.photo.input import PhotoInput
from demo.photo.photo import Photo
from demo.photo.pixels import Pixels
from demo.serving.gradio_fixes import Grid, Steps
from demo.tabs.filter import answer, pooling, settings
from demo.tabs.filter.settings import Misplaced, Settings

if TYPE_CHECKING:
    import torch

OPERATIONS = ("correlation", "convolution")


def publish_all(photo: PhotoInput) -> None:
    kernel = choice_input(kernels.names(), "kernel", settings.FIRST_KERNEL)
    colour = gr.Checkbox(False, label="colour", visible=False)
    common = [
        kernel,
        number_input(1, "stride"),
        text_input("same", "padding"),
        Grid(None, label="weights", visible=False),
        number_input(None, "divisor", whole=False),
        number_input(0.0, "bias", whole=False),
        number_input(1, "dilation"),
        choice_input(convolution.BORDERS, "border"),
        colour,
        choice_input(OPERATIONS, "operation"),
    ]
    place = [number_input(0, name) for name in ("row", "column", "channel")]
    drawn, steps = choice_input(settings.DRAWN, "drawn"), Steps(None, label="steps", visible=False)
    publish(filter_photo, [photo, *common, drawn], [picture_output("response map"), json_output()], "filter")
    publish(filter_window, [photo, *place, *common], [json_output()], "filter_window")
    publish(filter_stack, [photo, steps, kernel, colour], [picture_output("last map"), json_output()], "filter_stack")
    pooling.publish_endpoint(photo)


def filter_photo(
    image: Photo | None,
    kernel: str = settings.FIRST_KERNEL,
    stride: int = 1,
    padding: str = "same",
    weights: list[list[float]] | None = None,
    divisor: float | None = None,
    bias: float = 0.0,
    dilation: int = 1,
    border: str = "zero",
    colour: bool = False,
    operation: str = "correlation",
    drawn: str = "auto",
) -> tuple[Image.Image, dict[str, Any]]:
    """Apply one kernel to a photo of at most a megapixel; larger ones are scaled down.

    Args:
        image: the photo: a file that is uploaded; over MCP, a data: URI or the address of an upload.
        kernel: name of a preset, such as sobel_x or gaussian.
        stride: step in pixels, 1 or more.
        padding: "same", "valid", or the number of pixels added on each side.
        weights: an odd square grid of numbers, used in place of the preset.
        divisor: what the sum of the products is divided by; the preset's own, or 1 for weights, if left out.
        bias: what is added then.
        dilation: from one pixel under the kernel to the next, 1 or more.
        border: what the padding holds: zero, reflect, replicate or mean.
        colour: red, green and blue each apart; otherwise the brightness, 0 to 255.
        operation: correlation, or convolution, which turns the kernel by 180 degrees.
        drawn: "signed": every value in colours; "clipped": a picture cut to 0 to 255; "auto": that, if the weights add up to 1.

    Returns:
        The response map as a PNG, one pixel a value.
        Its facts: sizes, smallest and largest value, what the kernel answers to, the size formula, the PyTorch for it.
    """
    others = {"stride": stride, "padding": padding, "bias": bias, "dilation": dilation, "border": border, "drawn": drawn}

    def apply() -> tuple[Image.Image, dict[str, Any]]:
        chosen = _chosen(kernel, weights, divisor, operation, colour=colour, **others)
        pixels = require(image).pixels()
        values = convolution.apply_filter(pixels.planes(chosen.colour), chosen.filter)
        drawing = answer.draw(values, chosen)
        return drawing.picture, _facts(pixels, chosen, values) | {
            "drawn": {"as": drawing.kind, "low": drawing.scale.low, "high": drawing.scale.limit},
            "snippet": answer.snippet(pixels, chosen),
        }

    return for_programs(apply)


def filter_window(
    image: Photo | None,
    row: int = 0,
    column: int = 0,
    channel: int = 0,
    kernel: str = settings.FIRST_KERNEL,
    stride: int = 1,
    padding: str = "same",
    weights: list[list[float]] | None = None,
    divisor: float | None = None,
    bias: float = 0.0,
    dilation: int = 1,
    border: str = "zero",
    colour: bool = False,
    operation: str = "correlation",
) -> dict[str, Any]:
    """The arithmetic of one value of a response map: the pixels under the window, times the weights, summed.

    Args:
        image: the photo: a file that is uploaded; over MCP, a data: URI or the address of an upload.
        row: of the value in the map, counted from 0 (the page counts from 1).
        column: of the value in the map, counted from 0 (the page counts from 1).
        channel: 0, 1 or 2 for red, green or blue, if colour is true.
        kernel: name of a preset; this and all that follow are as for /filter.
        stride: step in pixels.
        padding: "same", "valid", or the number of pixels added on each side.
        weights: an odd square grid of numbers, used in place of the preset.
        divisor: what the sum of the products is divided by.
        bias: what is added then.
        dilation: from one pixel under the kernel to the next.
        border: zero, reflect, replicate or mean.
        colour: red, green and blue each apart; otherwise the brightness.
        operation: correlation or convolution.

    Returns:
        pixels, weights (as applied), products, their sum, the value.
        Where the window lies in the photo: the row (top) and column (left) of its first pixel, from 0, negative in the padding.
    """
    others = {"stride": stride, "padding": padding, "bias": bias, "dilation": dilation, "border": border, "channel": channel}

    def read() -> dict[str, Any]:
        chosen = _chosen(kernel, weights, divisor, operation, colour=colour, **others)
        plane = require(image).pixels().planes(chosen.colour)[answer.shown_channel(chosen)]
        for name, place in (("row", row), ("column", column)):
            if isinstance(place, bool) or not isinstance(place, int):
                raise GeometryError(f"The {name} is {place!r}; expected a whole number.")
        window = convolution.window_at(plane, chosen.filter, row, column)
        return {
            "pixels": window.pixels.tolist(),
            "weights": window.weights.tolist(),
            "products": window.products.tolist(),
            "sum": window.products.sum().item(),
            "value": window.total,
            "top": window.top,
            "left": window.left,
            "dilation": window.dilation,
        }

    return for_programs(read)


def filter_stack(
    image: Photo | None, steps: list[dict[str, Any]] | None = None, kernel: str = settings.FIRST_KERNEL, colour: bool = False
) -> tuple[Image.Image, dict[str, Any]]:
    """Apply a kernel, then step after step to what came out: ReLU, pooling, more filters.

    A step is {"kind": "relu"}, {"kind": "pool", "name": "max" or "average" or "l2", "window": 2, "stride": 2} or
    {"kind": "filter", "name": a preset kernel, "stride": 1}.

    Args:
        image: the photo: a file that is uploaded; over MCP, a data: URI or the address of an upload.
        steps: at most 7 of them, in order; a ReLU and max pooling if left out.
        kernel: name of the preset that is applied first.
        colour: red, green and blue each apart; otherwise the brightness.

    Returns:
        The last map as a PNG, one pixel a value (the red channel's, if colour is true and values are signed).
        Each step's size, smallest and largest value, and the PyTorch that computes them.
    """

    def apply() -> tuple[Image.Image, dict[str, Any]]:
        given = [{"kind": "relu"}, {"kind": "pool", "name": "max"}] if steps is None else steps
        chosen = _read({"kernel": kernel, "colour": colour, "steps": given})
        pixels = require(image).pixels()
        maps = stack.run(pixels.planes(chosen.colour), chosen.operations())
        names = [f"filter {kernel}", *(f"{step.kind} {step.name}".strip() for step in chosen.steps)]
        facts = [{"step": name, **_extent(values)} for name, values in zip(names, maps, strict=True)]
        return answer.draw_step(maps[-1], chosen, len(maps) - 1).picture, {
            "steps": facts,
            "snippet": answer.snippet(pixels, chosen),
        }

    return for_programs(apply)


def _chosen(kernel: str, weights: Any, divisor: float | None, operation: str, **others: Any) -> Settings:
    """An endpoint's arguments -> settings."""
    if operation not in OPERATIONS:
        raise GeometryError(f"The operation is {operation!r}; expected one of {', '.join(OPERATIONS)}.")
    asked = {"kernel": kernel, "flipped": operation == "convolution", **others}
    if weights is not None:
        asked |= {"kernel": "", "weights": weights}
    if divisor is not None:
        asked["divisor"] = divisor
    return _read(asked)


def _read(data: dict[str, Any]) -> Settings:
    try:
        return settings.read(data)
    except Misplaced as wrong:
        raise wrong.error from None


def _facts(pixels: Pixels, chosen: Settings, values: torch.Tensor) -> dict[str, Any]:
    width, height = answer.sizes(pixels, chosen)
    extent = _extent(values)
    return {
        "input": dict(zip(("width", "height"), pixels.size, strict=True)),
        "output": {key: extent[key] for key in ("width", "height")},
        "min": extent["min"],
        "max": extent["max"],
        "answers_to": kernels.nature(chosen.filter.kernel()).kind,
        "formula": {"width": width, "height": height},
    }


def _extent(values: torch.Tensor) -> dict[str, Any]:
    height, width = values.shape[1:]
    return {"width": width, "height": height, "min": values.min().item(), "max": values.max().item()}
