"""Contact sheets: one HTML file with small pictures in it, to look at data."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from cnnhub.files import write_atomically

SIDE = 160  # pixels, the longer one

_STYLE = """
body { font: 14px/1.4 system-ui, "Noto Sans CJK TC", sans-serif; color: #2b2b2b; margin: 2rem; max-width: 90rem }
h1 { font-size: 1.3rem } h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem } p { margin: .2rem 0 }
.cells { display: flex; flex-wrap: wrap; gap: 12px; align-items: flex-start }
figure { margin: 0; width: 168px } img { display: block; max-width: 168px; background: #eee }
figcaption { overflow-wrap: anywhere } small { color: #6b6b6b }
"""


@dataclass(frozen=True)
class Cell:
    """A picture, the line under it, and a smaller line under that."""

    image: Image.Image
    caption: str
    detail: str = ""


@dataclass(frozen=True)
class Section:
    """Pictures under one heading."""

    title: str
    cells: Sequence[Cell]


def contact_sheet(path: Path, title: str, sections: Sequence[Section], notes: Sequence[str] = ()) -> None:
    """Write the page; it holds its pictures itself, so it can be sent and opened anywhere."""
    body = [f"<h1>{html.escape(title)}</h1>", *(f"<p>{html.escape(note)}</p>" for note in notes)]
    for section in sections:
        cells = "".join(map(_figure, section.cells))
        body.append(f"<h2>{html.escape(section.title)}</h2><div class=cells>{cells}</div>")
    page = f'<!doctype html><meta charset="utf-8"><title>{html.escape(title)}</title><style>{_STYLE}</style>' + "\n".join(body)
    write_atomically(path, page.encode())


def data_address(image: Image.Image, side: int) -> str:
    """A small picture, its longer side `side` pixels at most, as an address that holds it."""
    small = image.convert("RGB")
    small.thumbnail((side, side))
    encoded = io.BytesIO()
    small.save(encoded, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.getvalue()).decode()}"


def _figure(cell: Cell) -> str:
    caption = html.escape(cell.caption)
    detail = html.escape(cell.detail).replace("/", "/<wbr>")  # a long path breaks between its folders
    return (
        f'<figure><img alt="{caption}" src="{data_address(cell.image, SIDE)}">'
        f"<figcaption>{caption}<br><small>{detail}</small></figcaption></figure>"
    )
