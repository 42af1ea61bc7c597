"""Datasets of every form, cut into splits by what the pictures hold; copies found, and kept out of validation."""

from __future__ import annotations

import dataclasses
import io
import json
import shutil
import tarfile
from collections import Counter
from pathlib import Path

import datasets
import pytest
from PIL import Image, ImageDraw
from rich.console import Console

from tests.support.places import EXAMPLES
from tests.support.training_runs import draw, scene, training, write_scenes
from training.data import inspection
from training.data.cutting import cut
from training.data.hygiene import Print, content, duplicates, examine
from training.data.layout import DataError
from training.data.sources import Source
from training.data.splits import load_split, load_training


def contents(source: Source | Path, split: str) -> set[bytes]:
    pictures = load_split(source, split)
    return {content(pictures.source(n)) for n in range(len(pictures))}


def test_a_folder_without_splits_is_cut_by_content(tmp_path: Path) -> None:
    folder = write_scenes(tmp_path / "set", 80)
    before = {split: contents(folder, split) for split in ("train", "validation", "test")}
    assert sum(map(len, before.values())) == 80
    assert 48 <= len(before["train"]) <= 70 and before["validation"] and before["test"]
    for path in sorted(folder.rglob("*.png")):  # other names, other order, more pictures: nobody changes sides
        path.rename(path.with_name(f"x{999 - int(path.stem)}.png"))
    write_scenes(folder, 20, first=100)
    for split, pictures in before.items():
        assert pictures <= contents(folder, split)


def test_a_rare_label_lends_each_split_its_nearest_hashes(tmp_path: Path) -> None:
    folder = write_scenes(tmp_path / "set", 100)
    (folder / "rare").mkdir()
    for number in range(4):
        scene(512 + number).save(folder / "rare" / f"{number}.png")
    splits = {split: load_split(folder, split) for split in ("train", "validation", "test")}
    rare = {split: [p.name(n) for n in range(len(p)) if p.label(n) == "rare"] for split, p in splits.items()}
    assert sorted(map(len, rare.values())) == [1, 1, 2], "each has it, and no picture lies in two"
    (folder / "rare" / "0.png").rename(folder / "rare" / "other.png")
    for split, before in splits.items():
        assert before.fingerprint == load_split(folder, split).fingerprint, "their names do not matter"
    moved = [name for name in sum(rare.values(), []) if any(name in note for note in splits["train"].lent)]
    assert moved and splits["train"].lent == splits["test"].lent and set(splits["test"].lent) <= set(splits["test"].notes)


def test_copies_are_lent_together() -> None:
    picture = [b"same"] * 3 + [b"other", b"third"]
    sides, lent = cut(picture, [0] * 5)
    assert len(set(sides[:3])) == 1 and set(sides) == {"train", "validation", "test"} and lent
    assert cut([b"alone"], [0])[1] == [], "one picture stays where its hash puts it"
    assert "test" not in cut([b"%d" % n for n in range(4)], [0] * 4, has_test=True)[0]


def test_train_and_test_alone_give_validation_a_part_of_train(tmp_path: Path) -> None:
    folder = write_scenes(tmp_path / "train", 60).parent
    write_scenes(tmp_path / "test", 6, first=200)
    train, validation, test = (contents(folder, split) for split in ("train", "validation", "test"))
    assert len(train) + len(validation) == 60 and len(test) == 6
    assert 2 <= len(validation) <= 20 and not train & validation


def test_a_label_called_train_is_a_label(tmp_path: Path) -> None:
    for number in range(40):
        path = tmp_path / ("train", "plane")[number % 2] / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        scene(number).save(path)
    assert load_split(tmp_path, "train").labels == ["plane", "train"]


def test_val_is_validation(tmp_path: Path) -> None:
    draw(tmp_path, {"train": 3, "val": 2})
    train, validation = load_training(tmp_path)
    assert (len(train), len(validation)) == (6, 4)


def test_an_archive_is_read_as_the_published_flowers_are(tmp_path: Path) -> None:
    folder = write_scenes(tmp_path / "photos", 40)
    (folder / "LICENSE.txt").write_text("free")
    with tarfile.open(tmp_path / "photos.tgz", "w:gz") as archive:
        archive.add(folder, "photos")
    for split in ("train", "validation", "test"):
        assert contents(tmp_path / "photos.tgz", split) == contents(folder, split)
    assert load_split(tmp_path / "photos.tgz", "train").labels == ["cat", "dog"]


@pytest.mark.parametrize("labels", [datasets.ClassLabel(names=["cat", "dog"]), datasets.Value("string")])
def test_columns_of_other_names_and_kinds(labels: datasets.ClassLabel | datasets.Value, tmp_path: Path) -> None:
    def png(number: int) -> bytes:
        encoded = io.BytesIO()
        scene(number).save(encoded, "PNG")
        return encoded.getvalue() if number else b"a corrupt row"

    named = isinstance(labels, datasets.Value)
    rows = datasets.Dataset.from_dict(
        {
            "pixels": [{"bytes": png(number), "path": None} for number in range(40)],
            "labels": [("cat", "dog")[number % 2] if named else number % 2 for number in range(40)],
            "other": list(range(40)),
        },
        features=datasets.Features({"pixels": datasets.Image(), "labels": labels, "other": datasets.Value("int64")}),
    )
    rows.to_parquet(str(tmp_path / "data.parquet"))
    source = Source(str(tmp_path), image_column="pixels", label_column="labels")
    splits = [load_split(source, split) for split in ("train", "validation", "test")]
    assert sum(map(len, splits)) == 39 and sum(len(pictures.unreadable) for pictures in splits) == 1
    assert splits[0].labels == ["cat", "dog"]
    with pytest.raises(DataError, match=r"no column 'image', only pixels, labels, other\. Name it with --image-column"):
        load_split(tmp_path, "train")


def test_parquet_is_the_folder(tmp_path: Path) -> None:
    folder = draw(tmp_path / "data", {"test": 3})
    rows = datasets.load_dataset("imagefolder", data_files={"test": f"{folder}/test/*/*"}, split="test")
    rows = rows.cast_column("image", datasets.Image(decode=False))
    embedded = rows.map(lambda row: {"image": {"bytes": Path(row["image"]["path"]).read_bytes(), "path": None}})
    embedded.to_parquet(str(tmp_path / "test.parquet"))
    from_parquet, from_folder = load_split(tmp_path, "test"), load_split(folder, "test")
    assert from_parquet.labels == from_folder.labels
    assert from_parquet.targets == from_folder.targets
    assert from_parquet.fingerprint == from_folder.fingerprint
    assert isinstance(from_parquet.source(0), bytes)


def test_unreadable_pictures_are_left_out_up_to_a_tenth(tmp_path: Path) -> None:
    folder = draw(tmp_path, {"train": 10, "validation": 2})
    (folder / "train/red/0.jpg").write_bytes(b"broken")
    pictures = load_split(folder, "train")
    assert len(pictures) == 19
    assert "0.jpg" in pictures.unreadable[0]
    for number in (1, 2):
        (folder / f"train/red/{number}.jpg").write_bytes(b"broken")
    with pytest.raises(DataError, match="3 of 20 pictures cannot be read"):
        load_split(folder, "train")


def test_what_is_wrong_with_a_set_is_said(tmp_path: Path) -> None:
    def fresh(name: str) -> Path:
        return draw(tmp_path / name, {"train": 3, "validation": 2})

    one = fresh("one")
    for split in ("train", "validation"):
        shutil.rmtree(one / split / "red")
    with pytest.raises(DataError, match="expected two or more"):
        load_training(one)
    differ = fresh("differ")
    (differ / "validation/red").rename(differ / "validation/rot")
    with pytest.raises(DataError, match="'red' is in train but not in validation; 'rot' is in validation but not in train"):
        load_training(differ)
    empty = fresh("empty")
    (empty / "train/green").mkdir()
    with pytest.raises(DataError, match="green holds no picture"):
        load_training(empty)
    with pytest.raises(DataError, match="holds no folder of pictures"):
        load_training(EXAMPLES)
    with pytest.raises(DataError, match="There is no folder"):
        load_training(tmp_path / "nowhere")


def test_copies_are_found_through_encoding_and_size_and_nothing_else_is(tmp_path: Path) -> None:
    paths = []
    for seed in range(30):
        paths.append(tmp_path / f"{seed}.png")
        scene(seed, (400, 300)).save(paths[-1])
    for name, (image, options) in {
        "q40.jpg": (scene(3, (400, 300)), {"quality": 40}),
        "small.png": (scene(3, (400, 300)).resize((120, 90)), {}),
        "flat1.png": (Image.new("RGB", (50, 50), "white"), {}),
        "flat2.png": (Image.new("RGB", (50, 50), "grey"), {}),
    }.items():
        paths.append(tmp_path / name)
        image.save(paths[-1], **options)
    paths.append(shutil.copy(paths[-1], tmp_path / "flat3.png"))
    prints = [examine(str(path)) for path in paths]
    assert all(isinstance(each, Print) for each in prints)
    assert duplicates(prints) == [[3, 30, 31], [33, 34]]


def test_a_photo_is_found_again_cropped_little_and_encoded_anew(tmp_path: Path) -> None:
    photos = [*EXAMPLES.glob("*.jpg"), *EXAMPLES.glob("*.png")]
    with Image.open(EXAMPLES / "cat.jpg") as cat:
        cat.resize((cat.width // 2, cat.height // 2)).save(tmp_path / "again.jpg", quality=60)
    groups = duplicates([examine(str(path)) for path in (*photos, tmp_path / "again.jpg")])
    assert [[(*photos, tmp_path / "again.jpg")[n].name for n in group] for group in groups] == [["cat.jpg", "again.jpg"]]


def one(thickness: int, side: int) -> bytes:
    """A handwritten one, more or less: white on black, as PNG."""
    image = Image.new("L", (112, 112))
    ImageDraw.Draw(image).line([(60, 14), (52, 98)], fill=255, width=thickness)
    encoded = io.BytesIO()
    image.resize((side, side), Image.Resampling.LANCZOS).save(encoded, "PNG")
    return encoded.getvalue()


@pytest.mark.parametrize("side", [28, 224])
def test_of_small_plain_pictures_the_pixels_are_compared(side: int) -> None:
    prints = [examine(one(thickness, side)) for thickness in (8, 10)] + [examine(one(10, side * 3 // 2))]
    assert all(isinstance(each, Print) for each in prints)
    hashes = [dataclasses.replace(each, greys=None) for each in prints if isinstance(each, Print)]
    assert duplicates(hashes) == [[0, 1, 2]], "the hashes alone take a thick one for a thin one"
    assert duplicates([each for each in prints if isinstance(each, Print)]) == [[1, 2]]


@pytest.fixture
def leaky(tmp_path: Path) -> Path:
    folder = draw(tmp_path / "leaky", {"train": 6, "validation": 4, "test": 2})
    shutil.copy(folder / "train/red/1.jpg", folder / "validation/red/copy.jpg")
    return folder


def test_copies_across_splits_are_refused_or_moved(leaky: Path) -> None:
    with pytest.raises(DataError, match=r"1 validation pictures have a copy in train, such as validation/red/copy.jpg"):
        load_training(leaky)
    train, validation = load_training(leaky, fix_leaks=True)
    assert (len(train), len(validation)) == (13, 8)
    assert train.name(12) == "validation/red/copy.jpg" and train.labels[train.targets[12]] == "red"
    assert Counter(train.targets) == {0: 6, 1: 7} and len(train.prints) == 13


def test_inspect_tells_all_and_shows_it(leaky: Path, tmp_path: Path) -> None:
    shutil.copy(leaky / "train/red/2.jpg", leaky / "train/blue/two.jpg")
    (leaky / "train/blue/0.jpg").write_bytes(b"broken")
    sheet = tmp_path / "sheet.html"
    done = training("inspect", "--data", leaky, "--augment", "--output", sheet, "--json")
    assert done.returncode == 1, "a leak fails a script that checks data"
    result = json.loads(done.stdout)
    assert result["splits"]["train"]["labels"] == {"blue": 6, "red": 6}
    assert len(result["splits"]["train"]["unreadable"]) == 1
    assert [sorted(member["name"] for member in group) for group in result["leaks"]] == [
        ["train/red/1.jpg", "validation/red/copy.jpg"]
    ]
    assert [sorted(member["label"] for member in group) for group in result["conflicts"]] == [["blue", "red"]]
    page = sheet.read_text()
    assert "One picture, 2 times" in page and "Augmentation of one" in page
    shutil.copy(leaky / "train/red/1.jpg", leaky / "test/red/<b>.jpg")
    assert training("inspect", "--data", leaky, "--output", sheet).returncode == 1
    assert "<b>" not in sheet.read_text()
    training("inspect", "--data", leaky, "--output", tmp_path / "looks")
    assert (tmp_path / "looks" / f"inspect-{leaky.name}.html").is_file()


def test_inspect_lists_what_is_broken(tmp_path: Path) -> None:
    """The very sets it is for: finetune refuses each of these."""
    folder = draw(tmp_path / "broken", {"train": 4, "validation": 2, "test": 1})
    for number in range(3):
        (folder / f"train/red/{number}.jpg").write_bytes(b"broken")
    (folder / "train/green").mkdir()
    (folder / "train/blue/notes.txt").touch()
    for path in (folder / "test").rglob("*.jpg"):
        path.write_bytes(b"")
    found = inspection.inspect(folder, tmp_path / "sheet.html")
    assert len(found.splits["train"].unreadable) == 3 and found.splits["train"].labels == {"blue": 4, "green": 0, "red": 1}
    assert (found.splits["test"].pictures, found.splits["test"].median_size, len(found.splits["test"].unreadable)) == (0, None, 2)
    console = Console(width=300, record=True, file=io.StringIO())
    for part in inspection.report(found):
        console.print(part)
    said = console.export_text()
    for words in ("cannot be read (train):", "cannot be read (test):", "no picture (train): green", "test none", "notes.txt"):
        assert words in said
    with pytest.raises(DataError, match="3 of 8 pictures cannot be read"):
        load_training(folder)
