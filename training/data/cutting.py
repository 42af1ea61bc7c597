"""A set without splits is cut by what each picture holds: whoever cuts it again, under whatever names, gets the same parts."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

SPLIT_SEED = 0
# Where each split lies between 0 and 1, the places that hashes have.
_PARTS = {"train": (0.0, 0.75), "validation": (0.75, 0.9), "test": (0.9, 1.0)}


@dataclass(frozen=True)
class Lent:
    """Pictures of one label that a split got although their hashes say another, since it would have had none."""

    target: int
    split: str
    pictures: list[int]


def cut(pictures: Sequence[bytes], targets: Sequence[int], has_test: bool = False) -> tuple[list[str], list[Lent]]:
    """The split of each picture, and what was lent.

    Each picture's hash decides, so that it stays on its side whatever else is added or removed. A label that a split would
    lack lends it its share (one picture at least), those whose hashes come nearest to the split; copies go together, and no
    split is left without the label for it.

    Args:
        pictures: encoded bytes of N pictures; targets: their class numbers.
        has_test: cut into train and validation alone, as five to one.
    """
    places = [_place(picture, has_test) for picture in pictures]
    sides = [next(split for split, (_, end) in _PARTS.items() if place < end) for place in places]
    splits = [split for split in _PARTS if not (has_test and split == "test")]
    lent = []
    for target in sorted(set(targets)):
        own = [n for n, each in enumerate(targets) if each == target]
        for split in splits:
            if all(sides[n] != split for n in own) and (moved := _nearest(own, places, sides, split)):
                for n in moved:
                    sides[n] = split
                lent.append(Lent(target, split, moved))
    return sides, lent


def _place(picture: bytes, has_test: bool) -> float:
    """From 0 to 1, or to where test would begin."""
    digest = hashlib.sha256(b"split %d " % SPLIT_SEED + picture).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 * (_PARTS["test"][0] if has_test else 1.0)


def _nearest(own: Sequence[int], places: Sequence[float], sides: Sequence[str], split: str) -> list[int]:
    """The pictures of a label, by their numbers, that are nearest to a split, and can be spared where they are."""
    start, end = _PARTS[split]
    copies: dict[float, list[int]] = defaultdict(list)
    for n in own:
        copies[places[n]].append(n)
    left: dict[str, int] = defaultdict(int)  # how many different pictures each split has
    for same in copies.values():
        left[sides[same[0]]] += 1
    share = max(1, int((end - start) * len(copies)))
    moved: list[int] = []
    for place in sorted(copies, key=lambda place: max(start - place, place - end)):
        if share and left[side := sides[copies[place][0]]] > 1:
            left[side] -= 1
            share -= 1
            moved += copies[place]
    return moved
