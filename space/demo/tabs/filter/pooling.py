"""The fold "Pooling and what it survives" of tab two: the photo is moved, and what changes is measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import gradio as gr
from PIL import Image

from cnnhub import invariance, render
from cnnhub.errors import CnnHubError, GeometryError
from demo import networks, texts
from demo.assets import data_uri, mounted, page_file
from demo.endpoints import choice_input, for_programs, json_output, number_input, picture_output, publish, require
from demo.language import Words, labelled
from demo.photo.input import PhotoInput
from demo.photo.photo import Photo
from demo.tab import PRIVATE, Shared
from demo.texts import Sentence, percent, t

if TYPE_CHECKING:
    import torch

MAX_WINDOW = 32
MAX_DRAWN = 640  # pixels across; a picture is never shown wider than that
ROUNDING = 1e-6  # what interpolating in float32 may change of values that are all the same
CLEARLY_LESS = 0.75  # of the pixels' change: from there on pooling is said to help
FOLD = "pooling"  # its name in an address
WINDOWS, STRIDES = (2, 3, 4, 8), (1, 2, 3, 4, 8)
SLIDERS = {"shift_x": (-24, 24, 1), "shift_y": (-24, 24, 1), "angle": (-45, 45, 1), "scale": (50, 150, 5)}  # scale in percent
# What pooling_said.js writes by itself.
WORDS = (
    *(
        "pooling_moved",
        "pooling_max",
        "pooling_average",
        "pooling_l2",
        "pooling_global_average",
        "pooling_changed",
        "pooling_kept",
    ),
    *("pooling_still", "pooling_less", "pooling_about", "pooling_more", "pooling_nothing", "pooling_by_one", "pooling_by_shift"),
    *("pooling_by_turn", "pooling_by_scaling", "pooling_by_several", "pooling_measure", "pooling_drawn", "too_large"),
    *("error_geometry", "error_geometry_more"),
)
POOLED = ("max", "average", "l2", "global_average")


@dataclass(frozen=True)
class Settings:
    """What is pooled and how the photo is moved first.

    Attributes:
        window, stride: in pixels.
        shift_x, shift_y: pixels to the right, downwards. angle: degrees against the clock. scale: 1 is as it was.
    """

    window: int = 2
    stride: int = 2
    shift_x: float = 1
    shift_y: float = 0
    angle: float = 0
    scale: float = 1


FIRST = Settings()  # what the page begins with: the article's


@dataclass(frozen=True)
class Measured:
    """The photo's brightness (H, W), 0 to 255, pooled before and after it was moved.

    Attributes:
        photo_size: (width, height) of what went in.
        before, after: "pixels" and each of POOLED -> values.
        changes: the same names -> `invariance.change` from before to after.
    """

    settings: Settings
    photo_size: tuple[int, int]
    scaled_down: bool
    before: dict[str, torch.Tensor]
    after: dict[str, torch.Tensor]
    changes: dict[str, float]

    @property
    def kept(self) -> float:
        """The share of the pixels that is left after pooling with the window."""
        return self.after["max"].numel() / self.after["pixels"].numel()


def layout(words: Words) -> tuple[gr.Accordion, gr.HTML]:
    """-> (the fold, what is in it)."""
    with words.make(gr.Accordion, labelled("pooling"), open=False, elem_id="pooling-fold") as fold:
        room = words.make(
            gr.HTML,
            _props,
            {"settings": asdict(FIRST)},
            html_template='<div class="pooling"></div>',
            css_template=page_file("tabs/filter/pooling.css"),
            js_on_load=mounted("tabs/filter/pooling.js", "move"),
            elem_id="pooling",
            apply_default_css=False,
        )
    return fold, room


def wire(fold: gr.Accordion, room: gr.HTML, shared: Shared) -> None:
    """The fold asks by itself when it is open and in sight: after a control, a new photo, another language."""
    room.move(show, [shared.photo, room, shared.language, shared.network], room, **PRIVATE)
    for event, written in ((fold.expand, f"'{FOLD}'"), (fold.collapse, "null")):
        event(None, js=f"() => window.cnnhubLink?.set({{fold: {written}}})", api_visibility="private")
    shared.photo.change(None, None, None, js="() => document.dispatchEvent(new Event('cnnhub-photo'))", api_visibility="private")


def show(photo: Photo | None, value: Any, language: str, network: str) -> dict[str, Any]:
    """-> the page's value: the settings that were used, the sentence, what the network says, and what changed how much."""
    if not photo:
        return _message(texts.no_photo(language, photo), "status")
    if isinstance(value, dict) and value.get("is_drawn"):  # the browser has measured, and only the network's word is wanted
        said = texts.attempt(language, lambda: _network_said(language, photo, _settings(value), network))
        return {"shown": {"photo": photo.id, "network": said if isinstance(said, str) else ""}}
    result = texts.attempt(language, lambda: measure(photo, _settings(value)))
    if isinstance(result, Sentence):
        return _message(result, "alert")
    sentence = describe(language, result)
    notes = [t(language, "pooling_measure"), t(language, "pooling_drawn", white=255 * result.settings.window)]
    if result.scaled_down:
        width, height = result.photo_size
        notes.append(t(language, "too_large", width=width, height=height))
    largest = max(result.changes.values()) or 1.0
    return {
        "settings": asdict(result.settings),
        "shown": {
            "photo": photo.id,
            "role": "status",
            "heading": sentence.heading,
            "line": sentence.line,
            "network": _network_said(language, photo, result.settings, network),
            "notes": notes,
            "figures": [_figure(language, result, name, largest) for name in ("pixels", *POOLED)],
        },
    }


def measure(photo: Photo, settings: Settings) -> Measured:
    """Pool the photo's brightness, of at most a megapixel, before and after it is moved."""
    _check(settings)
    photo_pixels = photo.pixels()
    pixels = photo_pixels.planes(colour=False)[0].float()
    before, after = (
        {"pixels": values, **invariance.pooled(values, settings.window, settings.stride)}
        for values in (pixels, invariance.moved(pixels, settings.shift_x, settings.shift_y, settings.angle, settings.scale))
    )
    changes = {name: invariance.change(before[name], after[name]) for name in before}
    changes = {name: value if value > ROUNDING else 0.0 for name, value in changes.items()}
    return Measured(settings, photo_pixels.size, photo_pixels.scaled_down, before, after, changes)


def describe(language: str, measured: Measured) -> Sentence:
    """What the move changed, and what the window keeps, from what was measured."""
    settings, (height, width) = measured.settings, measured.after["max"].shape
    kept = t(
        language,
        "pooling_kept",
        share=percent(measured.kept),
        window=settings.window,
        stride=settings.stride,
        width=measured.photo_size[0],
        height=measured.photo_size[1],
        pooled_width=width,
        pooled_height=height,
    )
    return Sentence(_verdict(language, settings, measured.changes["pixels"], measured.changes["max"]), kept)


def pool_photo(
    image: Photo | None,
    mode: str = "max",
    window: int = Settings.window,
    stride: int = Settings.stride,
    shift_x: float = Settings.shift_x,
    shift_y: float = Settings.shift_y,
    angle: float = Settings.angle,
    scale: float = Settings.scale,
) -> tuple[Image.Image, dict[str, Any]]:
    """Move a photo, pool its brightness (0 to 255), and measure what changed; above a megapixel it is scaled down first.

    Args:
        image: the photo: a file that is uploaded; over MCP, a data: URI or the address of an upload.
        mode: which pooled map to return: max, average, l2 or global_average.
        window: side of the pooling window in pixels, 1 to 32.
        stride: step of the window in pixels, 1 or more.
        shift_x: pixels to the right that the photo is moved before it is pooled.
        shift_y: pixels downwards.
        angle: degrees against the clock that it is turned.
        scale: factor by which it is scaled; 1 leaves it.

    Returns:
        The pooled map of the moved photo as a grey PNG, one pixel a value.
        Its facts: sizes, the share of the pixels that is kept, the global average before and after.
        How much the pixels and each pooled map changed: mean difference at one place, divided by the mean (0.09 is 9 %).
    """
    settings = Settings(_whole(window), _whole(stride), shift_x, shift_y, angle, scale)
    measured = for_programs(lambda: measure(require(image), settings))
    output = measured.after[mode]
    facts = {
        "input": {"width": measured.photo_size[0], "height": measured.photo_size[1]},
        "output": {"width": output.shape[1], "height": output.shape[0]},
        "kept": output.numel() / measured.after["pixels"].numel(),
        "global_average": {
            "before": measured.before["global_average"].item(),
            "after": measured.after["global_average"].item(),
        },
        "changes": measured.changes,
    }
    return _picture(measured, mode), facts


def publish_endpoint(photo: PhotoInput) -> None:
    """The named endpoint /pooling."""
    first = asdict(Settings())
    numbers = [number_input(first[name], name, whole=name in ("window", "stride")) for name in first]
    outputs = [picture_output("pooled map"), json_output()]
    publish(pool_photo, [photo, choice_input(POOLED, "mode"), *numbers], outputs, "pooling")


def from_link(parameters: Mapping[str, str]) -> tuple[bool, Settings]:
    """What the query of an address holds -> (is the fold open, its settings); what the page does not offer has its default.

    The settings are window, stride, pixels to the right and downwards, degrees and percent; pooling.js writes them.

    >>> from_link({"fold": "pooling", "pooling": "4,2,-3,0,10,150"})
    (True, Settings(window=4, stride=2, shift_x=-3, shift_y=0, angle=10, scale=1.5))
    >>> from_link({"pooling": "4,2,99,0,0,100"}) == (False, FIRST)
    True
    """
    settings = FIRST
    with suppress(ValueError):  # no whole numbers, too few or too many
        window, stride, *moves = (int(number) for number in parameters.get("pooling", "")[:80].split(","))
        fitting = [low <= move <= high for move, (low, high, _) in zip(moves, SLIDERS.values(), strict=True)]
        if window in WINDOWS and stride in STRIDES and all(fitting):
            shift_x, shift_y, angle, percents = moves
            settings = Settings(window, stride, shift_x, shift_y, angle, percents / 100)
    return parameters.get("fold") == FOLD, settings


def _props(language: str) -> dict[str, Any]:
    names = ("window", "stride", "shift_x", "shift_y", "angle", "scale", "back")
    labels = {name: t(language, f"pooling_{name}") for name in names}
    return {
        "language": language,
        "labels": {**labels, "pixels": t(language, "pooling_pixels", value="{value}")}
        | {key: texts.template(language, key) for key in WORDS},
        "windows": WINDOWS,
        "strides": STRIDES,
        "sliders": SLIDERS,
        "first": asdict(FIRST),
    }


def _message(sentence: Sentence, role: str) -> dict[str, Any]:
    return {"shown": {"role": role, "heading": sentence.heading, "line": sentence.line, "notes": [], "figures": []}}


def _network_said(language: str, photo: Photo, settings: Settings, network: str) -> str:
    """What a network answers for the photo, of at most a megapixel, and for the moved one."""
    try:
        classifier = networks.get(network)
    except CnnHubError:  # one from the Hub that is not there any more: the tab "What is it?" says so
        return ""
    planes = photo.pixels().planes(colour=True).float()
    moved = invariance.moved(planes, settings.shift_x, settings.shift_y, settings.angle, settings.scale)
    pictures = (values.round().clamp(0, 255).byte().permute(1, 2, 0).numpy() for values in (planes, moved))  # (H, W, 3)
    before, after = classifier.predict_many(pictures)
    named = {"network": networks.title(language, network), "label": texts.label_text(language, classifier, before.label)}
    if before.is_unfamiliar or after.is_unfamiliar:  # what it guesses there means nothing
        return t(language, "pooling_network_unfamiliar", **named)
    told = _exactly(after.probability)
    if before.label == after.label:
        return t(language, "pooling_network", before=_exactly(before.probability), after=told, **named)
    other = f"{texts.label_text(language, classifier, after.label)} {told}"
    return t(language, "pooling_network_other", before=_exactly(before.probability), after=other, **named)


def _exactly(share: float) -> str:
    """A probability with a decimal, since two near ones are compared."""
    return f"{100 * share:.1f} %" if 0.0006 <= share <= 0.9994 else percent(share)


def _figure(language: str, measured: Measured, name: str, largest: float) -> dict[str, Any]:
    """One picture and what stands under it; `largest` is the change whose bar is full."""
    values = measured.after[name]
    height, width = values.shape
    change = measured.changes[name]
    share = percent(values.numel() / math.prod(measured.photo_size))
    picture = _picture(measured, name)
    return {
        "name": t(language, "pooling_moved" if name == "pixels" else f"pooling_{name}"),
        "size": [f"{width} × {height}"] if name == "pixels" else [f"{width} × {height}", share],
        "picture": data_uri(picture.reduce(math.ceil(picture.width / MAX_DRAWN))),
        "ratio": measured.photo_size[0] / measured.photo_size[1],
        "changed": t(language, "pooling_changed", share=_share(change)),
        "bar": change / largest,
    }


def _picture(measured: Measured, name: str) -> Image.Image:
    """Greys from 0 to 255; a norm over so many pixels can be larger than any of them, by the window's side."""
    values = measured.after[name] / (measured.settings.window if name == "l2" else 1)
    return render.response_image(values, render.Scale("grey", 255.0))


def _verdict(language: str, settings: Settings, pixels: float, pooled: float) -> str:
    if (settings.shift_x, settings.shift_y, settings.angle, settings.scale) == (0, 0, 0, 1):
        return t(language, "pooling_still")
    move = _move(language, settings)
    if pixels == 0:
        return t(language, "pooling_nothing", move=move)
    key = "pooling_less" if pooled < CLEARLY_LESS * pixels else "pooling_about" if pooled <= pixels else "pooling_more"
    return t(language, key, move=move, pixels=_share(pixels), pooled=_share(pooled))


def _move(language: str, settings: Settings) -> str:
    distance = math.hypot(settings.shift_x, settings.shift_y)
    if (distance != 0) + (settings.angle != 0) + (settings.scale != 1) > 1:
        return t(language, "pooling_by_several")
    if distance:
        key = "pooling_by_one" if distance == 1 else "pooling_by_shift"
        return t(language, key, distance=texts.number(round(distance, 1)))
    if settings.angle:
        return t(language, "pooling_by_turn", angle=texts.number(abs(settings.angle)))
    return t(language, "pooling_by_scaling", scale=texts.number(100 * settings.scale))


def _share(change: float) -> str:
    """A change in percent; small ones are compared, so they have a decimal, and it can be more than 100 %."""
    if 0.0006 <= change < 0.1:
        return f"{100 * change:.1f} %"
    return percent(change) if change <= 1 else f"{100 * change:,.0f} %"


def _settings(value: Any) -> Settings:
    """What the page sent; numbers are checked where they are used."""
    found = value.get("settings") if isinstance(value, dict) else None
    if not isinstance(found, dict):
        raise GeometryError("No settings arrived; expected window, stride, shift_x, shift_y, angle and scale.")
    known = {field.name: _whole(found.get(field.name, field.default)) for field in fields(Settings)}
    return Settings(**known)


def _check(settings: Settings) -> None:
    if not isinstance(settings.window, int) or settings.window > MAX_WINDOW:
        raise GeometryError(f"The window is {settings.window!r}; expected a whole number from 1 to {MAX_WINDOW}.")


def _whole(value: Any) -> Any:
    """JSON and gradio send 2.0 for 2."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
