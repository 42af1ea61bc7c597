"""The photo on the left: examples, upload, camera, paste; it stays while tabs change."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass
from functools import cache
from html import escape

import gradio as gr
from PIL import Image

import texts
from parts import HERE, Photo, Words, page_file
from texts import t

EXAMPLES = list(texts.example_names("en"))
THUMBNAIL = (112, 112)


@dataclass(frozen=True)
class PhotoColumn:
    photo: Photo
    picker: gr.HTML


def layout(language: str, words: Words) -> PhotoColumn:
    photo = Photo(
        str(example_path(0)),
        image_mode=None,
        sources=["upload", "webcam", "clipboard"],
        buttons=[],
        show_label=False,
        container=False,
        interactive=True,
        height="var(--photo-height)",
        elem_id="photo",
        label="Photo",
    )
    picker = gr.HTML(
        {"chosen": 0},
        html_template='<div class="picker"></div>',
        js_on_load=page_file("picker.js"),
        elem_id="picker",
        apply_default_css=False,
        **_picker_words(language),
        thumbnails=[_thumbnail(name) for name in EXAMPLES],
    )
    words.follow(picker, _picker_words)
    kept = gr.HTML(_kept(language), elem_classes="soft", apply_default_css=False)
    words.follow(kept, lambda language: {"value": _kept(language)})
    with gr.Accordion(t(language, "credits"), open=False, elem_id="credits") as credits:
        credit_list = gr.HTML(_credits(language), elem_classes="soft", apply_default_css=False)
    words.follow(credit_list, lambda language: {"value": _credits(language)})
    words.follow(credits, lambda language: {"label": t(language, "credits")})
    return PhotoColumn(photo, picker)


def example_path(index: int) -> str:
    """The file of an example; an index outside the list is refused."""
    if not 0 <= index < len(EXAMPLES):
        raise gr.Error(f"There is no example {index}; there are {len(EXAMPLES)}.")
    return str(HERE / "examples" / EXAMPLES[index])


def choose(event: gr.EventData) -> str:
    """A click on an example puts its own file, unchanged, in the photo's place."""
    index = event._data.get("index") if isinstance(event._data, dict) else None
    return example_path(index if isinstance(index, int) else -1)


def _picker_words(language: str) -> dict[str, object]:
    return {"names": list(texts.example_names(language).values()), "title": t(language, "examples")}


def _kept(language: str) -> str:
    return f"<p>{t(language, 'kept')}</p>"


def _thumbnail(name: str) -> str:
    with Image.open(HERE / "examples" / name) as image:
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        small = image.convert("RGB").resize(THUMBNAIL, box=(left, top, left + side, top + side))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def _credits(language: str) -> str:
    """The rows of examples/CREDITS.md as a list, each photo by the name it has in this language."""
    names = texts.example_names(language)
    rows = re.findall(r"^\| `(.+?)` \| .+? \| (.+?) \| (.+?) \|$", _credits_file(), re.M)
    items = "".join(f"<li>{names[file]}: {escape(author)}, {licence}</li>" for file, author, licence in rows)
    return f"<ul>{items}</ul>"


@cache
def _credits_file() -> str:
    return (HERE / "examples" / "CREDITS.md").read_text(encoding="utf-8")
