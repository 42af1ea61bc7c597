"""English articles, by sound."""

from __future__ import annotations

import re

_SPELT_OUT = re.compile(r"[A-Z](?![a-z])")  # a letter or an initialism: "an LCD", "an X-ray", "a CD player"
_LETTERS_LIKE_AN_X = "AEFHILMNORSX"
_VOWEL_SOUND = re.compile(
    r"""
    (?:hour|honest|honou?r|heir)  # the h is silent
    | 8 | 1[18](?!\d)             # eight, eleven, eighteen
    | (?!eu|ew|one(?!r)|once|ouija|ubiq|uku|u[st][aeiou]|uni(?!n|m)|unan|ura|uro|uru) [aeiou]
    """,
    re.VERBOSE,
)
# Of these there is no single one: things that come in pairs or heaps, and stuffs
_UNCOUNTED = frozenset(
    (
        "binoculars, sunglasses, sunglass, sunscreen, parallel bars, swimming trunks, velvet, wool, hay, corn, broccoli, guacamole, "
        "dough, carbonara, consomme, eggnog, espresso, red wine, mashed potato, chocolate sauce, ice cream, toilet tissue, "
        "face powder, hair spray, chain mail, rapeseed, brass"
    ).split(", ")
)


def with_article(name: str) -> str:
    """A noun as English says it.

    >>> [with_article(name) for name in ("cat", "orange", "unicycle", "hourglass", "iPod", "CD player", "velvet")]
    ['a cat', 'an orange', 'a unicycle', 'an hourglass', 'an iPod', 'a CD player', 'velvet']
    """
    if name in _UNCOUNTED:
        return name
    if _SPELT_OUT.match(name):
        vowel = name[0] in _LETTERS_LIKE_AN_X
    else:
        vowel = bool(_VOWEL_SOUND.match(name.lower()))
    return f"{'an' if vowel else 'a'} {name}"
