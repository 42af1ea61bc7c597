"""A second photo beside the first, folded under the answer: the same network, bar beside bar, one sentence of both."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from demo import networks, texts
from demo.answers import Answer, answer_to, class_number
from demo.parts import MAX_UPLOAD_BYTES, Photo, Words, data_uri, for_programs, page_file, require, shown
from demo.photo import photo as lab_photo
from demo.texts import Sentence, percent, t

MOST_ROWS = 5
PICTURE = (240, 160)


@dataclass(frozen=True)
class Second:
    """`photo` holds the file, unseen; the visitor chooses it in `chooser`."""

    photo: Photo
    chooser: gr.HTML
    table: gr.HTML


def layout(language: str, words: Words) -> Second:
    with gr.Accordion(t(language, "compare"), open=False, elem_id="compare") as fold:
        photo = Photo(None, image_mode=None, label="Second photo", interactive=True, visible="hidden", elem_id="second-file")
        chooser = gr.HTML(
            None,
            html_template='<div class="second"></div>',
            js_on_load=page_file("tabs/what/compare.js"),
            elem_id="second",
            apply_default_css=False,
            **_chooser_words(language),
        )
        table = gr.HTML("", elem_id="compared", apply_default_css=False)
    words.follow(fold, lambda language: {"label": t(language, "compare")})
    words.follow(chooser, _chooser_words)
    return Second(photo, chooser, table)


def show(language: str, photo: bytes, answer: Answer, second: bytes | None) -> str:
    """The two answers side by side as HTML; nothing until there is a second photo."""
    if second is None:
        return ""
    if not second:
        return _problem(texts.no_photo(language, second))
    result = shown(language, answer_to, second, answer.network)
    if isinstance(result, Sentence):
        return _problem(result)
    told = texts.compared(language, (answer.classifier, answer.prediction), (result.classifier, result.prediction))
    heads = "".join(
        f'<th scope="col"><img src="{_small(picture)}" alt=""><span>{escape(t(language, key))}</span></th>'
        for picture, key in ((photo, "first_photo"), (second, "second_photo"))
    )
    rows = "".join(_row(language, answer, result, label) for label in labels(answer, result))
    return (
        f'<p class="told" role="status">{texts.prose(told)}</p>'
        f'<table class="compared"><thead><tr><td></td>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )


def labels(first: Answer, second: Answer) -> list[str]:
    """The labels to show: those that are most probable for either photo, in the first photo's order."""
    larger = {label: max(share, second.prediction.scores[label]) for label, share in first.prediction.scores.items()}
    shown = sorted(larger, key=lambda label: -larger[label])[:MOST_ROWS]
    return [label for label in first.prediction.scores if label in shown]


def compare(image: bytes | None, second: bytes | None, model: str = "cats-vs-dogs") -> dict[str, Any]:
    """Ask one network about two photos.

    Args:
        image: the first photo: a file that is uploaded; over MCP, a data: URI or the address of an upload.
        second: the second photo: a file that is uploaded; over MCP, a data: URI or the address of an upload.
        model: which network answers: cats-vs-dogs, flowers or imagenet.

    Returns:
        first and second, each as /classify_details gives it, and sentence, which tells both in English.
    """

    def ask() -> dict[str, Any]:
        one, two = (answer_to(require(photo), model) for photo in (image, second))
        told = texts.compared("en", (one.classifier, one.prediction), (two.classifier, two.prediction))
        return {"first": one.details(), "second": two.details(), "sentence": told}

    return for_programs(ask)


def endpoint(photo: Photo, second: Photo) -> None:
    """The named endpoint /compare."""
    model = gr.Dropdown(networks.names(), value="cats-vs-dogs", label="model", visible=False)
    both = gr.JSON(label="both", visible=False)
    button = gr.Button(visible=False)
    button.click(compare, [photo, second, model], both, api_name="compare", api_visibility="public")


def _row(language: str, first: Answer, second: Answer, label: str) -> str:
    colour = class_number(first.classifier, label)
    name = escape(texts.label_text(language, first.classifier, label))
    cells = "".join(_cell(answer.prediction.scores[label], colour) for answer in (first, second))
    return f'<tr><th scope="row">{name}</th>{cells}</tr>'


def _cell(share: float, colour: int) -> str:
    bar = f'<span class="track"><i class="class-{colour}" style="width:{100 * share:.2f}%"></i></span>'
    return f"<td>{bar}<span>{percent(share)}</span></td>"


def _problem(sentence: Sentence) -> str:
    return f'<p class="told" role="alert">{texts.prose(sentence.heading)} {texts.prose(sentence.line)}</p>'


def _chooser_words(language: str) -> dict[str, Any]:
    return {
        "words": {
            "title": t(language, "compare_choose"),
            "upload": t(language, "compare_own"),
            "failed": t(language, "compare_failed", megabytes=MAX_UPLOAD_BYTES // 2**20),
            "names": list(texts.example_names(language).values()),
            "max_bytes": MAX_UPLOAD_BYTES,
        }
    }


def _small(photo: bytes) -> str:
    """The photo as a small picture inside the page."""
    image = lab_photo.look(photo).image()
    image.thumbnail(PICTURE)
    return data_uri(image)
