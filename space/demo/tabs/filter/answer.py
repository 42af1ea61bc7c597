"""What the laboratory shows of a photo with its settings: pictures, numbers, and every sentence in each language."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

import torch
from PIL import Image

from cnnhub import convolution, kernels, render, stack
from cnnhub.errors import CnnHubError, GeometryError, KernelError
from demo import texts
from demo.parts import data_uri
from demo.photo.photo import LabPhoto
from demo.tabs.filter.settings import Settings, to_link
from demo.texts import Sentence, number, percent, t

STEP_PICTURE = 480  # pixels, the longer side of a step's picture
LONG_FORMULA, SHORT_FORMULA = "floor((W + 2P − D(F − 1) − 1) / S) + 1", "(W − F + 2P) / S + 1"


@dataclass(frozen=True, eq=False)
class Drawing:
    """A map as a picture, and what its colours mean.

    Attributes:
        kind: "signed", "magma", "grey" or "colour".
        low, high: the values at the ends of the colours.
        below, above: shares of the values that lie beyond those ends.
    """

    image: Image.Image
    kind: str
    low: float
    high: float
    below: float
    above: float


def answer(photo: LabPhoto, settings: Settings) -> dict[str, Any]:
    """The page's JSON.

    Raises:
        GeometryError: nothing is left of the photo with these settings.
    """
    pixels = photo.pixels(settings.colour)
    values = convolution.apply_filter(pixels, settings.filter())
    drawing = draw(values, settings)
    strongest = strongest_value(values[shown_channel(settings)], settings)
    steps, failed = _steps(values, settings)
    return {
        "photo": photo.id,
        "map": _picture(values, drawing),
        "strongest": [place - 1 for place in strongest[1:]] if isinstance(strongest, tuple) else None,
        "name": settings.kernel or "own",
        "snippet": snippet(photo, settings),
        "link": to_link(settings),
        "steps": [step for step, _ in steps],
        "said": {
            language: {
                **vars(describe(language, settings, drawing, strongest)),
                "notes": _notes(language, settings, drawing),
                "formula": _formula(language, photo, settings),
                "steps": [said(language) for _, said in steps],
                "problem": None if failed is None else {"place": "steps", "html": _steps_problem(language, failed)},
            }
            for language in texts.LANGUAGES
        },
    }


def refused(place: str, settings: Settings | None, photo: LabPhoto | None, error: CnnHubError) -> dict[str, Any]:
    """The page's JSON where there is no map: a sentence at the place of the mistake, in each language."""
    return {
        "said": {
            language: {
                "problem": {"place": _place(place), "html": _refusal(language, place, settings, photo, error).html("alert")}
            }
            for language in texts.LANGUAGES
        }
    }


def nothing(said: dict[str, Sentence]) -> dict[str, Any]:
    """The page's JSON where there is no photo: only a heading, in each language."""
    return {
        "empty": True,
        "said": {language: {"heading": one.heading, "line": one.line, "problem": None} for language, one in said.items()},
    }


def describe(language: str, settings: Settings, drawing: Drawing, strongest: tuple[float, int, int] | float) -> Sentence:
    """The heading and its line: what the kernel answers to, what the colours mean, where it answered most."""
    name = texts.kernel_name(language, settings.kernel) if settings.kernel else t(language, "own_kernel")
    channel = t(language, f"channel_{settings.channel}") if settings.colour else None
    nature = kernels.nature(effective(settings))
    return texts.filter_sentence(language, name, nature, strongest, colours=_colours(settings, drawing), channel=channel)


def effective(settings: Settings) -> torch.Tensor:
    """The kernel as it acts on the photo: divided, and turned for a true convolution; (k, k) float64."""
    weights = kernels.kernel(settings.weights, torch.float64) / settings.divisor
    return weights.flip(0, 1) if settings.flipped else weights


def makes_a_picture(settings: Settings) -> bool:
    """Weights that add up to 1 make a picture of a picture."""
    return abs(effective(settings).sum().item() - 1) < 1e-3


def is_clipped(settings: Settings) -> bool:
    return makes_a_picture(settings) if settings.drawn == "auto" else settings.drawn == "clipped"


def shown_channel(settings: Settings) -> int:
    return settings.channel if settings.colour else 0


def draw(values: torch.Tensor, settings: Settings) -> Drawing:
    """A map (C, H, W) as the settings ask: a picture cut to 0..255, or one channel's values in colours."""
    if is_clipped(settings):
        return _cut(values)
    # told from the kernel, not from this photo: the page's sentence speaks of red and blue
    signed = bool((effective(settings) < 0).any()) or settings.bias < 0
    return _coloured(values, shown_channel(settings), signed)


def draw_step(values: torch.Tensor, settings: Settings, place: int) -> Drawing:
    """The map (C, H, W) of a step after the first filter (place 1, 2, ...): a picture as long as only pictures came before."""
    before = settings.operations()[1 : place + 1]
    if makes_a_picture(settings) and all(_keeps_a_picture(operation) for operation in before):
        return _cut(values)
    return _coloured(values, shown_channel(settings), bool((values < 0).any()))


def strongest_value(values: torch.Tensor, settings: Settings) -> tuple[float, int, int] | float:
    """(value, row, column) of the largest |value| of a map (H, W), counted from 1; just the value where all are equal.

    Values whose window reaches into the padding tell of the border, not of the photo, and are passed over
    as long as others are left.
    """
    padding = convolution.padding_amount(settings.padding, len(settings.weights), settings.dilation)
    rim = math.ceil(padding / settings.stride)
    if min(values.shape) > 2 * rim:
        values = values[rim : values.shape[0] - rim, rim : values.shape[1] - rim]
    low, high = values.aminmax()
    if low == high:
        return low.item()
    at = values.argmax() if high >= -low else values.argmin()
    row, column = divmod(int(at), values.shape[1])
    return values[row, column].item(), row + rim + 1, column + rim + 1


def sizes(photo: LabPhoto, settings: Settings) -> tuple[str, str]:
    """The size formula with its numbers, for width and height."""
    width, height = (
        convolution.size_formula(side, len(settings.weights), settings.stride, settings.padding, settings.dilation)
        for side in photo.size
    )
    return width, height


def snippet(photo: LabPhoto, settings: Settings) -> str:
    size = photo.size if photo.scaled_down else None
    return stack.snippet(settings.operations(), grey=not settings.colour, size=size)


def run_steps(values: torch.Tensor, settings: Settings) -> tuple[list[torch.Tensor], int | None]:
    """What follows the first filter's map -> (the maps (C, H, W), the place of a step that cannot be applied)."""
    maps: list[torch.Tensor] = []
    for place, operation in enumerate(settings.operations()[1:]):
        try:
            maps += stack.run(maps[-1] if maps else values, [operation])
        except (GeometryError, KernelError):
            return maps, place
    return maps, None


def _picture(values: torch.Tensor, drawing: Drawing) -> dict[str, Any]:
    height, width = values.shape[1:]
    return {
        "uri": data_uri(drawing.image, compress_level=1),
        "width": width,
        "height": height,
        "kind": drawing.kind,
        "low": number(drawing.low),
        "high": number(drawing.high),
    }


def _cut(values: torch.Tensor) -> Drawing:
    whole = values.round().clamp(0, 255).to(torch.uint8)
    image = Image.fromarray(whole[0].numpy() if len(whole) == 1 else whole.permute(1, 2, 0).contiguous().numpy())  # (H, W, C)
    below, above = ((values < 0).double().mean().item(), (values > 255).double().mean().item())
    return Drawing(image, "grey" if len(whole) == 1 else "colour", 0, 255, below, above)


def _coloured(values: torch.Tensor, channel: int, signed: bool) -> Drawing:
    """One channel of (C, H, W), on a scale that all channels share."""
    limit = render.visible_limit(values)
    one = values[channel]
    above = (one > limit).double().mean().item()
    below = (one < (-limit if signed else 0)).double().mean().item()
    image = render.palette_image(one, limit, signed)
    return Drawing(image, "signed" if signed else "magma", -limit if signed else 0, limit, below, above)


def _colours(settings: Settings, drawing: Drawing) -> str:
    """What has to be said about the colours, as `texts.filter_sentence` knows it."""
    if drawing.kind in ("grey", "colour"):
        cut = "cut" if drawing.kind == "grey" else "cut_colour"
        return cut if drawing.below or drawing.above else ""
    if drawing.kind == "magma":
        return ""
    return "plain" if settings.bias else "signed"


def _notes(language: str, settings: Settings, drawing: Drawing) -> str:
    if drawing.kind in ("grey", "colour"):
        if drawing.below or drawing.above:
            return t(language, "note_cut", below=percent(drawing.below), above=percent(drawing.above))
        return ""
    outside = drawing.below + drawing.above
    notes = [t(language, "legend_clipped", share=percent(outside))] if outside > 0 else []
    if settings.colour:
        notes.append(t(language, "note_channel", channel=t(language, f"channel_{settings.channel}")))
    return " · ".join(notes)


def _formula(language: str, photo: LabPhoto, settings: Settings) -> str:
    filled = [f"{left} = <b>{right}</b>" for left, right in (text.rsplit(" = ", 1) for text in sizes(photo, settings))]
    general = SHORT_FORMULA if settings.dilation == 1 else LONG_FORMULA
    lines = [
        f"{escape(t(language, 'size_formula'))} {general}",
        f"{filled[0]} {escape(t(language, 'wide'))}",
        f"{filled[1]} {escape(t(language, 'high'))}",
    ]
    if settings.padding == "same":
        lines.append(escape(_same(language, photo, settings)))
    if photo.scaled_down:
        width, height = photo.size
        lines.append(escape(t(language, "too_large", width=width, height=height)))
    return "".join(f"<p>{line}</p>" for line in lines)


def _same(language: str, photo: LabPhoto, settings: Settings) -> str:
    """How TensorFlow's and PyTorch's "same" would pad this photo with this kernel."""
    window, stride, dilation = len(settings.weights), settings.stride, settings.dilation
    amount = convolution.padding_amount("same", window, dilation)
    (left, right), (above, below) = (convolution.tensorflow_same(side, window, stride, dilation) for side in photo.size)
    if {left, right, above, below} != {amount}:
        return t(language, "same_differ", left=left, right=right, above=above, below=below, amount=amount)
    return t(language, "same_agree", amount=amount) if stride == 1 else t(language, "same_strided", amount=amount, stride=stride)


def _steps(values: torch.Tensor, settings: Settings) -> tuple[list[tuple[dict[str, Any], Any]], int | None]:
    """-> (each step's picture and a function that says its size in a language, the place of one that fails)."""
    maps, failed = run_steps(values, settings)
    made = []
    for place, (before, after) in enumerate(pairwise([values, *maps]), 1):
        drawing = draw_step(after, settings, place)
        picture = _picture(after, drawing) | {"uri": data_uri(_reduced(drawing.image), compress_level=1)}
        made.append((picture, _size_said(settings.operations()[place], before, after)))
    return made, failed


def _keeps_a_picture(operation: stack.Step) -> bool:
    if isinstance(operation, stack.Filter):
        return abs(sum(map(sum, operation.weights)) / operation.divisor - 1) < 1e-3
    return not (isinstance(operation, stack.Pool) and operation.mode == "l2")


def _size_said(operation: stack.Step, before: torch.Tensor, after: torch.Tensor) -> Callable[[str], str]:
    (high, wide), (new_high, new_wide) = before.shape[1:], after.shape[1:]
    if isinstance(operation, stack.Relu):
        return lambda language: t(language, "relu_size", width=new_wide, height=new_high)
    if isinstance(operation, stack.Pool):
        window, padding = operation.window, 0
    else:
        window, padding = len(operation.weights), operation.padding
    filled = [convolution.size_formula(side, window, operation.stride, padding) for side in (wide, high)]
    return lambda language: f"{filled[0]} {t(language, 'wide')}; {filled[1]} {t(language, 'high')}"


def _reduced(image: Image.Image) -> Image.Image:
    factor = math.ceil(max(image.size) / STEP_PICTURE)
    return image.convert("RGB").reduce(factor) if factor > 1 else image


def _steps_problem(language: str, place: int) -> str:
    return Sentence(t(language, "error_steps", number=place + 2), t(language, "error_steps_more")).html("alert")


def _refusal(language: str, place: str, settings: Settings | None, photo: LabPhoto | None, error: CnnHubError) -> Sentence:
    if place in ("divisor", "bias"):
        return Sentence(t(language, f"error_{place}"), t(language, f"error_{place}_more"))
    if settings and photo and isinstance(error, GeometryError) and settings.border == "reflect":
        padding = convolution.padding_amount(settings.padding, len(settings.weights), settings.dilation)
        if padding >= min(photo.size):
            return Sentence(t(language, "error_reflect"), t(language, "error_reflect_more"))
    return texts.problem(language, error)


def _place(setting: str) -> str:
    """The part of the page that a setting stands in."""
    if setting in ("kernel", "weights", "divisor", "bias"):
        return "kernel"
    return "steps" if setting == "steps" else "geometry"
