"""The models that ship: on the packaged photos, through timm, their cards and sizes; on ../shared where it is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import timm
import torch
from huggingface_hub import ModelCard
from PIL import Image, ImageDraw

import cnnhub
from cnnhub import doctor
from cnnhub.errors import CorruptedFileError
from cnnhub.hub import catalogue, shipped, sources
from tests.support.places import EXAMPLES, ROOT, SHARED

BUILTIN = ROOT / "cnnhub" / "builtin"
MOST_BYTES = {
    "cats-vs-dogs": 12_000_000,
    "flowers": 12_000_000,
    "imagenet": 12_000_000,
    "cats-vs-dogs-shufflenet": 3_000_000,
    "mnist": 1_000_000,
}
MODEL_FILES = (
    "README.md", "config.json", "model.safetensors", "curves.png", "confusion_matrix.png", "reliability.png", "test_log.jsonl",
    "familiar.safetensors", "graph.onnx", "graph.json", "graph-int8.onnx", "graph-int8.json",
)  # fmt: skip
LEAST_TOP1 = {"cats-vs-dogs": 0.985, "flowers": 0.92, "cats-vs-dogs-shufflenet": 0.97, "mnist": 0.992}
ORIGIN = {"cats-vs-dogs-shufflenet": "the trunk of NanoDet-m", "mnist": "random"}


@pytest.mark.parametrize(
    ("model", "photo", "label"),
    [
        ("cats-vs-dogs", "cat.jpg", "cat"),
        ("cats-vs-dogs", "chelsea.png", "cat"),
        ("cats-vs-dogs", "dog.jpg", "dog"),
        ("cats-vs-dogs", "dog-and-person.jpg", "dog"),
        ("cats-vs-dogs-shufflenet", "cat.jpg", "cat"),
        ("cats-vs-dogs-shufflenet", "dog.jpg", "dog"),
        ("flowers", "daisy.jpg", "daisy"),
        ("flowers", "dandelion.jpg", "dandelion"),
        ("flowers", "roses.jpg", "roses"),
        ("flowers", "sunflower.jpg", "sunflowers"),
        ("flowers", "tulips.jpg", "tulips"),
        ("imagenet", "pizza.jpg", "pizza, pizza pie"),
        ("imagenet", "dog.jpg", "beagle"),
    ],
)
def test_packaged_photos(model: str, photo: str, label: str) -> None:
    assert cnnhub.load(model).predict(EXAMPLES / photo).label == label


# By strokes from point to point on a page of 28 x 28, white on black.
DRAWN = {
    "0": [[(14, 5), (9, 9), (8, 15), (10, 21), (14, 23), (18, 21), (20, 15), (19, 9), (14, 5)]],
    "1": [[(14, 5), (14, 23)]],
    "3": [[(9, 7), (14, 5), (18, 8), (14, 13), (19, 18), (14, 23), (9, 21)]],
    "4": [[(12, 5), (8, 15), (20, 15)], [(17, 9), (16, 23)]],
    "7": [[(8, 6), (20, 6), (12, 23)]],
}


@pytest.mark.parametrize("digit", DRAWN)
def test_a_drawn_digit_is_read(digit: str) -> None:
    page = Image.new("L", (280, 280))
    for stroke in DRAWN[digit]:
        ImageDraw.Draw(page).line([(10 * x, 10 * y) for x, y in stroke], fill=255, width=24, joint="curve")
    prediction = cnnhub.load("mnist").predict(page.convert("RGB"))
    assert prediction.label == digit and prediction.probability > 0.9 and not prediction.is_unfamiliar


def test_imagenet_has_no_reliability_as_no_validation_pictures_were_there() -> None:
    assert cnnhub.load("imagenet").reliability(0.97) is None


def test_china_is_a_palace_as_the_book_s_resnet_50_said() -> None:
    prediction = cnnhub.load("imagenet").predict(EXAMPLES / "china.jpg", top_k=3)
    assert {label.split(",")[0] for label in prediction.scores} == {"palace", "monastery", "castle"}


def test_imagenet_keeps_all_its_thousand_names() -> None:
    prediction = cnnhub.load("imagenet").predict(EXAMPLES / "cat.jpg")
    assert len(prediction.scores) == 1000
    assert {"crane (bird)", "crane (machine)"} <= set(prediction.scores)


def test_the_hashes_that_ship_are_those_of_the_files() -> None:
    listed = (BUILTIN / "SHA256SUMS.txt").read_text()
    assert listed == shipped.sums(), "make sums writes it anew"
    assert {line.split("  ")[1] for line in listed.splitlines()} == {
        str(path.relative_to(BUILTIN)) for path in BUILTIN.glob("*/*") if path.suffix in (".json", ".safetensors", ".onnx")
    }
    shipped.check(anew=True)


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation of one's own."""
    shutil.copytree(BUILTIN, tmp_path / "builtin")
    for module in (shipped, sources, catalogue):
        monkeypatch.setattr(module, "BUILTIN_FOLDER", tmp_path / "builtin")
    monkeypatch.setenv("CNNHUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "builtin"


def flip(path: Path, bytes_: int = 64) -> None:
    data = bytearray(path.read_bytes())
    for number in range(bytes_):
        data[-1 - 7 * number] ^= 255
    path.write_bytes(data)


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "familiar.safetensors", "graph.onnx", "graph-int8.json"])
def test_a_built_in_file_that_was_changed_or_lost(copy: Path, file: str) -> None:
    """Loaded before or not, the library says which file it is; other models are as well as before."""
    path = copy / "flowers" / file
    whole = path.read_bytes()
    for is_known in (False, True):
        flip(path)
        with pytest.raises(CorruptedFileError, match=f"flowers/{file} is not the file that was shipped"):
            cnnhub.load("flowers")
        path.unlink()
        with pytest.raises(CorruptedFileError, match=f"flowers/{file} is missing"):
            cnnhub.load("flowers")
        assert "flowers" in cnnhub.builtin_models()
        shipped.check("imagenet")
        path.write_bytes(whole)
        if not is_known:
            assert cnnhub.load("flowers").labels[0] == "daisy"


def test_a_graph_that_nobody_shipped_is_noticed(copy: Path) -> None:
    (copy / "flowers/another.onnx").write_bytes(b"")
    with pytest.raises(CorruptedFileError, match=r"flowers/another\.onnx is not the file that was shipped"):
        cnnhub.load("flowers")


def test_an_installation_is_hashed_once(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = []
    digest = shipped.digest
    monkeypatch.setattr(shipped, "digest", lambda path, like: (hashed.append(path.name), digest(path, like))[1])
    for _ in range(2):
        shipped.check("flowers")
    assert len(hashed) == len(set(hashed)) == 7
    (copy.parent / "cache").rename(copy.parent / "gone")
    (copy.parent / "cache").write_text("a file where the notes would lie: nothing can be remembered")
    for _ in range(2):
        shipped.check("flowers")
    assert len(hashed) == 3 * 7


def test_the_doctor_names_a_built_in_file_that_was_changed(copy: Path) -> None:
    assert doctor.builtin_checks() == []
    flip(copy / "imagenet/model.safetensors")
    (found,) = doctor.builtin_checks()
    assert found.state is doctor.State.broken and "imagenet/model.safetensors is not the file" in found.detail


@pytest.mark.parametrize("name", cnnhub.builtin_models())
def test_timm_gives_equal_logits(name: str) -> None:
    ours = cnnhub.load(name, engine="torch")
    theirs = timm.create_model(f"local-dir:{BUILTIN / name}", pretrained=True).eval()
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(theirs))
    for photo in ("cat.jpg", "china.jpg"):
        image = cnnhub.open_image(EXAMPLES / photo)
        with torch.inference_mode():
            assert np.array_equal(theirs(transform(image)[None])[0].numpy(), ours.logits(image))


@pytest.mark.parametrize("name", cnnhub.builtin_models())
def test_card_size_and_labels(name: str) -> None:
    folder = BUILTIN / name
    names = {path.name for path in folder.iterdir()}
    assert {"README.md", "config.json", "model.safetensors"} <= names
    assert names <= {*MODEL_FILES}, "nothing else ships, pictures of the data least of all"
    assert (folder / "model.safetensors").stat().st_size <= MOST_BYTES[name]
    card = ModelCard.load(folder / "README.md")
    assert card.data.license == "apache-2.0"
    assert ORIGIN.get(name, "efficientnet-lite") in card.text
    labels = cnnhub.load(name).labels
    for texts in json.loads((folder / "config.json").read_text())["cnnhub"].get("label_texts", {}).values():
        assert list(texts) == labels


@pytest.mark.parametrize("name", LEAST_TOP1)
def test_the_card_states_the_measured_figures(name: str) -> None:
    card = ModelCard.load(BUILTIN / name / "README.md")
    metrics = json.loads((BUILTIN / name / "config.json").read_text())["cnnhub"]["metrics"]
    assert metrics["test"]["top1"] >= LEAST_TOP1[name]
    ours = json.loads((BUILTIN / name / "config.json").read_text())["cnnhub"]
    assert ours["temperature"] != 1 and ours["energy"]["false_alarm"] <= 0.05
    assert {"pizza.jpg", "teddy-and-child.jpg"} <= set(ours["energy"]["detection"])
    bins = ours["reliability"]["bins"]
    counted = sum(each["count"] for each in bins), sum(each["correct"] for each in bins)
    assert ours["reliability"]["split"] == "validation"
    assert counted == (metrics["validation"]["n"], sum(row[i] for i, row in enumerate(metrics["validation"]["confusion"])))
    for split in ("validation", "test"):
        assert f"{100 * metrics[split]['top1']:.2f} %" in card.text
    stated = {result.dataset_split: result.metric_value for result in card.data.eval_results}
    assert stated == {split: round(score["top1"], 4) for split, score in metrics.items()}


@pytest.mark.parametrize("name", LEAST_TOP1)
def test_accuracy_on_a_sample_of_the_test_split(name: str) -> None:
    """Sixty pictures, every so many; `python -m training evaluate` measures the whole split."""
    data = SHARED / "data" / name.removesuffix("-shufflenet")
    if not data.is_dir():
        pytest.skip("../shared/data is not here")
    if name == "mnist":
        rows = pq.read_table(data / "test.parquet").take(list(range(0, 10_000, 166))).to_pylist()
        pictures, labels = [row["image"]["bytes"] for row in rows], [str(row["label"]) for row in rows]
    else:
        everything = sorted(data.glob("test/*/*.jpg"))
        pictures = everything[:: len(everything) // 60]
        labels = [path.parent.name for path in pictures]
    predictions = cnnhub.load(name).predict_many(pictures)
    right = sum(found.label == label for found, label in zip(predictions, labels, strict=True))
    assert right >= 0.87 * len(pictures)
