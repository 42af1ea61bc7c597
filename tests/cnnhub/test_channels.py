"""In which order channels are worth looking at, and how their values are spread."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import cnnhub
from cnnhub import channels, render
from cnnhub.errors import ArgumentError
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


def blob(row: int, column: int, side: int = 20) -> torch.Tensor:
    maps = torch.zeros(side, side)
    maps[row - 1 : row + 2, column - 1 : column + 2] = 1
    return maps


def test_what_answers_at_a_place_comes_before_what_answers_everywhere() -> None:
    """The largest value at the place would put the flat channel first, the largest ratio the faint one."""
    faint = torch.full((20, 20), 1e-7)
    faint[5, 15] = 1e-6
    maps = torch.stack([torch.full((20, 20), 100.0), blob(15, 5), blob(5, 15), faint, torch.zeros(20, 20)])
    found = channels.answers_at(maps, [(5, 15)])
    assert found.argmax() == 2 and found[1] < 0
    assert found[[0, 4]].tolist() == [0, 0] and found[3] < 0.01
    signed = torch.stack([-blob(5, 15), blob(5, 15) - 3, blob(15, 5)])
    assert channels.answers_at(signed, [(5, 15)]).argsort(descending=True).tolist()[2] == 2, "what falls at a place answers too"


def test_a_channel_that_answers_at_both_places_comes_first() -> None:
    both = torch.maximum(blob(5, 15), blob(5, 4))
    maps = torch.stack([blob(5, 15), blob(5, 4), both])
    assert channels.answers_at(maps, [(5, 15), (5, 4)]).argmax() == 2
    assert channels.answers_at(maps, [(5, 15)]).argmax() == 0


def test_without_a_place_there_is_nothing_to_measure() -> None:
    with pytest.raises(ArgumentError, match="at least one"):
        channels.answers_at(torch.zeros(1, 2, 2), [])


@SMALL
@given(
    st.integers(1, 6),
    st.tuples(st.integers(1, 50), st.integers(1, 60)),
    st.lists(st.tuples(st.floats(-2, 70), st.floats(-2, 70)), min_size=1, max_size=3),
    st.booleans(),
    st.integers(0, 2**20),
)
def test_answers_at_places_are_numpy_s(
    count: int, size: tuple[int, int], places: list[tuple[float, float]], is_signed: bool, seed: int
) -> None:
    maps = torch.randn(count, *size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    maps = maps if is_signed else maps.relu()
    values = maps.numpy()
    if (values < 0).any():
        values = np.abs(values - values.mean((1, 2), keepdims=True))
    rows, columns = np.mgrid[: size[0], : size[1]]
    near = np.zeros(count)
    for row, column in places:
        distance = (rows - np.clip(row, 0, size[0] - 1)) ** 2 + (columns - np.clip(column, 0, size[1] - 1)) ** 2
        weights = np.exp(-distance / 2 / max(0.6, min(size) / 40) ** 2)
        near += (values * weights).sum((1, 2)) / weights.sum() / len(places)
    spread = values.std((1, 2))
    expected = (near - values.mean((1, 2))) / np.maximum(spread + 0.1 * spread.mean(), 1e-300)
    found = channels.answers_at(maps, places).numpy()
    assert size == (1, 1) or found == pytest.approx(expected, rel=1e-6, abs=1e-9)


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
