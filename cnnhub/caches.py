"""Where cnnhub and the libraries keep what they fetch and work out; in plain containers a home may not be written to."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def ensure_writable() -> str | None:
    """Point Hugging Face's and matplotlib's caches elsewhere where their own folders cannot be written to.

    A cache of models that is there is left as it is: it can be read. To be called before those libraries are imported.

    Returns:
        What to tell the user, where something was changed.
    """
    home = os.path.expanduser("~")  # "~" itself for a user without HOME and without an entry in passwd
    closed = [] if home.startswith("~") else [name for name, place in _places(home).items() if not _is_writable(place)]
    if not home.startswith("~") and not closed:
        return None
    elsewhere = _own_folder()
    if home.startswith("~"):
        os.environ["HOME"] = str(elsewhere)
        closed = list(_places(str(elsewhere)))
    for name in closed:
        os.environ.setdefault(name, str(elsewhere / name.lower()))
    return f"No cache can be written below {home}; {elsewhere} is used in its place. Set HF_HOME to a folder that is kept."


def own_folder() -> Path:
    """Where cnnhub keeps exported networks and what it found whole: CNNHUB_CACHE, or beside the Hub's cache."""
    from huggingface_hub import constants

    named = os.environ.get("CNNHUB_CACHE")
    return Path(named).expanduser() if named else Path(constants.HF_HUB_CACHE).parent / "cnnhub"


def _places(home: str) -> dict[str, Path]:
    """The variable that moves each cache -> where it lies without that, but for those that were moved already."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or f"{home}/.cache")
    config = Path(os.environ.get("XDG_CONFIG_HOME") or f"{home}/.config")
    ours = Path(os.environ.get("HF_HOME") or cache / "huggingface").expanduser()
    places = {
        "HF_HUB_CACHE": ours / "hub",
        "HF_XET_CACHE": ours / "xet",
        "HF_DATASETS_CACHE": ours / "datasets",
        "HF_MODULES_CACHE": ours / "modules",
        "CNNHUB_CACHE": ours / "cnnhub",
        "MPLCONFIGDIR": config / "matplotlib",
    }
    return {
        name: place
        for name, place in places.items()
        if name not in os.environ and not (name == "HF_HUB_CACHE" and place.is_dir())
    }


def _is_writable(place: Path) -> bool:
    """Whether a folder can be written to, or made where it is not there yet."""
    first = next(folder for folder in (place, *place.parents) if folder.exists())
    return first.is_dir() and os.access(first, os.W_OK | os.X_OK)


def _own_folder() -> Path:
    """A folder for temporary files that is this user's alone, and the same the next time."""
    user = os.getuid() if hasattr(os, "getuid") else "me"
    folder = Path(tempfile.gettempdir()) / f"cnnhub-caches-{user}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = folder.lstat()
    is_own = (
        folder.is_dir() and not folder.is_symlink() and (user == "me" or (known.st_uid == user and not known.st_mode & 0o022))
    )
    return folder if is_own else Path(tempfile.mkdtemp(prefix="cnnhub-caches-"))  # somebody else was here before
