"""Tab three, "Inside": the journey through the network, one layer's channels as a gallery, one of them large, and all layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image

import cnnhub
from cnnhub import channels, render
from cnnhub.errors import nearest_names
from demo import networks, texts
from demo.assets import called, data_uri, mounted
from demo.endpoints import for_programs, require
from demo.photo.input import PhotoInput
from demo.photo.memory import Kept
from demo.photo.photo import Photo
from demo.photo.uploads import MAX_BYTES
from demo.tab import PRIVATE, Remembered, Room, Shared, Tab, Values, way
from demo.tabs.inside import channel as one_channel
from demo.tabs.inside import endpoints, weights
from demo.tabs.inside.gallery import (
    PAGE,
    Gallery,
    file_name,
    filter_pictures,
    first_layer,
    gallery_of,
    legend,
    maps_file,
    maps_of,
)
from demo.tabs.inside.layers import Layers, layers_of
from demo.tabs.inside.look import MOST_SPOTS, ORDERS, SCALES, Look, from_link, read
from demo.tabs.inside.orders import at_spots, ordered, settled
from demo.texts import Sentence, percent, t

if TYPE_CHECKING:
    import torch

# A dream takes seconds of one core: one at a time leaves the other to everybody else.
DREAMS: dict[str, Any] = {**PRIVATE, "concurrency_limit": 1, "concurrency_id": "dreams"}


@dataclass(frozen=True)
class Journey:
    """A photo's way through a network: what its stages answered, and how the page draws them (the photo itself first)."""

    forward: cnnhub.ForwardPass
    steps: list[dict[str, Any]]


# Of the last photos: another layer, channel or language needs no other forward pass, and no stage drawn again.
_journeys: Kept[tuple[str, cnnhub.Classifier], Journey] = Kept(most=4)


@dataclass(frozen=True)
class Inside:
    """`look` is a Look; `maps` holds a file to download, `second` a photo to compare with, both unseen."""

    look: gr.State
    journey: gr.HTML
    gallery: gr.HTML
    channel: gr.HTML
    dream: gr.HTML
    examples: gr.HTML
    layer: gr.HTML
    layers: gr.HTML
    maps: gr.File
    second: PhotoInput


@dataclass(frozen=True)
class InsideShown:
    """What the tab shows: what the page draws, and the look that was asked for, which holds for the next photo too."""

    look: Look
    journey: dict[str, Any]
    gallery: Any
    layers: Any


@dataclass(frozen=True, eq=False)
class Seen:
    """What a network's layers answered to the photo: the chosen one's gallery, and all stages.

    Attributes:
        asked, look: what was asked for, and what of it the network has.
    """

    classifier: cnnhub.Classifier
    layers: Layers
    asked: Look
    look: Look
    gallery: Gallery
    journey: Journey


def layout(shared: Shared) -> Inside:
    look = gr.State(Look())
    journey = _part("journey", "stage")
    with gr.Row(elem_id="inside"):
        with gr.Column(elem_id="inside-gallery", min_width=280):
            gallery = _part("gallery", "look", "npz")
            dream = _part("dream", "dream")
            examples = _part("examples", "excited", "beside", "own")
        with gr.Column(elem_id="inside-channel", scale=0, min_width=240):
            channel = _part("channel", "channel")
    layer = _part("layer", "weights")
    layers = _part("layers", "stage")
    maps = gr.File(visible="hidden", elem_id="maps-file")
    second = PhotoInput(
        None, image_mode=None, label="Second photo", interactive=True, visible="hidden", elem_id="inside-second-file"
    )
    with gr.Row(elem_classes="actions"):
        way(shared, "what")
        way(shared, "filter")
    return Inside(look, journey, gallery, channel, dream, examples, layer, layers, maps, second)


def show(photo: Photo | None, network: str, look: Look, language: str) -> InsideShown:
    if not photo:
        return InsideShown(look, {"sentence": texts.no_photo(language, photo).html()}, None, gr.skip())
    seen = texts.attempt(language, _seen, photo, network, look)
    if isinstance(seen, Sentence):
        return InsideShown(look, {"sentence": seen.html("alert")}, None, gr.skip())
    classifier, gallery, prediction = seen.classifier, seen.gallery, seen.journey.forward.prediction
    photo_step, *stages = seen.journey.steps
    sentence = describe(language, classifier, seen.layers, gallery, seen.look)
    missed = _missed(language, network, seen)
    journey = {
        "sentence": sentence.html() + (f'<p class="soft" role="alert">{texts.prose(missed)}</p>' if missed else ""),
        "steps": [{"name": t(language, "photo_step"), **photo_step}, *_in_words(language, seen.layers, stages)],
        "selected": gallery.layer,
        "answer": f"{percent(prediction.probability)} {texts.label_text(language, classifier, prediction.label)}",
        "network": networks.title(language, network),
        "title": t(language, "journey"),
        "png": t(language, "journey_png"),
        "file": {
            "name": f"cnnhub-{network}-journey".replace("/", "-"),
            "lines": [networks.title(language, network), t(language, "journey_legend")],
        },
    }
    layers = {
        "selected": gallery.layer,
        "title": t(language, "all_layers", count=len(seen.layers.shapes) - len(seen.layers.twins)),
        "search": t(language, "search_layers"),
        "none": t(language, "search_none"),
        "groups": seen.layers.listed(language),
    }
    shown = _gallery_value(language, seen, photo, network, sentence)
    return InsideShown(replace(look, of=look.of or photo.id) if look.spot else look, journey, shown, layers)


def describe(language: str, classifier: cnnhub.Classifier, layers: Layers, gallery: Gallery, look: Look) -> Sentence:
    said = t(language, f"order_said_{look.order}{'s' if look.order == 'spot' and len(look.spots) > 1 else ''}")
    if gallery.layer in layers.stages:
        at = layers.stages.index(gallery.layer) + 1
        heading = t(language, "heading_stage", number=at, count=len(layers.stages), order=said)
    else:
        what = layers.what(language, gallery.layer)
        heading = t(language, "heading_layer", what=what[:1].upper() + what[1:], order=said)
    height, width = gallery.maps.shape[1:]
    sees = _sees(language, classifier, layers, gallery.layer)
    line = t(language, "layer_sub", channels=gallery.count, width=width, height=height, sees=sees)
    hint = "" if look.spot else t(language, "spot_hint")
    return Sentence(heading, ("" if texts.is_chinese(language) else " ").join(part for part in (line, hint) if part))


def wire(room: Room) -> list[Any]:
    parts, shared = room.parts, room.shared
    given = [shared.photo, shared.network, shared.language]

    def looked(event: gr.EventData, values: Values) -> dict[Any, Any]:
        """Another layer, order, scale or page was chosen."""
        return room.content({**values, parts.look: read(event._data)})

    for event in (parts.journey.stage, parts.layers.stage, parts.gallery.look):
        event(looked, room.inputs, room.outputs, **PRIVATE)
    parts.channel.channel(_channel, given, parts.channel, **PRIVATE)
    parts.dream.dream(_dream, [shared.network, shared.language], parts.dream, **DREAMS)
    parts.examples.excited(_excited, [shared.network, shared.language], parts.examples, **PRIVATE)
    parts.examples.beside(_beside, given, parts.examples, **PRIVATE)
    parts.layer.weights(_weights, [shared.network, shared.language], parts.layer, **PRIVATE)
    sent = parts.examples.own(None, parts.examples, parts.second, js="(value) => value.file", api_visibility="private")
    sent.then(_beside_own, [parts.examples, parts.second, *given], parts.examples, **PRIVATE)
    # the download of the maps: a file is written, and fetched as soon as it is there
    parts.gallery.npz(save_maps, [shared.photo, shared.network], parts.maps, **PRIVATE).then(
        None,
        parts.maps,
        js=called("page/common.js", "saveFile"),
        api_visibility="private",
    )
    return []


def save_maps(event: gr.EventData, photo: Photo | None, network: str) -> str:
    """The button under the gallery -> the file of the layer that is shown."""
    layer = read(event._data).layer or first_layer(networks.get(network))
    return for_programs(lambda: maps_file(require(photo), layer, network))


def _channel(event: gr.EventData, photo: Photo | None, network: str, language: str) -> dict[str, Any]:
    return {"asked": _asked(event), **one_channel.show(photo, network, read(event._data), language)}


def _dream(event: gr.EventData, network: str, language: str) -> Iterator[dict[str, Any]]:
    for made in one_channel.dreamt(network, read(event._data), language):
        yield {"asked": _asked(event), **made}


def _excited(event: gr.EventData, network: str, language: str) -> dict[str, Any]:
    return {"asked": _asked(event), **one_channel.excited(network, read(event._data), language)}


def _weights(event: gr.EventData, network: str, language: str) -> dict[str, Any]:
    return {"asked": _asked(event), **weights.show(network, event._data, language)}


def _beside(event: gr.EventData, photo: Photo | None, network: str, language: str) -> dict[str, Any]:
    example = event._data.get("example") if isinstance(event._data, dict) else None
    return {"asked": _asked(event), "beside": one_channel.beside(photo, network, read(event._data), example, language)}


def _beside_own(asked: Any, second: Photo | None, photo: Photo | None, network: str, language: str) -> dict[str, Any]:
    """`asked`: the look with the question's number, as the page left it with the file."""
    return {"asked": _number(asked), "beside": one_channel.beside_own(photo, network, read(asked), second, language)}


def _asked(event: gr.EventData) -> int | None:
    return _number(event._data)


def _number(data: Any) -> int | None:
    """The number of a question, by which the page knows its answer."""
    asked = data.get("asked") if isinstance(data, dict) else None
    return asked if isinstance(asked, int) else None


def _part(name: str, *events: str) -> gr.HTML:
    return gr.HTML(
        None,
        html_template=f'<div class="inside-{name}"></div>',
        js_on_load=mounted(f"tabs/inside/{name}.js", *events),
        elem_id=name,
        apply_default_css=False,
    )


def _seen(photo: Photo, network: str, asked: Look) -> Seen:
    classifier = networks.get(network)
    layers = layers_of(classifier)
    # a layer chosen in another network may not exist in this one
    name = asked.layer if asked.layer in layers.shapes else first_layer(classifier)
    look = asked if asked.layer in (None, name) else replace(asked, page=None, channel=None)
    look = settled(classifier, photo, look)
    key = photo.id, classifier  # a repository's network may be loaded anew
    journey = _journeys.get(key)
    if journey is None:
        with photo.opened() as picture:
            forward = classifier.forward_pass(picture, layers.stages)
        steps = [_photo_step(classifier, forward.pixels), *(_step(stage, forward.maps[stage]) for stage in layers.stages)]
        journey = _journeys.keep(key, Journey(forward, steps))
    maps = journey.forward.maps[name] if name in journey.forward.maps else maps_of(classifier, photo, name)
    gallery = gallery_of(name, maps, ordered(classifier, photo, name, look, maps), look.page, look.channel)
    is_shown = look.channel is not None and look.channel < gallery.count
    channel = look.channel if is_shown else gallery.indices[0]
    look = replace(look, layer=name, page=gallery.page, channel=channel)
    return Seen(classifier, layers, asked, look, gallery, journey)


def _missed(language: str, network: str, seen: Seen) -> str:
    """That the network has no such layer, and which are called nearly so, or no such channel; nothing where it has both."""
    asked, shown = seen.asked, seen.look
    if asked.layer not in (None, shown.layer):
        near = nearest_names(str(asked.layer), list(seen.layers.shapes))
        names = t(language, "near_layers", names=", ".join(near)) if near else ""
        return t(language, "no_layer", network=networks.title(language, network), name=str(asked.layer)[:60], near=names)
    if asked.channel not in (None, shown.channel):
        return t(language, "no_channel", index=asked.channel, count=seen.gallery.count)
    is_lost = asked.of in (None, shown.of) and asked.spot != shown.spot
    return t(language, "spot_unseen") if is_lost else ""


def _sees(language: str, classifier: cnnhub.Classifier, layers: Layers, name: str) -> str:
    """How much of the photo a value of the layer sees."""
    field = layers.field(name)
    height, width = classifier.config.pretrained_cfg.input_size[1:]
    if field is None:
        return t(language, "sees_whole")
    parts = field.size[0] / height, field.size[1] / width
    key = "sees_all" if min(parts) >= 2 else "sees_most" if max(parts) > 1 else "sees_part"
    return t(language, key, width=field.size[1], height=field.size[0], input_width=width, input_height=height)


def _photo_step(classifier: cnnhub.Classifier, given: Any) -> dict[str, Any]:
    """What the network gets to see of the photo: the pixels (3, H, W) that it was given, with the normalisation undone."""
    cfg, pixels = classifier.config.pretrained_cfg, np.asarray(given)
    mean, std = (np.array(values)[:, None, None] for values in (cfg.mean, cfg.std))
    values = (np.clip(pixels * std + mean, 0, 1) * 255).round().astype(np.uint8)
    picture = Image.fromarray(np.ascontiguousarray(values.transpose(1, 2, 0)))  # (3, H, W) -> (H, W, 3)
    return {"size": _size(*pixels.shape), "picture": data_uri(picture)}


def _step(name: str, maps: torch.Tensor) -> dict[str, Any]:
    """A stage of the journey: the channel that varies most, small."""
    most_varied = maps[channels.varied_first(maps)[0]]
    scale = render.maps_scale(most_varied, of=maps)
    picture = render.palette_image(most_varied, scale.limit, scale.is_signed)
    return {"layer": name, "size": _size(*maps.shape), "picture": data_uri(picture)}


def _in_words(language: str, layers: Layers, stages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The journey's stages with their names: short, and with what they hold."""
    return [
        {
            "name": t(language, "stage_step", number=number),
            "title": t(language, "stage_told", number=number, maps=layers.maps(language, stage["layer"])),
            **stage,
        }
        for number, stage in enumerate(stages, 1)
    ]


def _size(channels: int, height: int, width: int) -> str:
    """Short, since eleven of them stand side by side: 28² × 32."""
    return f"{width}² × {channels}" if width == height else f"{width} × {height} × {channels}"


def _gallery_value(language: str, seen: Seen, photo: Photo, network: str, sentence: Sentence) -> dict[str, Any]:
    gallery, look = seen.gallery, seen.look
    pictures = filter_pictures(seen.classifier, gallery.layer)
    quiet = channels.silent(gallery.maps, gallery.scale.limit)
    is_own = look.scale == "own"
    drawn = _each_its_own(gallery.maps, quiet) if is_own else gallery.maps
    limit = 1.0 if is_own else gallery.scale.limit
    first, last = gallery.page * PAGE + 1, gallery.page * PAGE + len(gallery.indices)
    told = legend(language, gallery.scale, gallery.maps)
    if is_own:
        low = "−" if gallery.scale.is_signed else "0"
        told |= {"low": low, "high": "+", "meaning": t(language, f"scale_own_{gallery.scale.kind}")}
    return {
        "look": asdict(look),
        "photo": photo.id,
        "network": network,
        "sprite": data_uri(render.palette_sprite(drawn, limit, gallery.scale.is_signed)),
        "columns": render.sprite_columns(len(gallery.indices)),
        "tile": [gallery.maps.shape[2], gallery.maps.shape[1]],
        "channels": [
            {"index": index, "name": t(language, "channel", index=index), "note": t(language, "silent_tile") if is_quiet else ""}
            for index, is_quiet in zip(gallery.indices, quiet, strict=True)
        ],
        "answers": _answers(seen, photo),
        "answers_told": t(language, f"spot_told_{'signed' if gallery.scale.is_signed else 'unsigned'}"),
        "most_spots": MOST_SPOTS,
        "asked_spot": seen.asked.spot,  # an answer that lets a spot go is thus another value, and is drawn
        "filters": [pictures[index] for index in gallery.indices] if pictures else [],
        "shown": t(language, "shown", first=first, last=last, count=gallery.count),
        "silent": t(language, "silent_count", count=gallery.silent) if gallery.silent else "",
        "count": gallery.count,
        "pages": gallery.pages,
        "legend": told,
        "orders": {each: t(language, f"order_{each}") for each in ORDERS},
        "scales": {each: t(language, f"scale_{each}") for each in SCALES},
        "max_bytes": MAX_BYTES,
        "about": {
            "summary": t(language, "this_layer", words=seen.layers.words(language, gallery.layer)),
            "facts": seen.layers.facts(language, gallery.layer),
            "weights": t(language, "weights"),
        },
        "words": {key: t(language, key) for key in _GALLERY_WORDS}
        | {"compare_failed": t(language, "compare_failed", megabytes=MAX_BYTES // 2**20)}
        | {key: texts.template(language, key) for key in ("value_at", "map_keys", "dream_on", "spot_pin")},
        "file": {
            "name": file_name(network, gallery.layer),
            "title": sentence.heading,
            "line": f"{networks.title(language, network)} · {gallery.layer} · {seen.layers.words(language, gallery.layer)}",
        },
    }


_GALLERY_WORDS = (
    *("order", "scale", "page_before", "page_next", "gallery_png", "maps_npz", "channel_png", "point_hint", "to_lab"),
    *("spot_more", "spot_remove", "seen_by", "dream", "dream_alt", "dream_done", "excited", "excited_said", "excited_spots"),
    *("compare_own", "second_photo"),
    *("filters", "filter_of"),
)


def _answers(seen: Seen, photo: Photo) -> list[str]:
    """What stands under the tiles in the order of the spots: how much each channel answers there."""
    if seen.look.order != "spot":
        return []
    maps = maps_of(seen.classifier, photo, seen.gallery.layer)
    found = at_spots(seen.classifier, photo, seen.gallery.layer, seen.look, maps)[seen.gallery.indices]
    return [f"{value:.1f}".replace("-", "−") for value in found.tolist()]


def _each_its_own(maps: torch.Tensor, quiet: list[bool]) -> torch.Tensor:
    """Maps (C, H, W), each divided by what is visible of it, so that one limit of 1 holds for all; those that are quiet, such as
    what rounding left of a zero, become nothing."""
    limits = [float("inf") if is_quiet else render.visible_limit(values) for values, is_quiet in zip(maps, quiet, strict=True)]
    return maps / maps.new_tensor(limits).view(-1, 1, 1)


INSIDE = Tab(
    "inside",
    layout,
    ("photo", "network", "look", "language"),
    InsideShown,
    show,
    remembered={"look": Remembered(from_link, is_set=False)},
    wire=wire,
    endpoints=endpoints.publish_all,
    head_styles=("tabs/inside/inside.css",),
)
