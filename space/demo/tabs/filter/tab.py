"""Tab two, "One filter": the kernel laboratory, drawn by one component, and the fold on pooling under it."""

from __future__ import annotations

import base64
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import gradio as gr

from cnnhub import convolution, kernels
from cnnhub.errors import CnnHubError, ImageError
from demo import texts
from demo.assets import mounted, page_file
from demo.photo.photo import Photo
from demo.tab import PRIVATE, Remembered, Room, Shared, Tab, way
from demo.tabs.filter import answer, endpoints, learned, pooling, settings
from demo.tabs.filter.learned import Learned
from demo.tabs.filter.settings import Misplaced, Settings
from demo.texts import t

# What lab.js writes by itself, each in the language that is chosen.
WORDS = (
    *("map_label", "position", "position_value", "to_strongest", "patch", "patch_channel", "kernel_edit", "kernel_turned"),
    *("products", "pixels_coming", "sum", "value", "drawn_as", "loupe", "outside", "cell", "size", "divisor", "bias"),
    *("channel_shown", "channel_0", "channel_1", "channel_2", "preset", "own_line", "stride", "padding", "padding_same"),
    *("padding_valid", "padding_amount", "dilation", "border", "border_zero", "border_reflect", "border_replicate"),
    *("border_mean", "colour", "colour_grey", "colour_rgb", "operation", "operation_correlation", "operation_convolution"),
    *("drawn", "drawn_signed", "drawn_clipped", "play", "play_start", "play_pause", "play_on", "play_step", "play_end"),
    *("download_map", "stack", "stack_line", "add_step", "add_pool", "add_filter", "step_relu", "step_pool", "step_filter"),
    *("all_presets", "more"),
    *("alike_group", "alike_filter"),
    *("pool_max", "pool_average", "pool_l2", "window", "up", "down", "remove", "snippet", "copy", "copied", "response_map"),
    # what is said of a map that the browser made
    *("own_kernel", "sign_plain", "sign_x", "sign_y", "sign_xy", "sign_centre", "right", "left", "downwards", "upwards"),
    *("lower right", "lower left", "upper right", "upper left", "brighter", "darker", "cut_line", "cut_line_colour", "note_cut"),
    *("flat", "strongest", "strongest_channel", "strongest_border", "note_channel", "legend_clipped", "size_formula"),
    *("wide", "high", "same_agree", "same_strided", "same_differ", "too_large", "relu_size", "error_kernel", "error_divisor"),
    *("error_bias", "error_geometry", "error_reflect", "error_steps", "error_kernel_more", "error_divisor_more"),
    *("error_bias_more", "error_geometry_more", "error_reflect_more", "error_steps_more"),
    *(key for key in texts.TEXTS if key.startswith("nature_")),
)

# What learned.js writes.
LEARNED_WORDS = (
    *(
        "learned_leave",
        "learned_number",
        "learned_of",
        "learned_inside",
        "learned_grey",
        "learned_kernel",
        "learned_seen_0",
        "learned_seen_1",
        "learned_seen_2",
        "learned_total",
    ),
    *("channel_0", "channel_1", "channel_2", "position", "position_value", "map_label", "response_map"),
)

FIRST_PRESETS = ("gaussian", "sharpen", "sobel_x", "sobel_y", "laplacian_4", "outline", "emboss")


@dataclass(frozen=True)
class Filter:
    """The laboratory with its settings, which stay on the server, a learned filter in its place, and the fold on pooling.

    The laboratory is never an input of an event: the photo's pixels would travel back with it.
    """

    lab: gr.HTML
    settings: gr.State
    learned: gr.HTML
    learned_filter: gr.State
    fold: gr.Accordion
    pooling: gr.HTML


@dataclass(frozen=True)
class FilterShown:
    """`lab` is what lab.js draws: the map and everything that is said about it, in each language. `learned` is what learned.js
    draws."""

    lab: dict[str, Any]
    learned: dict[str, Any]


def layout(shared: Shared) -> Filter:
    of_network = shared.words.make(
        gr.HTML,
        lambda language: {"language": language, "words": {key: texts.template(language, key) for key in LEARNED_WORDS}},
        None,
        html_template='<div class="learned-filter"></div>',
        js_on_load=mounted("tabs/filter/learned.js", "leave"),
        elem_id="learned",
        apply_default_css=False,
    )
    lab = shared.words.make(
        gr.HTML,
        _words,
        None,
        html_template=page_file("tabs/filter/lab.html"),
        # what does not follow the language is no property, each of which an update would have to repeat
        js_on_load=mounted("tabs/filter/lab.js", "change_settings", "want_pixels", "want_alike", given=_offered()),
        elem_id="lab",
        apply_default_css=False,
        pixels=None,
        alike=None,
    )
    chosen = gr.State(Settings())
    fold, room = pooling.layout(shared.words)
    with gr.Row(elem_classes="actions"):
        way(shared, "what")
        way(shared, "inside")
    return Filter(lab, chosen, of_network, gr.State(None), fold, room)


def show(photo: Photo | None, settings: Settings, learned_filter: Learned | None = None) -> FilterShown:
    return FilterShown(_drawn(photo, settings), learned.show(photo, learned_filter))


def changed(event: gr.EventData, photo: Photo | None, before: Settings) -> tuple[Settings, dict[str, Any]]:
    """The visitor changed a setting -> (the settings, as they were if the new ones are refused; what is drawn).

    A page that has drawn the map by itself gets what it cannot know.
    """
    sent = event._data if isinstance(event._data, dict) else {}
    number = sent.get("number") if isinstance(sent.get("number"), int) else None
    try:
        chosen = settings.read(sent.get("settings"))
    except Misplaced as wrong:
        return before, answer.refused(wrong.place, None, None, wrong.error) | {"number": number}
    if sent.get("is_drawn") and photo:
        with suppress(CnnHubError):  # without pixels, what is drawn says so
            return chosen, answer.told(photo.pixels(), chosen) | {"number": number}
    return chosen, _drawn(photo, chosen, str(sent.get("pixels"))) | {"number": number}


def photo_pixels(photo: Photo | None) -> Any:
    """The photo's exact pixels for the strip, asked for by the page once a photo."""
    if not photo:
        return gr.skip()
    try:
        return gr.update(pixels=photo.pixels().packed())
    except ImageError:
        return gr.skip()


def alike(event: gr.EventData, network: str) -> Any:
    """The filters of the network that are most like the kernel that is shown."""
    sent = event._data if isinstance(event._data, dict) else {}
    number = sent.get("number") if isinstance(sent.get("number"), int) else None
    try:
        kernel = settings.read(sent.get("settings")).filter.kernel()
    except Misplaced:
        return gr.update(alike={"number": number, "filters": []})
    return gr.update(alike={"number": number, **learned.alike(network, kernel)})


def wire(room: Room) -> list[Any]:
    parts, photo = room.parts, room.shared.photo
    parts.lab.change_settings(changed, [photo, parts.settings], [parts.settings, parts.lab], **PRIVATE)
    parts.lab.want_pixels(photo_pixels, photo, parts.lab, **PRIVATE)
    parts.lab.want_alike(alike, room.shared.network, parts.lab, **PRIVATE)
    parts.learned.leave(lambda: (None, {}), None, [parts.learned_filter, parts.learned], **PRIVATE)
    pooling.wire(parts.fold, parts.pooling, room.shared)
    return []


def _drawn(photo: Photo | None, chosen: Settings, known: str = "") -> dict[str, Any]:
    """`known`: the id of the photo whose pixels the page has already."""
    if not photo:
        return answer.nothing({language: texts.no_photo(language, photo) for language in texts.LANGUAGES})
    try:
        pixels = photo.pixels()
    except ImageError as error:
        return answer.nothing({language: texts.problem(language, error) for language in texts.LANGUAGES})
    try:
        made = answer.answer(pixels, chosen)
    except CnnHubError as error:
        return answer.refused("padding", chosen, pixels, error)
    if pixels.id == known:
        return made
    return made | {"near": pixels.packed(answer.neighbourhood(pixels, chosen, chosen.at or made["strongest"] or (0, 0)))}


def _words(language: str) -> dict[str, Any]:
    """The properties of the laboratory that follow the language."""
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
        "presets": [{"name": name, **asdict(kernels.preset(name))} for name in kernels.names()],
        "first_presets": FIRST_PRESETS,
        "groups": kernels.GROUPS,
        "sizes": settings.SIZES,
        "strides": settings.STRIDES,
        "dilations": settings.DILATIONS,
        "paddings": settings.PADDINGS,
        "borders": convolution.BORDERS,
        "windows": settings.POOL_WINDOWS,
        "pools": convolution.POOLING_MODES,
        "most_steps": settings.MAX_STEPS,
        "colours": {name: base64.b64encode(bytes(colours)).decode() for name, colours in answer.palettes().items()},
        "first": Settings().as_json(),
    }


FILTER = Tab(
    "filter",
    layout,
    ("photo", "settings", "learned_filter"),
    FilterShown,
    show,
    remembered={
        "settings": Remembered(settings.from_link),
        "learned_filter": Remembered(learned.from_link),
        "fold": Remembered(lambda parameters: gr.update(open=pooling.from_link(parameters)[0])),
        "pooling": Remembered(lambda parameters: {"settings": asdict(pooling.from_link(parameters)[1])}),
    },
    wire=wire,
    endpoints=endpoints.publish_all,
    head_styles=("tabs/filter/lab.css", "tabs/filter/learned.css"),
)
