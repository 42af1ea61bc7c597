"""What helps to choose a backbone and a model: the list of backbones, and pictures framed as people frame them."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import timm
import torch
from PIL import Image
from typer.testing import CliRunner

from cnnhub import hub
from cnnhub.errors import CnnHubError, ModelNotFoundError, ModelWeightsError, UnknownNameError
from training.cli import app
from training.fit.backbones import check, create, describe
from training.fit.recipe import Recipe
from training.measure import backbones, framings


def test_the_backbones_at_hand(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(hub.BUILTIN_FOLDER / "flowers", mine)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / hub.CONFIG_NAME).write_text("{}")
    found = {each.name: each for each in backbones.at_hand(tmp_path)}
    assert list(found) == [*hub.builtin_models(), str(mine)], "what is no model is left out"
    known = found["imagenet"]
    assert known.imagenet_top1 == backbones._PUBLISHED[known.architecture]
    assert found["flowers"].imagenet_top1 is None, "its labels are not ImageNet's"
    assert known.megabytes == (hub.BUILTIN_FOLDER / "imagenet" / hub.WEIGHTS_NAME).stat().st_size / 1e6
    with pytest.raises(ModelNotFoundError, match="holds no model"):
        list(backbones.at_hand(tmp_path / "broken"))


def test_the_list_of_backbones_for_readers_and_machines() -> None:
    told = CliRunner().invoke(app, ["backbones", "--json"])
    assert [each["name"] for each in json.loads(told.stdout)["backbones"]] == hub.builtin_models()
    assert "imagenet" in CliRunner().invoke(app, ["backbones"]).stdout


@pytest.mark.parametrize("name", framings.FRAMINGS)
def test_a_framing_is_another_picture_and_the_same_one_each_time(name: str) -> None:
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8))
    made = [framings.FRAMINGS[name](image.copy(), random.Random(seed)) for seed in (1, 1, 2)]
    assert made[0].mode == "RGB" and made[0].tobytes() == made[1].tobytes()
    assert made[0].size != image.size or made[0].tobytes() != image.tobytes()


def test_framings_by_hand() -> None:
    half = Image.new("RGB", (100, 100), "white")
    half.paste((255, 0, 0), (0, 0, 50, 100))
    sizes = {framings.cut_subject(half, random.Random(seed)).size for seed in range(9)}
    assert sizes == {(65, 100), (100, 65)}
    assert np.asarray(framings.dim(half, random.Random(0))).max() == 76, "30 % of 255"
    assert framings.screenshot(half, random.Random(0)).size == (100, 133)
    assert framings.turned(half, random.Random(0)).size == (80, 80)
    black = np.asarray(framings.turned(Image.new("RGB", (200, 150), "white"), random.Random(0)))
    assert black.min() > 250, "no empty corner"


def test_framings_are_measured_on_what_one_may_choose_by(trained: Path, data: Path) -> None:
    found = framings.measure(str(trained), data)
    assert list(found.top1) == [framings.PLAIN, *framings.FRAMINGS]
    assert found.pictures == 16 and found.lost["JPEG 30"] == found.top1[framings.PLAIN] - found.top1["JPEG 30"]
    assert framings.measure(str(trained), data, seed=0) == found
    with pytest.raises(CnnHubError, match="choose by"):
        framings.measure(str(trained), data, "test")


def test_weights_that_lack_a_part_of_the_network(tmp_path: Path) -> None:
    whole = timm.create_model("test_byobnet", num_classes=2)
    state = {name: tensor for name, tensor in whole.state_dict().items() if not name.startswith("stem.")}
    path = tmp_path / "model.safetensors"
    safetensors.torch.save_file(state, path)
    (tmp_path / hub.CONFIG_NAME).write_text('{"note": "describes no model"}')
    with pytest.raises(ModelWeightsError, match="--fresh stem"):
        check(Recipe(backbone="test_byobnet"), path)
    with pytest.raises(UnknownNameError, match="stem"):
        check(Recipe(backbone="test_byobnet", fresh=("sten",)), path)
    recipe = Recipe(backbone="test_byobnet", fresh=("stem",))
    check(recipe, path)
    config = describe(recipe, ["a", "b"], {}, path)
    made = create(config, recipe, path).state_dict()
    assert all(torch.equal(made[name], tensor) for name, tensor in state.items() if not name.startswith("head.")), "of the file"
    assert torch.equal(made["stem.conv.weight"], create(config, recipe, path).state_dict()["stem.conv.weight"]), "seeded"
