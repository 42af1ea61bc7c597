"""A repository on the Hub: its files fetched by huggingface_hub, all of one commit, and checked against what the Hub announced.

The client keeps a file under the hash that the Hub announced for it (sha256 for large files, git's blob id for small
ones) and checks only its size. Here the content is hashed too, once: a small sidecar remembers which file was found whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnnhub.errors import CorruptedFileError, HubUnreachableError, ModelNotFoundError
from cnnhub.files import write_atomically

_COMMIT = re.compile(r"[0-9a-f]{40}")
_WAY_OUT = "Use local_files_only=True for a model that was loaded before, or a built-in one."


class HubRepository:
    """One revision of a repository. The first file asked for decides the commit, and all others come from it."""

    def __init__(
        self,
        name: str,
        revision: str | None = None,
        cache_dir: Path | None = None,
        token: str | None = None,
        local_files_only: bool = False,
    ) -> None:
        from huggingface_hub.constants import is_offline_mode

        self.name, self.revision = name, revision or "main"
        self.title = f"{name}@{revision}" if revision else name
        self._cache_dir, self._token = cache_dir, token
        self._is_offline = local_files_only or is_offline_mode()
        self._commit = self.revision if _COMMIT.fullmatch(self.revision) else None

    def file(self, filename: str) -> Path:
        """A file of it on disk, whole.

        A cached commit is never asked for again; for a branch or a tag one request tells whether it has moved. Where the
        Hub cannot be reached, what is cached is used, with a warning. A file that was damaged on disk is fetched again.

        Raises:
            FileNotFoundError: this revision has no such file.
            ModelNotFoundError: there is no such repository or revision, or it needs a token.
            HubUnreachableError: the Hub does not answer, and the file is not in the cache.
            CorruptedFileError: the content is not what the Hub announced, and cannot be fetched again.
        """
        path = self._fetch(filename, self._commit) if self._commit else self._newest(filename)
        self._commit = path.parent.name
        if _is_whole(path):
            return path
        if not self._is_offline:
            warnings.warn(f"{filename} of {self.title} was damaged in the cache and is fetched again.", stacklevel=2)
            with contextlib.suppress(HubUnreachableError):
                path = self._fetch(filename, self._commit, force=True)
                if _is_whole(path):
                    return path
        raise CorruptedFileError(
            f"{filename} of {self.title} is damaged: its hash is not {path.resolve().name}, which the Hub announced. "
            f"Load it once while the Hub can be reached, or delete {path.resolve()}."
        )

    def _newest(self, filename: str) -> Path:
        """The file at the commit that the branch or tag names now, asking the Hub once if that is cached."""
        if self._is_offline:
            return self._fetch(filename, self.revision)
        from huggingface_hub import get_hf_file_metadata, hf_hub_url, try_to_load_from_cache

        found = try_to_load_from_cache(self.name, filename, self._cache_dir, self.revision)
        cached = Path(found) if isinstance(found, str) else None
        url = hf_hub_url(self.name, filename, revision=self.revision)
        try:
            commit = self._asked(filename, lambda: get_hf_file_metadata(url, token=self._token)).commit_hash
        except HubUnreachableError as error:
            if cached is None:
                raise
            warnings.warn(f"{error} The copy in the cache is used; it may not be the newest.", stacklevel=3)
            self._is_offline = True  # asking again would only mean waiting again
            return cached
        return cached if cached and cached.parent.name == commit else self._fetch(filename, self.revision)

    def _fetch(self, filename: str, revision: str, force: bool = False) -> Path:
        from huggingface_hub import hf_hub_download

        return Path(
            self._asked(
                filename,
                lambda: hf_hub_download(
                    self.name,
                    filename,
                    revision=revision,
                    cache_dir=self._cache_dir,
                    token=self._token,
                    local_files_only=self._is_offline,
                    force_download=force,
                ),
            )
        )

    def _asked(self, filename: str, ask: Callable[[], Any]) -> Any:
        """Ask the client; its many errors become ours."""
        from huggingface_hub import errors, hf_hub_url

        started = time.monotonic()
        try:
            return ask()
        except errors.GatedRepoError as error:
            raise ModelNotFoundError(
                f"{self.title} is gated. Accept its terms on its page, then pass token=... or set HF_TOKEN."
            ) from error
        except errors.RepositoryNotFoundError as error:
            raise ModelNotFoundError(
                f"The Hub has no model {self.title}, or it is private. Check the name, or pass token=...."
            ) from error
        except errors.RevisionNotFoundError as error:
            raise ModelNotFoundError(
                f"The Hub has no such revision: {self.title}. Use a branch, a tag or a commit of it."
            ) from error
        except errors.LocalEntryNotFoundError as error:
            if self._is_offline:
                raise HubUnreachableError(
                    f"{filename} of {self.title} is not in the cache and the Hub may not be asked. Load it once online, "
                    "or unset local_files_only and HF_HUB_OFFLINE."
                ) from error
            cause: Exception = error
        except errors.EntryNotFoundError as error:
            raise FileNotFoundError(filename) from error
        except Exception as error:  # the client raises its HTTP library's own errors too
            cause = error
        seconds = time.monotonic() - started
        url = hf_hub_url(self.name, filename, revision=self.revision)
        why = cause.__cause__ or cause
        raise HubUnreachableError(
            f"The Hub did not give {url} ({seconds:.1f} seconds, {type(why).__name__}: {why}). {_WAY_OUT}"
        ) from cause


def _is_whole(path: Path) -> bool:
    """Whether a cached file's content has the hash that is its blob's name; hashed once, until the file changes.

    Where the system has no links the cache holds plain copies without that name, and nothing is compared.
    """
    blob = path.resolve()
    if not re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", blob.name):
        return True
    status = blob.stat()
    stamp = f"{status.st_size} {status.st_mtime_ns} {status.st_ino}".encode()
    sidecar = blob.parent.parent / "cnnhub-verified" / blob.name
    with contextlib.suppress(OSError):
        if sidecar.read_bytes() == stamp:
            return True
    if _digest(blob) != blob.name:
        return False
    with contextlib.suppress(OSError):  # a cache that cannot be written is hashed each time
        write_atomically(sidecar, stamp)
    return True


def _digest(blob: Path) -> str:
    """The sha256 of a large file, git's blob id of a small one; the length of the blob's name tells which."""

    def small() -> Any:
        return hashlib.sha1(b"blob %d\0" % blob.stat().st_size)

    with blob.open("rb") as file:
        return hashlib.file_digest(file, "sha256" if len(blob.name) == 64 else small).hexdigest()
