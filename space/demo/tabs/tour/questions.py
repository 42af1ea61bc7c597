"""What the steps of the tour ask of a network: each question by its name, answered with what the step draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import cnnhub
from cnnhub import transforms
from demo import networks, texts
from demo.answers import class_number
from demo.assets import data_uri
from demo.photo.photo import Photo
from demo.texts import Sentence

PIECES = 12  # of a shuffled picture, each way
CHANGES: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    "none": lambda pixels: pixels,
    "swapped": transforms.swapped,
    "doubled": transforms.doubled,
    "shuffled": lambda pixels: transforms.shuffled(pixels, PIECES),
    "blurred": transforms.blurred,
    "edges": transforms.edges,
}


def answer(sent: Mapping[str, Any], photo: Photo | None, network: str, language: str) -> dict[str, Any]:
    """What the page asked, or why it cannot be told."""
    known = QUESTIONS.get(str(sent.get("ask")))
    if known is None:
        return {}
    if not photo:
        return {"problem": texts.no_photo(language, photo).heading}
    found = texts.attempt(language, known, sent, photo, network, language)
    return {"problem": f"{found.heading} {found.line}"} if isinstance(found, Sentence) else found


def changed(sent: Mapping[str, Any], photo: Photo, network: str, language: str) -> dict[str, Any]:
    """What the network answers to its own view of the photo after each change."""
    classifier = networks.get(network)
    with photo.opened(classifier) as picture:
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


def picture_of(pixels: NDArray[np.uint8]) -> Image.Image:
    """(3, H, W) as a picture."""
    return Image.fromarray(np.ascontiguousarray(pixels.transpose(1, 2, 0)))


def _said(language: str, classifier: cnnhub.Classifier, prediction: cnnhub.Prediction) -> dict[str, Any]:
    return {
        "answer": texts.label_text(language, classifier, prediction.label),
        "probability": prediction.probability,
        "isUnfamiliar": bool(prediction.is_unfamiliar),
    }


QUESTIONS: dict[str, Callable[[Mapping[str, Any], Photo, str, str], dict[str, Any]]] = {
    "changed": changed,
}
