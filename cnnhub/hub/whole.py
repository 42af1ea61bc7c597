"""Whether a file is the one that was announced: its hash, worked out once and remembered until the file changes."""

from __future__ import annotations

import contextlib
import hashlib
import re
from pathlib import Path
from typing import Any

from cnnhub.files import write_atomically

HASH = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")  # git's blob id of a small file, sha256 of a large one


def is_whole(path: Path, hash: str, note: Path) -> bool:
    """Whether a file's content has this hash; `note` is a file that remembers of which one that was found."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if note.read_text() == entry(path, hash):
            return True
    if digest(path, hash) != hash:
        return False
    remember(path, hash, note)
    return True


def remember(path: Path, hash: str, note: Path) -> None:
    """Note that a file's content has this hash; where the note cannot be written, it is worked out each time."""
    with contextlib.suppress(OSError):
        write_atomically(note, entry(path, hash).encode())


def noted(note: Path) -> str | None:
    """The hash that a note holds; None without one."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        kept = note.read_text().partition(" ")[0]
        return kept if HASH.fullmatch(kept) else None
    return None


def entry(path: Path, hash: str) -> str:
    """What is noted of a file that has this hash: it holds until the file changes."""
    status = path.stat()
    return f"{hash} {status.st_size} {status.st_mtime_ns} {status.st_ino}"


def digest(path: Path, like: str) -> str:
    """The sha256 of a large file, git's blob id of a small one; the length of the announced hash tells which."""

    def small() -> Any:
        return hashlib.sha1(b"blob %d\0" % path.stat().st_size)

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256" if len(like) == 64 else small).hexdigest()
