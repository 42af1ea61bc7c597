"""Tab one, "What is it?": the sentence, a bar for each class, how far to believe it, and a second photo beside the first."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from demo import networks, texts
from demo.answers import Answer, answer_to, bar_class, class_number
from demo.assets import mounted
from demo.language import labelled
from demo.photo import column
from demo.photo.photo import Photo
from demo.tab import PRIVATE, Remembered, Room, Shared, Tab, Values, way
from demo.tabs.what import compare, endpoints, hub_choice, why
from demo.texts import Sentence, percent, t

MOST_BARS = 5
MOST_NUMBERS = 20


@dataclass(frozen=True)
class What:
    """The tab's components; `model` offers the page's networks, none of which is pressed while a repository answers."""

    model: gr.Radio
    hub: hub_choice.HubChoice
    hub_note: gr.HTML
    second: compare.Second
    second_photo: gr.Image
    comparison: gr.HTML
    answer: gr.HTML
    numbers: gr.HTML
    downloads: gr.HTML
    why_parts: why.Why
    why: gr.HTML


@dataclass(frozen=True)
class WhatShown:
    """What the tab shows.

    Attributes:
        answer: sentence and bars, HTML. downloads: what a file and a card of the result are made of, None without one.
        numbers: what is folded, HTML. comparison: both photos, HTML. hub_note: which repository answers, HTML.
        why: of which answer what is shown there may stay; None: of none.
    """

    answer: str
    hub_note: str
    downloads: dict[str, Any] | None = None
    numbers: str = ""
    comparison: str = ""
    why: dict[str, Any] | None = None


def layout(shared: Shared) -> What:
    words = shared.words
    model = words.make(
        gr.Radio,
        lambda language: {"choices": _model_choices(language), "label": t(language, "model")},
        value=networks.names()[0],
        show_label=False,
        container=False,
        interactive=True,
        elem_id="model",
        elem_classes="segments",
    )
    first = show(column.example(0), networks.names()[0], None, texts.DEFAULT_LANGUAGE)
    answer = gr.HTML(first.answer, elem_id="answer", apply_default_css=False)
    with gr.Row(elem_classes="actions"):
        way(shared, "inside", variant="primary")
        opener = why.button(words)
        way(shared, "filter")
        downloads = words.make(
            gr.HTML,
            lambda language: {"card": t(language, "share_card"), "json": t(language, "result_json")},
            first.downloads,
            html_template='<div class="downloads"></div>',
            js_on_load=mounted("tabs/what/what.js"),
            elem_id="downloads",
            apply_default_css=False,
        )
    why_parts = why.layout(words, opener)
    second = compare.layout(words)
    with words.make(gr.Accordion, labelled("numbers"), open=False):
        numbers = gr.HTML(first.numbers, apply_default_css=False)
    hub = hub_choice.layout(words)
    return What(model, hub, hub.note, second, second.photo, second.table, answer, numbers, downloads, why_parts, why_parts.box)


def show(photo: Photo | None, network: str, second_photo: Photo | None, language: str) -> WhatShown:
    in_use = hub_choice.in_use(language, network)
    if not photo:
        return WhatShown(texts.no_photo(language, photo).html(), in_use)
    answer = texts.attempt(language, answer_to, photo, network)
    if isinstance(answer, Sentence):
        return WhatShown(answer.html("alert"), in_use)
    sentence = texts.answer(language, answer.classifier, answer.prediction, answer.reliability)
    return WhatShown(
        sentence.html() + _bars(language, answer) + _note(language, answer),
        in_use,
        _downloads(language, answer, sentence),
        _numbers(language, answer),
        compare.show(language, photo, answer, second_photo),
        {"stays": [photo.source, network]},
    )


def choose_from_hub(room: Room, values: Values) -> Iterator[dict[Any, Any]]:
    """The id of a repository was given -> first a word that it is on its way; then its answer, or what went wrong."""
    parts, shared = room.parts, room.shared
    name, language = values[parts.hub.repository].strip(), values[shared.language]
    yield {parts.hub_note: hub_choice.on_its_way(language, name)}
    problem = hub_choice.problem(language, name)
    if problem:
        yield {parts.hub_note: problem}
    else:
        yield {shared.network: name, parts.model: None, **room.content({**values, shared.network: name})}


def wire(room: Room) -> list[Any]:
    parts, network = room.parts, room.shared.network
    # apart from the answer, which takes longer: a tab that is opened meanwhile asks the right network
    room.redraw(parts.model.input(lambda name: name, parts.model, network, queue=False, **PRIVATE).then)
    parts.model.input(None, parts.model, js="(name) => window.cnnhubLink?.set({task: name})", api_visibility="private")
    for chosen in compare.wire(parts.second):
        room.redraw(chosen.then)
    why.wire(room)
    hub = parts.hub
    load = functools.partial(choose_from_hub, room)
    asked, given = {hub.repository, *room.inputs}, [network, parts.model, *room.outputs]
    from_hub = {**PRIVATE, "concurrency_limit": 1, "trigger_mode": "once"}
    gr.on([hub.load.click, hub.repository.submit], load, asked, given, **from_hub).then(
        None,
        [parts.model, hub.repository],
        js="(model, repository) => { if (!model) window.cnnhubLink?.set({task: repository.trim()}); }",
        api_visibility="private",
    )
    named = hub.again.click(None, None, hub.repository, js="() => window.cnnhubLink.task()", api_visibility="private")
    return [named.then(load, asked, given, **from_hub)]


def _model_choices(language: str) -> list[tuple[str, str]]:
    return [(networks.title(language, name), name) for name in networks.names()]


def _downloads(language: str, answer: Answer, sentence: Sentence) -> dict[str, Any]:
    """What the browser needs to write a file of the result and to draw a card of it."""
    bars = [
        {
            "name": texts.label_text(language, answer.classifier, label),
            "share": share,
            "percent": percent(share),
            "colour": class_number(answer.classifier, label),
        }
        for label, share in list(answer.prediction.scores.items())[:MOST_BARS]
    ]
    title = networks.title(language, answer.network)
    return {
        "result": answer.details(),
        "card": {
            "heading": sentence.heading,
            "line": sentence.line,
            "bars": bars,
            "hollow": bool(answer.prediction.is_unfamiliar),
            "title": title,
            "language": language,
        },
    }


def _bars(language: str, answer: Answer) -> str:
    """A bar for each of the most probable classes; a class keeps its colour, whatever its place. Of an unfamiliar photo the bars
    are hollow: there they say nothing."""
    rows = []
    for label, share in list(answer.prediction.scores.items())[:MOST_BARS]:
        name = texts.label_text(language, answer.classifier, label)
        english = ' lang="en"' if texts.is_only_english(language, name) else ""
        bar = f'<i class="{bar_class(answer, label)}" style="width:{100 * share:.2f}%"></i>'
        rows.append(f'<div class="row"><dt{english}>{escape(name)}</dt><dd>{bar}</dd><dd>{percent(share)}</dd></div>')
    return f'<dl class="bars">{"".join(rows)}</dl>'


def _note(language: str, answer: Answer) -> str:
    """What the sentence above was measured on, small, under the bars."""
    found = answer.reliability
    return f'<p class="soft measured">{texts.prose(texts.measured_on(language, found))}</p>' if found else ""


def _numbers(language: str, answer: Answer) -> str:
    rows = "".join(
        f"<tr><td>{escape(label)}</td><td>{share:.6f}</td></tr>"
        for label, share in list(answer.prediction.scores.items())[:MOST_NUMBERS]
    )
    classifier, told = answer.classifier, ""
    if answer.prediction.is_unfamiliar:
        told = texts.strangeness(language, answer.prediction.strangeness, classifier.threshold, classifier.false_alarm)
    note = f'<p class="soft measured">{texts.prose(told)}</p>' if told else ""
    source = classifier.source if networks.is_own(answer.network) else answer.network
    code = f'import cnnhub\n\nclassifier = cnnhub.load("{source}")\nprint(classifier.predict("photo.jpg").scores)'
    return f'<table class="numbers">{rows}</table>{note}<pre tabindex="0"><code>{escape(code)}</code></pre>'


_NETWORK = Remembered(lambda parameters: networks.known(parameters.get("task")))

WHAT = Tab(
    "what",
    layout,
    ("photo", "network", "second_photo", "language"),
    WhatShown,
    show,
    remembered={"model": _NETWORK, "network": _NETWORK},
    wire=wire,
    endpoints=endpoints.publish_all,
    styles=("tabs/what/what.css",),
)
