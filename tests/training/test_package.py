"""A backbone with ImageNet's classes becomes a model folder that timm loads, with a temperature from the breeds it knows."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest
import timm

import cnnhub
from cnnhub.hub import BUILTIN_FOLDER
from cnnhub.hub.labels import imagenet_labels
from tests.support.places import EXAMPLES
from training.measure.breeds import BREEDS
from training.release.package import package


def test_breeds_are_classes_of_imagenet() -> None:
    names = [label.split(",")[0] for label in imagenet_labels() or []]
    assert all(names.count(name) == 1 for name in BREEDS.values())


def test_a_backbone_is_packaged_as_it_is_but_for_what_timm_refuses(tmp_path: Path) -> None:
    backbone, pets, made = (tmp_path / name for name in ("backbone", "pets", "made"))
    backbone.mkdir()
    shutil.copy(BUILTIN_FOLDER / "imagenet" / "model.safetensors", backbone)
    config = json.loads((BUILTIN_FOLDER / "imagenet" / "config.json").read_text())
    config["pretrained_cfg"]["origin"] = "somewhere"
    del config["cnnhub"], config["label_names"]
    (backbone / "config.json").write_text(json.dumps(config))
    for split in ("train", "validation"):
        (pets / split).mkdir(parents=True)
        shutil.copy(EXAMPLES / "dog.jpg", pets / split)
        lines = [{"file_name": "dog.jpg", "breed": "beagle"}, {"file_name": "none.jpg", "breed": "Sphynx"}]
        (pets / split / "metadata.jsonl").write_text("\n".join(map(json.dumps, lines)))
    package(backbone / "model.safetensors", made, pets)
    assert timm.create_model(f"local-dir:{made}", pretrained=True).num_classes == 1000
    found = cnnhub.load(made)
    breeds = found.config.cnnhub.model_dump()["breeds"]
    assert breeds["n"] == {"train": 1, "validation": 1} and breeds["top1"] == breeds["top5"] == 1.0
    assert found.config.cnnhub.temperature == breeds["temperature"] == 1.0, "where all is right nothing says how sure to be"
    beagle = found.predict(EXAMPLES / "dog.jpg").scores["beagle"]
    assert -math.log(beagle) == pytest.approx(breeds["calibrated"]["loss"], rel=1e-3)
    assert "one of its first five for 100.0 %" in (made / "README.md").read_text()
    assert list(found.config.cnnhub.label_texts) == ["zh-TW", "zh-CN"]
