"""The first filters: their maps beside the network's own, and their likeness to kernels."""

from __future__ import annotations

import pytest
import torch

import cnnhub
from cnnhub import kernels
from cnnhub.errors import ArgumentError, KernelError
from cnnhub.first_layer import FirstLayer, first_layer
from tests.support.places import EXAMPLES
from tests.support.untrained import untrained


def made(weights: torch.Tensor) -> FirstLayer:
    return FirstLayer("conv1", weights, None, 1, (1, 1, 1, 1), (0.5,) * 3, (0.5,) * 3)


@pytest.mark.parametrize("name", [*cnnhub.builtin_models(), "resnet18", "swin_tiny_patch4_window7_224"])
def test_its_maps_are_the_network_s(name: str) -> None:
    classifier = cnnhub.load(name) if name in cnnhub.builtin_models() else untrained(name, 224)
    found = first_layer(classifier)
    expected = classifier.feature_maps(EXAMPLES / "cat.jpg", found.layer)[found.layer]
    pixels = torch.from_numpy(classifier.preprocess(EXAMPLES / "cat.jpg"))
    assert len(found.weights) == len(expected)
    for channel in (0, 14, len(expected) - 1):
        torch.testing.assert_close(found.response(pixels, channel), expected[channel], atol=1e-4, rtol=0)


def test_its_pixels_are_normalised_as_it_says() -> None:
    classifier = cnnhub.load("cats-vs-dogs-shufflenet")
    found = first_layer(classifier)
    mean, std = (torch.tensor(each).view(3, 1, 1) for each in (found.mean, found.std))
    seen = (torch.from_numpy(classifier.to_pixels(EXAMPLES / "cat.jpg")) / 255 - mean) / std
    torch.testing.assert_close(seen, torch.from_numpy(classifier.preprocess(EXAMPLES / "cat.jpg")))


def test_a_filter_is_most_like_itself() -> None:
    found = first_layer(cnnhub.load("imagenet"))
    for channel in (0, 7, 31):
        (first, cosine), *others = found.nearest(found.grey[channel].tolist(), most=3)
        assert (first, cosine) == (channel, pytest.approx(1)) and len(others) == 2
        assert cosine >= others[0][1] >= others[1][1]


def test_the_opposite_is_told_by_its_sign() -> None:
    grey = kernels.kernel("sobel_x")
    layer = made(torch.stack([-grey, kernels.kernel("sobel_y"), grey])[:, None].repeat(1, 3, 1, 1))
    assert layer.nearest("sobel_x") == [(2, pytest.approx(1)), (1, pytest.approx(0)), (0, pytest.approx(-1))]
    assert [channel for channel, _ in layer.nearest("sobel_x", most=2)] == [2, 1]


def test_the_smaller_stands_in_the_middle_of_the_larger() -> None:
    small = kernels.kernel("laplacian_4")
    large = torch.nn.functional.pad(small, (2, 2, 2, 2))
    assert made(large.expand(1, 3, 7, 7)).nearest(small.tolist()) == [(0, pytest.approx(1))]
    assert made(small.expand(1, 3, 3, 3)).nearest(large.tolist()) == [(0, pytest.approx(1))]


def test_nothing_is_like_zero() -> None:
    layer = made(torch.stack([torch.zeros(3, 3, 3), torch.ones(3, 3, 3)]))
    assert layer.nearest([[0.0] * 3] * 3) == []
    assert [channel for channel, _ in layer.nearest("box_blur")] == [1]
    assert layer.picture(0).getcolors() == [(9, (128, 128, 128))]  # 127.5, rounded to even


def test_what_cannot_be_is_said() -> None:
    found = first_layer(cnnhub.load("flowers"))
    for wrong in (lambda: found.picture(32), lambda: found.response(torch.zeros(3, 224, 224), -1)):
        with pytest.raises(ArgumentError, match="conv_stem has 32 channels"):
            wrong()
    with pytest.raises(KernelError):
        found.nearest([[1.0, 2.0]])
    with pytest.raises(ArgumentError, match="resnetv2_50x1_bit does not begin with a plain convolution"):
        first_layer(untrained("resnetv2_50x1_bit", 64))  # its weights are standardised on the way
