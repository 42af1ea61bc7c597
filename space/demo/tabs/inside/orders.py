"""In which order a layer's channels come; what they answer at the spots that are pinned on the photo."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cnnhub
from cnnhub import channels
from demo.photo.photo import Photo
from demo.tabs.inside.gallery import contributions_of
from demo.tabs.inside.layers import layers_of, seen_share
from demo.tabs.inside.look import Look

if TYPE_CHECKING:
    import torch


def settled(classifier: cnnhub.Classifier, photo: Photo, look: Look) -> Look:
    """The look without spots that lie on another photo, or where the network does not see this one."""
    if not look.spots:
        return look.with_spots([])
    left, top, width, height = seen_share(classifier, photo)
    held = [(x, y) for x, y in look.spots if left <= x <= left + width and top <= y <= top + height]
    return replace(look.with_spots(held if look.of in (None, photo.id) else []), of=photo.id)


def at_spots(classifier: cnnhub.Classifier, photo: Photo, layer: str, look: Look, maps: torch.Tensor) -> torch.Tensor:
    """How much more each channel of maps (C, H, W) answers at the look's spots than over all of the photo -> (C,)."""
    return channels.answers_at(maps, [_unit_at(classifier, photo, layer, maps, spot) for spot in look.spots])


def ordered(classifier: cnnhub.Classifier, photo: Photo, layer: str, look: Look, maps: torch.Tensor) -> list[int]:
    """The layer's channel numbers: the most varied first, those that answer most at the spots, those that move the answer most,
    or as they are counted."""
    if look.order == "answer":
        return contributions_of(classifier, photo, layer).strongest_first()
    if look.order == "spot":
        return at_spots(classifier, photo, layer, look, maps).argsort(descending=True, stable=True).tolist()
    return channels.varied_first(maps) if look.order == "varied" else list(range(len(maps)))


def _unit_at(
    classifier: cnnhub.Classifier, photo: Photo, layer: str, maps: torch.Tensor, spot: tuple[float, float]
) -> tuple[float, float]:
    """The (row, column) of the unit in the middle of whose field a spot (x, y) of the photo lies, in fractions of units."""
    left, top, width, height = seen_share(classifier, photo)
    x, y = (spot[0] - left) / width, (spot[1] - top) / height
    field = layers_of(classifier).field(layer)
    if field is None:  # units that see all: by where they stand in the map
        rows, columns = maps.shape[1:]
        return y * rows - 0.5, x * columns - 0.5
    rows, columns = classifier.config.pretrained_cfg.input_size[1:]
    return field.unit_at(y * rows, x * columns)
