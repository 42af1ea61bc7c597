"""In which order channels are worth looking at, and how their values are spread."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import cnnhub
from cnnhub import channels, render
from tests.support.places import EXAMPLES

SMALL = settings(max_examples=40, deadline=None)


def test_what_is_large_everywhere_comes_after_what_varies() -> None:
    """A mean of |activation| would put the flat map first, a standard deviation of single values the speckled one."""
    noise = torch.randn(20, 20, generator=torch.Generator().manual_seed(0)) * 2
    shape = torch.zeros(20, 20)
    shape[5:15, 5:15] = 3
    frame = torch.zeros(20, 20)
    frame[[0, -1]] = 9  # what padding does
    frame[:, [0, -1]] = 9
    flat = torch.full((20, 20), 100.0)
    assert channels.varied_first(torch.stack([flat, noise, frame, shape])) == [3, 1, 0, 2]


@SMALL
@given(st.integers(1, 8), st.integers(1, 12), st.integers(1, 12), st.floats(-50, 50), st.integers(0, 2**20))
def test_the_order_is_a_permutation_that_brightness_does_not_change(
    count: int, height: int, width: int, more: float, seed: int
) -> None:
    maps = torch.randn(count, height, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    order = channels.varied_first(maps)
    assert sorted(order) == list(range(count))
    assert channels.varied_first(maps * -1) == order
    if height * width > 1:
        assert channels.varied_first(maps + more) == order


def test_silent_channels_are_those_whose_picture_has_one_colour() -> None:
    maps = cnnhub.load("imagenet").feature_maps(EXAMPLES / "dog.jpg", "bn2")["bn2"]
    scale = render.maps_scale(maps)
    found = channels.silent(maps, scale.limit)
    assert 0 < sum(found) < len(maps)
    for values, is_silent in zip(maps[:200], found, strict=False):
        colours = render.map_image(values, scale.limit, scale.is_signed).getcolors()
        assert (len(colours) == 1 and colours[0][1] == (0, 0, 4)) == is_silent


@SMALL
@given(st.integers(1, 10), st.integers(1, 10), st.integers(0, 2**20))
def test_the_spread_is_numpy_s(height: int, width: int, seed: int) -> None:
    values = torch.relu(torch.randn(height, width, generator=torch.Generator().manual_seed(seed)))
    found, expected = channels.Spread.of(values, bins=10), values.numpy()
    assert (found.least, found.largest) == (expected.min(), expected.max())
    assert found.mean == pytest.approx(expected.mean(), abs=1e-6)
    assert (found.zeros, found.below) == ((expected == 0).mean(), 0)
    if found.least < found.largest:
        counts = np.histogram(expected, 10)[0]
        assert abs(np.array(found.counts) - counts).sum() <= 2  # a value on an edge may fall to either side
    assert sum(found.counts) == expected.size
