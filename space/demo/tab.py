"""What a tab of the page is. `demo.tabs` lists them; the page, the address, the languages and the tests go by that list."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import gradio as gr

from demo import working
from demo.language import Words, valued
from demo.photo.input import PhotoInput

# "multiple": an event that comes while another runs is run after it; gradio would otherwise drop it, and the page
# would show one setting and the result of another
# show_progress_on: gradio would take the state of each output, and of all that lies in it, three times an event
PRIVATE: dict[str, Any] = {
    "api_visibility": "private",
    "show_progress": "hidden",
    "show_progress_on": [],
    "trigger_mode": "multiple",
}

Values: TypeAlias = Mapping[Any, Any]  # component -> its value, as gradio hands a set of inputs over
Parameters: TypeAlias = Mapping[str, str]  # of an address's query


@dataclass(frozen=True)
class Shared:
    """The components that all tabs have.

    Attributes:
        network: the one that answers: a name, or the id of a repository on the Hub.
        work: the sign of work, see `working`.
    """

    photo: PhotoInput
    language: gr.Radio
    network: gr.State
    words: Words
    work: gr.HTML


@dataclass(frozen=True)
class Remembered:
    """What an address keeps of a component.

    Attributes:
        read: the address's parameters -> the component's value; what they lack or get wrong has its default.
        is_set: whether the component itself is set to it, or `show` alone is given it and sets the component.
    """

    read: Callable[[Parameters], Any]
    is_set: bool = True


@dataclass(frozen=True)
class Tab:
    """One question about the photo. Components go by their names: those of `layout`'s parts, and those of Shared.

    Attributes:
        name: as addresses and element ids have it; the string `tab_{name}` is its label.
        layout: makes the tab's components -> an object that has each as an attribute.
        inputs: names of the components whose values `show` takes, as arguments of these names; `photo` is one of them.
        outputs: the dataclass that `show` gives; each of its fields is put into the component of that name.
        show: what the tab shows, worked out when it is opened and whenever photo, network or language are others.
        remembered: what an address keeps, by the component's name.
        wire: ties the tab's own events -> those after which another network may answer.
        endpoints: adds the tab's named endpoints, given the hidden photo that they share.
        styles: style sheets that gradio scopes to the page.
        head_styles: style sheets with rules by a container's width, which gradio would lose.
    """

    name: str
    layout: Callable[[Shared], Any]
    inputs: tuple[str, ...]
    outputs: type
    show: Callable[..., Any]
    remembered: Mapping[str, Remembered] = field(default_factory=dict)
    wire: Callable[[Room], list[Any]] = lambda room: []
    endpoints: Callable[[PhotoInput], None] = lambda photo: None
    styles: tuple[str, ...] = ()
    head_styles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Room:
    """A tab on the page, with its components."""

    tab: Tab
    label: gr.Tab
    parts: Any
    shared: Shared

    def part(self, name: str) -> Any:
        return getattr(self.parts if hasattr(self.parts, name) else self.shared, name)

    @property
    def inputs(self) -> set[Any]:
        return {self.part(name) for name in self.tab.inputs}

    @property
    def outputs(self) -> list[Any]:
        return [*(self.part(each.name) for each in dataclasses.fields(self.tab.outputs)), self.shared.work]

    def content(self, values: Values) -> dict[Any, Any]:
        """What the tab shows, each output's component -> its value, and of which photo and network it is."""
        given = {name: values[self.part(name)] for name in self.tab.inputs}
        shown = self.tab.show(**given)
        told = working.shown(self.tab.name, given["photo"], given.get("network"), given.get("second_photo"))
        return {self.part(each.name): getattr(shown, each.name) for each in dataclasses.fields(shown)} | {self.shared.work: told}

    def redraw(self, event: Callable[..., Any]) -> Any:
        """Show the tab anew after an event."""
        return event(self.content, self.inputs, self.outputs, **PRIVATE)


def way(shared: Shared, name: str, **options: Any) -> gr.Button:
    """A button that opens another tab, for the same photo."""
    button = shared.words.make(gr.Button, valued(f"see_{name}"), size="md", scale=0, **options)
    button.click(None, js=f"() => document.getElementById('tab-{name}-button').click()", api_visibility="private")
    return button


def merged(*updates: Values) -> dict[Any, Any]:
    """All of them at once: a component of several gets new words and a new value together."""
    made: dict[Any, Any] = {}
    for component, new in (item for each in updates for item in each.items()):
        made[component] = {**_as_update(made[component]), **_as_update(new)} if component in made else new
    return made


def _as_update(new: Any) -> dict[str, Any]:
    is_update = isinstance(new, dict) and new.get("__type__") == "update"
    return new if is_update else gr.update(value=new)
