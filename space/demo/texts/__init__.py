"""Every string that a visitor reads, in each language, and the sentences made from measured values.

One table a tab, and `page` for what stands around them; each key with its strings in the order of LANGUAGES.
Taiwan's and the mainland's Chinese are written apart, not converted: row and column alone are 列/行 in one, 行/列 in the other.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from importlib import import_module
from typing import Any, TypeVar

import cnnhub
from cnnhub import errors
from cnnhub.kernels import Nature
from demo.photo.opening import LIMITS
from demo.texts import filter as filter_texts
from demo.texts import page
from demo.texts.english import with_article
from demo.texts.table import LANGUAGES as LANGUAGES
from demo.texts.table import Table

DEFAULT_LANGUAGE = "en"
_TABLES = [import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
TEXTS: Table = {key: strings for table in _TABLES for key, strings in getattr(table, "TEXTS", {}).items()}

# The noun with its measure word, for the names that stand in the built-in models' config.json.
_COUNTED = {
    "zh-TW": {
        "貓": "一隻貓",
        "狗": "一隻狗",
        "雛菊": "一朵雛菊",
        "蒲公英": "一朵蒲公英",
        "玫瑰": "一朵玫瑰",
        "向日葵": "一朵向日葵",
        "鬱金香": "一朵鬱金香",
    },
    "zh-CN": {
        "猫": "一只猫",
        "狗": "一只狗",
        "雏菊": "一朵雏菊",
        "蒲公英": "一朵蒲公英",
        "玫瑰": "一朵玫瑰",
        "向日葵": "一朵向日葵",
        "郁金香": "一朵郁金香",
    },
}

SURE, LIKELY = 0.9, 0.6
MOST_COUNTED = 20  # up to so many labels, "one of these" can be looked up
Made = TypeVar("Made")


@dataclass(frozen=True)
class Sentence:
    """A tab's heading and the line under it, plain text."""

    heading: str
    line: str

    def html(self, role: str = "status") -> str:
        line = f"<p>{prose(self.line)}</p>" if self.line else ""
        return f'<div class="sentence" role="{role}"><h2>{prose(self.heading)}</h2>{line}</div>'


def prose(text: str) -> str:
    """Plain text as HTML, in which no line ends between a number and its percent sign."""
    return escape(text).replace(" %", "\N{NO-BREAK SPACE}%")


def t(language: str, key: str, **values: object) -> str:
    """The string with this key, its {placeholders} filled."""
    text = TEXTS[key][_place(language)].format(**values)
    return _spaced(text) if is_chinese(language) else text


def template(language: str, key: str) -> str:
    """The string with this key, its {placeholders} left for the page's scripts to fill."""
    return TEXTS[key][_place(language)]


def kernel_name(language: str, preset: str) -> str:
    return filter_texts.KERNEL_NAMES[preset][_place(language)]


def example_names(language: str) -> dict[str, str]:
    """File of an example photo -> what it shows, in the order of the picker."""
    return {file: names[_place(language)] for file, names in page.EXAMPLES.items()}


def known_language(language: str) -> str:
    return language if language in LANGUAGES else DEFAULT_LANGUAGE


def is_chinese(language: str) -> bool:
    return known_language(language).startswith("zh")


def percent(share: float) -> str:
    """A share of 1 as people read it; never 100 % or 0 % of what is not exactly so.

    >>> [percent(share) for share in (1.0, 0.9999, 0.9712, 0.004, 0.0001, 0)]
    ['100 %', '> 99.9 %', '97 %', '0.4 %', '< 0.1 %', '0 %']
    """
    if share in (0, 1):
        return f"{share:.0%}".replace("%", " %")
    if share > 0.9994:
        return "> 99.9 %"
    if share < 0.0006:
        return "< 0.1 %"
    digits = 0 if 0.01 <= share <= 0.99 else 1
    return f"{100 * share:.{digits}f} %"


def number(value: float) -> str:
    """Four significant digits, with a true minus sign."""
    return f"{value:,.4g}".replace("-", "−") if abs(value) < 9999 else f"{value:,.0f}".replace("-", "−")


def many(language: str, count: int) -> str:
    """A large count, in the unit that its reader counts in."""
    value = f"{count / 10_000:.0f}" if is_chinese(language) else f"{count / 1_000_000:.3g}"
    return t(language, "many", number=value)


def label_text(language: str, classifier: cnnhub.Classifier, label: str) -> str:
    """What a reader sees for a label: from config.json, else the label's first name."""
    texts = classifier.config.cnnhub.label_texts.get(known_language(language), {})
    return texts.get(label, label.split(",")[0])


def answer(
    language: str,
    classifier: cnnhub.Classifier,
    prediction: cnnhub.Prediction,
    reliability: cnnhub.ReliabilityBin | None = None,
) -> Sentence:
    """The article's sentence, from what was measured on this photo, and how often such answers were right.

    Of a photo unlike anything that the network was taught, one sentence, which guesses nothing.
    """
    count = len(classifier.labels)
    size = "two" if count == 2 else "few" if count <= MOST_COUNTED else "many"
    first, second = (thing_text(language, classifier, label) for label in (*classifier.labels, *classifier.labels)[:2])
    values = {
        "first": first,
        "second": second,
        "count": f"{count:,}",
        "thing": thing_text(language, classifier, prediction.label),
    }
    if prediction.is_unfamiliar:
        return Sentence(t(language, f"none_of_{size}", **values), "")
    degree = "sure" if prediction.probability >= SURE else "likely" if prediction.probability >= LIKELY else "unsure"
    parts = [t(language, f"only_{size}", **values)]
    if reliability:
        parts.append(_right(language, reliability))
    elif not classifier.config.cnnhub.reliability:
        parts.append(t(language, "never_measured"))
    if is_only_english(language, label_text(language, classifier, prediction.label)):
        parts.append(t(language, "names_english"))
    return Sentence(t(language, degree, **values), ("" if is_chinese(language) else " ").join(parts))


def is_only_english(language: str, name: str) -> bool:
    """Whether a name is in Latin letters where the page speaks Chinese; a digit is neither."""
    return is_chinese(language) and name.isascii() and not name.isdecimal()


def measured_on(language: str, reliability: cnnhub.ReliabilityBin) -> str:
    """On which photos it was measured how often such answers are right."""
    lower, upper = (f"{100 * edge:.0f}" for edge in (reliability.lower, reliability.upper))
    return t(language, "measured_on", count=f"{reliability.count:,}", lower=lower, upper=upper)


def strangeness(language: str, value: float | None, threshold: float | None, false_alarm: float | None) -> str:
    """Why a photo is called unfamiliar, and how often that is wrong where it was measured."""
    measured = t(language, "strangeness", value=number(value or 0), threshold=number(threshold or 0))
    mistaken = "" if false_alarm is None else t(language, "false_alarm", share=percent(false_alarm))
    return ("" if is_chinese(language) else " ").join(part for part in (measured, mistaken) if part)


def compared(language: str, first: tuple[Any, Any], second: tuple[Any, Any]) -> str:
    """One sentence about two photos, each given as (classifier, prediction) of the same network."""
    thing, other = (thing_text(language, classifier, prediction.label) for classifier, prediction in (first, second))
    (_, one), (_, two) = first, second
    shares = percent(one.probability), percent(two.probability)
    if one.is_unfamiliar or two.is_unfamiliar:
        both = one.is_unfamiliar and two.is_unfamiliar
        key = "both_unfamiliar" if both else "first_unfamiliar" if one.is_unfamiliar else "second_unfamiliar"
    elif one.label != two.label:
        key = "differ"
    elif shares[0] == shares[1]:
        key = "as_sure"
    else:
        key = "first_surer" if one.probability > two.probability else "second_surer"
    return t(language, f"compare_{key}", thing=thing, other=other, first=shares[0], second=shares[1])


def thing_text(language: str, classifier: cnnhub.Classifier, label: str) -> str:
    """A label as it stands in a sentence: with its article, or its measure word."""
    return _thing(language, label_text(language, classifier, label))


def filter_sentence(
    language: str,
    name: str,
    nature: Nature,
    strongest: tuple[float, int, int] | float,
    *,
    colours: str = "signed",
    channel: str | None = None,
) -> Sentence:
    """What a kernel answers to, as its numbers say, and where it did so on this photo.

    Args:
        strongest: (value, row, column) of the largest |value| of the response map, or the one value that a
            flat map has everywhere.
        colours: what to say of them: "signed" tells red and blue from the kernel, "plain" only above and below zero,
            "cut" and "cut_colour" what became of values outside 0 to 255; "" nothing.
        channel: the name of the colour channel that `strongest` is of.
    """
    if not isinstance(strongest, tuple):
        measured = t(language, "flat", value=number(strongest))
    else:
        value, row, column = strongest
        key = "strongest_channel" if channel else "strongest"
        measured = t(language, key, value=number(value), row=row, column=column, channel=channel)
    line = ("" if is_chinese(language) else " ").join(part for part in (_colours(language, nature, colours), measured) if part)
    return Sentence(t(language, f"nature_{nature.kind}", name=name), line)


def problem(language: str, error: errors.CnnHubError) -> Sentence:
    """An error as a visitor reads it."""
    kinds = {errors.ImageError: "image", errors.KernelError: "kernel", errors.GeometryError: "geometry"}
    kind = kinds.get(type(error), "other")
    if kind != "image":
        return Sentence(t(language, f"error_{kind}"), t(language, f"error_{kind}_more"))
    seen = next((note for note in getattr(error, "__notes__", ()) if f"file_{note}" in TEXTS), "unknown")
    parts = [
        t(language, f"file_{seen}", megapixels=LIMITS.pixels // 1_000_000, side=LIMITS.side),
        t(language, "error_image_more"),
    ]
    return Sentence(t(language, "error_image"), ("" if is_chinese(language) else " ").join(parts))


def attempt(language: str, function: Callable[..., Made], *arguments: Any) -> Made | Sentence:
    """What a function gives, or the sentence that tells its expected error."""
    try:
        return function(*arguments)
    except errors.CnnHubError as error:
        return problem(language, error)


def no_photo(language: str, photo: object | None) -> Sentence:
    """What to say where there is no photo (None), or one whose file is gone."""
    key = "no_photo" if photo is None else "gone"
    return Sentence(t(language, key), t(language, "no_photo_more"))


def _place(language: str) -> int:
    return list(LANGUAGES).index(known_language(language))


def _thing(language: str, name: str) -> str:
    if is_chinese(language):
        return _COUNTED[language].get(name, f"「{name}」" if name.isascii() else name)
    return with_article(name)


def _right(language: str, found: cnnhub.ReliabilityBin) -> str:
    """How many of 100 such answers are right; never all of them where one was wrong."""
    right = round(100 * found.accuracy)
    if found.accuracy == 1:
        return t(language, "right_all")
    return t(language, "right_nearly_all") if right == 100 else t(language, "right_of_100", right=right)


def _spaced(text: str) -> str:
    """Latin letters and digits stand apart from Chinese characters.

    >>> _spaced("也許是tabby。第3站")
    '也許是 tabby。第 3 站'
    """
    text = re.sub(r"([\u4e00-\u9fff])([A-Za-z0-9])", r"\1 \2", text)
    return re.sub(r"([A-Za-z0-9])([\u4e00-\u9fff])", r"\1 \2", text)


def _colours(language: str, nature: Nature, colours: str) -> str:
    if colours in ("cut", "cut_colour"):
        return t(language, "cut_line" if colours == "cut" else "cut_line_colour")
    sign = _sign(language, nature) if colours == "signed" else ""
    return sign or (t(language, "sign_plain") if colours in ("signed", "plain") else "")


def _sign(language: str, nature: Nature) -> str:
    """What red and blue mean, going by where the kernel's positive weights lie."""
    if nature.kind.endswith("_edges"):
        side = "right" if nature.towards_x > 0 else "left"
        if nature.kind == "vertical_edges":
            return t(language, "sign_x", side=t(language, side))
        if nature.kind == "horizontal_edges":
            return t(language, "sign_y", direction=t(language, "downwards" if nature.towards_y > 0 else "upwards"))
        corners = ("upper left", "upper right", "lower left", "lower right")
        corner = corners[2 * (nature.towards_y > 0) + (nature.towards_x > 0)]
        return t(language, "sign_xy", direction=t(language, corner))
    if nature.kind == "details":
        words = ("brighter", "darker") if nature.centre > 0 else ("darker", "brighter")
        return t(language, "sign_centre", brighter=t(language, words[0]), darker=t(language, words[1]))
    return ""
