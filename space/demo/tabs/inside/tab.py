"""Tab three, "Inside": the journey through the network, and one layer's channels as a gallery."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np
import torch
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder
from PIL import Image

import cnnhub
from cnnhub import features, render
from demo import networks, texts
from demo.parts import Photo, Words, data_uri, for_programs, page_file, require, shown
from demo.photo import memory
from demo.texts import Sentence, number, percent, t

CHANNELS = (16, 64, 256)
FIRST_CHANNELS = 64
FIRST_STAGE = 2  # the third: deep enough to differ from a filter, large enough to recognise the photo
LARGEST_SPRITE = 4_000_000  # pixels; a wide layer of large maps shows fewer channels than were asked for


@dataclass(frozen=True)
class Gallery:
    """Some channels of one layer, strongest first, on one scale.

    Attributes:
        maps: (shown, H, W).
        indices: their channel numbers, counted from 0.
        count: how many channels the layer has.
        limit: the |value| that gets the end colour.
    """

    layer: str
    maps: torch.Tensor
    indices: list[int]
    count: int
    limit: float
    signed: bool


@dataclass(frozen=True)
class Inside:
    """`maps` holds a file to download, unseen."""

    journey: gr.HTML
    layer: gr.Dropdown
    channels: gr.Radio
    maps: gr.File


def layout(language: str, words: Words) -> Inside:
    journey = gr.HTML(
        None,
        html_template='<div class="inside"></div>',
        js_on_load=page_file("tabs/inside/inside.js"),
        elem_id="journey",
        apply_default_css=False,
    )
    first = networks.get(networks.names()[0])
    with gr.Row(elem_id="layer-row"):
        layer = gr.Dropdown(
            first.layers(),
            value=first_layer(first),
            label=t(language, "layer", count=len(first.layers())),
            interactive=True,
            elem_id="layer",
        )
        channels = gr.Radio(
            [str(count) for count in CHANNELS],
            value=str(FIRST_CHANNELS),
            label=t(language, "channels_shown"),
            interactive=True,
            elem_id="channels",
            elem_classes="segments",
        )
    words.follow(channels, lambda language: {"label": t(language, "channels_shown")})
    maps = gr.File(visible="hidden", elem_id="maps-file")
    return Inside(journey, layer, channels, maps)


def show(photo: bytes | None, model: str, layer: str | None, channels: str, language: str) -> tuple[Any, Any]:
    """-> (what the page draws: sentence, journey, gallery; the list of layers)."""
    if not photo:
        return {"sentence": texts.no_photo(language, photo).html()}, gr.skip()
    result = shown(language, lambda: _look(photo, model, layer, int(channels)))
    if isinstance(result, Sentence):
        return {"sentence": result.html("alert")}, gr.skip()
    classifier, gallery, steps, seen = result
    prediction = seen.prediction
    known = classifier.layers()
    value = {
        "sentence": describe(language, classifier, gallery).html(),
        "steps": [
            _photo_step(language, classifier, seen.pixels),
            *(_step(name, maps) for name, maps in steps.items()),
        ],
        "selected": gallery.layer,
        "answer": f"{percent(prediction.probability)} {texts.label_text(language, classifier, prediction.label)}",
        "gallery": _gallery_value(language, gallery),
        "title": t(language, "journey"),
        "words": {"png": t(language, "gallery_png"), "npz": t(language, "maps_npz")},
        "file": _file_words(language, classifier, model, gallery),
    }
    return value, gr.update(choices=known, value=gallery.layer, label=t(language, "layer", count=len(known)))


def first_layer(classifier: cnnhub.Classifier) -> str:
    stages = classifier.stages()
    return stages[min(FIRST_STAGE, len(stages) - 1)]


def known_count(count: str | None) -> str:
    """How many channels a link asks for; 64 where it asks for a number that is not offered."""
    return count if count in map(str, CHANNELS) else str(FIRST_CHANNELS)


def of_stage(event: gr.EventData, photo: bytes | None, model: str, _layer: str, *settings: Any) -> tuple[Any, Any]:
    """A step of the journey was clicked -> the tab at its layer."""
    name = event._data.get("layer") if isinstance(event._data, dict) else None
    return show(photo, model, str(name), *settings)


def describe(language: str, classifier: cnnhub.Classifier, gallery: Gallery) -> Sentence:
    stages = classifier.stages()
    if gallery.layer in stages:
        heading = t(language, "stage_heading", number=stages.index(gallery.layer) + 1, count=len(stages))
    else:
        heading = t(language, "layer_heading", name=gallery.layer)
    height, width = gallery.maps.shape[1:]
    return Sentence(heading, t(language, "layer_sub", channels=gallery.count, width=width, height=height))


def gallery_of(layer: str, maps: torch.Tensor, most: int) -> Gallery:
    """The strongest channels of maps (C, H, W)."""
    fitting = max(1, LARGEST_SPRITE // (maps.shape[1] * maps.shape[2]))
    indices = features.strongest_first(maps)[: min(most, fitting)]
    chosen = maps[indices]
    return Gallery(layer, chosen, indices, maps.shape[0], render.visible_limit(chosen), render.is_signed(maps))


def wire(room: Inside, network: gr.State, photo: Photo, options: dict[str, Any]) -> None:
    """The download of the maps: a file is written, and fetched as soon as it is there."""
    room.journey.npz(save_maps, [photo, network], room.maps, **options).then(
        None,
        room.maps,
        js="(file) => { const a = document.createElement('a'); a.href = file.url; a.download = file.orig_name; a.click(); }",
        api_visibility="private",
    )
    for control, words in ((room.layer, "{layer: value, channel: null}"), (room.channels, "{channels: value}")):
        control.input(None, control, js=f"(value) => window.cnnhubLink?.set({words})", api_visibility="private")


def save_maps(event: gr.EventData, photo: bytes | None, network: str) -> str:
    """The button under the gallery -> the file of the layer that is shown."""
    name = event._data.get("layer") if isinstance(event._data, dict) else None
    return for_programs(lambda: _maps_file(require(photo), str(name), network))


def feature_maps_npz(image: bytes | None, layer: str = "", model: str = "cats-vs-dogs") -> str:
    """All channels of a layer for a photo, as numbers.

    Args:
        image: the photo: a file that is uploaded; over MCP, a data: URI or the address of an upload.
        layer: name of a layer; left empty it is the network's third stage.
        model: which network: cats-vs-dogs, flowers or imagenet.

    Returns:
        An NPZ file that holds one array under the layer's name: (C, H, W) float32.
    """
    return for_programs(lambda: _maps_file(require(image), layer or first_layer(networks.get(model)), model))


def feature_maps(
    image: bytes | None, layer: str = "", model: str = "cats-vs-dogs", channels: int = FIRST_CHANNELS
) -> tuple[Image.Image, dict[str, Any]]:
    """A layer's channels for a photo, strongest (largest mean |activation|) first.

    Args:
        image: the photo: a file that is uploaded; over MCP, a data: URI or the address of an upload.
        layer: name of a layer; left empty it is the network's third stage.
        model: which network: cats-vs-dogs, flowers or imagenet.
        channels: how many channels are drawn at most.

    Returns:
        A PNG of square-ordered tiles without gaps, one pixel an activation.
        Its facts: layer, shape (C, H, W), how many of how many channels are shown, which, the network's layers and stages.
    """

    def look() -> tuple[Image.Image, dict[str, Any]]:
        if not isinstance(channels, int | float) or not 1 <= channels <= 4096:
            raise cnnhub.CnnHubError(f"channels is {channels}; expected 1 to 4096.")
        classifier = networks.get(model)
        name = layer or first_layer(classifier)
        maps = _maps(classifier, require(image), name)
        gallery = gallery_of(name, maps, int(channels))
        facts = {
            "layer": name,
            "shape": list(maps.shape),
            "shown": len(gallery.indices),
            "of": gallery.count,
            "channels": gallery.indices,
            "columns": render.sprite_columns(len(gallery.indices)),
            "limit": gallery.limit,
            "layers": classifier.layers(),
            "stages": classifier.stages(),
        }
        return render.sprite(gallery.maps, gallery.limit, gallery.signed), facts

    return for_programs(look)


def endpoint(photo: Photo) -> None:
    """The named endpoints /feature_maps and /feature_maps_npz."""
    layer = gr.Textbox("", label="layer", visible=False)
    model = gr.Dropdown(networks.names(), value="cats-vs-dogs", label="model", visible=False)
    channels = gr.Number(FIRST_CHANNELS, precision=0, label="channels", visible=False)
    gallery = gr.Image(format="png", type="pil", label="gallery", visible=False)
    facts = gr.JSON(label="facts", visible=False)
    button = gr.Button(visible=False)
    button.click(
        feature_maps,
        [photo, layer, model, channels],
        [gallery, facts],
        api_name="feature_maps",
        api_visibility="public",
    )
    file = gr.File(label="maps", visible=False)
    button = gr.Button(visible=False)
    button.click(feature_maps_npz, [photo, layer, model], file, api_name="feature_maps_npz", api_visibility="public")


def _maps(classifier: cnnhub.Classifier, photo: bytes, layer: str) -> torch.Tensor:
    with memory.turn(photo):
        return classifier.feature_maps(photo, layer)[layer]


def _maps_file(photo: bytes, layer: str, network: str) -> str:
    """Written where gradio keeps what it serves, so that it is deleted with the photos."""
    maps = _maps(networks.get(network), photo, layer)
    buffer = io.BytesIO()
    np.savez(buffer, **{layer: maps.numpy()})
    return save_bytes_to_cache(buffer.getvalue(), f"{_file_name(network, layer)}.npz", get_upload_folder())


def _file_name(network: str, layer: str) -> str:
    return f"cnnhub-{network}-{layer}".replace("/", "-")


def _file_words(language: str, classifier: cnnhub.Classifier, network: str, gallery: Gallery) -> dict[str, str]:
    """What a saved gallery says of itself, and its name."""
    told = describe(language, classifier, gallery)
    line = f"{network} · {gallery.layer} · {told.line}"
    return {"name": _file_name(network, gallery.layer), "title": told.heading, "line": line}


def _look(photo: bytes, model: str, layer: str | None, channels: int) -> tuple[Any, ...]:
    """Everything the tab shows: network, gallery, stage -> maps, and the forward pass that they come from."""
    classifier = networks.get(model)
    stages = classifier.stages()
    # a layer chosen in another network may not exist in this one
    name = layer if layer in classifier.layers() else first_layer(classifier)
    with memory.turn(photo):
        seen = classifier.forward_pass(photo, [*stages, name])
    gallery = gallery_of(name, seen.maps[name], channels)
    return classifier, gallery, {stage: seen.maps[stage] for stage in stages}, seen


def _photo_step(language: str, classifier: cnnhub.Classifier, pixels: torch.Tensor) -> dict[str, Any]:
    """What the network gets to see of the photo: pixels (3, H, W) with the normalisation undone."""
    cfg = classifier.config.pretrained_cfg
    mean, std = (torch.tensor(values)[:, None, None] for values in (cfg.mean, cfg.std))
    values = ((pixels * std + mean).clamp(0, 1) * 255).round().to(torch.uint8)
    picture = Image.fromarray(values.permute(1, 2, 0).numpy())  # (3, H, W) -> (H, W, 3)
    return {"name": t(language, "photo_step"), "size": _size(*pixels.shape), "picture": data_uri(picture)}


def _step(name: str, maps: torch.Tensor) -> dict[str, Any]:
    """A stage of the journey: its strongest channel, small."""
    strongest = maps[features.strongest_first(maps)[0]]
    picture = render.palette_image(strongest, render.visible_limit(strongest), render.is_signed(maps))
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
        if gallery.signed:
            facts.append(t(language, "below_zero", share=percent(share)))
        channels.append({"index": index, "name": t(language, "channel", index=index), "facts": facts})
    return {
        "sprite": data_uri(render.palette_sprite(gallery.maps, gallery.limit, gallery.signed)),
        "columns": render.sprite_columns(shown_count),
        "tile": [gallery.maps.shape[2], gallery.maps.shape[1]],
        "channels": channels,
        "shown": t(language, "shown", shown=shown_count, count=gallery.count),
        "legend": {
            "kind": "signed" if gallery.signed else "magma",
            "low": number(-gallery.limit) if gallery.signed else "0",
            "high": number(gallery.limit),
            "meaning": t(language, "scale_signed" if gallery.signed else "scale_unsigned"),
        },
    }
