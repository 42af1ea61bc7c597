"""The named endpoints /classify, /classify_details, /compare and /explain."""

from __future__ import annotations

from typing import Any

import gradio as gr
from PIL import Image

import cnnhub
from cnnhub import render
from cnnhub.explanation import METHODS
from demo import networks, texts
from demo.answers import answer_to
from demo.endpoints import (
    choice_input,
    for_programs,
    json_output,
    model_input,
    photo_input,
    picture_output,
    publish,
    require,
    text_input,
)
from demo.photo.input import PhotoInput
from demo.photo.photo import Photo

MOST_SIDE = 1024  # pixels of the picture that /explain draws


def publish_all(photo: PhotoInput) -> None:
    model = model_input()
    publish(classify, [photo, model], [gr.Label(label="scores", visible=False)], "classify")
    publish(classify_details, [photo, model], [json_output("details")], "classify_details")
    publish(compare, [photo, photo_input("Second photo"), model], [json_output("both")], "compare")
    asked = [photo, model, text_input("", "label"), choice_input(METHODS, "method")]
    publish(explain, asked, [picture_output("why"), json_output()], "explain")


def classify(image: Photo | None, model: str = "cats-vs-dogs") -> dict[str, float]:
    """Say what is in a photo.

    Args:
        image: the photo: a file that is uploaded; over MCP, a data: URI or the address of an upload.
        model: which network answers: cats-vs-dogs, flowers, imagenet, cats-vs-dogs-shufflenet or mnist.

    Returns:
        The label, and the probability of each label, largest first.
    """
    return for_programs(lambda: answer_to(require(image), model).prediction.scores)


def classify_details(image: Photo | None, model: str = "cats-vs-dogs") -> dict[str, Any]:
    """Say what is in a photo, and how far to believe it.

    Args:
        image: the photo: a file that is uploaded; over MCP, a data: URI or the address of an upload.
        model: which network answers: cats-vs-dogs, flowers, imagenet, cats-vs-dogs-shufflenet or mnist.

    Returns:
        model, label, probability and scores (after the temperature), temperature; unfamiliar: whether the photo is like
        nothing that the network was taught, its strangeness, the threshold above which it is called so, and the share of
        validation photos that are called so by mistake (null where nothing was measured); reliability: how many validation photos
        were answered with a probability in (lower, upper], and the share of them that was right (null where none was).
    """
    return for_programs(lambda: answer_to(require(image), model).details())


def compare(image: Photo | None, second: Photo | None, model: str = "cats-vs-dogs") -> dict[str, Any]:
    """Ask one network about two photos.

    Args:
        image: the first photo: a file that is uploaded; over MCP, a data: URI or the address of an upload.
        second: the second photo: a file that is uploaded; over MCP, a data: URI or the address of an upload.
        model: which network answers: cats-vs-dogs, flowers, imagenet, cats-vs-dogs-shufflenet or mnist.

    Returns:
        first and second, each as /classify_details gives it, and sentence, which tells both in English.
    """

    def ask() -> dict[str, Any]:
        one, two = (answer_to(require(photo), model) for photo in (image, second))
        sentence = texts.compared("en", (one.classifier, one.prediction), (two.classifier, two.prediction))
        return {"first": one.details(), "second": two.details(), "sentence": sentence}

    return for_programs(ask)


def explain(
    image: Photo | None, model: str = "cats-vs-dogs", label: str = "", method: str = "auto"
) -> tuple[Image.Image, dict[str, Any]]:
    """Show where in a photo the evidence for a label lies, and whether that map tells the truth.

    Args:
        image: the photo: a file that is uploaded; over MCP, a data: URI or the address of an upload.
        model: which network answers: cats-vs-dogs, flowers, imagenet, cats-vs-dogs-shufflenet or mnist.
        label: any label of the network; left empty it is the most probable one.
        method: auto (cam where the head allows it exactly, else layercam), cam, gradcam++, layercam or occlusion.

    Returns:
        A PNG: the photo in grey under the map's colours.
        Its facts: label, probability, method, layer, map (rows of numbers from 0 to 1), box (what of the photo the map covers:
        left, top, right, bottom in pixels), and the probabilities while the map's brightest parts are blurred (deletion) or
        brought back (insertion).
    """

    def look() -> tuple[Image.Image, dict[str, Any]]:
        classifier = networks.get(model)
        with require(image).opened() as source:
            picture = cnnhub.open_image(source)
            found = cnnhub.explain(classifier, picture, label or None, method)
        told = found.faithfulness
        assert told is not None
        facts = {
            "label": found.label,
            "probability": found.probability,
            "method": found.method,
            "layer": found.layer,
            "map": found.map.tolist(),
            "box": list(found.box),
            "deletion": list(told.deletion),
            "insertion": list(told.insertion),
        }
        small = picture.copy()
        small.thumbnail((MOST_SIDE, MOST_SIDE))
        return render.overlay(small, found.over(small.size)), facts

    return for_programs(look)
