"""A repository on the Hub: its files, all of one commit, in huggingface_hub's cache, and checked against what the Hub announced.

The Hub announces a hash for each file (sha256 for large ones, git's blob id for small ones). A file takes its place in the cache
once its content has that hash; a small sidecar beside the client's cache keeps the hash and remembers which file was found whole.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import time
import uuid
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cnnhub.errors import (
    AccessDeniedError,
    CnnHubError,
    CorruptedFileError,
    HubUnreachableError,
    ModelNotFoundError,
    ModelTooLargeError,
    ModelWeightsError,
    RevisionNotFoundError,
)
from cnnhub.files import write_atomically
from cnnhub.hub.transfer import COMMIT, WAY_OUT, Announced, announced, download, shown
from cnnhub.hub.whole import HASH, digest, is_whole, noted, remember

_UNVERIFIED = "unverified-"  # before the name of a file in the cache for which the Hub announced no hash


class HubRepository:
    """One revision of a repository. The first file asked for decides the commit, and all others come from it."""

    def __init__(
        self,
        name: str,
        revision: str | None = None,
        cache_dir: Path | None = None,
        token: str | bool | None = None,
        local_files_only: bool = False,
        max_bytes: int | None = None,
        allow_unverified: bool = False,
    ) -> None:
        from huggingface_hub.constants import is_offline_mode

        self.name, self.revision = name, revision or "main"
        self.title = f"{name}@{revision}" if revision else name
        self._cache_dir, self._token, self._max_bytes = cache_dir, _sound(token), max_bytes
        self._is_offline, self._allow_unverified = local_files_only or is_offline_mode(), allow_unverified
        self._commit = self.revision if COMMIT.fullmatch(self.revision) else None
        self._older: str | None = None  # the commit that the revision named when it was last loaded, where it has moved

    def file(self, filename: str, most: int | None = None) -> Path:
        """A file of it on disk, whole.

        A cached commit is never asked for again; for a branch or a tag one request tells whether it has moved. Where the
        Hub cannot be reached, what is cached is used, with a warning. A file that was damaged on disk is fetched again.

        Args:
            most: bytes that such a file has at most, whatever max_bytes allows.

        Raises:
            FileNotFoundError: this revision has no such file.
            ModelNotFoundError: there is no such repository; its children: no such revision, no right to read it, or the Hub
                does not answer and the file is not in the cache.
            CorruptedFileError: the content is not what the Hub announced, and cannot be fetched again.
            ModelWeightsError: the Hub announced no hash by which the content can be checked.
            ModelTooLargeError: it has more than max_bytes; nothing was downloaded.
        """
        path = self._fetch(filename, self._commit, most) if self._commit else self._newest(filename, most)
        self._commit = path.parent.name
        self._check_size(filename, path.stat().st_size, most)
        hash = self._announced(filename, path)
        if hash is None:
            self._check_verifiable(filename, "none that was kept")
            return path
        if is_whole(path, hash, _sidecar(path)):
            return path
        if not self._is_offline:
            warnings.warn(f"{filename} of {self.title} was damaged in the cache and is fetched again.", stacklevel=2)
            with contextlib.suppress(HubUnreachableError):
                path = self._downloaded(filename, self._commit, most, anew=True)
                if is_whole(path, hash, _sidecar(path)):
                    return path
        raise CorruptedFileError(
            f"{filename} of {self.title} is damaged: its hash is not {hash}, which the Hub announced. "
            f"Load it once while the Hub can be reached, or delete {path.resolve()}."
        )

    def is_cached(self, filename: str) -> bool:
        """Whether a file of the commit in question need not be downloaded."""
        from huggingface_hub import try_to_load_from_cache

        return isinstance(try_to_load_from_cache(self.name, filename, self._cache_dir, self._commit or self.revision), str)

    def first_of(self, filenames: Iterable[str]) -> str | None:
        """The first of these names that this revision holds; None where it holds none, or the Hub cannot be asked."""
        for filename in () if self._is_offline else filenames:
            with contextlib.suppress(FileNotFoundError, ModelNotFoundError):
                self._metadata(filename, self._commit or self.revision)
                return filename
        return None

    def older(self, *filenames: str) -> HubRepository | None:
        """The commit that the revision named before it moved, from the cache; None where it has not, or they are not there."""
        from huggingface_hub import try_to_load_from_cache

        if self._older is None:
            return None
        found = (try_to_load_from_cache(self.name, name, self._cache_dir, self._older) for name in filenames)
        whole = all(isinstance(path, str) for path in found)
        offline = {"local_files_only": True, "allow_unverified": self._allow_unverified}
        return HubRepository(self.name, self._older, self._cache_dir, self._token, **offline) if whole else None

    def remember(self, path: Path) -> None:
        """Let the cache's entry of the revision name the commit of `path`, a file of it: all that was wanted is there.

        The client would do so before the first file has come, and a commit of which only a part could be fetched would
        hide the older one that is whole.
        """
        commit, storage = path.parent.name, path.parents[2]
        entry = storage / "refs" / self.revision
        with contextlib.suppress(OSError):  # a cache that cannot be written is asked about each time
            if commit != self.revision and not (entry.is_file() and entry.read_text() == commit):
                write_atomically(entry, commit.encode())

    def _newest(self, filename: str, most: int | None) -> Path:
        """The file at the commit that the branch or tag names now, asking the Hub once if that is cached."""
        if self._is_offline:
            return self._fetch(filename, self.revision, most)
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(self.name, filename, self._cache_dir, self.revision)
        cached = Path(found) if isinstance(found, str) else None
        try:
            commit = self._metadata(filename, self.revision).commit
        except HubUnreachableError as error:
            if cached is None:
                raise
            warnings.warn(f"{error} The copy in the cache is used; it may not be the newest.", stacklevel=3)
            self._is_offline = True  # asking again would only mean waiting again
            return cached
        if cached and cached.parent.name == commit:
            return cached
        self._older = cached.parent.name if cached else None
        return self._fetch(filename, commit, most)

    def _metadata(self, filename: str, revision: str) -> Announced:
        """What the Hub says of a file. One request."""
        from huggingface_hub import hf_hub_url

        url = hf_hub_url(self.name, filename, revision=revision)
        said: Announced = self._asked(url, filename, lambda: announced(url, self._token))
        if COMMIT.fullmatch(revision) and said.commit != revision:
            raise HubUnreachableError(f"{url} was answered with another commit, {said.commit}. Check HF_ENDPOINT. {WAY_OUT}")
        return said

    def _fetch(self, filename: str, revision: str, most: int | None) -> Path:
        """The file at a commit, or at the revision where the Hub may not be asked: from the cache if it is there."""
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(self.name, filename, self._cache_dir, revision)
        if isinstance(found, str):
            return Path(found)
        if self._is_offline:
            raise HubUnreachableError(
                f"{filename} of {self.title} is not in the cache and the Hub may not be asked. Load it once online, "
                "or unset local_files_only and HF_HUB_OFFLINE."
            )
        return self._downloaded(filename, revision, most)

    def _downloaded(self, filename: str, commit: str, most: int | None, anew: bool = False) -> Path:
        """The file of a commit, in the client's cache; `anew` even where its content is there already."""
        from huggingface_hub import hf_hub_url

        said = self._metadata(filename, commit)
        self._check_size(filename, said.size, most)
        if said.hash is None:
            self._check_verifiable(filename, shown(said.etag))
        url = hf_hub_url(self.name, filename, revision=commit)
        path: Path = self._asked(url, filename, lambda: self._kept(filename, said, url, anew))
        return path

    def _kept(self, filename: str, said: Announced, url: str, anew: bool) -> Path:
        """Download a file to where the client keeps it: under its hash, and a link to that under its name."""
        from huggingface_hub import constants
        from huggingface_hub.file_download import repo_folder_name
        from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]  # public, but not listed

        folder, name = Path(self._cache_dir or constants.HF_HUB_CACHE), repo_folder_name(repo_id=self.name, repo_type="model")
        blobs = folder / name / "blobs"
        lock = folder / ".locks" / name / f"{said.hash or _UNVERIFIED + filename}.lock"
        for place in (blobs, lock.parent):
            place.mkdir(parents=True, exist_ok=True)
        path = folder / name / "snapshots" / said.commit / filename
        with WeakFileLock(lock):
            if not anew and said.hash and (blobs / said.hash).exists():  # another commit's; its content is checked by who asks
                _link(blobs / said.hash, path, folder, is_new=False)
                return path
            _check_space(filename, said.size, blobs)
            _link(self._blob(said, url, blobs), path, folder, is_new=True)
        if said.hash:
            remember(path, said.hash, _sidecar(path))
        return path

    def _blob(self, said: Announced, url: str, blobs: Path) -> Path:
        """Download a file into the folder of contents, tried twice where it is not what was announced."""
        part = blobs / f"{said.hash or _UNVERIFIED}.{uuid.uuid4().hex[:8]}.incomplete"
        try:
            for _ in range(2):
                with part.open("wb") as file:
                    download(said, url, self._token, file)
                hash = digest(part, said.hash or 64 * "0")
                if said.hash in (None, hash):
                    blob = blobs / (said.hash or f"{_UNVERIFIED}{hash}")
                    os.replace(part, blob)
                    return blob
        finally:
            part.unlink(missing_ok=True)
        raise CorruptedFileError(
            f"{url} brings a file whose hash is {hash}; {said.hash} was announced. Nothing of it was kept. Try again later; "
            "if it stays so, whoever runs this Hub can mend it."
        )

    def _check_size(self, filename: str, size: int, most: int | None) -> None:
        """Raise where a file is larger than any such file, or than the caller allows."""
        if most is not None and size > most:
            raise ModelTooLargeError(f"{filename} of {self.title} has {size:,} bytes; such a file has at most {most:,}.")
        if self._max_bytes is not None and size > self._max_bytes:
            raise ModelTooLargeError(
                f"{filename} of {self.title} has {size:,} bytes; the limit is {self._max_bytes:,}. "
                "Take a smaller model, or raise max_bytes."
            )

    def _check_verifiable(self, filename: str, etag: str) -> None:
        if not self._allow_unverified:
            raise ModelWeightsError(
                f"{filename} of {self.title} cannot be checked: its ETag is {etag}; expected the sha256 or git's blob id of the "
                "content, as the Hub announces it. Load it from there, or, where you trust who sends it, pass "
                "allow_unverified=True (--allow-unverified on the command line)."
            )

    def _announced(self, filename: str, path: Path) -> str | None:
        """The hash that the Hub announced for a cached file: the name under which the cache keeps it, to which `path` links.

        That may be a link too, to a file that repositories share, whose name is another hash. Where the system has no
        links, the hash is asked for once and stands in the sidecar; None if it never could be.
        """
        if path.is_symlink() and HASH.fullmatch(path.readlink().name):
            return path.readlink().name
        kept = None if path.is_symlink() else noted(_sidecar(path))
        if kept is None and not self._is_offline and self._commit:
            with contextlib.suppress(HubUnreachableError):
                return self._metadata(filename, self._commit).hash
        return kept

    def _asked(self, url: str, filename: str, ask: Callable[[], Any]) -> Any:
        """Ask the client; its many errors become ours."""
        from huggingface_hub import errors

        started = time.monotonic()
        try:
            return ask()
        except CnnHubError:
            raise
        except errors.GatedRepoError as error:
            raise AccessDeniedError(
                f"{self.title} is gated ({url}). Accept its terms on its page, then pass token=... or set HF_TOKEN."
            ) from error
        except errors.RepositoryNotFoundError as error:
            raise ModelNotFoundError(
                f"The Hub has no model {self.title}, or it is private ({url}). Check the name, or give a token that may read it "
                "(token=... or HF_TOKEN)."
            ) from error
        except errors.RevisionNotFoundError as error:
            raise RevisionNotFoundError(
                f"The Hub has no such revision: {self.title} ({url}). Use a branch, a tag or a commit of it."
            ) from error
        except errors.LocalEntryNotFoundError as error:
            cause: Exception = error
        except errors.EntryNotFoundError as error:
            raise FileNotFoundError(filename) from error
        except Exception as error:  # the client raises its HTTP library's own errors too
            cause = error
        why = cause if isinstance(cause, errors.HfHubHTTPError) else cause.__cause__ or cause
        if getattr(getattr(why, "response", None), "status_code", None) in (401, 403):
            raise AccessDeniedError(
                f"The Hub refuses {url}: {_one_line(why)}. Check token=... or HF_TOKEN, and what it may read."
            ) from cause
        seconds = time.monotonic() - started
        raise HubUnreachableError(
            f"The Hub did not give {url} ({seconds:.1f} seconds, {type(why).__name__}: {_one_line(why)}). {WAY_OUT}"
        ) from cause


def _sound(token: str | bool | None) -> str | bool | None:
    """The token without the line's end that it has in a file. The HTTP library prints one that no header can hold."""
    if not isinstance(token, str):
        return token
    if not re.fullmatch(r"[!-~]*", token.strip()):
        raise AccessDeniedError(
            f"The token (of {len(token)} characters, not shown) holds a line break, a space or a letter that no token has. "
            "Copy it again from the Hub's settings, in one piece."
        )
    return token.strip()


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()).rstrip(".")


def _sidecar(path: Path) -> Path:
    """Beside the snapshots of the client's cache, for models--owner--name/snapshots/COMMIT/FILE."""
    return path.parents[2] / "cnnhub-verified" / path.parent.name / path.name


def _check_space(filename: str, size: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise ModelTooLargeError(
            f"{filename} has {size:,} bytes, and {free:,} are free in {folder}. Free some space, or set HF_HOME to another place."
        )


def _link(blob: Path, path: Path, cache: Path, is_new: bool) -> None:
    """Let a file's name lead to its content; where the system has no links, the content takes the name, or a copy of it."""
    from huggingface_hub.file_download import are_symlinks_supported

    path.parent.mkdir(parents=True, exist_ok=True)
    if not are_symlinks_supported(cache):
        os.replace(blob, path) if is_new else shutil.copyfile(blob, path)
        return
    link = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    link.symlink_to(os.path.relpath(blob, path.parent))
    os.replace(link, path)
