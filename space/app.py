"""The demo: one photo, three tabs. `python app.py` serves it; `--model ./folder` adds your own model."""

from __future__ import annotations

import argparse
import getpass
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

DEFAULT_PORT = 7860
PORT = int(os.environ.get("GRADIO_SERVER_PORT", DEFAULT_PORT))

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
if "GRADIO_TEMP_DIR" not in os.environ:
    # gradio forgets at exit which uploads it has yet to delete: a folder of this page's own is emptied at the start
    _uploads = Path(tempfile.gettempdir()) / f"cnnhub-{getpass.getuser()}-{PORT}"
    shutil.rmtree(_uploads, ignore_errors=True)
    os.environ["GRADIO_TEMP_DIR"] = str(_uploads)

import gradio as gr  # noqa: E402  (it reads the variable when it is imported)

import inside  # noqa: E402
import networks  # noqa: E402
import one_filter  # noqa: E402
import photo_column  # noqa: E402
import texts  # noqa: E402
import what  # noqa: E402
from cnnhub.errors import CnnHubError  # noqa: E402
from cnnhub.hub import is_folder  # noqa: E402
from parts import HERE, MAX_UPLOAD_BYTES, Words, page_file  # noqa: E402
from texts import t  # noqa: E402

# (how often files are looked at, how old they may be), in seconds: together less than the ten minutes that
# the page promises
DELETE_CACHE = (60, 500)
# "multiple": an event that comes while another runs is run after it; gradio would otherwise drop it, and the page
# would show one setting and the result of another
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "trigger_mode": "multiple"}


def build() -> gr.Blocks:
    """The page with its events and named endpoints."""
    first = texts.DEFAULT_LANGUAGE
    words = Words()
    with gr.Blocks(title="cnnhub", analytics_enabled=False, delete_cache=DELETE_CACHE) as demo:
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
                with gr.Tabs(selected="what"):
                    with gr.Tab(t(first, "tab_what"), id="what", elem_id="tab-what") as what_tab:
                        first_photo = Path(photo_column.example_path(0)).read_bytes()
                        what_room = what.layout(first, words, first_photo)
                    with gr.Tab(t(first, "tab_filter"), id="filter", elem_id="tab-filter") as filter_tab:
                        filter_room = one_filter.layout(first, words)
                    with gr.Tab(t(first, "tab_inside"), id="inside", elem_id="tab-inside") as inside_tab:
                        inside_room = inside.layout(first, words)
        for tab, key in ((what_tab, "tab_what"), (filter_tab, "tab_filter"), (inside_tab, "tab_inside")):
            words.follow(tab, lambda code, key=key: {"label": t(code, key)})
        what.endpoint(column.photo)
        one_filter.endpoint(column.photo)
        inside.endpoint(column.photo)
        _wire(language, words, column, what_room, filter_room, inside_room, (what_tab, filter_tab, inside_tab))
    return demo


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve the cnnhub demo.")
    parser.add_argument("--model", metavar="FOLDER", help="a model of your own, such as ./runs/mine")
    arguments = parser.parse_args()
    if arguments.model:
        try:
            networks.add_own(_as_folder(arguments.model))
        except CnnHubError as error:
            parser.error(str(error))
    build().launch(**launch_options())


def launch_options() -> dict[str, Any]:
    """How the page is served: nothing is fetched from elsewhere, nothing is remembered in the browser."""
    return {
        "server_port": PORT,
        "theme": gr.themes.Base(
            font=["system-ui", "PingFang TC", "Microsoft JhengHei", "Noto Sans CJK TC", "sans-serif"],
            font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
        ),
        "css": page_file("style.css"),
        "head": page_file("head.html"),
        "allowed_paths": [str(HERE / "examples")],
        "blocked_paths": [str(path) for path in HERE.glob("*.py")],
        "max_file_size": MAX_UPLOAD_BYTES,
        "run_history": False,
        "enable_monitoring": False,
        "show_error": False,
        "ssr_mode": False,
        "footer_links": ["api"],
    }


def _wire(
    language: gr.Radio,
    words: Words,
    column: photo_column.PhotoColumn,
    room: what.What,
    lab: one_filter.OneFilter,
    depth: inside.Inside,
    tabs: tuple[gr.Tab, gr.Tab, gr.Tab],
) -> None:
    """Events. Only the tab that is open is worked out; another one is when it is opened."""
    open_tab = gr.State("what")
    rooms = {
        "what": (what.show, [column.photo, room.model, language], [room.answer, room.numbers]),
        "filter": (
            one_filter.show,
            [column.photo, lab.grid, lab.preset, lab.stride, lab.padding, language],
            [lab.map, lab.formula],
        ),
        "inside": (
            inside.show,
            [column.photo, room.model, depth.layer, depth.channels, language],
            [depth.journey, depth.layer],
        ),
    }

    column.picker.pick(photo_column.choose, None, column.photo, **PRIVATE)
    column.photo.input(lambda: {"chosen": -1}, None, column.picker, **PRIVATE)
    for tab, (name, (show, inputs, outputs)) in zip(tabs, rooms.items(), strict=True):
        tab.select(lambda name=name: name, None, open_tab, queue=False, **PRIVATE)
        tab.select(show, inputs, outputs, **PRIVATE)
        column.photo.change(_if_open(name, show), [open_tab, *inputs], outputs, **PRIVATE)

    show, inputs, outputs = rooms["what"]
    room.model.input(show, inputs, outputs, **PRIVATE)
    for button, tab_id in ((room.see_inside, "tab-inside"), (room.see_filter, "tab-filter")):
        button.click(None, js=f"() => document.getElementById('{tab_id}-button').click()", api_visibility="private")

    show, inputs, outputs = rooms["filter"]
    gr.on([lab.stride.input, lab.padding.input], show, inputs, outputs, **PRIVATE)
    lab.grid.edit(one_filter.edited, inputs, [lab.preset, *outputs], **PRIVATE)
    lab.preset.input(one_filter.of_preset, inputs, [lab.grid, lab.size, *outputs], **PRIVATE)
    lab.size.input(one_filter.of_size, [lab.size, *inputs], [lab.grid, lab.preset, *outputs], **PRIVATE)

    show, inputs, outputs = rooms["inside"]
    gr.on([depth.layer.input, depth.channels.input], show, inputs, outputs, **PRIVATE)
    depth.journey.stage(inside.of_stage, inputs, outputs, **PRIVATE)

    def switch(open_name: str, code: str, *values: Any) -> list[Any]:
        """Every word in the new language, and the open tab made again."""
        updates = words.updates(code)
        for name, (show, inputs, outputs) in rooms.items():
            arguments, values = values[: len(inputs)], values[len(inputs) :]
            updates += show(*arguments) if name == open_name else [gr.skip()] * len(outputs)
        return updates

    all_inputs = [component for _, inputs, _ in rooms.values() for component in inputs]
    all_outputs = [component for _, _, outputs in rooms.values() for component in outputs]
    language.input(switch, [open_tab, language, *all_inputs], [*words.components, *all_outputs], **PRIVATE)
    language.input(None, language, None, js="(code) => window.cnnhubLanguage(code)", api_visibility="private")


def _if_open(name: str, show: Callable[..., Any]) -> Callable[..., Any]:
    """The photo changed: make a tab's content if that tab is open."""
    return lambda open_name, *inputs: show(*inputs) if open_name == name else gr.skip()


def _brand(language: str) -> str:
    return f'<h1>cnnhub</h1><p class="soft">{t(language, "tagline")}</p>'


def _as_folder(model: str) -> str:
    """`runs/mine` on a command line means the folder."""
    return model if is_folder(model) or not Path(model).is_dir() else f"./{model}"


if __name__ == "__main__":
    main()
