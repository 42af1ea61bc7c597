"""Tab one, "What is it?": the sentence, and a bar for each class."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import gradio as gr

import cnnhub
import networks
import texts
from parts import Photo, Words, for_programs, require, shown
from texts import Sentence, percent, t

MOST_BARS = 5
MOST_NUMBERS = 20


@dataclass(frozen=True)
class What:
    model: gr.Radio
    answer: gr.HTML
    numbers: gr.HTML
    see_filter: gr.Button
    see_inside: gr.Button


def layout(language: str, words: Words, first_photo: bytes) -> What:
    first = networks.names()[0]
    model = gr.Radio(
        _model_choices(language),
        value=first,
        show_label=False,
        label=t(language, "model"),
        container=False,
        interactive=True,
        elem_id="model",
        elem_classes="segments",
    )
    words.follow(model, lambda language: {"choices": _model_choices(language), "label": t(language, "model")})
    answer_html, numbers_html = show(first_photo, first, language)
    answer = gr.HTML(answer_html, elem_id="answer", apply_default_css=False)
    with gr.Row(elem_classes="actions"):
        see_inside = gr.Button(t(language, "see_inside"), variant="primary", size="md", scale=0)
        see_filter = gr.Button(t(language, "see_filter"), size="md", scale=0)
    words.follow(see_inside, lambda language: {"value": t(language, "see_inside")})
    words.follow(see_filter, lambda language: {"value": t(language, "see_filter")})
    with gr.Accordion(t(language, "numbers"), open=False) as fold:
        numbers = gr.HTML(numbers_html, apply_default_css=False)
    words.follow(fold, lambda language: {"label": t(language, "numbers")})
    return What(model, answer, numbers, see_filter, see_inside)


def show(photo: bytes | None, model: str, language: str) -> tuple[str, str]:
    """-> (the sentence and bars, the folded numbers), as HTML."""
    if not photo:
        return texts.no_photo(language, photo).html(), ""
    result = shown(language, _classify, photo, model)
    if isinstance(result, Sentence):
        return result.html("alert"), ""
    classifier, prediction = result
    sentence = texts.answer(language, classifier, prediction)
    return sentence.html() + _bars(language, classifier, prediction), _numbers(classifier, prediction, model)


def classify(image: bytes | None, model: str = "cats-vs-dogs") -> dict[str, float]:
    """Say what is in a photo.

    Args:
        image: the photo, a file that is uploaded.
        model: which network answers: cats-vs-dogs, flowers or imagenet.

    Returns:
        The label, and the probability of each label, largest first.
    """
    _, prediction = for_programs(lambda: _classify(require(image), model))
    return prediction.scores


def endpoint(photo: Photo) -> None:
    """The named endpoint /classify. Its event hangs on a button that nobody sees."""
    model = gr.Dropdown(networks.names(), value="cats-vs-dogs", label="model", visible=False)
    label = gr.Label(label="scores", visible=False)
    button = gr.Button(visible=False)
    button.click(classify, [photo, model], label, api_name="classify", api_visibility="public")


def _classify(photo: bytes, model: str) -> tuple[cnnhub.Classifier, cnnhub.Prediction]:
    classifier = networks.get(model)
    return classifier, classifier.predict(photo)


def _model_choices(language: str) -> list[tuple[str, str]]:
    return [
        (t(language, "model_own", name=name) if networks.is_own(name) else t(language, f"model_{name}"), name)
        for name in networks.names()
    ]


def _bars(language: str, classifier: cnnhub.Classifier, prediction: cnnhub.Prediction) -> str:
    """A bar for each of the most probable classes; a class keeps its colour, whatever its place."""
    rows = []
    for label, share in list(prediction.scores.items())[:MOST_BARS]:
        name = escape(texts.label_text(language, classifier, label))
        colour = classifier.label_index(label) % 8
        rows.append(
            f'<div class="row"><dt>{name}</dt><dd><i class="class-{colour}" style="width:{100 * share:.2f}%"></i>'
            f"</dd><dd>{percent(share)}</dd></div>"
        )
    return f'<dl class="bars">{"".join(rows)}</dl>'


def _numbers(classifier: cnnhub.Classifier, prediction: cnnhub.Prediction, model: str) -> str:
    rows = "".join(
        f"<tr><td>{escape(label)}</td><td>{share:.6f}</td></tr>"
        for label, share in list(prediction.scores.items())[:MOST_NUMBERS]
    )
    source = classifier.source if networks.is_own(model) else model
    code = f'import cnnhub\n\nclassifier = cnnhub.load("{source}")\nprint(classifier.predict("photo.jpg").scores)'
    return f'<table class="numbers">{rows}</table><pre tabindex="0"><code>{escape(code)}</code></pre>'
