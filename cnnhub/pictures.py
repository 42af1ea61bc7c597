"""The pictures in a folder and below: found by what the files hold, with all that was left out and why."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from cnnhub.errors import ImageError
from cnnhub.images import begins_like_a_picture

# A file named like this is a picture, and one that cannot be read is an error; any other is one if it begins like one.
SUFFIXES = frozenset(
    ".jpg .jpeg .jpe .jfif .mpo .png .apng .webp .gif .bmp .dib .tif .tiff .ppm .pgm .pbm .pnm .avif .avifs .tga .jp2 .j2k "
    ".heic .heics .heif .hif".split()
)
_CONTROLS = {number: f"\\x{number:02x}" for number in (*range(32), *range(127, 160))}  # a terminal would obey them


class Reason(Enum):
    """Why something was left out: of one, of several."""

    NO_PICTURE = ("file that is no picture", "files that are no pictures")
    HIDDEN = ("hidden file or folder", "hidden files and folders")
    FORK = ("file that macOS keeps beside others (._)", "files that macOS keeps beside others (._)")
    LOST_LINK = ("link that leads nowhere", "links that lead nowhere")
    CIRCLE = ("link to a folder that holds it", "links to folders that hold them")
    LOCKED = ("file or folder that may not be read", "files and folders that may not be read")
    UNSPEAKABLE = ("file or folder whose name is not UTF-8", "files and folders whose names are not UTF-8")


@dataclass
class Found:
    """What lies in a folder. All paths are relative to it, with "/" between their parts."""

    folder: Path
    pictures: list[str] = field(default_factory=list)  # sorted
    folders: list[str] = field(default_factory=list)  # sorted; those that are not hidden, with pictures or without
    left_out: dict[Reason, list[str]] = field(default_factory=dict)

    def in_words(self) -> list[str]:
        """What was left out, a phrase for each reason.

        >>> Found(Path("set"), left_out={Reason.HIDDEN: [".cache"], Reason.NO_PICTURE: ["a.txt", "b.csv"]}).in_words()
        ['1 hidden file or folder, .cache', '2 files that are no pictures, such as a.txt']
        """
        return [
            f"{len(paths):,} {reason.value[several]}, {'such as ' if several else ''}{paths[0].translate(_CONTROLS)}"
            for reason, paths in self.left_out.items()
            for several in [len(paths) > 1]
        ]


def find(folder: str | os.PathLike[str]) -> Found:
    """Walk a folder and all below it, links included; nothing is decoded, and what the system refuses is left out.

    Raises:
        ImageError: the folder itself cannot be read.
    """
    found = Found(Path(folder))
    try:
        status = os.stat(folder)
        _walk(found, "", frozenset({(status.st_dev, status.st_ino)}))
    except OSError as error:
        raise ImageError(f"The folder {folder} cannot be read: {error.strerror}.") from error
    found.pictures.sort()
    found.folders.sort()
    return found


def _walk(found: Found, below: str, above: frozenset[tuple[int, int]]) -> None:
    """Add what lies in the folder at `below`; `above` are the devices and numbers of it and of the folders that hold it."""
    for name in sorted(os.listdir(found.folder / below)):
        path = f"{below}/{name}" if below else name
        outcome = _judge(found.folder / path, name, above)
        if isinstance(outcome, Reason):
            found.left_out.setdefault(outcome, []).append(path.encode(errors="replace").decode())
        elif outcome is None:
            found.pictures.append(path)
        else:
            found.folders.append(path)
            _walk(found, path, above | {outcome})


def _judge(path: Path, name: str, above: frozenset[tuple[int, int]]) -> Reason | tuple[int, int] | None:
    """Why something is left out, the device and number of a folder, or None for a picture."""
    if name.startswith("._") or name == "__MACOSX":
        return Reason.FORK
    if name.startswith("."):
        return Reason.HIDDEN
    try:
        name.encode()
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            identity = status.st_dev, status.st_ino
            os.listdir(path)
            return Reason.CIRCLE if identity in above else identity
        if not stat.S_ISREG(status.st_mode):  # a pipe would be waited for
            return Reason.NO_PICTURE
        return None if path.suffix.lower() in SUFFIXES or begins_like_a_picture(_head(path)) else Reason.NO_PICTURE
    except UnicodeEncodeError:
        return Reason.UNSPEAKABLE
    except PermissionError:
        return Reason.LOCKED
    except OSError:
        return Reason.LOST_LINK


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(32)
