"""The networks that this page offers: loaded once, shared by all visitors, chosen by name from this list alone.

Where the page may ask the Hub (`hub_is_on`), a visitor can bring a repository in by its id. It stands in no list: only who
names it meets it.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections import OrderedDict
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from threading import Lock

import cnnhub
from cnnhub.errors import CnnHubError, UnknownNameError
from demo.texts import t

_DEFAULT_ORDER = ("cats-vs-dogs", "flowers", "imagenet", "cats-vs-dogs-shufflenet", "mnist")
_own: dict[str, cnnhub.Classifier] = {}

# A Space of two cores and 2 GiB serves everybody: these let a ResNet-50 in and keep two of its size
HUB_MAX_BYTES = 120_000_000
HUB_MAX_PARAMETERS = 30_000_000
HUB_KEPT = 2
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_from_hub: OrderedDict[str, cnnhub.Classifier] = OrderedDict()
_loading = Lock()


class NotListedError(CnnHubError):
    """The page does not take this repository."""


def add_own(source: str) -> None:
    """Offer one more model: a folder, as `make app MODEL=./runs/mine` does."""
    name = Path(source).resolve().name
    _own[f"{name}-own" if name in _DEFAULT_ORDER else name] = cnnhub.load(
        os.path.abspath(source)
    )  # the server works in another folder


def names() -> list[str]:
    """Own models first, since whoever starts the page with one wants to see it."""
    return [*_own, *_DEFAULT_ORDER]


def title(language: str, name: str) -> str:
    """A network as the page calls it."""
    if is_from_hub(name):
        return name
    return t(language, "model_own", name=name) if is_own(name) else t(language, f"model_{name}")


def known(name: str | None) -> str:
    """The name itself if it is offered here, else the first that is."""
    return name if name in names() else names()[0]


def is_own(name: str) -> bool:
    return name in _own


def is_from_hub(name: str) -> bool:
    """Whether a name is the id of a repository, owner/name; a path never is."""
    return bool(_HUB_ID.fullmatch(name))


def get(name: str) -> cnnhub.Classifier:
    """The network with this name, or the repository with this id where the page may ask the Hub.

    Raises:
        UnknownNameError: it is not offered here; a visitor's words never become a path.
        NotListedError, ModelTooLargeError, ModelNotFoundError, ModelConfigError, ModelWeightsError: see `_hub_model`.
    """
    if name in _own:
        return _own[name]
    if name in _DEFAULT_ORDER:
        return _builtin(name)
    if hub_is_on() and is_from_hub(name):
        return _hub_model(name)
    raise UnknownNameError("model", name, names())


def hub_is_on() -> bool:
    """CNNHUB_HUB_MODELS says so with 1 or 0; left unset it is on, but off on a Space (which has a SPACE_ID)."""
    wanted = os.environ.get("CNNHUB_HUB_MODELS", "")
    return wanted == "1" if wanted else "SPACE_ID" not in os.environ


def hub_list() -> list[str]:
    """Patterns of the ids that may be asked for: CNNHUB_HUB_LIST, or all of them, or on a Space those of timm."""
    wanted = os.environ.get("CNNHUB_HUB_LIST", "").replace(",", " ").split()
    return wanted or (["timm/*"] if "SPACE_ID" in os.environ else ["*"])


def _hub_model(repository: str) -> cnnhub.Classifier:
    """The model in a repository of the Hub; the last few are kept in memory, nothing on disk.

    No token goes along, and the cache of whoever runs the page is not read: visitors reach public models only.

    Raises:
        NotListedError: the page does not take it.
        ModelTooLargeError: its files or its network pass the limits; the weights were not downloaded.
        ModelNotFoundError, ModelConfigError, ModelWeightsError: as for `cnnhub.load`.
    """
    if not any(fnmatchcase(repository, pattern) for pattern in hub_list()):
        raise NotListedError(f"{repository} is not on this page's list: {', '.join(hub_list())}.")
    with _loading:  # one download at a time, and never the same one twice
        if repository not in _from_hub:
            _from_hub[repository] = _downloaded(repository)
            while len(_from_hub) > HUB_KEPT:
                _from_hub.popitem(last=False)
        _from_hub.move_to_end(repository)
        return _from_hub[repository]


def _downloaded(repository: str) -> cnnhub.Classifier:
    """torch runs it: an export would take two seconds and leave a file for each repository that a stranger names."""
    with tempfile.TemporaryDirectory() as folder:
        return cnnhub.load(
            repository,
            engine="torch",
            cache_dir=folder,
            token=False,
            max_bytes=HUB_MAX_BYTES,
            max_parameters=HUB_MAX_PARAMETERS,
        )


@cache
def _builtin(name: str) -> cnnhub.Classifier:
    return cnnhub.load(name)
