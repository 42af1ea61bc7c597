"""One channel, large: its values, what they see of the photo, which answer it speaks for, which examples excite it most, and
what it would love to see."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import cnnhub
from cnnhub import channels, render
from cnnhub.channels import Spread
from cnnhub.features import check_layers
from demo import networks, texts
from demo.assets import data_uri
from demo.photo import column
from demo.photo.memory import Kept
from demo.photo.photo import Photo
from demo.tabs.inside.gallery import contributions_of, filter_pictures, first_layer, gallery_of, legend, maps_of
from demo.tabs.inside.layers import layers_of, seen_share
from demo.tabs.inside.look import Look
from demo.tabs.inside.orders import ordered, settled
from demo.texts import Sentence, number, percent, t

if TYPE_CHECKING:
    import torch

MapsOf: TypeAlias = "Callable[[cnnhub.Classifier, str], torch.Tensor]"  # a layer's (C, H, W)
DREAM_SIDE = 320  # pixels, of the picture that is sent
SPOTS = 6  # of examples, cut out where they excite a channel most
SPOT_SIDE = 96  # pixels
VIEW_SIDE, GLOW_SIDE = 144, 16  # of an example under its map: pixels, and the map's values at most
_LEAST, _MOST = 1 / 10, 1 / 4  # of the input's height: what is cut out of an example, where a value sees less or more
# Of no visitor's photo, and by the network's name, so that no network stays in memory for its dreams.
_dreams: Kept[tuple[str, str, int], dict[str, Any]] = Kept(most=64, seconds=600.0)
_examples: Kept[tuple[cnnhub.Classifier, str], Excited] = Kept(most=16)


@dataclass(frozen=True, eq=False)
class Excited:
    """What the examples excite in a layer.

    Attributes:
        largest: the largest value of each channel for each example, (examples, C).
        rows, columns: of the map, where that is; likewise.
        glows: what is above zero of the maps, for each example (C, h, w): the largest value of each of a few squares.
    """

    largest: NDArray[np.float32]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    glows: list[NDArray[np.float32]]


def show(photo: Photo | None, network: str, look: Look, language: str) -> dict[str, Any]:
    """What the page draws of the chosen channel, or of the first one of the page."""
    if not photo:
        return {}
    found = texts.attempt(language, _details, photo, network, look, language)
    return {"problem": f"{found.heading} {found.line}"} if isinstance(found, Sentence) else found


def dreamt(network: str, look: Look, language: str) -> Iterator[dict[str, Any]]:
    """What the channel would love to see: a picture that becomes clearer."""
    begun = texts.attempt(language, _of_network, network, look)
    if isinstance(begun, Sentence):
        yield {"problem": f"{begun.heading} {begun.line}"}
        return
    from cnnhub.dreams import dream  # torch takes half a gigabyte, which the first page does without

    classifier, layer, channel = begun
    key = network, layer, channel
    known = _dreams.get(key)
    if known:
        yield known
        return
    for seen in dream(classifier, layer, channel):
        picture = data_uri(seen.image.resize((DREAM_SIDE, DREAM_SIDE)), "JPEG", quality=85)
        is_done = seen.step == seen.steps
        made = {
            "layer": layer,
            "channel": channel,
            "picture": picture,
            "share": "" if is_done else percent(seen.step / seen.steps),
        }
        yield _dreams.keep(key, made) if is_done else made


def excited(network: str, look: Look, language: str) -> dict[str, Any]:
    """The examples, those first that the channel answers to most, each under its map; of the first few, the strongest spot."""
    found = texts.attempt(language, _of_network, network, look)
    if isinstance(found, Sentence):
        return {"problem": f"{found.heading} {found.line}"}
    classifier, layer, channel = found
    seen = _of_examples(classifier, layer)
    largest = seen.largest[:, channel]
    order = np.argsort(-largest, kind="stable").tolist()
    names, most = list(texts.example_names(language).values()), float(largest.max())
    strong = [names[place] for place in order if largest[place] >= most / 2]
    said = {"count": len(strong), "all": len(order), "names": t(language, "comma").join(strong)}
    return {
        "layer": layer,
        "channel": channel,
        "title": t(language, "excited_where", index=channel),
        "half": t(language, "excited_half", **said) if most > 0 else t(language, "excited_none"),
        "examples": [
            {
                "index": place,
                "name": names[place],
                "value": number(float(largest[place])),
                "picture": _glowing(_view(network, place), seen.glows[place][channel] / max(most, 1e-6)),
            }
            for place in order
        ],
        "spots": [
            {"index": place, "picture": _patch(classifier, layer, place, seen.rows[place, channel], seen.columns[place, channel])}
            for place in order[:SPOTS]
            if largest[place] > 0
        ],
    }


def beside(photo: Photo | None, network: str, look: Look, example: object, language: str) -> dict[str, Any]:
    """The same channel's map of an example, in the photo's colours."""
    place = example if isinstance(example, int) and 0 <= example < len(column.EXAMPLES) else 0
    name = list(texts.example_names(language).values())[place]
    return _beside(photo, network, look, lambda classifier, layer: _maps_of_example(classifier, place, layer), name, language)


def beside_own(photo: Photo | None, network: str, look: Look, second: Photo | None, language: str) -> dict[str, Any]:
    """The same channel's map of a second photo of the visitor's, in the first one's colours."""
    if not second:
        told = texts.no_photo(language, second)
        return {"problem": f"{told.heading} {told.line}"}
    name = t(language, "second_photo")
    return _beside(photo, network, look, lambda classifier, layer: maps_of(classifier, second, layer), name, language)


def _beside(photo: Photo | None, network: str, look: Look, of_other: MapsOf, name: str, language: str) -> dict[str, Any]:
    if not photo:
        return {}
    found = texts.attempt(language, _pair, photo, network, look, of_other)
    if isinstance(found, Sentence):
        return {"problem": f"{found.heading} {found.line}"}
    values, scale = found
    return {
        "name": name,
        "picture": data_uri(render.palette_image(values, scale.limit, scale.is_signed)),
        "most": t(language, "largest_value", value=number(values.max().item())),
    }


def _pair(photo: Photo, network: str, look: Look, of_other: MapsOf) -> tuple[torch.Tensor, render.Scale]:
    """The channel's map (H, W) of another picture, and the scale in which the photo's is drawn."""
    classifier, layer, channel = _of_network(network, look)
    maps = maps_of(classifier, photo, layer)
    scale = render.maps_scale(maps if look.scale == "layer" else maps[channel], of=maps)
    return of_other(classifier, layer)[channel], scale


def _of_network(network: str, look: Look) -> tuple[cnnhub.Classifier, str, int]:
    """The network, the layer and the channel that a look means.

    Raises:
        UnknownNameError: the network has no such layer.
    """
    classifier = networks.get(network)
    name = look.layer or first_layer(classifier)
    check_layers([name], classifier.layers())
    count = classifier.layer_shapes()[name][0]
    return classifier, name, look.channel if look.channel is not None and look.channel < count else 0


def _details(photo: Photo, network: str, look: Look, language: str) -> dict[str, Any]:
    classifier, name, _ = _of_network(network, look)
    maps, look = maps_of(classifier, photo, name), settled(classifier, photo, look)
    order = ordered(classifier, photo, name, look, maps)
    gallery = gallery_of(name, maps, order, look.page, look.channel)
    channel = look.channel if look.channel is not None and look.channel < len(maps) else gallery.indices[0]
    values = maps[channel]
    is_quiet = channels.silent(values[None], gallery.scale.limit)[0]
    scale = gallery.scale if look.scale == "layer" or is_quiet else render.maps_scale(values, of=maps)
    spread, filters = Spread.of(values), filter_pictures(classifier, name)
    return {
        "photo": photo.id,
        "layer": name,
        "channel": channel,
        "name": t(language, "channel", index=channel),
        "place": t(language, f"place_{look.order}", rank=order.index(channel) + 1, count=len(order)),
        "size": [values.shape[1], values.shape[0]],
        "values": base64.b64encode(values.numpy().astype("<f4").tobytes()).decode(),
        "picture": data_uri(render.palette_image(values, scale.limit, scale.is_signed)),
        "facts": _facts(language, classifier, photo, name, channel, spread),
        "histogram": _histogram(language, spread),
        "field": field_of(classifier, photo, name),
        "filter": filters[channel] if filters else "",
        "silent": t(language, "silent_channel") if is_quiet else "",
        "legend": legend(language, scale, values),
    }


def _facts(language: str, classifier: cnnhub.Classifier, photo: Photo, layer: str, channel: int, spread: Spread) -> list[str]:
    label, amount = contributions_of(classifier, photo, layer).speaks_for(channel)
    thing = texts.label_text(language, classifier, label)
    kind = "speaks_exactly" if contributions_of(classifier, photo, layer).is_exact else "speaks"
    speaks = t(language, kind, thing=thing, amount=number(amount)) if amount else t(language, "speaks_none")
    spread_said = t(language, "from_to", least=number(spread.least), largest=number(spread.largest), mean=number(spread.mean))
    shares = [t(language, "zeros", share=percent(spread.zeros))]
    shares += [t(language, "below_zero", share=percent(spread.below))] if spread.below else []
    return [speaks, spread_said, t(language, "comma").join(shares)]


def _histogram(language: str, spread: Spread) -> dict[str, Any]:
    return {
        "counts": list(spread.counts),
        "low": number(spread.least),
        "high": number(spread.largest),
        "alt": t(language, "histogram_alt", least=number(spread.least), largest=number(spread.largest)),
    }


def field_of(classifier: cnnhub.Classifier, photo: Photo, layer: str) -> dict[str, Any] | None:
    """What a value sees: of the input's pixels, and what of the photo that input is."""
    field = layers_of(classifier).field(layer)
    if field is None:
        return None
    height, width = classifier.config.pretrained_cfg.input_size[1:]
    return {
        "size": field.size,
        "stride": field.stride,
        "start": field.start,
        "input": [height, width],
        "seen": seen_share(classifier, photo),
    }


def _of_examples(classifier: cnnhub.Classifier, layer: str) -> Excited:
    known = _examples.get((classifier, layer))
    if known is not None:
        return known
    found = []
    for place in range(len(column.EXAMPLES)):
        maps = _maps_of_example(classifier, place, layer)
        largest, at = maps.flatten(1).max(1)  # each (C,)
        found.append((largest.numpy(), at.numpy(), _few(maps).numpy()))
    columns = classifier.layer_shapes()[layer][2]
    largest_of, places, glows = zip(*found, strict=True)
    rows, across = np.divmod(np.stack(places), columns)
    return _examples.keep((classifier, layer), Excited(np.stack(largest_of), rows, across, list(glows)))


def _few(maps: torch.Tensor) -> torch.Tensor:
    """What is above zero of maps (C, H, W), with a few values a side."""
    import torch

    sides = [min(side, GLOW_SIDE) for side in maps.shape[1:]]
    return torch.nn.functional.adaptive_max_pool2d(maps.clamp(min=0), sides)


@lru_cache(maxsize=48)
def _view(network: str, place: int) -> Image.Image:
    """What the network gets to see of an example, small."""
    with column.example(place).opened() as picture:
        view = _picture_of(networks.get(network).to_pixels(picture))
    return view.resize((VIEW_SIDE, VIEW_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)


def _picture_of(pixels: NDArray[np.uint8]) -> Image.Image:
    """(3, H, W) as a picture."""
    return Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))


def _glowing(view: Image.Image, glow: NDArray[np.float32]) -> str:
    """A picture in grey, with the colours of a map (h, w), 0 to 1, where it is above zero."""
    heat = np.asarray(Image.fromarray(glow.astype(np.float32)).resize(view.size, Image.Resampling.BILINEAR))
    return data_uri(render.overlay(view, heat.clip(0, 1)), "JPEG", quality=85)


def _patch(classifier: cnnhub.Classifier, layer: str, place: int, row: int, across: int) -> str:
    """What a value of the layer looks at in an example, or the middle of it, as the network gets it."""
    with column.example(place).opened() as picture:
        pixels = classifier.to_pixels(picture)
    size = pixels.shape[1], pixels.shape[2]
    field = layers_of(classifier).patch_field(layer, size)
    top, left, bottom, right = field.patch(int(row), int(across), size, int(_LEAST * size[0]), int(_MOST * size[0]))
    part = _picture_of(pixels[:, top:bottom, left:right])
    return data_uri(part.resize((SPOT_SIDE, SPOT_SIDE)), "JPEG", quality=85)


def _maps_of_example(classifier: cnnhub.Classifier, place: int, layer: str) -> torch.Tensor:
    """Not kept: what visitors' photos gave stays there instead."""
    with column.example(place).opened() as picture:
        return classifier.feature_maps(picture, layer)[layer]
