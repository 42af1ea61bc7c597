"""The page: one photo, three tabs, their events and named endpoints."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from cnnhub.errors import CnnHubError
from cnnhub.hub import is_folder
from demo import address as link
from demo import networks, texts
from demo.parts import HERE, MAX_UPLOAD_BYTES, Photo, Words, mend_updates, page_file
from demo.photo import column as photo_column
from demo.photo import uploads
from demo.serving import serve as serving
from demo.tabs.filter import pooling
from demo.tabs.filter import tab as one_filter
from demo.tabs.inside import tab as inside
from demo.tabs.what import tab as what
from demo.texts import t

# "multiple": an event that comes while another runs is run after it; gradio would otherwise drop it, and the page
# would show one setting and the result of another
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "trigger_mode": "multiple"}


def build() -> gr.Blocks:
    """The page with its events and named endpoints."""
    mend_updates()
    first = texts.DEFAULT_LANGUAGE
    words = Words()
    with gr.Blocks(title="cnnhub", analytics_enabled=False) as demo:
        with gr.Row(elem_id="top"):
            brand = gr.HTML(_brand(first), elem_id="brand", apply_default_css=False)
            words.follow(brand, lambda code: {"value": _brand(code)})
            language = gr.Radio(
                [(texts.LANGUAGES[code], code) for code in ("zh-TW", "zh-CN", "en")],
                value=first,
                label=t(first, "language"),
                show_label=False,
                container=False,
                interactive=True,
                elem_id="language",
                elem_classes="segments",
                scale=0,
            )
        with gr.Row(elem_id="rooms"):
            with gr.Column(elem_id="photo-column", scale=0, min_width=300):
                column = photo_column.layout(first, words)
            with gr.Column(elem_id="tab-column"):
                with gr.Tabs(selected="what") as tabs:
                    with gr.Tab(t(first, "tab_what"), id="what", elem_id="tab-what") as what_tab:
                        first_photo = Path(photo_column.example_path(0)).read_bytes()
                        what_room = what.layout(first, words, first_photo)
                    with gr.Tab(t(first, "tab_filter"), id="filter", elem_id="tab-filter") as filter_tab:
                        lab = one_filter.layout(first, words)
                        pooling_fold = pooling.layout(first, words)
                        _ways(first, words, "what", "inside")
                    with gr.Tab(t(first, "tab_inside"), id="inside", elem_id="tab-inside") as inside_tab:
                        depth = inside.layout(first, words)
                        _ways(first, words, "what", "filter")
        for tab, key in ((what_tab, "tab_what"), (filter_tab, "tab_filter"), (inside_tab, "tab_inside")):
            words.follow(tab, lambda code, key=key: {"label": t(code, key)})
        upload = Photo(image_mode=None, label="image", visible=False)  # the page's own has a photo: programs must send one
        what.endpoint(upload, what_room)
        one_filter.endpoint(upload)
        inside.endpoint(upload)
        pooling.endpoint(upload)
        rooms = [
            Room("what", what_tab, what.show, [column.photo, *what_room.inputs, language], what_room.outputs),
            Room("filter", filter_tab, one_filter.show, [column.photo, lab.settings], [lab.lab]),
            Room(
                "inside",
                inside_tab,
                inside.show,
                [column.photo, what_room.network, depth.layer, depth.channels, language],
                [depth.journey, depth.layer],
            ),
        ]
        pooling.wire(pooling_fold, column.photo, language, PRIVATE)
        _wire(language, words, column, tabs, rooms, what_room, lab, depth, pooling_fold, demo)
    return demo


def main(uploaded: Path) -> None:
    """Serve the page; what visitors upload lies in this folder while it is kept."""
    parser = argparse.ArgumentParser(description="Serve the cnnhub demo.")
    parser.add_argument("--model", metavar="FOLDER", help="a model of your own, such as ./runs/mine")
    arguments = parser.parse_args()
    if arguments.model:
        try:
            networks.add_own(_as_folder(arguments.model))
        except CnnHubError as error:
            parser.error(str(error))
    photo = Path(photo_column.example_path(0)).read_bytes()
    warm = [functools.partial(what.classify, photo, name) for name in networks.names()]
    serving.serve(build(), launch_options(), uploaded, warm)


def launch_options() -> dict[str, Any]:
    """How the page is served: nothing is fetched from elsewhere, nothing is remembered in the browser."""
    return {
        "server_port": uploads.PORT,
        "theme": gr.themes.Base(
            font=["system-ui", "PingFang TC", "Microsoft JhengHei", "Noto Sans CJK TC", "sans-serif"],
            font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
        ),
        "css": page_file("page/style.css") + page_file("tabs/what/what.css"),
        # gradio rewrites the rules in css=, and loses those that depend on a container's width
        "head": page_file("page/head.html") + f"<style>{page_file('tabs/filter/lab.css')}</style>",
        "allowed_paths": [str(HERE / "examples")],
        "blocked_paths": [str(path) for path in HERE.iterdir() if path.name != "examples"],
        "max_file_size": MAX_UPLOAD_BYTES,
        "run_history": False,
        "enable_monitoring": False,
        "show_error": False,
        "footer_links": ["api"],
        "max_threads": 2,  # a free Space has two cores, and each may hold a decoded photo of hundreds of megabytes
    }


def _ways(language: str, words: Words, *names: str) -> None:
    """Buttons to other tabs, for the same photo."""
    with gr.Row(elem_classes="actions"):
        for name in names:
            button = gr.Button(t(language, f"see_{name}"), size="md", scale=0)
            button.click(None, js=f"() => document.getElementById('tab-{name}-button').click()", api_visibility="private")
            words.follow(button, lambda code, name=name: {"value": t(code, f"see_{name}")})


@dataclass(frozen=True)
class Room:
    """One tab: what makes its content, from which components, into which."""

    name: str
    tab: gr.Tab
    show: Callable[..., Any]
    inputs: list[Any]
    outputs: list[Any]


def _wire(
    language: gr.Radio,
    words: Words,
    column: photo_column.PhotoColumn,
    tabs: gr.Tabs,
    rooms: list[Room],
    what_room: what.What,
    lab: one_filter.OneFilter,
    depth: inside.Inside,
    pooling_fold: pooling.Pooling,
    demo: gr.Blocks,
) -> None:
    """Events. Only the tab that is open is worked out; another one is when it is opened."""
    open_tab, is_new = gr.State("what"), gr.State(True)
    inputs = [component for room in rooms for component in room.inputs]
    outputs = [component for room in rooms for component in room.outputs]

    def refresh(open_name: str, *values: Any) -> list[Any]:
        """The content of the open tab; the others are left."""
        return _content(rooms, open_name, values)

    for changed in (
        column.panel.pick(photo_column.choose, None, column.photo, **PRIVATE),
        column.panel.own(None, column.panel, column.photo, js="(value) => value.file ?? null", api_visibility="private"),
    ):
        changed.then(refresh, [open_tab, *inputs], outputs, **PRIVATE)
    column.panel.own(None, js="() => {}", api_visibility="private").then(
        photo_column.preview, column.photo, column.panel, **PRIVATE
    )
    for room in rooms:
        # first, since gradio begins with one listener after another has ended
        room.tab.select(None, js="() => window.cnnhubLink.setTab()", api_visibility="private")
        now_open = functools.partial(_now_open, room.name)
        room.tab.select(now_open, open_tab, [open_tab, is_new], queue=False, **PRIVATE)
        room.tab.select(functools.partial(_opened, room), [is_new, *room.inputs], room.outputs, **PRIVATE)

    show, room_inputs, room_outputs = _parts(rooms, "what")

    def deeper(open_name: str, *values: Any) -> list[Any]:
        """The content of the open tab, if it is not the one that has its own."""
        return _content(rooms, "" if open_name == "what" else open_name, values)

    what.wire(what_room, room_inputs, room_outputs, PRIVATE).then(deeper, [open_tab, *inputs], outputs, **PRIVATE)
    for button, tab_id in ((what_room.see_inside, "tab-inside"), (what_room.see_filter, "tab-filter")):
        button.click(None, js=f"() => document.getElementById('{tab_id}-button').click()", api_visibility="private")

    lab.lab.change_settings(one_filter.changed, [column.photo, lab.settings], [lab.settings, lab.lab], **PRIVATE)
    lab.lab.want_pixels(one_filter.photo_pixels, column.photo, lab.lab, **PRIVATE)

    show, room_inputs, room_outputs = _parts(rooms, "inside")
    gr.on([depth.layer.input, depth.channels.input], show, room_inputs, room_outputs, **PRIVATE)
    depth.journey.stage(inside.of_stage, room_inputs, room_outputs, **PRIVATE)
    inside.wire(depth, what_room.network, column.photo, PRIVATE)

    def switch(open_name: str, code: str, *values: Any) -> list[Any]:
        """Every word in the new language, and the open tab made again."""
        return [*words.updates(code), *_content(rooms, open_name, values)]

    language.input(switch, [open_tab, language, *inputs], [*words.components, *outputs], **PRIVATE)
    language.input(
        None,
        language,
        js="(code) => { window.cnnhubLink.set({lang: code}); window.cnnhubLanguage(code); }",
        api_visibility="private",
    )

    chosen = [
        language,
        open_tab,
        tabs,
        column.panel,
        column.photo,
        what_room.model,
        what_room.network,
        depth.layer,
        depth.channels,
        lab.settings,
        pooling_fold.fold,
        pooling_fold.room,
    ]

    def opened(request: gr.Request, open_name: str, panel: Any, *values: Any) -> list[Any]:
        """The page was opened: an address that asks for nothing changes nothing but the language."""
        asked = _asked(request)
        if asked.is_bare:
            words_too = asked.language != texts.DEFAULT_LANGUAGE
            now = [asked.language if component is language else value for component, value in zip(inputs, values, strict=True)]
            content = _content(rooms, open_name if words_too else "", now)
            updates = words.updates(asked.language) if words_too else [gr.skip()] * len(words.components)
            # the language that the page has already is left alone: another one may have been clicked meanwhile
            language_too = asked.language if words_too else gr.skip()
            return [language_too, *[gr.skip()] * (len(chosen) - 1), *updates, *content]
        return restored(asked, panel, values)

    def went_back(request: gr.Request, _open_name: str, panel: Any, *values: Any) -> list[Any]:
        return restored(_asked(request), panel, values)

    def restored(asked: link.Link, panel: Any, values: Sequence[Any]) -> list[Any]:
        """All that the address says. It never names a photo of the visitor's own, which therefore stays."""
        keeps = asked.example is None and isinstance(panel, dict) and panel.get("chosen") == -1
        example = photo_column.example_number(asked.example)
        photo = photo_column.example_path(example)
        network = networks.known(asked.parameters.get("task"))
        settings = {
            language: asked.language,
            what_room.network: network,
            depth.layer: asked.parameters.get("layer"),
            depth.channels: inside.known_count(asked.parameters.get("channels")),
            lab.settings: one_filter.from_link(asked.parameters),
        }
        if not keeps:
            settings[column.photo] = Path(photo).read_bytes()
        now = [settings.get(component, value) for component, value in zip(inputs, values, strict=True)]
        shown = [gr.skip(), gr.skip()] if keeps else [{"chosen": example}, photo]
        # the list of layers, and the chosen one in it, follow from `inside.show`
        others = [
            network,
            network,
            gr.skip(),
            settings[depth.channels],
            settings[lab.settings],
            *pooling.updates(asked.parameters),
        ]
        updates = [asked.language, asked.tab, gr.update(selected=asked.tab), *shown, *others]
        return [*updates, *words.updates(asked.language), *_content(rooms, asked.tab, now)]

    again = gr.Button(visible="hidden", elem_id="restore")
    for event, answer in ((demo.load, opened), (again.click, went_back)):
        event(answer, [open_tab, column.panel, *inputs], [*chosen, *words.components, *outputs], **PRIVATE).then(
            None,
            language,
            js="(code) => { window.cnnhubLink.restored(code); window.cnnhubLanguage(code); window.cnnhubHub(); }",
            api_visibility="private",
        )


def _now_open(name: str, before: str) -> tuple[str, bool]:
    """-> (the open tab, whether it was another one before): gradio also tells of the tab that the page begins with."""
    return name, name != before


def _opened(room: Room, is_new: bool, *values: Any) -> Any:
    """The content of a tab that was opened. One that was open keeps its own, which may be in another language by now."""
    if is_new:
        return room.show(*values)
    return [gr.skip()] * len(room.outputs) if len(room.outputs) > 1 else gr.skip()


def _asked(request: gr.Request) -> link.Link:
    return link.read(dict(request.query_params), request.headers.get("accept-language", ""))


def _content(rooms: list[Room], open_name: str, values: Sequence[Any]) -> list[Any]:
    """Values of all rooms' inputs -> all rooms' outputs, made for the open one and skipped for the others."""
    updates: list[Any] = []
    for room in rooms:
        arguments, values = values[: len(room.inputs)], values[len(room.inputs) :]
        made = room.show(*arguments) if room.name == open_name else (gr.skip(),) * len(room.outputs)
        updates += made if isinstance(made, tuple) else [made]
    return updates


def _parts(rooms: list[Room], name: str) -> tuple[Callable[..., Any], list[Any], list[Any]]:
    room = next(room for room in rooms if room.name == name)
    return room.show, room.inputs, room.outputs


def _brand(language: str) -> str:
    return f'<h1>cnnhub</h1><p class="soft">{t(language, "tagline")}</p>'


def _as_folder(model: str) -> str:
    """`runs/mine` on a command line means the folder."""
    return model if is_folder(model) or not Path(model).is_dir() else f"./{model}"
