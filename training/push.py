"""Push a model folder to the Hub: checked first, then one commit; a push that fails leaves nothing behind."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import CommitOperationAdd, HfApi, ModelCard, ModelInfo
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import validate_repo_id
from rich.console import Console
from rich.markup import escape

from cnnhub import hub
from cnnhub.errors import CnnHubError, nearest
from training.card import CARD_NAME
from training.verify import check_accuracy, check_logits, recorded_accuracy

REQUIRED = (hub.CONFIG_NAME, hub.WEIGHTS_NAME, CARD_NAME)
OPTIONAL = (hub.FAMILIAR_NAME, "*.png", "test_log.jsonl")  # nothing else travels, checkpoints least of all

Digests = dict[str, tuple[str, str]]  # path in the repository -> (sha256, git's blob id); the Hub knows a file by one of them


class PushError(CnnHubError):
    """The push cannot be done, or the Hub did not do it."""


@dataclass(frozen=True)
class Remote:
    """The repository as it stood before the push; `info` is None where there is none yet."""

    api: HfApi
    repository: str
    user: str
    info: ModelInfo | None


@dataclass(frozen=True)
class Pushed:
    """A commit that holds the folder's files, and the page to show for it: the commit's or the pull request's."""

    commit: str
    url: str


def push(
    folder: Path,
    repository: str,
    *,
    data: Path | None = None,
    private: bool = False,
    create_pr: bool = False,
    tag: str | None = None,
    console: Console,
) -> str:
    """Upload a model folder as one commit -> the URL of the commit or pull request.

    Whatever can be refused is refused before the model is loaded; then the folder, loaded again, must give equal logits
    and, with `data`, equal test accuracy. Where the repository holds the same files already, no commit is made, so that
    running a push again is harmless. A repository that the push created is deleted again if the commit fails.

    Args:
        repository: "owner/name"; created if it is not there.
        data: a dataset whose test split must give the accuracy that config.json states.
        private: create the repository private.
        create_pr: open a pull request instead of committing to main.
        tag: names the commit.

    Raises:
        PushError: the folder, the name, the token, the permission or the Hub's answer.
        VerificationError: the loaded folder does not answer as it should.
        ModelConfigError, ModelWeightsError, ModelNotFoundError: the folder is no model.
    """
    _check_names(repository, tag)
    files = _digests(folder)
    if data is not None:
        recorded_accuracy(folder)
    with _explained(f"Asking the Hub about {repository}"):
        remote = _look(repository, needs_write=not create_pr or tag is not None)
        _check_visibility(remote, private)
        tag = tag if tag and _is_new(tag, remote, files) else None

    files = _verify(folder, data, files, console)
    with _explained(f"The push to {repository}"):
        pushed = _find(remote, files, create_pr)
        if pushed:
            console.print(f"{repository} holds these files already; no commit was made.")
        else:
            with _existing(remote, private, console) as parent:
                pushed = _commit(remote, folder, files, parent, create_pr)
    if tag:
        with _explained(f"The files are there ({pushed.url}), but tagging them {tag!r}"):
            remote.api.create_tag(repository, tag=tag, revision=pushed.commit)
    return pushed.url


# Before the model is loaded


def _check_names(repository: str, tag: str | None) -> None:
    try:
        validate_repo_id(repository)
        is_valid = "/" in repository
    except HFValidationError:
        is_valid = False
    if not is_valid:
        raise PushError(
            f"--to {repository!r} is no repository. Expected owner/name, such as {_near(repository)}: letters, digits, single "
            "dashes and dots, underscores; at most 96 characters."
        )
    if tag is not None and (not re.fullmatch(r"\w[\w.+-]{0,99}", tag, re.ASCII) or tag == "main"):
        raise PushError(f"--tag {tag!r} is no tag; expected letters, digits, dots and dashes, such as v1.0.")


def _near(repository: str) -> str:
    """A valid id that looks like this one.

    >>> _near("https://huggingface.co/me/my model"), _near("flowers")
    ('me/my-model', 'your-name/flowers')
    """
    parts = re.sub(r"^https?://[^/]*/", "", repository).strip("/").split("/")[:2]
    cleaned = [re.sub(r"[^A-Za-z0-9_.]+|\.{2,}", "-", part).removesuffix(".git").strip("-.") or "name" for part in parts]
    return "/".join(cleaned if len(cleaned) == 2 else ["your-name", *cleaned])


def _digests(folder: Path) -> Digests:
    """The files that travel. Raises where the folder is no model or its card cannot be read."""
    hub.resolve(folder)
    card = folder / CARD_NAME
    if not card.is_file():
        raise PushError(f"{folder} holds no {CARD_NAME}, the model's card. `finetune` and `evaluate --record` write it.")
    try:
        ModelCard.load(card)
    except (ValueError, yaml.YAMLError) as error:
        raise PushError(f"{card} has no valid metadata: {_reason(error)}. `evaluate --record` writes it anew.") from error
    paths = [*(folder / name for name in REQUIRED), *(path for pattern in OPTIONAL for path in sorted(folder.glob(pattern)))]
    return {path.name: _digest(path) for path in paths if path.is_file()}


def _digest(path: Path) -> tuple[str, str]:
    data = path.read_bytes()
    return hashlib.sha256(data).hexdigest(), hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _look(repository: str, needs_write: bool) -> Remote:
    api = HfApi()
    me = _who_am_i(api)
    try:
        info = api.model_info(repository)
    except RepositoryNotFoundError:
        _check_owner(repository, me)
        return Remote(api, repository, me["name"], None)
    if needs_write:
        _check_permission(api, repository, me)
    return Remote(api, repository, me["name"], info)


def _who_am_i(api: HfApi) -> dict[str, Any]:
    advice = f"Make a token with write permission at {api.endpoint}/settings/tokens, then `hf auth login` or set HF_TOKEN."
    try:
        me = api.whoami()
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


def _check_permission(api: HfApi, repository: str, me: dict[str, Any]) -> None:
    try:
        api.auth_check(repository, write=True)
    except HfHubHTTPError as error:
        if error.response.status_code in (401, 403):
            raise PushError(
                f"{me['name']} may not write to {repository}. Leave --tag out and add --create-pr to propose the model there, "
                f"or push to {me['name']}/{repository.partition('/')[2]}. (A fine-grained token needs write access to it.)"
            ) from error
        if error.response.status_code != 404:  # a Hub that cannot be asked this will answer when the commit comes
            raise


def _check_visibility(remote: Remote, private: bool) -> None:
    if private and remote.info and not remote.info.private:
        raise PushError(
            f"{remote.repository} exists and is public, and --private is for creating one. "
            "Make it private in its settings on the Hub, or leave --private out."
        )


def _is_new(tag: str, remote: Remote, files: Digests) -> bool:
    """Whether the tag is still to be made; one that names these very files is done."""
    if remote.info is None:
        return True
    tags = {ref.name: ref.target_commit for ref in remote.api.list_repo_refs(remote.repository).tags}
    if tag in tags and not _holds(remote, remote.api.model_info(remote.repository, revision=tags[tag]), files):
        raise PushError(
            f"{remote.repository} has a tag {tag!r} already, on commit {tags[tag][:7]} with other files. Take another name, or "
            f"delete that tag first: hf repos tag delete {remote.repository} {tag}"
        )
    return tag not in tags


# The model


def _verify(folder: Path, data: Path | None, files: Digests, console: Console) -> Digests:
    """Check the model -> the files that travel: the same, but that measuring the test split may be noted in its log."""
    check_logits(folder)
    console.print("Loaded again, the folder gives equal logits in cnnhub and timm.")
    if data is not None:
        console.print(f"Its test accuracy is {check_accuracy(folder, data):.2%}, as recorded.")
    now = _digests(folder)
    if any(now[name] != files[name] for name in REQUIRED):
        raise PushError(f"{folder} changed while it was checked; is a training run still writing it? Push again when it ended.")
    return now


# The Hub


def _find(remote: Remote, files: Digests, create_pr: bool) -> Pushed | None:
    """Where the Hub holds these files already: on main, or in an open pull request of one's own."""
    if remote.info is None:
        return None
    return _on_main(remote, remote.info, files) or (_in_pull_request(remote, files) if create_pr else None)


def _on_main(remote: Remote, info: ModelInfo, files: Digests) -> Pushed | None:
    if not _holds(remote, info, files):
        return None
    return Pushed(str(info.sha), f"{remote.api.endpoint}/{remote.repository}/commit/{info.sha}")


def _in_pull_request(remote: Remote, files: Digests) -> Pushed | None:
    pulls = remote.api.get_repo_discussions(
        remote.repository, author=remote.user, discussion_type="pull_request", discussion_status="open"
    )
    for pull in pulls:
        info = remote.api.model_info(remote.repository, revision=pull.git_reference)
        if _holds(remote, info, files):
            return Pushed(str(info.sha), pull.url)
    return None


def _holds(remote: Remote, info: ModelInfo, files: Digests) -> bool:
    """Whether a revision holds these files; what else it holds does not matter."""
    if not files.keys() <= {sibling.rfilename for sibling in info.siblings or []}:
        return False
    entries = remote.api.get_paths_info(remote.repository, list(files), revision=info.sha)
    there = {entry.path: entry.lfs.sha256 if entry.lfs else entry.blob_id for entry in entries if isinstance(entry, RepoFile)}
    return all(there.get(name) in digests for name, digests in files.items())


@contextmanager
def _existing(remote: Remote, private: bool, console: Console) -> Iterator[str | None]:
    """The commit to build on; a repository that is missing is created, and deleted again if the block fails."""
    if remote.info is not None:
        yield remote.info.sha
        return
    try:
        _create(remote, private)
        yield remote.api.model_info(remote.repository).sha
    except PushError:  # the Hub refused to create it, so there is nothing to delete
        raise
    except BaseException:
        _delete_if_empty(remote, console)
        raise


def _create(remote: Remote, private: bool) -> None:
    try:
        remote.api.create_repo(remote.repository, private=private or None)  # None: as the account is set
    except HfHubHTTPError as error:
        if error.response.status_code < 500:
            raise PushError(f"The Hub does not create {remote.repository}: {_reason(error)}.") from error
        raise


def _delete_if_empty(remote: Remote, console: Console) -> None:
    """Undo the creation, but never delete what somebody has filled meanwhile."""
    try:
        siblings = remote.api.model_info(remote.repository).siblings or []
        if {sibling.rfilename for sibling in siblings} <= {".gitattributes"}:
            remote.api.delete_repo(remote.repository)
            console.print(f"{remote.repository}, which this push had created, was deleted again.")
    except RepositoryNotFoundError:
        pass
    except Exception as error:  # what made the push fail comes first; this is told beside it
        console.print(
            f"[yellow]{remote.repository} may be left empty, since it could not be deleted:[/] {escape(_reason(error))}. "
            "Pushing again fills it."
        )


def _commit(remote: Remote, folder: Path, files: Digests, parent: str | None, create_pr: bool) -> Pushed:
    """One commit on top of `parent`; the Hub refuses it if main has moved on."""
    try:
        done = remote.api.create_commit(
            remote.repository,
            [CommitOperationAdd(name, folder / name) for name in files],
            commit_message=f"Upload {folder.resolve().name} with cnnhub",
            parent_commit=parent,
            create_pr=create_pr,
        )
    except Exception as error:
        pushed = _find_after(error, remote, files, create_pr)
        if pushed is None:
            raise
        return pushed
    return Pushed(done.oid, done.pr_url or done.commit_url)


def _find_after(error: Exception, remote: Remote, files: Digests, create_pr: bool) -> Pushed | None:
    """The commit may have been made and only its answer lost; the Hub is asked once more."""
    try:
        info = remote.api.model_info(remote.repository)
        return _find(Remote(remote.api, remote.repository, remote.user, info), files, create_pr)
    except Exception as unanswered:
        error.add_note(f"Whether the commit was made is unknown: {_reason(unanswered)}")
        return None


@contextmanager
def _explained(doing: str) -> Iterator[None]:
    """The Hub client's many errors become ours."""
    try:
        yield
    except CnnHubError:
        raise
    except OfflineModeIsEnabled as error:
        raise PushError(f"{doing} needs the Hub, and HF_HUB_OFFLINE is set. Unset it.") from error
    except Exception as error:  # the client raises its HTTP library's own errors too
        told = ". ".join([_reason(error), *getattr(error, "__notes__", [])])
        raise PushError(f"{doing} failed: {told}. {_advice(error)}") from error


def _reason(error: BaseException) -> str:
    """One line without a full stop: what the client says first, and what the Hub said."""
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    said = getattr(error, "server_message", None)
    inner = error.__cause__ if isinstance(error, RuntimeError) else None  # the client's word for a large file that failed
    told = [first, said if said and said not in first else "", _reason(inner) if inner else ""]
    return ": ".join(text.rstrip(".") for text in told if text)


def _advice(error: BaseException) -> str:
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
    if status in (409, 412):
        return "The repository has changed since it was looked at; push again to put the model on top."
    return "Pushing again is harmless."
