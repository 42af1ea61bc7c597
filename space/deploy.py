"""Push this folder to the Hub as a Space: `python -m space.deploy --to owner/name`. Only this file stays behind.

The cnnhub package travels as a folder beside app.py, since a Space installs requirements.txt from package indexes and the
folder of app.py is where Python looks first.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

import cnnhub
from cnnhub.errors import AlreadyPublicError, CnnHubError, PushError
from cnnhub.hub import publish

HERE = Path(__file__).resolve().parent
PACKAGE = Path(cnnhub.__file__).resolve().parent
SKIPPED = re.compile(r"(^|/)(__pycache__|\.gradio|\.\w+_cache|\.DS_Store)(/|$)|\.py[ci]$|^deploy\.py$")
# What a Space is made of. A file of another kind, such as .env, is refused rather than left out, so that nobody is surprised.
KINDS = (
    ".py", ".typed", ".html", ".css", ".js", ".md", ".txt", ".json", ".jsonl", ".jpg", ".png", ".zz", ".safetensors", ".onnx",
)  # fmt: skip
LICENSE = "LICENSE"
SECRET = re.compile(
    rb"\bhf_[A-Za-z0-9]{30,}|\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_\w{50,}|\bAKIA[0-9A-Z]{16}\b|\bsk-[A-Za-z0-9_-]{32,}"
    rb"|\bxox[abpr]-[A-Za-z0-9-]{20,}|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
DESCRIPTION = f"""\
Push the demo to the Hub as a Space, in one commit.

What goes there: this folder (space/) but for deploy.py, the package {PACKAGE.name}/ of version {cnnhub.__version__}
with its built-in models, the licence, and nothing else. The Space installs requirements.txt and runs app.py;
it needs no token and no package that is not published. Files that the Space held and that are not here any
more are deleted by the same commit.

A token with write permission is needed: `hf auth login`, or HF_TOKEN. Files that hold anything like a token are refused.
Pushing again is harmless: the same files make no second commit.

examples:
  python -m space.deploy --to me/cnnhub --dry-run     what would go there, without asking the Hub
  python -m space.deploy --to me/cnnhub --private     a Space that only you can open
  python -m space.deploy --to me/cnnhub
"""


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m space.deploy", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--to", required=True, metavar="OWNER/NAME", help="the Space; it is created if it is not there")
    parser.add_argument("--private", action="store_true", help="create the Space private")
    parser.add_argument("--dry-run", action="store_true", help="list the files and push nothing")
    asked = parser.parse_args(arguments)
    try:
        files = files_of_the_space()
        publish.check_repository(asked.to)
        if asked.dry_run:
            print(listing(files))
        else:
            print(deploy(files, asked.to, asked.private))
    except CnnHubError as error:
        sys.exit(f"{type(error).__name__}: {error}")


def deploy(files: dict[str, Path], repository: str, private: bool) -> str:
    """Push -> the URL of the commit.

    Raises:
        PushError: the name, the token, the permission, another app in that Space, or the Hub's answer.
    """
    with publish.explained(f"Asking the Hub about {repository}", "the demo"):
        try:
            remote = publish.connect(repository, "space", private=private)
        except AlreadyPublicError as error:
            raise PushError(f"{error} --private is for creating one; leave it out.") from error
    there = remote.files() - {".gitattributes"}  # the Hub's own
    if "app.py" in there and f"{PACKAGE.name}/__init__.py" not in there:
        raise PushError(
            f"{repository} holds another app, and this push would delete its files. Expected an empty Space or one that this "
            "command has filled; choose another name."
        )
    with publish.explained(f"The push to {repository}", "the demo"):
        message = f"Deploy cnnhub {cnnhub.__version__}"
        pushed = publish.commit(remote, files, message, stale=there - files.keys(), private=private, say=_say)
    return pushed.url


def files_of_the_space(folder: Path = HERE, package: Path = PACKAGE) -> dict[str, Path]:
    """Path in the Space -> file here.

    Raises:
        PushError: a file is of a kind that no Space needs, or holds what looks like a secret.
    """
    files = {name: folder / name for name in _names(folder)}
    files |= {f"{package.name}/{name}": package / name for name in _names(package)}
    if (package.parent / LICENSE).is_file():  # absent where cnnhub was installed from a wheel
        files[LICENSE] = package.parent / LICENSE
    for name, path in files.items():
        _check(name, path)
    return files


def listing(files: dict[str, Path]) -> str:
    """The files with their sizes in bytes, as they would stand in the Space."""
    sizes = {name: path.stat().st_size for name, path in files.items()}
    rows = [f"{size:>12,}  {name}" for name, size in sorted(sizes.items())]
    return "\n".join([*rows, f"{sum(sizes.values()):>12,}  {len(sizes)} files; nothing was pushed"])


def _names(folder: Path) -> list[str]:
    """Paths of the files that travel, relative to the folder and with slashes."""
    paths = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if not path.is_dir())
    return [name for name in paths if not SKIPPED.search(name)]


def _check(name: str, path: Path) -> None:
    if (path.suffix not in KINDS and name != LICENSE) or any(part.startswith(".") for part in Path(name).parts):
        raise PushError(f"{path} is no part of a Space; expected {', '.join(KINDS)}. Move it out of the folder.")
    if path.is_symlink():
        raise PushError(f"{path} is a link; put the file itself there, or move it out of the folder.")
    data, token = path.read_bytes(), os.environ.get("HF_TOKEN", "").strip().encode()
    found = SECRET.search(data)
    if found or (len(token) >= 8 and token in data):
        start = found.start() if found else data.index(token)
        line = data.count(b"\n", 0, start) + 1
        raise PushError(
            f"{path}, line {line}, holds what looks like a token or a key, and everybody could read it in the Space. "
            "Take it out (and revoke it if it was real); a Space keeps secrets in its settings."
        )


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    main()
