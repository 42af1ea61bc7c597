"""A repository on the Hub: its files fetched by huggingface_hub, all of one commit, and checked against what the Hub announced.

The Hub announces a hash for each file (sha256 for large ones, git's blob id for small ones), and the client checks only the
size. Here the content is hashed too, once: a small sidecar beside the client's cache keeps the hash and remembers which file
was found whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from cnnhub.errors import (
    AccessDeniedError,
    CorruptedFileError,
    HubUnreachableError,
    ModelNotFoundError,
    ModelTooLargeError,
    RevisionNotFoundError,
)
from cnnhub.files import write_atomically

_COMMIT = re.compile(r"[0-9a-f]{40}")
_HASH = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
_WAY_OUT = (
    "Use local_files_only=True for a model that was loaded before, or a built-in one (see cnnhub.builtin_models()); "
    "the command asks only the cache with HF_HUB_OFFLINE=1."
)


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
    ) -> None:
        from huggingface_hub.constants import is_offline_mode

        self.name, self.revision = name, revision or "main"
        self.title = f"{name}@{revision}" if revision else name
        self._cache_dir, self._token, self._max_bytes = cache_dir, _sound(token), max_bytes
        self._is_offline = local_files_only or is_offline_mode()
        self._commit = self.revision if _COMMIT.fullmatch(self.revision) else None
        self._older: str | None = None  # the commit that the revision named when it was last loaded, where it has moved

    def file(self, filename: str) -> Path:
        """A file of it on disk, whole.

        A cached commit is never asked for again; for a branch or a tag one request tells whether it has moved. Where the
        Hub cannot be reached, what is cached is used, with a warning. A file that was damaged on disk is fetched again.

        Raises:
            FileNotFoundError: this revision has no such file.
            ModelNotFoundError: there is no such repository; its children: no such revision, no right to read it, or the Hub
                does not answer and the file is not in the cache.
            CorruptedFileError: the content is not what the Hub announced, and cannot be fetched again.
            ModelTooLargeError: the Hub announces more than max_bytes; nothing was downloaded.
        """
        if self._max_bytes is not None and not self._is_offline:
            self._refuse_large(filename, self._max_bytes)
        path = self._fetch(filename, self._commit) if self._commit else self._newest(filename)
        self._commit = path.parent.name
        hash = self._announced(filename, path)
        if hash is None or _is_whole(path, hash):
            return path
        if not self._is_offline:
            warnings.warn(f"{filename} of {self.title} was damaged in the cache and is fetched again.", stacklevel=2)
            if not path.is_symlink():  # the client would leave it as it is
                path.unlink()
            with contextlib.suppress(HubUnreachableError):
                path = self._fetch(filename, self._commit, force=True)
                if _is_whole(path, hash):
                    return path
        raise CorruptedFileError(
            f"{filename} of {self.title} is damaged: its hash is not {hash}, which the Hub announced. "
            f"Load it once while the Hub can be reached, or delete {path.resolve()}."
        )

    def is_cached(self, filename: str) -> bool:
        """Whether a file of the commit in question need not be downloaded."""
        from huggingface_hub import try_to_load_from_cache

        return isinstance(try_to_load_from_cache(self.name, filename, self._cache_dir, self._commit or self.revision), str)

    def names(self) -> list[str]:
        """The files of this revision; none where the Hub cannot be asked."""
        from huggingface_hub import list_repo_files

        if self._is_offline:
            return []
        with contextlib.suppress(ModelNotFoundError):
            ask = partial(list_repo_files, self.name, revision=self._commit, token=self._token)
            return list(self._asked("", self._commit or self.revision, ask))
        return []

    def older(self, *filenames: str) -> HubRepository | None:
        """The commit that the revision named before it moved, from the cache; None where it has not, or they are not there."""
        from huggingface_hub import try_to_load_from_cache

        if self._older is None:
            return None
        found = (try_to_load_from_cache(self.name, name, self._cache_dir, self._older) for name in filenames)
        whole = all(isinstance(path, str) for path in found)
        return HubRepository(self.name, self._older, self._cache_dir, self._token, local_files_only=True) if whole else None

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

    def _refuse_large(self, filename: str, max_bytes: int) -> None:
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

        url = hf_hub_url(self.name, filename, revision=self._commit or self.revision)
        announced = self._asked(filename, self._commit or self.revision, lambda: get_hf_file_metadata(url, token=self._token))
        if announced.size is None or announced.size > max_bytes:
            size = "an unknown number of" if announced.size is None else f"{announced.size:,}"
            raise ModelTooLargeError(
                f"{filename} of {self.title} has {size} bytes; the limit is {max_bytes:,}. "
                "Take a smaller model, or raise max_bytes."
            )
        self._commit = announced.commit_hash  # what was measured is what is fetched

    def _newest(self, filename: str) -> Path:
        """The file at the commit that the branch or tag names now, asking the Hub once if that is cached."""
        if self._is_offline:
            return self._fetch(filename, self.revision)
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(self.name, filename, self._cache_dir, self.revision)
        cached = Path(found) if isinstance(found, str) else None
        try:
            commit = self._metadata(filename, self.revision).commit_hash
        except HubUnreachableError as error:
            if cached is None:
                raise
            warnings.warn(f"{error} The copy in the cache is used; it may not be the newest.", stacklevel=3)
            self._is_offline = True  # asking again would only mean waiting again
            return cached
        if cached and cached.parent.name == commit:
            return cached
        self._older = cached.parent.name if cached else None
        return self._fetch(filename, commit)

    def _metadata(self, filename: str, revision: str) -> Any:
        """What the Hub says of a file: its commit, and its hash (`etag`). One request."""
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

        url = hf_hub_url(self.name, filename, revision=revision)
        announced = self._asked(filename, revision, lambda: get_hf_file_metadata(url, token=self._token))
        if announced.commit_hash is None:
            raise HubUnreachableError(f"{url} was answered, but not by a Hub: no commit was named. Check HF_ENDPOINT. {_WAY_OUT}")
        return announced

    def _fetch(self, filename: str, revision: str, force: bool = False) -> Path:
        """The file at a commit, or at the revision where the Hub may not be asked: from the cache if it is there."""
        from huggingface_hub import hf_hub_download, try_to_load_from_cache

        # The client would find it there too, but may ask the Hub for news of its own meanwhile.
        found = try_to_load_from_cache(self.name, filename, self._cache_dir, revision)
        if isinstance(found, str) and not force:
            return Path(found)
        if self._is_offline:
            raise HubUnreachableError(
                f"{filename} of {self.title} is not in the cache and the Hub may not be asked. Load it once online, "
                "or unset local_files_only and HF_HUB_OFFLINE."
            )
        return Path(
            self._asked(
                filename,
                revision,
                lambda: hf_hub_download(
                    self.name,
                    filename,
                    revision=revision,
                    cache_dir=self._cache_dir,
                    token=self._token,
                    force_download=force,
                ),
            )
        )

    def _announced(self, filename: str, path: Path) -> str | None:
        """The hash that the Hub announced for a cached file: the name under which the cache keeps it, to which `path` links.

        That may be a link too, to a file that repositories share, whose name is another hash. Where the system has no
        links, the hash is asked for once and stands in the sidecar; None if it never could be.
        """
        if path.is_symlink() and _HASH.fullmatch(path.readlink().name):
            return path.readlink().name
        with contextlib.suppress(OSError, UnicodeDecodeError):
            kept = _sidecar(path).read_text().partition(" ")[0]
            if _HASH.fullmatch(kept):
                return kept
        if not self._is_offline and self._commit:
            with contextlib.suppress(HubUnreachableError):
                etag = self._metadata(filename, self._commit).etag
                return etag if etag and _HASH.fullmatch(etag) else None
        return None

    def _asked(self, filename: str, revision: str, ask: Callable[[], Any]) -> Any:
        """Ask the client; its many errors become ours."""
        from huggingface_hub import errors, hf_hub_url

        started = time.monotonic()
        url = hf_hub_url(self.name, filename, revision=revision)
        try:
            return ask()
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
        if isinstance(why, errors.HfHubHTTPError) and why.response.status_code in (401, 403):
            raise AccessDeniedError(
                f"The Hub refuses {url}: {_one_line(why)}. Check token=... or HF_TOKEN, and what it may read."
            ) from cause
        seconds = time.monotonic() - started
        raise HubUnreachableError(
            f"The Hub did not give {url} ({seconds:.1f} seconds, {type(why).__name__}: {_one_line(why)}). {_WAY_OUT}"
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


def _is_whole(path: Path, hash: str) -> bool:
    """Whether a cached file's content has this hash; it is hashed once, until the file changes."""
    status = path.stat()
    entry = f"{hash} {status.st_size} {status.st_mtime_ns} {status.st_ino}".encode()
    sidecar = _sidecar(path)
    with contextlib.suppress(OSError):
        if sidecar.read_bytes() == entry:
            return True
    if _digest(path, hash) != hash:
        return False
    with contextlib.suppress(OSError):  # a cache that cannot be written is hashed each time
        write_atomically(sidecar, entry)
    return True


def _digest(path: Path, like: str) -> str:
    """The sha256 of a large file, git's blob id of a small one; the length of the announced hash tells which."""

    def small() -> Any:
        return hashlib.sha1(b"blob %d\0" % path.stat().st_size)

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256" if len(like) == 64 else small).hexdigest()
