"""The page without a server: what its tabs declare is there, an address restores it, a photo is opened once an event."""

from __future__ import annotations

import dataclasses
import inspect
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from demo import page, texts, working
from demo.language import Words, picker
from demo.page import Page
from demo.photo import column, opening, pixels
from demo.photo.photo import Photo
from demo.serving import gradio_fixes
from demo.tab import Remembered, Room, Shared, Tab, merged
from demo.tabs import TABS
from demo.tabs.filter import settings
from demo.tabs.inside import gallery as inside_gallery
from demo.tabs.inside import tab as inside
from demo.tabs.inside.look import Look
from tests.support.places import EXAMPLES

ROOMS = [tab.name for tab in TABS]


@pytest.fixture(scope="module")
def built() -> Page:
    gradio_fixes.mend()
    words = Words()
    with gr.Blocks(analytics_enabled=False):
        photo_column = column.layout(words)
        work = working.layout(words, working.shown(ROOMS[0], column.example(0), "cats-vs-dogs"))
        shared = Shared(photo_column.photo, picker(words), gr.State("cats-vs-dogs"), words, work)
        with gr.Tabs() as tabs:
            rooms = [page.room_of(tab, shared) for tab in TABS]
        return Page(shared, photo_column, tabs, rooms, gr.State(None), gr.State(True))


def values_of(built: Page, **others: Any) -> dict[Any, Any]:
    """What the page begins with, as gradio hands it to an event."""
    components = {*built._inputs(), built.column.panel}
    values = {component: getattr(component, "value", None) for component in components}
    photo = Photo((EXAMPLES / "cat.jpg").read_bytes())
    first = {built.shared.photo: photo, built.shared.language: "en", built.column.panel: {"chosen": 0}}
    return (
        values
        | first
        | {room.part(name): value for room in built.rooms for name, value in others.items() if name in room.tab.inputs}
    )


@pytest.mark.parametrize("number", range(len(TABS)), ids=ROOMS)
def test_what_a_tab_declares_is_there(built: Page, number: int) -> None:
    room = built.rooms[number]
    tab = room.tab
    assert tuple(inspect.signature(tab.show).parameters) == tab.inputs
    assert texts.t("en", f"tab_{tab.name}") and room.label.elem_id == f"tab-{tab.name}"
    for name in (*tab.inputs, *(each.name for each in dataclasses.fields(tab.outputs)), *tab.remembered):
        assert isinstance(room.part(name), gr.blocks.Block), name
    assert set(room.content(values_of(built))) == set(room.outputs)


@pytest.mark.parametrize("number", range(len(TABS)), ids=ROOMS)
@pytest.mark.parametrize(
    "parameters", [{}, {"task": "../../etc", "layer": "\\0", "sheet": "-1", "channel": "9e9", "kernel": "x", "pooling": "x"}]
)
def test_what_an_address_lacks_or_gets_wrong_has_its_default(built: Page, number: int, parameters: dict[str, str]) -> None:
    room = built.rooms[number]
    read = {room.part(name): each.read(parameters) for name, each in room.tab.remembered.items()}
    now = {component: value for component, value in read.items() if component in room.inputs}
    assert set(room.content(values_of(built) | now)) == set(room.outputs)


def test_an_address_restores_what_it_names_and_never_an_own_photo(built: Page) -> None:
    look = {"layer": "bn2", "order": "number", "sheet": "1"}
    asked = page.address.read({"tab": "inside", "example": "dog", "task": "flowers", "kernel": "emboss", "lang": "zh-TW", **look})
    what, filter_, inside, *_ = built.rooms
    shared, restored = built.shared, built.restored(asked, values_of(built))
    assert (restored[built.open_tab], restored[shared.network]) == ("inside", "flowers")
    assert restored[shared.language]["value"] == "zh-TW"
    assert restored[shared.photo] == column.example_path(column.example_number("dog"))
    assert restored[built.column.panel]["value"] == {"chosen": column.example_number("dog")}
    assert restored[what.part("model")]["value"] == "flowers" and restored[what.part("model")]["label"] == "選擇模型"
    assert restored[filter_.part("settings")] == settings.read({"kernel": "emboss"})
    assert restored[inside.part("look")] == Look("bn2", "number", page=1)
    assert "站" in restored[inside.part("journey")]["sentence"]
    assert [each["index"] for each in restored[inside.part("gallery")]["channels"]] == list(range(64, 128))
    own = built.restored(page.address.read({"tab": "what"}), values_of(built) | {built.column.panel: {"chosen": -1}})
    assert shared.photo not in own and own[built.open_tab] == "what"
    unknown = built.restored(page.address.read({"tab": "../../etc"}), values_of(built))
    assert unknown[built.open_tab] == ROOMS[0]


@dataclasses.dataclass(frozen=True)
class Size:
    """What the tab below shows."""

    size: str


def size_of(photo: Photo | None, language: str) -> Size:
    return Size(f"{language}: {len(photo.data) if photo else 0} bytes")


def test_a_new_tab_is_one_entry_in_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    def layout(shared: Shared) -> SimpleNamespace:
        return SimpleNamespace(size=gr.HTML(elem_id="size"), note=gr.Textbox())

    note = Remembered(lambda parameters: parameters.get("note", ""))
    new = Tab("size", layout, ("photo", "language"), Size, size_of, remembered={"note": note})
    monkeypatch.setitem(texts.TEXTS, "tab_size", ("How large is it?", "它有多大？", "它有多大？"))
    monkeypatch.setattr(page, "TABS", [*TABS, new])
    wired: list[Page] = []
    monkeypatch.setattr(Page, "wire", lambda self, blocks: wired.append(self))
    page.build()
    (made,) = wired
    restored = made.restored(page.address.read({"tab": "size", "note": "x", "lang": "zh-CN"}), values_of(made))
    room = made.rooms[-1]
    assert restored[made.open_tab] == "size" and restored[room.part("note")] == "x"
    assert restored[room.part("size")].startswith("zh-CN: ") and restored[room.label]["label"] == "它有多大？"


def test_new_words_and_a_new_value_come_together() -> None:
    one, two, three = (gr.HTML() for _ in range(3))
    made = merged({one: gr.update(label="a"), two: 1}, {one: {"said": "b"}, three: gr.skip()})
    assert made == {one: {"__type__": "update", "label": "a", "value": {"said": "b"}}, two: 1, three: gr.skip()}


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are decoded, each time that one is."""
    times: list[str] = []
    original = opening.workers.open

    def counted(data: bytes, name: str, *limits: Any) -> Any:
        times.append(name)
        return original(data, name, *limits)

    monkeypatch.setattr(opening.workers, "open", counted)
    monkeypatch.setattr(pixels, "_kept", type(pixels._kept)())
    monkeypatch.setattr(inside, "_journeys", type(inside._journeys)())
    monkeypatch.setattr(inside_gallery, "_maps", type(inside_gallery._maps)())
    return times


def test_every_answer_says_of_which_photo_and_network_it_is(built: Page) -> None:
    dog = column.example(column.example_number("dog"))
    for room in built.rooms:
        told = room.content({**values_of(built), built.shared.photo: dog})[built.shared.work]
        network = None if room.tab.name == "filter" else "cats-vs-dogs"
        assert told == {"tab": room.tab.name, "photo": dog.source, "network": network, "second": None}
        gone = room.content({**values_of(built), built.shared.photo: Photo(b"", "x.jpg", is_gone=True)})
        assert gone[built.shared.work]["photo"] == "x.jpg"


def test_the_first_html_has_the_language_the_photo_and_the_answer_of_its_address(built: Page) -> None:
    asked = page.address.read({"lang": "zh-TW", "example": "dog", "task": "flowers"})
    number, what = column.example_number("dog"), built.rooms[0]
    first = built.first(asked)
    assert first[built.column.panel._id]["value"] == {"chosen": number}
    assert first[built.column.panel._id]["props"]["words"]["upload"] == "上傳"
    assert first[built.column.panel._id]["props"]["files"] == [column.example_file(n) for n in range(len(column.EXAMPLES))]
    assert first[built.shared.language._id] == {"value": "zh-TW", "label": "語言"}
    assert first[what.part("model")._id]["value"] == "flowers" and ("花", "flowers") in first[what.part("model")._id]["choices"]
    assert "既不像" in first[what.part("answer")._id]["value"] or "這" in first[what.part("answer")._id]["value"]
    shown = {"tab": ROOMS[0], "photo": column.example_file(number)["path"], "network": "flowers", "second": None}
    assert first[built.shared.work._id]["value"] == shown
    # what is there already is not sent once more
    values = {**values_of(built), built.shared.language: "zh-TW", built.shared.work: shown}
    again = built.restored(asked, values)
    assert what.part("answer") not in again and built.rooms[1].label not in again
    assert again[built.shared.network] == "flowers"


@pytest.mark.parametrize("parameters", [{}, {"lang": "<script>", "example": "../x", "task": "a/b", "tab": "</script>"}])
def test_the_first_html_holds_nothing_that_a_stranger_wrote(built: Page, parameters: dict[str, str]) -> None:
    first = str(built.first(page.address.read(parameters, "en")))
    assert "script>" not in first and "../x" not in first and "a/b" not in first


def show(room: Room, built: Page, **others: Any) -> None:
    room.content(values_of(built, **others))


def test_a_photo_is_decoded_once_an_event(built: Page, decoded: list[str]) -> None:
    for room in built.rooms:
        decoded.clear()
        show(room, built)
        assert len(decoded) == (0 if room.tab.name == "tour" else 1), room.tab.name  # the tour asks for pixels by itself
    decoded.clear()
    show(built.rooms[0], built, second_photo=Photo((EXAMPLES / "dog.jpg").read_bytes()))
    assert len(decoded) == 2, "once each, for its answer and for its small picture"


def test_another_layer_or_language_needs_no_other_forward_pass(built: Page, decoded: list[str]) -> None:
    room = built.rooms[2]
    for layer in ("blocks.1", "blocks.3", "blocks.1"):
        for language in ("en", "zh-TW"):
            room.content({**values_of(built), room.parts.look: Look(layer), built.shared.language: language})
    assert len(decoded) == 1
    room.content({**values_of(built), room.parts.look: Look("blocks.1.0.bn1")})  # no stage
    assert len(decoded) == 2


def test_the_laboratory_s_pixels_are_kept_from_event_to_event(built: Page, decoded: list[str]) -> None:
    for _ in range(3):
        show(built.rooms[1], built)
    assert len(decoded) == 1
