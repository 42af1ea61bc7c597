"""Pictures with labels, read with `datasets` from a folder, parquet files, an archive or the Hub, decoded as cnnhub does."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TypeVar

import datasets

from cnnhub.errors import CnnHubError
from training.data.hygiene import Print, content, duplicates, examine_all

SPLITS = ("train", "validation", "test")
MOST_UNREADABLE = 0.10
SPLIT_SEED = 0
TRAIN_SHARE, VALIDATION_SHARE = 0.75, 0.15  # the rest is test
_ALIASES = {"val": "validation", "valid": "validation", "dev": "validation", "training": "train"}
_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz")
_WHOLE = "all"  # a set without splits

T = TypeVar("T")
Loader = Callable[[], datasets.Dataset]


class DataError(CnnHubError):
    """No dataset of pictures lies there, its splits do not fit together, or too many of its pictures cannot be read."""


class MissingSplitError(DataError):
    """The dataset is there, but not this split of it."""


@dataclass(frozen=True)
class Source:
    """Where pictures come from.

    Attributes:
        place: a folder, or a .zip or .tgz of folders by label (a path, or an https address), or with `on_hub` the id of a
            dataset, "owner/name".
        revision: of a dataset on the Hub: branch, tag or commit.
        image_column, label_column: names in a dataset on the Hub or in parquet files.
    """

    place: str
    on_hub: bool = False
    revision: str | None = None
    image_column: str = "image"
    label_column: str = "label"

    def __str__(self) -> str:
        return self.place


class Pictures:
    """One split: encoded pictures and class numbers.

    Attributes:
        labels: label names, in the order of the class numbers.
        unreadable: pictures left out, each with the reason.
        prints: what is needed to find copies; empty where the pictures were not checked.
    """

    def __init__(self, rows: datasets.Dataset, check: bool = True) -> None:
        self.labels: list[str] = rows.features["label"].names
        self._rows = rows
        self.targets: list[int] = list(rows["label"])
        self.unreadable: list[str] = []
        self.prints: list[Print] = []
        if check:
            self._leave_out_unreadable()

    def __len__(self) -> int:
        return len(self.targets)

    def source(self, index: int) -> str | bytes:
        """A picture as a path, or as encoded bytes where it lies in a parquet file."""
        image = self._rows[index]["image"]
        return image["bytes"] or image["path"]

    def name(self, index: int) -> str:
        """What to call a picture to a reader."""
        path = self._rows[index]["image"]["path"]
        return "/".join(Path(path).parts[-3:]) if path else f"row {index}"

    @cached_property
    def fingerprint(self) -> str:
        """What the split holds, whatever its files are called: SHA-256 over the sorted hashes and labels of its pictures."""
        digests = (
            [each.digest for each in self.prints]
            if self.prints
            else [hashlib.sha256(content(self.source(index))).hexdigest() for index in range(len(self))]
        )
        labelled = sorted(f"{digest} {self.labels[target]}" for digest, target in zip(digests, self.targets, strict=True))
        return hashlib.sha256("\n".join(labelled).encode()).hexdigest()

    def take(self, indices: Sequence[int], more: Pictures | None = None, others: Sequence[int] = ()) -> Pictures:
        """These pictures, and these others of `more`; nothing is read again."""
        rows, prints = self._rows.select(indices), [self.prints[index] for index in indices]
        if more is not None:
            rows = datasets.concatenate_datasets([rows, more._rows.select(others)])
            prints += [more.prints[index] for index in others]
        taken = Pictures(rows, check=False)
        taken.unreadable, taken.prints = self.unreadable, prints
        return taken

    def _leave_out_unreadable(self) -> None:
        outcomes = examine_all(self.source, len(self))
        readable = [index for index, outcome in enumerate(outcomes) if isinstance(outcome, Print)]
        self.unreadable = [outcome for outcome in outcomes if isinstance(outcome, str)]
        if len(self.unreadable) > MOST_UNREADABLE * len(self):
            raise DataError(
                f"{len(self.unreadable)} of {len(self)} pictures cannot be read, the first: {self.unreadable[0]} "
                f"At most {MOST_UNREADABLE:.0%} are skipped; check the data."
            )
        self.prints = [outcome for outcome in outcomes if isinstance(outcome, Print)]
        self._rows = self._rows.select(readable)
        self.targets = [self.targets[index] for index in readable]


def load_split(source: Source | Path, split: str, check: bool = True) -> Pictures:
    """Read one split; the files of splits that are stored apart are not opened.

    A set without splits is cut by what its pictures hold, 75 % train, 15 % validation, 10 % test, so that a picture is on the
    same side whatever else is added or removed; one with train and test alone gives a sixth of train to validation.

    Args:
        source: a Path is a folder `DIR/SPLIT/LABEL/*.jpg` or `DIR/LABEL/*.jpg`, parquet files `DIR/SPLIT*.parquet`, or an
            archive of such folders.
        check: decode every picture once and leave out those that cannot be read.

    Raises:
        MissingSplitError: there is no such split.
        DataError: nothing can be read there.
    """
    source = Source(str(source)) if isinstance(source, Path) else source
    if split not in SPLITS:
        raise DataError(f"The split is {split!r}; expected one of {', '.join(SPLITS)}.")
    datasets.disable_progress_bars()
    stored = _stored(source)
    if split in stored and (split != "train" or "validation" in stored):
        return Pictures(_columns(stored[split](), source), check)
    whole = stored.get(_WHOLE) or stored.get("train")
    if whole is None:
        raise MissingSplitError(f"{source} holds no split {split!r}, only {', '.join(stored)}. {_FORMS}")
    if split == "test" and "validation" in stored:
        raise MissingSplitError(f"{source} holds no split 'test', only {', '.join(stored)}; none of those was kept unseen.")
    rows = _columns(whole(), source)
    pictures = Pictures(rows, check=False)
    has_test = "test" in stored
    mine = [n for n in range(len(pictures)) if side_of(content(pictures.source(n)), has_test) == split]
    return Pictures(rows.select(mine), check)


def side_of(picture: bytes, has_test: bool = False) -> str:
    """The split that a picture's encoded bytes belong to, in a set that has none, or no validation split.

    >>> side_of(b"one picture"), side_of(b"another")
    ('test', 'train')
    """
    digest = hashlib.sha256(b"split %d " % SPLIT_SEED + picture).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64 * (TRAIN_SHARE + VALIDATION_SHARE if has_test else 1.0)
    return "train" if share < TRAIN_SHARE else "validation" if share < TRAIN_SHARE + VALIDATION_SHARE else "test"


def load_training(source: Source | Path, fix_leaks: bool = False) -> tuple[Pictures, Pictures]:
    """The train and validation splits, no picture of one in the other.

    Args:
        fix_leaks: move validation pictures that have a copy in train to train, where otherwise they are refused.

    Raises:
        DataError: a split is missing, there are fewer than two labels, one has no picture, the splits have different ones, or
            a picture lies in both.
    """
    train, validation = load_split(source, "train"), load_split(source, "validation")
    if len(train.labels) < 2:
        raise DataError(f"train has the labels {train.labels}; expected two or more folders of pictures.")
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
    for pictures, split in ((train, "train"), (validation, "validation")):
        empty = sorted(set(range(len(pictures.labels))) - set(pictures.targets))
        if empty:
            raise DataError(f"{split} has no picture of {pictures.labels[empty[0]]!r}. Add some, or remove the label.")
    return _without_leaks(train, validation, fix_leaks)


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


_FORMS = "Expected DIR/train/LABEL/*.jpg, DIR/LABEL/*.jpg, DIR/train.parquet with an image and a label column, or an archive."


def _stored(source: Source) -> dict[str, Loader]:
    """Which splits lie at the source (or the whole set, without splits), and how each is read."""
    if source.on_hub:
        return _on_hub(source)
    folder = _unpacked(source) if source.place.endswith(_ARCHIVES) else Path(source.place)
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}. {_FORMS}")
    return _parquet(folder) or _folders(folder)


def _parquet(folder: Path) -> dict[str, Loader]:
    files: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.parquet")):
        files.setdefault(_split_of(path.name) or _WHOLE, []).append(str(path))
    if _WHOLE in files and len(files) > 1:
        del files[_WHOLE]
    return {split: lambda paths=paths: _load("parquet", paths) for split, paths in files.items()}


def _folders(folder: Path) -> dict[str, Loader]:
    children = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    # A split holds folders of labels; a folder "train" that holds pictures is a label among planes and ships.
    splits = {split: path for path in children if (split := _split_of(path.name)) and any(p.is_dir() for p in path.iterdir())}
    for labels in splits.values() if splits else [folder]:
        for label in sorted(path for path in labels.iterdir() if path.is_dir() and not path.name.startswith(".")):
            if not any(path.is_file() for path in label.iterdir()) and (splits or not any(label.iterdir())):
                raise DataError(f"{label} holds no picture. Add some, or remove the folder.")
    if splits:
        return {split: lambda path=path: _images(f"{glob.escape(str(path))}/*/*") for split, path in splits.items()}
    if not children:
        found = sorted(path.name for path in folder.iterdir())[:8]
        raise DataError(f"{folder} holds no folder of pictures (found: {found}). {_FORMS}")
    return {_WHOLE: lambda: _images(f"{glob.escape(str(folder))}/*/*")}


def _on_hub(source: Source) -> dict[str, Loader]:
    revision = source.revision

    def load(split: str) -> datasets.Dataset:
        return _fetched(lambda: datasets.load_dataset(source.place, split=split, revision=revision), source)

    names = _fetched(lambda: datasets.get_dataset_split_names(source.place, revision=revision), source)
    return {_split_of(name) or _WHOLE: lambda name=name: load(name) for name in names}


def revision_of(source: Source) -> str | None:
    """The commit that a dataset on the Hub stands at; None for what lies on this disk, or when the Hub cannot be asked."""
    if not source.on_hub:
        return None
    from huggingface_hub import HfApi

    try:
        return HfApi().dataset_info(source.place, revision=source.revision).sha
    except Exception:  # the client raises what the network provokes; the cached copy is used then
        return source.revision


def _unpacked(source: Source) -> Path:
    """The folder in an archive, fetched where it lies elsewhere, that holds folders of splits or labels."""
    here = Path(source.place)
    folder = _fetched(lambda: _extract(source.place, here.stat().st_mtime_ns if here.is_file() else None), source)
    while len(children := [path for path in folder.iterdir() if path.is_dir() and path.name != "__MACOSX"]) == 1:
        folder = children[0]
    return folder if children else folder.parent


@cache
def _extract(place: str, changed: int | None) -> Path:
    """`datasets` keeps what it fetched; what it extracted of a file on this disk may be of an older one."""
    config = datasets.DownloadConfig(force_extract=changed is not None)
    return Path(datasets.DownloadManager(download_config=config).download_and_extract(place))


def _fetched(load: Callable[[], T], source: Source) -> T:
    try:
        return load()
    except Exception as error:  # datasets and the client raise what the network provokes
        told = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise DataError(
            f"The pictures of {source} cannot be fetched: {told} Where they cannot be reached, give a folder of pictures with "
            "--data DIR."
        ) from error


def _images(pattern: str) -> datasets.Dataset:
    try:
        return _load("imagefolder", pattern, drop_labels=False)
    except (FileNotFoundError, ValueError) as error:
        raise DataError(f"{pattern} matches no picture. {_FORMS}") from error


def _load(builder: str, files: str | list[str], **more: bool) -> datasets.Dataset:
    return datasets.load_dataset(builder, data_files={"train": files}, split="train", **more)


def _split_of(name: str) -> str | None:
    """The split that a file, folder or Hub split is named for.

    >>> [_split_of(name) for name in ("train", "val", "test-00000-of-00002.parquet", "trains", "cats")]
    ['train', 'validation', 'test', None, None]
    """
    stem = name.lower().removesuffix(".parquet").partition("-")[0].partition("_")[0].partition(".")[0]
    split = _ALIASES.get(stem, stem)
    return split if split in SPLITS else None


def _columns(rows: datasets.Dataset, source: Source) -> datasets.Dataset:
    """The two columns that matter, called image (encoded) and label (named classes)."""
    for column, option in ((source.image_column, "--image-column"), (source.label_column, "--label-column")):
        if column not in rows.features:
            raise DataError(
                f"{source} has no column {column!r}, only {', '.join(rows.features) or 'none'}. Name it with {option}."
            )
    rows = rows.select_columns([source.image_column, source.label_column])
    for column, wanted in ((source.image_column, "image"), (source.label_column, "label")):
        rows = rows if column == wanted else rows.rename_column(column, wanted)
    if not isinstance(rows.features["label"], datasets.ClassLabel):
        rows = rows.class_encode_column("label")
    try:
        return rows.cast_column("image", datasets.Image(decode=False))
    except (TypeError, ValueError) as error:
        raise DataError(f"The column {source.image_column!r} of {source} holds no pictures: {error}") from error
