"""A second photo beside the first, folded under the answer: the same network, bar beside bar, one sentence of both."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from demo import texts
from demo.answers import Answer, answer_to, bar_class
from demo.assets import data_uri, mounted
from demo.language import Words, labelled
from demo.photo.input import PhotoInput
from demo.photo.photo import Photo
from demo.photo.uploads import MAX_BYTES
from demo.texts import Sentence, percent, t

MOST_ROWS = 5
PICTURE = (240, 160)


@dataclass(frozen=True)
class Second:
    """`photo` holds the file, unseen; the visitor chooses it in `chooser`."""

    photo: PhotoInput
    chooser: gr.HTML
    table: gr.HTML


def layout(words: Words) -> Second:
    with words.make(gr.Accordion, labelled("compare"), open=False, elem_id="compare"):
        photo = PhotoInput(None, image_mode=None, label="Second photo", interactive=True, visible="hidden", elem_id="second-file")
        chooser = words.make(
            gr.HTML,
            _chooser_words,
            html_template='<div class="second"></div>',
            js_on_load=mounted("tabs/what/compare.js", "own"),
            elem_id="second",
            apply_default_css=False,
        )
        table = gr.HTML("", elem_id="compared", apply_default_css=False)
    return Second(photo, chooser, table)


def wire(second: Second) -> list[Any]:
    """Tie the chooser's events -> those after which the second photo is another one."""
    return [second.chooser.own(None, second.chooser, second.photo, js="(value) => value.file", api_visibility="private")]


def show(language: str, photo: Photo, answer: Answer, second: Photo | None) -> str:
    """The two answers side by side as HTML; nothing until there is a second photo."""
    if second is None:
        return ""
    if not second:
        return _problem(texts.no_photo(language, second))
    result = texts.attempt(language, answer_to, second, answer.network)
    if isinstance(result, Sentence):
        return _problem(result)
    sentence = texts.compared(language, (answer.classifier, answer.prediction), (result.classifier, result.prediction))
    heads = "".join(
        f'<th scope="col"><img src="{_small(picture)}" alt=""><span>{escape(t(language, key))}</span></th>'
        for picture, key in ((photo, "first_photo"), (second, "second_photo"))
    )
    rows = "".join(_row(language, answer, result, label) for label in labels(answer, result))
    return (
        f'<p class="told" role="status">{texts.prose(sentence)}</p>'
        f'<table class="compared"><thead><tr><td></td>{heads}</tr></thead><tbody>{rows}</tbody></table>'
    )


def labels(first: Answer, second: Answer) -> list[str]:
    """The labels to show: those that are most probable for either photo, in the first photo's order."""
    larger = {label: max(share, second.prediction.scores[label]) for label, share in first.prediction.scores.items()}
    shown = sorted(larger, key=lambda label: -larger[label])[:MOST_ROWS]
    return [label for label in first.prediction.scores if label in shown]


def _row(language: str, first: Answer, second: Answer, label: str) -> str:
    name = escape(texts.label_text(language, first.classifier, label))
    cells = "".join(_cell(answer.prediction.scores[label], bar_class(answer, label)) for answer in (first, second))
    return f'<tr><th scope="row">{name}</th>{cells}</tr>'


def _cell(share: float, look: str) -> str:
    bar = f'<span class="track"><i class="{look}" style="width:{100 * share:.2f}%"></i></span>'
    return f"<td>{bar}<span>{percent(share)}</span></td>"


def _problem(sentence: Sentence) -> str:
    return f'<p class="told" role="alert">{texts.prose(sentence.heading)} {texts.prose(sentence.line)}</p>'


def _chooser_words(language: str) -> dict[str, Any]:
    return {
        "words": {
            "title": t(language, "compare_choose"),
            "upload": t(language, "compare_own"),
            "failed": t(language, "compare_failed", megabytes=MAX_BYTES // 2**20),
            "names": list(texts.example_names(language).values()),
            "max_bytes": MAX_BYTES,
        }
    }


def _small(photo: Photo) -> str:
    """The photo as a small picture inside the page."""
    picture = photo.pixels().picture()
    picture.thumbnail(PICTURE)
    return data_uri(picture)
