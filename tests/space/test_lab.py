"""The kernel laboratory without a browser: settings from hostile JSON and links, what is drawn, said and packed."""

from __future__ import annotations

import base64
import io
import json
import random
import re
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from gradio_client import Client, handle_file
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import cnnhub
from cnnhub import convolution, kernels, stack
from demo import texts
from demo.photo import pixels, uploads
from demo.photo.photo import Photo
from demo.tabs.filter import answer as lab_answer
from demo.tabs.filter import settings as lab_settings
from demo.tabs.filter import tab as one_filter
from demo.tabs.filter.settings import Misplaced, Settings, Step, from_link, read
from tests.support.places import EXAMPLES

CAT = EXAMPLES / "chelsea.png"
RELU = {"kind": "relu"}


def settings_of(kernel: str = lab_settings.FIRST_KERNEL, **others: object) -> Settings:
    return read({"kernel": kernel, **others})


def shown(photo: bytes, settings: Settings) -> dict:
    """What the laboratory draws."""
    return one_filter.show(Photo(photo), settings).lab


def seeded_settings(seed: int) -> Settings:
    """Some settings that the page can make."""
    pick = random.Random(seed)
    pooling = {"window": pick.choice((2, 3, 4)), "stride": pick.choice((1, 2, 3, 4))}
    steps = [
        Step(kind="relu"),
        Step(kind="pool", name=pick.choice(convolution.POOLING_MODES), **pooling),
        Step(kind="filter", name=pick.choice(kernels.names()), stride=pick.choice((1, 2))),
    ]
    if pick.random() < 0.5:
        size = pick.choice(lab_settings.SIZES)
        kernel = {
            "kernel": "",
            "weights": tuple(tuple(pick.choice((0.0, 1.0, -2.5, 1 / 3)) for _ in range(size)) for _ in range(size)),
        }
        kernel["divisor"] = pick.choice((1.0, 9.0, -0.5))
    else:
        name = pick.choice(kernels.names())
        kernel = {"kernel": name, "weights": kernels.preset(name).weights, "divisor": kernels.preset(name).divisor}
    return Settings(
        kernel.pop("kernel"),
        convolution.Filter(
            **kernel,
            bias=pick.choice((0.0, 128.0, -1.5)),
            stride=pick.choice(lab_settings.STRIDES),
            dilation=pick.choice(lab_settings.DILATIONS),
            padding=pick.choice(lab_settings.PADDINGS),
            border=pick.choice(convolution.BORDERS),
            flipped=pick.random() < 0.5,
        ),
        colour=pick.random() < 0.5,
        drawn=pick.choice(lab_settings.DRAWN),
        channel=pick.choice((0, 1, 2)),
        steps=tuple(pick.sample(steps, pick.randint(0, 3))),
        at=pick.choice((None, (3, 4))),
    )


@pytest.mark.parametrize("seed", range(60))
def test_settings_survive_the_page_s_json(seed: int) -> None:
    chosen = seeded_settings(seed)
    assert read(json.loads(json.dumps(chosen.as_json()))) == chosen


def test_a_link_without_settings_is_the_default() -> None:
    assert from_link({}) == Settings() == read({})


def test_own_numbers_that_are_a_preset_s_bear_its_name() -> None:
    assert read({"weights": [[1, 1, 1]] * 3, "divisor": 9}).kernel == "box_blur"
    assert read({"kernel": "box_blur", "weights": [[1, 1, 1]] * 3, "divisor": 8}).kernel == ""
    assert read({"kernel": "box_blur"}).filter.divisor == 9


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weights", "a,b"),
        ("weights", "1,2;3"),
        ("weights", "1e99," * 3),
        ("weights", ";".join([",".join("1" * 9)] * 9)),
        ("divisor", "0"),
        ("bias", "nan"),
        ("stride", "5"),
        ("stride", "-1"),
        ("padding", "full"),
        ("steps", "max-0-2"),
        ("steps", "evil-2"),
        ("steps", ";".join(["relu"] * 30)),
        ("at", "1"),
        ("at", "-5,x"),
        ("kernel", "sobel_q"),
        ("operation", "fourier"),
        ("colour", "<script>"),
    ],
)
def test_bad_values_in_a_link_are_passed_over(name: str, value: str) -> None:
    assert from_link({name: value, "dilation": "2"}) == read({"dilation": 2})


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (None, "weights"),
        ([], "weights"),
        ({"weights": [["?", 0, 1]] * 3}, "weights"),
        ({"weights": [[1, 2], [3, 4]]}, "weights"),
        ({"weights": [[float("nan")]]}, "weights"),
        ({"weights": [[1e9]]}, "weights"),
        ({"weights": [[1] * 33] * 33}, "weights"),
        ({"weights": [[True]]}, "weights"),
        ({"kernel": {"a": 1}}, "kernel"),
        ({"divisor": 0}, "divisor"),
        ({"divisor": "9"}, "divisor"),
        ({"bias": None}, "bias"),
        ({"stride": 0}, "stride"),
        ({"stride": 1.5}, "stride"),
        ({"stride": True}, "stride"),
        ({"dilation": 10**30}, "dilation"),
        ({"padding": "--1"}, "padding"),
        ({"padding": [1]}, "padding"),
        ({"border": "wrap"}, "border"),
        ({"border": ["zero"]}, "border"),
        ({"colour": 1}, "colour"),
        ({"flipped": "no"}, "flipped"),
        ({"drawn": "big"}, "drawn"),
        ({"channel": 3}, "channel"),
        ({"steps": {"kind": "relu"}}, "steps"),
        ({"steps": ["relu"]}, "steps"),
        ({"steps": [{"kind": "relu"}] * 8}, "steps"),
        ({"steps": [{"kind": "pool", "window": 0}]}, "steps"),
        ({"at": [1]}, "at"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(data: object, place: str) -> None:
    with pytest.raises(Misplaced) as raised:
        read(data)
    assert raised.value.place == place
    assert isinstance(raised.value.error, cnnhub.CnnHubError) and len(str(raised.value.error)) < 300


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["same", "max", "pool"])
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3))
HOSTILE = st.dictionaries(st.sampled_from([*lab_settings.TYPES, "number"]), JSON, max_size=6) | JSON


@settings(max_examples=150, deadline=None)
@given(HOSTILE)
def test_hostile_settings_are_refused_or_are_good(data: object) -> None:
    try:
        assert isinstance(read(data), Settings)
    except Misplaced as refused:
        assert refused.place in lab_settings.TYPES


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from([*lab_settings.LINK_READERS, "lang"]), st.text(max_size=30), max_size=5))
def test_hostile_links_give_settings(parameters: dict[str, str]) -> None:
    assert isinstance(from_link(parameters), Settings)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (300, 200)])
def test_the_pixels_around_the_pointed_value_come_with_the_map(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    photo = pixels.Pixels("x", noise, size)
    for at in ((0, 0), (size[1] // 2, size[0] // 3), (size[1] - 1, size[0] - 1)):
        chosen = settings_of("sobel_x", at=list(at))
        left, top, right, bottom = lab_answer.neighbourhood(photo, chosen, at)
        assert 0 <= left <= at[1] < right <= size[0] and 0 <= top <= at[0] < bottom <= size[1]
        assert left <= max(at[1] - 3, 0) and bottom >= min(at[0] + 4, size[1]), "the loupe's margin is not there"
        packed = photo.packed((left, top, right, bottom))
        deltas = np.frombuffer(zlib.decompress(base64.b64decode(packed["data"])), np.uint8)
        planes = np.cumsum(deltas.reshape(3, bottom - top, right - left), axis=2, dtype=np.uint8)
        assert (planes.transpose(1, 2, 0) == noise[top:bottom, left:right]).all()
        assert packed["means"]["0"] == noise[:, :, 0].mean() and len(packed["data"]) < 30_000


def test_pixels_that_the_page_has_are_not_sent_again() -> None:
    photo = Photo(CAT.read_bytes())
    assert "near" in one_filter._drawn(photo, lab_settings.Settings())
    assert "near" not in one_filter._drawn(photo, lab_settings.Settings(), photo.id)


def test_the_photo_s_exact_pixels_can_be_unpacked() -> None:
    packed = Photo(CAT.read_bytes()).pixels().packed()
    deltas = np.frombuffer(zlib.decompress(base64.b64decode(packed["data"])), np.uint8)
    planes = np.cumsum(deltas.reshape(3, packed["height"], packed["width"]), axis=2, dtype=np.uint8)
    assert np.array_equal(planes.transpose(1, 2, 0), np.asarray(cnnhub.open_image(CAT)))


def test_a_decoded_photo_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels._kept, "seconds", 0.05)
    first = Photo(CAT.read_bytes() + b"1").pixels()
    assert Photo(CAT.read_bytes() + b"1").pixels() is first
    threading.Event().wait(0.5)
    assert first.id not in pixels._kept
    for extra in range(20):
        Photo(CAT.read_bytes() + bytes([extra])).pixels()
    assert len(pixels._kept) <= pixels.MOST_KEPT


def test_the_photo_is_forgotten_before_the_promised_ten_minutes() -> None:
    sweeper = uploads.Sweeper(Path(), uploads.PROMISED_SECONDS, set)
    assert 2 * sweeper.interval + sweeper._age + pixels.KEPT_SECONDS < 600


def test_a_map_s_picture_shows_its_values() -> None:
    chosen = Settings()
    made = shown(CAT.read_bytes(), chosen)
    picture = Image.open(io.BytesIO(base64.b64decode(made["map"]["uri"].split(",")[1]))).convert("RGB")
    values = convolution.correlate2d(cnnhub.open_image(CAT).convert("L"), "sobel_x")
    limit = cnnhub.render.visible_limit(values)
    assert np.array_equal(np.asarray(picture), np.asarray(cnnhub.render.map_image(values, limit, signed=True)))
    row, column = made["strongest"]
    assert abs(values[row, column]) == values[1:-1, 1:-1].abs().max()


@pytest.mark.parametrize(
    ("chosen", "kind"),
    [
        (Settings(), "signed"),
        (settings_of("gaussian"), "grey"),
        (settings_of("gaussian", colour=True), "colour"),
        (settings_of("gaussian", drawn="signed"), "magma"),
        (settings_of("line_vertical"), "magma"),
        (settings_of("line_vertical", bias=-500.0), "signed"),
        (settings_of("sobel_x", drawn="clipped"), "grey"),
    ],
)
def test_what_a_map_is_drawn_as(chosen: Settings, kind: str) -> None:
    assert shown(CAT.read_bytes(), chosen)["map"]["kind"] == kind


def test_cut_values_are_counted_and_said() -> None:
    made = shown(CAT.read_bytes(), settings_of(drawn="clipped"))
    values = convolution.correlate2d(cnnhub.open_image(CAT).convert("L"), "sobel_x")
    below = texts.percent((values < 0).double().mean().item())
    assert made["said"]["en"]["notes"].startswith(f"{below} of the values lie below 0")
    assert "below 0 is black" in made["said"]["en"]["line"] and "Red" not in made["said"]["en"]["line"]


def test_the_sentence_follows_what_the_kernel_does_with_these_settings() -> None:
    def line(**changes: object) -> str:
        return str(shown(CAT.read_bytes(), settings_of(**changes))["said"]["en"]["line"])

    assert line().startswith("Red: brighter to the right.")
    assert line(flipped=True).startswith("Red: brighter to the left.")
    assert line(divisor=-1.0, kernel="").startswith("Red: brighter to the left.")
    assert line(bias=3.0).startswith("Red: above 0.")
    assert "in the green channel" in line(colour=True, channel=1)


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_what_is_said_of_same_is_what_tensorflow_would_do(stride: int, dilation: int) -> None:
    made = shown(CAT.read_bytes(), settings_of(stride=stride, dilation=dilation))["said"]["en"]["formula"]
    width, height = Image.open(CAT).size
    sides = [convolution.tensorflow_same(side, 3, stride, dilation) for side in (width, height)]
    alike = {amount for side in sides for amount in side} == {dilation}
    assert ("differs here" in made) == (not alike)
    assert ("stride 1 only" in made) == (stride > 1)
    if not alike:
        assert f"{sides[0][0]} on the left, {sides[0][1]} on the right, {sides[1][0]} above, {sides[1][1]} below" in made
    assert ("floor((W + 2P" in made) == (dilation > 1)


def test_steps_have_their_sizes_and_a_step_that_fails_is_named() -> None:
    steps = [
        RELU,
        {"kind": "pool", "window": 4},
        {"kind": "pool", "name": "average", "window": 64},
        {"kind": "pool", "window": 4},
    ]
    made = shown(CAT.read_bytes(), settings_of(steps=steps))
    assert [(step["width"], step["height"]) for step in made["steps"]] == [(451, 300), (112, 75), (1, 1)]
    problem = made["said"]["en"]["problem"]
    assert problem["place"] == "steps" and "Step 5 cannot be applied" in problem["html"]
    assert made["said"]["zh-TW"]["steps"][0] == "451 × 300，和之前一樣"


def test_a_picture_stays_a_picture_through_the_steps_that_leave_it_one() -> None:
    def kinds(chosen: Settings) -> list[str]:
        return [step["kind"] for step in shown(CAT.read_bytes(), chosen)["steps"]]

    steps = [RELU, {"kind": "filter", "name": "gaussian"}, {"kind": "filter", "name": "sobel_x"}, RELU]
    assert kinds(settings_of("gaussian", steps=steps)) == ["grey", "grey", "signed", "magma"]
    assert kinds(settings_of(steps=steps)) == ["magma", "magma", "signed", "magma"]


def test_a_mistake_is_said_at_its_place_in_each_language_and_the_old_settings_stay() -> None:
    import gradio as gr

    photo = Photo(CAT.read_bytes())

    def change(**data: object) -> tuple[Settings, dict]:
        event = gr.EventData(None, {"number": 7, "settings": data})
        return one_filter.changed(event, photo, settings_of(stride=2))

    kept, made = change(weights=[["?", 0, 1]] * 3)
    assert kept == settings_of(stride=2) and made["number"] == 7 and "map" not in made
    assert made["said"]["en"]["problem"]["place"] == "kernel"
    assert "This kernel cannot be used." in made["said"]["en"]["problem"]["html"]
    assert "無法使用" in made["said"]["zh-TW"]["problem"]["html"] and "无法使用" in made["said"]["zh-CN"]["problem"]["html"]
    assert "any number but 0" in change(divisor=0)[1]["said"]["en"]["problem"]["html"]
    assert change(stride=0)[1]["said"]["en"]["problem"]["place"] == "geometry"
    chosen, made = change(stride=3)
    assert chosen == settings_of(stride=3) and made["map"]["width"] == 151


def test_a_photo_too_small_for_its_border_gets_its_own_sentence() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (3, 3), "red").save(buffer, "PNG")
    made = shown(buffer.getvalue(), settings_of(padding=3, border="reflect"))
    assert "too small to be mirrored" in made["said"]["en"]["problem"]["html"]
    made = shown(buffer.getvalue(), settings_of("line_vertical", padding="valid"))
    assert "nothing is left of the photo" in made["said"]["en"]["problem"]["html"]


@pytest.mark.parametrize("seed", range(6))
def test_the_snippet_prints_what_the_page_shows(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a photo that is scaled down first, in grey and in colour."""
    monkeypatch.chdir(tmp_path)
    cnnhub.open_image(CAT).resize((1504, 1000)).save("photo.jpg")
    photo = Path("photo.jpg").read_bytes()
    chosen = seeded_settings(seed)
    made = shown(photo, chosen)
    last = stack.run(Photo(photo).pixels().planes(chosen.colour), chosen.operations())[-1]
    exec(made["snippet"], {})
    shape, low, high = re.fullmatch(r"\((.+)\) (\S+) (\S+)\n", capsys.readouterr().out).groups()
    assert [int(side) for side in shape.split(", ")] == [1, *last.shape]
    assert (float(low), float(high)) == pytest.approx((last.min().item(), last.max().item()), abs=1e-6)


def test_the_page_says_when_a_photo_was_scaled_down() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (2000, 1000), "red").save(buffer, "PNG")
    said = shown(buffer.getvalue(), Settings())["said"]
    assert "scaled down to 1414 × 707" in said["en"]["formula"] and "縮小成 1414 × 707" in said["zh-TW"]["formula"]


def test_a_window_by_its_endpoint(client: Client) -> None:
    facts = client.predict(handle_file(str(CAT)), 10, 20, kernel="gaussian", stride=2, border="mean", api_name="/filter_window")
    values = convolution.correlate2d(Photo(CAT.read_bytes()).pixels().planes(False)[0], "gaussian", stride=2, border="mean")
    assert facts["value"] == pytest.approx(values[10, 20].item(), abs=1e-9)
    assert facts["sum"] == pytest.approx(sum(map(sum, facts["products"])))
    assert (facts["top"], facts["left"]) == (19, 39)


def test_a_stack_by_its_endpoint(client: Client) -> None:
    path, facts = client.predict(handle_file(str(CAT)), api_name="/filter_stack")
    assert [(step["width"], step["height"]) for step in facts["steps"]] == [(451, 300), (451, 300), (225, 150)]
    assert facts["steps"][0]["min"] < 0 == facts["steps"][1]["min"]
    assert Image.open(path).size == (225, 150)
    assert "F.max_pool2d" in facts["snippet"]


def test_filter_in_colour_with_a_border_divisor_and_bias(client: Client) -> None:
    path, facts = client.predict(
        handle_file(str(CAT)),
        weights=[[1, 1, 1]] * 3,
        divisor=9,
        bias=10,
        dilation=2,
        border="replicate",
        colour=True,
        operation="convolution",
        api_name="/filter",
    )
    pixels = torch.from_numpy(np.asarray(cnnhub.open_image(CAT)).transpose(2, 0, 1).astype(np.float64))
    expected = convolution.correlate2d(pixels, [[1, 1, 1]] * 3, dilation=2, border="replicate", divisor=9, bias=10)
    assert facts["drawn"]["as"] == "colour"
    shown = np.asarray(Image.open(path).convert("RGB")).transpose(2, 0, 1)
    assert np.array_equal(shown, expected.round().clamp(0, 255).numpy())
