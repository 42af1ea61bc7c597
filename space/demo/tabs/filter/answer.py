"""What the laboratory shows of a photo with its settings: pictures, numbers, and every sentence in each language."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from PIL import Image

from cnnhub import convolution, kernels, render, stack
from cnnhub.convolution import Filter
from cnnhub.errors import CnnHubError, GeometryError, KernelError
from demo import texts
from demo.assets import data_uri
from demo.photo.pixels import Box, Pixels
from demo.tabs.filter.settings import Settings
from demo.texts import Sentence, number, percent, t

if TYPE_CHECKING:
    import torch

NEAR = 24  # pixels of the photo beside the pointed window that come with the map; the others follow
STEP_PICTURE = 480  # pixels, the longer side of a step's picture
LONG_FORMULA, SHORT_FORMULA = "floor((W + 2P − D(F − 1) − 1) / S) + 1", "(W − F + 2P) / S + 1"


@dataclass(frozen=True, eq=False)
class Drawing:
    """A map as a picture, and what its colours mean.

    Attributes:
        below, above: shares of the values that lie beyond the ends of the scale.
    """

    picture: Image.Image
    scale: render.Scale
    below: float
    above: float

    @property
    def kind(self) -> str:
        """As the page and /filter name it: "signed", "magma", "grey" or "colour"."""
        if self.scale.kind == "grey":
            return "grey" if self.picture.mode == "L" else "colour"
        return {"signed": "signed", "unsigned": "magma"}[self.scale.kind]

    @property
    def is_cut(self) -> bool:
        """Whether it is a picture of 0 to 255."""
        return self.scale.kind == "grey"


def answer(photo: Pixels, settings: Settings) -> dict[str, Any]:
    """The page's JSON.

    Raises:
        GeometryError: nothing is left of the photo with these settings.
    """
    values = convolution.apply_filter(photo.planes(settings.colour), settings.filter)
    drawing = draw(values, settings)
    strongest = strongest_value(values[shown_channel(settings)], settings.filter)
    border = stronger_in_padding(values[shown_channel(settings)], strongest)
    steps, failed = _steps(values, settings)
    return {
        **told(photo, settings),
        "map": _picture(values, drawing),
        "strongest": [place - 1 for place in strongest[1:]] if isinstance(strongest, tuple) else None,
        "steps": [step for step, _ in steps],
        "said": {
            language: {
                **vars(describe(language, settings, drawing, strongest, border)),
                "notes": _notes(language, settings, drawing),
                "formula": _formula(language, photo, settings),
                "steps": [said(language) for _, said in steps],
                "problem": None if failed is None else {"place": "steps", "html": _steps_problem(language, failed)},
            }
            for language in texts.LANGUAGES
        },
    }


def told(photo: Pixels, settings: Settings) -> dict[str, Any]:
    """The part of the page's JSON that the page cannot make by itself from the photo's pixels."""
    return {
        "photo": photo.id,
        "settings": settings.as_json(),
        "snippet": snippet(photo, settings),
    }


def palettes() -> dict[str, list[int]]:
    """The colours of render's maps as the page names them: 256 times red, green, blue."""
    return {name: render.palette(signed).ravel().tolist() for name, signed in (("signed", True), ("magma", False))}


def refused(place: str, settings: Settings | None, photo: Pixels | None, error: CnnHubError) -> dict[str, Any]:
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


def describe(
    language: str,
    settings: Settings,
    drawing: Drawing,
    strongest: tuple[float, int, int] | float,
    border: tuple[float, int, int] | None = None,
) -> Sentence:
    """The heading and its line: what the kernel answers to, what the colours mean, where it answered most; and where the border's
    padding makes it answer more."""
    name = texts.kernel_name(language, settings.kernel) if settings.kernel else t(language, "own_kernel")
    channel = t(language, f"channel_{settings.channel}") if settings.colour else None
    nature = kernels.nature(settings.filter.kernel())
    said = texts.filter_sentence(language, name, nature, strongest, colours=_colours(settings, drawing), channel=channel)
    if border is None:
        return said
    value, row, column = border
    more = t(language, "strongest_border", value=number(value), row=row, column=column)
    return Sentence(said.heading, f"{said.line}{'' if texts.is_chinese(language) else ' '}{more}")


def shown_channel(settings: Settings) -> int:
    return settings.channel if settings.colour else 0


def draw(values: torch.Tensor, settings: Settings) -> Drawing:
    """A map (C, H, W) as the settings ask: a picture cut to 0..255, or one channel's values in colours."""
    kernel = settings.filter.kernel()
    if settings.drawn == "clipped" or (settings.drawn == "auto" and kernels.keeps_brightness(kernel)):
        return _drawn(values, render.GREYS, settings)
    return _drawn(values, render.coloured_scale(values, kernel, settings.filter.bias), settings)


def draw_step(values: torch.Tensor, settings: Settings, place: int) -> Drawing:
    """The map (C, H, W) of a step after the first filter (place 1, 2, ...): a picture as long as only pictures came before."""
    is_picture = all(_keeps_a_picture(operation) for operation in settings.operations()[: place + 1])
    return _drawn(values, render.GREYS if is_picture else render.maps_scale(values), settings)


def strongest_value(values: torch.Tensor, filter_: Filter) -> tuple[float, int, int] | float:
    """(value, row, column) of the largest |value| of a map (H, W), counted from 1; just the value where all are equal.

    Values whose window reaches into the padding tell of the border, not of the photo, and are passed over
    as long as others are left.
    """
    padding = convolution.padding_amount(filter_.padding, len(filter_.weights), filter_.dilation)
    rim = math.ceil(padding / filter_.stride)
    if min(values.shape) > 2 * rim:
        values = values[rim : values.shape[0] - rim, rim : values.shape[1] - rim]
    if values.amin() == values.amax():
        return values.flatten()[0].item()
    value, row, column = _largest(values)
    return value, row + rim, column + rim


def stronger_in_padding(values: torch.Tensor, strongest: tuple[float, int, int] | float) -> tuple[float, int, int] | None:
    """(value, row, column), counted from 1, of a value of the map (H, W) that is larger than the strongest one of the photo."""
    largest, photo = _largest(values), strongest[0] if isinstance(strongest, tuple) else strongest
    return largest if abs(largest[0]) > abs(photo) else None


def _largest(values: torch.Tensor) -> tuple[float, int, int]:
    """(value, row, column), counted from 1, of the largest |value| of a map (H, W)."""
    low, high = values.aminmax()
    at = values.argmax() if high >= -low else values.argmin()
    row, column = divmod(int(at), values.shape[1])
    return values[row, column].item(), row + 1, column + 1


def sizes(photo: Pixels, settings: Settings) -> tuple[str, str]:
    """The size formula with its numbers, for width and height."""
    filter_ = settings.filter
    width, height = (
        convolution.size_formula(side, len(filter_.weights), filter_.stride, filter_.padding, filter_.dilation)
        for side in photo.size
    )
    return width, height


def neighbourhood(photo: Pixels, settings: Settings, place: Sequence[int]) -> Box:
    """The part of the photo around the window of the map's value at this place, so large that pointing near it needs no more."""
    filter_ = settings.filter
    reach = filter_.dilation * (len(filter_.weights) - 1) + 1
    padding = convolution.padding_amount(filter_.padding, len(filter_.weights), filter_.dilation)

    def extent(at: int, side: int) -> tuple[int, int]:
        middle = min(max(at * filter_.stride - padding + reach // 2, 0), side - 1)
        return max(middle - reach - NEAR, 0), min(middle + reach + NEAR + 1, side)

    (top, bottom), (left, right) = extent(place[0], photo.size[1]), extent(place[1], photo.size[0])
    return left, top, right, bottom


def snippet(photo: Pixels, settings: Settings) -> str:
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
        "uri": data_uri(drawing.picture, compress_level=1),
        "width": width,
        "height": height,
        "kind": drawing.kind,
        "low": number(drawing.scale.low),
        "high": number(drawing.scale.limit),
    }


def _drawn(values: torch.Tensor, scale: render.Scale, settings: Settings) -> Drawing:
    """All channels of (C, H, W) as one picture where it is of greys; else the shown one, in colours that all share."""
    if scale.kind == "grey":
        picture = render.response_image(values[0] if len(values) == 1 else values, scale)
    else:
        values = values[shown_channel(settings)]
        picture = render.palette_image(values, scale.limit, scale.is_signed)
    below, above = ((values < scale.low).double().mean().item(), (values > scale.limit).double().mean().item())
    return Drawing(picture, scale, below, above)


def _colours(settings: Settings, drawing: Drawing) -> str:
    """What has to be said about the colours, as `texts.filter_sentence` knows it."""
    if drawing.is_cut:
        cut = "cut" if drawing.kind == "grey" else "cut_colour"
        return cut if drawing.below or drawing.above else ""
    if not drawing.scale.is_signed:
        return ""
    return "plain" if settings.filter.bias else "signed"


def _notes(language: str, settings: Settings, drawing: Drawing) -> str:
    if drawing.is_cut:
        if drawing.below or drawing.above:
            return t(language, "note_cut", below=percent(drawing.below), above=percent(drawing.above))
        return ""
    outside = drawing.below + drawing.above
    notes = [t(language, "legend_clipped", share=percent(outside))] if outside > 0 else []
    if settings.colour:
        notes.append(t(language, "note_channel", channel=t(language, f"channel_{settings.channel}")))
    return " · ".join(notes)


def _formula(language: str, photo: Pixels, settings: Settings) -> str:
    filled = [f"{left} = <b>{right}</b>" for left, right in (text.rsplit(" = ", 1) for text in sizes(photo, settings))]
    general = SHORT_FORMULA if settings.filter.dilation == 1 else LONG_FORMULA
    lines = [
        f"{escape(t(language, 'size_formula'))} {general}",
        f"{filled[0]} {escape(t(language, 'wide'))}",
        f"{filled[1]} {escape(t(language, 'high'))}",
    ]
    if settings.filter.padding == "same":
        lines.append(escape(_same(language, photo, settings.filter)))
    if photo.scaled_down:
        width, height = photo.size
        lines.append(escape(t(language, "too_large", width=width, height=height)))
    return "".join(f"<p>{line}</p>" for line in lines)


def _same(language: str, photo: Pixels, filter_: Filter) -> str:
    """How TensorFlow's and PyTorch's "same" would pad this photo with this kernel."""
    window, stride, dilation = len(filter_.weights), filter_.stride, filter_.dilation
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
        picture = _picture(after, drawing) | {"uri": data_uri(_reduced(drawing.picture), compress_level=1)}
        made.append((picture, _size_said(settings.operations()[place], before, after)))
    return made, failed


def _keeps_a_picture(operation: stack.Step) -> bool:
    if isinstance(operation, stack.Filter):
        return kernels.keeps_brightness(operation.kernel())
    return not (isinstance(operation, stack.Pool) and operation.mode == "l2")


def _size_said(operation: stack.Step, before: torch.Tensor, after: torch.Tensor) -> Callable[[str], str]:
    (high, wide), (new_high, new_wide) = before.shape[1:], after.shape[1:]
    if isinstance(operation, stack.Relu):
        return lambda language: t(language, "relu_size", width=new_wide, height=new_high)
    window = operation.window if isinstance(operation, stack.Pool) else len(operation.weights)
    padding = 0 if isinstance(operation, stack.Pool) else operation.padding
    filled = [convolution.size_formula(side, window, operation.stride, padding) for side in (wide, high)]
    return lambda language: f"{filled[0]} {t(language, 'wide')}; {filled[1]} {t(language, 'high')}"


def _reduced(picture: Image.Image) -> Image.Image:
    factor = math.ceil(max(picture.size) / STEP_PICTURE)
    return picture.convert("RGB").reduce(factor) if factor > 1 else picture


def _steps_problem(language: str, place: int) -> str:
    return Sentence(t(language, "error_steps", number=place + 2), t(language, "error_steps_more")).html("alert")


def _refusal(language: str, place: str, settings: Settings | None, photo: Pixels | None, error: CnnHubError) -> Sentence:
    if place in ("divisor", "bias"):
        return Sentence(t(language, f"error_{place}"), t(language, f"error_{place}_more"))
    if settings and photo and isinstance(error, GeometryError) and settings.filter.border == "reflect":
        filter_ = settings.filter
        padding = convolution.padding_amount(filter_.padding, len(filter_.weights), filter_.dilation)
        if padding >= min(photo.size):
            return Sentence(t(language, "error_reflect"), t(language, "error_reflect_more"))
    return texts.problem(language, error)


def _place(setting: str) -> str:
    """The part of the page that a setting stands in."""
    if setting in ("kernel", "weights", "divisor", "bias"):
        return "kernel"
    return "steps" if setting == "steps" else "geometry"
