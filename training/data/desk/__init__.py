"""The desk: one HTML file on which each listed picture is kept, relabelled or dropped by keyboard, and the decisions saved."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cnnhub.files import write_atomically
from cnnhub.images import open_image
from training.data.decisions import Decision
from training.data.sheets import data_address

SIDE = 240  # pixels, the longer one
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Listed:
    """A picture that a person should look at."""

    picture: str | bytes  # a path, or the encoded bytes
    given: Decision  # what the picture is called and labelled; nothing is decided in it
    line: str  # what is said of it
    proposed: Decision | None = None  # what the machine would decide


@dataclass(frozen=True)
class Section:
    """Pictures under one heading, in groups: copies of one picture, or one picture each."""

    heading: str
    note: str
    groups: Sequence[Sequence[Listed]]


def write(path: Path, title: str, key: str, labels: Sequence[str], sections: Sequence[Section]) -> None:
    """Write the page; it holds its pictures itself and asks no network, so it can be sent and opened anywhere.

    Args:
        key: of the set of pictures. The browser keeps what was decided under it, and shows it again on a later page of the set.
        labels: that a picture can be given.
    """
    listed = {
        "title": title,
        "key": key,
        "labels": list(labels),
        "sections": [
            {"heading": each.heading, "note": each.note, "groups": [list(map(_card, group)) for group in each.groups]}
            for each in sections
        ],
    }
    page = (_HERE / "page.html").read_text()
    for name in ("page.css", "page.js"):
        page = page.replace(f"/* {name} */", (_HERE / name).read_text())
    data = json.dumps(listed, ensure_ascii=False).replace("<", "\\u003c")  # nothing in it can end the script
    page = page.replace("<title></title>", f"<title>{html.escape(title)}</title>").replace(">{}<", f">{data}<")
    write_atomically(path, page.encode())


def _card(listed: Listed) -> dict[str, object]:
    given, proposed = asdict(listed.given), listed.proposed
    return {
        **{name: given[name] for name in ("sha256", "name", "label")},
        "line": listed.line,
        "image": data_address(open_image(listed.picture), SIDE),
        "proposed": [proposed.decision, proposed.new_label] if proposed else None,
    }
