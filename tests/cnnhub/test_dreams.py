"""Dreams beside noise and photos, between threads, and in other architectures."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

import cnnhub
from cnnhub.dreams import Dream, dream
from cnnhub.engines.torch import Normalise
from cnnhub.errors import ArgumentError, UnknownNameError
from tests.support.places import EXAMPLES
from tests.support.untrained import untrained

PHOTOS = sorted(path for path in EXAMPLES.iterdir() if path.suffix in (".jpg", ".png"))


def activation(classifier: cnnhub.Classifier, layer: str, channel: int, pixels: np.ndarray) -> float:
    """Of pixels (H, W, 3) as they are, unscaled."""
    given = Normalise(classifier.config.pretrained_cfg)(torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None])
    maps = cnnhub.features.feature_maps(classifier.network, given, {layer: classifier.map_layers()[layer]})
    return float(maps[layer][channel].mean())


def is_untouched(network: torch.nn.Module) -> bool:
    is_hooked = any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())
    return not is_hooked and all(weight.grad is None and not weight.requires_grad for weight in network.parameters())


def last(classifier: cnnhub.Classifier, layer: str, channel: int, steps: int = 12, seed: int = 0) -> Dream:
    *_, found = dream(classifier, layer, channel, steps=steps, seed=seed)
    return found


@pytest.mark.parametrize(
    ("name", "layer", "channel"),
    [
        ("cats-vs-dogs", "bn1", 3),
        pytest.param("cats-vs-dogs-shufflenet", "stage3", 50, marks=pytest.mark.long),
        pytest.param("flowers", "blocks.3", 5, marks=pytest.mark.long),
        ("imagenet", "bn2", 1000),
    ],
)
def test_a_dream_beats_noise_and_photos(name: str, layer: str, channel: int) -> None:
    classifier = cnnhub.load(name)
    found = last(classifier, layer, channel, steps=40)
    told = activation(classifier, layer, channel, np.asarray(found.image))
    assert found.activation == pytest.approx(told, abs=1e-4)
    noise = np.random.default_rng(0).integers(0, 256, (*found.image.size, 3), np.uint8)
    photos = [classifier.feature_maps(photo, layer)[layer][channel].mean().item() for photo in PHOTOS]
    assert len(photos) > 10 and found.activation > max(activation(classifier, layer, channel, noise), *photos)
    assert is_untouched(classifier.network)


@pytest.mark.parametrize(
    ("architecture", "side", "layer", "drawn"),
    [
        ("resnet18", 96, "layer1", 96),
        pytest.param("resnet18", 96, "act1", 64, marks=pytest.mark.long),
        ("res2net50_26w_4s", 64, "layer1.0.relu", 64),  # runs five times, on maps of other sizes
        ("swin_tiny_patch4_window7_224", 224, "layers.1", 224),  # channels last, and no other size
        pytest.param("convnext_atto", 96, "stages.1", 96, marks=pytest.mark.long),
    ],
)
def test_of_any_architecture(architecture: str, side: int, layer: str, drawn: int) -> None:
    classifier = untrained(architecture, side)
    channel = classifier.layer_shapes()[layer][0] - 1
    first, *_, final = dream(classifier, layer, channel, steps=10)
    assert final.image.size == (drawn, drawn) and final.image.mode == "RGB"
    assert final.activation > first.activation
    assert final.activation == pytest.approx(activation(classifier, layer, channel, np.asarray(final.image)), abs=1e-4)


def test_it_is_told_on_the_way() -> None:
    found = list(dream(cnnhub.load("flowers"), "blocks.1", 0, steps=30))
    assert [each.step for each in found][:3] == [1, 2, 5] and found[-1].step == 30 == found[0].steps and len(found) == 13


def test_the_seed_decides_and_nothing_else() -> None:
    classifier = cnnhub.load("flowers")
    torch.manual_seed(1)
    before = torch.get_rng_state()
    one = last(classifier, "blocks.1", 4)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert last(classifier, "blocks.1", 4) == one != last(classifier, "blocks.1", 4, seed=1)


def test_a_silent_channel_wakes() -> None:
    """One whose ReLU lets nothing through at first, and hands no gradient back."""
    classifier = cnnhub.load("imagenet")
    found = list(dream(classifier, "bn2", 1200, steps=20))
    assert found[0].activation < 0.05 < 1 < found[-1].activation


@pytest.mark.parametrize("layer", ["blocks.4.2.bn2", "blocks.4.2.conv_dw"])
def test_a_channel_wakes_that_sees_one_silent_channel_alone(layer: str) -> None:
    """A depthwise layer after a ReLU: in noise its channel 461 gets zeros, which tell of nothing to change."""
    classifier = cnnhub.load("cats-vs-dogs")
    found = last(classifier, layer, 461, steps=24)
    assert np.asarray(found.image).std() > 20 and found.activation > 0.05
    assert is_untouched(classifier.network)


def test_visitors_do_not_meet() -> None:
    classifier = cnnhub.load("cats-vs-dogs-shufflenet")
    wanted = [("conv1", 3), ("stage2", 7), ("stage3", 100)]
    expected = classifier.logits(EXAMPLES / "cat.jpg")
    alone = [last(classifier, *each) for each in wanted]
    with ThreadPoolExecutor(4) as pool:
        answers = pool.submit(lambda: [classifier.logits(EXAMPLES / "cat.jpg") for _ in range(10)])
        assert list(pool.map(lambda each: last(classifier, *each), wanted * 2)) == alone * 2
        assert all(np.array_equal(each, expected) for each in answers.result())
    assert is_untouched(classifier.network)


def test_who_stops_watching_leaves_nothing() -> None:
    classifier = cnnhub.load("flowers")
    found = dream(classifier, "blocks.1", 4)
    next(found)
    assert torch.is_grad_enabled()
    with torch.no_grad():
        next(found)
        assert not torch.is_grad_enabled()
    found.close()
    assert is_untouched(classifier.network)


def test_what_cannot_be_is_said_at_once() -> None:
    classifier = cnnhub.load("flowers")
    with pytest.raises(UnknownNameError, match=r"blocks\.1"):
        dream(classifier, "blocks.1x", 0)
    for channel in (24, -1, True, 1.0):
        with pytest.raises(ArgumentError, match=r"arrived; blocks\.1 has 24 channels\. Take one from 0 to 23\."):
            dream(classifier, "blocks.1", channel)
    with pytest.raises(ArgumentError, match="steps=0 arrived"):
        dream(classifier, "blocks.1", 0, steps=0)
