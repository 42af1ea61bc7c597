"""The page "The numbers of the articles", of the docs and of the demo.

    python -m tests.numbers

writes both anew, docs/numbers.md and space/demo/tabs/tour/numbers.json, from what `cnnhub.articles` computes.
"""

from __future__ import annotations

import json
import sys

from cnnhub.articles import Number, numbers
from tests.support.places import ROOT, SPACE

PAGE = ROOT / "docs" / "numbers.md"
ROWS = SPACE / "demo" / "tabs" / "tour" / "numbers.json"

HEAD = """# The numbers of the articles

What well-known articles and a book print of convolutional networks, beside what comes out when it is computed from the network or
the operation itself (`cnnhub.articles`). Two slips are in bold. Megabytes are a million bytes.

| What | Printed | Computed | By |
|---|---|---|---|
"""


def page(found: list[Number]) -> str:
    """In Markdown."""
    sys.path.insert(0, str(SPACE))
    from demo.texts.tour.numbers import NUMBERS

    rows = [
        f"| {NUMBERS[f'number_{each.key}'][0]} | {each.printed} | {shown if each.is_right else f'**{shown}**'} | `{each.by}` |"
        for each in found
        for shown in [each.found]
    ]
    return HEAD + "\n".join(rows) + "\n"


def as_json(found: list[Number]) -> str:
    """What the demo shows."""
    rows = [json.dumps({"key": each.key, "printed": each.printed, "found": each.found}) for each in found]
    return "[\n" + ",\n".join(rows) + "\n]\n"


if __name__ == "__main__":
    computed = numbers()
    PAGE.write_text(page(computed))
    ROWS.write_text(as_json(computed))
