"""Feature maps, hooks that leave nothing behind, and pictures made of maps."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import timm
import torch
from matplotlib import colormaps
from PIL import Image

import cnnhub
from cnnhub import features, render
from cnnhub.errors import UnknownNameError
from cnnhub.explanation import explain


def hooks_of(network: torch.nn.Module) -> int:
    return sum(len(module._forward_hooks) for module in network.modules())


def test_maps_have_the_announced_shapes(tiny: cnnhub.Classifier, picture: Image.Image) -> None:
    shapes = tiny.layer_shapes()
    assert list(shapes) == tiny.layers()
    maps = tiny.feature_maps(picture, tiny.layers())
    assert {name: tuple(values.shape) for name, values in maps.items()} == shapes


def test_maps_are_what_the_layers_compute(picture: Image.Image) -> None:
    """Against an independent run: a plain network cut into pieces by hand, with in-place activations."""
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3),
        torch.nn.ReLU(inplace=True),
        torch.nn.MaxPool2d(2),
        torch.nn.Dropout(),
        torch.nn.Flatten(),
    ).eval()
    pixels = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    layers = features.layers_of(network, (3, 16, 16))
    maps = features.feature_maps(network, pixels, layers)
    with torch.no_grad():
        convolved = network[0](pixels)
        expected = {
            "0": convolved,
            "1": convolved.clamp(min=0),
            "2": torch.nn.functional.max_pool2d(convolved.clamp(min=0), 2),
        }
    for name, values in expected.items():
        torch.testing.assert_close(maps[name], values[0])
    assert (maps["0"] < 0).any(), "the in-place ReLU overwrote the convolution's map"
    assert network[1].inplace, "the caller's network was changed"
    assert list(layers) == ["0", "1", "2"]


def test_the_caller_s_network_is_never_hooked(tiny: cnnhub.Classifier, picture: Image.Image) -> None:
    before = {name: tensor.clone() for name, tensor in tiny.network.state_dict().items()}
    tiny.feature_maps(picture, tiny.layers()[0])
    assert hooks_of(tiny.network) == 0
    assert not tiny.network.training
    assert all(torch.equal(before[name], tensor) for name, tensor in tiny.network.state_dict().items())


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("count", [2, pytest.param(500, marks=pytest.mark.long)])
def test_eight_threads_see_what_each_would_see_alone(count: int) -> None:
    """`count` different pairs of picture and layer in each of eight threads, all of one network: maps and class maps."""
    classifier = cnnhub.load("cats-vs-dogs-shufflenet")
    layers = classifier.layers()
    pairs = [(seed, layers[seed * 7 % len(layers)]) for seed in range(8 * count)]

    def seen(pair: tuple[int, str]) -> tuple[bytes, bytes]:
        seed, layer = pair
        noise = np.random.default_rng(seed).integers(0, 256, (24, 24, 3), np.uint8)
        photo = Image.fromarray(noise).resize((224, 224))
        heat = explain(classifier, photo, classifier.labels[seed % 2], "layercam", check=False).map
        return classifier.feature_maps(photo, layer)[layer].numpy().tobytes(), heat.numpy().tobytes()

    alone = [hash(seen(pair)) for pair in pairs]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda pair: hash(seen(pair)), pairs)) == alone
    assert len(set(alone)) == len(pairs), "the questions were not different ones"
    assert hooks_of(classifier.network) == 0


def test_hooks_are_removed_after_an_exception(tiny: cnnhub.Classifier) -> None:
    name = tiny.layers()[0]
    with pytest.raises(RuntimeError, match="boom"), features.recording(tiny.network, [name]):
        assert hooks_of(tiny.network) == 1
        raise RuntimeError("boom")
    assert hooks_of(tiny.network) == 0
    with pytest.raises(AttributeError), features.recording(tiny.network, [name, "no.such.layer"]):
        pass
    assert hooks_of(tiny.network) == 0


def test_an_unknown_layer_names_near_ones(tiny: cnnhub.Classifier, picture: Image.Image) -> None:
    name = tiny.stages()[0]
    with pytest.raises(UnknownNameError, match=f"Did you mean .*{name}"):
        tiny.feature_maps(picture, name[:-1] + "x")


@pytest.mark.parametrize(
    ("architecture", "expected"),
    [
        ("mobilenetv2_100", ["bn1", *(f"blocks.{n}" for n in range(7)), "bn2"]),
        ("resnet18", ["act1", "layer1", "layer2", "layer3", "layer4"]),
        ("convnext_atto", ["stages.0", "stages.1", "stages.2", "stages.3"]),
    ],
)
def test_stages_tell_the_journey(architecture: str, expected: list[str]) -> None:
    with torch.device("meta"):
        network = timm.create_model(architecture)
    shapes = {name: layer.shape for name, layer in features.layers_of(network, (3, 224, 224)).items()}
    assert features.stages(shapes) == expected
    sides = [shapes[name][1] for name in expected]
    assert sides == sorted(sides, reverse=True)


def test_signed_maps_are_symmetric_around_neutral() -> None:
    image = render.map_image(torch.tensor([[-2.0, 0.0, 2.0, 1.0, -1.0, 9.0]]), limit=2)
    left, zero, right, half, minus_half, beyond = (image.getpixel((x, 0)) for x in range(6))
    palette = (colormaps["RdBu_r"](np.arange(256))[:, :3] * 255).round().astype(int)
    assert (left, right) == (tuple(palette[0]), tuple(palette[255]))
    assert beyond == right
    assert min(zero) > 240, "zero is not neutral"
    assert left[2] > left[0] and right[0] > right[2], "blue is below zero, red above"
    assert half != minus_half


def test_unsigned_maps_are_black_at_zero() -> None:
    image = render.map_image(torch.tensor([[0.0, 4.0]]))
    assert sum(image.getpixel((0, 0))) < 10
    assert sum(image.getpixel((1, 0))) > 600
    assert render.map_image(torch.zeros(3, 5)).size == (5, 3)


def test_a_few_stark_values_do_not_set_the_scale() -> None:
    values = torch.linspace(-1, 1, 1001)
    values[0] = -1000
    assert 0.9 < render.visible_limit(values) < 1.1
    sparse = torch.zeros(1001)
    sparse[7] = -4
    assert render.visible_limit(sparse) == 4


def test_a_sprite_holds_every_map_at_its_place() -> None:
    maps = torch.rand(7, 4, 6, generator=torch.Generator().manual_seed(0))
    image = render.sprite(maps, limit=1)
    columns = render.sprite_columns(7)
    assert (columns, image.size) == (3, (18, 12))
    for place in range(7):
        left, top = place % columns * 6, place // columns * 4
        tile = image.crop((left, top, left + 6, top + 4))
        assert tile.tobytes() == render.map_image(maps[place], limit=1, signed=False).tobytes()


def test_one_forward_pass_gives_what_three_calls_give(tiny: cnnhub.Classifier, picture: Image.Image) -> None:
    built_in = cnnhub.load("cats-vs-dogs")  # it also measures how strange a picture is
    for classifier in (tiny, built_in):
        names = [*classifier.stages(), classifier.stages()[0]]
        seen = classifier.forward_pass(picture, names)
        assert np.array_equal(seen.pixels.numpy(), classifier.preprocess(picture))
        expected, prediction = classifier.feature_maps(picture, names), classifier.predict(picture)
        assert list(seen.maps) == list(expected)
        assert all(torch.equal(seen.maps[name], expected[name]) for name in expected)
        assert list(seen.prediction.scores) == list(prediction.scores)
        for label, probability in prediction.scores.items():
            assert seen.prediction.scores[label] == pytest.approx(probability, abs=1e-6)
        assert seen.prediction.is_unfamiliar == prediction.is_unfamiliar
        assert hooks_of(classifier.network) == 0


def test_a_forward_pass_reads_the_picture_once(tiny: cnnhub.Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    to_pixels = cnnhub.Classifier.to_pixels
    monkeypatch.setattr(cnnhub.Classifier, "to_pixels", lambda self, image: calls.append(image) or to_pixels(self, image))
    tiny.forward_pass(np.zeros((40, 40, 3), np.uint8), tiny.stages())
    assert len(calls) == 1
