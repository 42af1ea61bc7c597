"""Why this answer: where in the photo the evidence for a label lies, and whether blurring or covering it changes the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

import cnnhub
from cnnhub import render
from demo import networks, texts
from demo.assets import data_uri, mounted
from demo.language import Words, valued
from demo.photo.photo import Photo
from demo.tab import PRIVATE, Room
from demo.texts import Sentence, percent, t

WAYS = ("auto", "occlusion")  # methods of `cnnhub.explain`
_SIDE = 480  # pixels, the longer one of the map that is sent
_QUARTER = 3  # of the twelve steps of a deletion or insertion curve


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


def show(photo: Photo | None, network: str, language: str, label: str | None = None, way: str = "auto") -> dict[str, Any]:
    """What the page draws: the map as a picture to lie over the photo, and what it comes to in words."""
    if not photo:
        return {"problem": texts.no_photo(language, photo).heading}
    found = texts.attempt(language, _explained, photo, network, label, way)
    if isinstance(found, Sentence):
        return {"problem": f"{found.heading} {found.line}"}
    classifier, explanation = found
    thing = texts.label_text(language, classifier, explanation.label)
    order = sorted(classifier.labels, key=lambda each: each != explanation.label)
    return {
        "photo": photo.source,
        "network": network,
        "heat": data_uri(_coloured(explanation)),
        "labels": [{"label": each, "name": texts.label_text(language, classifier, each)} for each in order],
        "label": explanation.label,
        "way": way,
        "layer": explanation.layer,
        "sentence": _sentence(language, explanation, thing),
        "faithful": _faithful(language, explanation),
    }


def _asked(event: gr.EventData, photo: Photo | None, network: str, language: str) -> dict[str, Any]:
    """Another label or way was chosen in the box."""
    asked = event._data if isinstance(event._data, dict) else {}
    label, way = asked.get("label"), asked.get("way")
    return show(photo, network, language, label if isinstance(label, str) else None, way if way in WAYS else "auto")


def _explained(photo: Photo, network: str, label: str | None, way: str) -> tuple[cnnhub.Classifier, cnnhub.Explanation]:
    classifier = networks.get(network)
    known = label if label in classifier.labels else None  # another network may have been chosen meanwhile
    with photo.opened(classifier) as picture:
        return classifier, cnnhub.explain(classifier, picture, known, way)


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


def _faithful(language: str, explanation: cnnhub.Explanation) -> str:
    told = explanation.faithfulness
    if told is None or not explanation.map.max() > 0:
        return ""
    return t(
        language,
        "why_faithful",
        before=percent(explanation.probability),
        without=percent(told.deletion[_QUARTER]),
        alone=percent(told.insertion[_QUARTER]),
    )


def _words(language: str) -> dict[str, Any]:
    return {
        "words": {
            key: t(language, f"why_{key}")
            for key in ("label", "way", "auto", "occlusion", "blend", "alt", "none", "most", "channels")
        }
    }
