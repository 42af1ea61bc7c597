"""The page: the photo, the tabs of `demo.tabs`, and the events that tie them together."""

from __future__ import annotations

import argparse
import functools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from cnnhub.errors import CnnHubError, CorruptedFileError
from cnnhub.hub import is_folder, shipped
from demo import address, assets, endpoints, networks, places, texts, working
from demo.address import Address
from demo.answers import answer_to
from demo.assets import called, page_file
from demo.language import Words, labelled, picker
from demo.photo import column, opening, uploads
from demo.photo.column import PhotoColumn
from demo.places import AT_ONCE
from demo.serving import gradio_fixes, serve
from demo.tab import PRIVATE, Room, Shared, Tab, Values, merged
from demo.tabs import TABS
from demo.texts import t

LINE = 60  # requests, before another one is told that the line is full
WAITING = 10  # more requests that wait for their photo to be opened, or for a place
SESSIONS = 500  # visits whose state is kept, some 0.2 MB each; of an older one the page begins anew


def main(uploaded: Path) -> None:
    """Serve the page; what visitors upload lies in this folder while it is kept."""
    parser = argparse.ArgumentParser(description="Serve the cnnhub demo.")
    parser.add_argument("--model", metavar="FOLDER", help="a model of your own, such as ./runs/mine")
    arguments = parser.parse_args()
    try:
        shipped.check(anew=True)
    except CorruptedFileError as error:
        raise SystemExit(f"The demo does not start: {error}") from None
    if arguments.model:
        try:
            networks.add_own(_as_folder(arguments.model))
        except CnnHubError as error:
            parser.error(str(error))
    uploads.work_in(uploaded)
    share_cores()
    opening.workers.start()
    warm = [functools.partial(answer_to, column.example(0), name) for name in networks.names()]
    blocks, page = made()
    serve.serve(blocks, launch_options(), uploaded, warm, page.first)


def share_cores() -> None:
    """Each of the requests that run at once gets its share of the cores: threads of torch that wait for one another's core make
    a forward pass five times as slow. torch reads this when it is first needed; onnxruntime, which answers, does not."""
    os.environ.setdefault("MKL_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // AT_ONCE)))


def build() -> gr.Blocks:
    """The page with its events and named endpoints."""
    return made()[0]


def made() -> tuple[gr.Blocks, Page]:
    gradio_fixes.mend()
    words = Words()
    blocks: gr.Blocks
    with gr.Blocks(title="cnnhub", analytics_enabled=False) as blocks:
        with gr.Row(elem_id="top"):
            words.make(gr.HTML, lambda language: {"value": _brand(language)}, elem_id="brand", apply_default_css=False)
            language = picker(words)
        with gr.Row(elem_id="rooms"):
            with gr.Column(elem_id="photo-column", scale=0, min_width=300):
                photo_column = column.layout(words)
            with gr.Column(elem_id="tab-column"):
                first = working.shown(TABS[0].name, column.example(0), networks.names()[0])
                work = working.layout(words, first)
                shared = Shared(photo_column.photo, language, gr.State(networks.names()[0]), words, work)
                with gr.Tabs(selected=TABS[0].name) as tabs:
                    rooms = [room_of(tab, shared) for tab in TABS]
        upload = endpoints.photo_input()
        for tab in TABS:
            tab.endpoints(upload)
        page = Page(shared, photo_column, tabs, rooms, gr.State(None), gr.State(True))
        page.wire(blocks)
    blocks.queue(max_size=LINE)
    gradio_fixes.wrap(blocks, places.in_a_place)
    return blocks, page


def launch_options() -> dict[str, Any]:
    """How the page is served: nothing is fetched from elsewhere, nothing is remembered in the browser."""
    return {
        "server_port": uploads.port(),
        "theme": gr.themes.Base(
            font=["system-ui", "PingFang TC", "Microsoft JhengHei", "Noto Sans CJK TC", "sans-serif"],
            font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
        ),
        "css": "".join(page_file(name) for name in ("page/style.css", *(name for tab in TABS for name in tab.styles))),
        "head": page_file("page/head.html")
        + "".join(f"<style>{page_file(name)}</style>" for tab in TABS for name in tab.head_styles),
        "allowed_paths": [str(assets.EXAMPLES)],
        "blocked_paths": [str(path) for path in assets.SPACE.iterdir() if path != assets.EXAMPLES],
        "max_file_size": uploads.MAX_BYTES,
        "run_history": False,
        "enable_monitoring": False,
        "show_error": False,
        "footer_links": ["api"],
        "max_threads": AT_ONCE + WAITING,
        "strict_cors": True,
        "state_session_capacity": SESSIONS,
    }


def room_of(tab: Tab, shared: Shared) -> Room:
    """Lay a tab out."""
    with shared.words.make(gr.Tab, labelled(f"tab_{tab.name}"), id=tab.name, elem_id=f"tab-{tab.name}") as label:
        return Room(tab, label, tab.layout(shared), shared)


@dataclass(frozen=True, repr=False)
class Page:
    """All components, and what happens between them. Only the tab that is open is worked out; another one is when it is opened.

    Attributes:
        open_tab: a tab's name; None until gradio tells of the one that the page begins with. is_new: whether it was another
            one before.
    """

    shared: Shared
    column: PhotoColumn
    tabs: gr.Tabs
    rooms: list[Room]
    open_tab: gr.State
    is_new: gr.State

    def wire(self, blocks: gr.Blocks) -> None:
        inputs, outputs = self._inputs(), self._outputs()
        for changed in self.column.wire():
            changed.then(self.refresh, inputs, outputs, **PRIVATE)
        for room in self.rooms:
            self._wire_opening(room)
            for event in room.tab.wire(room):  # it has shown its own tab anew already
                event.then(functools.partial(self.refresh, but=room.tab.name), inputs, outputs, **PRIVATE)
        language, words = self.shared.language, self.shared.words.components
        language.input(self.switch, inputs, _each(words, outputs), **PRIVATE)
        language.input(
            None,
            language,
            js=called("page/address.js", "setLanguage"),
            api_visibility="private",
        )
        again = gr.Button(visible="hidden", elem_id="restore")
        chosen = [language, self.open_tab, self.tabs, self.column.panel, self.column.photo, *self._remembered()]
        for event, answer in ((blocks.load, self.opened), (again.click, self.went_back)):
            event(answer, {self.column.panel, self.shared.work, *inputs}, _each(chosen, words, outputs), **PRIVATE).then(
                None,
                language,
                js=called("page/address.js", "restored"),
                api_visibility="private",
            )

    def refresh(self, values: Values, but: str = "") -> dict[Any, Any]:
        """What the open tab shows, unless it is the one that has been shown already."""
        name = values[self.open_tab] or self.rooms[0].tab.name
        return {self.open_tab: gr.skip()} if name == but else self._content(name, values)

    def switch(self, values: Values) -> dict[Any, Any]:
        """Every word in the new language, and the open tab made again."""
        words = self.shared.words.updates(values[self.shared.language])
        return merged(words, self._content(values[self.open_tab] or self.rooms[0].tab.name, values))

    def opened(self, request: gr.Request, values: Values) -> dict[Any, Any]:
        """The page was opened: an address that asks for nothing changes nothing but the language."""
        asked = _asked(request)
        if not asked.is_bare:
            return self.restored(asked, values)
        language = self.shared.language
        # the language that the page has already, from its first HTML, is left alone: another one may have been clicked meanwhile
        if asked.language in (texts.DEFAULT_LANGUAGE, values[language]):
            return {language: gr.skip()}
        return merged({language: asked.language}, self.switch({**values, language: asked.language}))

    def first(self, asked: Address) -> dict[int, dict[str, Any]]:
        """What the first HTML shows in another way than the page was built: a component's id -> its properties.

        Language, photo, the open tab and the networks follow the address, and the first tab's answer with them; what other
        tabs show is fetched when the page runs.
        """
        values = {component: getattr(component, "value", None) for component in self._inputs()}
        values |= {self.column.panel: {"chosen": 0}, self.shared.photo: column.example(0), self.shared.language: None}
        changes = self.restored(asked, values, is_first=True)
        if networks.is_from_hub(asked.parameters.get("task", "")):
            del changes[self.tabs]  # what loads a repository stands in the first tab, and is not there before that has been open
        states = {component for component in changes if isinstance(component, gr.State)}
        return {
            component._id: gradio_fixes.properties(component, change)
            for component, change in changes.items()
            if component not in states | {self.shared.photo}
        }

    def went_back(self, request: gr.Request, values: Values) -> dict[Any, Any]:
        return self.restored(_asked(request), values)

    def restored(self, asked: Address, values: Values, is_first: bool = False) -> dict[Any, Any]:
        """All that the address says, but for what is there already; of the first HTML, only what is seen first."""
        name = self._tab_of(asked)
        language, now = self.shared.language, dict(values)
        column_set, photo = self.column.restored(asked.example, values[self.column.panel])
        set_to = {language: asked.language, self.open_tab: name, self.tabs: gr.update(selected=name), **column_set}
        now |= {language: asked.language} | ({self.column.photo: photo} if photo else {})
        for component, remembered in self._remembered().items():
            now[component] = remembered.read(asked.parameters)
            if remembered.is_set:
                set_to[component] = now[component]
        is_spoken = values[language] == asked.language
        words = {} if is_spoken else self.shared.words.updates(asked.language)
        if is_first and name != self.rooms[0].tab.name:
            return merged(set_to, words)
        content = self._content(name, now)
        is_there = is_spoken and values.get(self.shared.work) == content[self.shared.work] and name == self.rooms[0].tab.name
        return merged(set_to, words, {} if is_there else content)

    def _tab_of(self, asked: Address) -> str:
        """The tab that an address opens."""
        names = [room.tab.name for room in self.rooms]
        return asked.tab if asked.tab in names else names[0]

    def _content(self, name: str, values: Values) -> dict[Any, Any]:
        return next(room for room in self.rooms if room.tab.name == name).content(values)

    def _wire_opening(self, room: Room) -> None:
        # first, since gradio begins with one listener after another has ended
        room.label.select(None, js=called("page/address.js", "setTab"), api_visibility="private")

        def now_open(before: str | None, request: gr.Request) -> tuple[str, bool]:
            """-> (the open tab, whether it was another one before): gradio also tells of the tab that the page begins with."""
            return room.tab.name, room.tab.name != (before or self._tab_of(_asked(request)))

        room.label.select(now_open, self.open_tab, [self.open_tab, self.is_new], queue=False, **PRIVATE)
        # one that was open keeps its content, which may be in another language by now
        content = functools.partial(_if_new, room, self.is_new)
        room.label.select(content, {self.is_new, *room.inputs}, room.outputs, **PRIVATE)

    def _inputs(self) -> set[Any]:
        return {self.open_tab, self.shared.language, *(component for room in self.rooms for component in room.inputs)}

    def _outputs(self) -> list[Any]:
        return _each(*(room.outputs for room in self.rooms), [self.open_tab])

    def _remembered(self) -> dict[Any, Any]:
        return {room.part(name): each for room in self.rooms for name, each in room.tab.remembered.items()}


def _if_new(room: Room, is_new: gr.State, values: Values) -> dict[Any, Any]:
    return room.content(values) if values[is_new] else {room.outputs[0]: gr.skip()}


def _asked(request: gr.Request) -> Address:
    return address.read(dict(request.query_params), request.headers.get("accept-language", ""))


def _each(*components: Any) -> list[Any]:
    """All of them once, in order."""
    return list(dict.fromkeys(component for some in components for component in some))


def _brand(language: str) -> str:
    return f'<h1>cnnhub</h1><p class="soft">{t(language, "tagline")}</p>'


def _as_folder(model: str) -> str:
    """`runs/mine` on a command line means the folder."""
    return model if is_folder(model) or not Path(model).is_dir() else f"./{model}"
