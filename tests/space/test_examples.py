"""Every photo that the page offers, shown to every network that ships: no answer is wrong, and none contradicts itself."""

from __future__ import annotations

from typing import Any

import pytest

import cnnhub
from demo import answers, texts
from demo.photo.photo import Photo
from demo.tabs.what import tab
from tests.support.places import SPACE

UNFAMILIAR = None
# Labels that a reader would call right; UNFAMILIAR where the network may say that it knows nothing like it.
_CATS = {"tabby", "tiger cat", "Egyptian cat", UNFAMILIAR}
ALLOWED: dict[str, dict[str, set[str | None]]] = {
    "cats-vs-dogs": {
        "cat.jpg": {"cat"},
        "chelsea.png": {"cat"},
        "dog.jpg": {"dog"},
        "dog-and-person.jpg": {"dog", UNFAMILIAR},
    },
    "cats-vs-dogs-shufflenet": {
        "cat.jpg": {"cat", UNFAMILIAR},
        "chelsea.png": {"cat", UNFAMILIAR},
        "dog.jpg": {"dog", UNFAMILIAR},
        "dog-and-person.jpg": {"dog", UNFAMILIAR},
    },
    "flowers": {
        "daisy.jpg": {"daisy"},
        "sunflower.jpg": {"sunflowers"},
        "tulips.jpg": {"tulips"},
        "roses.jpg": {"roses", UNFAMILIAR},
        "dandelion.jpg": {"dandelion"},
    },
    "mnist": {},  # no photo is a digit
    "imagenet": {
        "cat.jpg": _CATS,
        "chelsea.png": _CATS,
        "dog.jpg": {"beagle", "Cardigan", "basset", "Saint Bernard", UNFAMILIAR},
        "daisy.jpg": {"daisy"},
        "china.jpg": {"palace", "monastery"},
        "pizza.jpg": {"pizza", UNFAMILIAR},
    },
}


@pytest.mark.parametrize("photo", list(texts.example_names("en")))
@pytest.mark.parametrize("network", list(ALLOWED))
def test_no_example_gets_a_wrong_answer(network: str, photo: str) -> None:
    answer = answers.answer_to(Photo((SPACE / "examples" / photo).read_bytes()), network)
    prediction = answer.prediction
    said = UNFAMILIAR if prediction.is_unfamiliar else prediction.label.split(",")[0]
    if prediction.probability >= texts.LIKELY or said is UNFAMILIAR:  # below it the heading says "Hard to say, perhaps ..."
        assert said in ALLOWED[network].get(photo, {UNFAMILIAR}), (said, prediction.probability, prediction.strangeness)
    _agrees_with_itself(answer)


def _agrees_with_itself(answer: answers.Answer) -> None:
    """The sentence, the bars, the card and the JSON say the same."""
    for language in texts.LANGUAGES:
        sentence = texts.answer(language, answer.classifier, answer.prediction, answer.reliability)
        shown: dict[str, Any] = tab._downloads(language, answer, sentence)
        bars = tab._bars(language, answer)
        if answer.prediction.is_unfamiliar:
            assert sentence.line == "" and shown["card"]["hollow"] and "class-" not in bars and 'class="hollow"' in bars
            assert shown["result"]["reliability"] is None and shown["result"]["unfamiliar"]["is_unfamiliar"]
            assert not tab._note(language, answer)
        else:
            assert sentence.line and not shown["card"]["hollow"] and "hollow" not in bars


def test_a_network_that_was_never_measured_says_so() -> None:
    answer = answers.answer_to(Photo((SPACE / "examples" / "china.jpg").read_bytes()), "imagenet")
    assert texts.answer("en", answer.classifier, answer.prediction).line.endswith("was never measured here.")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("unicycle", "a unicycle"),
        ("hourglass", "an hourglass"),
        ("European gallinule", "a European gallinule"),
        ("CD player", "a CD player"),
        ("X-ray", "an X-ray"),
        ("LCD", "an LCD"),
        ("umbrella", "an umbrella"),
        ("one-way street", "a one-way street"),
        ("velvet", "velvet"),
        ("ice cream", "ice cream"),
    ],
)
def test_articles_go_by_sound(name: str, said: str) -> None:
    assert texts.english.with_article(name) == said


def test_every_class_of_imagenet_has_a_chinese_name() -> None:
    classifier = answers.networks.get("imagenet")
    for language in ("zh-TW", "zh-CN"):
        only_english = [label for label in classifier.labels if texts.label_text(language, classifier, label).isascii()]
        assert only_english == ["iPod"]


def test_a_name_that_is_only_english_is_set_apart_and_said_once() -> None:
    classifier = cnnhub.load("cats-vs-dogs")
    classifier.config.cnnhub.label_texts.clear()
    prediction = cnnhub.Prediction("cat", 0.97, {"cat": 0.97, "dog": 0.03})
    sentence = texts.answer("zh-TW", classifier, prediction)
    assert sentence.heading == "這是「cat」。" and sentence.line.count("只有英文") == 1
    assert '<dt lang="en">cat</dt>' in tab._bars("zh-TW", answers.Answer("mine", classifier, prediction))
