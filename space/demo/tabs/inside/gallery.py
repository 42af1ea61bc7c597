"""A layer's maps for a photo, kept for a while; a page of its channels; and all of them as a file."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

import cnnhub
from cnnhub import channels, render
from cnnhub import first_layer as filters
from cnnhub.contributions import Contributions, contributions
from demo import networks
from demo.assets import data_uri
from demo.photo.memory import Kept
from demo.photo.photo import Photo
from demo.texts import number, t

if TYPE_CHECKING:
    import torch

FIRST_STAGE = 2  # the third: deep enough to differ from a filter, large enough to recognise the photo
PAGE = 64  # channels
LARGEST_SPRITE = 4_000_000  # pixels; a page of large maps holds fewer channels

# Of the last photos and layers: another page, order or channel needs no other forward pass.
_maps: Kept[tuple[str, cnnhub.Classifier, str], torch.Tensor] = Kept(most=6)
_contributions: Kept[tuple[str, cnnhub.Classifier, str], Contributions] = Kept(most=6)
_filters: WeakKeyDictionary[cnnhub.Classifier, tuple[str, list[str]]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Gallery:
    """Some channels of one layer.

    Attributes:
        maps: (shown, H, W).
        indices: their channel numbers, counted from 0.
        count: how many channels the layer has. silent: how many of them show nothing.
        scale: of all of them together.
        page, pages: which of how many, from 0.
    """

    layer: str
    maps: torch.Tensor
    indices: list[int]
    count: int
    silent: int
    scale: render.Scale
    page: int = 0
    pages: int = 1


def gallery_of(
    layer: str, maps: torch.Tensor, order: list[int], page: int | None = None, channel: int | None = None, most: int = PAGE
) -> Gallery:
    """A page of the channels of maps (C, H, W) in this order; without a page that which holds the channel, or the first."""
    size = len(channels.that_fit(order, maps, most, LARGEST_SPRITE))
    pages = -(-len(order) // size)
    if page is None:
        page = order.index(channel) // size if channel is not None and channel < len(order) else 0
    page = min(page, pages - 1)
    indices = order[page * size : (page + 1) * size]
    scale = render.maps_scale(maps)
    return Gallery(layer, maps[indices], indices, len(maps), sum(channels.silent(maps, scale.limit)), scale, page, pages)


def first_layer(classifier: cnnhub.Classifier) -> str:
    stages = classifier.stages()
    return stages[min(FIRST_STAGE, len(stages) - 1)]


def maps_of(classifier: cnnhub.Classifier, photo: Photo, layer: str) -> torch.Tensor:
    """(C, H, W)."""
    key = photo.id, classifier, layer  # a repository's network may be loaded anew
    known = _maps.get(key)
    if known is not None:
        return known
    with photo.opened() as picture:
        return _maps.keep(key, classifier.feature_maps(picture, layer)[layer])


def contributions_of(classifier: cnnhub.Classifier, photo: Photo, layer: str) -> Contributions:
    key = photo.id, classifier, layer
    known = _contributions.get(key)
    if known is not None:
        return known
    with photo.opened() as picture:
        return _contributions.keep(key, contributions(classifier, picture, layer))


def filter_pictures(classifier: cnnhub.Classifier, layer: str) -> list[str]:
    """The layer's filters as small pictures, by channel, where it is the convolution that meets the picture first."""
    known = _filters.get(classifier)
    if known is None:
        try:
            found = filters.first_layer(classifier)
            pictures = [data_uri(found.picture(number)) for number in range(len(found.weights))]
            known = _filters[classifier] = found.layer, pictures
        except cnnhub.errors.ArgumentError:
            known = _filters[classifier] = "", []
    return known[1] if known[0] == layer else []


def legend(language: str, scale: render.Scale, maps: torch.Tensor) -> dict[str, str]:
    """What the colours of maps on one scale mean."""
    meaning = t(language, f"scale_{scale.kind}")
    is_cut = maps.abs().max() > scale.limit
    return {
        "kind": "signed" if scale.is_signed else "magma",
        "low": number(scale.low),
        "high": number(scale.limit),
        "meaning": t(language, "comma").join([meaning, *([t(language, "scale_cut")] if is_cut else [])]),
    }


def maps_file(photo: Photo, layer: str, network: str) -> str:
    """Written where gradio keeps what it serves, so that it is deleted with the photos."""
    maps = maps_of(networks.get(network), photo, layer)
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {layer: maps.numpy()}
    np.savez(buffer, **arrays)
    return str(save_bytes_to_cache(buffer.getvalue(), f"{file_name(network, layer)}.npz", get_upload_folder()))


def file_name(network: str, layer: str) -> str:
    return f"cnnhub-{network}-{layer}".replace("/", "-")
