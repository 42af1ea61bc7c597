"""The named endpoints /feature_maps and /feature_maps_npz."""

from __future__ import annotations

from typing import Any

import gradio as gr
from PIL import Image

import cnnhub
from cnnhub import render
from cnnhub.channels import varied_first
from demo import networks
from demo.endpoints import for_programs, json_output, model_input, number_input, picture_output, publish, require, text_input
from demo.photo.input import PhotoInput
from demo.photo.photo import Photo
from demo.tabs.inside.gallery import PAGE, first_layer, gallery_of, maps_file, maps_of


def publish_all(photo: PhotoInput) -> None:
    layer, model = text_input("", "layer"), model_input()
    asked = [photo, layer, model, number_input(PAGE, "channels")]
    publish(feature_maps, asked, [picture_output("gallery"), json_output()], "feature_maps")
    publish(feature_maps_npz, [photo, layer, model], [gr.File(label="maps", visible=False)], "feature_maps_npz")


def feature_maps(
    image: Photo | None, layer: str = "", model: str = "cats-vs-dogs", channels: int = PAGE
) -> tuple[Image.Image, dict[str, Any]]:
    """A layer's channels for a photo, those first that vary most over it.

    Args:
        image: the photo: a file that is uploaded; over MCP, a data: URI or the address of an upload.
        layer: name of a layer; left empty it is the network's third stage.
        model: which network: cats-vs-dogs, flowers, imagenet, cats-vs-dogs-shufflenet or mnist.
        channels: how many channels are drawn at most.

    Returns:
        A PNG of square-ordered tiles without gaps, one pixel an activation.
        Its facts: layer, shape (C, H, W), how many of how many channels are shown, which, how many of all are
        silent on this photo, the network's layers and stages.
    """

    def draw() -> tuple[Image.Image, dict[str, Any]]:
        if not isinstance(channels, int | float) or not 1 <= channels <= 4096:
            raise cnnhub.CnnHubError(f"channels is {channels}; expected 1 to 4096.")
        classifier, photo = networks.get(model), require(image)
        name = layer or first_layer(classifier)
        maps = maps_of(classifier, photo, name)
        gallery = gallery_of(name, maps, varied_first(maps), most=int(channels))
        facts = {
            "layer": name,
            "shape": list(maps.shape),
            "shown": len(gallery.indices),
            "of": gallery.count,
            "silent": gallery.silent,
            "channels": gallery.indices,
            "columns": render.sprite_columns(len(gallery.indices)),
            "limit": gallery.scale.limit,
            "layers": classifier.layers(),
            "stages": classifier.stages(),
        }
        return render.sprite(gallery.maps, gallery.scale.limit, gallery.scale.is_signed), facts

    return for_programs(draw)


def feature_maps_npz(image: Photo | None, layer: str = "", model: str = "cats-vs-dogs") -> str:
    """All channels of a layer for a photo, as numbers.

    Args:
        image: the photo: a file that is uploaded; over MCP, a data: URI or the address of an upload.
        layer: name of a layer; left empty it is the network's third stage.
        model: which network: cats-vs-dogs, flowers, imagenet, cats-vs-dogs-shufflenet or mnist.

    Returns:
        An NPZ file that holds one array under the layer's name: (C, H, W) float32.
    """
    return for_programs(lambda: maps_file(require(image), layer or first_layer(networks.get(model)), model))
