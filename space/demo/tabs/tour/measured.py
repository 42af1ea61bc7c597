"""What steps of the tour show that no photo changes: the digits, the articles' numbers, the transfer curves, what the built-in
networks began with."""

from __future__ import annotations

import base64
import json
from functools import cache
from typing import Any

from cnnhub.handwriting import DIGITS_FILE
from cnnhub.hub.catalogue import Entry, builtin_entries
from demo import networks
from demo.assets import page_file
from demo.tabs.tour.training_line import MOST_SECONDS
from demo.texts import t


def digits(language: str) -> dict[str, Any]:
    """The file of digits, for a page that learns by itself from then on."""
    return {"digits": base64.b64encode(DIGITS_FILE.read_bytes()).decode(), "seconds": MOST_SECONDS}


def numbers(language: str) -> dict[str, Any]:
    """What articles print beside what `cnnhub.articles` computed; `python -m tests.numbers` writes the file."""
    rows = json.loads(page_file("tabs/tour/numbers.json"))
    return {
        "rows": [
            {
                "what": t(language, f"number_{row['key']}"),
                "printed": row["printed"],
                "found": row["found"],
                "isRight": row["printed"] == row["found"],
            }
            for row in rows
        ]
    }


def transfer(language: str) -> dict[str, Any]:
    """What `python -m training transfer` measured, and each built-in network's origin and accuracy."""
    listed = [{"title": networks.title(language, entry.name), **_origin(entry)} for entry in _entries()]
    return {"measured": json.loads(page_file("tabs/tour/transfer.json")), "networks": listed}


@cache
def _entries() -> list[Entry]:
    return builtin_entries()


def _origin(entry: Entry) -> dict[str, Any]:
    """Of what weights it was made, with how many pictures, and how often it is right; null where that was not measured."""
    told = entry.config.cnnhub.model_extra or {}
    validation, breeds = told.get("metrics", {}).get("validation"), told.get("breeds")
    return {
        "architecture": entry.config.architecture,
        "labels": entry.config.num_classes,
        "origin": entry.card.origin if entry.card else None,
        "pictures": told.get("counts", {}).get("train"),
        "accuracy": validation["top1"] if validation else None,
        "validation": validation["n"] if validation else None,
        "breeds": breeds and {"accuracy": breeds["top1"], "pictures": sum(breeds["n"].values()), "breeds": breeds["breeds"]},
    }
