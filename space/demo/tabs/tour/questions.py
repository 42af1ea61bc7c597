"""What the steps of the tour ask of a network: each question by its name, answered with what the step draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import cnnhub
from cnnhub import channels, render, transforms
from cnnhub.first_layer import first_layer
from cnnhub.head import dropped, head, kept
from demo import networks, texts
from demo.answers import LEAST_PHOTOS, answer_to, class_number
from demo.assets import data_uri
from demo.photo import column
from demo.photo.photo import Photo
from demo.tabs.inside.channel import field_of
from demo.tabs.inside.layers import layers_of
from demo.tabs.tour import measured
from demo.tabs.tour.horse import horse
from demo.texts import Sentence

if TYPE_CHECKING:
    import torch

FILTERS = 6  # of the network's own, among which one is to be found
MOST_POOLED = 6  # times
PIECES = 12  # of a shuffled picture, each way
CHANGES: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    "none": lambda pixels: pixels,
    "swapped": transforms.swapped,
    "doubled": transforms.doubled,
    "shuffled": lambda pixels: transforms.shuffled(pixels, PIECES),
    "blurred": transforms.blurred,
    "edges": transforms.edges,
}
# Strength 0 to 1, from hardly to wholly
TRICKS: dict[str, Callable[[NDArray[np.uint8], float], NDArray[np.uint8]]] = {
    "crop": lambda pixels, strength: transforms.cropped(pixels, 1 - 0.9 * strength),
    "texture": lambda pixels, strength: transforms.shuffled(pixels, 1 + round(19 * strength)),
    "noise": lambda pixels, strength: transforms.noisy(pixels, 0.6 * strength),
    "outline": lambda pixels, strength: _mixed(pixels, 255 - transforms.edges(pixels), strength),
    "horse": lambda pixels, strength: pixels,
}


def answer(sent: Mapping[str, Any], photo: Photo | None, network: str, language: str) -> dict[str, Any]:
    """What the page asked, or why it cannot be told."""
    asked = str(sent.get("ask"))
    if asked in WITHOUT_PHOTO:
        return WITHOUT_PHOTO[asked](language)
    known = QUESTIONS.get(asked)
    if known is None:
        return {}
    if not photo:
        return {"problem": texts.no_photo(language, photo).heading}
    found = texts.attempt(language, known, sent, photo, network, language)
    return {"problem": f"{found.heading} {found.line}"} if isinstance(found, Sentence) else found


def changed(sent: Mapping[str, Any], photo: Photo, network: str, language: str) -> dict[str, Any]:
    """What the network answers to its own view of the photo after each change."""
    classifier = networks.get(network)
    with photo.opened() as picture:
        seen = classifier.to_pixels(picture)
    views = {name: change(seen) for name, change in CHANGES.items()}
    predictions = classifier.predictions(np.stack(list(views.values())))
    label = predictions[0].label
    return {
        "name": texts.label_text(language, classifier, label),
        "colour": class_number(classifier, label),
        "changes": [
            {
                "change": name,
                "picture": data_uri(picture_of(view)),
                "share": prediction.scores[label],
                **_said(language, classifier, prediction),
            }
            for (name, view), prediction in zip(views.items(), predictions, strict=True)
        ],
    }


def first_filters(sent: Mapping[str, Any], photo: Photo, network: str, language: str) -> dict[str, Any]:
    """Six filters of the network's first layer that answer most differently over the photo, with their maps."""
    import torch  # half a gigabyte, which the first page does without

    classifier = networks.get(network)
    found = first_layer(classifier)
    with photo.opened() as picture:
        pixels = torch.from_numpy(classifier.preprocess(picture))
    maps = torch.stack([found.response(pixels, channel) for channel in range(len(found.weights))])
    shown = sorted(channels.varied_first(maps)[:FILTERS])
    return {
        "layer": found.layer,
        "filters": [
            {
                "channel": channel,
                "filter": data_uri(_enlarged(found.picture(channel))),
                "map": data_uri(_map_picture(maps[channel])),
            }
            for channel in shown
        ],
    }


def pooled(sent: Mapping[str, Any], photo: Photo, network: str, language: str) -> dict[str, Any]:
    """What the network answers to its own view of the photo, pooled two by two so many times."""
    mode, times = sent.get("mode"), sent.get("times")
    if mode not in transforms.POOLED or not isinstance(times, int) or not 0 <= times <= MOST_POOLED:
        return {}
    classifier = networks.get(network)
    with photo.opened() as picture:
        seen = classifier.to_pixels(picture)
    before, after = classifier.predictions(np.stack([seen, transforms.pooled(seen, mode, times)]))
    return {
        "name": texts.label_text(language, classifier, after.label),
        "before": texts.label_text(language, classifier, before.label),
        "isSame": after.label == before.label,
        "probability": after.probability,
    }


def fields(sent: Mapping[str, Any], photo: Photo, network: str, language: str) -> dict[str, Any]:
    """What a value of each of the network's stages sees of the photo."""
    classifier = networks.get(network)
    layers = layers_of(classifier)
    return {
        "layers": [
            {
                "words": layers.words(language, name),
                "size": layers.shapes[name][:0:-1],  # (C, H, W) -> width, height
                "field": field_of(classifier, photo, name),
            }
            for name in layers.stages
        ]
    }


def head_answer(sent: Mapping[str, Any], photo: Photo, network: str, language: str) -> dict[str, Any]:
    """The averages of the last maps, and the logits that the last layer makes of them, with a share of them switched off."""
    share, seed = _number(sent.get("share"), 0, 0.95), int(_number(sent.get("seed"), 0, 10_000))
    classifier = networks.get(network)
    with photo.opened() as picture:
        features = classifier.embed(picture)
    left = kept(len(features), share, seed)
    logits = head(classifier).logits(dropped(features, left))
    return {
        "features": [round(float(value), 4) for value in features],
        "left": left.tolist(),
        "logits": [round(float(value), 4) for value in logits],
        "temperature": classifier.config.cnnhub.temperature,
        "labels": [texts.label_text(language, classifier, label) for label in classifier.labels],
        "colours": [class_number(classifier, label) for label in classifier.labels],
    }


def reliability(sent: Mapping[str, Any], photo: Photo, network: str, language: str) -> dict[str, Any]:
    """How often answers of each probability were right, and how strange the photo and the examples look to the network."""
    answer = answer_to(photo, network)
    classifier, prediction = answer.classifier, answer.prediction
    stored = classifier.config.cnnhub.reliability
    examples = zip(texts.example_names(language).values(), _strangeness_of_examples(network), strict=True)
    return {
        "name": texts.label_text(language, classifier, prediction.label),
        "probability": prediction.probability,
        "bins": [
            {"lower": each.lower, "upper": each.upper, "count": each.count, "correct": each.correct}
            for each in (stored.bins if stored else ())
            if each.count >= LEAST_PHOTOS
        ],
        "strangeness": prediction.strangeness,
        "threshold": classifier.threshold,
        "falseAlarm": classifier.false_alarm,
        "examples": [{"name": name, "strangeness": value} for name, value in examples],
    }


def fooled(sent: Mapping[str, Any], photo: Photo, network: str, language: str) -> dict[str, Any]:
    """What the network answers to its view of the photo when it is cropped, cut up, noisy or an outline; or to a drawn horse."""
    trick, strength = sent.get("trick"), _number(sent.get("strength"), 0, 1)
    if trick not in TRICKS:
        return {}
    classifier = networks.get(network)
    if trick == "horse":
        seen = classifier.to_pixels(horse())
    else:
        with photo.opened() as picture:
            seen = classifier.to_pixels(picture)
    made = TRICKS[trick](seen, strength)
    (prediction,) = classifier.predictions(made[None])
    return {"picture": data_uri(picture_of(made)), **_said(language, classifier, prediction)}


def picture_of(pixels: NDArray[np.uint8]) -> Image.Image:
    """(3, H, W) as a picture."""
    return Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))


def _number(value: object, low: float, high: float) -> float:
    """What the page sent, brought into its range."""
    return (
        min(max(float(value), low), high)
        if isinstance(value, int | float) and not isinstance(value, bool) and value == value
        else low
    )


def _mixed(pixels: NDArray[np.uint8], other: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
    return np.rint(pixels * (1 - share) + other * share).astype(np.uint8)


@cache
def _strangeness_of_examples(network: str) -> tuple[float | None, ...]:
    found = (answer_to(column.example(place), network).prediction.strangeness for place in range(len(column.EXAMPLES)))
    return tuple(found)


def _enlarged(picture: Image.Image) -> Image.Image:
    """A filter with every weight a square of eight by eight pixels."""
    return picture.resize((picture.width * 8, picture.height * 8), Image.Resampling.NEAREST)


def _map_picture(values: torch.Tensor) -> Image.Image:
    scale = render.maps_scale(values)
    return render.palette_image(values, scale.limit, scale.is_signed)


def _said(language: str, classifier: cnnhub.Classifier, prediction: cnnhub.Prediction) -> dict[str, Any]:
    return {
        "answer": texts.label_text(language, classifier, prediction.label),
        "probability": prediction.probability,
        "isUnfamiliar": bool(prediction.is_unfamiliar),
    }


QUESTIONS: dict[str, Callable[[Mapping[str, Any], Photo, str, str], dict[str, Any]]] = {
    "changed": changed,
    "fields": fields,
    "first_filters": first_filters,
    "fooled": fooled,
    "head": head_answer,
    "pooled": pooled,
    "reliability": reliability,
}
WITHOUT_PHOTO: dict[str, Callable[[str], dict[str, Any]]] = {
    "digits": measured.digits,
    "numbers": measured.numbers,
    "transfer": measured.transfer,
}
