"""Changes of a picture, beside PIL, scipy and plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from cnnhub import transforms
from cnnhub.errors import ArgumentError


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (3, 14, 17), dtype=np.uint8)


def test_what_is_swapped_twice_is_as_before(pixels: np.ndarray) -> None:
    swapped = transforms.swapped(pixels)
    assert (transforms.swapped(swapped) == pixels).all()
    assert (swapped[:, :, [1, 0, 15, 14, 16]] == pixels[:, :, [0, 1, 14, 15, 16]]).all()


def test_doubling_is_cut_off(pixels: np.ndarray) -> None:
    assert (transforms.doubled(pixels) == np.clip(2 * pixels.astype(int), 0, 255)).all()


def test_blurring_is_pillow_s_kernel(pixels: np.ndarray) -> None:
    picture = Image.fromarray(pixels.transpose(1, 2, 0))
    theirs = np.asarray(picture.filter(ImageFilter.Kernel((3, 3), (1, 2, 1, 2, 4, 2, 1, 2, 1), 16))).transpose(2, 0, 1)
    inside = np.s_[:, 1:-1, 1:-1]  # Pillow leaves the border as it is
    assert np.abs(transforms.blurred(pixels)[inside].astype(int) - theirs[inside]).max() <= 1


def test_edges_are_the_length_of_sobel_s_two_answers(pixels: np.ndarray) -> None:
    from scipy import ndimage

    grey = np.array([0.299, 0.587, 0.114]) @ pixels.reshape(3, -1).astype(float)
    across, down = (ndimage.sobel(grey.reshape(14, 17), axis, mode="nearest") for axis in (1, 0))
    expected = np.clip(np.rint(np.hypot(across, down)), 0, 255)
    assert all((channel == expected).all() for channel in transforms.edges(pixels))


def test_noise_has_its_deviation_and_its_seed() -> None:
    grey = np.full((3, 200, 200), 128, np.uint8)
    noisy = transforms.noisy(grey, 0.1, seed=5)
    assert noisy.std() == pytest.approx(25.5, rel=0.02) and noisy.mean() == pytest.approx(128, abs=0.5)
    assert (noisy == transforms.noisy(grey, 0.1, seed=5)).all() and (noisy != transforms.noisy(grey, 0.1, seed=6)).any()


def test_shuffled_tiles_are_whole_and_all_there() -> None:
    tiles = np.repeat(np.repeat(np.arange(9, dtype=np.uint8).reshape(1, 3, 3), 4, axis=1), 5, axis=2)
    made = transforms.shuffled(tiles, 3, seed=1)
    blocks = made.reshape(3, 4, 3, 5).transpose(0, 2, 1, 3).reshape(9, -1)
    assert (blocks == blocks[:, :1]).all() and sorted(blocks[:, 0]) == list(range(9)) and (made != tiles).any()


def test_what_tiles_do_not_cover_stays(pixels: np.ndarray) -> None:
    made = transforms.shuffled(pixels, 4)  # tiles of 3 x 4: the last two rows and the last column are left
    assert (made[:, 12:] == pixels[:, 12:]).all() and (made[:, :, 16:] == pixels[:, :, 16:]).all()
    assert (made[:, :12, :16] != pixels[:, :12, :16]).any()


def test_a_crop_shows_the_middle() -> None:
    wave = np.tile(np.arange(200, dtype=np.uint8), (3, 200, 1))
    made = transforms.cropped(wave, 0.5)
    assert made[0, 100, 100] == pytest.approx(100, abs=1) and made[0, 0, 0] == pytest.approx(50, abs=1)
    assert (transforms.cropped(wave, 1) == wave).all()


@pytest.mark.parametrize("mode", ["max", "average", "l2"])
@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_pooling_is_torch_s_and_every_pixel_as_large_as_those_before(mode: str, times: int) -> None:
    import torch
    import torch.nn.functional as F

    pixels = np.random.default_rng(times).integers(0, 256, (3, 16, 24), dtype=np.uint8)
    values = torch.from_numpy(pixels).double()[None]
    pools = {
        "max": F.max_pool2d,
        "average": F.avg_pool2d,
        "l2": lambda given, side: F.avg_pool2d(given**2, side).sqrt(),
    }
    for _ in range(times):
        values = pools[mode](values, 2)
    expected = values[0].round().numpy().repeat(2**times, axis=1).repeat(2**times, axis=2)
    assert (transforms.pooled(pixels, mode, times) == expected).all()


def test_pooling_of_odd_sides_keeps_the_size(pixels: np.ndarray) -> None:
    assert transforms.pooled(pixels, "max", 3).shape == pixels.shape


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda pixels: transforms.noisy(pixels, 1.5), r"amount=1\.5 arrived; expected a number from 0 to 1"),
        (lambda pixels: transforms.noisy(pixels, float("nan")), "amount=nan arrived"),
        (lambda pixels: transforms.cropped(pixels, 0.01), r"share=0\.01 arrived; expected a number from 0\.05 to 1"),
        (lambda pixels: transforms.shuffled(pixels, 15), "pieces=15 arrived; expected a whole number from 1 to 14"),
        (lambda pixels: transforms.shuffled(pixels, 0), "pieces=0 arrived"),
        (lambda pixels: transforms.pooled(pixels, "median"), "mode='median' arrived; expected one of max, average, l2"),
        (lambda pixels: transforms.pooled(pixels, "max", 4), "times=4 arrived; 14 x 17 pixels cannot be halved so often"),
    ],
)
def test_what_cannot_be_is_said(pixels: np.ndarray, call: object, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        call(pixels)  # type: ignore[operator]
