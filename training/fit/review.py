"""Look at pictures before training on them: likely wrong labels, pictures that are like none, copies. What is thought of a
picture comes from a head on frozen backbones that did not learn from it. Test is never opened."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cnnhub.errors import OutputError
from training.data import decisions, desk
from training.data.decisions import DROP, RELABEL, Decision
from training.data.desk import Listed, Section
from training.data.hygiene import duplicates
from training.data.sources import Source
from training.data.splits import Pictures, load_both
from training.data.words import counted
from training.data.writable import check_writable
from training.fit.folds import embeddings, out_of_fold
from training.measure.likeness import likeness
from training.measure.review import count_wrong, in_words, is_at_chance, likely_wrong

PAGE, FILE = "review.html", "review.csv"
MOST = 500  # of each kind that are listed: who has decided so many runs it again on what is left


@dataclass(frozen=True)
class Reviewed:
    """What a review found, and where it stands."""

    pictures: int
    count: int | None  # how many labels are likely wrong; None where the heads answer no better than chance
    wrong: list[Listed]  # the pictures to look at for it
    unlike: list[Listed]  # pictures that are like none of the others
    alike: list[list[Listed]]  # groups of copies, or of pictures so much alike that they may be copies
    page: Path
    file: Path | None  # what was proposed, as decisions

    def as_json(self) -> dict[str, Any]:
        """As `review --json` prints it."""
        return {
            "pictures": self.pictures,
            "likely_wrong": self.count,
            "wrong": [vars(each.proposed or each.given) for each in self.wrong],
            "unlike": [vars(each.proposed or each.given) for each in self.unlike],
            "alike": [[vars(each.proposed or each.given) for each in group] for group in self.alike],
            "page": str(self.page),
            "file": str(self.file) if self.file else None,
        }


@dataclass(frozen=True)
class Planted:
    """How many of the wrong labels that were put in the list finds."""

    pictures: int
    planted: int
    listed: int  # how long the list is
    found: int  # how many of the planted stand in it

    @property
    def recall(self) -> float:
        return self.found / self.planted

    @property
    def precision(self) -> float:
        """The share of the list that was planted: less than its share of wrong labels, where the pictures had some before."""
        return self.found / max(1, self.listed)

    def as_json(self) -> dict[str, Any]:
        """As `review --plant --json` prints it."""
        return {**vars(self), "recall": self.recall, "precision": self.precision}


def review(
    source: Source,
    backbones: Sequence[str | Path],
    output: Path,
    folds: int = 5,
    accept: float | None = None,
    seed: int = 0,
) -> Reviewed:
    """Look at train and validation, and write the page on which a person decides.

    Args:
        backbones: built-in names or model folders; what several see stands side by side.
        output: the folder of the page, and of the features, which are kept.
        accept: write what is proposed as a file of decisions too: labels become the answers that have at least this probability,
            pictures that are like none are dropped, and of copies with one label all but the first.

    Raises:
        DataError: the pictures cannot be read, or are too few.
        OutputError: the output cannot be written to, or holds a file of decisions already.
    """
    check_writable(output)
    file = output / FILE if accept is not None else None
    if file and file.exists():
        raise OutputError(f"--output: {file} is there already, and its decisions would be lost. Take another folder.")
    looked = _look(load_both(source), backbones, output)
    probabilities = out_of_fold(looked.features, looked.targets.numpy(), looked.groups, folds, seed)
    wrong, count = _wrong(looked, probabilities, accept or 0.0)
    found = Reviewed(len(looked.targets), count, wrong, _unlike(looked), _alike(looked), output / PAGE, file)
    desk.write(found.page, f"{source}, train and validation", looked.key, looked.labels, _sections(found))
    if file:
        listed = [*wrong, *found.unlike, *(each for group in found.alike for each in group)]
        decisions.write(file, [each.proposed or each.given for each in _once(listed)])
    return found


def plant(source: Source, backbones: Sequence[str | Path], output: Path, share: float, folds: int = 5, seed: int = 0) -> Planted:
    """Give a share of the pictures, drawn with the seed, another label each, and count how many of them the list finds.

    Args:
        output: the folder of the features, which are kept; nothing else is written.

    Raises:
        DataError, OutputError: as `review` does.
    """
    check_writable(output)
    looked = _look(load_both(source), backbones, output)
    random, total = np.random.default_rng(seed), len(looked.targets)
    chosen = random.permutation(total)[: max(1, round(share * total))]
    targets = looked.targets.clone()
    targets[chosen] += torch.from_numpy(random.integers(1, len(looked.labels), len(chosen)))
    targets %= len(looked.labels)
    listed = likely_wrong(out_of_fold(looked.features, targets.numpy(), looked.groups, folds, seed), targets)[:MOST]
    return Planted(total, len(chosen), len(listed), len(set(chosen.tolist()) & set(listed)))


@dataclass(frozen=True)
class _Looked:
    """N pictures, train's first, and what backbones see in them."""

    splits: tuple[Pictures, Pictures]
    features: Any  # (N, D) float32, of length 1
    copies: list[list[int]]  # groups that are copies by their hashes
    alike: list[tuple[int, int]]  # pairs that are much alike
    outliers: list[int]  # those that are like none, the strangest first

    @property
    def labels(self) -> list[str]:
        return self.splits[0].labels

    @property
    def targets(self) -> torch.Tensor:
        """The given labels' class numbers (N,)."""
        return torch.tensor([target for pictures in self.splits for target in pictures.targets])

    @property
    def key(self) -> str:
        """Of the set of pictures and their labels."""
        return hashlib.sha256(" ".join(pictures.fingerprint for pictures in self.splits).encode()).hexdigest()

    @property
    def groups(self) -> Any:
        """A number for each picture (N,), the same for copies and pictures much alike: none may vouch for another."""
        return _connected([*(pair for group in self.copies for pair in pairwise(group)), *self.alike], len(self.features))

    def listed(self, number: int, line: str, decision: str = "", new_label: str = "") -> Listed:
        """One picture, what is said of it, and what is proposed."""
        train, validation = self.splits
        pictures, own = (train, number) if number < len(train) else (validation, number - len(train))
        given = Decision(pictures.digests[own], pictures.name(own), pictures.label(own))
        proposed = replace(given, decision=decision, new_label=new_label) if decision else None
        where = "train" if pictures is train else "validation"
        return Listed(pictures.source(own), given, f"{where}; {line}", proposed)


def _look(splits: tuple[Pictures, Pictures], backbones: Sequence[str | Path], cache: Path) -> _Looked:
    features = embeddings(backbones, splits, cache)
    copies = duplicates([each for pictures in splits for each in pictures.prints])
    found = likeness(features)
    return _Looked(splits, features, copies, found.alike, found.outliers)


def _wrong(looked: _Looked, probabilities: torch.Tensor, at_least: float) -> tuple[list[Listed], int | None]:
    """The pictures whose label is likely wrong, and how many labels are; answers of `at_least` are proposed."""
    targets, listed = looked.targets, []
    if is_at_chance(probabilities, targets):
        return [], None
    for number in likely_wrong(probabilities, targets)[:MOST]:
        answer = int(probabilities[number].argmax())
        share, label = float(probabilities[number, answer]), looked.labels[answer]
        line = f"answer: {label} {share:.0%}, as given {float(probabilities[number, targets[number]]):.0%}"
        listed.append(looked.listed(number, line, RELABEL, label) if share >= at_least else looked.listed(number, line))
    return _once(listed), count_wrong(probabilities, targets)


def _unlike(looked: _Looked) -> list[Listed]:
    return _once([looked.listed(number, "like none of the others", DROP) for number in looked.outliers[:MOST]])


def _alike(looked: _Looked) -> list[list[Listed]]:
    """Copies by their hashes come first; of those with one label all but the first can be dropped."""
    spare: set[int] = set()
    for group in looked.copies:
        first, *others = (looked.listed(number, "").given for number in group)
        if {each.label for each in others} == {first.label}:  # else which label is right comes first
            spare |= {number for number, each in zip(group[1:], others, strict=True) if each.sha256 != first.sha256}
    hashed = {number for group in looked.copies for number in group}
    names = looked.groups
    repeated = [name for name, count in enumerate(np.bincount(names)) if count > 1]
    groups = sorted((np.flatnonzero(names == name).tolist() for name in repeated), key=hashed.isdisjoint)
    return [
        [
            looked.listed(number, "a copy" if number in hashed else "much alike", DROP if number in spare else "")
            for number in group
        ]
        for group in groups[:MOST]
    ]


def _once(listed: Iterable[Listed]) -> list[Listed]:
    """Without further pictures of the same bytes: what is decided on one holds for all of them."""
    first: dict[str, Listed] = {}
    for each in listed:
        first.setdefault(each.given.sha256, each)
    return list(first.values())


def _connected(pairs: Sequence[tuple[int, int]], count: int) -> Any:
    """A number for each of `count` pictures (N,), the same for those that pairs connect."""
    rows, columns = np.array(pairs, dtype=int).reshape(-1, 2).T
    graph = coo_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(count, count))
    return connected_components(graph, directed=False)[1]


def _sections(found: Reviewed) -> list[Section]:
    """The page's; of what is not there nothing but that no label seems wrong."""
    wrong = Section(
        f"{in_words(found.count)}{f'; the {len(found.wrong)} to look at first' if found.wrong else ''}",
        "A head on a frozen network that did not learn from the picture answers with another label. The least probable given "
        "label comes first; where nothing wrong comes up any more, the rest can be left.",
        [[each] for each in found.wrong],
    )
    unlike = Section(
        f"{counted(len(found.unlike), 'picture')} like none of the others",
        "What the network sees in them lies far from its eighth nearest neighbour, whatever the label. Some show none of the "
        "labels and can be dropped; many are only unusual.",
        [[each] for each in found.unlike],
    )
    alike = Section(
        f"{counted(len(found.alike), 'group')} of copies, or of pictures much alike",
        "One of a group is enough, and none should lie in train and in validation: what was learned by heart, validation would "
        "praise. Pictures with the same bytes are decided on together; of those, finetune --fix-leaks keeps train's.",
        found.alike,
    )
    return [wrong, *(section for section in (unlike, alike) if section.groups)]
