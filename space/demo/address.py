"""What an address keeps of a page, so that a teacher can send it: never an uploaded photo, only what was chosen.

`https://.../?lang=zh-TW&tab=filter&example=dog&kernel=sobel_x`. Anything in it that this page does not know is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from demo import texts


@dataclass(frozen=True)
class Address:
    """The choices that an address holds, each None where it holds none.

    Attributes:
        language: its own `lang`, else what the browser prefers.
        example: an example photo's name without its ending, such as "dog".
        parameters: all of them, for the tabs that read their own.
    """

    language: str
    tab: str | None
    example: str | None
    parameters: Mapping[str, str]

    @property
    def is_bare(self) -> bool:
        """Whether the address asks for nothing but, perhaps, a language (or a theme, which is gradio's)."""
        return not [name for name in self.parameters if name != "lang" and not name.startswith("__")]


def read(parameters: Mapping[str, str], accepted: str = "") -> Address:
    """The query of an address, and the browser's Accept-Language header.

    >>> read({"lang": "zh-CN", "tab": "filter"}).tab, read({}, "zh-HK,en;q=0.5").language
    ('filter', 'zh-TW')
    """
    chosen = language(parameters.get("lang"), accepted)
    return Address(chosen, parameters.get("tab"), parameters.get("example"), parameters)


def language(asked: str | None, accepted: str) -> str:
    """The language of the page: the one asked for, else the first of the browser's that it speaks, else English."""
    if asked in texts.LANGUAGES:
        return str(asked)
    for entry in accepted.lower().split(","):
        tag = entry.partition(";")[0].strip()
        if re.fullmatch(r"zh(-hant)?-(tw|hk|mo)|zh-hant", tag):
            return "zh-TW"
        if tag.startswith("zh"):
            return "zh-CN"
        if tag.startswith("en"):
            return "en"
    return texts.DEFAULT_LANGUAGE
