"""Pixels are timm's to the last bit, over every way of scaling and cutting; and answering needs no torch."""

from __future__ import annotations

import itertools
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
import timm.data
import torch
from PIL import Image
from sklearn.datasets import load_sample_image
from timm.data.transforms import MaybePILToTensor
from timm.data.transforms_factory import transforms_imagenet_eval

from cnnhub.errors import ImageError
from cnnhub.hub.config import PretrainedConfig
from cnnhub.preprocessing import MAX_RESIZED_PIXELS, normalise, to_pixels
from tests.support.places import EXAMPLES, ROOT

MODES = ("center", "squash", "border")
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos", "hamming", "box")
INPUTS = ((224, 224), (96, 128), (160, 64), (17, 16))
SHARES = (0.4, 0.5, 0.875, 0.95, 1.0, 1.3, 2.0)
SETTINGS = list(itertools.product(MODES, INTERPOLATIONS, INPUTS, SHARES))  # 504
ODD_SIZES = [(1, 1), (2, 3), (224, 224), (256, 256), (223, 225), (100, 17), (31, 200), (96, 128), (127, 97), (500, 375)]


@cache
def pictures() -> list[Image.Image]:
    """200: packaged photos, crops of them, and noise of every shape."""
    rng = np.random.default_rng(0)
    photos = [Image.open(path).convert("RGB") for path in sorted(EXAMPLES.glob("*.*g"))]
    photos += [Image.fromarray(load_sample_image(name)) for name in ("china.jpg", "flower.jpg")]
    sizes = ODD_SIZES + [tuple(int(side) for side in rng.integers(20, 400, 2)) for _ in range(90)]
    drawn = [Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8)) for width, height in sizes]
    cut = []
    while len(photos) + len(drawn) + len(cut) < 200:
        photo = photos[int(rng.integers(len(photos)))]
        left, top = (int(rng.integers(side // 2)) for side in photo.size)
        right, bottom = (int(rng.integers(low + 1, side)) for low, side in zip((left, top), photo.size, strict=True))
        cut.append(photo.crop((left, top, right, bottom)))
    return photos + drawn + cut


def check(picture: Image.Image, mode: str, interpolation: str, size: tuple[int, int], share: float) -> None:
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    cfg = PretrainedConfig(input_size=(3, *size), crop_mode=mode, interpolation=interpolation, crop_pct=share, mean=mean, std=std)
    transform = transforms_imagenet_eval(
        img_size=size, crop_pct=share, crop_mode=mode, interpolation=interpolation, mean=mean, std=std
    )
    *steps, _, _ = transform.transforms  # the last two make a tensor of floats, and normalise it
    where = f"{picture.size}, {mode}, {interpolation}, {size}, {share}"
    try:
        scaled = steps[0](picture)
        is_sliver = scaled.width * scaled.height > MAX_RESIZED_PIXELS
    except ValueError:  # Pillow: a side of no pixels
        is_sliver = True
    if is_sliver:
        with pytest.raises(ImageError, match="a sliver"):
            to_pixels(picture, cfg)
        return
    cut = steps[1](scaled)
    pixels = to_pixels(picture, cfg)
    assert pixels.shape == (3, *size) and pixels.dtype == np.uint8, where
    assert np.array_equal(pixels, MaybePILToTensor()(cut).numpy()), where
    assert np.abs(normalise(pixels, cfg) - transform(picture).numpy()).max() <= 1e-6, where


def test_pixels_are_timm_s() -> None:
    """Each picture with a setting of its own; among them are all modes, interpolations, inputs and shares."""
    chosen = np.random.default_rng(1).permutation(len(SETTINGS))[:200]
    for picture, number in zip(pictures(), chosen, strict=True):
        check(picture, *SETTINGS[number])


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_every_picture_with_every_setting() -> None:
    for picture, setting in itertools.product(pictures(), SETTINGS):
        check(picture, *setting)


def test_create_transform_makes_no_more_of_a_config_than_this() -> None:
    """The whole of timm's door, with a config as it stands in a repository."""
    cfg = PretrainedConfig()
    transform = timm.data.create_transform(**timm.data.resolve_data_config(pretrained_cfg=cfg.model_dump()))
    for picture in pictures()[:15]:
        assert np.array_equal(normalise(to_pixels(picture, cfg), cfg), transform(picture).numpy())


def test_a_sliver_is_refused() -> None:
    for mode in ("center", "border"):
        with pytest.raises(ImageError, match="3 x 100000 pixels, a sliver"):
            to_pixels(Image.new("RGB", (3, 100_000)), PretrainedConfig(crop_mode=mode))


WITHOUT_TORCH = """
import sys
import numpy as np
import cnnhub.classifier
from cnnhub.hub import resolve

class Engine:
    name = "stub"
    def answer(self, pixels, *, embed=False):
        assert pixels.dtype == np.uint8 and pixels.shape[1:] == (3, 224, 224)
        return np.ones((len(pixels), 5), np.float32), np.ones((len(pixels), 8), np.float32) if embed else None

built = []
classifier = cnnhub.classifier.Classifier(resolve("flowers").config, Engine(), "flowers", lambda: built.append(1) or "network")
photo = sys.argv[1]
assert classifier.predict(photo).probability == 0.2
assert len(list(classifier.predict_many([photo] * 3))) == 3
assert classifier.preprocess(photo).dtype == classifier.logits(photo).dtype == classifier.embed(photo).dtype == np.float32
assert not built, "the network was built before anybody asked for it"
assert classifier.network == "network"
loaded = sorted({name.partition(".")[0] for name in sys.modules} & {"torch", "timm", "torchvision", "matplotlib", "onnxruntime"})
print(loaded)
"""


def test_an_answer_needs_neither_torch_nor_timm() -> None:
    """In a process of its own, where nothing else has imported them."""
    command = [sys.executable, "-c", WITHOUT_TORCH, str(EXAMPLES / "cat.jpg")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


def test_torch_normalises_to_the_same_bits() -> None:
    from cnnhub.engines.torch import Normalise

    cfg = PretrainedConfig()
    pixels = np.random.default_rng(0).integers(0, 256, (2, 3, 32, 32), np.uint8)
    assert np.array_equal(Normalise(cfg)(torch.from_numpy(pixels)).numpy(), normalise(pixels, cfg))
