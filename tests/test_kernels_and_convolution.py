"""Facts of the maths, and torch's shapes over a grid of settings."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage, signal

from cnnhub import convolution, kernels
from cnnhub.errors import GeometryError, KernelError, UnknownNameError

COUNTING = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


@pytest.fixture
def noise() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(size=(17, 23))).float()


def test_an_impulse_shows_the_flip() -> None:
    impulse = torch.zeros(5, 5)
    impulse[2, 2] = 1
    assert convolution.correlate2d(impulse, COUNTING)[1:4, 1:4].tolist() == [[9, 8, 7], [6, 5, 4], [3, 2, 1]]
    assert convolution.convolve2d(impulse, COUNTING)[1:4, 1:4].tolist() == COUNTING


@pytest.mark.parametrize("name", kernels.names())
def test_both_operations_agree_with_scipy(name: str, noise: torch.Tensor) -> None:
    weights = kernels.kernel(name).numpy()
    ours = convolution.correlate2d(noise, name), convolution.convolve2d(noise, name)
    theirs = signal.correlate2d(noise.numpy(), weights, "same"), signal.convolve2d(noise.numpy(), weights, "same")
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), b, atol=1e-4)


def test_sobel_and_prewitt_are_scipy_s(noise: torch.Tensor) -> None:
    for name, function in (("sobel", ndimage.sobel), ("prewitt", ndimage.prewitt)):
        for axis, direction in ((1, "x"), (0, "y")):
            expected = function(noise.numpy(), axis=axis, mode="constant")
            np.testing.assert_allclose(convolution.correlate2d(noise, f"{name}_{direction}").numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("name", kernels.names())
def test_sums(name: str) -> None:
    total = kernels.kernel(name).sum().item()
    if name.startswith("line"):
        assert total == 7 and kernels.kernel(name).shape == (7, 7)
    elif name.split("_")[0] in ("sobel", "prewitt", "scharr", "laplacian", "outline"):
        assert total == 0
    else:
        assert total == pytest.approx(1, abs=1e-6)


def test_x_and_y_are_transposes() -> None:
    for name in ("sobel", "prewitt", "scharr"):
        assert torch.equal(kernels.kernel(f"{name}_x"), kernels.kernel(f"{name}_y").T)
    assert torch.equal(kernels.kernel("line_vertical"), kernels.kernel("line_horizontal").T)


def test_presets_are_not_shared() -> None:
    kernels.kernel("identity").zero_()
    assert kernels.kernel("identity").sum() == 1


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("identity", "identity"),
        ("box_blur", "smooth"),
        ("sharpen", "sharpen"),
        ("sobel_x", "vertical_edges"),
        ("scharr_y", "horizontal_edges"),
        ("laplacian_8", "details"),
        ("emboss", "relief"),
        ("line_vertical", "vertical_lines"),
        ("line_horizontal", "horizontal_lines"),
        ([[-2, -1, 0], [-1, 0, 1], [0, 1, 2]], "diagonal_edges"),
        ([[0, 0, 0], [0, 0, 0], [0, 0, 0]], "zero"),
        ([[0, 0, 0], [0, -1, 0], [0, 0, 0]], "mixed"),
        ([[1, 0, 0], [0, 0, 0], [0, 0, 0]], "mixed"),  # a shift
        ([[-1, 4, -1], [4, 4, 4], [-1, 4, -1]], "mixed"),  # rather a blur
        ([[1, 0, -1], [0, 0, 0], [-1, 0, 1]], "mixed"),  # nothing in the middle
    ],
)
def test_nature(name: kernels.KernelSource, kind: str) -> None:
    assert kernels.nature(name).kind == kind


def test_nature_turns_with_the_kernel() -> None:
    sobel = kernels.kernel("sobel_x")
    assert kernels.nature(sobel).towards_x > 0 > kernels.nature(-sobel).towards_x
    assert kernels.nature(sobel.T).kind == "horizontal_edges"


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([[1, 2], [3, 4]], "2 x 2.*odd"),
        ([[1, 2, 3]], "1 x 3.*square"),
        ([[1, 2, 3], [4, 5], [6]], "not a square grid"),
        ([[1, "a", 2]] * 3, "not a square grid of numbers"),
        ([[1, None, 2]] * 3, "not a square grid"),
        ([], "square"),
        ([1, 2, 3], "not a square grid"),
        (None, "not a square grid"),
        (7, "not a square grid"),
        ([[float("nan")]], "not finite"),
        ([[1e39]], "not finite"),
        (torch.ones(33, 33), "at most 31"),
        (torch.ones(3, 3, 3), "square"),
    ],
)
def test_bad_kernels(bad: object, message: str) -> None:
    with pytest.raises(KernelError, match=message):
        kernels.kernel(bad)  # type: ignore[arg-type]


def test_an_unknown_kernel_names_near_ones() -> None:
    with pytest.raises(UnknownNameError, match="'sobel_z'. Did you mean sobel_"):
        kernels.kernel("sobel_z")


@settings(deadline=None, max_examples=150, derandomize=True)
@given(
    size=st.integers(1, 40),
    window=st.sampled_from([1, 3, 5, 7]),
    stride=st.integers(1, 5),
    padding=st.one_of(st.integers(0, 4), st.sampled_from(["same", "valid"])),
    dilation=st.integers(1, 3),
)
def test_output_size_is_torch_s(size: int, window: int, stride: int, padding: int | str, dilation: int) -> None:
    pixels, weights = torch.ones(size, size + 3), torch.ones(window, window)
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    try:
        expected = tuple(convolution.output_size(side, window, **options) for side in pixels.shape)
    except GeometryError:
        with pytest.raises(GeometryError, match="output would be empty"):
            convolution.correlate2d(pixels, weights, **options)
        return
    assert convolution.correlate2d(pixels, weights, **options).shape == expected
    if padding == "same":
        assert expected[0] == -(-size // stride)


def test_the_articles_sizes() -> None:
    assert convolution.output_size(32, 3) == 30
    assert convolution.output_size(32, 5) == 28
    assert [convolution.output_size(w, 3, stride=2, padding="same") for w in (5, 7)] == [3, 4]


def test_every_leading_dimension_is_kept(noise: torch.Tensor) -> None:
    batch = torch.stack([noise, 2 * noise, -noise]).expand(2, 3, 17, 23)
    response = convolution.correlate2d(batch, "sobel_x", stride=2)
    assert response.shape == (2, 3, 9, 12)
    torch.testing.assert_close(response[1, 1], 2 * convolution.correlate2d(noise, "sobel_x", stride=2))
    colour = Image.new("RGB", (8, 6), (10, 20, 30))
    assert convolution.correlate2d(colour, "identity")[:, 3, 3].tolist() == [10, 20, 30]
    assert convolution.correlate2d(colour.convert("L"), "identity").shape == (6, 8)
    sixteen_bit = Image.fromarray(np.full((4, 4), 20000, np.uint16))
    assert convolution.correlate2d(sixteen_bit, "identity")[1, 1] == 78
    assert torch.equal(convolution.as_pixels(noise.numpy()[::-1]), noise.flip(0))


def test_pooling() -> None:
    values = torch.tensor([[4.0, 1, 2, 2], [1, 0, 2, 2], [0, 3, -1, -5], [4, 0, -2, -1]])
    assert convolution.pool2d(values).tolist() == [[4, 2], [4, -1]]
    assert convolution.pool2d(values, mode="average").tolist() == [[1.5, 2], [1.75, -2.25]]
    expected = [[18**0.5, 4], [5, 31**0.5]]
    torch.testing.assert_close(convolution.pool2d(values, mode="l2"), torch.tensor(expected))
    assert convolution.pool2d(torch.ones(26, 26)).numel() == 26 * 26 / 4
    assert convolution.pool2d(values, 3, stride=1).shape == (2, 2)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: convolution.correlate2d(x, "sobel_x", stride=0),
        lambda x: convolution.correlate2d(x, "sobel_x", stride=1.5),
        lambda x: convolution.correlate2d(x, "sobel_x", padding=-1),
        lambda x: convolution.correlate2d(x, "sobel_x", padding="full"),
        lambda x: convolution.correlate2d(x[:2, :2], "sobel_x", padding="valid"),
        lambda x: convolution.correlate2d(x, "sobel_x", dilation=0),
        lambda x: convolution.pool2d(x, 30),
        lambda x: convolution.pool2d(x, 0),
        lambda x: convolution.correlate2d(x[0], "sobel_x"),
    ],
)
def test_impossible_geometry(call: object, noise: torch.Tensor) -> None:
    with pytest.raises(GeometryError, match="expected|empty"):
        call(noise)  # type: ignore[operator]
