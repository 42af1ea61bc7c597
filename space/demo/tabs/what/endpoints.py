"""The named endpoints /classify, /classify_details and /compare."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demo import texts
from demo.answers import answer_to
from demo.endpoints import for_programs, json_output, model_input, photo_input, publish, require
from demo.photo.input import PhotoInput
from demo.photo.photo import Photo


def publish_all(photo: PhotoInput) -> None:
    model = model_input()
    publish(classify, [photo, model], [gr.Label(label="scores", visible=False)], "classify")
    publish(classify_details, [photo, model], [json_output("details")], "classify_details")
    publish(compare, [photo, photo_input("Second photo"), model], [json_output("both")], "compare")


def classify(image: Photo | None, model: str = "cats-vs-dogs") -> dict[str, float]:
    """Say what is in a photo.

    Args:
        image: the photo: a file that is uploaded; over MCP, a data: URI or the address of an upload.
        model: which network answers: cats-vs-dogs, flowers, imagenet or cats-vs-dogs-shufflenet.

    Returns:
        The label, and the probability of each label, largest first.
    """
    return for_programs(lambda: answer_to(require(image), model).prediction.scores)


def classify_details(image: Photo | None, model: str = "cats-vs-dogs") -> dict[str, Any]:
    """Say what is in a photo, and how far to believe it.

    Args:
        image: the photo: a file that is uploaded; over MCP, a data: URI or the address of an upload.
        model: which network answers: cats-vs-dogs, flowers, imagenet or cats-vs-dogs-shufflenet.

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
        model: which network answers: cats-vs-dogs, flowers, imagenet or cats-vs-dogs-shufflenet.

    Returns:
        first and second, each as /classify_details gives it, and sentence, which tells both in English.
    """

    def ask() -> dict[str, Any]:
        one, two = (answer_to(require(photo), model) for photo in (image, second))
        sentence = texts.compared("en", (one.classifier, one.prediction), (two.classifier, two.prediction))
        return {"first": one.details(), "second": two.details(), "sentence": sentence}

    return for_programs(ask)
