"""Learned filters in the laboratory, without a browser: their maps beside those of tab Inside, and what links may ask."""

from __future__ import annotations

import base64
import zlib

import numpy as np
import pytest
import torch

import cnnhub
from cnnhub import kernels
from demo import networks, texts
from demo.photo.photo import Photo
from demo.tabs.filter import learned
from demo.tabs.filter import tab as one_filter
from demo.tabs.filter.learned import Learned, from_link
from demo.tabs.filter.settings import Settings
from tests.support.places import EXAMPLES

CAT = EXAMPLES / "cat.jpg"


def unpacked(packed: dict) -> np.ndarray:
    """(3, H, W) uint8, as lab_math.js reads them."""
    differences = np.frombuffer(zlib.decompress(base64.b64decode(packed["data"])), np.uint8)
    return np.cumsum(differences.reshape(3, packed["height"], packed["width"]), axis=2, dtype=np.uint8)


@pytest.mark.parametrize("network", cnnhub.builtin_models())
def test_the_page_s_arithmetic_gives_the_map_of_tab_inside(network: str) -> None:
    classifier = networks.get(network)
    shown = learned.show(Photo(CAT.read_bytes()), Learned(network, 14))
    expected = classifier.feature_maps(CAT, shown["layer"])[shown["layer"]][14]
    mean, std = (torch.tensor(shown[name]).view(3, 1, 1) for name in ("mean", "std"))
    seen = torch.nn.functional.pad((torch.from_numpy(unpacked(shown["pixels"])) / 255 - mean) / std, (8, 8, 8, 8))
    weights = torch.tensor(shown["weights"])
    side = weights.shape[-1]
    assert (shown["map"]["height"], shown["map"]["width"]) == tuple(expected.shape)
    places = [(0, 0), (expected.shape[0] - 1, expected.shape[1] - 1), (17, min(40, expected.shape[1] - 2)), shown["strongest"]]
    for row, column in places:
        top, left = row * shown["stride"] - shown["top"] + 8, column * shown["stride"] - shown["left"] + 8
        window = seen[:, top : top + side, left : left + side]
        assert (window * weights).sum().item() + shown["bias"] == pytest.approx(expected[row, column].item(), abs=1e-4)


def test_its_heading_says_whose_it_is() -> None:
    shown = learned.show(Photo(CAT.read_bytes()), Learned("cats-vs-dogs", 14))
    for language in texts.LANGUAGES:
        heading = shown["said"][language]["heading"]
        assert "14" in heading and networks.title(language, "cats-vs-dogs") in heading


def test_without_one_there_is_nothing_to_draw() -> None:
    assert one_filter.show(Photo(CAT.read_bytes()), Settings()).learned == {}


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ("cats-vs-dogs:14", Learned("cats-vs-dogs", 14)),
        ("owner/name:0", Learned("owner/name", 0)),
        ("cats-vs-dogs", None),
        ("cats-vs-dogs:-1", None),
        ("cats-vs-dogs:1e3", None),
        ("<b>:1", None),
        ("", None),
    ],
)
def test_what_a_link_may_ask(asked: str, read: Learned | None) -> None:
    assert from_link({"learned": asked}) == read


@pytest.mark.parametrize("asked", [Learned("cats-vs-dogs", 32), Learned("../secrets", 0), Learned("nothing", 0)])
def test_what_is_not_there_is_said_and_not_drawn(asked: Learned) -> None:
    shown = learned.show(Photo(CAT.read_bytes()), asked)
    assert set(shown) == {"said"} and all(said["heading"] for said in shown["said"].values())
    assert set(learned.show(Photo(b"", is_gone=True), asked)) == {"said"}


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_a_bad_link_says_what_is_wrong_with_it(language: str) -> None:
    photo = Photo(CAT.read_bytes())
    beyond = learned.show(photo, Learned("cats-vs-dogs", 32))["said"][language]
    assert "32" in beyond["heading"] and "31" in beyond["line"]
    near = learned.show(photo, Learned("cats-vs-dog", 3))["said"][language]
    assert "cats-vs-dog" in near["heading"] and "cats-vs-dogs" in near["line"]
    far = learned.show(photo, Learned("xyz", 3))["said"][language]
    assert all(name in far["line"] for name in networks.names())
    assert learned.show(Photo(b"broken"), Learned("cats-vs-dogs", 3))["said"][language]["heading"] == texts.t(
        language, "error_image"
    )


def test_the_filters_most_like_a_kernel() -> None:
    shown = learned.alike("cats-vs-dogs", "sobel_x")
    cosines = [float(each["cosine"].replace("−", "-")) for each in shown["filters"]]
    assert shown["layer"] == "conv_stem" and len(cosines) == learned.ALIKE and cosines == sorted(cosines, reverse=True)
    best = networks.get("cats-vs-dogs").network.conv_stem.weight.detach().sum(1)[shown["filters"][0]["channel"]].flatten()
    kernel = kernels.kernel("sobel_x").flatten()
    assert torch.dot(best, kernel) / best.norm() / kernel.norm() == pytest.approx(cosines[0], abs=0.006)
    assert learned.alike("cats-vs-dogs", [[0.0]])["filters"] == []
    assert learned.alike("nothing", "sobel_x")["filters"] == []
