"""The tab "Inside" without a browser: every layer of every network opens, in words, in any order, page by page."""

from __future__ import annotations

import base64
import io
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import cnnhub
from cnnhub import channels, render
from cnnhub.dreams import dream
from cnnhub.explanation import explain
from demo import networks, texts
from demo.photo.photo import Photo
from demo.tabs.inside import channel, gallery, orders, tab
from demo.tabs.inside.layers import layers_of, seen_share
from demo.tabs.inside.look import ORDERS, Look, from_link, read
from tests.support.places import EXAMPLES
from tests.support.random_networks import classifier_of
from tests.support.sampled import sampled

CAT, DOG = (Photo((EXAMPLES / name).read_bytes()) for name in ("cat.jpg", "dog.jpg"))
BUILTIN = ("cats-vs-dogs", "flowers", "imagenet", "cats-vs-dogs-shufflenet", "mnist")
FAMILIES = (
    "resnet18", "densenet121", "vgg11_bn", "regnetx_002", "convnext_atto", "ghostnet_100", "mobilenetv3_small_050",
    "efficientnet_b0", "swin_tiny_patch4_window7_224", "inception_v3", "dla34", "repvgg_a0",
)  # fmt: skip


def opened(name: str, layer: str) -> None:
    """A layer as the tab shows it, checked against the maps themselves."""
    shown = tab.show(CAT, name, Look(layer), "en")
    assert 'role="alert"' not in shown.journey["sentence"], shown.journey["sentence"]
    maps = networks.get(name).feature_maps(EXAMPLES / "cat.jpg", layer)[layer]
    assert shown.gallery["look"]["layer"] == layer and shown.gallery["tile"] == [maps.shape[2], maps.shape[1]]
    assert f"of {len(maps)} channels" in shown.gallery["shown"]
    found = channel.show(CAT, name, shown.look, "en")
    index = found["channel"]
    assert index == channels.varied_first(maps)[0] == shown.gallery["channels"][0]["index"]
    values = np.frombuffer(base64.b64decode(found["values"]), "<f4").reshape(found["size"][::-1])
    assert np.allclose(values, maps[index], atol=1e-5)
    scale = render.maps_scale(maps)
    picture = Image.open(io.BytesIO(base64.b64decode(found["picture"].partition(",")[2]))).convert("RGB")
    assert picture.tobytes() == render.map_image(maps[index], scale.limit, scale.is_signed).tobytes()


@pytest.mark.parametrize("name", BUILTIN)
def test_layers_of_the_built_in_models_open(name: str) -> None:
    layers = networks.get(name).layers()
    for layer in random.Random(name).sample(layers, 6):
        opened(name, layer)


@pytest.mark.long
@pytest.mark.parametrize("name", BUILTIN)
def test_every_layer_of_the_built_in_models_opens(name: str) -> None:
    for layer in networks.get(name).layers():
        opened(name, layer)


@pytest.mark.parametrize("most", [4, pytest.param(10_000, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", sampled(FAMILIES, 4))
def test_layers_of_other_families_open(
    name: str, most: int, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    side = {"swin_tiny_patch4_window7_224": 224, "inception_v3": 128}.get(name, 96)
    own = classifier_of(name, tmp_path_factory.mktemp(name), side)
    monkeypatch.setattr(networks, "_own", {name: own})
    layers = own.layers()
    assert len(layers) > 5
    for layer in random.Random(name).sample(layers, min(most, len(layers))):
        opened(name, layer)
    told = layers_of(own)
    assert told.anatomy is not None
    assert all(told.rows(layer) for layer in layers), "a layer without anatomy"


@pytest.mark.parametrize("language", texts.LANGUAGES)
@pytest.mark.parametrize("name", BUILTIN)
def test_the_list_has_each_layer_once_in_order_and_in_words(name: str, language: str) -> None:
    classifier = networks.get(name)
    groups = layers_of(classifier).listed(language)
    listed = [[row["name"], *row["also"]] for group in groups for row in group["layers"]]
    assert sorted(name for names in listed for name in names) == sorted(classifier.layers())
    assert [names[0] for names in listed] == [name for name in classifier.layers() if name in {names[0] for names in listed}]
    for group in groups:
        for row in group["layers"]:
            count, height, width = classifier.layer_shapes()[row["name"]]
            assert all(str(each) in row["words"] for each in (count, height, width))
    stages = classifier.stages()
    assert [group["layers"][-1]["name"] for group in groups[: len(stages)]] == stages


def test_words_say_what_a_layer_does_and_where() -> None:
    words = layers_of(networks.get("cats-vs-dogs")).words
    assert words("en", "conv_stem") == "3 × 3 convolution, 32 maps of 120 × 120"
    assert words("en", "blocks.1.1.conv_dw") == "block 3, 3 × 3 depthwise convolution, 144 maps of 60 × 60"
    assert words("en", "blocks.1.1.bn2") == "block 3, batch norm + ReLU6, 144 maps of 60 × 60"
    assert words("en", "blocks.1.1") == "output of block 3, 24 maps of 60 × 60"
    assert words("en", "blocks.1") == "output of stage 3, 24 maps of 60 × 60"
    assert words("zh-TW", "blocks.1.1.conv_dw") == "第 3 塊，3 × 3 深度卷積，144 張 60 × 60 的圖"
    shuffle = layers_of(networks.get("cats-vs-dogs-shufflenet")).words
    assert shuffle("en", "stage2.0.branch2.3") == "block 1, 3 × 3 depthwise convolution, 58 maps of 28 × 28"


@pytest.mark.parametrize("name", BUILTIN)
def test_an_activation_that_the_words_before_it_name_has_no_line_of_its_own(name: str) -> None:
    classifier = networks.get(name)
    found = layers_of(classifier).twins
    maps = classifier.feature_maps(EXAMPLES / "cat.jpg", [*found, *found.values()])
    assert found if name == "cats-vs-dogs" else True
    for inner, outer in found.items():
        assert torch.equal(maps[inner], maps[outer]), inner
    if name == "cats-vs-dogs":
        assert found["blocks.1.1.bn2.act"] == "blocks.1.1.bn2" and "bn1.act" not in found, "a stage has words of its own"


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_the_journey_is_told_in_words(language: str) -> None:
    steps = tab.show(CAT, "cats-vs-dogs", Look(), language).journey["steps"]
    assert [step.get("layer") for step in steps[1:]] == networks.get("cats-vs-dogs").stages()
    assert steps[3]["title"] == {
        "en": "stage 3: 24 maps of 60 × 60", "zh-TW": "第 3 站：24 張 60 × 60 的圖", "zh-CN": "第 3 站：24 张 60 × 60 的图",
    }[language]  # fmt: skip
    assert all(step["title"].startswith(step["name"]) for step in steps[1:])


def test_facts_of_a_layer_are_its_anatomy() -> None:
    facts = dict(layers_of(networks.get("cats-vs-dogs")).facts("en", "blocks.1.1.conv_dw"))
    assert facts["Kernel"] == "3 × 3" and facts["Groups"] == "144" and facts["Stride"] == "1 × 1"
    assert facts["Parameters"] == f"{144 * 9:,}" and facts["Multiply-adds"] == f"{144 * 9 * 60 * 60:,}"
    assert facts["Each value sees"] == "19 × 19 pixels of the input" and facts["Padding"] == "1 × 1"
    first = dict(layers_of(networks.get("cats-vs-dogs")).facts("en", "conv_stem"))
    assert first["Padding"] == "1 in all, as many as the size needs"  # 119 * 2 + 3 - 240


@pytest.mark.parametrize("order", ORDERS)
def test_the_pages_hold_every_channel_once(order: str) -> None:
    asked = Look("blocks.5.1.conv_pw", order, spot="0.4,0.3")
    first = tab.show(DOG, "imagenet", asked, "en").gallery
    seen: list[int] = []
    for page in range(first["pages"]):
        shown = tab.show(DOG, "imagenet", replace(asked, page=page), "en")
        assert shown.gallery["look"]["page"] == page and len(shown.gallery["channels"]) <= gallery.PAGE
        seen += [each["index"] for each in shown.gallery["channels"]]
    assert sorted(seen) == list(range(networks.get("imagenet").layer_shapes()["blocks.5.1.conv_pw"][0]))
    assert order != "number" or seen == sorted(seen)
    beyond = tab.show(DOG, "imagenet", replace(asked, page=999), "en")
    assert beyond.gallery["look"]["page"] == first["pages"] - 1


EARS = "0.26,0.235;0.64,0.134"  # of the cat


def test_two_pinned_ears_bring_the_channel_of_ears_to_the_front() -> None:
    shown = tab.show(CAT, "cats-vs-dogs", Look("blocks.4.2.bn2", "spot", spot=EARS), "en")
    assert "what answers most at the pinned spots first" in shown.journey["sentence"]
    found = channel.show(CAT, "cats-vs-dogs", shown.look, "en")
    assert (found["channel"], found["place"]) == (632, "number 1 of 672 at the pins")
    answers = [float(each.replace("−", "-")) for each in shown.gallery["answers"]]
    assert len(answers) == gallery.PAGE and answers == sorted(answers, reverse=True) and answers[0] > 2
    dog = tab.show(DOG, "cats-vs-dogs", Look("blocks.4.2.bn2", "spot", channel=632, spot="0.39,0.37"), "en").gallery
    assert 632 in [each["index"] for each in dog["channels"][:16]]


@pytest.mark.parametrize("layer", ["conv_stem", "blocks.2", "blocks.4.2.bn2", "bn2"])
def test_a_spot_is_where_the_units_in_its_middle_are(layer: str) -> None:
    """A spot of the photo -> a pixel of what the network sees of it -> the unit that looks around it."""
    classifier = networks.get("cats-vs-dogs")
    maps = classifier.feature_maps(EXAMPLES / "cat.jpg", layer)[layer]
    field = layers_of(classifier).field(layer)
    assert field is not None
    row, column = maps.shape[1] // 3, maps.shape[2] // 2
    top, left, bottom, right = field.of(row, column)
    (first, upper, width, height), size = seen_share(classifier, CAT), 240
    spot = f"{first + (left + right) / 2 / size * width:.6f},{upper + (top + bottom) / 2 / size * height:.6f}"
    asked = read({"layer": layer, "spot": spot})
    expected = channels.answers_at(maps, [(row, column)])
    found = orders.at_spots(classifier, CAT, layer, asked, maps)
    assert found.numpy() == pytest.approx(expected.numpy(), abs=0.1)
    assert orders.ordered(classifier, CAT, layer, asked, maps) == found.argsort(descending=True, stable=True).tolist()


def test_spots_that_lie_elsewhere_are_let_go() -> None:
    classifier = networks.get("cats-vs-dogs")
    on_cat = Look("blocks.4", "spot", spot=EARS, of=CAT.id)
    assert orders.settled(classifier, CAT, on_cat) == on_cat
    assert orders.settled(classifier, DOG, on_cat) == replace(on_cat, spot="", order="varied", of=DOG.id)
    assert tab.show(CAT, "cats-vs-dogs", replace(on_cat, of=None), "en").look == on_cat
    for language in texts.LANGUAGES:
        edge = tab.show(CAT, "cats-vs-dogs", Look("blocks.4", "spot", spot="0.01,0.5;0.5,0.5"), language)
        assert texts.prose(texts.t(language, "spot_unseen")) in edge.journey["sentence"]
        assert edge.gallery["look"]["spot"] == "0.5,0.5" and edge.gallery["look"]["order"] == "spot"
    other = tab.show(DOG, "cats-vs-dogs", on_cat, "en").journey["sentence"]
    assert "does not see that edge" not in other and "the most varied channel first" in other


@pytest.mark.parametrize(
    ("asked", "spots"),
    [
        ("0.31,0.12", [(0.31, 0.12)]),
        ("1,0;0.5,0.25;0,1;0.1,0.1", [(1, 0), (0.5, 0.25), (0, 1)]),
        ("1.2,0.5;0.5,0.5", [(0.5, 0.5)]),
        ("-0.1,0.5", []),
        ("nan,0.5", []),
        ("0.5", []),
        ("0.5,0.5,0.5", []),
        ("٠,1", []),
        ("0.1,0.1;" * 1000, [(0.1, 0.1)] * 3),
    ],
)
def test_spots_that_a_link_may_name(asked: str, spots: list[tuple[float, float]]) -> None:
    look = from_link({"spot": asked})
    assert look.spots == spots and look.order == ("spot" if spots else "varied")
    assert from_link({"spot": asked, "order": "number"}).order == "number"


def test_a_link_to_a_channel_opens_the_page_that_holds_it() -> None:
    shown = tab.show(CAT, "imagenet", Look("bn2", channel=1000), "en")
    assert 1000 in [each["index"] for each in shown.gallery["channels"]] and shown.gallery["look"]["channel"] == 1000
    assert channel.show(CAT, "imagenet", shown.look, "en")["channel"] == 1000
    beyond = tab.show(CAT, "imagenet", Look("bn2", channel=1280), "en")
    assert beyond.gallery["look"]["channel"] == shown_first(CAT)
    assert "There is no channel 1280; there are 1280, from 0." in beyond.journey["sentence"]


def shown_first(photo: Photo) -> int:
    return int(tab.show(photo, "imagenet", Look("bn2"), "en").gallery["channels"][0]["index"])


def test_silent_channels_are_counted_and_named() -> None:
    shown = tab.show(DOG, "imagenet", Look("bn2"), "en").gallery
    maps = networks.get("imagenet").feature_maps(EXAMPLES / "dog.jpg", "bn2")["bn2"]
    silent = channels.silent(maps, render.maps_scale(maps).limit)
    assert shown["silent"].startswith(f"{sum(silent)} of them are silent on this photo")
    last = tab.show(DOG, "imagenet", Look("bn2", page=shown["pages"] - 1), "en").gallery
    assert all(each["note"] for each in last["channels"] if silent[each["index"]])
    assert sum(bool(each["note"]) for each in last["channels"]) > 0


def test_a_layer_that_does_not_exist_is_said_with_near_names() -> None:
    for language, said in (("en", "has no layer blocks.11"), ("zh-TW", "沒有 blocks.11"), ("zh-CN", "没有 blocks.11")):
        sentence = tab.show(CAT, "cats-vs-dogs", Look("blocks.11"), language).journey["sentence"]
        assert said in sentence and "blocks.1.1" in sentence
    evil = tab.show(CAT, "cats-vs-dogs", Look("<script>"), "en").journey["sentence"]
    assert "<script>" not in evil


def test_how_much_of_the_photo_a_value_sees_is_said() -> None:
    part = tab.show(CAT, "cats-vs-dogs", Look("blocks.1"), "en").journey["sentence"]
    assert "(27 × 27 of the network&#x27;s 240 × 240 pixels)" in part
    more = tab.show(CAT, "cats-vs-dogs", Look("bn2"), "en").journey["sentence"]
    assert "1115 × 1115 pixels, more than the 240 × 240 that there are" in more


@pytest.mark.parametrize("name", ["cat.jpg", "china.jpg", "dog.jpg"])
def test_the_share_of_the_photo_that_is_seen(name: str) -> None:
    photo, classifier = Photo((EXAMPLES / name).read_bytes()), networks.get("flowers")
    assert photo.size == cnnhub.open_image(EXAMPLES / name).size
    left, top, width, height = seen_share(classifier, photo)
    assert left + width / 2 == pytest.approx(0.5, abs=0.01) and top + height / 2 == pytest.approx(0.5, abs=0.01)
    assert max(width, height) == pytest.approx(0.95, abs=0.06) or min(width, height) < 0.95


def test_a_turned_photo_has_its_upright_size(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (400, 300)).save(tmp_path / "turned.jpg", exif=exif)
    assert Photo((tmp_path / "turned.jpg").read_bytes()).size == (300, 400)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["layer", "order", "scale", "page", "channel", "spot", "of", "more"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers()),
    )
    | st.text()
    | st.none()
)
def test_nonsense_becomes_a_look(data: object) -> None:
    look = read(data)
    assert look.order in ORDERS and look.scale in ("layer", "own")
    assert all(each is None or 0 <= each < 100_000 for each in (look.page, look.channel))
    assert (look.order == "spot") <= bool(look.spots) and look == read(asdict(look))
    shown = tab.show(CAT, "cats-vs-dogs", look, "en")
    assert shown.gallery["channels"]


@pytest.mark.parametrize("count", [12, pytest.param(8 * 200, marks=pytest.mark.long)])
@pytest.mark.timeout(1800)
def test_visitors_at_once_see_what_each_would_see_alone(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Galleries, channels, class maps and dreams in 8 threads are those of one; no hook stays."""
    chance = random.Random(0)

    def question() -> tuple[str, Photo, str, Look]:
        name = chance.choice(BUILTIN)
        layer = chance.choice(networks.get(name).layers())
        kind = chance.choice(("gallery", "gallery", "explanation", "dream"))
        look = Look(layer, chance.choice(ORDERS), channel=chance.randrange(8), spot=chance.choice(("", "0.5,0.4")))
        return kind, chance.choice((CAT, DOG)), name, look

    def answer(asked: tuple[str, Photo, str, Look]) -> object:
        kind, photo, name, look = asked
        classifier = networks.get(name)
        if kind == "explanation":
            return explain(classifier, photo.data, classifier.labels[(look.channel or 0) % 2], check=False).map.tolist()
        if kind == "dream":
            return list(dream(classifier, str(look.layer), look.channel or 0, steps=2))[-1].activation
        shown = tab.show(Photo(photo.data), name, look, "en")
        told = channel.show(Photo(photo.data), name, shown.look, "en")
        return shown.gallery["sprite"], shown.journey, told["values"], told["facts"]

    asked = [question() for _ in range(count)]
    alone = [answer(each) for each in asked]
    for module, name in ((gallery, "_maps"), (gallery, "_contributions"), (tab, "_journeys")):
        monkeypatch.setattr(module, name, type(getattr(module, name))())
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(answer, asked))
    assert [one == other for one, other in zip(together, alone, strict=True)] == [True] * count
    for name in BUILTIN:
        network = networks.get(name).network
        assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())
        assert all(parameter.grad is None for parameter in network.parameters())


def test_examples_come_in_the_order_of_their_largest_value() -> None:
    told = channel.excited("cats-vs-dogs", Look("blocks.3", channel=7), "en")
    found = told["examples"]
    classifier = networks.get("cats-vs-dogs")
    files = list(texts.example_names("en"))
    expected = [classifier.feature_maps(EXAMPLES / file, "blocks.3")["blocks.3"][7].max().item() for file in files]
    assert [each["index"] for each in found] == np.argsort(np.negative(expected)).tolist()
    strong = [found[place]["name"] for place, value in enumerate(sorted(expected, reverse=True)) if value >= max(expected) / 2]
    assert f": {len(strong)} of {len(files)} ({', '.join(strong)})." in told["half"]
    beside = channel.beside(CAT, "cats-vs-dogs", Look("blocks.3", channel=7), found[0]["index"], "en")
    assert beside["name"] == found[0]["name"] and texts.number(max(expected)) in beside["most"]


def test_the_spots_that_excite_a_channel_are_cut_out_where_its_largest_values_are() -> None:
    """On each example's picture in turn, where a value of the map is largest; nothing of one that is never above zero."""
    classifier = networks.get("cats-vs-dogs")
    files = list(texts.example_names("en"))
    for layer, number in (("blocks.4.2.bn2", 632), ("conv_stem", 19), ("blocks.2", 3)):
        found = channel.excited("cats-vs-dogs", Look(layer, channel=number), "en")
        assert [each["index"] for each in found["spots"]] == [each["index"] for each in found["examples"][: channel.SPOTS]]
        spot = found["spots"][0]
        values = classifier.feature_maps(EXAMPLES / files[spot["index"]], layer)[layer][number]
        row, column = divmod(int(values.argmax()), values.shape[1])
        field = layers_of(classifier).field(layer)
        assert field is not None
        middle = np.clip(np.array(field.of(row, column)).reshape(2, 2).mean(0), 0, 240)
        pixels = classifier.to_pixels(EXAMPLES / files[spot["index"]]).transpose(1, 2, 0)
        side = min(max(field.size[0], 24), 60)
        top, left = (int(min(max(at - side / 2, 0), 240 - side)) for at in middle)
        expected = Image.fromarray(np.ascontiguousarray(pixels[top : top + side, left : left + side])).resize((96, 96))
        picture = Image.open(io.BytesIO(base64.b64decode(spot["picture"].partition(",")[2]))).convert("RGB")
        assert np.abs(np.asarray(picture, float) - np.asarray(expected, float)).mean() < 12, layer
        drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(found["examples"][0]["picture"].partition(",")[2]))), float)
        colourful = np.asarray(Image.fromarray(np.ptp(drawn, axis=2)).resize((9, 9), Image.Resampling.BOX))  # else grey
        glows = torch.nn.functional.adaptive_max_pool2d(values[None].clamp(min=0), 9)[0].numpy()
        strong, quiet = glows > glows.max() / 2, glows < glows.max() / 20
        assert colourful[strong].mean() > 15 and (not quiet.any() or colourful[quiet].mean() < colourful[strong].mean() / 2), (
            layer
        )
    dead = channel.excited("cats-vs-dogs", Look("bn1", channel=_dead("bn1")), "en")
    assert dead["half"] == "It answers on none of them."
    assert dead["spots"] == [] and len(dead["examples"]) == len(files)


def _dead(layer: str) -> int:
    """A channel that is zero for every example."""
    classifier = networks.get("cats-vs-dogs")
    largest = [classifier.feature_maps(EXAMPLES / file, layer)[layer].amax(dim=(1, 2)) for file in texts.example_names("en")]
    return int(torch.stack(largest).amax(0).argmin())


def test_a_second_photo_of_ones_own_is_drawn_in_the_first_one_s_colours() -> None:
    look = Look("blocks.3", channel=7)
    found = channel.beside_own(CAT, "cats-vs-dogs", look, DOG, "en")
    maps = {photo: networks.get("cats-vs-dogs").feature_maps(photo.data, "blocks.3")["blocks.3"] for photo in (CAT, DOG)}
    scale = render.maps_scale(maps[CAT])
    picture = Image.open(io.BytesIO(base64.b64decode(found["picture"].partition(",")[2]))).convert("RGB")
    assert picture.tobytes() == render.map_image(maps[DOG][7], scale.limit, scale.is_signed).tobytes()
    assert found["name"] == "second photo" and texts.number(maps[DOG][7].max().item()) in found["most"]
    for second in (None, Photo(b"", is_gone=True), Photo(b"broken")):
        assert channel.beside_own(CAT, "cats-vs-dogs", look, second, "zh-TW")["problem"]


def test_bad_input_is_a_sentence_everywhere() -> None:
    broken = Photo(b"broken")
    assert "cannot be read as a photo" in channel.show(broken, "flowers", Look(), "en")["problem"]
    assert "problem" in channel.excited("flowers", Look("nothing"), "en")
    assert "problem" in channel.beside(CAT, "flowers", Look("nothing"), 0, "en")
    assert "problem" in next(channel.dreamt("flowers", Look("nothing"), "zh-TW"))
    assert channel.show(None, "flowers", Look(), "en") == {}
    assert torch.equal(gallery.maps_of(networks.get("flowers"), CAT, "bn1"), gallery.maps_of(networks.get("flowers"), CAT, "bn1"))


def test_what_was_asked_for_holds_for_the_next_photo_and_network() -> None:
    for photo in (CAT, DOG):
        shown = tab.show(photo, "cats-vs-dogs", Look(), "en")
        assert shown.look == Look() and shown.gallery["look"]["channel"] == shown.gallery["channels"][0]["index"]
    other = tab.show(CAT, "cats-vs-dogs-shufflenet", shown.look, "en")
    assert "has no layer" not in other.journey["sentence"]


def test_what_rounding_leaves_of_nothing_is_drawn_as_nothing() -> None:
    """In the first layer some filters are dead; each on its own scale, a map of 1e-7 must not look like a cat."""
    shown = tab.show(CAT, "cats-vs-dogs", Look("conv_stem", scale="own"), "en").gallery
    sprite = Image.open(io.BytesIO(base64.b64decode(shown["sprite"].partition(",")[2]))).convert("RGB")
    width, height = shown["tile"]
    quiet = [place for place, each in enumerate(shown["channels"]) if each["note"]]
    assert quiet
    for place in quiet:
        left, top = place % shown["columns"] * width, place // shown["columns"] * height
        assert len(sprite.crop((left, top, left + width, top + height)).getcolors()) == 1
        told = channel.show(CAT, "cats-vs-dogs", Look("conv_stem", scale="own", channel=shown["channels"][place]["index"]), "en")
        assert (
            told["silent"] and len(Image.open(io.BytesIO(base64.b64decode(told["picture"].partition(",")[2]))).getcolors()) == 1
        )
