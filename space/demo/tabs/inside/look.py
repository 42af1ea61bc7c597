"""What a visitor chose to see in the tab "Inside": one small typed object, from the page's JSON or a link."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

ORDERS = ("varied", "spot", "answer", "number")
SCALES = ("layer", "own")
MOST = 100_000  # for numbers of channels and pages; no layer has so many
MOST_SPOTS = 3
_SPOT = re.compile(r"([01](?:\.[0-9]{1,6})?),([01](?:\.[0-9]{1,6})?)")


@dataclass(frozen=True)
class Look:
    """Everything that decides what the tab shows of a photo and a network.

    Attributes:
        layer: its name; None, or one that the network lacks, for its third stage.
        order: of the channels: the most varied first, those that answer most at the spots, those that move the answer most, or by
            number.
        scale: one scale for the whole layer, or each channel its own.
        page: of the channels, from 0; None for the one that holds `channel`.
        channel: the one that is shown large; None for the first of the page.
        spot: the spots that are pinned on the photo, "0.31,0.12;0.6,0.12": from the left and from the top, in shares of its
            sides.
        of: the photo that they lie on, by its id; None for whichever is shown.
    """

    layer: str | None = None
    order: str = ORDERS[0]
    scale: str = SCALES[0]
    page: int | None = None
    channel: int | None = None
    spot: str = ""
    of: str | None = None

    @property
    def spots(self) -> list[tuple[float, float]]:
        """(x, y) each.

        >>> Look(spot="0.31,0.12;0.6,0.12").spots
        [(0.31, 0.12), (0.6, 0.12)]
        """
        return spots_in(self.spot)

    def with_spots(self, spots: list[tuple[float, float]]) -> Look:
        """With these in place of its own; without any, no longer in their order."""
        order = ORDERS[0] if self.order == "spot" and not spots else self.order
        return replace(self, spot=";".join(f"{x:g},{y:g}" for x, y in spots), order=order)


def read(data: object) -> Look:
    """What the page sent -> a look; what is absent, unknown or nonsense has its default.

    >>> read({"layer": "bn2", "channel": "14", "order": "loudest"})
    Look(layer='bn2', order='varied', scale='layer', page=None, channel=14, spot='', of=None)
    >>> read({"spot": "0.3100,0.12;2,2"}).order, read({"spot": "0.3100,0.12;2,2"}).spot
    ('spot', '0.31,0.12')
    """
    given = data if isinstance(data, Mapping) else {}
    layer, of, spots = given.get("layer"), given.get("of"), spots_in(given.get("spot"))
    look = Look(
        layer if isinstance(layer, str) else None,
        _known(given.get("order"), ORDERS, "spot" if spots else ORDERS[0]),
        _known(given.get("scale"), SCALES, SCALES[0]),
        _count(given.get("page")),
        _count(given.get("channel")),
        of=of if isinstance(of, str) else None,
    )
    return look.with_spots(spots)


def from_link(parameters: Mapping[str, str]) -> Look:
    """`read`, of an address's query; the page is called a sheet there, since gradio keeps "page" to itself.

    >>> from_link({"layer": "bn2", "sheet": "3"}).page
    3
    """
    return read({**parameters, "page": parameters.get("sheet")})


def spots_in(text: object) -> list[tuple[float, float]]:
    """The first few spots (x, y) that a text names; what is none is passed over."""
    parts = text[:200].split(";") if isinstance(text, str) else []
    pairs = [tuple(round(float(share), 3) for share in found.groups()) for found in map(_SPOT.fullmatch, parts) if found]
    return [(x, y) for x, y in pairs if x <= 1 and y <= 1][:MOST_SPOTS]


def _known(value: Any, known: tuple[str, ...], usual: str) -> str:
    return value if value in known else usual


def _count(value: Any) -> int | None:
    """JSON has numbers, a link their digits."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(MOST)):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < MOST else None
