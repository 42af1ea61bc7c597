"""Shares of logits: exact where they can be, of the right sign where they cannot, and between threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch

import cnnhub
from cnnhub.contributions import Contributions, contributions
from cnnhub.errors import ArgumentError, UnknownNameError
from cnnhub.features import copy_without_inplace
from tests.support.places import EXAMPLES
from tests.support.untrained import untrained

LAST = {"cats-vs-dogs": "bn2", "cats-vs-dogs-shufflenet": "conv5", "flowers": "bn2", "imagenet": "bn2"}


def logits_without(classifier: cnnhub.Classifier, photo: str, layer: str, channel: int) -> torch.Tensor:
    """The logits when one channel of a layer is zero."""

    def silence(_module: Any, _inputs: Any, output: torch.Tensor) -> torch.Tensor:
        changed = output.clone()
        changed[:, channel] = 0
        return changed

    private = copy_without_inplace(classifier.network)
    private.get_submodule(layer).register_forward_hook(silence)
    with torch.inference_mode():
        return private(torch.from_numpy(classifier.preprocess(EXAMPLES / photo))[None])[0]


@pytest.mark.parametrize("name", [*LAST, "resnet18"])
def test_the_last_maps_shares_add_up_to_the_logits(name: str) -> None:
    classifier = untrained(name, 96, classes=7) if name == "resnet18" else cnnhub.load(name)
    layer = LAST.get(name, "layer4")
    found = contributions(classifier, EXAMPLES / "dog.jpg", layer)
    numbers = [classifier.label_index(label) for label in found.labels]
    head = classifier.network.get_classifier()
    expected = classifier.logits(EXAMPLES / "dog.jpg")[numbers] - head.bias.detach().numpy()[numbers]
    np.testing.assert_allclose(found.amounts.sum(0).numpy(), expected, atol=1e-4)
    maps = classifier.feature_maps(EXAMPLES / "dog.jpg", layer)[layer]
    torch.testing.assert_close(found.amounts, maps.mean((1, 2))[:, None] * head.weight.detach()[numbers].T, atol=1e-4, rtol=0)
    assert found.is_exact and found.layer == layer


@pytest.mark.parametrize(("name", "layer"), [("cats-vs-dogs", "blocks.4"), ("cats-vs-dogs-shufflenet", "stage3")])
def test_the_sign_is_that_of_the_change(name: str, layer: str) -> None:
    classifier = cnnhub.load(name)
    found = contributions(classifier, EXAMPLES / "cat.jpg", layer)
    assert not found.is_exact
    whole = torch.from_numpy(classifier.logits(EXAMPLES / "cat.jpg"))
    loudest = found.relative.abs().amax(1).argsort(descending=True)[:20].tolist()
    agreed = 0
    for channel in loudest:
        lost = whole - logits_without(classifier, "cat.jpg", layer, channel)
        agreed += bool((lost[0] - lost[1]) * found.relative[channel, 0] > 0)
    assert agreed >= 15


def test_of_many_labels_the_most_probable_are_compared() -> None:
    classifier = cnnhub.load("imagenet")
    found = contributions(classifier, EXAMPLES / "dog.jpg", "bn2")
    assert list(found.labels) == list(classifier.predict(EXAMPLES / "dog.jpg", top_k=5).scores)
    named = contributions(classifier, EXAMPLES / "dog.jpg", "bn2", [found.labels[3], "beagle"])
    assert named.labels == (found.labels[3], "beagle")
    torch.testing.assert_close(named.amounts[:, 0], found.amounts[:, 3])


def test_channels_last_are_read_as_they_are_meant() -> None:
    classifier = untrained("swin_tiny_patch4_window7_224", 224)
    layer = "norm"
    found = contributions(classifier, EXAMPLES / "cat.jpg", layer)
    assert tuple(found.amounts.shape) == (768, 3) and found.is_exact
    assert tuple(contributions(classifier, EXAMPLES / "cat.jpg", "layers.1").amounts.shape) == (192, 3)


def test_whom_a_channel_speaks_for() -> None:
    found = Contributions("bn2", ("cat", "dog", "fox"), torch.tensor([[3.0, 3.0, 6.0], [5.0, 5.0, 5.0], [9.0, 0.0, 0.0]]))
    assert found.speaks_for(0) == ("fox", 2.0) and found.speaks_for(1) == ("cat", 0.0) and found.speaks_for(2) == ("cat", 6.0)
    assert found.strongest_first() == [2, 0, 1]
    with pytest.raises(ArgumentError, match="bn2 has 3 channels"):
        found.speaks_for(3)


def test_visitors_do_not_meet() -> None:
    classifier = cnnhub.load("cats-vs-dogs-shufflenet")
    wanted = [(photo, layer) for photo in ("cat.jpg", "dog.jpg") for layer in ("conv1", "stage3", "conv5")]
    alone = [contributions(classifier, EXAMPLES / photo, layer).amounts for photo, layer in wanted]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda each: contributions(classifier, EXAMPLES / each[0], each[1]).amounts, wanted * 3))
    assert all(torch.equal(one, other) for one, other in zip(together, alone * 3, strict=True))
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in classifier.network.modules())
    assert all(weight.grad is None for weight in classifier.network.parameters())


def test_what_cannot_be_is_said() -> None:
    classifier = cnnhub.load("flowers")
    with pytest.raises(UnknownNameError, match="bn2"):
        contributions(classifier, EXAMPLES / "roses.jpg", "bn22")
    with pytest.raises(UnknownNameError, match="roses"):
        contributions(classifier, EXAMPLES / "roses.jpg", "bn2", ["rose", "tulips"])
    for labels in ([], ["roses"], ["roses", "roses"]):
        with pytest.raises(ArgumentError, match="at least two"):
            contributions(classifier, EXAMPLES / "roses.jpg", "bn2", labels)
