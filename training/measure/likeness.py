"""Which pictures are like which, by what a network sees in them: those that are like none, and those that are much alike."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

K = 16  # neighbours: more than a picture's few copies, or the few others of its kind, which would vouch for it
# Of the distance to the 16th neighbour: two pictures that are nearer to each other are of one photo or one session. That held for
# nearly all such pairs of flowers, and of cats and dogs.
MUCH_NEARER = 0.4
FARTHEST = 0.02  # of all pictures: of 30 cats and dogs put among 2,953 flowers, or the reverse, 29 or 30 were among them
_BLOCK = 1024


@dataclass(frozen=True)
class Likeness:
    """What embeddings say of pictures."""

    outliers: list[int]  # numbers of those that are the least like others, the strangest first
    alike: list[tuple[int, int]]  # pairs that are much alike


def likeness(embeddings: NDArray[np.float32]) -> Likeness:
    """Compare N pictures with each other, by embeddings (N, D), each of length 1.

    Two are much alike if they are far nearer to each other than either is to its 16th nearest picture (1 - cosine). The 2 % whose
    16th nearest is farthest are the least like others (Sun et al. 2022, "Out-of-Distribution Detection with Deep Nearest
    Neighbors", among the pictures themselves).
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
    outliers = np.argsort(-distances, kind="stable")[: math.ceil(FARTHEST * len(distances))]
    return Likeness(outliers.tolist(), [(int(a), int(b)) for a, b in chosen if a < b])
