"""Why this answer: where in the photo the evidence for a label lies, and whether blurring or covering it changes the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

import cnnhub
from cnnhub import render
from cnnhub.explanation import checked
from demo import networks, texts
from demo.assets import data_uri, mounted
from demo.language import Words, valued
from demo.photo.photo import Photo
from demo.tab import PRIVATE, Room
from demo.texts import Sentence, percent, t

WAYS = ("auto", "occlusion")  # methods of `cnnhub.explain`
_SIDE = 480  # pixels, the longer one of the map that is sent
_QUARTER = 3  # of the twelve steps of a deletion or insertion curve
_UNLIKELY = 0.05  # a probability that is hardly worth losing


@dataclass(frozen=True)
class Why:
    """The button under the answer, and what opens below."""

    button: gr.Button
    box: gr.HTML


def button(words: Words) -> gr.Button:
    return words.make(gr.Button, valued("why"), size="md", scale=0, elem_id="why-button")


def layout(words: Words, opener: gr.Button) -> Why:
    box = words.make(
        gr.HTML,
        _words,
        None,
        html_template='<div class="why"></div>',
        js_on_load=mounted("tabs/what/why.js", "ask"),
        elem_id="why",
        apply_default_css=False,
    )
    return Why(opener, box)


def wire(room: Room) -> None:
    why, shared = room.parts.why_parts, room.shared
    given = [shared.photo, shared.network, shared.language]
    why.button.click(show, given, why.box, **PRIVATE)
    why.box.ask(_asked, given, why.box, **PRIVATE)


def show(
    photo: Photo | None, network: str, language: str, label: str | None = None, way: str = "auto"
) -> Iterator[dict[str, Any]]:
    """What the page draws: the map as a picture to lie over the photo, and what it comes to in words; then also its check."""
    if not photo:
        yield {"problem": texts.no_photo(language, photo).heading}
        return
    found = texts.attempt(language, _explained, photo, network, label, way)
    if isinstance(found, Sentence):
        yield {"problem": f"{found.heading} {found.line}"}
        return
    classifier, explanation = found
    thing = texts.label_text(language, classifier, explanation.label)
    order = sorted(classifier.labels, key=lambda each: each != explanation.label)
    told = {
        "photo": photo.source,
        "network": network,
        "heat": data_uri(_coloured(explanation)),
        "labels": [{"label": each, "name": texts.label_text(language, classifier, each)} for each in order],
        "label": explanation.label,
        "way": way,
        "layer": explanation.layer,
        "sentence": _sentence(language, explanation, thing),
    }
    if not explanation.map.max() > 0:
        yield {**told, "check": ""}
        return
    yield {**told, "check": t(language, "why_checking")}
    check = texts.attempt(language, _checked, photo, classifier, explanation)
    said = check.heading if isinstance(check, Sentence) else _check(language, check, thing)
    yield {**told, "check": said, "is_check": True}


def _asked(event: gr.EventData, photo: Photo | None, network: str, language: str) -> Iterator[dict[str, Any]]:
    """Another label or way was chosen in the box."""
    asked = event._data if isinstance(event._data, dict) else {}
    label, way = asked.get("label"), asked.get("way")
    yield from show(photo, network, language, label if isinstance(label, str) else None, way if way in WAYS else "auto")


def _explained(photo: Photo, network: str, label: str | None, way: str) -> tuple[cnnhub.Classifier, cnnhub.Explanation]:
    classifier = networks.get(network)
    known = label if label in classifier.labels else None  # another network may have been chosen meanwhile
    with photo.opened() as picture:
        return classifier, cnnhub.explain(classifier, picture, known, way, check=False)


def _checked(photo: Photo, classifier: cnnhub.Classifier, explanation: cnnhub.Explanation) -> cnnhub.Explanation:
    with photo.opened() as picture:
        return checked(classifier, picture, explanation)


def _coloured(explanation: cnnhub.Explanation) -> Image.Image:
    """The map in colours, the clearer the less it says."""
    width, height = explanation.size
    scale = _SIDE / max(width, height)
    heat = explanation.over((max(1, round(width * scale)), max(1, round(height * scale))))
    colours = render.palette(False)[(heat * 255).round().astype(np.uint8)]
    clear = (np.sqrt(heat) * 255).round().astype(np.uint8)[..., None]
    return Image.fromarray(np.concatenate([colours, clear], axis=2))


def _sentence(language: str, explanation: cnnhub.Explanation, thing: str) -> str:
    if not explanation.map.max() > 0:
        return t(language, "why_nothing", thing=thing)
    return t(language, "why_covered" if explanation.method == "occlusion" else "why_bright", thing=thing)


def _check(language: str, explanation: cnnhub.Explanation, thing: str) -> str:
    """The check's three probabilities, and whether the map holds."""
    told = explanation.faithfulness
    assert told is not None
    before, without, alone = explanation.probability, told.deletion[_QUARTER], told.insertion[_QUARTER]
    numbers = t(language, "why_faithful", before=percent(before), without=percent(without), alone=percent(alone))
    return f"{numbers} {t(language, f'why_check_{verdict(before, without, alone)}', thing=thing)}"


def verdict(before: float, without: float, alone: float) -> str:
    """What a label's probability says of the brightest quarter: whether without it half is lost, and with it alone half kept.

    >>> [verdict(0.9, *rest) for rest in [(0.1, 0.8), (0.9, 0.9), (0.1, 0.2), (0.9, 0.1)]], verdict(0.01, 0.0, 0.0)
    (['decides', 'enough', 'needed', 'fails'], 'unlikely')
    """
    if before < _UNLIKELY:
        return "unlikely"
    is_needed, is_enough = without < before / 2, alone >= before / 2
    return {(True, True): "decides", (False, True): "enough", (True, False): "needed"}.get((is_needed, is_enough), "fails")


def _words(language: str) -> dict[str, Any]:
    return {
        "words": {
            key: t(language, f"why_{key}")
            for key in ("label", "way", "auto", "occlusion", "blend", "alt", "none", "most", "channels")
        }
    }
