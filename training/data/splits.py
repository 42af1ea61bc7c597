"""The splits of a dataset: train, validation and test, each picture in one of them, whatever its file is called."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import datasets

from training.data import cutting, decisions
from training.data.decisions import DROP, Decision, Review
from training.data.hygiene import Print, content, duplicates, examine_all
from training.data.layout import FORMS, SPLITS, WHOLE, DataError
from training.data.sources import MissingSplitError, Source, columns, stored

MOST_UNREADABLE = 0.10


class Pictures:
    """One split: encoded pictures and class numbers.

    Attributes:
        labels: label names, in the order of the class numbers.
        unreadable: pictures left out, each with the reason.
        notes: what else was left out of the dataset, and how its layout was understood.
        lent: which pictures lie in another split than their hash says, a sentence for each label and split.
        prints: what is needed to find copies; empty where the pictures were not checked.
        decided: what a review said of these pictures, those that it dropped too; empty where none was applied.
        as_found: the fingerprint before a review was applied; None where none was.
    """

    def __init__(
        self, rows: datasets.Dataset, check: bool = True, notes: Sequence[str] = (), most_unreadable: float = MOST_UNREADABLE
    ) -> None:
        self.labels: list[str] = rows.features["label"].names
        self._rows = rows
        self.targets: list[int] = list(rows["label"])
        self.notes = list(notes)
        self.lent: list[str] = []
        self.unreadable: list[str] = []
        self.prints: list[Print] = []
        self.decided: list[Decision] = []
        self.as_found: str | None = None
        if check:
            self._leave_out_unreadable(most_unreadable)

    def __len__(self) -> int:
        return len(self.targets)

    def source(self, index: int) -> str | bytes:
        """A picture as a path, or as encoded bytes where it lies in a parquet file: none where there is null."""
        image = self._rows[index]["image"] or {"bytes": b"", "path": None}
        encoded: str | bytes = image["bytes"] or image["path"] or b""
        return encoded

    def name(self, index: int) -> str:
        """A picture's name, for a reader."""
        row = self._rows[index]
        path = row["image"] and row["image"]["path"]
        return "/".join(Path(path).parts[-3:]) if path else f"row {row['number']}"

    def label(self, index: int) -> str:
        return self.labels[self.targets[index]]

    @cached_property
    def fingerprint(self) -> str:
        """What the split holds, whatever its files are called: SHA-256 over the sorted hashes and labels of its pictures."""
        labelled = sorted(f"{digest} {self.labels[target]}" for digest, target in zip(self.digests, self.targets, strict=True))
        return hashlib.sha256("\n".join(labelled).encode()).hexdigest()

    @cached_property
    def digests(self) -> list[str]:
        """The SHA-256 of each picture's encoded bytes."""
        known = [each.digest for each in self.prints]
        return known or [hashlib.sha256(content(self.source(index))).hexdigest() for index in range(len(self))]

    def take(self, indices: Sequence[int], more: Pictures | None = None, others: Sequence[int] = ()) -> Pictures:
        """These pictures, and these others of `more`; nothing is read again."""
        rows, targets = self._rows.select(indices), [self.targets[index] for index in indices]
        prints = [self.prints[index] for index in indices] if self.prints else []
        if more is not None:
            rows = datasets.concatenate_datasets([rows, more._rows.select(others)])
            targets += [more.targets[index] for index in others]
            prints += [more.prints[index] for index in others]
        taken = Pictures(rows, check=False, notes=self.notes)
        taken.unreadable, taken.targets, taken.prints, taken.lent = self.unreadable, targets, prints, self.lent
        taken.decided, taken.as_found = self.decided, self.as_found
        return taken

    def reviewed(self, review: Review, split: str) -> Pictures:
        """The pictures with the labels that a review gave them, without those that it dropped; a note says how many.

        Raises:
            DataError: it gives a label that they do not have.
        """
        decisions.check_labels(review, self.labels)
        found = [review.decisions.get(digest) for digest in self.digests]
        taken = self.take([index for index, each in enumerate(found) if not each or each.decision != DROP])
        taken.targets = [
            self.labels.index(each.new_label) if each and each.new_label else target
            for each, target in zip(found, self.targets, strict=True)
            if not each or each.decision != DROP
        ]
        taken.decided, taken.as_found = [each for each in found if each], self.fingerprint
        taken.notes = [*self.notes, f"{review.file}, {split}: {decisions.in_words(taken.decided)}."]
        return taken

    def _leave_out_unreadable(self, most: float) -> None:
        outcomes = examine_all(self.source, self.name, len(self))
        readable = [index for index, outcome in enumerate(outcomes) if isinstance(outcome, Print)]
        self.unreadable = [outcome for outcome in outcomes if isinstance(outcome, str)]
        if len(self.unreadable) > most * len(self):
            raise DataError(
                f"{len(self.unreadable)} of {len(self)} pictures cannot be read, the first: {self.unreadable[0]} "
                f"At most {most:.0%} are skipped. See them all with: python -m training inspect --data DIR"
            )
        self.prints = [outcome for outcome in outcomes if isinstance(outcome, Print)]
        self._rows = self._rows.select(readable)
        self.targets = [self.targets[index] for index in readable]


def load_split(source: Source | Path, split: str, check: bool = True, most_unreadable: float = MOST_UNREADABLE) -> Pictures:
    """Read one split; the files of splits that are stored apart are not opened.

    A set without splits is cut by what its pictures hold, 75 % train, 15 % validation, 10 % test, so that a picture is on the
    same side whatever else is added or removed; one with train and test alone gives a sixth of train to validation. A label
    that a split would lack lends it the pictures whose hashes come nearest, and `Pictures.lent` names them.

    Args:
        source: a Path is a folder `DIR/SPLIT/LABEL/*.jpg` or `DIR/LABEL/*.jpg`, parquet files `DIR/SPLIT*.parquet`, what
            `datasets` saved to disk, or an archive of such. Its review is applied to train and validation, never to test.
        check: decode every picture once and leave out those that cannot be read.
        most_unreadable: the share of them beyond which the split is refused.

    Raises:
        MissingSplitError: there is no such split.
        DataError: nothing can be read there, or its review is none.
    """
    source = Source(str(source)) if isinstance(source, Path) else source
    if split not in SPLITS:
        raise DataError(f"The split is {split!r}; expected one of {', '.join(SPLITS)}.")
    if source.review is None or split == "test":
        return _as_found(source, split, check, most_unreadable)
    review = decisions.read(source.review)
    return _as_found(source, split, check, most_unreadable).reviewed(review, split)


def load_training(source: Source | Path, fix_leaks: bool = False) -> tuple[Pictures, Pictures]:
    """The train and validation splits, no picture of one in the other.

    Args:
        fix_leaks: move validation pictures that have a copy in train to train, where otherwise they are refused.

    Raises:
        DataError: as `load_both` does, or a picture lies in both.
    """
    train, validation = load_both(source)
    return _without_leaks(train, validation, fix_leaks)


def load_both(source: Source | Path) -> tuple[Pictures, Pictures]:
    """The train and validation splits, with the same labels.

    Raises:
        DataError: a split is missing, there are fewer than two labels, one has no picture, the splits have different ones, or
            most pictures of the review lie in neither.
    """
    train, validation = load_split(source, "train"), load_split(source, "validation")
    if isinstance(source, Source) and source.review:
        found = {each.sha256 for pictures in (train, validation) for each in pictures.decided}
        decisions.check_found(decisions.read(source.review), len(found))
    if len(train.labels) < 2:
        raise DataError(f"train has the labels {train.labels}; expected two or more folders of pictures.")
    for pictures, split in ((train, "train"), (validation, "validation")):
        empty = sorted(set(range(len(pictures.labels))) - set(pictures.targets))
        if empty:
            known = " ".join([*pictures.notes[:5], *pictures.unreadable[:1]])
            raise DataError(
                f"{split}/{pictures.labels[empty[0]]} holds no picture. Add some (two or more where one folder a label is cut "
                f"into splits), or remove the label. {known}".strip()
            )
    if train.labels != validation.labels:
        lacking = [
            f"{label!r} is in {a} but not in {b}"
            for a, b, labels in (
                ("train", "validation", set(train.labels) - set(validation.labels)),
                ("validation", "train", set(validation.labels) - set(train.labels)),
            )
            for label in sorted(labels)
        ]
        raise DataError(
            f"train and validation must have the same labels: {'; '.join(lacking[:5]) or 'their order differs'}. "
            "Add pictures of them, or remove the label."
        )
    return train, validation


def leaks_between(first: Pictures, second: Pictures) -> list[tuple[list[int], list[int]]]:
    """Groups of copies that lie in both splits: (positions in `first`, positions in `second`)."""
    groups = duplicates([*first.prints, *second.prints])
    sides = [([n for n in group if n < len(first)], [n - len(first) for n in group if n >= len(first)]) for group in groups]
    return [(a, b) for a, b in sides if a and b]


def _without_leaks(train: Pictures, validation: Pictures, fix: bool) -> tuple[Pictures, Pictures]:
    leaks = leaks_between(train, validation)
    if not leaks:
        return train, validation
    moved = sorted({n for _, theirs in leaks for n in theirs})
    if not fix:
        a, b = leaks[0]
        raise DataError(
            f"{len(moved)} validation pictures have a copy in train, such as {validation.name(b[0])} = {train.name(a[0])}, so "
            "validation would praise what was learned by heart. Add --fix-leaks to train on them instead, or see them all "
            "with: python -m training inspect --data DIR"
        )
    kept = sorted(set(range(len(validation))) - set(moved))
    if len({validation.targets[n] for n in kept}) < len(validation.labels):
        raise DataError("Without its copies of training pictures validation would lose a label. Add validation pictures.")
    return train.take(range(len(train)), validation, moved), validation.take(kept)


def _as_found(source: Source, split: str, check: bool, most_unreadable: float) -> Pictures:
    """One split as it is stored, whatever a review says of it."""
    datasets.disable_progress_bars()
    found = stored(source)
    splits = found.splits
    if split in splits and (split != "train" or "validation" in splits):
        rows, notes = columns(splits[split](), source)
        return Pictures(rows, check, [*found.notes, *notes], most_unreadable)
    whole = splits.get(WHOLE) or splits.get("train")
    if whole is None:
        raise MissingSplitError(f"{source} holds no split {split!r}, only {', '.join(splits)}. {FORMS}")
    if split == "test" and "validation" in splits:
        raise MissingSplitError(f"{source} holds no split 'test', only {', '.join(splits)}; none of those was kept unseen.")
    rows, notes = columns(whole(), source)
    pictures = Pictures(rows, check=False)
    sides, lent = cutting.cut([content(pictures.source(n)) for n in range(len(pictures))], pictures.targets, "test" in splits)
    mine = Pictures(
        rows.select([n for n, side in enumerate(sides) if side == split]), check, [*found.notes, *notes], most_unreadable
    )
    mine.lent = [
        f"No {pictures.labels[each.target]!r} fell to {each.split} by its hash, so it was lent "
        f"{', '.join(pictures.name(n) for n in each.pictures)}."
        for each in lent
    ]
    mine.notes += mine.lent
    return mine
