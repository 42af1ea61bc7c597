"""Layouts, archives and tables as people hold them: read as they are meant, or refused with what to do."""

from __future__ import annotations

import http.server
import io
import os
import shutil
import tarfile
import threading
import zipfile
from collections import Counter
from functools import partial
from pathlib import Path

import datasets
import pytest
from PIL import Image

from tests.support.training_runs import scene
from training.data import archives
from training.data.layout import DataError
from training.data.sources import MissingSplitError, Source
from training.data.splits import load_split, load_training


def write(folder: Path, *places: str, each: int = 2) -> Path:
    """`each` scenes in every place, such as "train/cat"; one where a file is named; none where it ends in "/"."""
    number = sum(len(files) for _, _, files in os.walk(folder))
    for place in places:
        is_file = "." in place
        where = folder / (Path(place).parent if is_file else place)
        where.mkdir(parents=True, exist_ok=True)
        for name in [Path(place).name] if is_file else [f"{n}.png" for n in range(0 if place.endswith("/") else each)]:
            number += 1
            scene(number, (24, 18)).save(where / name, "PNG")
    return folder


def splits_of(source: Path | Source) -> dict[str, tuple[list[str], int]]:
    """Split -> its labels and how many pictures it has, of those that can be read."""
    found = {}
    for split in ("train", "validation", "test"):
        try:
            pictures = load_split(source, split, check=False)
            found[split] = pictures.labels, len(pictures)
        except MissingSplitError:
            pass
    return found


BOTH = (["cat", "dog"], 4)


@pytest.mark.parametrize("names", [
    ("train", "val", "test"), ("Training", "valid", "Testing"), ("TRAIN", "dev", "test1"), ("train_set", "val_set", "test_set"),
    ("train", "validation", "eval"), ("train", "eval", "test"), ("train_images", "val_images", "test_images"),
])  # fmt: skip
@pytest.mark.parametrize("wrapper", ["", "wrapper/photos/"])
def test_three_splits_are_three_splits(names: tuple[str, str, str], wrapper: str, tmp_path: Path) -> None:
    write(tmp_path, *(f"{wrapper}{name}/{label}" for name in names for label in ("cat", "dog")))
    assert splits_of(tmp_path) == dict.fromkeys(("train", "validation", "test"), BOTH)


def test_training_and_testing_keep_the_second(tmp_path: Path) -> None:
    write(tmp_path, "Training/cat", "Training/dog", each=20)
    write(tmp_path, "Testing/cat", "Testing/dog")
    found = splits_of(tmp_path)
    assert found["test"] == BOTH and found["train"][1] + found["validation"][1] == 40
    assert "Training is read as train, Testing is read as test." in load_split(tmp_path, "train").notes


@pytest.mark.parametrize(
    ("places", "message"),
    [
        (
            ("train/cat.1.png", "train/dog.2.png", "test1/1.png"),
            r"test1/ with 1 picture, train/ with 2.*mkdir \S+/train/cat && mv",
        ),
        (("train/a.png", "validation/b.png"), r"no folders of labels.*mkdir \S+/train/LABEL"),
        (("train/a.png",), "no folders of labels"),
        (("train/1.png", "train/2.png", "train/masks/1.png", "test/1.png"), "no folders of labels"),
        (("train/cat", "train/dog", "test/1.png"), r"test/ with 1 picture.*mv \S+/test \S+-test$"),
        (("train/cat", "train/dog", "eval/cat"), r"eval is for validation .* or for test .*mv \S+/eval \S+/validation or mv"),
        (("train/cat", "train/dog", "extra/cat"), "whether extra is for validation"),
        (("train/cat", "val/cat", "valid/cat"), "val, valid, which are named for the same split"),
        (("seg_train/cat", "seg_test/cat", "seg_pred/1.png"), r"seem to be splits.*mv \S+/seg_test \S+/train"),
        (("1.png", "2.png"), "holds no folder of pictures, but 2 pictures without a label"),
        (("cat/",), "holds no folder of pictures"),
    ],
)
def test_what_is_not_clear_is_refused(places: tuple[str, ...], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        load_split(write(tmp_path, *places), "train")


def test_an_extra_folder_beside_three_splits_is_said(tmp_path: Path) -> None:
    write(tmp_path, "train/cat", "val/cat", "test/cat", "extra/cat")
    assert any("extra" in note and "left out" in note for note in load_split(tmp_path, "train").notes)


def test_archives_that_repeat_a_split_s_name(tmp_path: Path) -> None:
    write(tmp_path, "train/train/cat", "train/train/dog", "val/val/cat", "val/val/dog", "test/test/cat", "test/test/dog")
    assert splits_of(tmp_path) == dict.fromkeys(("train", "validation", "test"), BOTH)


def test_classes_of_every_kind_are_classes(tmp_path: Path) -> None:
    """What `datasets` lost: links, underscores, deeper folders, other suffixes, none."""
    write(
        tmp_path / "set",
        "cat/a.jfif",
        "cat/below",
        "_background_/1.png",
        "deep/er/and/deeper",
        "train_station/1.png",
        "hidden/.1.png",
    )
    write(tmp_path, "elsewhere")
    (tmp_path / "set/linked").symlink_to(tmp_path / "elsewhere")
    shutil.copy(tmp_path / "elsewhere/0.png", tmp_path / "set/cat/without_suffix")
    (tmp_path / "set/cat/._a.jfif").write_bytes(b"\0\5\x16\7")
    (tmp_path / "set/notes.csv").touch()
    parts = [load_split(tmp_path / "set", split) for split in ("train", "validation", "test")]
    assert parts[0].labels == ["_background_", "cat", "deep", "hidden", "linked", "train_station"]
    counts = sum((Counter(part.labels[target] for target in part.targets) for part in parts), Counter[str]())
    assert counts == {"cat": 4, "_background_": 1, "deep": 2, "linked": 2, "train_station": 1}
    assert not any(part.unreadable for part in parts)
    said = " ".join(parts[0].notes)
    for word in ("4 pictures in folders below", "hidden/.1.png", "cat/._a.jfif", "notes.csv"):
        assert word in said
    with pytest.raises(DataError, match=r"hidden holds no picture\. .*1 hidden file or folder, hidden/\.1\.png"):
        load_training(tmp_path / "set")


def test_pictures_that_a_library_is_missing_for_do_not_vanish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="the extra cnnhub[heic] is not installed")
    write(tmp_path, "train/cat", "train/dog", "validation/cat", "validation/dog")
    shutil.rmtree(tmp_path / "train/cat")
    (tmp_path / "train/cat").mkdir()
    pillow_heif.from_pillow(scene(90)).save(tmp_path / "train/cat/1.heic")
    scene(91).save(tmp_path / "train/cat/2.avif")
    assert len(load_split(tmp_path, "train")) == 4
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    with pytest.raises(DataError, match=r"1 of 4 pictures cannot be read, the first: .*1\.heic is a HEIC photo.*cnnhub\[heic\]"):
        load_split(tmp_path, "train")


# Archives


def packed(folder: Path, archive: Path) -> Path:
    kind = {".xz": "w:xz", ".tgz": "w:gz", ".bz2": "w:bz2", ".tar": "w"}.get(archive.suffix)
    if kind:
        with tarfile.open(archive, kind) as tar:
            tar.add(folder, "photos")
        return archive
    with zipfile.ZipFile(archive, "w") as zipped:
        for path in sorted(folder.rglob("*")):
            zipped.write(path, f"photos/{path.relative_to(folder)}")
    return archive


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where archives are unpacked."""
    monkeypatch.setattr(datasets.config, "EXTRACTED_DATASETS_PATH", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.mark.parametrize("name", ["a.zip", "a.ZIP", "a.tar", "a.tgz", "a.tar.xz", "a.tar.bz2", "no_suffix"])
def test_archives(name: str, tmp_path: Path, cache: Path) -> None:
    folder = write(tmp_path / "set", "train/cat", "train/dog", "val/cat", "val/dog", "test/cat", "test/dog")
    assert splits_of(packed(folder, tmp_path / name)) == dict.fromkeys(("train", "validation", "test"), BOTH)
    assert len(list(cache.iterdir())) == 1, "unpacked once"


def test_an_archive_on_the_web(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "DOWNLOADED_DATASETS_PATH", str(cache / "downloads"))
    packed(write(tmp_path / "set", "cat", "dog"), tmp_path / "a.zip")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        assert sum(count for _, count in splits_of(Source(f"{address}/a.zip")).values()) == 4
        with pytest.raises(DataError, match=r"none\.zip cannot be fetched: HTTP Error 404.*--data DIR"):
            load_split(Source(f"{address}/none.zip"), "train")
        server.shutdown()
    assert sum(count for _, count in splits_of(Source(f"{address}/a.zip")).values()) == 4, "asked for once"


@pytest.mark.parametrize("name", ["../out.png", "/out.png", "a/../../out.png", "C:/out.png", "..\\out.png"])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_archive_writes_nowhere_else(name: str, kind: str, tmp_path: Path, cache: Path) -> None:
    archive = tmp_path / f"a.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as zipped:
            zipped.writestr(zipfile.ZipInfo(name), b"x")
    else:
        with tarfile.open(archive, "w") as tar:
            tar.addfile(tarfile.TarInfo(name))
    with pytest.raises(DataError, match=r"would lie outside its folder\. Nothing was unpacked"):
        load_split(archive, "train")
    assert sorted(path.name for path in tmp_path.rglob("*")) == [f"a.{kind}", "cache"]


def test_links_in_an_archive_are_passed_over(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.add(write(tmp_path / "set", "cat", "dog"), ".")
        for name, target, kind in (("cat/l.png", str(tmp_path / "secret.png"), tarfile.SYMTYPE), ("dog/p", "", tarfile.FIFOTYPE)):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, target
            tar.addfile(entry)
    assert sum(count for _, count in splits_of(tmp_path / "a.tar").values()) == 4
    assert not any(path.is_symlink() for path in cache.rglob("*"))


def test_bombs_and_broken_archives(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "FREE_BYTES", 1000)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("cat/1.png", bytes(1_000_000))
    with pytest.raises(DataError, match="more than 30 times its size"):
        load_split(tmp_path / "bomb.zip", "train")
    whole = packed(write(tmp_path / "set", "cat", "dog"), tmp_path / "whole.tgz").read_bytes()
    for name, data, message in (
        ("login.zip", b"<!doctype html><title>Log in</title>", "is no archive .* begins like a web page"),
        ("cut.tgz", whole[: len(whole) // 2], "cannot be unpacked"),
        ("empty.zip", b"", "is no archive"),
        ("list.csv", b"file,label\n", "is no archive"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DataError, match=message):
            load_split(tmp_path / name, "train")
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    with pytest.raises(DataError, match="more than 3 files, the limit"):
        load_split(packed(tmp_path / "set", tmp_path / "many.tar"), "train")
    assert not list(cache.iterdir()), "all or nothing"


# Tables


def png(number: int) -> bytes:
    encoded = io.BytesIO()
    scene(number, (24, 18)).save(encoded, "PNG")
    return encoded.getvalue()


def rows(labels: list[object], images: list[object] | None = None, feature: object = None) -> datasets.Dataset:
    pictures = images or [{"bytes": png(number), "path": None} for number in range(len(labels))]
    named = feature or datasets.ClassLabel(names=["cat", "dog"])
    features = datasets.Features({"image": datasets.Image(), "label": named})
    return datasets.Dataset.from_dict({"image": pictures, "label": labels}, features=features)


PARTS = {"train": 6, "validation": 4, "test": 2}


def tables(folder: Path, names: str) -> Path:
    """A table for each split: names such as "{}-00000-of-00001.parquet"."""
    for split, count in PARTS.items():
        path = folder / names.format(split)
        path.parent.mkdir(parents=True, exist_ok=True)
        rows([number % 2 for number in range(count)]).to_parquet(str(path))
    return folder


@pytest.mark.parametrize(
    "names",
    ["{}.parquet", "data/{}-00000-of-00001.parquet", "data/{}-00000-of-00001-b4a4d2f1.parquet", "default/{}/0000.parquet"],
)
def test_tables_as_they_are_downloaded(names: str, tmp_path: Path) -> None:
    assert {split: count for split, (_, count) in splits_of(tables(tmp_path, names)).items()} == PARTS


def test_one_table_alone(tmp_path: Path) -> None:
    tables(tmp_path, "{}.parquet")
    assert splits_of(tmp_path / "test.parquet") == {"test": (["cat", "dog"], 2)}
    assert sum(count for _, count in splits_of(tmp_path / "train.parquet").values()) == 6
    (tmp_path / "train.parquet").rename(tmp_path / "pictures.PARQUET")
    assert sum(count for _, count in splits_of(tmp_path / "pictures.PARQUET").values()) == 6


def test_what_datasets_has_saved(tmp_path: Path) -> None:
    parts = {split: rows([0, 1] * (count // 2)) for split, count in PARTS.items()}
    datasets.DatasetDict(parts).save_to_disk(str(tmp_path / "all"))
    parts["train"].save_to_disk(str(tmp_path / "one"))
    assert {split: count for split, (_, count) in splits_of(tmp_path / "all").items()} == PARTS
    assert sum(count for _, count in splits_of(tmp_path / "one").values()) == 6


@pytest.mark.parametrize(
    ("labels", "feature"),
    [
        ([0, 1, -1, 0, None], datasets.ClassLabel(names=["cat", "dog"])),
        ([0, 1, -1, 0, None], datasets.Value("int64")),
        (["cat", "dog", "", "cat", None], datasets.Value("string")),
        ([0.0, 1.0, float("nan"), 0.0, None], datasets.Value("float32")),
    ],
)
def test_withheld_labels_are_left_out(labels: list[object], feature: object, tmp_path: Path) -> None:
    rows(labels, feature=feature).to_parquet(str(tmp_path / "test.parquet"))
    pictures = load_split(tmp_path, "test")
    assert pictures.targets == [0, 1, 0] and len(pictures.labels) == 2 and pictures.name(2) == "row 3"
    assert pictures.notes == ["left out: 2 of 5 rows without a label (null or -1), such as row 2."]
    rows([labels[4]] * 3, feature=feature).to_parquet(str(tmp_path / "test.parquet"))
    with pytest.raises(DataError, match=r"All 3 labels of a split of .* are withheld"):
        load_split(tmp_path, "test")


def test_minus_one_is_a_label_beside_one(tmp_path: Path) -> None:
    rows([-1, 1, -1], feature=datasets.Value("int64")).to_parquet(str(tmp_path / "test.parquet"))
    assert load_split(tmp_path, "test").labels == ["-1", "1"]


def test_null_and_empty_pictures_are_unreadable(tmp_path: Path) -> None:
    pictures = [{"bytes": png(number), "path": None} for number in range(30)]
    pictures[3:5] = [None, {"bytes": b"", "path": None}]
    rows([0, 1] * 15, pictures).to_parquet(str(tmp_path / "test.parquet"))
    found = load_split(tmp_path, "test")
    assert len(found) == 28 and [problem[:6] for problem in found.unreadable] == ["row 3:", "row 4:"]
    assert load_split(tmp_path, "test", check=False).fingerprint


@pytest.mark.parametrize("broken", ["cut", "page", "empty"])
def test_a_table_that_is_none_is_named(broken: str, tmp_path: Path) -> None:
    tables(tmp_path, "data/{}-00000-of-00001.parquet")
    path = tmp_path / "data/train-00000-of-00001.parquet"
    data = path.read_bytes()
    path.write_bytes({"cut": data[: len(data) // 2], "page": b"<html>log in</html>" * 9, "empty": b""}[broken])
    with pytest.raises(DataError, match=r"train-00000-of-00001\.parquet cannot be read: .*fetch it again"):
        load_split(tmp_path, "train")


def test_a_column_of_lists_is_refused(tmp_path: Path) -> None:
    rows([[0], [1]], feature=datasets.List(datasets.Value("int64"))).to_parquet(str(tmp_path / "test.parquet"))
    with pytest.raises(DataError, match="expected one label for each picture"):
        load_split(tmp_path, "test")


def test_tables_of_several_sets_are_not_mixed(tmp_path: Path) -> None:
    for name in ("cifar10", "cifar100"):
        tables(tmp_path / name, "{}.parquet")
    with pytest.raises(DataError, match=r"in 2 folders, of different sets it seems\. Take one: --data \S+cifar10 or --data"):
        load_split(tmp_path, "train")


def test_pictures_beside_tables_are_said(tmp_path: Path) -> None:
    tables(tmp_path, "{}.parquet")
    Image.new("RGB", (4, 4)).save(tmp_path / "logo.png")
    assert load_split(tmp_path, "test").notes == ["left out: 1 pictures and other files beside test.parquet, such as logo.png."]
