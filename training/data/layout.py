"""How a dataset is laid out: which of its folders, files or splits is train, validation and test. Never guessed in silence."""

from __future__ import annotations

import re
import shlex
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cnnhub.errors import CnnHubError
from cnnhub.pictures import Found

SPLITS = ("train", "validation", "test")
WHOLE = "all"  # in place of a split: a set without splits
FORMS = "Expected DIR/train/LABEL/*.jpg, DIR/LABEL/*.jpg, DIR/train.parquet with an image and a label column, or an archive."

UNSURE = "evaluation"  # validation or test: people mean either
_ROLES = {
    **dict.fromkeys(("train", "training", "trainset"), "train"),
    **dict.fromkeys(("validation", "validate", "val", "valid", "dev", "valset"), "validation"),
    **dict.fromkeys(("test", "testing", "testset"), "test"),
    **dict.fromkeys(("eval", "evaluation", "evaluate", "holdout", "heldout"), UNSURE),
}
_FILLERS = frozenset("set data dataset split images image imgs img pictures photos part shard of".split())


class DataError(CnnHubError):
    """No dataset of pictures lies there, its splits do not fit together, or too many of its pictures cannot be read."""


@dataclass(frozen=True)
class Layout:
    """What a folder of pictures holds. Paths are relative to it."""

    splits: dict[str, dict[str, list[str]]]  # split, or WHOLE -> label -> its pictures; none where its folder holds none
    notes: list[str] = field(default_factory=list)  # what a reader should know of how it was read


def role_of(name: str) -> str | None:
    """The role that a folder, a file or a split is named for: one of SPLITS, UNSURE, or none.

    >>> [role_of(name) for name in ("Training", "val", "test_set", "test1", "train-00000-of-00002-b4a4d2.parquet", "eval")]
    ['train', 'validation', 'test', 'test', 'train', 'evaluation']
    >>> [role_of(name) for name in ("cats", "trains", "test_tube")]
    [None, None, None]
    """
    stem = re.sub(r"-\d{5}-of-\d{5}.*", "", name.lower().removesuffix(".parquet"))
    words = [word for word in re.findall(r"[a-z]+", stem) if word not in _FILLERS]
    return _ROLES.get(words[0]) if len(words) == 1 else None


def assign(names: Sequence[str], place: Path, shards: bool = False) -> tuple[dict[str, list[str]], list[str]]:
    """Which of the folders or files in `place` is which split -> split to names, and what to say of it.

    All of them together are WHOLE where none is named for a split.

    Args:
        shards: several files may make one split.

    Raises:
        DataError: one of them has a role that its name does not tell, or two have one.
    """
    roles: dict[str, list[str]] = {}
    for name in names:
        roles.setdefault(role_of(name) or "", []).append(name)
    unknown, unsure = roles.pop("", []), roles.pop(UNSURE, [])
    free = {"validation", "test"} - roles.keys()
    if unsure and roles and len(free) == 1:
        roles[free.pop()] = unsure
    else:
        unknown += unsure
    if not roles and not unsure:
        return {WHOLE: unknown}, []
    roles = {role: roles[role] for role in SPLITS if role in roles}
    twice = next((those for those in roles.values() if len(those) > 1 and not shards), None)
    if twice:
        raise DataError(f"{place} holds {_listed(twice)}, which are named for the same split. Merge them, or move one elsewhere.")
    if unknown and len(roles) < len(SPLITS):
        path = shlex.quote(str(place / unknown[0]))
        ways = " or ".join(f"mv {path} {shlex.quote(str(place / split))}{Path(path).suffix}" for split in ("validation", "test"))
        raise DataError(
            f"{place} holds {_listed(names)}; whether {unknown[0]} is for validation (training chooses by it) or for test (kept "
            f"unseen until the end) only you can tell. Say so with: {ways}; or move it elsewhere."
        )
    said = [f"{name} is read as {role}" for role, those in roles.items() for name in those if name.partition("-")[0] != role]
    notes = [f"{', '.join(said)}."] if said and not shards else []
    return roles, notes + ([f"{_listed(unknown)} in {place}: left out, being no split."] if unknown else [])


def read(found: Found) -> Layout:
    """A folder of pictures, in folders by label or by split and label.

    A label's pictures may lie in folders below its own, and the whole may lie in folders that hold nothing else.

    Raises:
        DataError: it is laid out otherwise, or it is not clear which part has which role; how it is laid out, and what to do.
    """
    tree = _Tree(found)
    base = tree.unwrapped("")
    notes = [f"{found.folder} is read as {found.folder / base}, the one folder in it that holds pictures."] if base else []
    children = tree.folders(base)
    roles = {child: role_of(_name(child)) for child in children}
    parts = [child for child in children if roles[child] and tree.is_of_labels(child)]
    if not parts:
        _refuse_unlabelled(tree, base)
        notes += [f"{child}/ holds pictures itself and is read as a label." for child in children if roles[child]]
        labels, more = tree.labels(base)
        return Layout({WHOLE: labels}, notes + more)
    unlabelled = [child for child in children if roles[child] and child not in parts]
    if unlabelled:  # not left out: a test split would be cut off train in its place
        raise _no_labels(tree, base, unlabelled)
    names = [_name(child) for child in children if child in parts or tree.count(child)]
    assigned, said = assign(names, found.folder / base)
    splits = {}
    for split, (name,) in assigned.items():
        splits[split], more = tree.labels(_join(base, name), is_split=True)
        said += more
    return Layout(splits, notes + said)


class _Tree:
    """The pictures of a folder by the folders they lie in."""

    def __init__(self, found: Found) -> None:
        self.root, self._pictures = found.folder, found.pictures
        self.direct: dict[str, list[str]] = defaultdict(list)
        self._folders: dict[str, list[str]] = defaultdict(list)
        for picture in found.pictures:
            self.direct[_parent(picture)].append(picture)
        for folder in found.folders:
            self._folders[_parent(folder)].append(folder)

    def folders(self, path: str) -> list[str]:
        return self._folders[path]

    def below(self, path: str) -> list[str]:
        """The pictures in a folder and below."""
        return self._pictures[
            bisect_left(self._pictures, f"{path}/") : bisect_left(self._pictures, f"{path}0")
        ]  # "0" follows "/"

    def count(self, path: str) -> int:
        return len(self.below(path))

    def is_of_labels(self, path: str) -> bool:
        """Whether most of a folder's pictures lie in folders, or will when there are any."""
        inside = sum(map(self.count, self.folders(path)))
        return bool(self.folders(path)) and inside >= len(self.direct[path])

    def unwrapped(self, base: str) -> str:
        """The folder that holds more than one folder of pictures, where those above hold nothing else."""
        holding = [folder for folder in self.folders(base) if self.count(folder)]
        if self.direct[base] or len(holding) != 1 or self.direct[holding[0]] or role_of(_name(holding[0])):
            return base
        return self.unwrapped(holding[0])

    def labels(self, base: str, is_split: bool = False) -> tuple[dict[str, list[str]], list[str]]:
        """Each folder in `base` with its pictures, and what to say of others."""
        inner = [folder for folder in self.folders(base) if self.count(folder)]
        if is_split and len(inner) == 1 and not self.direct[inner[0]] and not self.direct[base] and _hints(_name(inner[0])):
            base = inner[0]  # archives that hold train/train/LABEL
        found = {folder: self.below(folder) for folder in self.folders(base)}
        notes = []
        deep = [picture for folder, pictures in found.items() for picture in pictures if _parent(picture) != folder]
        if deep:
            notes.append(f"{_count(len(deep))} in folders below the labels' own, such as {deep[0]}, count as the label's above.")
        if beside := self.direct[base]:
            notes.append(f"left out: {_count(len(beside))} beside the folders of labels, such as {beside[0]}.")
        return {_name(folder): pictures for folder, pictures in found.items()}, notes


def _refuse_unlabelled(tree: _Tree, base: str) -> None:
    """Raise where folders that seem to be splits, or the whole set, hold pictures without a label."""
    holding = [folder for folder in tree.folders(base) if tree.count(folder)]
    named = [folder for folder in holding if role_of(_name(folder))]
    hints = [folder for folder in holding if _hints(_name(folder))]
    if len(named) > 1 or (named and len(holding) == 1):
        raise _no_labels(tree, base, sorted(named, key=lambda folder: role_of(_name(folder)) != "train"))
    if len(hints) > 1 and 2 * len(hints) >= len(holding):
        first = shlex.quote(str(tree.root / hints[0]))
        raise DataError(
            f"{tree.root / base} holds {_listed(map(_name, holding))}, which seem to be splits, not labels. Name them train, "
            f"validation and test, for instance: mv {first} {shlex.quote(str((tree.root / hints[0]).parent / 'train'))}"
        )
    if not holding:
        loose = tree.direct[base]
        what = "holds no folder of pictures" + (f", but {_count(len(loose))} without a label" if loose else "")
        lying = ", ".join(sorted(path.name for path in (tree.root / base).iterdir())[:8]) or "nothing"
        raise DataError(f"{tree.root / base} {what} (found: {lying}). {FORMS}")


def _no_labels(tree: _Tree, base: str, folders: Sequence[str]) -> DataError:
    """What to say of splits whose pictures have no label."""
    place = tree.root / folders[0]
    seen = ", ".join(f"{_name(folder)}/ with {_count(tree.count(folder))}" for folder in tree.folders(base)[:8])
    label = _label_in_names(tree.direct[folders[0]])
    target = shlex.quote(str(place / label))
    advice = (
        f"Give each label a folder of its own, for instance: mkdir {target} && mv {shlex.quote(str(place))}/{label}?* {target}"
    )
    if len(tree.folders(base)) > 1:
        away = shlex.quote(f"{tree.root.resolve()}-{_name(folders[-1])}")
        advice += f"; or move pictures without labels out of the way: mv {shlex.quote(str(tree.root / folders[-1]))} {away}"
    return DataError(f"{tree.root / base} holds {seen}, and {_listed(map(_name, folders))} no folders of labels. {advice}")


def _label_in_names(pictures: Sequence[str]) -> str:
    """The commonest label in names such as cat.0.jpg, where all are of that kind and the labels few; LABEL otherwise."""
    matches = [re.match(r"([A-Za-z]{2,})[._ -]?\d+\.\w+$", _name(picture)) for picture in pictures]
    labels = Counter(match[1] for match in matches if match)
    return labels.most_common(1)[0][0] if labels and all(matches) and len(labels) <= 50 else "LABEL"


def _hints(name: str) -> bool:
    """Whether a split's name is a part of this one, as in seg_train."""
    return any(word in _ROLES for word in re.findall(r"[a-z]+", name.lower()))


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _count(pictures: int) -> str:
    return f"{pictures:,} picture{'s' if pictures != 1 else ''}"


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _join(base: str, name: str) -> str:
    return f"{base}/{name}" if base else name
