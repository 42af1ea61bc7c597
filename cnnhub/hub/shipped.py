"""The models that ship with the package, and whether their files are still those that were shipped."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

from cnnhub import caches
from cnnhub.errors import CorruptedFileError
from cnnhub.files import write_atomically
from cnnhub.hub.whole import digest, entry

BUILTIN_FOLDER = Path(__file__).parents[1] / "builtin"
_SUMS_NAME = "SHA256SUMS.txt"
_SHA256 = 64 * "0"  # its length says which hash is meant
_LOADED = (".json", ".safetensors", ".onnx")
_ADVICE = "Install cnnhub again: pip install --force-reinstall cnnhub. (In a clone, after a change that is meant: make sums.)"


def builtin_models() -> list[str]:
    """Names of the models that ship with the package.

    >>> builtin_models()
    ['cats-vs-dogs', 'cats-vs-dogs-shufflenet', 'flowers', 'imagenet', 'mnist']
    """
    named = {name.partition("/")[0] for name, _ in _shipped()}
    return sorted(named | {path.parent.name for path in BUILTIN_FOLDER.glob("*/config.json")})


def check(model: str | None = None, *, anew: bool = False) -> None:
    """Compare the files of a built-in model, or of all, with the hashes that ship beside them.

    Args:
        anew: hash them even where this installation's were found whole before and have not changed since.

    Raises:
        CorruptedFileError: one is missing or has other content.

    >>> check("flowers")
    """
    for each in builtin_models() if model is None else [model]:
        listed = {name: hash for name, hash in _shipped() if name.startswith(f"{each}/")}
        if missing := next((name for name in listed if not (BUILTIN_FOLDER / name).is_file()), None):
            raise CorruptedFileError(f"{BUILTIN_FOLDER / missing} is missing. {_ADVICE}")
        hashes = {BUILTIN_FOLDER / name: listed.get(name, "none") for name in _found(each)}
        entries, note = "\n".join(entry(path, hash) for path, hash in hashes.items()), _note(each)
        if not anew and _holds(note, entries):
            continue
        _compare(hashes)
        if not anew:
            with contextlib.suppress(OSError):  # where it cannot be kept, it is worked out each time
                write_atomically(note, entries.encode())


def sums() -> str:
    """What SHA256SUMS.txt holds when it is up to date, as `sha256sum -c` reads it."""
    return "".join(f"{digest(BUILTIN_FOLDER / name, _SHA256)}  {name}\n" for name in _found(None))


def write_sums() -> None:
    """Write SHA256SUMS.txt anew, after a built-in model was changed in a clone; OSError where the disk refuses."""
    write_atomically(BUILTIN_FOLDER / _SUMS_NAME, sums().encode())


def _shipped() -> Iterator[tuple[str, str]]:
    """MODEL/FILE and its sha256, from the list; nothing where there is no list."""
    try:
        lines = (BUILTIN_FOLDER / _SUMS_NAME).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    for line in lines:
        hash, _, name = line.partition("  ")
        yield name, hash


def _found(model: str | None) -> list[str]:
    """MODEL/FILE of those that are there and are loaded."""
    paths = BUILTIN_FOLDER.glob(f"{model or '*'}/*")
    return sorted(path.relative_to(BUILTIN_FOLDER).as_posix() for path in paths if path.suffix in _LOADED)


def _compare(hashes: dict[Path, str]) -> None:
    changed = next((path for path, hash in hashes.items() if digest(path, _SHA256) != hash), None)
    if changed:
        raise CorruptedFileError(f"{changed} is not the file that was shipped: its sha256 is another. {_ADVICE}")


def _holds(note: Path, text: str) -> bool:
    try:
        return note.read_text() == text
    except (OSError, UnicodeDecodeError):
        return False


def _note(model: str) -> Path:
    """Where this installation remembers that a model's files were whole."""
    return caches.own_folder() / "shipped" / hashlib.sha256(str(BUILTIN_FOLDER / model).encode()).hexdigest()[:32]
