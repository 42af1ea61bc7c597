"""What the channels of one layer show of a picture: in which order they are worth looking at, which are silent, how their
values are spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnhub.lazy import Lazy

if TYPE_CHECKING:
    import torch
else:
    torch = Lazy("torch")

_COLOURS = 256  # of render's maps
_SMOOTHED, _SMALLEST = 3, 7  # the side of the mean's window; maps with a shorter side are taken as they are


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
