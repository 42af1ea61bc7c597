"""The sign of work: which photo and network each tab shows. The page dims a tab that shows others than the chosen ones."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demo.assets import mounted
from demo.language import Words
from demo.photo.photo import Photo
from demo.texts import t


def layout(words: Words, first: dict[str, Any]) -> gr.HTML:
    """The component, which stands above the tabs; `first` is what the page begins with, as `shown` gives it."""
    return words.make(
        gr.HTML,
        lambda language: {"words": {key: t(language, f"work_{key}") for key in ("now", "none", "full", "lost", "error")}},
        first,
        html_template='<p class="work" role="status"></p>',
        js_on_load=mounted("page/working.js"),
        elem_id="work",
        apply_default_css=False,
    )


def shown(tab: str, photo: Photo | None, network: str | None = None, second: Photo | None = None) -> dict[str, Any]:
    """What a tab shows; network and second photo are None where they have no part in it."""
    source, other = (None if one is None else one.source for one in (photo, second))
    return {"tab": tab, "photo": source, "network": network, "second": other}
