"""Which engine answers, and why: graphs that ship, that are kept, damaged, foreign, impossible; int8 and its gate."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

import cnnhub
from cnnhub import doctor, exporting, hub
from cnnhub.engines import export, graphs
from cnnhub.engines.onnx import OnnxEngine
from cnnhub.engines.quantize import WAYS, Way
from cnnhub.engines.torch import TorchEngine
from cnnhub.errors import ArgumentError, DeviceError, EngineError, ModelTooLargeError, ModelWeightsError, UnknownNameError
from cnnhub.familiarity import unit_length
from tests.support.cli_runner import Call
from tests.support.fresh import Load
from tests.support.places import EXAMPLES

ModelFolder = Callable[..., Path]
BUILTIN = cnnhub.builtin_models()

ANSWERS = """
import sys
import cnnhub
for source in sys.argv[2:]:
    classifier = cnnhub.load(source)
    print(classifier.engine.name, classifier.predict(sys.argv[1]).label)
print(sorted({name.partition(".")[0] for name in sys.modules} & {"torch", "timm", "torchvision", "onnx", "matplotlib"}))
"""


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for graphs."""
    monkeypatch.setenv("CNNHUB_CACHE", str(tmp_path / "graphs"))
    return tmp_path / "graphs"


@pytest.mark.parametrize("name", BUILTIN)
def test_a_graph_that_ships_is_of_these_weights_and_answers_as_torch_does(name: str) -> None:
    files = hub.resolve(name)
    assert files.builtin is not None
    shipped = graphs.Place(files.builtin / "graph", graphs.key_of(files.config, files.weights, "float32")).read()
    assert shipped is not None, f"make it anew: cnnhub export {name} -o cnnhub/builtin/{name}"
    ours, exact = cnnhub.load(name), cnnhub.load(name, engine="torch")
    assert (ours.engine.name, exact.engine.name) == ("onnx", "torch")
    assert shipped.record.parameters == sum(parameter.numel() for parameter in exact.network.parameters())
    for photo in sorted(EXAMPLES.glob("*.jpg")):
        assert ours.logits(photo) == pytest.approx(exact.logits(photo), abs=1e-4), photo.name
        assert ours.embed(photo) == pytest.approx(exact.embed(photo), abs=1e-3), photo.name
        found, expected = ours.predict(photo), exact.predict(photo)
        assert (found.label, found.is_unfamiliar) == (expected.label, expected.is_unfamiliar)
        assert found.scores == pytest.approx(expected.scores, abs=1e-4)


def test_from_file_to_answer_without_torch(model_folder: ModelFolder, kept: Path) -> None:
    folder = model_folder()
    cnnhub.load(folder)  # exports it
    command = [sys.executable, "-c", ANSWERS, str(EXAMPLES / "cat.jpg"), "cats-vs-dogs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    lines = done.stdout.splitlines()
    assert lines[0] == "onnx cat" and lines[1].startswith("onnx ") and lines[2] == "[]", done.stderr


def test_an_answer_leaves_no_file_behind(tmp_path: Path) -> None:
    """onnxruntime writes a number into the folder for temporary files, and reports it, unless it is told not to."""
    command = [sys.executable, "-c", ANSWERS, str(EXAMPLES / "cat.jpg"), "cats-vs-dogs"]
    environment = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**environment, "TMPDIR": str(tmp_path)})
    assert done.stdout.startswith("onnx cat"), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_graph_is_made_once_without_weights(model_folder: ModelFolder, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = model_folder()
    first = cnnhub.load(folder)
    (model,), (record,) = kept.glob("*.onnx"), kept.glob("*.json")
    assert len(json.loads(record.read_text())["external"]) > 20
    assert model.stat().st_size < (folder / "model.safetensors").stat().st_size
    monkeypatch.setattr(export, "export", lambda *_: pytest.fail("exported again"))
    again = cnnhub.load(folder)
    assert "answers as torch does" in again.engine.why
    photo = EXAMPLES / "cat.jpg"
    assert np.array_equal(again.logits(photo), first.logits(photo))


def test_many_pictures_cost_one_run_each(model_folder: ModelFolder) -> None:
    """Any number of pictures, with what the head sees, in one run."""
    classifier = cnnhub.load(model_folder())
    pixels = export.probe_pictures(7, classifier.config.pretrained_cfg)
    logits, embeddings = classifier.engine.answer(pixels, embed=True)
    alone = [classifier.engine.answer(each[None])[0][0] for each in pixels]
    assert logits == pytest.approx(np.stack(alone), abs=1e-5) and embeddings is not None and len(embeddings) == 7


@pytest.mark.parametrize("damage", ["cut", "other", "empty", "record", "swapped"])
def test_what_is_damaged_or_foreign_is_made_anew(model_folder: ModelFolder, kept: Path, damage: str) -> None:
    folder, photo = model_folder(), EXAMPLES / "cat.jpg"
    expected = cnnhub.load(folder).logits(photo)
    (model,), (record,) = kept.glob("*.onnx"), kept.glob("*.json")
    whole = model.read_bytes(), record.read_bytes()
    if damage in ("cut", "empty"):
        model.write_bytes(whole[0][: len(whole[0]) // 2 if damage == "cut" else 0])
    elif damage == "record":
        record.write_text("{}")
    else:
        other = model_folder("other", num_classes=4, label_names=list("abcd"))
        cnnhub.load(other)
        (its_record,) = set(kept.glob("*.json")) - {record}
        model.write_bytes(its_record.with_suffix(".onnx").read_bytes())
        if damage == "swapped":
            record.write_bytes(its_record.read_bytes())
    assert np.array_equal(cnnhub.load(folder).logits(photo), expected)
    assert (model.read_bytes(), record.read_bytes()) == whole


def test_a_graph_beside_a_strangers_weights_is_not_looked_at(model_folder: ModelFolder, kept: Path) -> None:
    folder = model_folder()
    for name in ("graph.onnx", "graph.json"):
        (folder / name).write_bytes((hub.sources.BUILTIN_FOLDER / "flowers" / name).read_bytes())
    assert cnnhub.load(folder).logits(EXAMPLES / "cat.jpg").shape == (3,)


@pytest.mark.parametrize("refuses", ["write", "replace"])
def test_a_full_disk_leaves_no_half_graph(
    model_folder: ModelFolder, kept: Path, monkeypatch: pytest.MonkeyPatch, refuses: str
) -> None:
    folder = model_folder()
    expected = cnnhub.load(folder, engine="torch").predict(EXAMPLES / "cat.jpg").label

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, {"write": "fsync", "replace": "replace"}[refuses], full)
        classifier = cnnhub.load(folder)
    assert classifier.engine.name == "onnx" and classifier.predict(EXAMPLES / "cat.jpg").label == expected
    assert list(kept.iterdir()) == []
    assert cnnhub.load(folder).engine.name == "onnx" and len(list(kept.iterdir())) == 2


def test_a_network_that_cannot_be_exported_runs_on_torch_and_is_remembered(
    model_folder: ModelFolder, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, tries = model_folder(), []

    def fails(*_: object) -> None:
        tries.append(1)
        raise RuntimeError("aten::strange is not supported.\nMore of it.")

    with monkeypatch.context() as patch:
        patch.setattr(export, "export", fails)
        for _ in range(2):
            classifier = cnnhub.load(folder)
            assert classifier.engine.name == "torch"
            assert "test_byobnet cannot be used: RuntimeError: aten::strange is not supported" in classifier.engine.why
        assert len(tries) == 1, "the user's time was lost twice"
        with pytest.raises(EngineError, match=r"aten::strange.*engine='torch'"):
            cnnhub.load(folder, engine="onnx")
        told = doctor.exports(graphs.refusals())
        assert told.state is doctor.State.note and "aten::strange" in told.detail and str(kept) in told.detail
    monkeypatch.setattr(graphs, "made_with", lambda: {"torch": "another"})
    assert cnnhub.load(folder).engine.name == "onnx", "another version may export it"
    assert graphs.refusals() == []


def test_an_export_that_answers_otherwise_is_not_used(
    model_folder: ModelFolder, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Other(OnnxEngine):
        def answer(self, pixels: np.ndarray, *, embed: bool = False) -> tuple[np.ndarray, np.ndarray | None]:
            logits, embeddings = super().answer(pixels, embed=embed)
            return logits + np.float32(2e-4), embeddings

    monkeypatch.setattr(export, "OnnxEngine", Other)
    classifier = cnnhub.load(model_folder())
    assert classifier.engine.name == "torch" and "logits differ by 0.0002" in classifier.engine.why


def test_four_processes_export_at_once(model_folder: ModelFolder, kept: Path, tmp_path: Path) -> None:
    folder, photo = model_folder(), EXAMPLES / "cat.jpg"
    environment = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home"), "CNNHUB_CACHE": str(kept)}
    loads = [Load(str(folder), {}, photo, environment, tmp_path) for _ in range(4)]
    answers = [load.answer()[0] for load in loads]
    assert all(answer == answers[0] for answer in answers)
    assert sorted(path.suffix for path in kept.iterdir()) == [".json", ".onnx"]
    files = hub.resolve(folder)
    assert graphs.find(files.config, files.weights, "float32", None) is not None


def test_an_onnxruntime_that_is_broken_leaves_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ImportError("libonnxruntime.so: cannot open")

    monkeypatch.setattr(onnxruntime, "InferenceSession", broken)
    classifier = cnnhub.load("flowers")
    assert classifier.engine.name == "torch" and "libonnxruntime.so" in classifier.engine.why
    with pytest.raises(EngineError, match=r"libonnxruntime\.so"):
        cnnhub.load("flowers", engine="onnx")


def test_what_does_not_go_together() -> None:
    with pytest.raises(DeviceError, match=r"engine='onnx'.*Choose engine='torch' for 'cuda'"):
        cnnhub.load("flowers", engine="onnx", device="cuda")
    with pytest.raises(DeviceError, match="precision='int8' run on the CPU"):
        cnnhub.load("flowers", precision="int8", device="cuda")
    with pytest.raises(ArgumentError, match="int8 runs on onnxruntime"):
        cnnhub.load("flowers", precision="int8", engine="torch")
    with pytest.raises(UnknownNameError, match="no precision 'int4'"):
        cnnhub.load("flowers", precision="int4")
    with pytest.raises(EngineError, match="fresh head has no int8"):
        cnnhub.load("flowers", precision="int8", num_classes=2)
    with pytest.raises(ModelTooLargeError, match=r"has 3,377,413 parameters; the limit is 1,000"):
        cnnhub.load("flowers", max_parameters=1000)


def test_a_fresh_head_runs_on_torch() -> None:
    classifier = cnnhub.load("flowers", num_classes=2)
    assert classifier.engine.name == "torch" and "fresh" in classifier.engine.why


def test_weights_that_cannot_be_read(model_folder: ModelFolder, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = model_folder()
    monkeypatch.setattr(Path, "open", lambda *_: (_ for _ in ()).throw(PermissionError(errno.EACCES, "no")))
    with pytest.raises(ModelWeightsError, match="cannot be read"):
        graphs.key_of(None, folder / "model.safetensors", "float32")  # type: ignore[arg-type]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Drawn pictures in the layout of a dataset, and one in test that nobody may open."""
    generator = np.random.default_rng(1)
    for number in range(40):
        folder = tmp_path / "photos" / ("train" if number < 30 else "validation") / "ant"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (80, 90, 3), np.uint8)).resize((200, 180)).save(folder / f"{number}.png")
    (tmp_path / "photos/test/ant").mkdir(parents=True)
    (tmp_path / "photos/test/ant/secret.png").write_bytes(b"not to be opened")
    return tmp_path / "photos"


def test_int8_is_made_compared_and_used(model_folder: ModelFolder, kept: Path, photos: Path) -> None:
    folder = model_folder()
    with pytest.raises(EngineError, match=r"no int8 graph on this machine\. Make one with `cnnhub export .* --precision int8"):
        cnnhub.load(folder, precision="int8")
    told: list[str] = []
    _, graph, (trial,) = exporting.export_int8(str(folder), photos, [photos], told.append, [Way("MinMax", True)])
    assert (trial.pictures, trial.others) == (40, 40), "test was looked at, or something left out"
    exact = cnnhub.load(folder)
    if trial.different:  # on an untrained network rounding may decide
        assert not graph.model and f"{trial.different} of 40 pictures" in graph.record.why
        with pytest.raises(EngineError, match=r"int8 of .* is refused; the best way, MinMax"):
            cnnhub.load(folder, precision="int8")
        return
    whole = cnnhub.load(folder, precision="int8")
    assert whole.engine.why.startswith("int8 was asked for. MinMax, scales per channel: another first answer on 0 of 40")
    seen, expected = (unit_length(each.embed(EXAMPLES / "cat.jpg")[None])[0] for each in (whole, exact))
    assert not np.array_equal(seen, expected) and seen @ expected > 0.98


@pytest.mark.parametrize(
    ("counts", "passes"),
    [
        ({"different": 3}, True),
        ({"different": 4}, False),
        ({"alarms": [50, 55]}, True),
        ({"alarms": [50, 56]}, False),
        ({"alarms": [50, 0]}, True),
        ({"others": 1000, "noticed": [900, 895]}, True),
        ({"others": 1000, "noticed": [900, 894]}, False),
    ],
)
def test_the_gate(counts: dict, passes: bool) -> None:
    trial = exporting.Trial(WAYS[0], None, b"", pictures=1000, **counts)  # type: ignore[arg-type]
    assert trial.passes is passes


def test_a_comparison_counts_what_differs(model_folder: ModelFolder, photos: Path) -> None:
    """An engine that always gives one class differs exactly where the network gives another."""

    class Stubborn(TorchEngine):
        def answer(self, pixels: np.ndarray, *, embed: bool = False) -> tuple[np.ndarray, np.ndarray | None]:
            logits, embeddings = super().answer(pixels, embed=embed)
            return np.eye(3, dtype=np.float32)[np.ones(len(logits), int)], embeddings

    classifier = cnnhub.load(model_folder())
    trial = exporting.Trial(WAYS[0], Stubborn(classifier.network, classifier.config.pretrained_cfg), b"")
    pictures = sorted(photos.glob("train/*/*.png"))
    exporting.compare(classifier, pictures, [], [trial])
    expected = sum(each.label != "bee" for each in classifier.predict_many(pictures))
    assert (trial.different, trial.pictures) == (expected, 30) and expected > 0


def test_too_few_pictures(model_folder: ModelFolder, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(ArgumentError, match=r"0 pictures lie in .*; expected at least 20"):
        exporting.export_int8(str(model_folder()), tmp_path / "none")


@pytest.mark.parametrize("name", BUILTIN)
def test_int8_of_what_ships(name: str) -> None:
    """It is used, and says what was measured, or it is refused with the figures."""
    try:
        classifier = cnnhub.load(name, precision="int8")
    except EngineError as error:
        assert f"int8 of {name} is refused" in str(error) and " pictures (" in str(error)
        return
    exact = cnnhub.load(name)
    photos = sorted(EXAMPLES.glob("*.jpg"))
    found, expected = ([each.label for each in some.predict_many(photos)] for some in (classifier, exact))
    assert sum(a != b for a, b in zip(found, expected, strict=True)) <= 1
    assert "another first answer on " in classifier.engine.why
    assert not np.array_equal(classifier.logits(photos[0]), exact.logits(photos[0]))


def test_the_command(call: Call, model_folder: ModelFolder, kept: Path, tmp_path: Path, photos: Path) -> None:
    folder = model_folder()
    done = call("export", folder, "--output", tmp_path / "whole.onnx", "--json")
    told = json.loads(done.out)
    assert done.status == 0 and told["usable"] is True and told["precision"] == "float32", done.err
    session = onnxruntime.InferenceSession(tmp_path / "whole.onnx", providers=["CPUExecutionProvider"])
    pixels = export.probe_pictures(2, cnnhub.load(folder).config.pretrained_cfg)
    assert session.run(["logits"], {"pixels": pixels})[0] == pytest.approx(cnnhub.load(folder).engine.answer(pixels)[0], abs=1e-5)
    assert call("export", folder, "--output", tmp_path / "beside").status == 0
    assert sorted(path.name for path in (tmp_path / "beside").iterdir()) == ["graph.json", "graph.onnx"]
    missing = call("export", folder, "--precision", "int8")
    assert missing.status == 2 and "name a folder" in missing.err
    done = call("export", folder, "--precision", "int8", "--data", photos)
    assert dict(done.rows())["usable"] == ("no" if done.status else "yes") and done.is_plain()
    assert len([row for row in done.rows() if row[0] == "tried"]) == len(WAYS)


TWO_NETWORKS = """
import sys
from pathlib import Path
import cnnhub
import psutil
for source in ("cats-vs-dogs", "imagenet"):
    classifier = cnnhub.load(source)
    classifier.predict(sys.argv[1])
    before = psutil.Process().memory_info().rss
    list(classifier.predict_many([sys.argv[1]] * 16, batch_size=16))
    print((psutil.Process().memory_info().rss - before) >> 20)
"""


def test_networks_share_the_memory_that_their_batches_took() -> None:
    command = [sys.executable, "-c", TWO_NETWORKS, str(EXAMPLES / "cat.jpg")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, second = (int(line) for line in done.stdout.split())
    assert first > 80, "the first network's batch takes memory that stays"
    assert second < first / 2, "the second's is put into the same"
