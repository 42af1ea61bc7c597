"""Push a model folder to the Hub: checked first, then one commit; a push that fails leaves nothing behind."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import yaml
from huggingface_hub import ModelCard
from rich.console import Console

from cnnhub import hub
from cnnhub.errors import AlreadyPublicError, NotWritableError, PushError
from cnnhub.hub import publish
from cnnhub.hub.folder import CARD_NAME
from cnnhub.hub.publish import Remote, reason
from training.release.verify import check_accuracy, check_logits, recorded_accuracy

REQUIRED = (hub.CONFIG_NAME, hub.WEIGHTS_NAME, CARD_NAME)
OPTIONAL = (hub.FAMILIAR_NAME, "*.png", "test_log.jsonl")  # nothing else travels, checkpoints least of all


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
    publish.check_repository(repository)
    _check_tag(tag)
    wanted = publish.digests(_files(folder))
    if data is not None:
        recorded_accuracy(folder)
    with publish.explained(f"Asking the Hub about {repository}", "the model"):
        remote = _connect(repository, private, needs_write=not create_pr or tag is not None)
        tag = tag if tag and _is_new(tag, remote, wanted) else None

    files = _verify(folder, data, wanted, console)
    say = partial(console.print, markup=False, highlight=False)
    with publish.explained(f"The push to {repository}", "the model"):
        message = f"Upload {folder.resolve().name} with cnnhub"
        pushed = publish.commit(remote, files, message, create_pr=create_pr, private=private, say=say)
    if tag:
        with publish.explained(f"The files are there ({pushed.url}), but tagging them {tag!r}", "the model"):
            remote.api.create_tag(repository, tag=tag, revision=pushed.commit)
    return pushed.url


def _check_tag(tag: str | None) -> None:
    if tag is not None and (not re.fullmatch(r"\w[\w.+-]{0,99}", tag, re.ASCII) or tag == "main"):
        raise PushError(f"--tag {tag!r} is no tag; expected letters, digits, dots and dashes, such as v1.0.")


def _connect(repository: str, private: bool, needs_write: bool) -> Remote:
    """What stands on the Hub; where it refuses, with the options that would help."""
    try:
        return publish.connect(repository, "model", private=private, needs_write=needs_write)
    except AlreadyPublicError as error:
        raise PushError(f"{error} --private is for creating one; leave it out.") from error
    except NotWritableError as error:
        raise PushError(f"{error} To propose the model there, add --create-pr and leave --tag out.") from error


def _files(folder: Path) -> dict[str, Path]:
    """The files that travel, by name. Raises where the folder is no model or its card cannot be read."""
    hub.resolve(folder)
    card = folder / CARD_NAME
    if not card.is_file():
        raise PushError(f"{folder} holds no {CARD_NAME}, the model's card. `finetune` and `evaluate --record` write it.")
    try:
        ModelCard.load(card)
    except (ValueError, yaml.YAMLError) as error:
        raise PushError(f"{card} has no valid metadata: {reason(error)}. `evaluate --record` writes it anew.") from error
    paths = [*(folder / name for name in REQUIRED), *(path for pattern in OPTIONAL for path in sorted(folder.glob(pattern)))]
    return {path.name: path for path in paths if path.is_file()}


def _is_new(tag: str, remote: Remote, wanted: publish.Digests) -> bool:
    """Whether the tag has to be made; one that names these very files is there already."""
    if remote.info is None:
        return True
    tags = {ref.name: ref.target_commit for ref in remote.api.list_repo_refs(remote.repository).tags}
    if tag in tags and not publish.holds(remote, remote.api.model_info(remote.repository, revision=tags[tag]), wanted):
        raise PushError(
            f"{remote.repository} has a tag {tag!r} already, on commit {tags[tag][:7]} with other files. Take another name, or "
            f"delete that tag first: hf repos tag delete {remote.repository} {tag}"
        )
    return tag not in tags


def _verify(folder: Path, data: Path | None, before: publish.Digests, console: Console) -> dict[str, Path]:
    """Check the model -> the files that travel: those from before, but that measuring the test split adds a line to its log."""
    check_logits(folder)
    console.print("Loaded again, the folder gives equal logits in cnnhub and timm.")
    if data is not None:
        console.print(f"Its test accuracy is {check_accuracy(folder, data):.2%}, as recorded.")
    files = _files(folder)
    now = publish.digests(files)
    if any(now[name] != before[name] for name in REQUIRED):
        raise PushError(f"{folder} changed while it was checked; is a training run still writing it? Push again when it ended.")
    return files
