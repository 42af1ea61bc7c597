"""Large JPEGs decoded at reduced size: how far down, which pictures, and that answers stay what they were."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cnnhub
from benchmarks import decoding
from cnnhub import classifier, preprocessing
from cnnhub.errors import ImageError
from cnnhub.hub.config import PretrainedConfig
from cnnhub.images import open_image, open_to_scale
from tests.support.places import EXAMPLES

ORIENTATION = 274


@pytest.fixture
def reduced(model_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> cnnhub.Classifier:
    """A classifier to which no two labels are close: it is not trained, and all of them are."""
    monkeypatch.setattr(classifier, "CLOSE", 0.0)
    return cnnhub.load(model_folder())


def jpeg(size: tuple[int, int], mode: str = "RGB", orientation: int = 1, **options: Any) -> bytes:
    """Smooth colours, so that pixels of a reduced picture can be told from the whole one's."""
    rng = np.random.default_rng(0)
    drawn = Image.fromarray(rng.integers(0, 256, (5, 4, 3), np.uint8)).resize(size, Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    buffer = io.BytesIO()
    drawn.convert(mode).save(buffer, options.pop("format", "JPEG"), quality=95, exif=exif, **options)
    return buffer.getvalue()


def distance(one: Image.Image, other: Image.Image) -> int:
    """The largest difference of a value."""
    return int(np.abs(np.asarray(one, int) - np.asarray(other, int)).max())


@pytest.mark.parametrize(
    ("size", "scaled", "decoded"),
    [
        ((800, 600), (200, 150), (400, 300)),  # a quarter would be just what is needed, and not twice that
        ((799, 600), (200, 150), (799, 600)),
        ((1600, 1200), (200, 150), (400, 300)),
        ((1601, 1203), (200, 150), (401, 301)),
        ((3200, 2400), (200, 150), (400, 300)),
        ((8000, 6000), (200, 150), (1000, 750)),  # an eighth is the decoder's smallest
        ((300, 200), (400, 300), (300, 200)),
    ],
)
def test_a_jpeg_is_decoded_no_smaller_than_was_said(
    size: tuple[int, int], scaled: tuple[int, int], decoded: tuple[int, int]
) -> None:
    data = jpeg(size)
    assert open_to_scale(data, lambda whole: (2 * scaled[0], 2 * scaled[1])).picture.size == decoded
    assert open_to_scale(data).picture.size == size


@pytest.mark.parametrize("factors", [(1, 1), (3, 1.5), (7, 2)])
@pytest.mark.parametrize("mode", ["center", "squash", "border"])
def test_the_rule_holds_for_every_way_of_scaling(mode: str, factors: tuple[float, float]) -> None:
    cfg = PretrainedConfig(input_size=(3, 64, 48), crop_mode=mode, crop_pct=0.9)
    size = round(500 * factors[0]), round(400 * factors[1])
    least = preprocessing.least_size(size, cfg)
    width, height = preprocessing._scaled_size(size, cfg)
    assert least == (preprocessing.REDUCED * width, preprocessing.REDUCED * height) and preprocessing.REDUCED >= 2
    decoded = open_to_scale(jpeg(size), lambda whole: preprocessing.least_size(whole, cfg)).picture.size
    assert decoded == size or (decoded[0] >= least[0] and decoded[1] >= least[1])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_and_asked_for(orientation: int) -> None:
    data = jpeg((801, 401), orientation=orientation, subsampling=0)
    asked = []

    def least(size: tuple[int, int]) -> tuple[int, int]:
        asked.append(size)
        return size[0] // 4, size[1] // 4

    opened, whole = open_to_scale(data, least), open_image(data)
    assert asked == [whole.size] == [opened.size]
    left, top, right, bottom = opened.box
    assert (right - left, bottom - top) == (whole.width / 4, whole.height / 4)
    assert left >= 0 and top >= 0 and right <= opened.picture.width and bottom <= opened.picture.height
    small = (80, 40) if orientation < 5 else (40, 80)
    exact = whole.resize(small, Image.Resampling.BICUBIC)
    assert distance(opened.picture.resize(small, Image.Resampling.BICUBIC, opened.box), exact) <= 2
    assert distance(opened.picture.resize(small, Image.Resampling.BICUBIC), exact) > 2, "as if nothing were cut off at its border"


@pytest.mark.parametrize(
    "kind",
    [
        {"mode": "L"},
        {"mode": "CMYK"},
        {"subsampling": "4:4:4"},
        {"subsampling": "4:2:2"},
        {"subsampling": "4:2:0"},
        {"progressive": True},
        {"format": "MPO", "save_all": True, "append_images": [Image.new("RGB", (1600, 1200))]},
    ],
    ids=lambda kind: " ".join(str(value) for value in kind.values() if not isinstance(value, list)),
)
def test_every_kind_of_jpeg(kind: dict[str, Any]) -> None:
    data = jpeg((1600, 1200), **dict(kind))
    small, whole = open_to_scale(data, lambda size: (400, 300)).picture, open_image(data)
    assert small.size == (400, 300) and small.mode == "RGB"
    assert distance(whole.resize((400, 300), Image.Resampling.BOX), small) <= 6


def test_other_formats_and_what_is_decoded_already_are_taken_as_they_are(reduced: cnnhub.Classifier) -> None:
    data = jpeg((1600, 1200))
    whole = open_image(data)
    for kind in ("PNG", "WEBP", "BMP"):
        buffer = io.BytesIO()
        whole.save(buffer, kind, **({"lossless": True} if kind == "WEBP" else {}))
        assert open_to_scale(buffer.getvalue(), lambda size: (40, 30)).picture.size == (1600, 1200)
    lazy = Image.open(io.BytesIO(data))  # the caller's, though its pixels are not read yet
    expected = preprocessing.to_pixels(whole, reduced.config.pretrained_cfg)
    for source in (lazy, whole, np.asarray(whole)):
        assert np.array_equal(reduced.to_pixels(source), expected)
    assert lazy.size == (1600, 1200)
    assert not np.array_equal(reduced.to_pixels(data), expected)


def test_a_picture_that_is_only_scaled_is_not_copied_and_stays_as_it_is(picture: Image.Image) -> None:
    assert open_to_scale(picture).picture is picture
    turned = Image.open(io.BytesIO(jpeg((60, 40), orientation=6)))
    assert open_to_scale(turned).picture.size == (40, 60) and turned.size == (60, 40)
    for mode in ("L", "P", "RGBA", "CMYK"):
        other = picture.convert(mode)
        assert open_to_scale(other).picture.mode == "RGB" and other.mode == mode


def test_limits_are_those_of_the_whole_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    data = jpeg((1600, 1200))
    monkeypatch.setattr("cnnhub.images.MAX_PIXELS", 1600 * 1200 - 1)
    with pytest.raises(ImageError, match="has 1600 x 1200 = 1,920,000 pixels; at most 1,919,999"):
        open_to_scale(data, lambda size: (40, 30))


def test_damaged_jpegs_are_refused(reduced: cnnhub.Classifier) -> None:
    data = jpeg((1600, 1200))
    with pytest.raises(ImageError, match="damaged or cut off"):
        reduced.to_pixels(data[: len(data) // 2])
    with pytest.raises(ImageError, match="10000 x 10 pixels, a sliver"):
        cnnhub.load("imagenet", reduced_decoding=True).to_pixels(jpeg((10_000, 10)))


def test_the_switch(reduced: cnnhub.Classifier, model_folder: Callable[..., Path]) -> None:
    data, whole = jpeg((1600, 1200)), cnnhub.load(model_folder(), reduced_decoding=False)
    assert (reduced.reduced_decoding, whole.reduced_decoding) == (True, False)
    pixels = whole.to_pixels(data)
    assert np.array_equal(pixels, preprocessing.to_pixels(open_image(data), whole.config.pretrained_cfg))
    difference = np.abs(reduced.to_pixels(data).astype(int) - pixels)
    assert 0 < difference.max() <= 4
    small = (EXAMPLES / "cat.jpg").read_bytes()
    assert np.array_equal(
        cnnhub.load("imagenet").to_pixels(small), cnnhub.load("imagenet", reduced_decoding=False).to_pixels(small)
    )


def test_nearest_picks_of_all_pixels(model_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifier, "CLOSE", 0.0)
    changes = {"pretrained_cfg": {"input_size": [3, 64, 64], "mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "nearest"}}
    folder, data = model_folder(**changes), jpeg((1600, 1200))
    whole = cnnhub.load(folder, reduced_decoding=False)
    assert np.array_equal(cnnhub.load(folder).to_pixels(data), whole.to_pixels(data))


def test_what_looks_inside_sees_what_was_classified(reduced: cnnhub.Classifier) -> None:
    data = jpeg((1600, 1200))
    assert np.array_equal(reduced.forward_pass(data, reduced.layers()[0]).pixels.numpy(), reduced.preprocess(data))


def test_answers_move_little() -> None:
    """The benchmark on a few of the packaged photos, enlarged."""
    rows = next(iter(decoding.figures(4, [EXAMPLES], models=("cats-vs-dogs", "imagenet")).values()))
    for model in ("cats-vs-dogs", "imagenet"):
        assert rows[f"{model}, top-1 changes"] == [0]
        assert 0 < rows[f"{model}, largest move"][0] <= decoding.PERCENTILE_99


@pytest.mark.parametrize(("close", "is_whole"), [(0.0, False), (1.1, True)])
def test_where_two_labels_are_close_every_pixel_counts(
    model_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, close: float, is_whole: bool
) -> None:
    """Of a path, bytes and many pictures alike; all that sees a picture sees the same pixels."""
    monkeypatch.setattr(classifier, "CLOSE", close)
    folder, data = model_folder(), jpeg((1600, 1200))
    ours, exact = cnnhub.load(folder), cnnhub.load(folder, reduced_decoding=False)
    (tmp_path / "large.jpg").write_bytes(data)
    for source in (data, tmp_path / "large.jpg"):
        assert np.array_equal(ours.to_pixels(source), exact.to_pixels(source)) is is_whole
        assert ours.predict(source) == ours.predictions(ours.to_pixels(source)[None])[0]
        assert (ours.predict(source) == exact.predict(source)) is is_whole
    expected = [ours.predict(data), ours.predict(EXAMPLES / "cat.jpg"), ours.predict(data)]
    many = list(ours.predict_many([data, EXAMPLES / "cat.jpg", tmp_path / "large.jpg"]))
    assert [each.label for each in many] == [each.label for each in expected]
    for one, other in zip(many, expected, strict=True):
        assert one.scores == pytest.approx(other.scores, abs=1e-6)
