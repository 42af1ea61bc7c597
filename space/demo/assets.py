"""The page's own files, and pictures that stand inside it."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

from PIL import Image

DEMO = Path(__file__).parent
SPACE = DEMO.parent
EXAMPLES = SPACE / "examples"


def page_file(name: str) -> str:
    """A script, a style sheet or a template, by its path in this package."""
    return (DEMO / name).read_text(encoding="utf-8")


def data_uri(picture: Image.Image, kind: str = "PNG", **options: Any) -> str:
    """A picture as a data URI, lossless unless the kind says otherwise; `options` are Pillow's for that kind."""
    if kind == "PNG":
        options = {"compress_level": 3, **options}  # zlib's, 1 (fast) to 9
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return f"data:image/{kind.lower()};base64," + base64.b64encode(buffer.getvalue()).decode()
