"""Pictures of what a network was never taught, to measure whether it notices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cnnhub.pictures import find
from training.data.layout import DataError
from training.data.sources import Source, columns, table
from training.data.splits import Pictures
from training.measure.calibration import share_above

MOST_PICTURES = 1000


@dataclass(frozen=True)
class Unfamiliar:
    """A set of pictures none of which shows one of the network's labels."""

    name: str
    sources: list[Path | bytes]  # paths or encoded bytes
    groups: list[str | None]  # each picture's label in its own dataset, None where it has none
    notes: list[str] = field(default_factory=list)  # what else lies there and was left out


@dataclass(frozen=True)
class Detection:
    """How many of a set's pictures were noticed."""

    n: int  # how many there are
    rate: float  # the share that was noticed, 0 to 1
    groups: dict[str, Detection] = field(default_factory=dict)  # the same by label, where the set has several

    def as_json(self) -> dict[str, Any]:
        """As it stands in config.json under "detection"."""
        groups = {name: each.as_json() for name, each in self.groups.items()}
        return {"n": self.n, "rate": self.rate, **({"groups": groups} if groups else {})}


def read(path: Path, labels: Sequence[str], seed: int = 0) -> Unfamiliar:
    """Read a set of unfamiliar pictures, at most 1,000 of them, drawn with `seed`.

    Args:
        path: one picture; a folder of pictures, in folders by label or not; a dataset's folder, of which the validation
            split is taken; or a parquet file with the columns image and label.
        labels: the network's own; the set's pictures with one of these labels are left out.

    Raises:
        DataError: nothing of the kind lies there, or no picture is left.
    """
    where = _validation_of(path)
    found = [(source, group) for source, group in _pictures(where) if group not in labels]
    if not found:
        raise DataError(f"{where} holds no picture that shows none of {', '.join(labels)}. Give --ood another set.")
    drawn = np.random.default_rng(seed).permutation(len(found))[:MOST_PICTURES]
    sources, groups = zip(*(found[number] for number in sorted(drawn)), strict=True)
    notes = [f"left out of {_title(where)}: {phrase}." for phrase in find(where).in_words()] if where.is_dir() else []
    return Unfamiliar(_title(where), list(sources), list(groups), notes)


def read_all(paths: Iterable[Path], labels: Sequence[str]) -> list[Unfamiliar]:
    """Read several sets.

    Raises:
        DataError: as for one; or two have the same name, under which they would be reported.
    """
    sets = [read(path, labels) for path in paths]
    names = [each.name for each in sets]
    if len(set(names)) < len(names):
        raise DataError(f"Two sets of --ood have one name: {', '.join(sorted(names))}. Rename a folder or file.")
    return sets


def detection(scores: torch.Tensor, groups: Sequence[str | None], threshold: float) -> Detection:
    """How many of a set's pictures score above the threshold: N scores, the higher the more unfamiliar, and N labels."""
    names = sorted({group for group in groups if group is not None})
    parts = {name: scores[[group == name for group in groups]] for name in names} if len(names) > 1 else {}
    by_group = {name: Detection(len(part), share_above(part, threshold)) for name, part in parts.items()}
    return Detection(len(scores), share_above(scores, threshold), by_group)


def _validation_of(path: Path) -> Path:
    """A dataset's folder -> where its validation split lies: its test split is for measuring its own models."""
    if not path.is_dir():
        return path
    for candidate in (path / "validation", *sorted(path.glob("validation*.parquet"))[:1]):
        if candidate.exists():
            return candidate
    if (path / "test").exists() or any(path.glob("*.parquet")):
        raise DataError(f"{path} holds splits but no validation split. Give --ood one folder or one parquet file of it.")
    return path


def _pictures(path: Path) -> list[tuple[Path | bytes, str | None]]:
    """Every picture with its label."""
    if path.is_dir():
        files = [path / picture for picture in find(path).pictures]
        return [(file, file.parent.name if file.parent != path else None) for file in files]
    if not path.is_file():
        raise DataError(f"--ood {path} arrived; expected a picture, a folder of pictures or a parquet file.")
    return _from_parquet(path) if path.suffix == ".parquet" else [(path, None)]


def _from_parquet(path: Path) -> list[tuple[Path | bytes, str | None]]:
    rows, _ = columns(table([str(path)]), Source(str(path)))
    pictures = Pictures(rows, check=False)
    sources = map(pictures.source, range(len(pictures)))
    return [(Path(source) if isinstance(source, str) else source, pictures.label(n)) for n, source in enumerate(sources)]


def _title(path: Path) -> str:
    """A short name that tells one set from another: "pizza.jpg", "drawings", "flowers/validation", "cifar10/test"."""
    named = path.resolve()
    is_split = path.suffix == ".parquet" or path.name in ("train", "validation", "test")
    return f"{named.parent.name}/{named.stem}" if is_split else named.name
