"""Whether a folder can be written to, asked before long work."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cnnhub.errors import OutputError


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
