"""Whether a folder can be written to, asked before long work."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cnnhub.errors import OutputError
from cnnhub.hub.folder import CARD_NAME, CONFIG_NAME, WEIGHTS_NAME

UNFINISHED = "run"  # what `finetune` keeps there while it trains, and afterwards


def check_writable(folder: Path) -> None:
    """Make the folder, if it is not there, and a file in it that is gone at once.

    Raises:
        OutputError: the system refuses; why.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(f"--output: {folder} cannot be written to: {error.strerror}. Take another folder.") from error


def check_free(folder: Path, advice: str = "Take another folder.") -> None:
    """Whether a model can be written into the folder without one, or somebody's card, being lost.

    Raises:
        OutputError: what lies there.
    """
    held = [name for name in (CARD_NAME, CONFIG_NAME, WEIGHTS_NAME) if (folder / name).exists()]
    begun = (folder / UNFINISHED).is_dir() and CARD_NAME not in held  # killed before the first checkpoint
    if held and not begun:
        raise OutputError(f"--output: {folder} holds {' and '.join(held)} already, which would be lost. {advice}")
