"""Look at a dataset before training on it: what it holds, what is broken, what lies in it twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import RenderableType
from rich.table import Table

from cnnhub.images import open_image
from training.data.hygiene import duplicates
from training.data.layout import SPLITS, DataError
from training.data.pixels import Augmentation, derive, random_part, seeded
from training.data.sheets import Cell, Section, contact_sheet
from training.data.sources import MissingSplitError, Source, WithheldError
from training.data.splits import Pictures, load_split
from training.data.words import counted, escape
from training.data.writable import check_writable

_EXAMPLES, _GROUPS, _VERSIONS = 8, 24, 7
_PROBLEMS = 20  # of a split that are printed one by one


@dataclass(frozen=True)
class Split:
    """What one split holds."""

    pictures: int
    labels: dict[str, int]  # label -> how many pictures it has
    median_size: list[int] | None  # [width, height], pixels; None where no picture can be read
    unreadable: list[str]  # why a picture cannot be read, for each that cannot


@dataclass(frozen=True)
class Copy:
    """A picture that lies in the dataset more than once, at one of its places."""

    split: str
    name: str
    label: str


@dataclass(frozen=True)
class Inspection:
    """What was found in a dataset."""

    data: str
    splits: dict[str, Split]
    copies: list[list[Copy]]  # groups of one picture that lies there more than once
    labels_differ: bool  # whether the splits do not have the same labels
    notes: list[str]  # what was left out, and how the layout was understood
    contact_sheet: str  # the page's path

    @property
    def leaks(self) -> list[list[Copy]]:
        """Copies in more than one split."""
        return [group for group in self.copies if len({each.split for each in group}) > 1]

    @property
    def conflicts(self) -> list[list[Copy]]:
        """Copies with more than one label."""
        return [group for group in self.copies if len({each.label for each in group}) > 1]

    def as_json(self) -> dict[str, Any]:
        """As `inspect --json` prints it."""
        found = asdict(self)
        tail = {key: found.pop(key) for key in ("labels_differ", "notes", "contact_sheet")}
        groups = {"leaks": self.leaks, "conflicts": self.conflicts}
        return {**found, **{key: [[asdict(each) for each in group] for group in groups[key]] for key in groups}, **tail}


def inspect(source: Source | Path, sheet: Path, augmentation: Augmentation | None = None) -> Inspection:
    """Read every split of a dataset, look for copies, and write a contact sheet.

    Args:
        augmentation: show what it makes of a few training pictures too.

    Raises:
        DataError: no split can be read.
        OutputError: the sheet cannot be written where it shall be.
    """
    check_writable(sheet.parent)
    splits, withheld = _splits(source)
    where = [(split, n) for split, pictures in splits.items() for n in range(len(pictures))]
    prints = [each for pictures in splits.values() for each in pictures.prints]
    groups = [[where[n] for n in group] for group in duplicates(prints)]
    found = Inspection(
        data=str(source),
        splits={split: _facts(pictures) for split, pictures in splits.items()},
        copies=[[Copy(split, splits[split].name(n), splits[split].label(n)) for split, n in group] for group in groups],
        labels_differ=len({tuple(pictures.labels) for pictures in splits.values()}) > 1,
        notes=list(dict.fromkeys([*withheld, *(note for pictures in splits.values() for note in pictures.notes)])),
        contact_sheet=str(sheet),
    )
    sections = [*_copies(splits, groups), *_examples(splits)]
    if augmentation and "train" in splits:
        sections += _augmented(splits["train"], augmentation)
    contact_sheet(sheet, f"{source}", sections, _notes(found))
    return found


def report(found: Inspection) -> Iterator[RenderableType]:
    """What was found, for rich's console."""
    splits = found.splits
    table = Table("label", *(f"{name} ({split.pictures:,})" for name, split in splits.items()), title=escape(found.data))
    for label in dict.fromkeys(label for split in splits.values() for label in split.labels):
        shares = [(split.labels.get(label, 0), split.pictures) for split in splits.values()]
        table.add_row(escape(label), *(f"{count:,} ({count / max(1, total):.1%})" for count, total in shares))
    yield table
    for note in _notes(found):
        yield escape(note)
    for name, split in splits.items():
        for problem in split.unreadable[:_PROBLEMS]:
            yield f"[yellow]cannot be read ({name}):[/] {escape(problem)}"
        if len(split.unreadable) > _PROBLEMS:
            yield f"[yellow]cannot be read ({name}):[/] {len(split.unreadable) - _PROBLEMS:,} more; --json names them all"
        for label in (label for label, count in split.labels.items() if not count):
            yield f"[red]no picture ({name}):[/] {escape(label)}"
    for group in found.leaks[:_PROBLEMS]:
        yield f"[red]in two splits:[/] {escape(_line(group))}"
    for group in found.conflicts[:_PROBLEMS]:
        yield f"[red]two labels:[/] {escape(_line(group))}"
    yield f"Look at the pictures: {escape(found.contact_sheet)}"


def _splits(source: Source | Path) -> tuple[dict[str, Pictures], list[str]]:
    """What can be read, however much of it is broken, and what is said of splits without labels."""
    splits, withheld, problem = {}, [], None
    for split in SPLITS:
        try:
            splits[split] = load_split(source, split, most_unreadable=1.0)
        except MissingSplitError as error:
            problem = error
        except WithheldError as error:
            withheld.append(f"{split}: {error}")
    if not splits:
        raise problem or DataError(f"{source} holds no pictures.")
    return {split: pictures for split, pictures in splits.items() if len(pictures) or pictures.unreadable}, withheld


def _facts(pictures: Pictures) -> Split:
    labels = {label: pictures.targets.count(n) for n, label in enumerate(pictures.labels)}
    sizes = [each.size for each in pictures.prints]
    median = [int(side) for side in np.median(sizes, axis=0)] if sizes else None
    return Split(len(pictures), labels, median, pictures.unreadable)


def _notes(found: Inspection) -> list[str]:
    splits = found.splits
    counts = Counter[str]()
    for split in splits.values():
        counts.update(split.labels)
    most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    ratio = f"{counts[most] / counts[least]:.1f} times " if counts[least] else ""
    balance = f"the commonest label, {most}, has {counted(counts[most], 'picture')}, {ratio}the {counts[least]:,} of {least}."
    if counts[most] == counts[least]:
        balance = f"every label has {counted(counts[most], 'picture')}."
    sizes = ", ".join(f"{name} {' x '.join(map(str, split.median_size or ())) or 'none'}" for name, split in splits.items())
    notes = [
        *found.notes,
        f"Balance: {balance}",
        f"Median size, pixels: {sizes}.",
        f"Cannot be read: {sum(len(split.unreadable) for split in splits.values()):,}.",
        "Copies (equal bytes, or difference hashes at most 16 of 256 bits apart, and in small or plain pictures equal greys): "
        f"{counted(len(found.copies), 'group')}; "
        f"{len(found.leaks):,} of them in more than one split, {len(found.conflicts):,} with more than one label.",
    ]
    return notes + (["The splits do not have the same labels."] if found.labels_differ else [])


def _line(group: list[Copy]) -> str:
    return " = ".join(f"{each.name} ({each.split}, {each.label})" for each in group)


def _copies(splits: dict[str, Pictures], groups: list[list[tuple[str, int]]]) -> list[Section]:
    def worst_first(group: list[tuple[str, int]]) -> tuple[int, int]:
        return -len({split for split, _ in group}), -len({splits[split].label(n) for split, n in group})

    return [
        Section(
            f"One picture, {len(group)} times (group {number} of {len(groups)})",
            [_cell(splits[split], n, f"{split}, {splits[split].label(n)}") for split, n in group[:_EXAMPLES]],
        )
        for number, group in enumerate(sorted(groups, key=worst_first)[:_GROUPS], 1)
    ]


def _examples(splits: dict[str, Pictures]) -> list[Section]:
    sections = []
    for split, pictures in splits.items():
        order = np.random.default_rng(0).permutation(len(pictures)).tolist()
        for target, label in enumerate(pictures.labels):
            chosen = [n for n in order if pictures.targets[n] == target][:_EXAMPLES]
            sections.append(Section(f"{split}: {label}", [_cell(pictures, n, label) for n in chosen]))
    return sections


def _augmented(train: Pictures, augmentation: Augmentation) -> list[Section]:
    augment = random_part(augmentation)
    sections = []
    for n in np.random.default_rng(1).permutation(len(train))[:4].tolist():
        image = open_image(train.source(n))
        cells = [Cell(image, "as it is", train.name(n))]
        for version in range(_VERSIONS):
            with seeded(derive(0, n, version)):
                cells.append(Cell(augment(image), f"version {version + 1}"))
        sections.append(Section(f"Augmentation of one {train.label(n)}", cells))
    return sections


def _cell(pictures: Pictures, n: int, caption: str) -> Cell:
    return Cell(open_image(pictures.source(n)), caption, pictures.name(n))
