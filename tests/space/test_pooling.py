"""The fold "Pooling and what it survives": what it measures, its sentences, and /pooling through gradio_client."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
import torch
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

import cnnhub
from cnnhub import invariance
from demo import texts
from demo.photo.photo import Photo
from demo.tabs.filter import pooling
from demo.tabs.filter.pooling import Settings
from tests.support.places import EXAMPLES

CHELSEA = EXAMPLES / "chelsea.png"
STILL = {"shift_x": 0, "shift_y": 0, "angle": 0, "scale": 1}


def photo_of(size: tuple[int, int], value: int | None = None) -> Photo:
    """A PNG, random or of one grey."""
    pixels = np.random.default_rng(0).integers(0, 256, size[::-1], dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels if value is None else np.full_like(pixels, value)).save(buffer, "PNG")
    return Photo(buffer.getvalue())


def verdict(settings: dict[str, float], pixels: float, pooled: float, language: str = "en") -> str:
    measured = pooling.measure(photo_of((8, 6)), Settings(**{**STILL, **settings}))
    measured.changes.update(pixels=pixels, max=pooled)
    return pooling.describe(language, measured).heading


def test_the_page_begins_as_the_article_does() -> None:
    assert Settings(window=2, stride=2, shift_x=1, shift_y=0, angle=0, scale=1) == pooling.FIRST


@pytest.mark.parametrize("name", sorted(texts.example_names("en")))
def test_a_large_window_helps_on_every_example(name: str) -> None:
    changes = pooling.measure(Photo((EXAMPLES / name).read_bytes()), Settings(window=8, stride=8, shift_x=2)).changes
    assert changes["pixels"] > 0.02
    assert changes["max"] < pooling.CLEARLY_LESS * changes["pixels"]


def test_the_network_is_asked_before_and_after() -> None:
    photo = Photo(CHELSEA.read_bytes())
    asked = {"settings": {**STILL, "shift_x": 24}}
    said = pooling.show(photo, asked, "en", "imagenet")["shown"]["network"]
    network, pixels = cnnhub.load("imagenet"), photo.pixels().rgb
    before, after = network.predict(pixels), network.predict(np.pad(pixels, ((0, 0), (24, 0), (0, 0)), "edge")[:, :-24])
    assert f"{before.probability:.1%}".replace("%", " %") in said and f"{after.probability:.1%}".replace("%", " %") in said
    assert ("but not enough" in said) == (before.label != after.label)
    neither = pooling.show(photo, asked, "en", "flowers")["shown"]["network"]
    assert neither == "The network “Flowers” pools too, but this photo is like nothing that it knows."


@pytest.mark.parametrize(
    "text", ["", "8", "8,8,0,0,0", "8,8,0,0,0,100,1", "5,2,0,0,0,100", "8,8,0,0,46,100", "8,8,nan,0,0,100", "x" * 9999]
)
def test_a_link_with_other_settings_gets_the_first_ones(text: str) -> None:
    assert pooling.from_link({"pooling": text, "fold": "other"}) == (False, pooling.FIRST)


@pytest.mark.parametrize(
    ("pixels", "pooled", "heading"),
    [
        (0.09, 0.04, "A shift by 3 pixels changes the pixels by 9.0 %, but the max-pooled values by only 4.0 %."),
        (
            0.21,
            0.18,
            "A shift by 3 pixels changes the pixels by 21 % and the max-pooled values by 18 %: this window hardly helps.",
        ),
        (0.04, 0.31, "A shift by 3 pixels changes the pixels by 4.0 %, and the max-pooled values even by 31 %."),
        (1.5, 0.0001, "A shift by 3 pixels changes the pixels by 150 %, but the max-pooled values by only < 0.1 %."),
        (0.0, 0.0, "A shift by 3 pixels changes nothing on this photo."),
    ],
)
def test_the_sentence_follows_the_changes(pixels: float, pooled: float, heading: str) -> None:
    assert verdict({"shift_x": -3}, pixels, pooled) == heading


@pytest.mark.parametrize(
    ("settings", "beginning"),
    [
        ({"shift_y": 1}, "A shift by 1 pixel changes"),
        ({"shift_x": 3, "shift_y": -4}, "A shift by 5 pixels changes"),
        ({"shift_x": 1, "shift_y": 1}, "A shift by 1.4 pixels changes"),
        ({"angle": -7}, "A turn by 7° changes"),
        ({"scale": 1.15}, "Scaling to 115 % changes"),
        ({"angle": 1, "scale": 1.15}, "This move changes"),
        ({}, "The photo stands where it was: nothing has changed."),
    ],
)
def test_the_sentence_follows_the_move(settings: dict[str, float], beginning: str) -> None:
    assert verdict(settings, 0.2, 0.1).startswith(beginning)


def test_the_sentence_in_chinese() -> None:
    assert verdict({"shift_x": 3}, 0.2, 0.1, "zh-TW") == "平移 3 個像素讓像素的值改變 20 %，最大池化後的值只改變 10 %。"
    assert verdict({"shift_x": 3}, 0.1, 0.2, "zh-CN") == "平移 3 个像素让像素的值改变 10 %，最大池化后的值改变更多：20 %。"


@pytest.mark.parametrize(
    ("window", "stride", "line"),
    [
        (2, 2, "25 % of the pixels stay at 2 × 2 with stride 2: 40 × 30 become 20 × 15."),
        (3, 1, "89 % of the pixels stay at 3 × 3 with stride 1: 40 × 30 become 38 × 28."),
        (8, 8, "1 % of the pixels stay at 8 × 8 with stride 8: 40 × 30 become 5 × 3."),
    ],
)
def test_the_share_that_stays_is_counted(window: int, stride: int, line: str) -> None:
    assert pooling.describe("en", pooling.measure(photo_of((40, 30)), Settings(window, stride))).line == line


def test_it_measures_what_cnnhub_measures() -> None:
    found = pooling.measure(Photo(CHELSEA.read_bytes()), Settings(4, 4, shift_x=2, angle=5, scale=1.1))
    pixels = torch.from_numpy(np.array(cnnhub.open_image(CHELSEA).convert("L"), dtype=np.float32))
    after = invariance.moved(pixels, 2, 0, 5, 1.1)
    assert found.changes["pixels"] == invariance.change(pixels, after)
    for name, values in invariance.pooled(after, 4, 4).items():
        assert torch.equal(found.after[name], values)
        assert found.changes[name] == invariance.change(invariance.pooled(pixels, 4, 4)[name], values)
    assert all(value == 0 for value in pooling.measure(Photo(CHELSEA.read_bytes()), Settings(**STILL)).changes.values())


def test_large_photos_are_scaled_down_and_the_fold_says_so() -> None:
    settings = {"settings": {"shift_x": 2}}
    shown = pooling.show(photo_of((1600, 1200)), settings, "en", "cats-vs-dogs")["shown"]
    width, height = map(int, shown["figures"][0]["size"][0].split(" × "))
    assert 0.98e6 < width * height <= 1e6
    assert shown["notes"][-1] == f"The photo was scaled down to {width} × {height} for this."
    assert "scaled down" not in "".join(pooling.show(photo_of((900, 700)), settings, "en", "cats-vs-dogs")["shown"]["notes"])


def test_what_the_page_shows_is_what_was_measured() -> None:
    value = pooling.show(
        Photo(CHELSEA.read_bytes()), {"settings": {"window": 4.0, "stride": 4, "shift_x": 3}}, "zh-TW", "cats-vs-dogs"
    )
    measured = pooling.measure(Photo(CHELSEA.read_bytes()), Settings(4, 4, 3))
    assert value["settings"]["window"] == 4
    figures = dict(zip(("pixels", *pooling.POOLED), value["shown"]["figures"], strict=True))
    assert [figure["name"] for figure in figures.values()] == ["移動後的照片", "最大池化", "平均池化", "L2 池化", "全域平均池化"]
    assert figures["max"]["size"] == ["112 × 75", "6 %"]
    for name, figure in figures.items():
        picture = np.array(Image.open(io.BytesIO(base64.b64decode(figure["picture"].split(",")[1]))), dtype=float)
        white = 255 * (4 if name == "l2" else 1)
        assert np.abs(picture * white / 255 - measured.after[name].numpy()).max() <= 0.51 * white / 255
        assert figure["bar"] == pytest.approx(measured.changes[name] / measured.changes["pixels"])


def test_bad_input_becomes_a_sentence_in_the_fold() -> None:
    def heading(photo: Photo | None, value: object, language: str = "en") -> tuple[str, str]:
        shown = pooling.show(photo, value, language, "cats-vs-dogs")["shown"]
        assert shown["figures"] == []
        return shown["role"], shown["heading"]

    good = {"settings": {}}
    assert heading(None, good) == ("status", texts.no_photo("en", None).heading)
    assert heading(Photo(b"broken"), good) == ("alert", "This file cannot be read as a photo.")
    for bad in ({"window": 9}, {"window": "2"}, {"stride": 0}, {"angle": None}, {"scale": 0}, {"shift_x": []}, {"window": 1000}):
        assert heading(photo_of((8, 6)), {"settings": bad}) == ("alert", "With these settings nothing is left of the photo.")
    assert heading(photo_of((8, 6)), "evil", "zh-TW") == ("alert", "這樣設定算不出任何結果。")


def test_a_photo_of_one_grey_survives_everything() -> None:
    shown = pooling.show(photo_of((20, 20), 90), {"settings": {"shift_x": 5, "angle": 30}}, "en", "flowers")["shown"]
    assert shown["heading"] == "This move changes nothing on this photo."
    assert {figure["changed"] for figure in shown["figures"]} == {"changed by 0 %"}
    assert {figure["bar"] for figure in shown["figures"]} == {0}


def test_pooling_gives_a_lossless_map_and_the_changes(client: Client) -> None:
    path, facts = client.predict(handle_file(str(CHELSEA)), api_name="/pooling")
    measured = pooling.measure(Photo(CHELSEA.read_bytes()), Settings())
    assert np.array_equal(np.asarray(Image.open(path).convert("L")), measured.after["max"].numpy().astype(np.uint8))
    assert facts["input"] == {"width": 451, "height": 300} and facts["output"] == {"width": 225, "height": 150}
    assert facts["kept"] == pytest.approx(225 * 150 / (451 * 300))
    assert facts["changes"] == pytest.approx(measured.changes)
    assert facts["global_average"]["before"] == pytest.approx(measured.before["global_average"].item())


def test_pooling_with_every_argument(client: Client) -> None:
    arguments = {"mode": "l2", "window": 4, "stride": 3, "shift_x": -2.5, "shift_y": 4, "angle": 10, "scale": 0.8}
    path, facts = client.predict(handle_file(str(CHELSEA)), **arguments, api_name="/pooling")
    assert Image.open(path).size == ((451 - 4) // 3 + 1, (300 - 4) // 3 + 1)
    measured = pooling.measure(Photo(CHELSEA.read_bytes()), Settings(4, 3, -2.5, 4, 10, 0.8))
    assert facts["changes"] == pytest.approx(measured.changes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"window": 0}, "window is 0"),
        ({"window": 33}, "window is 33; expected a whole number from 1 to 32"),
        ({"stride": 0}, "stride is 0"),
        ({"scale": 0}, "scale is 0"),
        ({"mode": "median"}, "choices"),
    ],
)
def test_bad_arguments_get_a_message(client: Client, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(AppError, match=re.escape(message)):
        client.predict(handle_file(str(CHELSEA)), **arguments, api_name="/pooling")
