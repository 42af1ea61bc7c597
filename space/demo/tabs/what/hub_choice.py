"""The field under the choice of networks that takes the id of a repository on the Hub, where the page may ask it."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import gradio as gr

from cnnhub import errors
from cnnhub.errors import CnnHubError
from demo import networks, texts
from demo.language import Words, labelled, valued
from demo.texts import t


@dataclass(frozen=True)
class HubChoice:
    """`again` is a button that nobody sees, for the repository that an address names; its click loads that one."""

    repository: gr.Textbox
    load: gr.Button
    again: gr.Button
    note: gr.HTML


def layout(words: Words) -> HubChoice:
    with words.make(gr.Accordion, labelled("hub"), open=False, visible=networks.hub_is_on(), elem_id="hub"):
        with gr.Row(elem_id="hub-row"):
            repository = words.make(
                gr.Textbox,
                lambda language: {"label": t(language, "hub_id"), "info": _limits(language)},
                placeholder="timm/resnet18.a1_in1k",
                max_lines=1,
                interactive=True,
                elem_id="hub-id",
            )
            load = words.make(gr.Button, valued("hub_load"), size="md", scale=0)
    # outside of the fold: an address can name a repository too, and what became of it is said
    note = gr.HTML("", elem_id="hub-note", apply_default_css=False)
    return HubChoice(repository, load, gr.Button(visible="hidden", elem_id="restore-hub"), note)


def in_use(language: str, network: str) -> str:
    """Which repository answers, as HTML; nothing while a network of the page does."""
    if not networks.is_from_hub(network):
        return ""
    try:
        classifier = networks.get(network)
    except CnnHubError:  # it was dropped and cannot be fetched again: the tab says so
        return ""
    parameters = sum(parameter.numel() for parameter in classifier.network.parameters())
    return _note(
        t(
            language,
            "hub_in_use",
            repository=network,
            labels=f"{len(classifier.labels):,}",
            parameters=texts.many(language, parameters),
        )
    )


def on_its_way(language: str, repository: str) -> str:
    return _note(t(language, "hub_loading", repository=repository))


def problem(language: str, repository: str) -> str | None:
    """Load a repository -> None, or what went wrong, as HTML."""
    if not networks.hub_is_on():
        return _note(t(language, "hub_off"), "alert")
    try:
        if not networks.is_from_hub(repository):
            raise errors.UnknownNameError("model", repository, networks.names())
        networks.get(repository)
    except CnnHubError as error:
        return _note(t(language, _key(error)), "alert")
    return None


def _key(error: CnnHubError) -> str:
    """The string that tells a visitor what went wrong; the more special error first."""
    kinds = {
        networks.NotListedError: "hub_not_listed",
        errors.UnknownNameError: "hub_bad_id",
        errors.ModelTooLargeError: "hub_too_large",
        errors.HubUnreachableError: "hub_unreachable",
        errors.ModelNotFoundError: "hub_missing",
    }
    return next((key for kind, key in kinds.items() if isinstance(error, kind)), "hub_no_classifier")


def _limits(language: str) -> str:
    parameters = texts.many(language, networks.HUB_MAX_PARAMETERS)
    sentences = [t(language, "hub_limits", megabytes=networks.HUB_MAX_BYTES // 10**6, parameters=parameters)]
    if networks.hub_list() != ["*"]:
        sentences.append(t(language, "hub_only", patterns=", ".join(networks.hub_list())))
    return ("" if texts.is_chinese(language) else " ").join(sentences)


def _note(text: str, role: str = "status") -> str:
    return f'<p class="soft" role="{role}">{escape(text)}</p>'
