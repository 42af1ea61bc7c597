"""Moved pictures, as SciPy moves them, and facts about what pooling hides."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

from cnnhub import convolution, invariance
from cnnhub.errors import GeometryError
from tests.support.places import EXAMPLES


@pytest.fixture(scope="module")
def photo() -> torch.Tensor:
    """(H, W) float64 brightness of a photo."""
    with Image.open(EXAMPLES / "chelsea.png") as image:
        return torch.from_numpy(np.array(image.convert("L"), dtype=np.float64))


@pytest.fixture(scope="module")
def noise() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).uniform(0, 255, (2, 18, 27)))


def test_pooled_is_what_plain_loops_make(noise: torch.Tensor) -> None:
    outputs = invariance.pooled(noise, window=3, stride=2)
    functions = {"max": np.max, "average": np.mean, "l2": lambda block: np.sqrt((block**2).sum())}
    for name, function in functions.items():
        for channel in range(2):
            for row, column in ((0, 0), (7, 12), (3, 5)):
                block = noise[channel, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3].numpy()
                assert outputs[name][channel, row, column].item() == pytest.approx(function(block))
    assert outputs["max"].shape == (2, 8, 13)
    assert outputs["global_average"].tolist() == [[[pytest.approx(noise[c].mean().item())]] for c in range(2)]


@pytest.mark.parametrize(
    ("x", "y", "angle", "scale"),
    [(3, -2, 0, 1), (0, 0, 30, 1), (0, 0, 0, 1.5), (0, 0, 0, 0.7), (2.5, 0, 0, 1), (4, -3, -20, 1.2), (-1, 5, 135, 0.9)],
)
def test_moved_is_scipy_s_affine_transform(noise: torch.Tensor, x: float, y: float, angle: float, scale: float) -> None:
    """In SciPy's terms: from a place (row, column) of the result to the one in the picture."""
    turn = math.radians(angle)
    # against the clock, where rows count downwards
    forward = scale * np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    back = np.linalg.inv(forward)
    middle = (np.array(noise.shape[1:]) - 1) / 2
    offset = middle - back @ (middle + np.array([y, x]))
    for channel in range(2):
        expected = ndimage.affine_transform(noise[channel].numpy(), back, offset, order=1, mode="nearest")
        ours = invariance.moved(noise, x, y, angle, scale)[channel]
        np.testing.assert_allclose(ours.numpy(), expected, atol=1e-6)


def test_whole_shifts_copy_pixels(noise: torch.Tensor) -> None:
    assert torch.equal(invariance.moved(noise), noise)
    shifted = invariance.moved(noise, 3, -2)
    assert torch.equal(shifted[:, :-2, 3:], noise[:, 2:, :-3])
    assert torch.equal(shifted[:, -1, 3:], noise[:, -1, :-3])
    assert torch.equal(invariance.moved(noise, 1e300, 0), noise[:, :, :1].expand_as(noise))
    assert invariance.moved(noise.float(), 0.5).dtype == torch.float32


def test_a_turn_against_the_clock_brings_the_right_side_to_the_top() -> None:
    square = torch.zeros(9, 9)
    square[4, 7] = 1
    assert invariance.moved(square, angle=90).argmax() == 1 * 9 + 4
    assert invariance.moved(square, scale=4 / 3).argmax() == 4 * 9 + 8
    assert invariance.moved(square, shift_y=2, angle=180).argmax() == 6 * 9 + 1


def test_change_is_relative_to_the_values_size(noise: torch.Tensor) -> None:
    assert invariance.change(noise, noise.clone()) == 0
    assert invariance.change(noise, noise * 1.09) == pytest.approx(0.09)
    assert invariance.change(7 * noise, 7 * noise.flip(0)) == pytest.approx(invariance.change(noise, noise.flip(0)))
    assert invariance.change(torch.zeros(3), torch.zeros(3)) == 0
    assert invariance.change(torch.zeros(3), torch.ones(3)) == math.inf


def changes(before: torch.Tensor, after: torch.Tensor, window: int = 2) -> dict[str, float]:
    pairs = invariance.pooled(before, window, window), invariance.pooled(after, window, window)
    return {name: invariance.change(pairs[0][name], pairs[1][name]) for name in pairs[0]}


def test_the_global_average_survives_any_shift_in_a_circle(photo: torch.Tensor) -> None:
    found = changes(photo, photo.roll((40, 100), (0, 1)))
    assert found["global_average"] < 1e-12
    assert min(found["max"], found["average"], found["l2"]) > 0.1


def test_pooling_changes_less_than_the_pixels_under_a_small_shift(photo: torch.Tensor) -> None:
    for shift in ({"shift_x": 1}, {"shift_y": -1}):
        after = invariance.moved(photo, **shift)
        pixels, found = invariance.change(photo, after), changes(photo, after)
        assert 0 < found["global_average"] < 0.1 * pixels
        assert all(0 < found[name] < pixels for name in convolution.POOLING_MODES)


def test_larger_windows_hide_more(photo: torch.Tensor) -> None:
    after = invariance.moved(photo, shift_x=1)
    found = [changes(photo, after, window)["max"] for window in (1, 2, 4, 8)]
    assert found == sorted(found, reverse=True)
    assert found[0] == invariance.change(photo, after)


def test_a_shift_by_the_stride_shifts_the_pooled_map(photo: torch.Tensor) -> None:
    before, after = (invariance.pooled(p, 2, 2) for p in (photo, invariance.moved(photo, shift_x=2)))
    for name in convolution.POOLING_MODES:
        assert torch.equal(after[name][:, 1:], before[name][:, :-1])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: invariance.pooled(x, 40, 1), "does not fit"),
        (lambda x: invariance.pooled(x, 2, 0), "stride is 0"),
        (lambda x: invariance.moved(x, math.nan), "shift_x is nan"),
        (lambda x: invariance.moved(x, angle=math.inf), "angle is inf"),
        (lambda x: invariance.moved(x, angle="5"), "angle is '5'"),
        (lambda x: invariance.moved(x, scale=0), "scale is 0; expected a number above 0"),
        (lambda x: invariance.change(x, x[0]), r"shaped \(2, 18, 27\) and \(18, 27\)"),
    ],
)
def test_impossible_moves(call, message: str, noise: torch.Tensor) -> None:
    with pytest.raises(GeometryError, match=message):
        call(noise)
