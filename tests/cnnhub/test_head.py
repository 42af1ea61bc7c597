"""The last layer by itself: the network's own logits, and dropout as torch does it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import cnnhub
from cnnhub.errors import ArgumentError, CnnHubError
from cnnhub.head import dropped, head, kept
from tests.support.places import EXAMPLES


@pytest.mark.parametrize("name", ["cats-vs-dogs", "flowers", "imagenet", "cats-vs-dogs-shufflenet", "mnist"])
def test_the_head_makes_the_network_s_logits_of_its_features(name: str) -> None:
    classifier = cnnhub.load(name)
    features = classifier.embed(EXAMPLES / "dog.jpg")
    assert head(classifier).logits(features) == pytest.approx(classifier.logits(EXAMPLES / "dog.jpg"), abs=2e-3)


def test_dropout_is_torch_s() -> None:
    torch.manual_seed(0)
    features = torch.rand(4000, dtype=torch.float64)
    theirs = torch.nn.functional.dropout(features, 0.25)
    left = (theirs != 0).numpy()
    ours = dropped(features.numpy(), left)
    # torch scales by the share it expects, we by the share that is there
    assert ours * left.mean() * 4 / 3 == pytest.approx(theirs.numpy())


def test_a_share_is_switched_off_and_the_sum_stays() -> None:
    left = kept(1280, 0.3, seed=4)
    assert (~left).sum() == 384 and (left == kept(1280, 0.3, seed=4)).all() and (left != kept(1280, 0.3, seed=5)).any()
    assert dropped(np.ones(1280), left).sum() == pytest.approx(1280)
    assert (dropped(np.arange(3.0), kept(3, 0)) == np.arange(3.0)).all()


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_that_cannot_be_is_said(share: float) -> None:
    with pytest.raises(ArgumentError, match=r"expected a number from 0 to 0\.99"):
        kept(10, share)


def test_a_head_that_is_no_linear_layer_is_said() -> None:
    class Bare:
        def get_classifier(self) -> torch.nn.Module:
            return torch.nn.Identity()

    class Loaded:
        network = Bare()

        def __repr__(self) -> str:
            return "Loaded()"

    with pytest.raises(CnnHubError, match=r"Loaded\(\) ends with Identity; expected one linear layer"):
        head(Loaded())  # type: ignore[arg-type]
