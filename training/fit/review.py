"""Look at pictures before training on them: likely wrong labels, pictures that are like none, copies. What is thought of a
picture comes from a head on frozen backbones that did not learn from it. Test is never opened."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cnnhub.errors import OutputError
from training.data import decisions, desk
from training.data.decisions import DROP, RELABEL, Decision
from training.data.desk import Listed, Section
from training.data.hygiene import connected, duplicates
from training.data.sources import Source
from training.data.splits import Pictures, load_both
from training.data.words import counted
from training.data.writable import check_writable
from training.fit.folds import embeddings, out_of_fold
from training.measure.likeness import likeness
from training.measure.review import count_wrong, doubtful, in_words, is_at_chance, likely_wrong

PAGE, FILE = "review.html", "review.csv"
MOST = 500  # of each kind that are listed: who has decided so many runs it again on what is left


@dataclass(frozen=True)
class Reviewed:
    """What a review found, and where it stands."""

    pictures: int
    count: int | None  # how many labels are likely wrong; None where the heads answer no better than chance
    wrong: list[Listed]  # the pictures to look at for it first
    doubtful: list[Listed]  # the others that are answered with another label
    unlike: list[Listed]  # the pictures that are the least like others
    alike: list[list[Listed]]  # groups of copies, or of pictures so much alike that they may be copies
    page: Path
    file: Path | None  # what was proposed, as decisions

    def as_json(self) -> dict[str, Any]:
        """As `review --json` prints it."""
        return {
            "pictures": self.pictures,
            "likely_wrong": self.count,
            **{
                name: [vars(each.proposed or each.given) for each in getattr(self, name)]
                for name in ("wrong", "doubtful", "unlike")
            },
            "alike": [[vars(each.proposed or each.given) for each in group] for group in self.alike],
            "page": str(self.page),
            "file": str(self.file) if self.file else None,
        }


@dataclass(frozen=True)
class Finding:
    """How many of the wrong labels that were put in a list finds."""

    listed: int  # how long the list is
    found: int  # how many of the planted stand in it
    recall: float  # the share of the planted that is found
    precision: float  # the share of the list that was planted: labels that were wrong before do not count


@dataclass(frozen=True)
class Planted:
    """How many wrong labels were put in, and what finds them."""

    pictures: int
    planted: int
    wrong: Finding  # the list of likely wrong labels
    doubtful: Finding  # all that are answered with another label

    def as_json(self) -> dict[str, Any]:
        """As `review --plant --json` prints it."""
        return asdict(self)


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
            pictures that are like none and not answered with their label are dropped, and of copies all but the first.

    Raises:
        DataError: the pictures cannot be read, or are too few.
        OutputError: the output cannot be written to, or holds a file of decisions already.
    """
    check_writable(output)
    file = output / FILE if accept is not None else None
    if file and file.exists():
        raise OutputError(f"--output: {file} is there already, and its decisions would be lost. Take another folder.")
    looked = _look(load_both(source), backbones, output)
    probabilities = looked.answered(looked.targets, folds, seed)
    if is_at_chance(probabilities, looked.targets):
        count, first, doubts = None, 0, []
    else:
        count = count_wrong(probabilities, looked.targets)
        first, doubts = len(likely_wrong(probabilities, looked.targets)), _doubtful(looked, probabilities, accept or 0.0)
    found = Reviewed(
        len(looked.targets),
        count,
        wrong=doubts[:first],
        doubtful=doubts[first:],
        unlike=_unlike(looked, probabilities),
        alike=_alike(looked),
        page=output / PAGE,
        file=file,
    )
    desk.write(found.page, f"{source}, train and validation", looked.key, looked.labels, _sections(found))
    if file:
        listed = [*doubts, *found.unlike, *(each for group in found.alike for each in group)]
        listed.sort(key=lambda each: each.proposed is None)  # for a picture in several lists what is proposed in one counts
        decisions.write(file, [each.proposed or each.given for each in _once(listed)])
    return found


def plant(source: Source, backbones: Sequence[str | Path], output: Path, share: float, folds: int = 5, seed: int = 0) -> Planted:
    """Give a share of the pictures, drawn with the seed, another label each, and count how many of them are found.

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
    probabilities = looked.answered(targets, folds, seed)

    def finding(listed: Sequence[int]) -> Finding:
        found = len(set(chosen.tolist()) & set(listed))
        return Finding(len(listed), found, found / len(chosen), found / max(1, len(listed)))

    every = doubtful(probabilities, targets)[:MOST]
    return Planted(total, len(chosen), finding(likely_wrong(probabilities, targets)[:MOST]), finding(every))


@dataclass(frozen=True)
class _Looked:
    """N pictures, train's first, and what backbones see in them."""

    splits: tuple[Pictures, Pictures]
    features: Any  # (N, D) float32, of length 1
    copies: list[list[int]]  # groups that are copies by their hashes
    alike: list[tuple[int, int]]  # pairs that are much alike
    outliers: list[int]  # those that are the least like others, the strangest first

    @property
    def labels(self) -> list[str]:
        return self.splits[0].labels

    @cached_property
    def targets(self) -> torch.Tensor:
        """The given labels' class numbers (N,)."""
        return torch.tensor([target for pictures in self.splits for target in pictures.targets])

    @property
    def key(self) -> str:
        """Of the set of pictures and their labels."""
        return hashlib.sha256(" ".join(pictures.fingerprint for pictures in self.splits).encode()).hexdigest()

    @cached_property
    def groups(self) -> list[list[int]]:
        """Pictures that are copies or much alike, as numbers; those with copies first."""
        pairs = [*(pair for group in self.copies for pair in pairwise(group)), *self.alike]
        copies = {number for group in self.copies for number in group}
        return sorted(connected(pairs, len(self.targets)), key=copies.isdisjoint)

    def answered(self, targets: torch.Tensor, folds: int, seed: int) -> torch.Tensor:
        """Out-of-fold probabilities (N, K) for these labels; pictures of one group do not vouch for each other."""
        names = np.arange(len(targets))
        for group in self.groups:
            names[group] = group[0]
        return out_of_fold(self.features, targets.numpy(), names, folds, seed)

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


def _doubtful(looked: _Looked, probabilities: torch.Tensor, at_least: float) -> list[Listed]:
    """Pictures that are answered with another label, the least probable given one first; answers of `at_least` are proposed."""
    listed = []
    for number in doubtful(probabilities, looked.targets)[:MOST]:
        share, answer = probabilities[number].max(0)
        proposed = (RELABEL, looked.labels[answer]) if share >= at_least else ()
        listed.append(looked.listed(number, _answer(looked, probabilities, number), *proposed))
    return listed


def _unlike(looked: _Looked, probabilities: torch.Tensor) -> list[Listed]:
    """Those that are not answered with their own label either fit none, and can be dropped."""
    fits = (probabilities.argmax(1) == looked.targets).tolist()
    return _once(
        looked.listed(number, _answer(looked, probabilities, number), "" if fits[number] else DROP)
        for number in looked.outliers[:MOST]
    )


def _answer(looked: _Looked, probabilities: torch.Tensor, number: int) -> str:
    """What a picture is answered with, for a reader."""
    share, answer = probabilities[number].max(0)
    given = int(looked.targets[number])
    own = "" if answer == given else f", as given {probabilities[number, given]:.0%}"
    return f"answer: {looked.labels[answer]} {share:.0%}{own}"


def _alike(looked: _Looked) -> list[list[Listed]]:
    """Copies by their hashes come first; of those with one label all but the first can be dropped."""
    spare: set[int] = set()
    for group in looked.copies:
        first, *others = (looked.listed(number, "").given for number in group)
        if {each.label for each in others} == {first.label}:  # else which label is right comes first
            spare |= {number for number, each in zip(group[1:], others, strict=True) if each.sha256 != first.sha256}
    hashed = {number for group in looked.copies for number in group}
    return [
        [
            looked.listed(number, "a copy" if number in hashed else "much alike", DROP if number in spare else "")
            for number in group
        ]
        for group in looked.groups[:MOST]
    ]


def _once(listed: Iterable[Listed]) -> list[Listed]:
    """Without further pictures of the same bytes: what is decided on one holds for all of them."""
    first: dict[str, Listed] = {}
    for each in listed:
        first.setdefault(each.given.sha256, each)
    return list(first.values())


def _sections(found: Reviewed) -> list[Section]:
    """The page's; of what is not there nothing but that no label seems wrong."""
    first = f"; the {len(found.wrong)} to look at first" if found.wrong else ""
    parts = [
        (
            f"{in_words(found.count)}{first}",
            "A head on a frozen network that did not learn from the picture answers with another label. The least probable given "
            "label comes first.",
            [[each] for each in found.wrong],
        ),
        (
            f"{len(found.doubtful):,} more, answered with another label",
            "Most are only difficult, but what shows none of the labels stands here too. Where nothing of the kind comes up any "
            "more, the rest can be left.",
            [[each] for each in found.doubtful],
        ),
        (
            f"The {counted(len(found.unlike), 'picture')} least like the others",
            "What the network sees in them is far from what it sees in others, whatever the label. Some show none of the labels "
            "and can be dropped; many are only unusual.",
            [[each] for each in found.unlike],
        ),
        (
            f"{counted(len(found.alike), 'group')} of copies, or of pictures much alike",
            "One of a group is enough, and none should lie in train and in validation: what was learned by heart, validation "
            "would praise. Pictures with the same bytes are decided on together; of those, finetune --fix-leaks keeps train's.",
            found.alike,
        ),
    ]
    return [Section(*part) for number, part in enumerate(parts) if part[2] or number == 0]
