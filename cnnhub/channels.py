"""What the channels of one layer show of a picture: in which order they are worth looking at, how much they answer at a place,
which are silent, how their values are spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnhub.errors import ArgumentError
from cnnhub.lazy import Lazy

if TYPE_CHECKING:
    import torch
else:
    torch = Lazy("torch")

_COLOURS = 256  # of render's maps
_SMOOTHED, _SMALLEST = 3, 7  # the side of the mean's window; maps with a shorter side are taken as they are
_AROUND, _LEAST_AROUND = 1 / 40, 0.6  # the Gaussian's sigma around a place: a share of the map's shorter side, and in units
_QUIET = 0.1  # of the layer's mean deviation: what the deviation of a channel that hardly answers is raised by


def varied_first(maps: torch.Tensor) -> list[int]:
    """Channel numbers of maps (C, H, W), those first that answer most unlike to different parts of the picture.

    The measure is the standard deviation, over the places of a map, of the mean of each 3 x 3 values: a map that is large
    everywhere says nothing about the picture, and speckle averages out. The outermost values are left out, since padding makes
    frames that are in no picture.

    >>> checkers = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(4, 4)
    >>> half = torch.cat([torch.ones(8, 4), torch.zeros(8, 4)], dim=1)
    >>> varied_first(torch.stack([torch.full((8, 8), 9.0), checkers, half]))
    [2, 1, 0]
    """
    if min(maps.shape[1:]) >= _SMALLEST:
        maps = torch.nn.functional.avg_pool2d(maps[None, :, 1:-1, 1:-1], _SMOOTHED, stride=1)[0]
    return torch.argsort(maps.flatten(1).std(1, correction=0), descending=True, stable=True).tolist()


def answers_at(maps: torch.Tensor, places: Sequence[tuple[float, float]]) -> torch.Tensor:
    """How much more each channel of maps (C, H, W) answers at some places of the picture than over all of it -> (C,).

    The measure is how far the channel's mean around a place, weighed by a Gaussian, lies above its mean over the map, in the
    map's standard deviations; of several places, the mean. A channel that is strong everywhere thus comes to zero. Where the
    layer has values below zero, the distance of each value from its channel's mean takes the value's place. A tenth of the
    layer's mean deviation is added to each, so that faint traces of channels that hardly answer do not come first.

    Args:
        places: (row, column) each, in units and fractions of them; (0, 0) is the middle of the first.

    Raises:
        ArgumentError: no places.

    >>> maps = torch.zeros(3, 9, 9)
    >>> maps[0] = 5.0  # strong everywhere
    >>> maps[1, 2, 6] = maps[2, 6, 2] = 1.0
    >>> answers_at(maps, [(2, 6)]).argsort(descending=True).tolist()
    [1, 0, 2]
    """
    if not places:
        raise ArgumentError("places=[] arrived; give at least one (row, column).")
    mean = maps.mean(dim=(1, 2), keepdim=True)
    answers = (maps - mean).abs() if (maps < 0).any() else maps
    spread = answers.std(dim=(1, 2), correction=0)
    weights = torch.stack([_around(place, maps) for place in places]).mean(0)
    above = (answers * weights).sum(dim=(1, 2)) - answers.mean(dim=(1, 2))
    return above / (spread + _QUIET * spread.mean()).clamp_min(torch.finfo(maps.dtype).tiny)


def _around(place: tuple[float, float], maps: torch.Tensor) -> torch.Tensor:
    """A Gaussian around a place of maps (C, H, W), the sum of its values one -> (H, W)."""
    height, width = maps.shape[1:]
    sigma = max(_LEAST_AROUND, _AROUND * min(height, width))
    row, column = (min(max(at, 0.0), side - 1.0) for at, side in zip(place, (height, width), strict=True))
    down, across = (
        torch.exp(-(((torch.arange(side, dtype=maps.dtype) - at) / sigma) ** 2) / 2)
        for side, at in ((height, row), (width, column))
    )
    return torch.outer(down / down.sum(), across / across.sum())


def that_fit(order: list[int], maps: torch.Tensor, most: int, values: int) -> list[int]:
    """The first channels of an order of maps (C, H, W): at most so many, and no more than hold that many values together.

    >>> order, maps = list(range(9)), torch.ones(9, 2, 2)
    >>> that_fit(order, maps, most=5, values=12), that_fit(order, maps, most=5, values=3)
    ([0, 1, 2], [0])
    """
    height, width = maps.shape[1:]
    return order[: min(most, max(1, values // (height * width)))]


def silent(maps: torch.Tensor, limit: float) -> list[bool]:
    """Which of the maps (C, H, W) would be drawn in the colour of zero all over, where `limit` has the last colour.

    >>> silent(torch.tensor([[[0.0]], [[0.001]], [[1.0]]]), limit=1.0)
    [True, True, False]
    """
    return (maps.abs().amax(dim=(1, 2)) * 2 * (_COLOURS - 1) < limit).tolist() if limit else [True] * len(maps)


@dataclass(frozen=True)
class Spread:
    """How the values of one map are spread.

    Attributes:
        least, mean, largest: of its values.
        zeros, below: shares of the values that are zero, and below it.
        counts: how many values lie in each of equally wide bins from least to largest.

    >>> Spread.of(torch.tensor([[0.0, 0.0, 3.0, -1.0]]), bins=2)
    Spread(least=-1.0, mean=0.5, largest=3.0, zeros=0.5, below=0.25, counts=(3, 1))
    """

    least: float
    mean: float
    largest: float
    zeros: float
    below: float
    counts: tuple[int, ...]

    @classmethod
    def of(cls, values: torch.Tensor, bins: int = 24) -> Spread:
        """Of a map (H, W).

        >>> Spread.of(torch.zeros(2, 2), bins=2).counts  # all alike: in the middle of a bin as wide as that of 0 to 1
        (0, 4)
        """
        least, largest = values.min().item(), values.max().item()
        ends = (least, largest) if least < largest else (least - 0.5, largest + 0.5)
        counts = torch.histc(values.flatten().float(), bins, *ends)
        share = values.numel()
        return cls(
            least,
            values.mean().item(),
            largest,
            int((values == 0).sum()) / share,
            int((values < 0).sum()) / share,
            tuple(int(count) for count in counts),
        )
