"""Pictures with labels, read with `datasets` from an image folder or parquet files, decoded as cnnhub does."""

from __future__ import annotations

import glob
import hashlib
from functools import cached_property
from pathlib import Path

import datasets
from rich.console import Console
from rich.progress import track

from cnnhub.errors import CnnHubError, ImageError
from cnnhub.images import open_image

SPLITS = ("train", "validation", "test")
MOST_UNREADABLE = 0.10


class DataError(CnnHubError):
    """The folder is no dataset of pictures, or too many of its pictures cannot be read."""


class Pictures:
    """One split: encoded pictures and class numbers.

    Attributes:
        labels: label names, in the order of the class numbers.
        unreadable: pictures left out, each with the reason.
    """

    def __init__(self, rows: datasets.Dataset, check: bool = True) -> None:
        self.labels: list[str] = rows.features["label"].names
        self._rows = rows.cast_column("image", datasets.Image(decode=False))
        self.targets: list[int] = list(self._rows["label"])
        self.unreadable: list[str] = []
        if check:
            self._leave_out_unreadable()

    def __len__(self) -> int:
        return len(self.targets)

    def source(self, index: int) -> str | bytes:
        """A picture as a path, or as encoded bytes where it lies in a parquet file."""
        image = self._rows[index]["image"]
        return image["bytes"] or image["path"]

    @cached_property
    def fingerprint(self) -> str:
        """What the split holds, whatever its files are called: SHA-256 over the sorted hashes and labels of its pictures."""
        sources = (self.source(index) for index in range(len(self)))
        contents = (source if isinstance(source, bytes) else Path(source).read_bytes() for source in sources)
        labelled = sorted(
            f"{hashlib.sha256(c).hexdigest()} {self.labels[t]}" for c, t in zip(contents, self.targets, strict=True)
        )
        return hashlib.sha256("\n".join(labelled).encode()).hexdigest()

    def _leave_out_unreadable(self) -> None:
        readable = []
        for index in track(range(len(self)), "checking pictures", transient=True, console=Console(stderr=True)):
            try:
                open_image(self.source(index))
                readable.append(index)
            except ImageError as error:
                self.unreadable.append(str(error))
        if len(self.unreadable) > MOST_UNREADABLE * len(self):
            raise DataError(
                f"{len(self.unreadable)} of {len(self)} pictures cannot be read, the first: {self.unreadable[0]} "
                f"At most {MOST_UNREADABLE:.0%} are skipped; check the data."
            )
        self._rows = self._rows.select(readable)
        self.targets = [self.targets[index] for index in readable]


def load_split(folder: Path, split: str, check: bool = True) -> Pictures:
    """Read one split of `folder`; the other splits' files are not opened.

    Args:
        folder: `folder/SPLIT/LABEL/*.jpg`, or parquet files `folder/SPLIT*.parquet` with the columns
            `image` and `label`.
        check: decode every picture once and leave out those that cannot be read.

    Raises:
        DataError: the folder does not hold such a split.
    """
    if split not in SPLITS:
        raise DataError(f"The split is {split!r}; expected one of {', '.join(SPLITS)}.")
    parquet = sorted(str(path) for path in folder.glob(f"{split}*.parquet"))
    datasets.disable_progress_bars()
    if parquet:
        rows = datasets.load_dataset("parquet", data_files={split: parquet}, split=split)
    elif (folder / split).is_dir():
        rows = datasets.load_dataset("imagefolder", data_files={split: f"{glob.escape(str(folder / split))}/*/*"}, split=split)
    else:
        found = sorted(path.name for path in folder.iterdir())[:8] if folder.is_dir() else "no such folder"
        raise DataError(
            f"{folder} holds no split {split!r} (found: {found}). Expected {folder}/{split}/LABEL/*.jpg "
            f"or {folder}/{split}.parquet with the columns image and label."
        )
    if not isinstance(rows.features.get("label"), datasets.ClassLabel) or "image" not in rows.features:
        raise DataError(f"{folder}: expected the columns image and label (named classes), found {dict(rows.features)}.")
    return Pictures(rows, check)


def load_training(data: Path) -> tuple[Pictures, Pictures]:
    """The train and validation splits.

    Raises:
        DataError: a split is missing, there are fewer than two labels, or the splits have different ones.
    """
    train, validation = load_split(data, "train"), load_split(data, "validation")
    if len(train.labels) < 2:
        raise DataError(f"train has the labels {train.labels}; expected two or more folders of pictures.")
    if train.labels != validation.labels:
        raise DataError(f"train has the labels {train.labels}, validation {validation.labels}; they must be the same.")
    return train, validation
