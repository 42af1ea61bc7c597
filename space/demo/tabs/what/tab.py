"""Tab one, "What is it?": the sentence, a bar for each class, how far to believe it, and a second photo beside the first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from demo import networks, texts
from demo.answers import Answer, answer_to, class_number
from demo.parts import Photo, Words, for_programs, page_file, require, shown
from demo.photo import column as photo_column
from demo.tabs.what import compare, hub_choice
from demo.texts import Sentence, percent, t

MOST_BARS = 5
MOST_NUMBERS = 20


@dataclass(frozen=True)
class What:
    """The tab's components.

    Attributes:
        model: the networks that the page offers, as buttons; none is pressed while a repository's answers.
        network: the one that answers: a name, or the id of a repository on the Hub.
        inputs: the components between photo and language that `show` takes.
        outputs: what `show` gives.
    """

    model: gr.Radio
    network: gr.State
    hub: hub_choice.HubChoice
    second: compare.Second
    answer: gr.HTML
    numbers: gr.HTML
    downloads: gr.HTML
    see_filter: gr.Button
    see_inside: gr.Button

    @property
    def inputs(self) -> list[Any]:
        return [self.network, self.second.photo]

    @property
    def outputs(self) -> list[Any]:
        return [self.answer, self.downloads, self.numbers, self.second.table, self.hub.note]


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
    network = gr.State(first)
    hub = hub_choice.layout(language, words)
    answer_html, downloads_value, numbers_html, *_ = show(first_photo, first, None, language)
    answer = gr.HTML(answer_html, elem_id="answer", apply_default_css=False)
    with gr.Row(elem_classes="actions"):
        see_inside = gr.Button(t(language, "see_inside"), variant="primary", size="md", scale=0)
        see_filter = gr.Button(t(language, "see_filter"), size="md", scale=0)
        downloads = gr.HTML(
            downloads_value,
            html_template='<div class="downloads"></div>',
            js_on_load=page_file("tabs/what/what.js"),
            elem_id="downloads",
            apply_default_css=False,
            **_download_words(language),
        )
    words.follow(downloads, _download_words)
    words.follow(see_inside, lambda language: {"value": t(language, "see_inside")})
    words.follow(see_filter, lambda language: {"value": t(language, "see_filter")})
    second = compare.layout(language, words)
    with gr.Accordion(t(language, "numbers"), open=False) as fold:
        numbers = gr.HTML(numbers_html, apply_default_css=False)
    words.follow(fold, lambda language: {"label": t(language, "numbers")})
    return What(model, network, hub, second, answer, numbers, downloads, see_filter, see_inside)


def show(photo: bytes | None, network: str, second: bytes | None, language: str) -> tuple[Any, ...]:
    """-> (sentence and bars, what can be downloaded, the folded numbers, both photos compared, a word on the Hub)."""
    in_use = hub_choice.in_use(language, network)
    if not photo:
        return texts.no_photo(language, photo).html(), None, "", "", in_use
    result = shown(language, answer_to, photo, network)
    if isinstance(result, Sentence):
        return result.html("alert"), None, "", "", in_use
    sentence = texts.answer(language, result.classifier, result.prediction, result.reliability)
    return (
        sentence.html() + _bars(language, result) + _note(language, result),
        _downloads(language, result, sentence),
        _numbers(result),
        compare.show(language, photo, result, second),
        in_use,
    )


def choose_from_hub(repository: str, photo: bytes | None, network: str, *others: Any) -> Iterator[tuple[Any, ...]]:
    """The id of a repository was given -> (the network that answers, the page's list or none of it, the tab), in two steps.

    First a word that it is on its way; then the tab with its answer, or the tab as it was and what went wrong.
    """
    name, language = repository.strip(), str(others[-1])
    yield network, gr.skip(), *[gr.skip()] * 4, hub_choice.on_its_way(language, name)
    problem = hub_choice.problem(language, name)
    if problem:
        yield network, gr.skip(), *[gr.skip()] * 4, problem
    else:
        yield name, None, *show(photo, name, *others)


def wire(room: What, inputs: list[Any], outputs: list[Any], options: dict[str, Any]) -> Any:
    """The tab's own events -> the one after which another network may answer, since the address named it.

    `inputs` and `outputs` are those of `show`.
    """
    # apart from the answer, which takes longer: a tab that is opened meanwhile asks the right network
    room.model.input(lambda name: name, room.model, room.network, queue=False, **options).then(show, inputs, outputs, **options)
    room.model.input(
        None, room.model, js="(name) => window.cnnhubLink?.set({task: name})", api_visibility=options["api_visibility"]
    )
    from_hub = {**options, "concurrency_limit": 1, "trigger_mode": "once"}
    asked, given = [room.hub.repository, *inputs], [room.network, room.model, *outputs]
    gr.on([room.hub.load.click, room.hub.repository.submit], choose_from_hub, asked, given, **from_hub).then(
        None,
        [room.model, room.hub.repository],
        js="(model, repository) => { if (!model) window.cnnhubLink?.set({task: repository.trim()}); }",
        api_visibility=options["api_visibility"],
    )
    restored = room.hub.again.click(
        choose_from_hub, asked, given, js="(_, ...others) => [window.cnnhubLink.task(), ...others]", **from_hub
    )
    room.hub.again.click(
        None, None, room.hub.repository, js="() => window.cnnhubLink.task()", api_visibility=options["api_visibility"]
    )
    second = room.second
    for chosen in (
        second.chooser.pick(photo_column.choose, None, second.photo, **options),
        second.chooser.own(None, second.chooser, second.photo, js="(value) => value.file", api_visibility="private"),
    ):
        chosen.then(show, inputs, outputs, **options)
    return restored


def classify(image: bytes | None, model: str = "cats-vs-dogs") -> dict[str, float]:
    """Say what is in a photo.

    Args:
        image: the photo: a file that is uploaded; over MCP, a data: URI or the address of an upload.
        model: which network answers: cats-vs-dogs, flowers or imagenet.

    Returns:
        The label, and the probability of each label, largest first.
    """
    return for_programs(lambda: answer_to(require(image), model).prediction.scores)


def classify_details(image: bytes | None, model: str = "cats-vs-dogs") -> dict[str, Any]:
    """Say what is in a photo, and how far to believe it.

    Args:
        image: the photo: a file that is uploaded; over MCP, a data: URI or the address of an upload.
        model: which network answers: cats-vs-dogs, flowers or imagenet.

    Returns:
        model, label, probability and scores (after the temperature), temperature; unfamiliar: whether the photo is like
        nothing that the network was taught, its strangeness, the threshold above which it is called so, and the share of
        validation photos that are called so by mistake (null where nothing was measured); reliability: how many validation photos
        were answered with a probability in (lower, upper], and the share of them that was right (null where none was).
    """
    return for_programs(lambda: answer_to(require(image), model).details())


def endpoint(photo: Photo, room: What) -> None:
    """The named endpoints /classify, /classify_details and /compare. Their events hang on buttons that nobody sees."""
    model = gr.Dropdown(networks.names(), value="cats-vs-dogs", label="model", visible=False)
    label = gr.Label(label="scores", visible=False)
    details = gr.JSON(label="details", visible=False)
    for function, output in ((classify, label), (classify_details, details)):
        button = gr.Button(visible=False)
        button.click(function, [photo, model], output, api_name=function.__name__, api_visibility="public")
    compare.endpoint(photo, room.second.photo)


def _model_choices(language: str) -> list[tuple[str, str]]:
    return [(_model_title(language, name), name) for name in networks.names()]


def _model_title(language: str, name: str) -> str:
    if networks.is_from_hub(name):
        return name
    return t(language, "model_own", name=name) if networks.is_own(name) else t(language, f"model_{name}")


def _download_words(language: str) -> dict[str, str]:
    return {"card": t(language, "share_card"), "json": t(language, "result_json")}


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
    title = _model_title(language, answer.network)
    return {
        "result": answer.details(),
        "card": {"heading": sentence.heading, "line": sentence.line, "bars": bars, "title": title, "language": language},
    }


def _bars(language: str, answer: Answer) -> str:
    """A bar for each of the most probable classes; a class keeps its colour, whatever its place."""
    rows = []
    for label, share in list(answer.prediction.scores.items())[:MOST_BARS]:
        name = escape(texts.label_text(language, answer.classifier, label))
        colour = class_number(answer.classifier, label)
        rows.append(
            f'<div class="row"><dt>{name}</dt><dd><i class="class-{colour}" style="width:{100 * share:.2f}%"></i>'
            f"</dd><dd>{percent(share)}</dd></div>"
        )
    return f'<dl class="bars">{"".join(rows)}</dl>'


def _note(language: str, answer: Answer) -> str:
    """What the sentences above were measured on, small, under the bars."""
    found, prediction, classifier = answer.reliability, answer.prediction, answer.classifier
    if prediction.is_unfamiliar:
        note = texts.strangeness(language, prediction.strangeness, classifier.threshold, classifier.false_alarm)
    else:
        note = texts.measured_on(language, found) if found else ""
    return f'<p class="soft measured">{texts.prose(note)}</p>' if note else ""


def _numbers(answer: Answer) -> str:
    rows = "".join(
        f"<tr><td>{escape(label)}</td><td>{share:.6f}</td></tr>"
        for label, share in list(answer.prediction.scores.items())[:MOST_NUMBERS]
    )
    source = answer.classifier.source if networks.is_own(answer.network) else answer.network
    code = f'import cnnhub\n\nclassifier = cnnhub.load("{source}")\nprint(classifier.predict("photo.jpg").scores)'
    return f'<table class="numbers">{rows}</table><pre tabindex="0"><code>{escape(code)}</code></pre>'
