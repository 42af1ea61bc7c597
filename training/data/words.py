"""Counts as one reads them aloud, and strangers' words as they may be printed."""

from __future__ import annotations

from rich import markup

from cnnhub.errors import printable


def counted(number: int, noun: str) -> str:
    """A number and its noun.

    >>> counted(1, "group"), counted(2_000, "measurement"), counted(0, "picture")
    ('1 group', '2,000 measurements', '0 pictures')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def escape(text: str) -> str:
    r"""A label or a message in rich's markup: neither rich nor the terminal obeys what stands in it.

    >>> print(escape("cat [red]\x1b[2J"))
    cat \[red]\x1b[2J
    """
    return markup.escape(printable(text))
