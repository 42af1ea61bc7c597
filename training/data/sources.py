"""Where pictures lie: a folder, parquet files, an archive or the Hub, each read with `datasets` into rows of image and label."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import datasets
from pyarrow import parquet

from cnnhub.pictures import Found, Reason, find
from training.data import archives, layout
from training.data.decisions import Reviewed
from training.data.layout import FORMS, SPLITS, WHOLE, DataError, assign, role_of

T = TypeVar("T")
Loader = Callable[[], datasets.Dataset]


class MissingSplitError(DataError):
    """The dataset is there, but not this split of it."""


class WithheldError(DataError):
    """The pictures are there, but none of their labels."""


@dataclass(frozen=True)
class Source:
    """Where pictures come from."""

    # a folder, a .zip or .tgz of folders by label (a path or an https address), or with `on_hub` a dataset's id, "owner/name"
    place: str
    on_hub: bool = False
    revision: str | None = None  # of a dataset on the Hub: branch, tag or commit
    # both: in a dataset on the Hub or in parquet files
    image_column: str = "image"
    label_column: str = "label"
    review: Path | None = None  # decisions on single pictures of train and validation (`training.data.decisions`)

    def __str__(self) -> str:
        return self.place

    @property
    def name(self) -> str:
        """What to call what is made of it: the dataset's, folder's or archive's own name.

        >>> Source("owner/name", on_hub=True).name, Source("photos/mine.tar.gz").name
        ('name', 'mine')
        """
        return self.place.rpartition("/")[2] if self.on_hub else Path(self.place).resolve().name.partition(".")[0]

    @property
    def published(self) -> str | None:
        """Where anybody finds the pictures, without what an address holds of passwords; None for those on one's own disk.

        >>> Source("https://me:secret@host/a.zip?token=1").published, Source("photos").published
        ('https://host/a.zip', None)
        """
        if self.on_hub:
            return self.place
        address = urlsplit(self.place)
        return f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path}" if address.netloc else None


@dataclass(frozen=True)
class Origin:
    """Which pictures a run had, as its config.json says."""

    source: str | None = None  # a dataset on the Hub or an address; None for pictures on the trainer's own disk
    revision: str | None = None  # its commit
    # split -> what it holds (`Pictures.fingerprint`), before a review is applied
    split_hash: dict[str, str] = field(default_factory=dict)
    lent: list[str] = field(default_factory=list)  # pictures in another split than their hash says (`Pictures.lent`)
    review: Reviewed | None = None  # what was decided of single pictures


@dataclass(frozen=True)
class Stored:
    """What lies at a source."""

    splits: dict[str, Loader]  # split, or WHOLE for a set without splits -> how it is read
    notes: list[str] = field(default_factory=list)  # what was left out, and how the rest was understood


def stored(source: Source) -> Stored:
    """Which splits lie at the source, and how each is read. Of files and folders only names are looked at.

    Raises:
        DataError: nothing of the kind lies there, or it is not clear what is what.
    """
    if source.on_hub:
        return _on_hub(source)
    place = Path(source.place)
    if source.place.lower().startswith(("http://", "https://")):
        return _in_folder(archives.unpacked(_fetched(lambda: archives.downloaded(source.place), source)))
    if place.is_dir():
        return _in_folder(place)
    if not place.is_file():
        raise DataError(f"There is no folder {place}. {FORMS}")
    if place.suffix.lower() == ".parquet":
        return _parquet(place.parent, [place.name])
    return _in_folder(archives.unpacked(place))


def columns(rows: datasets.Dataset, source: Source) -> tuple[datasets.Dataset, list[str]]:
    """The two columns that matter, called image (encoded) and label (named classes), with each row's number -> and notes.

    Rows whose label is withheld are left out.

    Raises:
        DataError: a column is missing, holds something else, or no label is known.
    """
    for column, option in ((source.image_column, "--image-column"), (source.label_column, "--label-column")):
        if column not in rows.features:
            raise DataError(
                f"{source} has no column {column!r}, only {', '.join(rows.features) or 'none'}. Name it with {option}."
            )
    rows = rows.select_columns([source.image_column, source.label_column])
    for column, wanted in ((source.image_column, "image"), (source.label_column, "label")):
        rows = rows if column == wanted else rows.rename_column(column, wanted)
    rows = rows.add_column("number", list(range(len(rows))))
    hidden = _hidden_labels(rows, source)
    if hidden and len(hidden) == len(rows):
        raise WithheldError(
            f"All {len(rows):,} labels of a split of {source} are withheld (null or -1), as in the test sets of competitions. "
            "Nothing can be measured on it; take --split validation, or move it away, and one is cut off train."
        )
    notes = []
    if hidden:
        notes.append(f"left out: {len(hidden):,} of {len(rows):,} rows without a label (null or -1), such as row {hidden[0]}.")
        rows = rows.select(sorted(set(range(len(rows))) - set(hidden)))
    try:
        if not isinstance(rows.features["label"], datasets.ClassLabel):
            rows = rows.class_encode_column("label")
        return rows.cast_column("image", datasets.Image(decode=False)), notes
    except (TypeError, ValueError) as error:
        raise DataError(f"The column {source.image_column!r} of {source} holds no pictures: {error}") from error


def _hidden_labels(rows: datasets.Dataset, source: Source) -> list[int]:
    """Numbers of the rows whose label is withheld: null, empty, or the -1 that stands for it among numbers from 0 on."""
    feature = rows.features["label"]
    if not isinstance(feature, datasets.ClassLabel | datasets.Value):
        raise DataError(f"The column {source.label_column!r} of {source} holds {feature}; expected one label for each picture.")
    labels: list[Any] = list(rows["label"])
    known = set(labels) - {None}
    is_counted = isinstance(feature, datasets.ClassLabel) or 0 in known or known == {-1}
    withheld = {None, "", -1} if is_counted else {None, ""}
    return [number for number, label in enumerate(labels) if label in withheld or label != label]  # NaN differs from itself


def table(files: list[str]) -> datasets.Dataset:
    """The rows of parquet files.

    Raises:
        DataError: one is cut off, or none at all.
    """
    for file in files:  # one that is broken is named, before all are read
        _loaded(partial(parquet.read_schema, file), file)
    return _loaded(lambda: datasets.load_dataset("parquet", data_files={"train": files}, split="train"), ", ".join(files))


def revision_of(source: Source) -> str | None:
    """The commit that a dataset on the Hub stands at; None for what lies on this disk, or when the Hub cannot be asked."""
    if not source.on_hub:
        return None
    from huggingface_hub import HfApi

    try:
        return HfApi().dataset_info(source.place, revision=source.revision).sha
    except Exception:  # the client raises what the network provokes; the cached copy is used then
        return source.revision


def _in_folder(folder: Path) -> Stored:
    """Parquet files, what `datasets` has saved, or pictures."""
    found = find(folder)
    files = found.left_out.get(Reason.NO_PICTURE, [])
    tables = [path for path in files if path.lower().endswith(".parquet")]
    saved = [path for path in files if Path(path).name == "state.json"]
    if not tables and not saved:
        return _pictures(found)
    read = _parquet(folder, tables) if tables else _saved(folder, saved)
    beside = [*found.pictures, *(saved if tables else [])]
    note = (
        f"left out: {len(beside):,} pictures and other files beside {(tables or saved)[0]}, such as {beside[0]}."
        if beside
        else ""
    )
    return Stored(read.splits, [*read.notes, *([note] if note else [])])


def _parquet(folder: Path, paths: Sequence[str]) -> Stored:
    """Parquet files, `paths` relative to `folder`: all in one folder, or in folders by split."""
    named: dict[str, list[str]] = {}
    places = set()
    for path in paths:
        above, _, name = path.rpartition("/")
        if not role_of(name) and role_of(Path(above).name):  # train/0000.parquet
            above, _, name = above.rpartition("/")
        places.add(above)
        named.setdefault(name, []).append(str(folder / path))
    if len(places) > 1:
        ways = " or ".join(f"--data {folder / place}" for place in sorted(places)[:4])
        raise DataError(f"{folder} holds parquet files in {len(places)} folders, of different sets it seems. Take one: {ways}.")
    splits, notes = assign(list(named), folder / places.pop(), shards=True)
    files = {split: [path for name in names for path in named[name]] for split, names in splits.items()}
    return Stored({split: partial(table, paths) for split, paths in files.items()}, notes)


def _saved(folder: Path, states: Sequence[str]) -> Stored:
    """What `save_to_disk` has written: one dataset, or a folder for each split."""
    names = {Path(state).parent.name: folder / Path(state).parent for state in states}
    splits, notes = ({WHOLE: [""]}, []) if list(names) == [""] else assign(list(names), folder)

    def load(place: Path) -> datasets.Dataset:
        return _loaded(lambda: datasets.load_from_disk(str(place)), str(place))

    return Stored({split: partial(load, names[name]) for split, (name,) in splits.items()}, notes)


def _pictures(found: Found) -> Stored:
    read = layout.read(found)
    notes = [*read.notes, *(f"left out: {phrase}." for phrase in found.in_words())]
    return Stored({split: partial(_rows, found.folder, labels) for split, labels in read.splits.items()}, notes)


def _rows(folder: Path, labels: Mapping[str, Sequence[str]]) -> datasets.Dataset:
    """Pictures by label, each path relative to `folder`."""
    names = sorted(labels)
    features = datasets.Features({"image": datasets.Image(decode=False), "label": datasets.ClassLabel(names=names)})
    pairs = [(str(folder / path), number) for number, name in enumerate(names) for path in labels[name]]
    images = [{"path": path, "bytes": None} for path, _ in pairs]
    return datasets.Dataset.from_dict({"image": images, "label": [number for _, number in pairs]}, features=features)


def _on_hub(source: Source) -> Stored:
    revision = source.revision

    def load(split: str) -> datasets.Dataset:
        return _fetched(lambda: datasets.load_dataset(source.place, split=split, revision=revision), source)

    names = _fetched(lambda: datasets.get_dataset_split_names(source.place, revision=revision), source)
    known = [name for name in names if role_of(name)]
    try:
        splits, notes = assign(known or names, Path(source.place))
        whole = splits.get(WHOLE, names[:1])
    except DataError:
        whole = names
    if len(whole) > 1:
        raise DataError(
            f"{source} has the splits {', '.join(names)}, and which is train, validation and test is not clear. Fetch it "
            f"(hf download {source} --repo-type dataset --local-dir DIR), name its files so that they say, and give --data DIR."
        )
    others = [name for name in names if known and name not in known]
    notes += [f"left out: the splits {', '.join(others)} of {source}, being none of {', '.join(SPLITS)}."] if others else []
    return Stored({split: partial(load, name) for split, (name,) in splits.items()}, notes)


def _fetched(load: Callable[[], T], source: Source) -> T:
    try:
        return load()
    except Exception as error:  # datasets and the client raise what the network provokes
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise DataError(
            f"The pictures of {source} cannot be fetched: {reason} Where they cannot be reached, give a folder of pictures with "
            "--data DIR."
        ) from error


def _loaded(load: Callable[[], T], place: str) -> T:
    try:
        return load()
    except Exception as error:  # pyarrow's and datasets' own, of many kinds, on files that are cut off or something else
        why = str(error.__cause__ or error).splitlines() or [type(error).__name__]
        raise DataError(
            f"{place} cannot be read: {why[0].rstrip('.')}. It may be cut off, or something else; fetch it again."
        ) from error
