"""Where pictures lie: a folder, parquet files, an archive or the Hub, each read with `datasets` into rows of image and label."""

from __future__ import annotations

import glob
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

import datasets

from cnnhub.errors import CnnHubError

SPLITS = ("train", "validation", "test")
WHOLE = "all"  # in place of a split: a set without splits
FORMS = "Expected DIR/train/LABEL/*.jpg, DIR/LABEL/*.jpg, DIR/train.parquet with an image and a label column, or an archive."
_ALIASES = {"val": "validation", "valid": "validation", "dev": "validation", "training": "train"}
_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz")

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

    @property
    def name(self) -> str:
        """What to call what is made of it: the dataset's, folder's or archive's own name.

        >>> Source("owner/name", on_hub=True).name, Source("photos/mine.tar.gz").name
        ('name', 'mine')
        """
        return self.place.rpartition("/")[2] if self.on_hub else Path(self.place).resolve().name.partition(".")[0]


@dataclass(frozen=True)
class Origin:
    """Which pictures a run had, as its config.json says.

    Attributes:
        source: a dataset on the Hub; None for pictures on the trainer's own disk.
        revision: its commit.
        split_hash: split -> what it holds (`Pictures.fingerprint`).
    """

    source: str | None = None
    revision: str | None = None
    split_hash: dict[str, str] = field(default_factory=dict)


def stored(source: Source) -> dict[str, Loader]:
    """Which splits lie at the source (or the whole set, without splits), and how each is read."""
    if source.on_hub:
        return _on_hub(source)
    folder = _unpacked(source) if source.place.endswith(_ARCHIVES) else Path(source.place)
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}. {FORMS}")
    return _parquet(folder) or _folders(folder)


def columns(rows: datasets.Dataset, source: Source) -> datasets.Dataset:
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


def revision_of(source: Source) -> str | None:
    """The commit that a dataset on the Hub stands at; None for what lies on this disk, or when the Hub cannot be asked."""
    if not source.on_hub:
        return None
    from huggingface_hub import HfApi

    try:
        return HfApi().dataset_info(source.place, revision=source.revision).sha
    except Exception:  # the client raises what the network provokes; the cached copy is used then
        return source.revision


def _parquet(folder: Path) -> dict[str, Loader]:
    files: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.parquet")):
        files.setdefault(_split_of(path.name) or WHOLE, []).append(str(path))
    if WHOLE in files and len(files) > 1:
        del files[WHOLE]
    return {split: partial(_load, "parquet", paths) for split, paths in files.items()}


def _folders(folder: Path) -> dict[str, Loader]:
    children = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    # A split holds folders of labels; a folder "train" that holds pictures is a label among planes and ships.
    splits = {split: path for path in children if (split := _split_of(path.name)) and any(p.is_dir() for p in path.iterdir())}
    for labels in splits.values() if splits else [folder]:
        for label in sorted(path for path in labels.iterdir() if path.is_dir() and not path.name.startswith(".")):
            if not any(path.is_file() for path in label.iterdir()) and (splits or not any(label.iterdir())):
                raise DataError(f"{label} holds no picture. Add some, or remove the folder.")
    if splits:
        return {split: partial(_images, f"{glob.escape(str(path))}/*/*") for split, path in splits.items()}
    if not children:
        found = sorted(path.name for path in folder.iterdir())[:8]
        raise DataError(f"{folder} holds no folder of pictures (found: {found}). {FORMS}")
    return {WHOLE: partial(_images, f"{glob.escape(str(folder))}/*/*")}


def _on_hub(source: Source) -> dict[str, Loader]:
    revision = source.revision

    def load(split: str) -> datasets.Dataset:
        return _fetched(lambda: datasets.load_dataset(source.place, split=split, revision=revision), source)

    names = _fetched(lambda: datasets.get_dataset_split_names(source.place, revision=revision), source)
    return {_split_of(name) or WHOLE: partial(load, name) for name in names}


def _unpacked(source: Source) -> Path:
    """The folder in an archive, fetched where it lies elsewhere, that holds folders of splits or labels."""
    here = Path(source.place)
    folder = _fetched(lambda: _extract(source.place, here.stat().st_mtime_ns if here.is_file() else None), source)
    while len(children := [path for path in folder.iterdir() if path.is_dir() and path.name != "__MACOSX"]) == 1:
        folder = children[0]
    return folder if children else folder.parent


@cache
def _extract(place: str, changed: int | None) -> Path:
    """`datasets` keeps what it has extracted; of a file on this disk that may be an older version."""
    config = datasets.DownloadConfig(force_extract=changed is not None)
    return Path(datasets.DownloadManager(download_config=config).download_and_extract(place))


def _fetched(load: Callable[[], T], source: Source) -> T:
    try:
        return load()
    except Exception as error:  # datasets and the client raise what the network provokes
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise DataError(
            f"The pictures of {source} cannot be fetched: {reason} Where they cannot be reached, give a folder of pictures with "
            "--data DIR."
        ) from error


def _images(pattern: str) -> datasets.Dataset:
    try:
        return _load("imagefolder", pattern, drop_labels=False)
    except (FileNotFoundError, ValueError) as error:
        raise DataError(f"{pattern} matches no picture. {FORMS}") from error


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
