"""The photo on the left: examples, upload, camera, paste, crop; it stays while tabs change."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr
from gradio.processing_utils import save_file_to_cache
from PIL import Image

import cnnhub
from demo import texts
from demo.parts import HERE, MAX_UPLOAD_BYTES, Photo, Words, page_file
from demo.photo import photo as lab_photo
from demo.texts import t

EXAMPLES = list(texts.example_names("en"))
THUMBNAIL = (112, 112)
PREVIEW = (1200, 1200)
# What every current browser shows by itself; of other formats it gets a preview.
SHOWN_BY_BROWSERS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")


@dataclass(frozen=True)
class PhotoColumn:
    """`photo` holds the file, unseen; `panel` is what the visitor sees and touches."""

    photo: Photo
    panel: gr.HTML


def layout(language: str, words: Words) -> PhotoColumn:
    photo = Photo(str(example_path(0)), image_mode=None, label="Photo", interactive=True, visible="hidden", elem_id="photo-file")
    # what a click hands over is gradio's copy of the example, one for all visitors: it is no visitor's photo, and never goes
    photo.keep_in_cache |= {save_file_to_cache(example_path(index), photo.GRADIO_CACHE) for index in range(len(EXAMPLES))}
    panel = gr.HTML(
        {"chosen": 0},
        html_template='<div class="photo-column"></div>',
        js_on_load=page_file("page/photo.js"),
        elem_id="photo",
        apply_default_css=False,
        **_panel_words(language),
        thumbnails=[_thumbnail(name) for name in EXAMPLES],
        urls=[f"gradio_api/file={quote(example_path(index))}" for index in range(len(EXAMPLES))],
        keys=[Path(name).stem for name in EXAMPLES],
        max_bytes=MAX_UPLOAD_BYTES,
    )
    words.follow(panel, _panel_words)
    with gr.Accordion(t(language, "credits"), open=False, elem_id="credits") as credits:
        credit_list = gr.HTML(_credits(language), elem_classes="soft", apply_default_css=False)
    words.follow(credit_list, lambda language: {"value": _credits(language)})
    words.follow(credits, lambda language: {"label": t(language, "credits")})
    return PhotoColumn(photo, panel)


def example_path(index: int) -> str:
    """The file of an example; an index outside the list is refused."""
    if not 0 <= index < len(EXAMPLES):
        raise gr.Error(f"There is no example {index}; there are {len(EXAMPLES)}.")
    return str(HERE / "examples" / EXAMPLES[index])


def example_number(key: str | None) -> int:
    """The number of the example that a link names; the first where it names none."""
    keys = [Path(name).stem for name in EXAMPLES]
    return keys.index(key) if key in keys else 0


def choose(event: gr.EventData) -> str:
    """A click on an example puts its own file, unchanged, in the photo's place."""
    index = event._data.get("index") if isinstance(event._data, dict) else None
    return example_path(index if isinstance(index, int) else -1)


def preview(photo: bytes | None) -> Any:
    """What the panel shows of a photo in a format that browsers do not know; nothing to do for any other."""
    if not photo or _is_shown_by_browsers(photo):
        return gr.skip()
    try:
        image = lab_photo.look(photo).image()
    except cnnhub.CnnHubError:  # the tab says so
        return gr.skip()
    image.thumbnail(PREVIEW)
    return {"chosen": -1, "preview": _jpeg_uri(image)}


def _panel_words(language: str) -> dict[str, Any]:
    megabytes = MAX_UPLOAD_BYTES // 2**20
    keys = ("upload", "camera", "paste", "crop", "crop_use", "crop_box", "cancel", "snap", "remove", "own", "empty")
    problems = ("upload_failed", "paste_nothing", "paste_keys", "camera_none")
    own = {key: t(language, f"photo_{key}") for key in (*keys, *problems)}
    others = {
        "too_heavy": t(language, "photo_too_heavy", megabytes=megabytes),
        "examples": t(language, "examples"),
        "kept": t(language, "kept"),
    }
    return {"names": list(texts.example_names(language).values()), "words": own | others}


def _thumbnail(name: str) -> str:
    with Image.open(HERE / "examples" / name) as image:
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        return _jpeg_uri(image.convert("RGB").resize(THUMBNAIL, box=(left, top, left + side, top + side)))


def _jpeg_uri(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def _is_shown_by_browsers(photo: bytes) -> bool:
    """Told from the file's first bytes; nothing is decoded."""
    try:
        with Image.open(io.BytesIO(photo), formats=SHOWN_BY_BROWSERS):
            return True
    except Exception:  # HEIC, TIFF, or no picture at all
        return False


def _credits(language: str) -> str:
    """The rows of examples/CREDITS.md as a list, each photo by the name it has in this language."""
    names = texts.example_names(language)
    rows = re.findall(r"^\| `(.+?)` \| .+? \| (.+?) \| (.+?) \|$", _credits_file(), re.M)
    items = "".join(f"<li>{names[file]}: {escape(author)}, {licence}</li>" for file, author, licence in rows)
    return f"<ul>{items}</ul>"


@cache
def _credits_file() -> str:
    return (HERE / "examples" / "CREDITS.md").read_text(encoding="utf-8")
