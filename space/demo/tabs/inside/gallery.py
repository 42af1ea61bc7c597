"""The strongest channels of one layer, and all of them as a file."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder

import cnnhub
from cnnhub import features, render
from demo import networks
from demo.photo.photo import Photo

if TYPE_CHECKING:
    import torch

FIRST_STAGE = 2  # the third: deep enough to differ from a filter, large enough to recognise the photo
LARGEST_SPRITE = 4_000_000  # pixels; a wide layer of large maps shows fewer channels than were asked for


@dataclass(frozen=True)
class Gallery:
    """Some channels of one layer, strongest first, on one scale.

    Attributes:
        maps: (shown, H, W).
        indices: their channel numbers, counted from 0.
        count: how many channels the layer has.
    """

    layer: str
    maps: torch.Tensor
    indices: list[int]
    count: int
    scale: render.Scale


def gallery_of(layer: str, maps: torch.Tensor, most: int) -> Gallery:
    """The strongest channels of maps (C, H, W)."""
    indices = features.strongest_that_fit(maps, most, LARGEST_SPRITE)
    chosen = maps[indices]
    return Gallery(layer, chosen, indices, maps.shape[0], render.maps_scale(chosen, of=maps))


def first_layer(classifier: cnnhub.Classifier) -> str:
    stages = classifier.stages()
    return stages[min(FIRST_STAGE, len(stages) - 1)]


def maps_of(classifier: cnnhub.Classifier, photo: Photo, layer: str) -> torch.Tensor:
    """(C, H, W)."""
    with photo.opened(classifier) as picture:
        return classifier.feature_maps(picture, layer)[layer]


def maps_file(photo: Photo, layer: str, network: str) -> str:
    """Written where gradio keeps what it serves, so that it is deleted with the photos."""
    maps = maps_of(networks.get(network), photo, layer)
    buffer = io.BytesIO()
    arrays: dict[str, Any] = {layer: maps.numpy()}
    np.savez(buffer, **arrays)
    return str(save_bytes_to_cache(buffer.getvalue(), f"{file_name(network, layer)}.npz", get_upload_folder()))


def file_name(network: str, layer: str) -> str:
    return f"cnnhub-{network}-{layer}".replace("/", "-")
