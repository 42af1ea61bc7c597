"""Which pictures are like which, by what a network sees in them: those that are like none, and those that are much alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

K = 8  # neighbours: more than a picture's few copies, which would vouch for it
# Of the distance to the 8th neighbour: two pictures that are nearer to each other are of one photo or one session. That held for
# nearly all such pairs of flowers, and of cats and dogs; where all pictures look much the same, there are none.
MUCH_NEARER = 0.4
OUTLIER = 4.0  # deviations
_BLOCK = 1024


@dataclass(frozen=True)
class Likeness:
    """What embeddings say of pictures."""

    outliers: list[int]  # numbers of those that are like none, the strangest first
    alike: list[tuple[int, int]]  # pairs that are much alike


def likeness(embeddings: NDArray[np.float32]) -> Likeness:
    """Compare N pictures with each other, by embeddings (N, D), each of length 1.

    Two are much alike if they are far nearer to each other than either is to its 8th nearest picture (1 - cosine). One is like
    none if its 8th nearest is so far (Sun et al. 2022, "Out-of-Distribution Detection with Deep Nearest Neighbors", among the
    pictures themselves) as lies 4 deviations from the median, these being estimated from the median absolute deviation.
    """
    k = min(K, len(embeddings) - 1)
    blocks: list[NDArray[np.float32]] = []
    pairs: list[NDArray[np.int64]] = []
    near: list[NDArray[np.float32]] = []
    for start in range(0, len(embeddings), _BLOCK):
        apart = 1 - embeddings[start : start + _BLOCK] @ embeddings.T  # (B, N)
        own = np.arange(len(apart))
        apart[own, start + own] = np.inf
        blocks.append(np.partition(apart, k - 1, axis=1)[:, k - 1])
        found = np.argwhere(apart < MUCH_NEARER * blocks[-1][:, None])
        near.append(apart[found[:, 0], found[:, 1]])
        pairs.append(found + np.array([start, 0]))
    distances, candidates = np.concatenate(blocks), np.concatenate(pairs)
    chosen = candidates[np.concatenate(near) < MUCH_NEARER * distances[candidates[:, 1]]]
    return Likeness(_far(distances), [(int(a), int(b)) for a, b in chosen if a < b])


def _far(distances: NDArray[np.float32]) -> list[int]:
    """Numbers of the distances (N,) that lie far above the median, the largest first."""
    above = distances - np.median(distances)
    spread = 1.4826 * np.median(np.abs(above))  # the factor makes it a normal distribution's standard deviation
    return [int(number) for number in np.argsort(-above, kind="stable") if above[number] > OUTLIER * spread]
