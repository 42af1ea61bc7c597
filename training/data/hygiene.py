"""What a picture is, so that copies of it are found: its bytes' hash, and a perceptual hash that survives re-encoding.

The hash says little of a small or plain picture: two handwritten ones differ in fewer bits than two versions of a photo. There
the pixels are compared too.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import imagehash
import numpy as np
from rich.console import Console
from rich.progress import track
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cnnhub.errors import ImageError
from cnnhub.images import open_image

BITS = 256
NEAR = 16  # bits in which the hashes of two versions of one picture may differ
_LEAST_STRUCTURE = NEAR // 2  # two hashes with fewer bits set are near each other whatever they show
_SMALL = 64  # pixels, the longer side
_PLAIN = 3 * BITS // 8  # bits set; a photo has about half of them set
_SIDE = 32  # of the greys that are compared
_SAME = 6.0  # root mean square of their differences, of 255: no two of MNIST's 6,742 ones in train come as near as 6.3
_BLOCK = 1024


@dataclass(frozen=True)
class Print:
    """A picture's fingerprints."""

    digest: str  # SHA-256 of the encoded bytes
    size: tuple[int, int]  # (width, height), pixels
    # difference hash (imagehash's dhash, 256 bits, packed); None for a picture too flat to have one that means something
    bits: bytes | None
    greys: bytes | None = None  # (32, 32) of a small or plain picture, where the bits do not suffice


def content(source: str | bytes) -> bytes:
    """The encoded bytes of a picture that is given as a path or as its bytes; none where the system refuses them."""
    try:
        return source if isinstance(source, bytes) else Path(source).read_bytes()
    except OSError:
        return b""


def examine(source: str | bytes, name: str = "") -> Print | str:
    """Decode a picture as cnnhub does -> its prints, or why it cannot be read. The name is said of one given as bytes."""
    try:
        image = open_image(source)
    except ImageError as error:
        return f"{name}: {error}" if isinstance(source, bytes) else str(error)
    data = content(source)
    bits = imagehash.dhash(image, hash_size=16).hash
    structured = _LEAST_STRUCTURE <= bits.sum() <= BITS - _LEAST_STRUCTURE
    is_simple = max(image.size) <= _SMALL or not _PLAIN <= bits.sum() <= BITS - _PLAIN
    return Print(
        hashlib.sha256(data).hexdigest(),
        image.size,
        np.packbits(bits).tobytes() if structured else None,
        image.convert("L").resize((_SIDE, _SIDE)).tobytes() if structured and is_simple else None,
    )


def examine_all(source: Callable[[int], str | bytes], name: Callable[[int], str], count: int) -> list[Print | str]:
    """`examine` for source(0) to source(count - 1), in order, on all cores."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda index: examine(source(index), name(index)), range(count))
        return list(track(results, "checking pictures", total=count, transient=True, console=Console(stderr=True)))


def duplicates(prints: Sequence[Print]) -> list[list[int]]:
    """Groups of two or more positions in `prints` that hold one picture: equal bytes, or hashes at most 16 bits apart and, of
    small or plain pictures, equal greys."""
    return connected([*_equal(prints), *_near(prints)], len(prints))


def connected(pairs: Sequence[tuple[int, int]], count: int) -> list[list[int]]:
    """Groups of two or more of `count` positions that pairs connect, directly or by way of others.

    >>> connected([(0, 3), (3, 4)], count=6)
    [[0, 3, 4]]
    """
    rows, columns = np.array(pairs, dtype=int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(pairs), np.int8), (rows, columns)), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    groups: dict[int, list[int]] = {}
    for position in sorted({*rows.tolist(), *columns.tolist()}):
        groups.setdefault(int(labels[position]), []).append(position)
    return list(groups.values())


def _equal(prints: Sequence[Print]) -> list[tuple[int, int]]:
    first: dict[str, int] = {}
    return [(first[each.digest], n) for n, each in enumerate(prints) if first.setdefault(each.digest, n) != n]


def _near(prints: Sequence[Print]) -> list[tuple[int, int]]:
    positions = np.array([n for n, each in enumerate(prints) if each.bits is not None], dtype=int)
    if len(positions) < 2:
        return []
    packed = np.frombuffer(b"".join(each.bits for each in prints if each.bits is not None), np.uint8).reshape(-1, BITS // 8)
    signs = np.unpackbits(packed, axis=1).astype(np.float32) * 2 - 1  # then a product is BITS - 2 * distance
    pairs: list[tuple[int, int]] = []
    for start in range(0, len(signs), _BLOCK):
        products = signs[start : start + _BLOCK] @ signs[start:].T
        rows, columns = np.nonzero(products >= BITS - 2 * NEAR)
        later = columns > rows
        near = zip(positions[start + rows[later]].tolist(), positions[start + columns[later]].tolist(), strict=True)
        pairs += [(a, b) for a, b in near if _is_same(prints[a].greys, prints[b].greys)]
    return pairs


def _is_same(first: bytes | None, second: bytes | None) -> bool:
    """Whether the greys of two pictures with near hashes are near too; so they are where one is no simple picture."""
    if first is None or second is None:
        return True
    difference = np.frombuffer(first, np.uint8).astype(np.float32) - np.frombuffer(second, np.uint8)
    return float(difference @ difference) <= _SAME**2 * len(difference)
