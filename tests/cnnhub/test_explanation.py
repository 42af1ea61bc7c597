"""Explanations beside torchcam's, on planted evidence, and between threads."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torchcam import methods as peers

import cnnhub
from cnnhub.errors import ArgumentError, UnknownNameError
from cnnhub.explanation import METHODS, explain
from tests.support.places import EXAMPLES
from tests.support.random_networks import LABELS, classifier_of
from tests.support.sampled import sampled


@pytest.fixture(scope="module", params=("resnet18", "mobilenetv2_100"))
def classifier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> cnnhub.Classifier:
    return classifier_of(request.param, tmp_path_factory.mktemp(request.param))


@pytest.mark.parametrize(
    ("method", "peer"),
    [("cam", "CAM"), ("layercam", "LayerCAM")],
)
def test_maps_beside_torchcam(classifier: cnnhub.Classifier, method: str, peer: str) -> None:
    photo = EXAMPLES / "cat.jpg"
    network, label = classifier.network, LABELS[3]
    found = explain(classifier, photo, label, method, check=False)
    more = {"fc_layer": "fc" if hasattr(network, "fc") else "classifier"} if peer == "CAM" else {}
    extractor = getattr(peers, peer)(network, target_layer=found.layer, input_shape=(3, 96, 96), **more)
    try:
        pixels = torch.from_numpy(classifier.preprocess(photo))[None].requires_grad_()
        (theirs,) = extractor(3, network(pixels), normalized=False)
    finally:
        extractor.remove_hooks()
    theirs = torch.relu(theirs[0].detach())
    assert theirs.max() > 0
    torch.testing.assert_close(found.map, theirs / theirs.max(), atol=1e-4, rtol=0)


def test_grad_cam_plus_plus_beside_pytorch_grad_cam_s_arithmetic(classifier: cnnhub.Classifier) -> None:
    """torchcam 0.5.0 divides a copy of its coefficients, which changes nothing; this is what pytorch-grad-cam 1.5.7 does."""
    photo, label = EXAMPLES / "cat.jpg", LABELS[3]
    found = explain(classifier, photo, label, "gradcam++", check=False)
    network = copy.deepcopy(classifier.network)
    held: list[torch.Tensor] = []
    network.get_submodule(found.layer).register_forward_hook(lambda _, __, output: held.append(output))
    scores = network(torch.from_numpy(classifier.preprocess(photo))[None].requires_grad_())
    (gradient,) = torch.autograd.grad(scores[0, 3], held[0])
    activations, grads = (each[0].detach().double().numpy() for each in (held[0], gradient))
    sums = activations.sum((1, 2))[:, None, None]
    below = 2 * grads**2 + sums * grads**3
    alpha = np.divide(grads**2, below, out=np.zeros_like(grads), where=(grads != 0) & (below != 0))
    weights = (np.maximum(grads, 0) * alpha).sum((1, 2))
    expected = np.maximum((weights[:, None, None] * activations).sum(0), 0)
    np.testing.assert_allclose(found.map.numpy(), expected / expected.max(), atol=1e-4)


@pytest.mark.parametrize("name", sampled(["efficientnet_b0", "densenet121", "convnext_atto", "vgg11"], 2))
def test_auto_fits_other_families(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    found = explain(classifier_of(name, tmp_path_factory.mktemp(name)), EXAMPLES / "dog.jpg", check=False)
    assert found.map.ndim == 2 and found.map.min() >= 0 and found.map.max() in (0, 1)
    assert found.method == ("layercam" if name in ("convnext_atto", "vgg11") else "cam")


def test_the_map_finds_the_animal_beside_grey() -> None:
    """A cat in one half of the frame, grey in the other: the map, and what covering costs, lie on the cat's half."""
    classifier = cnnhub.load("cats-vs-dogs")
    cat = np.asarray(cnnhub.open_image(EXAMPLES / "cat.jpg").resize((300, 300)))
    page = np.full((300, 600, 3), 128, np.uint8)
    page[:, :300] = cat
    square = np.concatenate([page, np.full((300, 600, 3), 128, np.uint8)])  # 600 x 600, the cat in a corner
    for method in ("cam", "layercam", "gradcam++", "occlusion"):
        heat = explain(classifier, square, "cat", method, check=False).over((600, 600))
        assert heat.shape == (600, 600)
        assert heat[:300, :300].mean() > 2 * heat[300:, 300:].mean(), method


def test_faithful_maps_beat_their_reverse() -> None:
    found = explain(cnnhub.load("imagenet"), EXAMPLES / "dog.jpg", "beagle")
    told = found.faithfulness
    assert told is not None and len(told.deletion) == len(told.insertion) == 13
    assert told.deletion[0] == pytest.approx(found.probability, abs=1e-4) == pytest.approx(told.insertion[-1], abs=1e-4)
    assert told.insertion_area > told.deletion_area + 0.2


def test_the_map_lies_where_the_network_looks() -> None:
    """A wide photo: the sides that the crop leaves out are zero."""
    wide = np.zeros((200, 800, 3), np.uint8)
    wide[:, 300:500] = np.asarray(cnnhub.open_image(EXAMPLES / "cat.jpg").resize((200, 200)))
    heat = explain(cnnhub.load("imagenet"), wide, method="layercam", check=False).over((800, 200))
    assert heat[:, :250].max() == heat[:, 550:].max() == 0 < heat[:, 300:500].max()


def test_visitors_do_not_meet() -> None:
    classifier = cnnhub.load("cats-vs-dogs")
    wanted = [(photo, label) for photo in ("cat.jpg", "dog.jpg", "chelsea.png") for label in ("cat", "dog")]
    alone = [explain(classifier, EXAMPLES / photo, label, "layercam", check=False).map for photo, label in wanted]
    with ThreadPoolExecutor(8) as pool:
        together = pool.map(
            lambda each: explain(classifier, EXAMPLES / each[0], each[1], "layercam", check=False).map, wanted * 5
        )
        for number, heat in enumerate(together):
            assert torch.equal(heat, alone[number % len(wanted)])
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in classifier.network.modules())


def test_what_cannot_be_is_said(tmp_path_factory: pytest.TempPathFactory) -> None:
    classifier = cnnhub.load("cats-vs-dogs")
    with pytest.raises(UnknownNameError, match="cat"):
        explain(classifier, EXAMPLES / "cat.jpg", "cats")
    with pytest.raises(UnknownNameError, match="cam"):
        explain(classifier, EXAMPLES / "cat.jpg", method="kam")
    with pytest.raises(ArgumentError, match="layercam"):
        explain(classifier_of("vgg11", tmp_path_factory.mktemp("vgg11")), EXAMPLES / "cat.jpg", method="cam")
    assert set(METHODS) == {"auto", "cam", "gradcam++", "layercam", "occlusion"}
