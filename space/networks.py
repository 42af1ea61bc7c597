"""The networks that this page offers: loaded once, shared by all visitors, chosen by name from this list alone."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cnnhub

_DEFAULT_ORDER = ("cats-vs-dogs", "flowers", "imagenet")
_own: dict[str, cnnhub.Classifier] = {}


def add_own(source: str) -> None:
    """Offer one more model: a folder, as `make app MODEL=./runs/mine` does."""
    name = Path(source).resolve().name
    _own[f"{name}-own" if name in _DEFAULT_ORDER else name] = cnnhub.load(source)


def names() -> list[str]:
    """Own models first, since whoever starts the page with one wants to see it."""
    return [*_own, *_DEFAULT_ORDER]


def known(name: str | None) -> str:
    """The name itself if it is offered here, else the first that is."""
    return name if name in names() else names()[0]


def is_own(name: str) -> bool:
    return name in _own


def get(name: str) -> cnnhub.Classifier:
    """The network with this name.

    Raises:
        UnknownNameError: it is not offered here; a visitor's words never become a path or a Hub id.
    """
    if name in _own:
        return _own[name]
    if name not in _DEFAULT_ORDER:
        raise cnnhub.errors.UnknownNameError("model", name, names())
    return _builtin(name)


@cache
def _builtin(name: str) -> cnnhub.Classifier:
    return cnnhub.load(name)
