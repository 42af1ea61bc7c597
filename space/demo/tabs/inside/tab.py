"""Tab three, "Inside": the journey through the network, and one layer's channels as a gallery."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image

import cnnhub
from cnnhub import features, render
from demo import networks, texts
from demo.assets import called, data_uri, mounted
from demo.endpoints import for_programs, require
from demo.language import labelled
from demo.photo.memory import Kept
from demo.photo.photo import Photo
from demo.tab import PRIVATE, Remembered, Room, Shared, Tab, Values, way
from demo.tabs.inside import endpoints
from demo.tabs.inside.endpoints import FIRST_CHANNELS
from demo.tabs.inside.gallery import Gallery, file_name, first_layer, gallery_of, maps_file, maps_of
from demo.texts import Sentence, number, percent, t

if TYPE_CHECKING:
    import torch

CHANNELS = (16, 64, 256)


@dataclass(frozen=True)
class Journey:
    """A photo's way through a network: what its stages answered, and how the page draws them (the photo itself first)."""

    forward: cnnhub.ForwardPass
    steps: list[dict[str, Any]]


# Of the last photos: another layer, channel or language needs no other forward pass, and no stage drawn again.
_journeys: Kept[tuple[str, cnnhub.Classifier], Journey] = Kept(most=4)


@dataclass(frozen=True)
class Inside:
    """`maps` holds a file to download, unseen."""

    journey: gr.HTML
    layer: gr.Dropdown
    channels: gr.Radio
    maps: gr.File


@dataclass(frozen=True)
class InsideShown:
    """What the tab shows: what the page draws (sentence, journey, gallery), and an update of the list of layers."""

    journey: dict[str, Any]
    layer: Any


@dataclass(frozen=True)
class Seen:
    """What a network's layers answered to the photo: the chosen one's gallery, and all stages."""

    classifier: cnnhub.Classifier
    gallery: Gallery
    journey: Journey


def layout(shared: Shared) -> Inside:
    journey = gr.HTML(
        None,
        html_template='<div class="inside"></div>',
        js_on_load=mounted("tabs/inside/inside.js", "stage", "npz"),
        elem_id="journey",
        apply_default_css=False,
    )
    with gr.Row(elem_id="layer-row"):
        layer = gr.Dropdown(  # `show` says which layers there are: only torch knows, and it is not needed before
            label=t(texts.DEFAULT_LANGUAGE, "layer", count="…"),
            interactive=True,
            elem_id="layer",
        )
        channels = shared.words.make(
            gr.Radio,
            labelled("channels_shown"),
            [str(count) for count in CHANNELS],
            value=str(FIRST_CHANNELS),
            interactive=True,
            elem_id="channels",
            elem_classes="segments",
        )
    maps = gr.File(visible="hidden", elem_id="maps-file")
    with gr.Row(elem_classes="actions"):
        way(shared, "what")
        way(shared, "filter")
    return Inside(journey, layer, channels, maps)


def show(photo: Photo | None, network: str, layer: str | None, channels: str, language: str) -> InsideShown:
    if not photo:
        return InsideShown({"sentence": texts.no_photo(language, photo).html()}, gr.skip())
    seen = texts.attempt(language, _seen, photo, network, layer, int(channels))
    if isinstance(seen, Sentence):
        return InsideShown({"sentence": seen.html("alert")}, gr.skip())
    classifier, gallery, prediction = seen.classifier, seen.gallery, seen.journey.forward.prediction
    photo_step, *stages = seen.journey.steps
    known = classifier.layers()
    journey = {
        "sentence": describe(language, classifier, gallery).html(),
        "steps": [{"name": t(language, "photo_step"), **photo_step}, *stages],
        "selected": gallery.layer,
        "answer": f"{percent(prediction.probability)} {texts.label_text(language, classifier, prediction.label)}",
        "gallery": _gallery_value(language, gallery),
        "title": t(language, "journey"),
        "words": {"png": t(language, "gallery_png"), "npz": t(language, "maps_npz")},
        "file": _file_words(language, classifier, network, gallery),
    }
    layers = gr.update(choices=known, value=gallery.layer, label=t(language, "layer", count=len(known)))
    return InsideShown(journey, layers)


def known_count(count: str | None) -> str:
    """How many channels a link asks for; 64 where it asks for a number that is not offered."""
    return count if count and count in map(str, CHANNELS) else str(FIRST_CHANNELS)


def describe(language: str, classifier: cnnhub.Classifier, gallery: Gallery) -> Sentence:
    stages = classifier.stages()
    if gallery.layer in stages:
        heading = t(language, "stage_heading", number=stages.index(gallery.layer) + 1, count=len(stages))
    else:
        heading = t(language, "layer_heading", name=gallery.layer)
    height, width = gallery.maps.shape[1:]
    return Sentence(heading, t(language, "layer_sub", channels=gallery.count, width=width, height=height))


def wire(room: Room) -> list[Any]:
    parts, shared = room.parts, room.shared

    def of_stage(event: gr.EventData, values: Values) -> dict[Any, Any]:
        """A step of the journey was clicked -> the tab at its layer."""
        return room.content({**values, parts.layer: _layer_of(event)})

    room.redraw(functools.partial(gr.on, [parts.layer.input, parts.channels.input]))
    parts.journey.stage(of_stage, room.inputs, room.outputs, **PRIVATE)
    # the download of the maps: a file is written, and fetched as soon as it is there
    parts.journey.npz(save_maps, [shared.photo, shared.network], parts.maps, **PRIVATE).then(
        None,
        parts.maps,
        js=called("page/common.js", "saveFile"),
        api_visibility="private",
    )
    for control, words in ((parts.layer, "{layer: value, channel: null}"), (parts.channels, "{channels: value}")):
        control.input(None, control, js=f"(value) => window.cnnhubLink?.set({words})", api_visibility="private")
    return []


def save_maps(event: gr.EventData, photo: Photo | None, network: str) -> str:
    """The button under the gallery -> the file of the layer that is shown."""
    return for_programs(lambda: maps_file(require(photo), _layer_of(event), network))


def _layer_of(event: gr.EventData) -> str:
    return str(event._data.get("layer") if isinstance(event._data, dict) else None)


def _file_words(language: str, classifier: cnnhub.Classifier, network: str, gallery: Gallery) -> dict[str, str]:
    """What a saved gallery says of itself, and its name."""
    sentence = describe(language, classifier, gallery)
    line = f"{network} · {gallery.layer} · {sentence.line}"
    return {"name": file_name(network, gallery.layer), "title": sentence.heading, "line": line}


def _seen(photo: Photo, network: str, layer: str | None, channels: int) -> Seen:
    classifier = networks.get(network)
    stages = classifier.stages()
    # a layer chosen in another network may not exist in this one
    name = layer if layer in classifier.layers() else first_layer(classifier)
    key = photo.id, classifier  # a repository's network may be loaded anew
    journey = _journeys.get(key)
    if journey is None:
        with photo.opened(classifier) as picture:
            forward = classifier.forward_pass(picture, [*stages, name])
        steps = [_photo_step(classifier, forward.pixels), *(_step(stage, forward.maps[stage]) for stage in stages)]
        journey = _journeys.keep(key, Journey(forward, steps))
    maps = journey.forward.maps[name] if name in journey.forward.maps else maps_of(classifier, photo, name)
    return Seen(classifier, gallery_of(name, maps, channels), journey)


def _photo_step(classifier: cnnhub.Classifier, given: Any) -> dict[str, Any]:
    """What the network gets to see of the photo: the pixels (3, H, W) that it was given, with the normalisation undone."""
    cfg, pixels = classifier.config.pretrained_cfg, np.asarray(given)
    mean, std = (np.array(values)[:, None, None] for values in (cfg.mean, cfg.std))
    values = (np.clip(pixels * std + mean, 0, 1) * 255).round().astype(np.uint8)
    picture = Image.fromarray(np.ascontiguousarray(values.transpose(1, 2, 0)))  # (3, H, W) -> (H, W, 3)
    return {"size": _size(*pixels.shape), "picture": data_uri(picture)}


def _step(name: str, maps: torch.Tensor) -> dict[str, Any]:
    """A stage of the journey: its strongest channel, small."""
    strongest = maps[features.strongest_first(maps)[0]]
    scale = render.maps_scale(strongest, of=maps)
    picture = render.palette_image(strongest, scale.limit, scale.is_signed)
    return {"layer": name, "name": name, "size": _size(*maps.shape), "picture": data_uri(picture)}


def _size(channels: int, height: int, width: int) -> str:
    """Short, since eleven of them stand side by side: 28² × 32."""
    return f"{width}² × {channels}" if width == height else f"{width} × {height} × {channels}"


def _gallery_value(language: str, gallery: Gallery) -> dict[str, Any]:
    shown_count = len(gallery.indices)
    means = gallery.maps.abs().mean(dim=(1, 2)).tolist()
    below = (gallery.maps < 0).float().mean(dim=(1, 2)).tolist()
    channels = []
    for place, (index, mean, share) in enumerate(zip(gallery.indices, means, below, strict=True), 1):
        facts = [
            t(language, "rank", rank=place, count=gallery.count),
            t(language, "mean_activation", value=number(mean)),
        ]
        if gallery.scale.is_signed:
            facts.append(t(language, "below_zero", share=percent(share)))
        channels.append({"index": index, "name": t(language, "channel", index=index), "facts": facts})
    return {
        "sprite": data_uri(render.palette_sprite(gallery.maps, gallery.scale.limit, gallery.scale.is_signed)),
        "columns": render.sprite_columns(shown_count),
        "tile": [gallery.maps.shape[2], gallery.maps.shape[1]],
        "channels": channels,
        "shown": t(language, "shown", shown=shown_count, count=gallery.count),
        "legend": {
            "kind": "signed" if gallery.scale.is_signed else "magma",
            "low": number(gallery.scale.low),
            "high": number(gallery.scale.limit),
            "meaning": t(language, f"scale_{gallery.scale.kind}"),
        },
    }


INSIDE = Tab(
    "inside",
    layout,
    ("photo", "network", "layer", "channels", "language"),
    InsideShown,
    show,
    remembered={
        # the list of layers, and the chosen one in it, follow from `show`
        "layer": Remembered(lambda parameters: parameters.get("layer"), is_set=False),
        "channels": Remembered(lambda parameters: known_count(parameters.get("channels"))),
    },
    wire=wire,
    endpoints=endpoints.publish_all,
)
