"""Strangeness: its arithmetic by hand, a model that stores it through load, predict and onnx, and what ships."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import cnnhub
from cnnhub import errors, familiarity
from cnnhub.hub import BUILTIN_FOLDER
from cnnhub.hub.config import Neighbours
from cnnhub.hub.folder import read_config, read_familiar, write_config, write_familiar
from tests.support.places import EXAMPLES
from training.data import drawings
from training.fit import familiar

PLAIN = Neighbours(k=2, energy_mean=0, energy_sd=1, distance_mean=0, distance_sd=1, threshold=0, false_alarm=0)


def test_strangeness_by_hand() -> None:
    taught = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]], np.float32)
    scaled = Neighbours(k=2, energy_mean=-2, energy_sd=4, distance_mean=0.1, distance_sd=0.5, threshold=0, false_alarm=0)
    logits, embeddings = np.array([[1.0, 2.0]], np.float32), np.array([[3.0, 0.0]], np.float32)
    energy = -np.log(np.e + np.e**2)
    distance = 1 - 0.6  # cosines 1, 0.6 and 0: the second nearest
    expected = (energy + 2) / 4 + (distance - 0.1) / 0.5
    assert familiarity.Familiarity(taught, scaled).strangeness(logits, embeddings).item() == pytest.approx(expected, abs=1e-6)
    probe = np.array([2.0, 5.0], np.float32)
    probed = scaled.model_copy(update={"probe_mean": 0.5, "probe_sd": 3.0})
    with_probe = familiarity.Familiarity(taught, probed, probe).strangeness(logits, embeddings).item()
    assert with_probe == pytest.approx(expected + (2.0 - 0.5) / 3, abs=1e-6), "of the embedding at length 1"
    alone = Neighbours(k=2, probe_sd=3.0, threshold=0, false_alarm=0)
    assert familiarity.Familiarity(taught, alone, probe).strangeness(logits, embeddings).item() == pytest.approx(2 / 3, abs=1e-6)
    assert familiarity.neighbour_distance(embeddings, taught, 3).item() == pytest.approx(1)


def test_eight_bits_keep_the_directions(tmp_path: Path) -> None:
    embeddings = np.random.default_rng(0).normal(size=(40, 64)).astype(np.float32)
    write_familiar(tmp_path, embeddings)
    assert read_familiar(tmp_path, 2).probe is None
    write_familiar(tmp_path, embeddings, np.arange(64))
    assert read_familiar(tmp_path, 2).probe.tolist() == list(range(64))
    kept = familiarity.unit_length(read_familiar(tmp_path, 2).embeddings)
    assert kept == pytest.approx(embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True), abs=0.005)
    assert np.linalg.norm(kept, axis=1) == pytest.approx(np.ones(40))


def taught_folder(model_folder: Callable[..., Path], threshold: float) -> Path:
    """A model that stores 20 pictures' embeddings."""
    folder = model_folder("taught")
    plain = cnnhub.load(folder)
    random = np.random.default_rng(0)
    pictures = [random.integers(0, 256, (64, 64, 3), np.uint8) for _ in range(20)]
    write_familiar(folder, np.stack([plain.embed(picture) for picture in pictures]))
    config = read_config(folder)
    write_config(folder, config.with_metadata(neighbours={**PLAIN.model_dump(), "threshold": threshold}))
    return folder


@pytest.mark.parametrize("engine", ["torch", "onnx"])
def test_predict_tells_strangeness(model_folder: Callable[..., Path], picture: Image.Image, engine: str) -> None:
    if engine == "onnx" and importlib.util.find_spec("onnxruntime") is None:
        pytest.skip("onnxruntime is not installed")
    folder = taught_folder(model_folder, threshold=-1e9)
    classifier = cnnhub.load(folder, engine=engine)
    logits, embedding = classifier.logits(picture)[None], classifier.embed(picture)[None]
    kept = familiarity.Familiarity(familiarity.unit_length(read_familiar(folder, PLAIN.k).embeddings), PLAIN)
    expected = kept.strangeness(logits, embedding).item()
    prediction = classifier.predict(picture)
    assert prediction.strangeness == pytest.approx(expected, abs=1e-4)
    assert prediction.is_unfamiliar is True and (classifier.threshold, classifier.false_alarm) == (-1e9, 0)
    (again,) = classifier.predict_many([picture])
    assert again == prediction
    assert cnnhub.load(taught_folder(model_folder, threshold=1e9)).predict(picture).is_unfamiliar is False


def test_a_fresh_head_forgets_the_old_one_s_pictures(model_folder: Callable[..., Path], picture: Image.Image) -> None:
    prediction = cnnhub.load(taught_folder(model_folder, threshold=0), num_classes=4).predict(picture)
    assert (prediction.is_unfamiliar, prediction.strangeness) == (None, None)


@pytest.mark.parametrize("damage", ["missing", "no tensors", "too few", "floats", "other length", "another probe"])
def test_a_damaged_file_gets_an_error(model_folder: Callable[..., Path], damage: str) -> None:
    from safetensors.torch import save_file

    folder = taught_folder(model_folder, threshold=0)
    file = folder / "familiar.safetensors"
    length = cnnhub.load(folder).embed(np.zeros((64, 64, 3), np.uint8)).size
    file.unlink()
    if damage == "no tensors":
        file.write_bytes(b"nothing")
    elif damage != "missing":
        shape = {"too few": (1, length), "floats": (20, length), "other length": (20, length + 1)}.get(damage, (20, length))
        held = {"embeddings": torch.ones(shape, dtype=torch.float32 if damage == "floats" else torch.int8)}
        save_file(held | ({"probe": torch.ones(length + 1)} if damage == "another probe" else {}), file)
    with pytest.raises(errors.ModelWeightsError, match=r"familiar\.safetensors"):
        cnnhub.load(folder)


def test_learning_it_from_a_data_set(model_folder: Callable[..., Path], tmp_path: Path) -> None:
    """Red, green and blue pictures are taught; noise is strange. Validation alone gives the threshold."""
    folder = model_folder("mine")
    random = np.random.default_rng(0)
    for split, count in (("train", 8), ("validation", 8)):
        for number, label in enumerate(("ant", "bee", "cow")):
            (tmp_path / "data" / split / label).mkdir(parents=True)
            for index in range(count):
                pixels = random.integers(0, 40, (64, 64, 3), np.uint8)
                pixels[..., number] += 180
                Image.fromarray(pixels).save(tmp_path / "data" / split / label / f"{index}.png")
    (tmp_path / "noise").mkdir()
    Image.fromarray(random.integers(0, 256, (64, 64, 3), np.uint8)).save(tmp_path / "noise/noise.png")
    learned = familiar.learn(str(folder), tmp_path / "data", others=[tmp_path / "noise"])
    assert learned["pictures"] == 24 and learned["unlike"] == []
    assert learned["false_alarm"] == pytest.approx(1 / 24)
    classifier = cnnhub.load(folder)
    assert (classifier.threshold, classifier.false_alarm) == (learned["threshold"], learned["false_alarm"])
    own = [p.is_unfamiliar for p in classifier.predict_many(sorted((tmp_path / "data/validation").rglob("*.png")))]
    assert 1 <= sum(own) <= 2, "the picture on the threshold falls to either side, as batches round differently"
    assert classifier.predict(tmp_path / "noise/noise.png").is_unfamiliar
    assert learned["detection"] == {"noise": {"n": 1, "rate": 1.0}}
    assert all(p.is_unfamiliar for p in classifier.predict_many(drawings.draw(24, seed=1))), "drawings that it never saw"
    assert not (folder / "README.md").exists(), "a card tells of a recipe, and this model has none"


def test_pictures_are_drawn_evenly() -> None:
    targets = ["0"] * 50 + ["1"] * 3 + ["2"] * 50
    drawn = familiar._of_each_label(targets, 12, seed=0)
    assert [targets[number] for number in drawn] == ["0"] * 4 + ["1"] * 3 + ["2"] * 4
    assert drawn == familiar._of_each_label(targets, 12, seed=0) != familiar._of_each_label(targets, 12, seed=1)


@pytest.mark.parametrize("model", ["cats-vs-dogs", "flowers"])
def test_the_cards_say_what_the_models_do(model: str) -> None:
    classifier = cnnhub.load(model)
    stored = classifier.config.cnnhub.neighbours
    card = (BUILTIN_FOLDER / model / "README.md").read_text()
    assert (
        f"Above {classifier.threshold:.3f} it is called unfamiliar; so are\n{classifier.false_alarm:.2%}".replace("%", " %")
        in card
    )
    for name, found in stored.model_dump()["detection"].items():
        assert f"| {name} | {found['n']:,} | {100 * found['rate']:.2f} %" in card


@pytest.mark.parametrize("photo", ["pizza.jpg", "teddy-and-child.jpg"])
@pytest.mark.parametrize("model", ["cats-vs-dogs", "flowers"])
def test_pizza_and_teddy_are_neither(model: str, photo: str) -> None:
    assert cnnhub.load(model).predict(EXAMPLES / photo).is_unfamiliar


@pytest.mark.parametrize(
    ("model", "photos"),
    [
        ("cats-vs-dogs", ["cat.jpg", "dog.jpg", "chelsea.png", "dog-and-person.jpg"]),
        ("flowers", ["daisy.jpg", "dandelion.jpg", "roses.jpg", "sunflower.jpg", "tulips.jpg"]),
    ],
)
def test_the_page_s_own_photos_are_familiar(model: str, photos: list[str]) -> None:
    for photo in photos:
        assert cnnhub.load(model).predict(EXAMPLES / photo).is_unfamiliar is False, photo
