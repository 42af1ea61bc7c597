"""The photo on the left: examples, upload, camera, paste, crop; it stays while tabs change."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.processing_utils import save_file_to_cache
from gradio.utils import get_upload_folder
from PIL import Image

import cnnhub
from demo import assets, texts
from demo.assets import data_uri, mounted
from demo.language import Words, labelled
from demo.photo.input import PhotoInput
from demo.photo.photo import Photo
from demo.photo.uploads import MAX_BYTES
from demo.tab import PRIVATE
from demo.texts import t

EXAMPLES = list(texts.example_names("en"))
THUMBNAIL = (112, 112)
PREVIEW = (1200, 1200)
WORDS = (
    *(
        "add",
        "upload",
        "camera",
        "paste",
        "draw",
        "draw_use",
        "draw_clear",
        "draw_pad",
        "draw_down",
        "draw_up",
        "draw_nothing",
        "crop",
        "crop_use",
        "cancel",
        "snap",
        "remove",
        "own",
        "empty",
        "unseen",
    ),
    *("crop_box", "crop_nw", "crop_n", "crop_ne", "crop_e", "crop_se", "crop_s", "crop_sw", "crop_w"),
    *("upload_failed", "too_many", "disk_full", "paste_nothing", "paste_keys", "camera_none"),
)


@dataclass(frozen=True)
class PhotoColumn:
    """`photo` holds the file, unseen; `panel` is what the visitor sees and touches."""

    photo: PhotoInput
    panel: gr.HTML

    def wire(self) -> list[Any]:
        """Tie its own events -> those after which the photo is another one."""
        chosen: dict[str, Any] = {"js": "(value) => value.file ?? null", "api_visibility": "private"}
        self.panel.unseen(None, self.panel, self.photo, **chosen).then(preview, self.photo, self.panel, **PRIVATE)
        return [self.panel.own(None, self.panel, self.photo, **chosen)]

    def restored(self, key: str | None, panel: Any) -> tuple[dict[Any, Any], Photo | None]:
        """An address names this example, or none -> (what the column is set to, the photo that it then has).

        It never names a photo of the visitor's own, which therefore stays: nothing and None.
        """
        if key is None and isinstance(panel, dict) and panel.get("chosen") == -1:
            return {}, None
        number = example_number(key)
        return {self.panel: {"chosen": number}, self.photo: example_path(number)}, example(number)


def layout(words: Words) -> PhotoColumn:
    photo = PhotoInput(
        str(example_path(0)), image_mode=None, label="Photo", interactive=True, visible="hidden", elem_id="photo-file"
    )
    # they are no visitor's photos, and never go
    photo.keep_in_cache |= {example_file(index)["path"] for index in range(len(EXAMPLES))}
    panel = words.make(
        gr.HTML,
        _panel_words,
        {"chosen": 0},
        html_template='<div class="photo-column"></div>',
        js_on_load=mounted("page/photo.js", "own", "unseen"),
        elem_id="photo",
        apply_default_css=False,
        thumbnails=[_thumbnail(name) for name in EXAMPLES],
        files=[example_file(index) for index in range(len(EXAMPLES))],
        shapes=[_shape(name) for name in EXAMPLES],
        keys=[Path(name).stem for name in EXAMPLES],
        max_bytes=MAX_BYTES,
    )
    with words.make(gr.Accordion, labelled("credits"), open=False, elem_id="credits"):
        words.make(gr.HTML, lambda language: {"value": _credits(language)}, elem_classes="soft", apply_default_css=False)
    return PhotoColumn(photo, panel)


def example_path(index: int) -> str:
    """The file of an example; an index outside the list is refused."""
    if not 0 <= index < len(EXAMPLES):
        raise gr.Error(f"There is no example {index}; there are {len(EXAMPLES)}.")
    return str(assets.EXAMPLES / EXAMPLES[index])


def example(index: int) -> Photo:
    return Photo(Path(example_path(index)).read_bytes(), example_file(index)["path"])


@cache
def example_file(index: int) -> dict[str, Any]:
    """What a click hands over: gradio's copy of an example, one for all visitors, as gradio describes files."""
    path = os.path.relpath(save_file_to_cache(example_path(index), get_upload_folder()))
    return {"path": path, "orig_name": EXAMPLES[index], "meta": {"_type": "gradio.FileData"}}


def example_number(key: str | None) -> int:
    """The number of the example that a link names; the first where it names none."""
    keys = [Path(name).stem for name in EXAMPLES]
    return keys.index(key) if key in keys else 0


def preview(photo: Photo | None) -> Any:
    """What the panel shows of a photo in a format that browsers do not know; nothing to do for any other."""
    if not photo or photo.is_shown_by_browsers:
        return gr.skip()
    try:
        picture = photo.pixels().picture()
    except cnnhub.CnnHubError:  # the tab says so
        return gr.skip()
    picture.thumbnail(PREVIEW)
    return {"chosen": -1, "preview": _jpeg_uri(picture)}


def _panel_words(language: str) -> dict[str, Any]:
    megabytes = MAX_BYTES // 2**20
    own = {key: t(language, f"photo_{key}") for key in WORDS}
    others = {
        "too_heavy": t(language, "photo_too_heavy", megabytes=megabytes),
        "examples": t(language, "examples"),
        "kept": t(language, "kept"),
    }
    return {"names": list(texts.example_names(language).values()), "words": own | others}


def _thumbnail(name: str) -> str:
    with Image.open(assets.EXAMPLES / name) as picture:
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        return _jpeg_uri(picture.convert("RGB").resize(THUMBNAIL, box=(left, top, left + side, top + side)))


def _shape(name: str) -> float:
    """Width by height."""
    with Image.open(assets.EXAMPLES / name) as picture:
        return round(picture.width / picture.height, 4)


def _jpeg_uri(picture: Image.Image) -> str:
    return data_uri(picture, "JPEG", quality=80)


def _credits(language: str) -> str:
    """The rows of examples/CREDITS.md as a list, each photo by the name it has in this language."""
    names = texts.example_names(language)
    rows = re.findall(r"^\| `(.+?)` \| .+? \| (.+?) \| (.+?) \|$", _credits_file(), re.M)
    items = "".join(f"<li>{names[file]}: {escape(author)}, {licence}</li>" for file, author, licence in rows)
    return f"<ul>{items}</ul>"


@cache
def _credits_file() -> str:
    return (assets.EXAMPLES / "CREDITS.md").read_text(encoding="utf-8")
