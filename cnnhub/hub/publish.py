"""One commit to the Hub with huggingface_hub's client, or none.

What can be refused is refused before anything is sent, pushing again is harmless, and a failure leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from cnnhub.errors import (
    AlreadyPublicError,
    CnnHubError,
    InvalidRepositoryError,
    NotWritableError,
    PushError,
    nearest,
)

if TYPE_CHECKING:
    from huggingface_hub import HfApi, ModelInfo, SpaceInfo

Kind: TypeAlias = Literal["model", "space"]
Digests: TypeAlias = "dict[str, tuple[str, str]]"  # path there -> (sha256, git's blob id); the Hub knows a file by one of them
Say: TypeAlias = "Callable[[str], object]"


@dataclass(frozen=True)
class Remote:
    """The repository as it stood before the push; `info` is None where there is none yet."""

    api: HfApi
    repository: str
    kind: Kind
    user: str
    info: ModelInfo | SpaceInfo | None

    @property
    def page(self) -> str:
        """The address at which a person reads it."""
        return f"{self.api.endpoint}/{'spaces/' if self.kind == 'space' else ''}{self.repository}"

    def files(self) -> set[str]:
        """The paths that it held."""
        return {sibling.rfilename for sibling in (self.info and self.info.siblings) or []}


@dataclass(frozen=True)
class Pushed:
    """A commit that holds the files, and the page to show for it: the commit's or the pull request's."""

    commit: str
    url: str


def check_repository(repository: str) -> None:
    """Raise InvalidRepositoryError where no repository can have this name."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]  # public, but not listed

    try:
        validate_repo_id(repository)
        is_valid = "/" in repository
    except HFValidationError:
        is_valid = False
    if not is_valid:
        raise InvalidRepositoryError(
            f"{repository!r} is not the name of a repository. Expected owner/name, such as {near(repository)}: letters, digits, "
            "single dashes and dots, underscores; at most 96 characters."
        )


def near(repository: str) -> str:
    """A valid id that looks like this one.

    >>> near("https://huggingface.co/me/my model"), near("flowers")
    ('me/my-model', 'your-name/flowers')
    """
    parts = re.sub(r"^https?://[^/]*/(spaces/)?", "", repository).strip("/").split("/")[:2]
    cleaned = [re.sub(r"[^A-Za-z0-9_.]+|\.{2,}", "-", part).removesuffix(".git").strip("-.") or "name" for part in parts]
    return "/".join(cleaned if len(cleaned) == 2 else ["your-name", *cleaned])


def digests(files: Mapping[str, Path]) -> Digests:
    """Path there -> file here, hashed as the Hub hashes it."""
    return {name: _digest(path.read_bytes()) for name, path in files.items()}


def connect(repository: str, kind: Kind, *, private: bool, needs_write: bool = True) -> Remote:
    """Ask the Hub who we are and what is there.

    Args:
        private: the repository is to be private; one that is there and public is refused.
        needs_write: False where a pull request will do.

    Raises:
        NotWritableError, AlreadyPublicError: see each. PushError: there is no token, or it may not write.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RepositoryNotFoundError

    api = HfApi()
    me = _who_am_i(api)
    remote = Remote(api, repository, kind, me["name"], None)
    try:
        info: Any = api.repo_info(repository, repo_type=kind)
    except RepositoryNotFoundError:
        _check_owner(repository, me)
        return remote
    if needs_write:
        _check_permission(remote, me)
    if private and not info.private:
        raise AlreadyPublicError(f"{repository} exists and is public. It can be made private in its settings on the Hub.")
    return replace(remote, info=info)


def commit(
    remote: Remote,
    files: Mapping[str, Path],
    message: str,
    *,
    stale: Iterable[str] = (),
    create_pr: bool = False,
    private: bool = False,
    say: Say,
) -> Pushed:
    """Make `files` (path there -> file here) stand in the repository, by one commit on top of what `connect` found.

    Where they stand there already no commit is made, so that running a push again is harmless. A repository that is missing
    is created, and deleted again if the commit fails.

    Args:
        stale: paths there that the commit deletes.
        create_pr: open a pull request instead of committing to main.
        say: called with a sentence on what else was done.
    """
    wanted, stale = digests(files), sorted(stale)
    pushed = _find(remote, wanted, stale, create_pr)
    if pushed:
        say(f"{remote.repository} holds these files already; no commit was made.")
        return pushed
    with _existing(remote, private, say) as parent:
        return _commit(remote, files, wanted, stale, message, parent, create_pr)


def holds(remote: Remote, info: ModelInfo | SpaceInfo, wanted: Digests) -> bool:
    """Whether a revision holds these files; what else it holds does not matter."""
    from huggingface_hub.hf_api import RepoFile

    if not wanted.keys() <= {sibling.rfilename for sibling in info.siblings or []}:
        return False
    entries = remote.api.get_paths_info(remote.repository, list(wanted), revision=info.sha, repo_type=remote.kind)
    there = {entry.path: entry.lfs.sha256 if entry.lfs else entry.blob_id for entry in entries if isinstance(entry, RepoFile)}
    return all(there.get(name) in both for name, both in wanted.items())


@contextmanager
def explained(doing: str, what: str) -> Iterator[None]:
    """The Hub client's many errors become ours.

    Args:
        doing: begins the sentence, such as "The push to me/x".
        what: what is pushed, such as "the model".
    """
    from huggingface_hub.errors import OfflineModeIsEnabled

    try:
        yield
    except CnnHubError:
        raise
    except OfflineModeIsEnabled as error:
        raise PushError(f"{doing} needs the Hub, and HF_HUB_OFFLINE is set. Unset it.") from error
    except Exception as error:  # the client raises its HTTP library's own errors too
        why = ". ".join([reason(error), *getattr(error, "__notes__", [])])
        raise PushError(f"{doing} failed: {why}. {_advice(error, what)}") from error


def reason(error: BaseException) -> str:
    """One line without a full stop: what the client says first, and what the Hub said."""
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    said = getattr(error, "server_message", None)
    inner = error.__cause__ if isinstance(error, RuntimeError) else None  # the client's word for a large file that failed
    sentences = [first, said if said and said not in first else "", reason(inner) if inner else ""]
    return ": ".join(text.rstrip(".") for text in sentences if text)


# Before anything is sent


def _digest(data: bytes) -> tuple[str, str]:
    return hashlib.sha256(data).hexdigest(), hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _who_am_i(api: HfApi) -> dict[str, Any]:
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

    advice = f"Make a token with write permission at {api.endpoint}/settings/tokens, then `hf auth login` or set HF_TOKEN."
    try:
        me: dict[str, Any] = api.whoami()
    except LocalTokenNotFoundError as error:
        raise PushError(f"There is no token, and the Hub takes no push without one. {advice}") from error
    except HfHubHTTPError as error:
        if error.response.status_code in (401, 403):
            raise PushError(f"The Hub does not accept the token. {advice}") from error
        raise
    if me.get("auth", {}).get("accessToken", {}).get("role") == "read":
        raise PushError(f"The token of {me['name']} may read but not write. {advice}")
    return me


def _check_owner(repository: str, me: dict[str, Any]) -> None:
    """A repository that is not there can be created only under one's own name or organization."""
    owner = repository.partition("/")[0]
    own = [me["name"], *(org["name"] for org in me.get("orgs", []) if org.get("roleInOrg") != "read")]
    if owner not in own:
        raise PushError(
            f"There is no repository {repository}, and {me['name']} may not create one under {owner!r}. "
            f"{nearest(owner, own, 'owners that you may write to')}"
        )


def _check_permission(remote: Remote, me: dict[str, Any]) -> None:
    from huggingface_hub.errors import HfHubHTTPError

    try:
        remote.api.auth_check(remote.repository, repo_type=remote.kind, write=True)
    except HfHubHTTPError as error:
        if error.response.status_code in (401, 403):
            own = f"{me['name']}/{remote.repository.partition('/')[2]}"
            raise NotWritableError(
                f"{me['name']} may not write to {remote.repository}. Push to {own}. (A fine-grained token needs write access.)"
            ) from error
        if error.response.status_code != 404:  # a Hub that cannot be asked this will answer when the commit comes
            raise


# The commit


def _find(remote: Remote, wanted: Digests, stale: list[str], create_pr: bool) -> Pushed | None:
    """Where the Hub holds these files already: on main, or in an open pull request of one's own."""
    if remote.info is None:
        return None
    return _on_main(remote, wanted, stale) or (_in_pull_request(remote, wanted) if create_pr else None)


def _on_main(remote: Remote, wanted: Digests, stale: list[str]) -> Pushed | None:
    assert remote.info is not None
    if not holds(remote, remote.info, wanted) or remote.files() & set(stale):
        return None
    return Pushed(str(remote.info.sha), f"{remote.page}/commit/{remote.info.sha}")


def _in_pull_request(remote: Remote, wanted: Digests) -> Pushed | None:
    pulls = remote.api.get_repo_discussions(
        remote.repository,
        repo_type=remote.kind,
        author=remote.user,
        discussion_type="pull_request",
        discussion_status="open",
    )
    for pull in pulls:
        info: Any = remote.api.repo_info(remote.repository, repo_type=remote.kind, revision=pull.git_reference)
        if holds(remote, info, wanted):
            return Pushed(str(info.sha), pull.url)
    return None


@contextmanager
def _existing(remote: Remote, private: bool, say: Say) -> Iterator[str | None]:
    """The commit to build on; a repository that is missing is created, and deleted again if the block fails."""
    if remote.info is not None:
        yield remote.info.sha
        return
    try:
        _create(remote, private)
        yield remote.api.repo_info(remote.repository, repo_type=remote.kind).sha
    except PushError:  # the Hub refused to create it, so there is nothing to delete
        raise
    except BaseException:
        _delete_if_empty(remote, say)
        raise


def _create(remote: Remote, private: bool) -> None:
    from huggingface_hub.errors import HfHubHTTPError

    try:
        remote.api.create_repo(
            remote.repository,
            repo_type=remote.kind,
            space_sdk="gradio" if remote.kind == "space" else None,
            private=private or None,  # None: as the account is set
        )
    except HfHubHTTPError as error:
        if error.response.status_code < 500:
            raise PushError(f"The Hub does not create {remote.repository}: {reason(error)}.") from error
        raise


def _delete_if_empty(remote: Remote, say: Say) -> None:
    """Undo the creation, but never delete what somebody has filled meanwhile."""
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        info: Any = remote.api.repo_info(remote.repository, repo_type=remote.kind)
        made_by_the_hub = {".gitattributes", "README.md"} if remote.kind == "space" else {".gitattributes"}
        if {sibling.rfilename for sibling in info.siblings or []} <= made_by_the_hub:
            remote.api.delete_repo(remote.repository, repo_type=remote.kind)
            say(f"{remote.repository}, which this push had created, was deleted again.")
    except RepositoryNotFoundError:
        pass
    except Exception as error:  # what made the push fail comes first; this is said beside it
        say(f"{remote.repository} may be left empty, since it could not be deleted: {reason(error)}. Pushing again fills it.")


def _commit(
    remote: Remote,
    files: Mapping[str, Path],
    wanted: Digests,
    stale: list[str],
    message: str,
    parent: str | None,
    create_pr: bool,
) -> Pushed:
    """One commit on top of `parent`; the Hub refuses it if main has moved on."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    try:
        done = remote.api.create_commit(
            remote.repository,
            [
                *(CommitOperationAdd(name, path) for name, path in files.items()),
                *(CommitOperationDelete(name) for name in stale),
            ],
            repo_type=remote.kind,
            commit_message=message,
            parent_commit=parent,
            create_pr=create_pr,
        )
    except Exception as error:
        pushed = _find_after(error, remote, wanted, stale, create_pr)
        if pushed is None:
            raise
        return pushed
    return Pushed(done.oid, done.pr_url or done.commit_url)


def _find_after(error: Exception, remote: Remote, wanted: Digests, stale: list[str], create_pr: bool) -> Pushed | None:
    """The commit may have been made and only its answer lost; the Hub is asked once more."""
    try:
        info: Any = remote.api.repo_info(remote.repository, repo_type=remote.kind)
        return _find(replace(remote, info=info), wanted, stale, create_pr)
    except Exception as unanswered:
        error.add_note(f"Whether the commit was made is unknown: {reason(unanswered)}")
        return None


def _advice(error: BaseException, what: str) -> str:
    from huggingface_hub.errors import HfHubHTTPError

    status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
    if status in (409, 412):
        return f"The repository has changed since it was looked at; push again to put {what} on top."
    return "Pushing again is harmless."
