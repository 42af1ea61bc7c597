"""A learned filter in the laboratory: the first convolution of a network, three kernels and their sum at each place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import cnnhub
from cnnhub import preprocessing, render
from cnnhub.errors import ArgumentError, CnnHubError, UnknownNameError, nearest_names
from cnnhub.first_layer import FirstLayer, first_layer
from cnnhub.kernels import KernelSource
from demo import networks, texts
from demo.assets import data_uri
from demo.photo.photo import Photo
from demo.photo.pixels import Pixels
from demo.texts import Sentence, number, t

_LINK = re.compile(r"([\w./-]{1,200}):([0-9]{1,5})", re.ASCII)
ALIKE = 5  # filters beside a kernel
ENLARGED = 36  # pixels, the side of a filter's picture


@dataclass(frozen=True)
class Learned:
    """A filter of a network's first layer."""

    network: str
    channel: int


def from_link(parameters: Mapping[str, str]) -> Learned | None:
    """The filter that a link asks for, as learned.js writes it.

    >>> from_link({"learned": "cats-vs-dogs:14"})
    Learned(network='cats-vs-dogs', channel=14)
    """
    found = _LINK.fullmatch(parameters.get("learned", ""))
    return Learned(found[1], int(found[2])) if found else None


def show(photo: Photo | None, learned: Learned | None) -> dict[str, Any]:
    """What learned.js draws; nothing where no learned filter is asked for."""
    if learned is None:
        return {}
    if not photo:
        return {"said": {language: vars(texts.no_photo(language, photo)) for language in texts.LANGUAGES}}
    try:
        return _shown(photo, learned)
    except CnnHubError as error:
        return {"said": {language: vars(_problem(language, learned, error)) for language in texts.LANGUAGES}}


def alike(network: str, kernel: KernelSource) -> dict[str, Any]:
    """The filters of a network that are most like a kernel, for lab_alike.js; none where there is nothing to compare."""
    try:
        found = first_layer(networks.get(network))
    except CnnHubError:
        return {"filters": []}
    filters = [
        {"channel": channel, "cosine": f"{cosine:.2f}".replace("-", "−"), "picture": _picture(found, channel)}
        for channel, cosine in found.nearest(kernel, ALIKE)
    ]
    said = {language: t(language, "alike", network=networks.title(language, network)) for language in texts.LANGUAGES}
    return {"layer": found.layer, "filters": filters, "said": said}


def _problem(language: str, learned: Learned, error: CnnHubError) -> Sentence:
    """What is wrong with the link, where it is the link: a network that is not offered, or a filter that it does not have."""
    if isinstance(error, UnknownNameError):
        near = nearest_names(learned.network, networks.names()) or networks.names()
        heading = t(language, "learned_no_network", name=learned.network[:60])
        return Sentence(heading, t(language, "learned_networks", names=", ".join(near)))
    if isinstance(error, ArgumentError):
        return _no_filter(language, learned)
    return texts.problem(language, error)


def _no_filter(language: str, learned: Learned) -> Sentence:
    """The network has no such filter, or none that can be shown."""
    network = networks.title(language, learned.network)
    try:
        count = len(first_layer(networks.get(learned.network)).weights)
    except ArgumentError:
        return Sentence(t(language, "learned_none", network=network), "")
    heading = t(language, "learned_no_filter", network=network, channel=learned.channel)
    return Sentence(heading, t(language, "learned_filters", count=count, last=count - 1))


def _shown(photo: Photo, learned: Learned) -> dict[str, Any]:
    import torch  # half a gigabyte, which the first page does without

    classifier = networks.get(learned.network)
    found = first_layer(classifier)
    with photo.opened() as picture:
        pixels = classifier.to_pixels(picture)
    size = photo.pixels().original
    box = preprocessing.seen_box(size, classifier.config.pretrained_cfg)
    seen = torch.from_numpy(preprocessing.normalise(pixels, classifier.config.pretrained_cfg))
    values = found.response(seen, learned.channel)
    scale = render.maps_scale(values)
    strongest = divmod(int(values.abs().argmax()), values.shape[1])
    given = Pixels(photo.id, np.ascontiguousarray(pixels.transpose(1, 2, 0)), pixels.shape[:0:-1])  # (3, H, W) -> (H, W, 3)
    return {
        "learned": f"{learned.network}:{learned.channel}",
        "layer": found.layer,
        "count": len(found.weights),
        "filter": _picture(found, learned.channel),
        "pixels": given.packed(),
        "box": [end / size[axis % 2] for axis, end in enumerate(box)],  # shares of the photo
        "mean": found.mean,
        "std": found.std,
        "weights": found.weights[learned.channel].tolist(),
        "bias": 0.0 if found.bias is None else found.bias[learned.channel].item(),
        "stride": found.stride,
        "left": found.padding[0],
        "top": found.padding[2],
        "strongest": strongest,
        "map": {
            "uri": data_uri(render.palette_image(values, scale.limit, scale.is_signed)),
            "height": values.shape[0],
            "width": values.shape[1],
            "kind": "signed" if scale.is_signed else "magma",
            "low": number(scale.low),
            "high": number(scale.limit),
        },
        "said": {language: vars(_sentence(language, learned, found, classifier)) for language in texts.LANGUAGES},
    }


def _sentence(language: str, learned: Learned, found: FirstLayer, classifier: cnnhub.Classifier) -> Sentence:
    network = networks.title(language, learned.network)
    height, width = classifier.config.pretrained_cfg.input_size[1:]
    line = t(language, "learned_line", layer=found.layer, width=width, height=height, stride=found.stride)
    return Sentence(t(language, "learned_heading", channel=learned.channel, network=network), line)


def _picture(found: FirstLayer, channel: int) -> str:
    side = found.weights.shape[-1] * max(1, round(ENLARGED / found.weights.shape[-1]))
    return data_uri(found.picture(channel).resize((side, side), 0))  # every weight a square
