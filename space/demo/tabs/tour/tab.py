"""Tab four, "Tour": steps, each one thing to touch. The page draws them by itself, and asks what only a network can tell."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import gradio as gr

from cnnhub.errors import ImageError
from demo import networks, texts
from demo.assets import mounted
from demo.photo.photo import Photo
from demo.tab import PRIVATE, Room, Shared, Tab
from demo.tabs.filter import answer
from demo.tabs.tour import endpoints, questions, training_line
from demo.tabs.tour.training_line import IN_LINE
from demo.texts import Sentence, t
from demo.texts.tour import FRAME, STEPS


@dataclass(frozen=True)
class Tour:
    """It is never an input of an event: the photo's pixels would travel back with it."""

    tour: gr.HTML


@dataclass(frozen=True)
class TourShown:
    """Of which photo and network the steps speak."""

    tour: dict[str, Any]


def layout(shared: Shared) -> Tour:
    return Tour(
        shared.words.make(
            gr.HTML,
            _words,
            None,
            html_template='<div class="tour"></div>',
            js_on_load=mounted("tabs/tour/tour.js", "want_pixels", "question", "train", "where", given={"colours": palettes()}),
            elem_id="tour",
            apply_default_css=False,
            pixels=None,
            told=None,
            trained=None,
            place=None,
        )
    )


def show(photo: Photo | None, network: str, language: str) -> TourShown:
    if not photo:
        return TourShown({"photo": None, "problem": texts.no_photo(language, photo).heading})
    return TourShown({"photo": photo.id, "network": network, "title": networks.title(language, network)})


def wire(room: Room) -> list[Any]:
    tour, shared = room.parts.tour, room.shared
    tour.want_pixels(photo_pixels, [shared.photo, shared.language], tour, **PRIVATE)
    tour.question(answered, [shared.photo, shared.network, shared.language], tour, **PRIVATE)
    tour.train(trained, shared.language, tour, **PRIVATE, **IN_LINE)
    tour.where(place_in_line, None, tour, queue=False, **PRIVATE)
    return []


def photo_pixels(photo: Photo | None, language: str) -> Any:
    """The photo's exact pixels, at most a megapixel, asked for by the page once a photo."""
    if not photo:
        return gr.skip()
    try:
        return gr.update(pixels=photo.pixels().packed())
    except ImageError as error:
        return gr.update(pixels={"id": photo.id, "problem": texts.problem(language, error).heading})


def answered(event: gr.EventData, photo: Photo | None, network: str, language: str) -> Any:
    """What a step asked of the network."""
    sent = event._data if isinstance(event._data, dict) else {}
    number = sent.get("number") if isinstance(sent.get("number"), int) else None
    return gr.update(told={"number": number, "answer": questions.answer(sent, photo, network, language)})


def trained(event: gr.EventData, language: str) -> Any:
    """What came of a training run on the server, once its turn had come."""
    sent = event._data if isinstance(event._data, dict) else {}
    number = sent.get("number") if isinstance(sent.get("number"), int) else None
    asked = [sent.get(name) for name in ("seed", "learningRate", "batchSize", "noise", "seconds")]
    run = texts.attempt(language, training_line.train, *asked)
    problem = {"problem": f"{run.heading} {run.line}"} if isinstance(run, Sentence) else None
    return gr.update(trained={"number": number, "answer": problem or run})


async def place_in_line(request: gr.Request) -> Any:
    """Where the visitor stands in the line of those who train. It takes no thread and no place in gradio's queue."""
    return gr.update(place=training_line.place_of(request))


def palettes() -> dict[str, str]:
    """The colours of a map, as the laboratory has them."""
    return {name: base64.b64encode(bytes(colours)).decode() for name, colours in answer.palettes().items()}


def _words(language: str) -> dict[str, Any]:
    """The strings of the frame, by their keys, and of each step, by their parts."""
    return {
        "language": language,
        "words": {key: texts.template(language, key) for key in FRAME}
        | {key: t(language, key) for key in ("see_what", "see_filter", "see_inside")},
        "steps": [
            {"name": step, "words": {part: texts.template(language, f"tour_{step}_{part}") for part in table}}
            for step, table in STEPS.items()
        ],
    }


TOUR = Tab(
    "tour",
    layout,
    ("photo", "network", "language"),
    TourShown,
    show,
    wire=wire,
    endpoints=endpoints.publish_all,
    head_styles=("tabs/tour/tour.css",),
)
