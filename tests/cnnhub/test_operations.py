"""Each operation against loops written here, and against what else gives the same."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from cnnhub import anatomy, operations
from cnnhub.convolution import correlate2d
from cnnhub.errors import ArgumentError, GeometryError

Array = NDArray[np.float64]
SIDES, FEW = st.integers(1, 6), st.integers(1, 3)
shapes = settings(max_examples=60, deadline=None)


def noise(*shape: int) -> Array:
    """float64, the same for the same shape."""
    return np.random.default_rng(sum(shape)).normal(size=shape)


def convolved(maps: Array, kernels: Array, padding: int = 0) -> Array:
    """(C, H, W), (D, C, k, l) -> (D, H', W'), value by value; the kernels are not turned."""
    padded = np.pad(maps, ((0, 0), (padding, padding), (padding, padding)))
    count, _, rows, columns = kernels.shape
    out = np.zeros((count, padded.shape[1] - rows + 1, padded.shape[2] - columns + 1))
    for d, i, j in np.ndindex(*out.shape):
        out[d, i, j] = (padded[:, i : i + rows, j : j + columns] * kernels[d]).sum()
    return out


def with_zeros_between(values: Array, step: int) -> Array:
    """(..., H, W), neighbours then `step` apart."""
    out = np.zeros((*values.shape[:-2], (values.shape[-2] - 1) * step + 1, (values.shape[-1] - 1) * step + 1))
    for i, j in np.ndindex(*values.shape[-2:]):
        out[..., i * step, j * step] = values[..., i, j]
    return out


@shapes
@given(groups=FEW, size=FEW, height=SIDES, width=SIDES)
def test_depthwise_max(groups: int, size: int, height: int, width: int) -> None:
    maps = noise(groups * size, height, width)
    expected = [np.max([maps[group * size + k] for k in range(size)], axis=0) for group in range(groups)]
    np.testing.assert_array_equal(operations.depthwise_max_pool(maps, size), expected)


def test_depthwise_max_of_a_picture_is_its_brightest_colour() -> None:
    picture = Image.new("RGB", (4, 2), (10, 30, 20))
    assert operations.depthwise_max_pool(picture, 3).tolist() == [[[30.0] * 4] * 2]


@shapes
@given(count=SIDES, height=SIDES, width=SIDES)
def test_global_average(count: int, height: int, width: int) -> None:
    maps = noise(count, height, width)
    expected = [sum(float(value) for value in each.flatten()) / (height * width) for each in maps]
    np.testing.assert_allclose(operations.global_average_pool(maps), expected, atol=1e-12)


def of_tensorflow(maps: Array, radius: int, bias: float, alpha: float, beta: float) -> Array:
    """As its documentation has it: sqr_sum = sum(input[d - radius : d + radius + 1] ** 2),
    output = input / (bias + alpha * sqr_sum) ** beta."""
    out = np.zeros_like(maps)
    for d, h, w in np.ndindex(*maps.shape):
        total = sum(maps[e, h, w] ** 2 for e in range(max(0, d - radius), min(len(maps), d + radius + 1)))
        out[d, h, w] = maps[d, h, w] / (bias + alpha * total) ** beta
    return out


@shapes
@given(
    count=st.integers(1, 9),
    height=FEW,
    width=FEW,
    radius=st.integers(0, 5),
    bias=st.floats(0.1, 3),
    alpha=st.floats(0, 2),
    beta=st.floats(-1, 2),
)
def test_local_response_norm_is_tensorflow_s(
    count: int, height: int, width: int, radius: int, bias: float, alpha: float, beta: float
) -> None:
    maps = 5 * noise(count, height, width)
    ours = operations.local_response_norm(maps, radius, bias, alpha, beta)
    np.testing.assert_allclose(ours, of_tensorflow(maps, radius, bias, alpha, beta), rtol=1e-9)


def test_without_the_conversion_torch_gives_something_else() -> None:
    maps = 100 * noise(7, 2, 2)
    expected = of_tensorflow(maps, 2, 1.0, 2e-5, 0.75)
    np.testing.assert_allclose(operations.local_response_norm(maps), expected, rtol=1e-12)
    unconverted = torch.nn.LocalResponseNorm(5, alpha=2e-5, beta=0.75, k=1)(torch.from_numpy(maps)[None])[0]
    assert np.abs(unconverted.numpy() / expected - 1).max() > 0.05
    converted = torch.nn.LocalResponseNorm(5, alpha=5 * 2e-5, beta=0.75, k=1)(torch.from_numpy(maps)[None])[0]
    np.testing.assert_allclose(converted, expected, rtol=1e-12)


@shapes
@given(count=FEW, outputs=FEW, height=SIDES, width=SIDES, rows=FEW, columns=FEW, stride=FEW, cut=st.integers(0, 2))
def test_transposed_convolution(
    count: int, outputs: int, height: int, width: int, rows: int, columns: int, stride: int, cut: int
) -> None:
    """Every value lays its kernel onto the output: nothing here knows of zeros between."""
    maps, kernels = noise(count, height, width), noise(count, outputs, rows, columns)
    whole = np.zeros((outputs, (height - 1) * stride + rows, (width - 1) * stride + columns))
    for c, i, j in np.ndindex(*maps.shape):
        whole[:, i * stride : i * stride + rows, j * stride : j * stride + columns] += maps[c, i, j] * kernels[c]
    expected = whole[:, cut : whole.shape[1] - cut, cut : whole.shape[2] - cut]
    if not expected.size:
        with pytest.raises(GeometryError, match=re.escape(f"padding={cut} arrived; it cuts 2 x {cut} of the ")):
            operations.transposed_convolution(maps, kernels, stride, cut)
        return
    np.testing.assert_allclose(operations.transposed_convolution(maps, kernels, stride, cut), expected, atol=1e-12)


@shapes
@given(count=FEW, outputs=FEW, height=SIDES, width=SIDES, window=FEW, stride=FEW, data=st.data())
def test_transposed_is_zeros_between_and_a_convolution(
    count: int, outputs: int, height: int, width: int, window: int, stride: int, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, window - 1))
    maps, kernels = noise(count, height, width), noise(count, outputs, window, window)
    if min((side - 1) * stride + window for side in (height, width)) <= 2 * cut:
        return
    apart = operations.zero_insertion(maps, stride).numpy()
    np.testing.assert_array_equal(apart, with_zeros_between(maps, stride))
    turned = kernels.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1]  # channels swapped, and by 180 degrees
    expected = convolved(apart, turned, window - 1 - cut)
    np.testing.assert_allclose(operations.transposed_convolution(maps, kernels, stride, cut), expected, atol=1e-12)


def test_the_book_s_dilated_row() -> None:
    assert operations.dilate([1, 2, 3], 4).tolist() == [1, 0, 0, 0, 2, 0, 0, 0, 3]
    assert operations.dilate([[1, 2, 3]], 4).tolist() == [[1, 0, 0, 0, 2, 0, 0, 0, 3]]
    assert operations.dilate(np.ones((2, 3, 1, 2)), 3).shape == (2, 3, 1, 4)


@shapes
@given(count=FEW, outputs=FEW, height=SIDES, width=SIDES, rows=FEW, columns=FEW, rate=FEW, padding=st.integers(0, 2))
def test_dilated_convolution(
    count: int, outputs: int, height: int, width: int, rows: int, columns: int, rate: int, padding: int
) -> None:
    maps, kernels = noise(count, height, width), noise(outputs, count, rows, columns)
    wide = with_zeros_between(kernels, rate)
    np.testing.assert_array_equal(operations.dilate(kernels, rate), wide)
    if any(side + 2 * padding < reach for side, reach in zip((height, width), wide.shape[2:], strict=True)):
        with pytest.raises(
            GeometryError, match=re.escape(f"Maps shaped {maps.shape} and kernels shaped {kernels.shape} arrived.")
        ):
            operations.dilated_convolution(maps, kernels, rate, padding)
        return
    ours = operations.dilated_convolution(maps, kernels, rate, padding)
    np.testing.assert_allclose(ours, convolved(maps, wide, padding), atol=1e-12)


def test_a_dilated_kernel_acts_alike_on_a_picture() -> None:
    maps, grid = noise(3, 9, 8), noise(3, 3)
    alone = correlate2d(maps, torch.from_numpy(grid), dilation=2)
    torch.testing.assert_close(alone, correlate2d(maps, operations.dilate(grid, 2)))
    kernels = torch.einsum("dc,kl->dckl", torch.eye(3, dtype=torch.float64), torch.from_numpy(grid))
    torch.testing.assert_close(alone, operations.dilated_convolution(maps, kernels, 2, padding="same"))


@shapes
@given(count=FEW, outputs=FEW, height=st.integers(3, 6), width=st.integers(3, 6), window=FEW, padding=st.integers(0, 2))
def test_separable_convolution(count: int, outputs: int, height: int, width: int, window: int, padding: int) -> None:
    maps, depthwise, pointwise = noise(count, height, width), noise(count, window, window), noise(outputs, count)
    alone = np.concatenate([convolved(maps[c : c + 1], depthwise[None, c : c + 1], padding) for c in range(count)])
    expected = np.array([sum(pointwise[d, c] * alone[c] for c in range(count)) for d in range(outputs)])
    ours = operations.separable_convolution(maps, depthwise, pointwise, padding)
    np.testing.assert_allclose(ours, expected, atol=1e-12)
    kernels = operations.product_kernels(depthwise, pointwise).numpy()
    assert kernels.shape == (outputs, count, window, window)
    np.testing.assert_allclose(ours, convolved(maps, kernels, padding), atol=1e-12)


def test_costs_are_those_of_torch_s_layers() -> None:
    def counted(*layers: torch.nn.Module) -> operations.Cost:
        rows = anatomy.trace(torch.nn.Sequential(*layers), (6, 12, 15)).rows
        return operations.Cost(sum(row.params for row in rows), sum(row.macs for row in rows))

    plain = torch.nn.Conv2d(6, 10, 5, bias=False)
    assert operations.plain_cost(6, 10, 5, 8, 11) == counted(plain)
    depthwise, pointwise = torch.nn.Conv2d(6, 6, 5, groups=6, bias=False), torch.nn.Conv2d(6, 10, 1, bias=False)
    assert operations.separable_cost(6, 10, 5, 8, 11) == counted(depthwise, pointwise)


def test_types_and_gradients_stay() -> None:
    maps = torch.ones(2, 3, 3, requires_grad=True)
    made = operations.separable_convolution(maps, np.ones((2, 3, 3)), [[1, 2]])
    made.sum().backward()
    assert made.dtype == torch.float32 and maps.grad is not None and maps.grad[1].unique().tolist() == [2.0]
    assert operations.transposed_convolution(np.ones((1, 2, 2), np.uint8), [[[[2]]]]).dtype == torch.float32
    assert operations.dilate(np.ones(3), 2).dtype == torch.float64


ONES, GRID = torch.ones(6, 4, 5), torch.ones(3, 3)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (
            lambda: operations.depthwise_max_pool(ONES, 4),
            "6 maps make no groups of 4. Take a size that divides them: 1, 2,",
        ),
        (lambda: operations.depthwise_max_pool(ONES, 0), "size=0 arrived; expected a whole number from 1."),
        (lambda: operations.depthwise_max_pool(ONES, True), "size=True arrived"),
        (lambda: operations.global_average_pool(GRID), "Maps shaped (3, 3) arrived; expected (C, H, W)"),
        (lambda: operations.global_average_pool(torch.ones(3, 0, 4)), "Maps shaped (3, 0, 4) arrived"),
        (lambda: operations.local_response_norm(ONES, radius=-1), "radius=-1 arrived; expected a whole number from 0."),
        (lambda: operations.local_response_norm(ONES, bias=0), "bias=0 arrived; expected a number above 0"),
        (lambda: operations.local_response_norm(ONES, alpha=-1), "alpha=-1 arrived; expected a number from 0"),
        (lambda: operations.local_response_norm(ONES, beta=float("nan")), "beta=nan arrived; expected an ordinary number."),
        (lambda: operations.transposed_convolution(ONES, torch.ones(5, 1, 2, 2)), "weights for 5 channels, and there are 6"),
        (lambda: operations.transposed_convolution(ONES, GRID), "kernels shaped (3, 3) arrived; expected (C, D, k, l)"),
        (lambda: operations.transposed_convolution(ONES, torch.ones(6, 1, 2, 2), stride=0), "stride=0 arrived"),
        (lambda: operations.transposed_convolution(ONES, torch.ones(6, 1, 2, 2), padding=-1), "padding=-1 arrived"),
        (lambda: operations.zero_insertion(ONES, 1.5), "stride=1.5 arrived"),  # type: ignore[arg-type]
        (lambda: operations.dilate([[1, 2], [3]], 2), "kernel is a list that holds no grid of numbers"),
        (lambda: operations.dilate(["edge"], 2), "kernel is a list that holds no grid of numbers"),
        (lambda: operations.dilate(3, 2), "kernel=3 arrived; expected a row of weights"),  # type: ignore[arg-type]
        (lambda: operations.dilate([1, 2], 0), "rate=0 arrived"),
        (lambda: operations.dilated_convolution(ONES, torch.ones(2, 3, 1, 1), 1), "weights for 3 channels, and there are 6"),
        (lambda: operations.separable_convolution(ONES, torch.ones(5, 3, 3), torch.ones(2, 5)), "depthwise shaped (5, 3, 3)"),
        (lambda: operations.separable_convolution(ONES, torch.ones(6, 3, 3), torch.ones(2, 5)), "pointwise shaped (2, 5)"),
        (lambda: operations.product_kernels(torch.ones(6, 3, 3), torch.ones(0, 6)), "pointwise shaped (0, 6) arrived"),
        (lambda: operations.plain_cost(3, 0, 5, 9, 9), "outputs=0 arrived"),
        (lambda: operations.separable_cost(3, 1, 5, 9, -1), "width=-1 arrived"),
    ],
)
def test_bad_input_is_told(call: Callable[[], object], told: str) -> None:
    with pytest.raises(ArgumentError, match=re.escape(told)):
        call()


@pytest.mark.parametrize(
    ("rate", "padding", "told"),
    [
        (2, 0, "A window that reaches over 5 pixels does not fit into 4 + 2 x 0 of padding"),
        (0, 0, "The dilation is 0"),
        (1, -1, "The padding is -1"),
    ],
)
def test_what_leaves_no_output_is_told_with_its_shapes(rate: int, padding: int, told: str) -> None:
    expected = f"Maps shaped (6, 4, 5) and kernels shaped (1, 6, 3, 3) arrived. {told}"
    with pytest.raises(GeometryError, match=re.escape(expected)):
        operations.dilated_convolution(ONES, torch.ones(1, 6, 3, 3), rate, padding)
