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
    """
    binoculars sunglasses sunglass sunscreen parallel\xa0bars swimming\xa0trunks velvet wool hay corn broccoli guacamole dough carbonara
    consomme eggnog espresso red\xa0wine mashed\xa0potato chocolate\xa0sauce ice\xa0cream toilet\xa0tissue face\xa0powder hair\xa0spray
    chain\xa0mail rapeseed brass
    """.replace("\n", " ").split(" ")
)


def with_article(name: str) -> str:
    """A noun as English says it.

    >>> [with_article(name) for name in ("cat", "orange", "unicycle", "hourglass", "iPod", "CD player", "velvet")]
    ['a cat', 'an orange', 'a unicycle', 'an hourglass', 'an iPod', 'a CD player', 'velvet']
    """
    if name.replace(" ", "\xa0") in _UNCOUNTED:
        return name
    if _SPELT_OUT.match(name):
        vowel = name[0] in _LETTERS_LIKE_AN_X
    else:
        vowel = bool(_VOWEL_SOUND.match(name.lower()))
    return f"{'an' if vowel else 'a'} {name}"
