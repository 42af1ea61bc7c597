"""Tab two, "One filter": a kernel, the photo's response map, and its size."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr
import torch
from PIL import Image

import texts
from cnnhub import convolution, images, kernels, render
from cnnhub.errors import KernelError
from parts import Photo, Words, data_uri, for_programs, legend_html, page_file, require, shown
from texts import Sentence, number, percent, t

FIRST_KERNEL = "sobel_x"
SIZES = (3, 5, 7)
STRIDES = (1, 2, 3, 4)
PADDINGS = ("same", "valid", "1", "2", "3")
MAX_PIXELS = 1_000_000  # larger photos are scaled down: the map could not be shown larger anyway
MAX_WEIGHT = 1_000_000  # sums of larger weights leave what float32 can hold
FORMULA = "floor((W + 2P − F) / S) + 1"


@dataclass(frozen=True)
class Response:
    """A response map and what is needed to talk about it.

    Attributes:
        photo_size: (width, height) of the grey photo that went in.
        values: (H, W).
    """

    photo_size: tuple[int, int]
    scaled_down: bool
    weights: torch.Tensor
    stride: int
    padding: int
    values: torch.Tensor


@dataclass(frozen=True)
class OneFilter:
    map: gr.HTML
    grid: gr.HTML
    preset: gr.Radio
    size: gr.Radio
    stride: gr.Radio
    padding: gr.Dropdown
    formula: gr.HTML


def layout(language: str, words: Words) -> OneFilter:
    map_ = gr.HTML("", elem_id="response", apply_default_css=False)
    with gr.Row(elem_id="kernel-row"):
        grid = gr.HTML(
            grid_value(FIRST_KERNEL),
            html_template='<div class="kernel"></div>',
            js_on_load=page_file("kernel.js"),
            elem_id="kernel",
            apply_default_css=False,
            **_grid_words(language),
        )
        words.follow(grid, _grid_words)
        with gr.Column(elem_id="kernel-settings"):
            size = _radio(words, language, "size", [(f"{s}×{s}", s) for s in SIZES], 3)
            stride = _radio(words, language, "stride", [(str(s), s) for s in STRIDES], 1)
            padding = gr.Dropdown(
                _padding_choices(language),
                value="same",
                label=t(language, "padding"),
                filterable=False,
                interactive=True,
                elem_id="padding",
            )
            words.follow(
                padding,
                lambda language: {"choices": _padding_choices(language), "label": t(language, "padding")},
            )
    preset = gr.Radio(
        _preset_choices(language),
        value=FIRST_KERNEL,
        label=t(language, "preset"),
        interactive=True,
        elem_id="preset",
        elem_classes="chips",
    )
    words.follow(preset, lambda language: {"choices": _preset_choices(language), "label": t(language, "preset")})
    formula = gr.HTML("", elem_id="formula", apply_default_css=False)
    return OneFilter(map_, grid, preset, size, stride, padding, formula)


def show(photo: bytes | None, grid: Any, preset: str | None, stride: int, padding: str, language: str) -> tuple[str, str]:
    """-> (heading, response map and legend, the size with its numbers), as HTML."""
    if not photo:
        return texts.no_photo(language, photo).html(), ""
    result = shown(language, lambda: respond(photo, _weights(grid), stride, padding))
    if isinstance(result, Sentence):
        return result.html("alert"), ""
    name = texts.kernel_name(language, preset) if preset in kernels.names() else t(language, "own_kernel")
    sentence = describe(language, name, result)
    image, legend = _drawn(language, result)
    height, width = result.values.shape
    picture = (
        f'<img class="pixels" src="{data_uri(image)}" width="{width}" height="{height}" '
        f'alt="{escape(t(language, "response_map"))}">'
    )
    return sentence.html() + picture + legend, _formula(language, result)


def respond(photo: bytes, weights: kernels.KernelSource, stride: int, padding: str | int) -> Response:
    """Apply a kernel to the photo's brightness, 0 (black) to 255 (white)."""
    grey = images.open_image(photo).convert("L")
    small = _fitted(grey)
    kernel = kernels.kernel(weights)
    if kernel.abs().max() > MAX_WEIGHT:
        raise KernelError(f"The kernel holds a weight beyond {MAX_WEIGHT:,}; expected smaller numbers.")
    amount = convolution.padding_amount(_padding(padding), kernel.shape[0])
    values = convolution.correlate2d(small, kernel, stride=_whole(stride), padding=amount)
    return Response(small.size, small.size != grey.size, kernel, _whole(stride), amount, values)


def describe(language: str, name: str, response: Response) -> Sentence:
    return texts.filter_sentence(language, name, kernels.nature(response.weights), _strongest(response))


def edited(photo: bytes | None, grid: Any, _preset: str | None, *settings: Any) -> tuple[Any, ...]:
    """A number was edited -> (no preset, the tab)."""
    return None, *show(photo, grid, None, *settings)


def of_preset(photo: bytes | None, _grid: Any, preset: str, *settings: Any) -> tuple[Any, ...]:
    """A preset was chosen -> (its grid, its size, the tab)."""
    grid = grid_value(preset)
    return grid, len(grid["weights"]), *show(photo, grid, preset, *settings)


def of_size(size: int, photo: bytes | None, grid: Any, _preset: str | None, *settings: Any) -> tuple[Any, ...]:
    """Another size was chosen -> (the kernel with zeros around it or its rim cut off, no preset, the tab)."""
    grid = shown("en", _resized, grid, int(size))
    grid = grid_value("identity") if isinstance(grid, Sentence) else grid
    return grid, None, *show(photo, grid, None, *settings)


def grid_value(preset: str) -> dict[str, Any]:
    return {"weights": _rounded(kernels.kernel(preset))}


def filter_photo(
    image: bytes | None,
    kernel: str = FIRST_KERNEL,
    stride: int = 1,
    padding: str = "same",
    weights: list[list[float]] | None = None,
) -> tuple[Image.Image, dict[str, Any]]:
    """Apply one kernel to the brightness (0 to 255) of a photo of at most a megapixel; larger ones are scaled down.

    Args:
        image: the photo, a file that is uploaded.
        kernel: name of a preset, such as sobel_x or gaussian.
        stride: step in pixels, 1 or more.
        padding: "same", "valid", or the number of zeros on each side.
        weights: an odd square grid of numbers, used in place of the preset.

    Returns:
        The response map as a PNG, one pixel a value, and its facts: input and output size, smallest and
        largest value, what the kernel answers to, the size formula with its numbers.
    """
    response = for_programs(lambda: respond(require(image), kernel if weights is None else weights, stride, padding))
    low, high = response.values.min().item(), response.values.max().item()
    facts = {
        "input": {"width": response.photo_size[0], "height": response.photo_size[1]},
        "output": {"width": response.values.shape[1], "height": response.values.shape[0]},
        "min": low,
        "max": high,
        "answers_to": kernels.nature(response.weights).kind,
        "formula": {"width": _filled_formula(response, 0), "height": _filled_formula(response, 1)},
    }
    return _drawn("en", response)[0], facts


def endpoint(photo: Photo) -> None:
    """The named endpoint /filter."""
    kernel = gr.Dropdown(kernels.names(), value=FIRST_KERNEL, label="kernel", visible=False)
    stride = gr.Number(1, precision=0, label="stride", visible=False)
    padding = gr.Textbox("same", label="padding", visible=False)
    weights = gr.JSON(None, label="weights", visible=False)
    map_ = gr.Image(format="png", type="pil", label="response map", visible=False)
    facts = gr.JSON(label="facts", visible=False)
    button = gr.Button(visible=False)
    button.click(
        filter_photo,
        [photo, kernel, stride, padding, weights],
        [map_, facts],
        api_name="filter",
        api_visibility="public",
    )


def _resized(grid: Any, size: int) -> dict[str, Any]:
    weights = kernels.kernel(_weights(grid))
    border = (size - weights.shape[0]) // 2
    # torch's pad cuts where the amount is negative
    return {"weights": _rounded(torch.nn.functional.pad(weights, (border,) * 4))}


def _radio(words: Words, language: str, key: str, choices: list[tuple[str, int]], value: int) -> gr.Radio:
    radio = gr.Radio(choices, value=value, label=t(language, key), interactive=True, elem_id=key, elem_classes="segments")
    words.follow(radio, lambda language: {"label": t(language, key)})
    return radio


def _grid_words(language: str) -> dict[str, str]:
    return {"title": t(language, "kernel"), "cell": t(language, "cell", row="{row}", column="{column}")}


def _padding_choices(language: str) -> list[tuple[str, str]]:
    return [(t(language, f"padding_{padding}"), padding) for padding in PADDINGS]


def _preset_choices(language: str) -> list[tuple[str, str]]:
    return [(texts.kernel_name(language, name), name) for name in kernels.names()]


def _weights(grid: Any) -> Any:
    if not isinstance(grid, dict) or "weights" not in grid:
        raise KernelError("No kernel arrived; expected a square grid of numbers.")
    return grid["weights"]


def _rounded(weights: torch.Tensor) -> list[list[float]]:
    """Six significant digits: 1/9 is shown as 0.111111, and the sum of nine still is 1 to 1e-6."""
    return [[float(f"{value:.6g}") for value in row] for row in weights.tolist()]


def _padding(padding: str | int) -> convolution.Padding:
    """A number of one or two digits; anything else but "same" and "valid" is left for cnnhub to refuse."""
    return int(padding) if re.fullmatch(r"[0-9]{1,2}", str(padding)) else padding  # type: ignore[return-value]


def _whole(value: Any) -> Any:
    """gradio sends 2.0 for 2; anything that is no whole number is left for cnnhub to refuse."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _fitted(grey: Image.Image) -> Image.Image:
    pixels = grey.width * grey.height
    if pixels <= MAX_PIXELS:
        return grey
    shrink = math.sqrt(MAX_PIXELS / pixels)
    size = (max(1, int(grey.width * shrink)), max(1, int(grey.height * shrink)))
    return grey.resize(size, Image.Resampling.LANCZOS)


def _strongest(response: Response) -> tuple[float, int, int] | float:
    """(value, row, column) of the largest |value|, counted from 1; just the value where all are equal.

    Values whose window reaches into the padding tell of the border, not of the photo, and are passed over
    as long as others are left.
    """
    values = response.values
    rim = -(-response.padding // response.stride)  # rounded up
    if min(values.shape) > 2 * rim:
        values = values[rim : values.shape[0] - rim, rim : values.shape[1] - rim]
    if values.max() == values.min():
        return values[0, 0].item()
    row, column = divmod(int(values.abs().argmax()), values.shape[1])
    return values[row, column].item(), row + rim + 1, column + rim + 1


def _drawn(language: str, response: Response) -> tuple[Image.Image, str]:
    """The map as a picture, and its legend as HTML.

    A kernel whose weights add up to 1 makes a picture of a picture: it is drawn in greys. Others are drawn
    in the two colour maps of this page.
    """
    values = response.values
    height, width = values.shape
    if abs(response.weights.sum().item() - 1) < 1e-3:
        outside = ((values < 0) | (values > 255)).float().mean().item()
        image = Image.fromarray(values.clamp(0, 255).round().to(torch.uint8).numpy())
        kind, low, high = "grey", "0", "255"
    else:
        limit = render.visible_limit(values)
        outside = (values.abs() > limit).float().mean().item()
        # told from the kernel, not from this photo: the sentence above speaks of red and blue
        signed = bool((response.weights < 0).any())
        image = render.map_image(values, limit, signed)
        kind, low, high = ("signed", number(-limit), number(limit)) if signed else ("magma", "0", number(limit))
    notes = [t(language, "map_size", width=width, height=height)]
    if outside > 0:
        notes.insert(0, t(language, "legend_clipped", share=percent(outside)))
    return image, legend_html(kind, low, high, " · ".join(notes))


def _formula(language: str, response: Response) -> str:
    width, height = ("{} = <b>{}</b>".format(*_filled_formula(response, axis).split(" = ")) for axis in (0, 1))
    scaled = ""
    if response.scaled_down:
        w, h = response.photo_size
        scaled = f"<p>{escape(t(language, 'too_large', width=w, height=h))}</p>"
    return (
        f'<p class="formula">{escape(t(language, "size_formula"))} {FORMULA}</p>'
        f"<p>{width} {escape(t(language, 'wide'))}</p><p>{height} {escape(t(language, 'high'))}</p>{scaled}"
    )


def _filled_formula(response: Response, axis: int) -> str:
    size, window = response.photo_size[axis], response.weights.shape[0]
    output = convolution.output_size(size, window, response.stride, response.padding)
    return f"floor(({size} + 2·{response.padding} − {window}) / {response.stride}) + 1 = {output}"
