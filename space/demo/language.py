"""The words on the page, which all change at once when the visitor chooses another language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import gradio as gr

from demo import texts
from demo.texts import t

Properties: TypeAlias = "Callable[[str], dict[str, Any]]"  # language -> a component's properties that follow it
Made = TypeVar("Made")


class Words:
    """Makes components whose words follow the language, and remembers them."""

    def __init__(self, first: str = texts.DEFAULT_LANGUAGE) -> None:
        self._first = first
        self._entries: list[tuple[Any, Properties]] = []

    def make(self, kind: Callable[..., Made], words: Properties, *arguments: Any, **options: Any) -> Made:
        """A component of this kind with its words, in the first language."""
        component = kind(*arguments, **words(self._first), **options)
        self._entries.append((component, words))
        return component

    @property
    def components(self) -> list[Any]:
        return [component for component, _ in self._entries]

    def updates(self, language: str) -> dict[Any, Any]:
        return {component: gr.update(**words(language)) for component, words in self._entries}


def labelled(key: str) -> Properties:
    """A label that is one of the page's strings."""
    return lambda language: {"label": t(language, key)}


def valued(key: str) -> Properties:
    """A value that is one of the page's strings."""
    return lambda language: {"value": t(language, key)}


def picker(words: Words) -> gr.Radio:
    """The choice of the language."""
    return words.make(
        gr.Radio,
        labelled("language"),
        [(name, code) for code, name in sorted(texts.LANGUAGES.items(), key=lambda item: item[0] == texts.DEFAULT_LANGUAGE)],
        value=texts.DEFAULT_LANGUAGE,
        show_label=False,
        container=False,
        interactive=True,
        elem_id="language",
        elem_classes="segments",
        scale=0,
    )
