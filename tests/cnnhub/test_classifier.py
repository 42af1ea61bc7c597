"""load and Classifier, on tiny seeded networks."""

from __future__ import annotations

import json
import pickle
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import timm
import torch
from PIL import Image

import cnnhub
from cnnhub.errors import (
    ArgumentError,
    DeviceError,
    ImageError,
    ModelConfigError,
    ModelNotFoundError,
    ModelWeightsError,
    UnknownNameError,
)
from tests.support.places import EXAMPLES

ModelFolder = Callable[..., Path]


def test_predict(tiny: cnnhub.Classifier, picture: Image.Image) -> None:
    prediction = tiny.predict(picture)
    assert prediction.label == next(iter(prediction.scores))
    assert prediction.probability == prediction.scores[prediction.label] == max(prediction.scores.values())
    assert sum(prediction.scores.values()) == pytest.approx(1, abs=1e-12)
    assert list(prediction.scores.values()) == sorted(prediction.scores.values(), reverse=True)
    probabilities = torch.softmax(torch.from_numpy(tiny.logits(picture)), 0)
    assert prediction.scores == pytest.approx(dict(zip(tiny.labels, probabilities.tolist(), strict=True)), abs=1e-6)


def test_top_k_keeps_the_largest_without_renormalising(tiny: cnnhub.Classifier, picture: Image.Image) -> None:
    everything = tiny.predict(picture)
    assert list(tiny.predict(picture, top_k=2).scores.items()) == list(everything.scores.items())[:2]
    assert tiny.predict(picture, top_k=99) == everything
    with pytest.raises(ValueError, match="top_k is 0"):
        tiny.predict(picture, top_k=0)


def test_temperature_divides_the_logits(model_folder: ModelFolder, picture: Image.Image) -> None:
    plain = cnnhub.load(model_folder("a"))
    warm = cnnhub.load(model_folder("b", cnnhub={"temperature": 2.0}))
    assert np.array_equal(plain.logits(picture), warm.logits(picture))
    expected = torch.softmax(torch.from_numpy(plain.logits(picture)).double() / 2, 0).max().item()
    assert warm.predict(picture).probability == pytest.approx(expected)


def test_reliability_is_the_stored_bin_of_a_probability(model_folder: ModelFolder, tiny: cnnhub.Classifier) -> None:
    bins = [
        {"lower": 0.4, "upper": 0.6, "count": 8, "correct": 3},
        {"lower": 0.8, "upper": 1.0, "count": 100, "correct": 97},
    ]
    measured = cnnhub.load(model_folder("measured", cnnhub={"reliability": {"split": "validation", "bins": bins}}))
    assert measured.reliability(0.97) == measured.reliability(1.0) == cnnhub.ReliabilityBin(0.8, 1.0, 100, 0.97)
    assert measured.reliability(0.6) == cnnhub.ReliabilityBin(0.4, 0.6, 8, 0.375), "a bin ends with its upper edge"
    assert measured.reliability(0.7) is None, "no picture was answered so"
    assert tiny.reliability(0.97) is None, "nothing was measured"
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="expected a number from 0 to 1"):
            measured.reliability(wrong)


def test_predict_many_yields_in_input_order_and_equals_predict(tiny: cnnhub.Classifier) -> None:
    generator = np.random.default_rng(1)
    images = [generator.integers(0, 256, (40, 50, 3), np.uint8) for _ in range(7)]
    for batch_size in (1, 3, 32):
        for one, many in zip(images, tiny.predict_many(iter(images), batch_size), strict=True):
            assert many.scores == pytest.approx(tiny.predict(one).scores, abs=1e-5)
    assert list(tiny.predict_many([])) == []


def test_predict_many_reads_a_batch_ahead(tiny: cnnhub.Classifier, picture: Image.Image) -> None:
    read = 0

    def endless() -> Iterator[Image.Image]:
        nonlocal read
        while True:
            read += 1
            yield picture

    outcomes = tiny.predict_many(endless(), batch_size=4)
    for _ in range(5):
        next(outcomes)
    assert read == 12, "the batch that is answered, and the next, which is decoded meanwhile"


def test_predict_many_gives_what_its_batches_give(tiny: cnnhub.Classifier) -> None:
    """To the last bit, in the order of the input: threads only decode."""
    photos = [EXAMPLES / name for name in ("cat.jpg", "chelsea.png", "dog.jpg", "daisy.jpg", "pizza.jpg")]
    expected = []
    for start in range(0, len(photos), 2):
        pixels = np.stack([tiny.to_pixels(photo) for photo in photos[start : start + 2]])
        expected += tiny.predictions(pixels)
    assert list(tiny.predict_many(photos, batch_size=2)) == expected


def test_an_error_comes_in_its_place(tiny: cnnhub.Classifier, picture: Image.Image) -> None:
    """A bad picture ends the iteration before its batch, as it always did; what the iterator raises comes after what it gave."""
    outcomes = tiny.predict_many([picture, picture, b"first", b"second"], batch_size=2)
    assert [next(outcomes).label, next(outcomes).label]
    with pytest.raises(ImageError, match="5 bytes"):
        next(outcomes)

    def failing() -> Iterator[Image.Image]:
        yield from [picture, picture]
        raise LookupError("no more")

    outcomes = tiny.predict_many(failing(), batch_size=1)
    assert [next(outcomes).label, next(outcomes).label]
    with pytest.raises(LookupError, match="no more"):
        next(outcomes)


def test_one_lazy_picture_many_times(tiny: cnnhub.Classifier) -> None:
    """Its pixels are read by the first of the threads that need them."""
    lazy = Image.open(EXAMPLES / "cat.jpg")
    assert len(set(map(repr, tiny.predict_many([lazy] * 8)))) == 1


def test_a_bad_picture_in_the_middle(tiny: cnnhub.Classifier, picture: Image.Image) -> None:
    images = [picture, b"broken", picture]
    kept = list(tiny.predict_many(images, on_error="keep"))
    assert [isinstance(outcome, ImageError) for outcome in kept] == [False, True, False]
    assert kept[0] == kept[2]
    with pytest.raises(ImageError):
        list(tiny.predict_many(images))


@pytest.mark.parametrize(
    ("images", "options", "message"),
    [
        ([], {"batch_size": 0}, "batch_size is 0; expected a whole number of at least 1."),
        ([], {"batch_size": "3"}, "batch_size is '3'"),
        ([], {"batch_size": True}, "batch_size is True"),
        ([], {"top_k": 0}, "top_k is 0"),
        ([], {"top_k": 2.5}, "top_k is 2.5; .*, or None for all"),
        ([], {"on_error": "skip"}, "on_error is 'skip'; expected 'raise' or 'keep'."),
        ("cat.jpg", {}, "One str arrived; .* predict takes one"),
        (b"cat", {}, "One bytes arrived"),
        (Path("cat.jpg"), {}, "One PosixPath arrived"),
        (np.zeros((9, 8, 3), np.uint8), {}, "One array arrived"),
    ],
)
def test_what_predict_many_cannot_do_it_says_at_once(
    tiny: cnnhub.Classifier, images: object, options: dict[str, object], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        tiny.predict_many(images, **options)


def test_predict_many_takes_an_array_of_pictures_and_numpy_s_numbers(tiny: cnnhub.Classifier) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (4, 40, 50, 3), np.uint8)
    assert len(list(tiny.predict_many(pictures, batch_size=np.int64(2), top_k=np.int64(1)))) == 4


def test_preprocess_is_timm_s(tiny: cnnhub.Classifier, picture: Image.Image) -> None:
    transform = timm.data.create_transform(
        **timm.data.resolve_data_config(pretrained_cfg=tiny.config.pretrained_cfg.model_dump())
    )
    pixels = tiny.preprocess(picture)
    assert pixels.shape == (3, 64, 64)
    assert pixels.dtype == np.float32
    assert np.array_equal(pixels, transform(picture).numpy())


def test_timm_loads_the_same_folder_with_equal_logits(model_folder: ModelFolder, picture: Image.Image) -> None:
    folder = model_folder(model_args={"act_layer": "silu"})
    ours = cnnhub.load(folder, engine="torch")
    theirs = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    with torch.inference_mode():
        expected = theirs(torch.from_numpy(ours.preprocess(picture))[None])[0]
    assert np.array_equal(expected.numpy(), ours.logits(picture))


def test_eight_threads_get_the_serial_answers(tiny: cnnhub.Classifier) -> None:
    generator = np.random.default_rng(2)
    images = [generator.integers(0, 256, (64, 64, 3), np.uint8) for _ in range(24)]
    layer = tiny.stages()[0]
    expected = [(tiny.predict(image), tiny.feature_maps(image, layer)[layer]) for image in images]
    wrong = []

    def work(start: int) -> None:
        for i in (*range(start, len(images)), *range(start)):
            same = tiny.predict(images[i]) == expected[i][0]
            if not same or not torch.equal(tiny.feature_maps(images[i], layer)[layer], expected[i][1]):
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(3 * n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_sliver_is_refused_before_it_is_blown_up(tiny: cnnhub.Classifier) -> None:
    assert tiny.predict(Image.new("RGB", (10, 1000))).label
    with pytest.raises(ImageError, match="1 x 30000 pixels, a sliver"):
        tiny.predict(Image.new("RGB", (1, 30000)))


def test_a_revision_of_what_has_none(model_folder: ModelFolder) -> None:
    for source in ("imagenet", model_folder()):
        with pytest.raises(ModelNotFoundError, match="has no revisions"):
            cnnhub.load(source, revision="v1")
    with pytest.raises(ModelNotFoundError, match="Leave one of them out"):
        cnnhub.load("owner/name@a", revision="b")


def test_a_label_s_number(tiny: cnnhub.Classifier) -> None:
    assert tiny.label_index("cow") == 2
    with pytest.raises(UnknownNameError, match=r"no label 'cows'\. Did you mean cow\?"):
        tiny.label_index("cows")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("cats-vs-dog", "Did you mean cats-vs-dogs?"),
        ("zzz", "The built-in models are: "),
        ("a/b/c", "no built-in model"),
        ("./nowhere", "no folder"),
        ("~/no-such-folder", "no folder"),
        ("C:\\models\\mine", "no folder"),
        ("", "no built-in model ''"),
        ("../../nowhere", "no folder"),
        ("owner/never-cached", "not in the cache"),
        ("~nosuchuser/m", "no folder"),
        ("./" + "x" * 5000, "no folder"),
        ("x" * 5000, "no built-in model"),
        (None, "type NoneType"),
    ],
)
def test_sources_that_lead_nowhere(source: str, message: str) -> None:
    with pytest.raises(ModelNotFoundError, match=message):
        cnnhub.load(source)


def test_a_folder_written_without_its_dot(model_folder: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model_folder("runs/mine")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelNotFoundError, match=r"Write \./runs/mine"):
        cnnhub.load("runs/mine")
    assert cnnhub.load("./runs/mine").labels == cnnhub.load(Path("runs/mine")).labels


def test_onnx_gives_the_same_logits(model_folder: ModelFolder, picture: Image.Image) -> None:
    folder = model_folder()
    by_torch, by_onnx = cnnhub.load(folder, engine="torch"), cnnhub.load(folder, engine="onnx")
    assert by_onnx.logits(picture) == pytest.approx(by_torch.logits(picture), abs=1e-4)
    assert by_onnx.embed(picture) == pytest.approx(by_torch.embed(picture), abs=1e-4)
    assert [p.label for p in by_onnx.predict_many([picture] * 3)] == [by_torch.predict(picture).label] * 3
    layer = by_torch.stages()[0]
    assert torch.equal(by_onnx.feature_maps(picture, layer)[layer], by_torch.feature_maps(picture, layer)[layer])
    with pytest.raises(DeviceError, match="run on the CPU"):
        cnnhub.load(folder, engine="onnx", device="meta")


def test_unknown_engine_and_device(model_folder: ModelFolder) -> None:
    with pytest.raises(UnknownNameError, match="no engine 'tensorflow'"):
        cnnhub.load(model_folder(), engine="tensorflow")
    for device in ("warp", "meta", "", 1.5):
        with pytest.raises(DeviceError, match=rf"^The device {device!r} cannot be used: .+\. This machine has cpu.*\.$"):
            cnnhub.load(model_folder(), device=device)


def test_an_unknown_architecture_names_near_ones(model_folder: ModelFolder) -> None:
    folder = model_folder()
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "architecture": "resnet181"}))
    with pytest.raises(ModelConfigError, match=r"no architecture 'resnet181'\. Did you mean .*resnet18"):
        cnnhub.load(folder)


def test_a_network_over_the_limit_is_refused_before_its_weights_are_read(model_folder: ModelFolder) -> None:
    folder = model_folder()
    (folder / "model.safetensors").write_bytes(b"never read")
    with pytest.raises(ModelConfigError, match=r"parameters; the limit is 1,000\. Pass max_parameters"):
        cnnhub.load(folder, max_parameters=1000)


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return safetensors.torch.load_file(folder / "model.safetensors")


def test_weights_that_do_not_fit(model_folder: ModelFolder) -> None:
    folder = model_folder()
    state = weights_of(folder)
    name = next(name for name, tensor in state.items() if tensor.ndim == 4)
    broken = {
        "has shape": {**state, name: state[name][:1]},
        "are missing, such as": {key: value for key, value in state.items() if key != name},
        "not part of it, such as surplus": {**state, "surplus": torch.zeros(1)},
        "not finite": {**state, name: torch.full_like(state[name], float("nan"))},
    }
    for message, changed in broken.items():
        safetensors.torch.save_file({k: v.contiguous() for k, v in changed.items()}, folder / "model.safetensors")
        with pytest.raises(ModelWeightsError, match=message):
            cnnhub.load(folder)


def test_truncated_weights_and_pickles(model_folder: ModelFolder, tmp_path: Path) -> None:
    folder = model_folder()
    path = folder / "model.safetensors"
    whole = path.read_bytes()
    for data in (whole[: len(whole) // 2], b"", pickle.dumps({"weight": 1})):
        path.write_bytes(data)
        with pytest.raises(ModelWeightsError, match="not a whole safetensors file"):
            cnnhub.load(folder)
    path.rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelWeightsError, match=r"only pytorch_model\.bin, a pickle, which can run any code"):
        cnnhub.load(folder)
    (folder / "pytorch_model.bin").unlink()
    with pytest.raises(ModelWeightsError, match=r"holds no model\.safetensors"):
        cnnhub.load(folder)


def test_a_fresh_head(model_folder: ModelFolder, picture: Image.Image) -> None:
    folder = model_folder(cnnhub={"temperature": 2.0, "label_texts": {"ant": {"en": "ant"}}, "energy": {"threshold": 0.0}})
    old, numbered = cnnhub.load(folder), cnnhub.load(folder, num_classes=5)
    named = cnnhub.load(folder, labels=["x", "y"], engine="onnx")
    assert numbered.labels == ["class 0", "class 1", "class 2", "class 3", "class 4"]
    assert named.labels == ["x", "y"]
    for fresh, size in ((numbered, 5), (named, 2)):
        assert fresh.logits(picture).shape == (size,)
        assert fresh.embed(picture) == pytest.approx(old.embed(picture), abs=1e-4), "the backbone is not the stored one"
        assert fresh.config.cnnhub.temperature == 1.0 and fresh.config.cnnhub.label_texts == {}
        assert fresh.predict(picture).is_unfamiliar is None
    assert cnnhub.load(folder).labels == ["ant", "bee", "cow"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_classes": 0}, "num_classes=0 arrived"),
        ({"num_classes": 100_001}, "from 1 to 100,000"),
        ({"num_classes": True}, "num_classes=True"),
        ({"labels": "ab"}, "expected a list of names"),
        ({"labels": []}, "at least one"),
        ({"labels": 5}, "labels=5 arrived"),
        ({"labels": ["a", "a"]}, "1 different ones"),
        ({"labels": ["a", "b"], "num_classes": 3}, "Leave num_classes out"),
    ],
)
def test_heads_that_cannot_be(model_folder: ModelFolder, options: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message) as caught:
        cnnhub.load(model_folder(), **options)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("model", ["cats-vs-dogs", "imagenet"])
def test_embed_is_what_the_head_sees(model: str) -> None:
    classifier, photo = cnnhub.load(model), EXAMPLES / "cat.jpg"
    embedding = classifier.embed(photo)
    assert embedding.shape == (classifier.network.num_features,)
    by_the_head = classifier.network.get_classifier()(torch.from_numpy(embedding)).numpy()
    assert by_the_head == pytest.approx(classifier.logits(photo), abs=1e-4, rel=1e-4)


def test_unfamiliar_is_energy_above_the_threshold(model_folder: ModelFolder, picture: Image.Image) -> None:
    energy = -float(np.log(np.exp(cnnhub.load(model_folder()).logits(picture)).sum()))
    for threshold, expected in ((energy - 0.01, True), (energy + 0.01, False)):
        folder = model_folder(cnnhub={"temperature": 3.0, "energy": {"threshold": threshold, "false_alarm": 0.05}})
        classifier = cnnhub.load(folder)
        assert classifier.predict(picture).is_unfamiliar is expected
        assert [p.is_unfamiliar for p in classifier.predict_many([picture] * 2)] == [expected] * 2
        assert classifier.false_alarm == 0.05
    without = cnnhub.load(model_folder("without"))
    assert (without.predict(picture).is_unfamiliar, without.false_alarm) == (None, None)


def test_an_endless_iterator_is_read_a_batch_ahead_with_a_bar(tiny: cnnhub.Classifier, picture: Image.Image, capsys) -> None:
    taken = []

    def endless():
        while True:
            taken.append(1)
            yield picture

    answers = tiny.predict_many(endless(), batch_size=4, progress=True)
    assert [next(answers).label for _ in range(5)]
    assert len(taken) == 12


@pytest.mark.timeout(900)  # seconds on a quiet machine, minutes on one that is busy
@pytest.mark.parametrize("count", [80, pytest.param(500, marks=pytest.mark.long)])
def test_eight_threads_answer_as_one(model_folder: ModelFolder, count: int) -> None:
    classifier = cnnhub.load(model_folder())
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (48, 64, 3), np.uint8) for _ in range(count)]
    serial = [classifier.predict(picture) for picture in pictures]
    with ThreadPoolExecutor(8) as pool:
        runs = [pool.submit(lambda: [classifier.predict(picture) for picture in pictures]) for _ in range(8)]
    assert all(run.result() == serial for run in runs)
