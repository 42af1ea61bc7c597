"""Archives of pictures, unpacked once: a stranger's, so nothing leaves the folder, nothing is a link, and there are limits."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import IO

import datasets

from cnnhub.files import atomic_file, atomic_folder
from training.data.layout import FORMS, DataError

SECONDS = 60.0  # of silence, after which a download is given up
MOST_MEMBERS = 3_000_000
MOST_BYTES = 500 * 2**30
MOST_GROWTH, FREE_BYTES = (
    30,
    2**30,
)  # pictures hardly shrink: beyond so many times an archive's size, and a gigabyte, it is a bomb

Member = tuple[str, IO[bytes]]


def downloaded(address: str) -> Path:
    """The file at an http(s) address, whole, in the cache of `datasets`; asked for once.

    Raises:
        OSError: it cannot be reached, or breaks off.
    """
    file = Path(datasets.config.DOWNLOADED_DATASETS_PATH) / f"cnnhub-{hashlib.sha256(address.encode()).hexdigest()[:32]}"
    if not file.is_file():
        with urllib.request.urlopen(address, timeout=SECONDS) as response, atomic_file(file) as kept:
            shutil.copyfileobj(response, kept)
            if (announced := response.headers["Content-Length"]) and kept.tell() != int(announced):
                raise OSError(f"the connection broke off after {kept.tell():,} of {int(announced):,} bytes")
    return file


def unpacked(archive: Path) -> Path:
    """The folder in the cache of `datasets` that holds the archive's files; unpacked if it is not there.

    Raises:
        DataError: it is no archive, damaged, locked with a password, larger than the limits, or a name in it leads elsewhere.
        OSError: the disk is full or cannot be written to.
    """
    status = archive.stat()
    key = hashlib.sha256(f"{archive.resolve()} {status.st_size} {status.st_mtime_ns}".encode()).hexdigest()[:32]
    folder = Path(datasets.config.EXTRACTED_DATASETS_PATH) / f"cnnhub-{key}"
    if not folder.is_dir():
        with atomic_folder(folder) as place:
            _unpack(archive, place)
    return folder


def _unpack(archive: Path, place: Path) -> None:
    left = min(MOST_BYTES, MOST_GROWTH * archive.stat().st_size + FREE_BYTES)
    try:
        for number, (name, content) in enumerate(_members(archive)):
            if number >= MOST_MEMBERS:
                raise DataError(
                    f"{archive} holds more than {MOST_MEMBERS:,} files, the limit. Unpack it yourself if you trust it."
                )
            target = place / _inside(name, archive)
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                while data := content.read(min(2**20, left + 1)):
                    left -= len(data)
                    if left < 0:
                        raise DataError(
                            f"{archive} unpacks to more than {MOST_GROWTH} times its size, which pictures do not. "
                            "Unpack it yourself if you trust it, and give the folder."
                        )
                    file.write(data)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, LZMAError, EOFError, RuntimeError) as error:
        raise DataError(
            f"{archive} cannot be unpacked: {error}. Fetch it again, or unpack it yourself and give the folder."
        ) from error
    except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
        raise DataError(f"{archive} holds two things of one name: {Path(error.filename).relative_to(place)}.") from error


def _members(archive: Path) -> Iterator[Member]:
    """Its regular files, one open at a time; links and devices are passed over."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            for entry in zipped.infolist():
                if not entry.is_dir() and (entry.external_attr >> 28) in (0, 0o10):  # no kind given, or a regular file
                    with zipped.open(entry) as content:
                        yield entry.filename, content
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive) as tar:
            for member in tar:
                content_of = tar.extractfile(member) if member.isreg() else None
                if content_of:
                    with content_of:
                        yield member.name, content_of
    else:
        with archive.open("rb") as file:
            begin = file.read(60)
        page = " It begins like a web page: the address may want a login." if begin.lstrip()[:1] == b"<" else ""
        raise DataError(f"{archive} is no archive that can be unpacked (it begins with {begin[:16]!r}).{page} {FORMS}")


def _inside(name: str, archive: Path) -> PurePosixPath:
    """A member's path in the folder it is unpacked to."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0] or "\0" in name or not path.parts:
        raise DataError(f"{archive} holds a file named {name[:200]!r}, which would lie outside its folder. Nothing was unpacked.")
    return path
