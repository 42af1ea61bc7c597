"""What a visitor chose to see in the tab "Inside": one small typed object, from the page's JSON or a link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ORDERS = ("varied", "answer", "number")
SCALES = ("layer", "own")
MOST = 100_000  # for numbers of channels and pages; no layer has so many


@dataclass(frozen=True)
class Look:
    """Everything that decides what the tab shows of a photo and a network.

    Attributes:
        layer: its name; None, or one that the network lacks, for its third stage.
        order: of the channels: the most varied first, those that move the answer most first, or by number.
        scale: one scale for the whole layer, or each channel its own.
        page: of the channels, from 0; None for the one that holds `channel`.
        channel: the one that is shown large; None for the first of the page.
    """

    layer: str | None = None
    order: str = ORDERS[0]
    scale: str = SCALES[0]
    page: int | None = None
    channel: int | None = None


def read(data: object) -> Look:
    """What the page sent -> a look; what is absent, unknown or nonsense has its default.

    >>> read({"layer": "bn2", "channel": "14", "order": "loudest"})
    Look(layer='bn2', order='varied', scale='layer', page=None, channel=14)
    """
    given = data if isinstance(data, Mapping) else {}
    layer = given.get("layer")
    return Look(
        layer if isinstance(layer, str) else None,
        _known(given.get("order"), ORDERS),
        _known(given.get("scale"), SCALES),
        _count(given.get("page")),
        _count(given.get("channel")),
    )


def from_link(parameters: Mapping[str, str]) -> Look:
    """`read`, of an address's query; the page is called a sheet there, since gradio keeps "page" to itself.

    >>> from_link({"layer": "bn2", "sheet": "3"}).page
    3
    """
    return read({**parameters, "page": parameters.get("sheet")})


def _known(value: Any, known: tuple[str, ...]) -> str:
    return value if value in known else known[0]


def _count(value: Any) -> int | None:
    """JSON has numbers, a link their digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(MOST)):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST else None
