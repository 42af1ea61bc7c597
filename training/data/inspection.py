"""Look at a dataset before training on it: what it holds, what is broken, what lies in it twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from cnnhub.images import open_image
from training.data.hygiene import duplicates
from training.data.pixels import derive, seeded, training_augmentation
from training.data.sheets import Cell, Section, contact_sheet
from training.data.sources import SPLITS, DataError, MissingSplitError, Source
from training.data.splits import Pictures, load_split
from training.data.writable import check_writable
from training.fit.recipe import Recipe

_EXAMPLES, _GROUPS, _VERSIONS = 8, 24, 7


def inspect(source: Source | Path, sheet: Path, augment: Recipe | None = None) -> dict[str, Any]:
    """Read every split of a dataset, look for copies, and write a contact sheet.

    Args:
        augment: show what this recipe's augmentation makes of a few training pictures too.

    Returns:
        splits (split -> {pictures, labels: label -> pictures, unreadable: reasons}), copies (groups of one picture that lies
        there more than once, each [{split, name, label}]), leaks (those in more than one split), conflicts (those with more
        than one label), labels_differ (whether the splits do not have the same labels), contact_sheet (its path).

    Raises:
        DataError: no split can be read.
        OutputError: the sheet cannot be written where it shall be.
    """
    check_writable(sheet.parent)
    splits = _splits(source)
    where = [(split, n) for split, pictures in splits.items() for n in range(len(pictures))]
    prints = [each for pictures in splits.values() for each in pictures.prints]
    groups = [[where[n] for n in group] for group in duplicates(prints)]

    def told(member: tuple[str, int]) -> dict[str, str]:
        split, n = member
        return {"split": split, "name": splits[split].name(n), "label": _label(splits[split], n)}

    copies = [[told(member) for member in group] for group in groups]
    result = {
        "data": str(source),
        "splits": {
            split: {
                "pictures": len(pictures),
                "labels": {label: pictures.targets.count(n) for n, label in enumerate(pictures.labels)},
                "median_size": [int(side) for side in np.median([each.size for each in pictures.prints], axis=0)],
                "unreadable": pictures.unreadable,
            }
            for split, pictures in splits.items()
        },
        "copies": copies,
        "leaks": [group for group in copies if len({member["split"] for member in group}) > 1],
        "conflicts": [group for group in copies if len({member["label"] for member in group}) > 1],
        "labels_differ": len({tuple(pictures.labels) for pictures in splits.values()}) > 1,
        "contact_sheet": str(sheet),
    }
    contact_sheet(
        sheet, f"{source}", [*_copies(splits, groups), *_examples(splits), *_augmented(splits, augment)], _notes(result)
    )
    return result


def report(result: dict[str, Any]) -> Iterator[RenderableType]:
    """The result of `inspect`, for rich's console."""
    splits = result["splits"]
    table = Table("label", *(f"{split} ({about['pictures']:,})" for split, about in splits.items()), title=escape(result["data"]))
    for label in dict.fromkeys(label for about in splits.values() for label in about["labels"]):
        shares = [(about["labels"].get(label, 0), about["pictures"]) for about in splits.values()]
        table.add_row(escape(label), *(f"{count:,} ({count / max(1, total):.1%})" for count, total in shares))
    yield table
    for note in _notes(result):
        yield escape(note)
    for split, about in splits.items():
        for problem in about["unreadable"]:
            yield f"[yellow]cannot be read ({split}):[/] {escape(problem)}"
    for group in result["leaks"][:20]:
        yield f"[red]in two splits:[/] {escape(_line(group))}"
    for group in result["conflicts"][:20]:
        yield f"[red]two labels:[/] {escape(_line(group))}"
    yield f"Look at the pictures: {escape(result['contact_sheet'])}"


def _splits(source: Source | Path) -> dict[str, Pictures]:
    splits, problem = {}, None
    for split in SPLITS:
        try:
            splits[split] = load_split(source, split)
        except MissingSplitError as error:
            problem = error
    if not splits:
        raise problem or DataError(f"{source} holds no pictures.")
    return {split: pictures for split, pictures in splits.items() if len(pictures)}


def _notes(result: dict[str, Any]) -> list[str]:
    splits = result["splits"]
    counts = Counter[str]()
    for about in splits.values():
        counts.update(about["labels"])
    most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
    ratio = f"{counts[most] / counts[least]:.1f} times " if counts[least] else ""
    balance = f"the commonest label, {most}, has {counts[most]:,} pictures, {ratio}the {counts[least]:,} of {least}."
    if counts[most] == counts[least]:
        balance = f"every label has {counts[most]:,} pictures."
    sizes = ", ".join(f"{split} {w} x {h}" for split, (w, h) in ((s, about["median_size"]) for s, about in splits.items()))
    notes = [
        f"Balance: {balance}",
        f"Median size, pixels: {sizes}.",
        f"Cannot be read: {sum(len(about['unreadable']) for about in splits.values()):,}.",
        f"Copies (equal bytes, or difference hashes at most 16 of 256 bits apart): {len(result['copies']):,} groups; "
        f"{len(result['leaks']):,} of them in more than one split, {len(result['conflicts']):,} with more than one label.",
    ]
    return notes + (["The splits do not have the same labels."] if result["labels_differ"] else [])


def _line(group: list[dict[str, str]]) -> str:
    return " = ".join(f"{member['name']} ({member['split']}, {member['label']})" for member in group)


def _label(pictures: Pictures, n: int) -> str:
    return pictures.labels[pictures.targets[n]]


def _copies(splits: dict[str, Pictures], groups: list[list[tuple[str, int]]]) -> list[Section]:
    def worst_first(group: list[tuple[str, int]]) -> tuple[int, int]:
        return -len({split for split, _ in group}), -len({_label(splits[split], n) for split, n in group})

    sections = []
    for number, group in enumerate(sorted(groups, key=worst_first)[:_GROUPS], 1):
        cells = [_cell(splits[split], n, f"{split}, {_label(splits[split], n)}") for split, n in group[:_EXAMPLES]]
        sections.append(Section(f"One picture, {len(group)} times (group {number} of {len(groups)})", cells))
    return sections


def _examples(splits: dict[str, Pictures]) -> list[Section]:
    sections = []
    for split, pictures in splits.items():
        order = np.random.default_rng(0).permutation(len(pictures)).tolist()
        for target, label in enumerate(pictures.labels):
            chosen = [n for n in order if pictures.targets[n] == target][:_EXAMPLES]
            sections.append(Section(f"{split}: {label}", [_cell(pictures, n, label) for n in chosen]))
    return sections


def _augmented(splits: dict[str, Pictures], recipe: Recipe | None) -> list[Section]:
    if recipe is None or "train" not in splits:
        return []
    train = splits["train"]
    augmentation = training_augmentation(recipe)
    sections = []
    for n in np.random.default_rng(1).permutation(len(train))[:4].tolist():
        image = open_image(train.source(n))
        cells = [Cell(image, "as it is", train.name(n))]
        for version in range(_VERSIONS):
            with seeded(derive(recipe.seed, n, version)):
                augmented: Image.Image = augmentation(image)
            cells.append(Cell(augmented, f"version {version + 1}"))
        sections.append(Section(f"Augmentation of one {_label(train, n)}", cells))
    return sections


def _cell(pictures: Pictures, n: int, caption: str) -> Cell:
    return Cell(open_image(pictures.source(n)), caption, pictures.name(n))
