"""Facts of the maths, and torch's shapes over a grid of settings."""

from __future__ import annotations

import itertools
import math
import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage, signal
from timm.layers.padding import pad_same_arg
from torch.nn import functional

from cnnhub import convolution, kernels
from cnnhub.convolution import Filter
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


def test_the_diagonal_sobels_lie_between_the_others() -> None:
    """At 45 degrees: half the sum of brighter to the right and brighter upwards; at 135: to the left and upwards."""
    right, down = kernels.kernel("sobel_x"), kernels.kernel("sobel_y")
    assert torch.equal(kernels.kernel("sobel_45"), torch.tensor([[0.0, 1, 2], [-1, 0, 1], [-2, -1, 0]]))
    assert torch.equal(kernels.kernel("sobel_135"), kernels.kernel("sobel_45").rot90())
    for name, sideways in (("sobel_45", 1), ("sobel_135", -1)):
        nature = kernels.nature(name)
        assert nature.kind == "diagonal_edges"
        assert nature.towards_x == sideways * -nature.towards_y == sideways * kernels.nature(right).towards_x * 0.75
        assert (sideways * right - down).sign().eq(kernels.kernel(name).sign()).all()


@pytest.mark.parametrize("name", kernels.names())
def test_presets_are_whole_numbers_over_a_divisor(name: str) -> None:
    preset = kernels.preset(name)
    assert all(value.is_integer() for row in preset.weights for value in row)
    assert preset.divisor.is_integer() and preset.divisor >= 1
    exact = np.array(preset.weights) / preset.divisor
    assert np.array_equal(kernels.kernel(name, torch.float64).numpy(), exact)
    assert np.array_equal(kernels.kernel(name).numpy(), exact.astype(np.float32))


def test_each_group_holds_what_its_name_says() -> None:
    natures = {
        "smooth": {"smooth", "identity"},
        "sharpen": {"sharpen"},
        "all_edges": {"details"},
        "emboss": {"relief"},
        "lines": {"vertical_lines", "horizontal_lines"},
    }
    found = {group: set() for group in kernels.GROUPS}
    for name in kernels.names():
        found[kernels.preset(name).group].add(kernels.nature(name).kind)
    assert found == {group: natures.get(group, {group}) for group in kernels.GROUPS}


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
    for function in (kernels.kernel, kernels.preset):
        with pytest.raises(UnknownNameError, match=r"'sobel_z'\. Did you mean sobel_"):
            function("sobel_z")


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
    amount = convolution.padding_amount(padding, window, dilation)
    layer = torch.nn.Conv2d(1, 1, window, stride, amount, dilation)
    assert layer(pixels[None]).shape[1:] == expected
    formula, number = convolution.size_formula(size, window, **options).split(" = ")
    assert int(number) == expected[0]
    assert eval(formula.replace("·", "*").replace("−", "-"), {"floor": math.floor}) == expected[0]
    if padding == "same":
        assert expected[0] == -(-size // stride)


def test_the_articles_sizes() -> None:
    assert convolution.output_size(32, 3) == 30
    assert convolution.output_size(32, 5) == 28
    assert [convolution.output_size(w, 3, stride=2, padding="same") for w in (5, 7)] == [3, 4]


@settings(deadline=None, max_examples=200, derandomize=True)
@given(size=st.integers(1, 60), window=st.integers(1, 9), stride=st.integers(1, 5), dilation=st.integers(1, 3))
def test_tensorflow_s_same_is_timm_s(size: int, window: int, stride: int, dilation: int) -> None:
    before, after = convolution.tensorflow_same(size, window, stride, dilation)
    assert [before, after] == pad_same_arg([1, size], [1, window], [1, stride], [1, dilation])[:2]
    padded = functional.pad(torch.ones(1, 1, size), (before, after))
    weights = torch.ones(1, 1, window)
    assert functional.conv1d(padded, weights, stride=stride, dilation=dilation).shape[-1] == -(-size // stride)
    if stride == 1 and window % 2:
        assert before == after == convolution.padding_amount("same", window, dilation)


NUMPY_PADS = {"zero": "constant", "reflect": "reflect", "replicate": "edge"}


def expected_map(pixels: np.ndarray, weights: np.ndarray, amount: int, border: str, stride: int, dilation: int) -> np.ndarray:
    """One channel through NumPy's padding and SciPy's correlation with a kernel that has holes."""
    if border == "mean":
        padded = np.pad(pixels, amount, constant_values=pixels.mean())
    else:
        padded = np.pad(pixels, amount, mode=NUMPY_PADS[border])
    side = dilation * (len(weights) - 1) + 1
    spread = np.zeros((side, side))
    spread[::dilation, ::dilation] = weights
    return signal.correlate2d(padded, spread, "valid")[::stride, ::stride]


@settings(deadline=None, max_examples=100, derandomize=True)
@given(
    seed=st.integers(0, 99),
    border=st.sampled_from(convolution.BORDERS),
    window=st.sampled_from([1, 3, 5]),
    stride=st.integers(1, 4),
    dilation=st.integers(1, 3),
    amount=st.integers(0, 9),
    divisor=st.sampled_from([1.0, 9, -0.5]),
    bias=st.sampled_from([0.0, 128, -3.5]),
)
def test_borders_divisor_and_bias_are_numpy_s_and_scipy_s(seed, border, window, stride, dilation, amount, divisor, bias) -> None:
    generator = np.random.default_rng(seed)
    pixels, weights = generator.normal(size=(2, 13, 17)) * 100, generator.normal(size=(window, window))
    options = {"stride": stride, "padding": amount, "dilation": dilation, "border": border, "divisor": divisor, "bias": bias}
    for function, turned in ((convolution.correlate2d, weights), (convolution.convolve2d, weights[::-1, ::-1])):
        ours = function(pixels, weights.tolist(), **options)
        assert ours.dtype == torch.float64
        for channel in range(2):
            theirs = expected_map(pixels[channel], turned, amount, border, stride, dilation) / divisor + bias
            np.testing.assert_allclose(ours[channel].numpy(), theirs, atol=1e-9)


def test_float64_weights_are_not_rounded_through_float32() -> None:
    tenth = [[0.1]]
    assert convolution.correlate2d(np.ones((1, 1)), tenth).item() == 0.1
    assert convolution.correlate2d(np.ones((1, 1), np.float32), tenth).dtype == torch.float32
    assert convolution.correlate2d(np.ones((1, 1), np.uint8), tenth).dtype == torch.float32
    assert convolution.convolve2d(np.ones((1, 1)), tenth).item() == 0.1


def test_a_window_s_arithmetic_is_the_map_s_at_a_thousand_pixels() -> None:
    """Every preset, stride, dilation and border several times over; places and paddings drawn."""
    draw = random.Random(6)
    photo = torch.from_numpy(np.random.default_rng(6).integers(0, 256, (37, 41)).astype(np.float64))
    settings_ = list(itertools.product(kernels.names(), (1, 2, 3, 4), (1, 2, 3), convolution.BORDERS))
    for name, stride, dilation, border in [*settings_, *draw.sample(settings_, 40)]:
        preset = kernels.preset(name)
        filter_ = Filter(
            preset.weights,
            preset.divisor,
            draw.choice([0.0, 128.0, -7.25]),
            stride,
            dilation,
            draw.choice(["same", "valid", 1, 2, 5]),
            border,
            flipped=draw.random() < 0.5,
        )
        values = convolution.apply_filter(photo, filter_)
        row, column = draw.randrange(values.shape[0]), draw.randrange(values.shape[1])
        window = convolution.window_at(photo, filter_, row, column)
        assert window.total == pytest.approx(values[row, column].item(), abs=1e-4), filter_
        total = sum(window.products.flatten().tolist()) / filter_.divisor + filter_.bias
        assert total == pytest.approx(window.total, abs=1e-9)
        assert torch.equal(window.products, window.pixels * window.weights)
        for i, j in itertools.product(range(len(preset.weights)), repeat=2):
            place = window.top + i * window.dilation, window.left + j * window.dilation
            if 0 <= place[0] < 37 and 0 <= place[1] < 41:
                assert window.pixels[i, j] == photo[place]


def test_what_a_window_sees_beyond_the_border() -> None:
    picture = torch.tensor([[1.0, 2, 3], [4, 5, 6], [7, 8, 9]])
    seen = {
        border: convolution.window_at(picture, Filter(((0, 0, 0),) * 3, border=border), 0, 0).pixels.tolist()
        for border in convolution.BORDERS
    }
    assert seen == {
        "zero": [[0, 0, 0], [0, 1, 2], [0, 4, 5]],
        "reflect": [[5, 4, 5], [2, 1, 2], [5, 4, 5]],
        "replicate": [[1, 1, 2], [1, 1, 2], [4, 4, 5]],
        "mean": [[5, 5, 5], [5, 1, 2], [5, 4, 5]],
    }


def test_a_flipped_window_shows_the_weights_as_they_are_applied() -> None:
    window = convolution.window_at(torch.ones(3, 3), Filter(tuple(map(tuple, COUNTING)), flipped=True), 1, 1)
    assert window.weights.tolist() == [[9, 8, 7], [6, 5, 4], [3, 2, 1]]


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


@pytest.mark.parametrize(("window", "stride"), [(1, 1), (2, 2), (3, 1), (3, 2), (2, 3), (7, 5), (17, 1)])
def test_pooling_is_torch_s(noise: torch.Tensor, window: int, stride: int) -> None:
    batch = torch.stack([noise, -noise, 100 * noise])
    for mode, theirs in (
        ("max", functional.max_pool2d(batch, window, stride)),
        ("average", functional.avg_pool2d(batch, window, stride)),
        ("l2", functional.lp_pool2d(batch, 2.0, window, stride)),
    ):
        torch.testing.assert_close(convolution.pool2d(batch, window, stride=stride, mode=mode), theirs)


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
        lambda x: convolution.tensorflow_same(0, 3),
        lambda x: convolution.size_formula(2, 3),
        lambda x: convolution.window_at(x[None], Filter(((1,),)), 0, 0),
        lambda x: convolution.window_at(x, Filter(((1,),)), 17, 0),
        lambda x: convolution.window_at(x, Filter(((1,),)), 0, -1),
    ],
)
def test_impossible_geometry(call: object, noise: torch.Tensor) -> None:
    with pytest.raises(GeometryError, match=r"expected|empty"):
        call(noise)  # type: ignore[operator]


@pytest.mark.parametrize("call", [convolution.apply_filter, lambda x, f: convolution.window_at(x, f, 0, 0)])
def test_bad_filters(call, noise: torch.Tensor) -> None:
    with pytest.raises(GeometryError, match=r"padding is 17 and the picture's shorter side 17 pixels.*reflected"):
        call(noise, Filter(((1,),), padding=17, border="reflect"))
    with pytest.raises(UnknownNameError, match=r"no border 'wrap'\. The borders are: zero, reflect, replicate, mean"):
        call(noise, Filter(((1,),), border="wrap"))
    for bad, message in (
        ({"divisor": 0}, "divisor is 0;"),
        ({"divisor": math.inf}, "divisor is inf"),
        ({"bias": math.nan}, "bias is nan"),
        ({"bias": "1"}, "bias is '1'"),
        ({"weights": ((1, 2),)}, "1 x 2"),
    ):
        with pytest.raises(KernelError, match=message):
            call(noise, Filter(**{"weights": ((1,),), **bad}))


@pytest.mark.parametrize("mode", [torch.inference_mode, torch.no_grad, torch.enable_grad])
def test_any_mode_of_torch_gives_the_same_map(mode: type) -> None:
    """Rows are worked out in threads, which have modes of their own; a picture that asks for gradients is as good as another."""
    pixels = torch.rand(3, 300, 200, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    weights = kernels.kernel("sobel_x", torch.float64)[None, None]
    expected = functional.conv2d(pixels[:, None], weights, padding=1)[:, 0]
    with mode():
        found = convolution.correlate2d(pixels.clone().requires_grad_(), "sobel_x")
    torch.testing.assert_close(found, expected)
