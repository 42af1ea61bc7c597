"""`cnnhub features` and `cnnhub filter`: files that are right, whole or not there, and plain words."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import cnnhub
from cnnhub import channels, convolution, kernels, render
from tests.support.cli_runner import Call, run
from tests.support.places import EXAMPLES

CAT = EXAMPLES / "cat.jpg"


@pytest.fixture
def call(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Call:
    """The command, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return call


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_features_draws_the_stages(call: Call, tmp_path: Path) -> None:
    done = call("features", CAT)
    assert (done.status, done.err) == (0, "") and done.is_plain()
    classifier = cnnhub.load("cats-vs-dogs")
    stages = classifier.stages()
    assert [row[0] for row in done.rows()] == stages
    facts = json.loads((tmp_path / "cat-features/features.json").read_text())
    assert facts["model"] == "cats-vs-dogs" and facts["input_size"] == [3, 240, 240]
    assert names(tmp_path / "cat-features") == sorted(["features.json", *(item["file"] for item in facts["layers"])])
    maps = classifier.feature_maps(CAT, stages)
    for item in facts["layers"]:
        assert item["shape"] == list(maps[item["layer"]].shape)
        assert item["channels"] == channels.varied_first(maps[item["layer"]])[:64]


def test_a_gallery_holds_the_maps_themselves(call: Call, tmp_path: Path) -> None:
    """The first tile, read back from the PNG, is the strongest channel in the colours of its scale."""
    for layer in ("bn1", "blocks.2"):
        done = call("features", CAT, "--layer", layer, "--channels", "3", "-o", layer)
        assert done.status == 0
        item = json.loads((tmp_path / layer / "features.json").read_text())["layers"][0]
        maps = cnnhub.load("cats-vs-dogs").feature_maps(CAT, layer)[layer]
        assert item["channels"] == channels.varied_first(maps)[:3]
        assert item["signed"] is render.is_signed(maps)
        height, width = maps.shape[1:]
        page = np.asarray(Image.open(tmp_path / layer / item["file"]))
        enlarged = max(1, round(96 / height))
        tile = page[6 : 6 + height * enlarged : enlarged, 6 : 6 + width * enlarged : enlarged]
        expected = render.map_image(maps[item["channels"][0]], item["limit"], item["signed"])
        assert np.array_equal(tile, np.asarray(expected))


def test_features_as_numbers(call: Call, tmp_path: Path) -> None:
    done = call("features", CAT, "--format", "npz", "--layer", "blocks.1", "--layer", "bn2", "--layer", "bn2", "-o", "n")
    assert done.status == 0
    assert names(tmp_path / "n") == ["features.json", "maps.npz"]
    expected = cnnhub.load("cats-vs-dogs").feature_maps(CAT, ["blocks.1", "bn2"])
    with np.load(tmp_path / "n/maps.npz") as maps:
        assert sorted(maps) == ["blocks.1", "bn2"]
        assert all(np.array_equal(maps[name], expected[name].numpy()) for name in maps)
        assert maps["bn2"].dtype == np.float32


def test_all_layers_of_another_model(call: Call, tmp_path: Path, model_folder) -> None:
    folder = model_folder()
    done = call("features", CAT, "--model", folder, "--all-layers", "--format", "npz", "-o", "n")
    assert done.status == 0
    layers = cnnhub.load(folder).layers()
    assert [row[0] for row in done.rows()] == layers
    listed = call("features", "--list", "--model", folder)
    assert [row[0] for row in listed.rows()] == layers
    assert [row[0] for row in listed.rows() if row[-1].startswith("stage")] == cnnhub.load(folder).stages()


def test_a_folder_that_is_taken(call: Call, tmp_path: Path) -> None:
    few = ("features", CAT, "--layer", "bn2", "--channels", "1", "-o", "out")
    (tmp_path / "out").mkdir()
    assert call(*few).status == 0, "an empty folder may be filled"
    assert call(*few).err == "error: out exists. Choose another --output, or replace it with --overwrite.\n"
    assert call(*few, "--format", "npz", "--overwrite").status == 0
    assert names(tmp_path / "out") == ["features.json", "maps.npz"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("years of work")
    done = call("features", CAT, "-o", "mine", "--overwrite")
    assert done.status == 2 and "was not written by cnnhub features" in done.err
    assert names(tmp_path / "mine") == ["thesis.txt"]
    assert "is the folder you are in" in call("features", CAT, "-o", ".").err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("features", "nowhere.jpg"), "error: There is no file nowhere.jpg."),
        (("features", "broken.jpg"), "error: broken.jpg is not a picture"),
        (("features", CAT, "--layer", "bn22"), "error: There is no layer 'bn22'. Did you mean bn2"),
        (("features", CAT, "--model", "flower"), "Did you mean flowers?"),
        (("features", CAT, "-o", "broken.jpg/x"), "error: broken.jpg/x cannot be written: "),
        (("features",), "a picture is needed"),
        (("filter", "broken.jpg"), "error: broken.jpg is not a picture"),
        (("filter", CAT, "--kernel", "sobelx"), "error: There is no kernel 'sobelx'. Did you mean sobel_x"),
        (("filter", CAT, "--weights", "1 2; 3 4"), "error: The kernel is 2 x 2; expected an odd size"),
        (("filter", CAT, "--weights", "1 b 1"), "error: --weights is '1 b 1': could not convert string to float: 'b'."),
        (("filter", CAT, "--weights", "1", "--kernel", "sobel_x"), "give one of the two"),
        (("filter", CAT, "--weights", "1e38 1e38 1e38; 1 1 1; 1 1 1"), "error: The sums are larger than float32"),
        (("filter", CAT, "--stride", "0"), "error: The stride is 0"),
        (("filter", CAT, "--padding", "some"), "error: The padding is 'some'"),
        (("filter", CAT, "--padding", "99999"), "error: The padding is 99999 and would make 40,212,670,512 values"),
        (("filter", CAT, "--dilation", "99999", "--colour"), "error: The padding is 99999 and would make 120,638,011,536 values"),
        (("filter", CAT, "--divisor", "0"), "error: The divisor is 0"),
        (("filter", CAT, "-o", "x.gif"), "error: x.gif has no suffix of a picture"),
        (("filter", CAT, "-o", "broken.jpg/x.png"), "error: broken.jpg/x.png cannot be written: "),
        (("filter",), "a picture is needed"),
    ],
)
def test_mistakes(call: Call, tmp_path: Path, arguments: tuple[object, ...], message: str) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"broken")
    done = call(*arguments)
    assert done.status == 2 and done.out == ""
    assert message in done.err and "Traceback" not in done.err and done.is_plain()
    assert names(tmp_path) == ["broken.jpg"]


@pytest.mark.parametrize("command", [("features", "-o", "out"), ("filter", "-o", "out.png")])
def test_a_disk_that_is_full_leaves_nothing(tmp_path: Path, command: tuple[str, ...]) -> None:
    limit = (20_000, 20_000)  # bytes a file may have; beyond it the system refuses, as on a full disk
    name, *rest = command
    done = run(name, CAT, *rest, cwd=tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))
    assert done.status == 2, done.err
    assert done.err.startswith(f"error: {command[-1]} cannot be written: ") and done.err.count("\n") == 1
    assert names(tmp_path) == []


def test_filter_draws_the_response(call: Call, tmp_path: Path) -> None:
    done = call("filter", CAT)
    assert (done.status, done.err) == (0, "") and done.is_plain()
    values = convolution.correlate2d(cnnhub.open_image(CAT).convert("L"), "sobel_x")
    file, width, height, smallest, largest, drawn = done.rows()[0]
    assert (file, width, height) == ("cat-sobel_x.png", "640", "426")
    assert float(smallest) == pytest.approx(values.min().item(), rel=1e-3)
    assert float(largest) == pytest.approx(values.max().item(), rel=1e-3)
    limit = render.visible_limit(values)
    assert drawn == f"blue, white, red: -{limit:.4g} to {limit:.4g}"
    expected = render.map_image(values, limit, signed=True)
    assert np.array_equal(np.asarray(Image.open(tmp_path / file)), np.asarray(expected))


def test_filter_with_every_setting(call: Call, tmp_path: Path) -> None:
    settings = ("--divisor", 2, "--bias", 5, "--stride", 3, "--dilation", 2, "--padding", 4, "--border", "reflect", "--flip")
    done = call("filter", CAT, "--weights", "-1 0 1; -2, 0, 2; -1 0 1;", *settings, "-o", "own.tif")
    assert done.status == 0, done.err
    values = convolution.convolve2d(
        cnnhub.open_image(CAT).convert("L"),
        "sobel_x",
        stride=3,
        dilation=2,
        padding=4,
        border="reflect",
        divisor=2,
        bias=5,
    )
    assert done.rows()[0][1:3] == [str(values.shape[1]), str(values.shape[0])]
    assert float(done.rows()[0][3]) == pytest.approx(values.min().item(), rel=1e-3)
    assert Image.open(tmp_path / "own.tif").size == (values.shape[1], values.shape[0])


def test_a_blur_is_a_grey_picture(call: Call, tmp_path: Path) -> None:
    done = call("filter", CAT, "--kernel", "box_blur_5x5")
    assert done.rows()[0][-1] == "greys: 0 to 255"
    picture = Image.open(tmp_path / "cat-box_blur_5x5.png")
    values = convolution.correlate2d(cnnhub.open_image(CAT).convert("L"), "box_blur_5x5")
    assert picture.mode == "L"
    assert np.abs(np.asarray(picture) - values.numpy()).max() <= 0.5


def test_a_blur_in_colour_is_a_colour_picture(call: Call, tmp_path: Path) -> None:
    done = call("filter", CAT, "--kernel", "gaussian", "--colour", "-o", "soft.png")
    assert done.rows()[0][1:3] == ["640", "426"] and done.rows()[0][-1] == "colours: 0 to 255"
    values = convolution.correlate2d(cnnhub.open_image(CAT), "gaussian").permute(1, 2, 0)  # (3, H, W) -> (H, W, 3)
    assert np.abs(np.asarray(Image.open(tmp_path / "soft.png")) - values.numpy()).max() <= 0.5


def test_edges_in_colour_are_three_maps_on_one_scale(call: Call, tmp_path: Path) -> None:
    done = call("filter", CAT, "--colour", "--stride", 2)
    red, green, blue = convolution.correlate2d(cnnhub.open_image(CAT), "sobel_x", stride=2)
    limit = render.visible_limit(torch.stack([red, green, blue]))
    assert done.rows()[0][1:3] == ["960", "213"]
    assert done.rows()[0][-1] == f"blue, white, red: -{limit:.4g} to {limit:.4g}; of red, green and blue, from the left"
    drawn = np.asarray(Image.open(tmp_path / "cat-sobel_x.png"))
    for number, values in enumerate((red, green, blue)):
        expected = render.map_image(values, limit, signed=True)
        assert np.array_equal(drawn[:, 320 * number : 320 * (number + 1)], np.asarray(expected))


def test_filter_never_writes_over_the_picture(call: Call, tmp_path: Path) -> None:
    (tmp_path / "cat.jpg").write_bytes(CAT.read_bytes())
    done = call("filter", "cat.jpg", "-o", "./cat.jpg")
    assert done.status == 2 and "is the picture itself" in done.err
    assert (tmp_path / "cat.jpg").read_bytes() == CAT.read_bytes()


def test_the_presets_are_listed(call: Call) -> None:
    rows = call("filter", "--list").rows()
    assert [row[0] for row in rows] == kernels.names()
    assert rows[kernels.names().index("gaussian")][2:] == ["16", "1 2 1; 2 4 2; 1 2 1"]


@pytest.mark.parametrize(("values", "weights", "kind"), [(1.0, [1.0], "grey"), (1.0, [2.0], "unsigned"), (-1.0, [2.0], "signed")])
def test_how_a_response_is_drawn(values: float, weights: list[float], kind: str) -> None:
    assert render.response_scale(torch.full((4, 4), values), torch.tensor([weights])).kind == kind
