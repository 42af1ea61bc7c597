"""Tab two, "One filter": the kernel laboratory. One component holds it all; lab.js draws what is answered here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import gradio as gr
import torch
from PIL import Image

from cnnhub import convolution, kernels, stack
from cnnhub.errors import CnnHubError, GeometryError, ImageError
from demo import texts
from demo.parts import Grid, Photo, Steps, Words, for_programs, page_file, require
from demo.photo import photo as lab_photo
from demo.tabs.filter import answer as lab_answer
from demo.tabs.filter import settings as lab_settings
from demo.tabs.filter.settings import Misplaced, Settings, from_link, to_link
from demo.texts import t

__all__ = ["OneFilter", "Settings", "changed", "endpoint", "from_link", "layout", "photo_pixels", "show", "to_link"]

SCRIPTS = [f"tabs/filter/{name}.js" for name in ("lab_math", "lab_view", "lab_stack", "lab_play", "lab")]
# What lab.js writes by itself, each in the language that is chosen.
WORDS = (
    *("map_label", "position", "position_value", "to_strongest", "patch", "patch_channel", "kernel_edit", "kernel_turned"),
    *("products", "sum", "value", "drawn_as", "loupe", "outside", "cell", "size", "divisor", "bias"),
    *("channel_shown", "channel_0", "channel_1", "channel_2", "preset", "own_line", "stride", "padding", "padding_same"),
    *("padding_valid", "padding_amount", "dilation", "border", "border_zero", "border_reflect", "border_replicate"),
    *("border_mean", "colour", "colour_grey", "colour_rgb", "operation", "operation_correlation", "operation_convolution"),
    *("drawn", "drawn_signed", "drawn_clipped", "play", "play_start", "play_pause", "play_on", "play_step", "play_end"),
    *("download_map", "stack", "stack_line", "add_step", "add_pool", "add_filter", "step_relu", "step_pool", "step_filter"),
    *("pool_max", "pool_average", "pool_l2", "window", "up", "down", "remove", "snippet", "copy", "copied", "response_map"),
)


@dataclass(frozen=True)
class OneFilter:
    """The component, and the settings of this visitor, which stay on the server.

    The component is never an input of an event: the photo's pixels would travel back with it.
    """

    lab: gr.HTML
    settings: gr.State


def layout(language: str, words: Words) -> OneFilter:
    lab = gr.HTML(
        None,
        html_template=page_file("tabs/filter/lab.html"),
        # what does not follow the language stands in the script itself
        js_on_load="\n".join([f"const OFFERED = {json.dumps(_offered())};", *(page_file(name) for name in SCRIPTS)]),
        elem_id="lab",
        apply_default_css=False,
        pixels=None,
        **_words(language),
    )
    words.follow(lab, _words)
    return OneFilter(lab, gr.State(Settings()))


def show(photo: bytes | None, settings: Settings) -> dict[str, Any]:
    """-> what lab.js draws: the map and everything that is said about it, in each language."""
    if not photo:
        return lab_answer.nothing({language: texts.no_photo(language, photo) for language in texts.LANGUAGES})
    try:
        opened = lab_photo.look(photo)
    except ImageError as error:
        return lab_answer.nothing({language: texts.problem(language, error) for language in texts.LANGUAGES})
    try:
        return lab_answer.answer(opened, settings) | {"settings": _as_json(settings)}
    except CnnHubError as error:
        return lab_answer.refused("padding", settings, opened, error)


def changed(event: gr.EventData, photo: bytes | None, settings: Settings) -> tuple[Settings, dict[str, Any]]:
    """The visitor changed a setting -> (the settings, as they were if the new ones are refused; what is drawn)."""
    sent = event._data if isinstance(event._data, dict) else {}
    number = sent.get("number") if isinstance(sent.get("number"), int) else None
    try:
        settings = lab_settings.read(sent.get("settings"))
    except Misplaced as wrong:
        return settings, lab_answer.refused(wrong.place, None, None, wrong.error) | {"number": number}
    return settings, show(photo, settings) | {"number": number}


def photo_pixels(photo: bytes | None) -> Any:
    """The photo's exact pixels for the strip, asked for by the page once a photo."""
    if not photo:
        return gr.skip()
    try:
        return gr.update(pixels=lab_photo.look(photo).packed())
    except ImageError:
        return gr.skip()


def filter_photo(
    image: bytes | None,
    kernel: str = lab_settings.FIRST_KERNEL,
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
    names = {"kernel": kernel, "stride": stride, "padding": padding, "weights": weights, "divisor": divisor, "bias": bias}
    names |= {"dilation": dilation, "border": border, "colour": colour, "operation": operation, "drawn": drawn}

    def apply() -> tuple[Image.Image, dict[str, Any]]:
        settings = _asked(**names)
        photo = lab_photo.look(require(image))
        values = convolution.apply_filter(photo.pixels(settings.colour), settings.filter())
        drawing = lab_answer.draw(values, settings)
        return drawing.image, _facts(photo, settings, values) | {
            "drawn": {"as": drawing.kind, "low": drawing.low, "high": drawing.high},
            "snippet": lab_answer.snippet(photo, settings),
        }

    return for_programs(apply)


def filter_window(
    image: bytes | None,
    row: int = 0,
    column: int = 0,
    channel: int = 0,
    kernel: str = lab_settings.FIRST_KERNEL,
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
        row: of the value in the map, counted from 0.
        column: of the value in the map, counted from 0.
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
        Where the window lies in the photo: the row and column of its first pixel, negative in the padding.
    """
    names = {"kernel": kernel, "stride": stride, "padding": padding, "weights": weights, "divisor": divisor, "bias": bias}
    names |= {"dilation": dilation, "border": border, "colour": colour, "operation": operation, "channel": channel}

    def look() -> dict[str, Any]:
        settings = _asked(**names)
        plane = lab_photo.look(require(image)).pixels(settings.colour)[lab_answer.shown_channel(settings)]
        for name, place in (("row", row), ("column", column)):
            if isinstance(place, bool) or not isinstance(place, int):
                raise GeometryError(f"The {name} is {place!r}; expected a whole number.")
        window = convolution.window_at(plane, settings.filter(), row, column)
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

    return for_programs(look)


def filter_stack(
    image: bytes | None, steps: list[dict[str, Any]] | None = None, kernel: str = lab_settings.FIRST_KERNEL, colour: bool = False
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
        settings = _read({"kernel": kernel, "colour": colour, "steps": given})
        photo = lab_photo.look(require(image))
        maps = stack.run(photo.pixels(settings.colour), settings.operations())
        names = [f"filter {kernel}", *(f"{step.kind} {step.name}".strip() for step in settings.steps)]
        facts = [{"step": name, **_extent(values)} for name, values in zip(names, maps, strict=True)]
        return lab_answer.draw_step(maps[-1], settings, len(maps) - 1).image, {
            "steps": facts,
            "snippet": lab_answer.snippet(photo, settings),
        }

    return for_programs(apply)


def endpoint(photo: Photo) -> None:
    """The named endpoints /filter, /filter_window and /filter_stack."""
    kernel = gr.Dropdown(kernels.names(), value=lab_settings.FIRST_KERNEL, label="kernel", visible=False)
    stride, padding, weights = _number(1, "stride"), _text("same", "padding"), Grid(None, label="weights", visible=False)
    divisor, bias = _number(None, "divisor", whole=False), _number(0.0, "bias", whole=False)
    dilation, border = _number(1, "dilation"), _choice(convolution.BORDERS, "border")
    colour = gr.Checkbox(False, label="colour", visible=False)
    operation, drawn = _choice(OPERATIONS, "operation"), _choice(lab_settings.DRAWN, "drawn")
    row, column, channel = _number(0, "row"), _number(0, "column"), _number(0, "channel")
    steps = Steps(None, label="steps", visible=False)
    map_ = gr.Image(format="png", type="pil", label="response map", visible=False)
    last = gr.Image(format="png", type="pil", label="last map", visible=False)
    facts = gr.JSON(label="facts", visible=False)
    common = [kernel, stride, padding, weights, divisor, bias, dilation, border, colour, operation]
    for function, inputs, outputs, name in (
        (filter_photo, [photo, *common, drawn], [map_, facts], "filter"),
        (filter_window, [photo, row, column, channel, *common], [facts], "filter_window"),
        (filter_stack, [photo, steps, kernel, colour], [last, facts], "filter_stack"),
    ):
        gr.Button(visible=False).click(function, inputs, outputs, api_name=name, api_visibility="public")


OPERATIONS = ("correlation", "convolution")


def _words(language: str) -> dict[str, Any]:
    """The properties of the component that follow the language."""
    return {
        "language": language,
        "words": {key: texts.template(language, key) for key in WORDS}
        | {f"group_{group}": t(language, f"group_{group}") for group in kernels.GROUPS}
        | {f"line_{name}": t(language, f"line_{name}") for name in kernels.names()}
        | {f"kernel_{name}": texts.kernel_name(language, name) for name in kernels.names()},
    }


def _offered() -> dict[str, Any]:
    """What the page offers to choose, whatever the language."""
    return {
        "presets": [
            {"name": name, **{key: getattr(kernels.preset(name), key) for key in ("weights", "divisor", "group")}}
            for name in kernels.names()
        ],
        "groups": kernels.GROUPS,
        "sizes": lab_settings.SIZES,
        "strides": lab_settings.STRIDES,
        "dilations": lab_settings.DILATIONS,
        "paddings": lab_settings.PADDINGS,
        "borders": convolution.BORDERS,
        "windows": lab_settings.POOL_WINDOWS,
        "pools": convolution.POOLING_MODES,
        "most_steps": lab_settings.MAX_STEPS,
        "first": _as_json(Settings()),
    }


def _as_json(settings: Settings) -> dict[str, Any]:
    return {**vars(settings), "steps": [vars(step) for step in settings.steps]}


def _asked(kernel: str, weights: Any, divisor: float | None, operation: str, **others: Any) -> Settings:
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
        return lab_settings.read(data)
    except Misplaced as wrong:
        raise wrong.error from None


def _facts(photo: lab_photo.LabPhoto, settings: Settings, values: torch.Tensor) -> dict[str, Any]:
    width, height = lab_answer.sizes(photo, settings)
    extent = _extent(values)
    return {
        "input": dict(zip(("width", "height"), photo.size, strict=True)),
        "output": {key: extent[key] for key in ("width", "height")},
        "min": extent["min"],
        "max": extent["max"],
        "answers_to": kernels.nature(lab_answer.effective(settings)).kind,
        "formula": {"width": width, "height": height},
    }


def _extent(values: torch.Tensor) -> dict[str, Any]:
    height, width = values.shape[1:]
    return {"width": width, "height": height, "min": values.min().item(), "max": values.max().item()}


def _number(value: float | None, label: str, whole: bool = True) -> gr.Number:
    return gr.Number(value, precision=0 if whole else None, label=label, visible=False)


def _text(value: str, label: str) -> gr.Textbox:
    return gr.Textbox(value, label=label, visible=False)


def _choice(known: tuple[str, ...], label: str) -> gr.Dropdown:
    return gr.Dropdown(list(known), value=known[0], label=label, visible=False)
