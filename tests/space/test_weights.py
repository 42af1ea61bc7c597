"""The weights in the tab "Inside", without a browser: every number is on one page, and answers come at once."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

import cnnhub
from cnnhub import weights as file
from demo import networks, texts
from demo.tabs.inside import weights


def numbers(shown: dict[str, Any]) -> np.ndarray:
    chosen = shown["chosen"]
    return np.frombuffer(base64.b64decode(chosen["values"]), "<f4").reshape(-1, len(chosen["columns"]))


@pytest.mark.parametrize("layer", ["conv_stem", "blocks.3.0.conv_dw", "blocks.5.1.conv_pw", "bn2", "blocks.0.0"])
def test_every_number_is_on_one_page_and_is_what_the_file_holds(layer: str) -> None:
    asked: dict[str, Any] = {"layer": layer, "tensor": None}
    for each in weights.show("flowers", asked, "en")["tensors"]:
        asked |= {"tensor": each["name"], "page": 0}
        first = weights.show("flowers", asked, "en")
        pages = [weights.show("flowers", {**asked, "page": page}, "en") for page in range(first["chosen"]["pages"])]
        found = np.sort(np.concatenate([numbers(page).ravel() for page in pages]))
        stored = file.tensor("flowers", f"{layer}.{each['name']}")
        assert np.array_equal(found, np.sort(stored.astype(np.float32).ravel())), each["name"]
        assert each["cells"][0] == (" × ".join(map(str, stored.shape)) or "1")
        assert all(max(numbers(page).shape) <= weights.PAGE_ROWS for page in pages)


@pytest.mark.parametrize("name", cnnhub.builtin_models())
def test_the_tensors_of_each_stage_are_told(name: str) -> None:
    for layer in networks.get(name).stages():
        shown = weights.show(name, {"layer": layer}, "zh-TW")
        assert "tensors" in shown or layer.partition(".")[2][:3] in ("act", "poo") or layer == "maxpool"


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_what_has_no_weights_and_what_is_not_there_is_a_sentence(language: str) -> None:
    assert weights.show("flowers", {"layer": "blocks.0.0.bn1.act"}, language) == {"problem": texts.t(language, "weights_none")}
    for network, layer in (("flowers", "nowhere"), ("nowhere", "conv_stem")):
        assert weights.show(network, {"layer": layer}, language)["problem"]


@pytest.mark.parametrize(
    "asked", [None, [], {"tensor": []}, {"tensor": 5, "page": "1"}, {"page": -1}, {"page": 10**9}, {"page": 1.5}]
)
def test_nonsense_shows_the_first_page_of_the_first_tensor(asked: object) -> None:
    asked = {"layer": "conv_stem", **asked} if isinstance(asked, dict) else asked
    chosen = weights.show("flowers", asked, "en")["chosen"]
    assert chosen["page"] == 0
