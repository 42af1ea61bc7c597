"""The photo on the left: examples, upload, camera, paste; it stays while tabs change."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import gradio as gr
import texts
from parts import HERE, Photo, Words, page_file
from PIL import Image
from texts import t

EXAMPLES = list(texts.EXAMPLES["en"])
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
        gr.Markdown(_credits())
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
    language = texts.known_language(language)
    return {"names": list(texts.EXAMPLES[language].values()), "title": t(language, "examples")}


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


def _credits() -> str:
    """The table of examples/CREDITS.md without its heading."""
    text = (HERE / "examples" / "CREDITS.md").read_text(encoding="utf-8")
    return text.split("\n", 1)[1]
