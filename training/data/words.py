"""Counts as one reads them aloud."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """A number and its noun.

    >>> counted(1, "group"), counted(2_000, "measurement"), counted(0, "picture")
    ('1 group', '2,000 measurements', '0 pictures')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
