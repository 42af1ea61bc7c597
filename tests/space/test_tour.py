"""What the steps of the tour ask of a network, computed apart; and that each step's words and module belong together."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import numpy as np
import pytest
import torch

import cnnhub
from cnnhub import anatomy, handwriting, transforms
from cnnhub.classifier import softmax
from cnnhub.fields import ReceptiveField
from cnnhub.hub import catalogue
from demo import networks, texts
from demo.assets import MODULES
from demo.photo.photo import Photo
from demo.tabs.tour import questions
from demo.tabs.tour.questions import QUESTIONS, answer
from demo.texts.tour import FRAME, STEPS
from tests.support.places import EXAMPLES, ROOT, SPACE

STEP_FILES = {name.rpartition("/")[2].removesuffix(".js"): text.decode() for name, text in MODULES.items() if "/steps/" in name}
STEP_FILES["dense"] += MODULES["tabs/tour/calculator.js"].decode()  # which it hands its words to
OF_THE_FRAME = {"short", "title", "text", "try", "question"}


@pytest.fixture
def cat() -> Photo:
    return Photo((EXAMPLES / "cat.jpg").read_bytes())


@pytest.fixture(scope="module")
def classifier() -> cnnhub.Classifier:
    return cnnhub.load("cats-vs-dogs")


def asked(photo: Photo | None, network: str = "cats-vs-dogs", language: str = "en", **sent: Any) -> dict[str, Any]:
    return answer(sent, photo, network, language)


def test_each_step_has_a_module_and_each_module_a_step() -> None:
    assert set(STEP_FILES) == set(STEPS)
    order = re.search(r"MODULES = \{ (.+?) \}", MODULES["tabs/tour/tour.js"].decode())[1].split(", ")
    assert {name.partition(":")[0] for name in order} == set(STEPS)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_has_the_frame_s_words_and_uses_all_of_its_own(step: str) -> None:
    assert set(STEPS[step]) >= OF_THE_FRAME
    code = STEP_FILES[step]
    literal = set(re.findall(r"words\.(\w+)", code)) | set(re.findall(r"\"(\w+)\"", code)) | set(re.findall(r"(\w+):", code))
    patterns = [re.sub(r"\$\{[^}]+\}", r"\\w+", found) for found in re.findall(r"words\[`([^`]+)`\]", code)]
    unused = [
        part
        for part in set(STEPS[step]) - OF_THE_FRAME
        if part not in literal and not any(re.fullmatch(each, part) for each in patterns)
    ]
    assert unused == []
    assert set(re.findall(r"words\.(\w+)", code)) <= set(STEPS[step])


def test_every_string_of_the_frame_is_used() -> None:
    code = "".join(text.decode() for name, text in MODULES.items() if name.startswith("tabs/tour/"))
    assert [key for key in FRAME if f"words.{key}" not in code] == []


def test_each_change_is_answered_as_the_library_answers_it(cat: Photo, classifier: cnnhub.Classifier) -> None:
    told = asked(cat, ask="changed")
    seen = classifier.to_pixels(EXAMPLES / "cat.jpg")
    made = [
        seen,
        *(change(seen) for change in (transforms.swapped, transforms.doubled)),
        transforms.shuffled(seen, questions.PIECES),
    ]
    made += [transforms.blurred(seen), transforms.edges(seen)]
    expected = classifier.predictions(np.stack(made))
    assert [each["change"] for each in told["changes"]] == ["none", "swapped", "doubled", "shuffled", "blurred", "edges"]
    assert [each["share"] for each in told["changes"]] == pytest.approx([each.scores["cat"] for each in expected])
    assert told["changes"][0]["share"] == pytest.approx(classifier.predict(EXAMPLES / "cat.jpg").probability)
    assert asked(cat, language="zh-TW", ask="changed")["name"] == "貓"


@pytest.mark.parametrize("mode", ["max", "average", "l2"])
def test_what_is_pooled_is_asked_of_the_network(cat: Photo, classifier: cnnhub.Classifier, mode: str) -> None:
    seen = torch.from_numpy(classifier.to_pixels(EXAMPLES / "cat.jpg")).double()[None]
    for _ in range(3):
        seen = {
            "max": torch.nn.functional.max_pool2d(seen, 2),
            "average": torch.nn.functional.avg_pool2d(seen, 2),
            "l2": torch.nn.functional.avg_pool2d(seen**2, 2).sqrt(),
        }[mode]
    pixels = seen[0].round().numpy().astype(np.uint8).repeat(8, axis=1).repeat(8, axis=2)
    (expected,) = classifier.predictions(pixels[None])
    told = asked(cat, ask="pooled", mode=mode, times=3)
    assert told["probability"] == pytest.approx(expected.probability) and told["isSame"] == (expected.label == "cat")


@pytest.mark.parametrize("network", ["cats-vs-dogs", "flowers", "imagenet", "cats-vs-dogs-shufflenet", "mnist"])
def test_fields_are_the_anatomy_s(cat: Photo, network: str) -> None:
    classifier = cnnhub.load(network)
    traced = anatomy.trace(classifier.network, classifier.config.pretrained_cfg.input_size)
    told = asked(cat, network, ask="fields")["layers"]
    assert len(told) == len(classifier.stages())
    for name, layer in zip(classifier.stages(), told, strict=True):
        channels, height, width = classifier.layer_shapes()[name]
        assert list(layer["size"]) == [width, height]
        sees = traced.within(name)[-1].sees
        assert (layer["field"] is None) == (not isinstance(sees, ReceptiveField))
        if isinstance(sees, ReceptiveField):
            assert (layer["field"]["size"], layer["field"]["stride"]) == (sees.size, sees.stride)
        assert f"{channels} maps" in layer["words"]


def test_own_filters_are_the_first_layer_s(cat: Photo, classifier: cnnhub.Classifier) -> None:
    told = asked(cat, ask="first_filters")
    numbers = [each["channel"] for each in told["filters"]]
    assert told["layer"] == "conv_stem" and len(set(numbers)) == questions.FILTERS and numbers == sorted(numbers)
    spread = classifier.feature_maps(EXAMPLES / "cat.jpg", "conv_stem")["conv_stem"].std((1, 2))
    assert spread[numbers].min() > spread.median()


@pytest.mark.parametrize("share", [0, 0.5])
def test_the_head_s_logits_are_the_network_s_with_units_off(cat: Photo, classifier: cnnhub.Classifier, share: float) -> None:
    told = asked(cat, ask="head", share=share, seed=3)
    features = classifier.embed(EXAMPLES / "cat.jpg")
    last = classifier.network.get_classifier()
    left = np.array(told["left"])
    assert (~left).sum() == round(share * len(features))
    given = torch.from_numpy(np.where(left, features, 0) / left.mean()).float()
    assert told["logits"] == pytest.approx(last(given).tolist(), abs=1e-3)
    assert told["features"] == pytest.approx(features.tolist(), abs=1e-4)
    shares = softmax(np.array([told["logits"]]) / told["temperature"])[0]
    if not share:
        assert shares.max() == pytest.approx(classifier.predict(EXAMPLES / "cat.jpg").probability, abs=1e-4)


def test_what_was_measured_is_the_card_s(cat: Photo, classifier: cnnhub.Classifier) -> None:
    told = asked(cat, ask="reliability")
    stored = [each for each in classifier.config.cnnhub.reliability.bins if each.count >= 30]
    assert [(each["count"], each["correct"]) for each in told["bins"]] == [(each.count, each.correct) for each in stored]
    strange = {each["name"]: each["strangeness"] for each in told["examples"]}
    assert len(strange) == 12 and told["threshold"] == classifier.threshold
    assert strange[texts.example_names("en")["pizza.jpg"]] == pytest.approx(
        classifier.predict(EXAMPLES / "pizza.jpg").strangeness
    )


@pytest.mark.parametrize("trick", ["crop", "texture", "noise", "outline", "horse"])
def test_a_trick_is_answered(cat: Photo, trick: str) -> None:
    told = asked(cat, ask="fooled", trick=trick, strength=1)
    assert told["answer"] in ("cat", "dog") and told["picture"].startswith("data:image/png") and 0.5 <= told["probability"] <= 1


def test_an_untouched_photo_is_answered_as_ever(cat: Photo, classifier: cnnhub.Classifier) -> None:
    expected = classifier.predict(EXAMPLES / "cat.jpg")
    for trick in ("crop", "texture", "noise", "outline"):
        told = asked(cat, ask="fooled", trick=trick, strength=0)
        assert told["probability"] == pytest.approx(expected.probability, abs=1e-6), trick


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"ask": "everything"},
        {"ask": ["changed"]},
        {"ask": "pooled", "mode": "median", "times": 1},
        {"ask": "pooled", "mode": "max", "times": 99},
        {"ask": "pooled", "mode": "max", "times": "1"},
        {"ask": "fooled", "trick": "../../etc"},
    ],
)
def test_a_question_that_is_none_has_no_answer(cat: Photo, sent: dict[str, Any]) -> None:
    assert answer(sent, cat, "cats-vs-dogs", "en") == {}


@pytest.mark.parametrize("value", ["much", None, float("nan"), -5, 1e300, True, [1]])
def test_numbers_out_of_range_are_brought_back(cat: Photo, value: Any) -> None:
    assert asked(cat, ask="head", share=value, seed=value)["logits"]
    assert asked(cat, ask="fooled", trick="crop", strength=value)["answer"]


def test_without_a_photo_or_with_a_broken_one_it_says_so() -> None:
    broken = Photo(b"\xff\xd8 broken")
    for name in QUESTIONS:
        assert asked(None, ask=name)["problem"] == texts.t("en", "no_photo")
    assert texts.t("zh-CN", "error_image") in asked(broken, language="zh-CN", ask="changed")["problem"]


def test_a_network_of_another_kind_says_what_it_lacks(cat: Photo) -> None:
    assert asked(cat, "no-such-network", ask="changed")["problem"]


# ---- what no photo changes
def test_the_digits_are_the_library_s() -> None:
    told = asked(None, ask="digits")
    assert base64.b64decode(told["digits"]) == handwriting.DIGITS_FILE.read_bytes() and told["seconds"] == 5


@pytest.mark.parametrize("language", ["en", "zh-TW"])
def test_the_curves_are_those_that_were_measured_and_the_networks_those_that_are_built_in(language: str) -> None:
    told = asked(None, ask="transfer", language=language)
    assert told["measured"] == json.loads((SPACE / "demo/tabs/tour/transfer.json").read_text(encoding="utf-8"))
    listed = {entry.name: entry for entry in catalogue.builtin_entries()}
    assert [each["title"] for each in told["networks"]] == [networks.title(language, name) for name in listed]
    for each, (name, entry) in zip(told["networks"], listed.items(), strict=True):
        stored = json.loads((ROOT / "cnnhub/builtin" / name / "config.json").read_text(encoding="utf-8"))["cnnhub"]
        measured = stored.get("metrics", {}).get("validation", {})
        assert (each["accuracy"], each["validation"]) == (measured.get("top1"), measured.get("n"))
        assert each["pictures"] == stored.get("counts", {}).get("train") and each["architecture"] == entry.config.architecture
        if name == "mnist":
            assert each["origin"] is None and "from random weights" in entry.card.text
        else:
            assert "ImageNet" in each["origin"] and each["origin"].split(",")[0] in entry.card.text
    (breeds,) = [each["breeds"] for each in told["networks"] if each["breeds"]]
    assert breeds["pictures"] == 179 and breeds["accuracy"] == pytest.approx(0.866, abs=1e-3)  # as its card says
