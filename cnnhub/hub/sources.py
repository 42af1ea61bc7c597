"""A built-in name, a Hub id or a folder becomes files on disk."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cnnhub.errors import HubUnreachableError, ModelNotFoundError, ModelWeightsError, RevisionNotFoundError, nearest
from cnnhub.hub.config import ModelConfig
from cnnhub.hub.folder import (
    CONFIG_NAME,
    FAMILIAR_NAME,
    MAX_CONFIG_BYTES,
    MAX_FAMILIAR_BYTES,
    WEIGHTS_NAME,
    read_config,
)
from cnnhub.hub.repository import HubRepository
from cnnhub.hub.shipped import BUILTIN_FOLDER, builtin_models
from cnnhub.hub.shipped import check as check_shipped

# What can be a repository, and what git lets a branch or a tag be called: each becomes a path in the cache.
_HUB_ID = re.compile(r"(?!.*(?:--|\.\.|\.git$))\w(?:[\w.-]{0,94}\w)?/\w(?:[\w.-]{0,94}\w)?")
_REVISION = re.compile(r"(?!.*(?:\.\.|//|@\{|/\.|\.lock$|[./]$))[^\0-\x20\x7f~^:?*\[\\./][^\0-\x20\x7f~^:?*\[\\]{0,199}")
_PICKLES = ("pytorch_model.bin", "pytorch_model.pth", "model.pth", "model.pt", "model.bin", "model.pkl")


@dataclass(frozen=True)
class ModelFiles:
    """Where a model lies on disk, its validated description, and how the caller called it.

    Attributes:
        familiar: the embeddings of training pictures, where config.json says what to do with them.
        builtin: the folder of a model that ships with the package.
    """

    source: str
    config: ModelConfig
    weights: Path
    familiar: Path | None = None
    builtin: Path | None = None


def resolve(
    source: str | os.PathLike[str],
    *,
    revision: str | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    token: str | bool | None = None,
    local_files_only: bool = False,
    max_bytes: int | None = None,
    check: Callable[[ModelConfig], object] | None = None,
    allow_unverified: bool = False,
) -> ModelFiles:
    """Find a model; from the Hub, download its config.json, check it, then its weights.

    Args:
        max_bytes: refuse a file of the Hub that is announced to be larger, before it is downloaded.
        check: called with the description that a repository on the Hub holds, before its weights are downloaded; where it
            raises, they are not.
        allow_unverified: take files of the Hub for which it announces no hash.

    Raises:
        ModelNotFoundError: nothing answers to this source; its children say that it is the revision (RevisionNotFoundError),
            that the Hub refuses it (AccessDeniedError), or that the Hub cannot be reached and the model is not in the cache
            (HubUnreachableError).
        ModelConfigError: config.json is not a model's description; its child ModelTooLargeError: a file has more than max_bytes.
        ModelWeightsError: there are no safetensors weights; or the Hub announces no hash of them; its child
            CorruptedFileError: a file is not the one that the Hub announced, or that was shipped.
    """
    place = locate(source, revision)
    if isinstance(place, Path):
        return _from_folder(place, str(source))
    name, pinned = place
    cache = None if cache_dir is None else Path(cache_dir)
    return _from_hub(HubRepository(name, pinned, cache, token, local_files_only, max_bytes, allow_unverified), check)


def locate(source: str | os.PathLike[str], revision: str | None = None) -> Path | tuple[str, str | None]:
    """What a source means: a folder, which need not exist, or a Hub id and a revision of it. Nothing is asked.

    Raises:
        ModelNotFoundError: it can be neither, or (RevisionNotFoundError) there can be no such revision.

    >>> locate("owner/name@v1.0")
    ('owner/name', 'v1.0')
    """
    if not isinstance(source, str | os.PathLike):
        raise ModelNotFoundError(f"A source of type {type(source).__name__} arrived; expected a name, a Hub id or a folder.")
    name = str(source)
    is_builtin = name in builtin_models()
    if (is_builtin or is_folder(source)) and revision is not None:
        raise ModelNotFoundError(f"{name!r} has no revisions; revision={revision!r} is for repositories on the Hub.")
    if is_builtin:
        return BUILTIN_FOLDER / name
    if is_folder(source):
        return Path(os.path.expanduser(source))
    if 0 < len(name) < 200 and Path(name).is_dir():
        raise ModelNotFoundError(f"{name!r} is a folder here. Write ./{name} to load it; owner/name means the Hub.")
    repository, _, pinned = name.partition("@")
    if not _HUB_ID.fullmatch(repository):
        raise ModelNotFoundError(
            f"There is no built-in model {name!r}. {nearest(name, builtin_models(), 'built-in models')} "
            "Use 'owner/name' for a Hub repository or './folder' for a folder."
        )
    if pinned and revision not in (None, pinned):
        raise ModelNotFoundError(f"{name!r} names one revision and revision={revision!r} another. Leave one of them out.")
    wanted = pinned or revision
    if wanted and not _REVISION.fullmatch(wanted):
        raise RevisionNotFoundError(
            f"No revision of {repository} can be called {wanted!r}. Use a branch, a tag or a commit of it."
        )
    return repository, wanted


def is_folder(source: str | os.PathLike[str]) -> bool:
    """Whether a source is written as a folder: a Path, or a string such as ./x, ../x, ~/x, /x, .\\x or C:\\x.

    >>> [is_folder(s) for s in ("./runs/mine", "C:\\\\models", "timm/resnet18.a1_in1k")]
    [True, True, False]
    """
    if not isinstance(source, str):
        return True
    return source in (".", "..") or bool(re.match(r"(\.{1,2}|~\w*)?[/\\]|~$|[A-Za-z]:[/\\]", source))


def _from_folder(folder: Path, source: str) -> ModelFiles:
    if not os.path.isdir(folder):  # false, where Path.is_dir raises, for a name that is too long
        raise ModelNotFoundError(f"There is no folder {folder}. Expected one that holds {CONFIG_NAME} and {WEIGHTS_NAME}.")
    builtin = folder if source in builtin_models() else None
    if builtin:
        check_shipped(source)
    config = read_config(folder)
    weights = folder / WEIGHTS_NAME
    if not weights.is_file():
        found = next((name for name in _PICKLES if (folder / name).exists()), None)
        raise ModelWeightsError(
            f"{folder} holds no {WEIGHTS_NAME}, {_convert(folder, found)}"
            if found
            else f"{folder} holds no {WEIGHTS_NAME}. Train again or copy it there."
        )
    familiar = folder / FAMILIAR_NAME if config.cnnhub.neighbours else None
    return ModelFiles(source, config, weights, familiar, builtin)


def _from_hub(wanted: HubRepository, check: Callable[[ModelConfig], object] | None) -> ModelFiles:
    try:
        files = _from_repository(wanted, check)
    except HubUnreachableError as error:
        older = wanted.older(CONFIG_NAME, WEIGHTS_NAME)
        if older is None:
            raise
        warnings.warn(f"{error} {older.title}, an older commit, is in the cache and used.", stacklevel=3)
        return _from_repository(older, check)
    wanted.remember(files.weights)
    return files


def _from_repository(repository: HubRepository, check: Callable[[ModelConfig], object] | None) -> ModelFiles:
    """All files, of one commit; the weights are asked for when config.json is found to be a model's."""
    try:
        config = read_config(repository.file(CONFIG_NAME, MAX_CONFIG_BYTES).parent)
    except FileNotFoundError as error:
        raise ModelNotFoundError(f"{repository.title} holds no {CONFIG_NAME}; it is not a model in timm's layout.") from error
    if check and not repository.is_cached(WEIGHTS_NAME):
        check(config)
    try:
        weights = repository.file(WEIGHTS_NAME)
    except FileNotFoundError as error:
        raise ModelWeightsError(f"{repository.title} holds no {WEIGHTS_NAME}{_instead(repository)}") from error
    try:
        familiar = repository.file(FAMILIAR_NAME, MAX_FAMILIAR_BYTES) if config.cnnhub.neighbours else None
    except FileNotFoundError as error:
        raise ModelWeightsError(f"{repository.title} holds no {FAMILIAR_NAME}, which its {CONFIG_NAME} asks for.") from error
    return ModelFiles(repository.title, config, weights, familiar)


def _instead(repository: HubRepository) -> str:
    """What a repository without safetensors holds, and what can be done."""
    found = repository.first_of(_PICKLES)
    if found is None:
        return "; it is not a model in timm's layout."
    folder = Path(repository.name.partition("/")[2])
    pinned = f", revision={repository.revision!r}" if repository.revision != "main" else ""
    download = (
        f"import huggingface_hub; huggingface_hub.snapshot_download({repository.name!r}{pinned}, local_dir={str(folder)!r}); "
    )
    return f", {_convert(folder, found, download)}"


def _convert(folder: Path, pickle: str, download: str = "") -> str:
    return (
        f"only {pickle}, a pickle, which can run any code when it is read. If you trust it, convert it in Python: "
        f"{download}import torch, safetensors.torch; "
        f"safetensors.torch.save_file(torch.load({str(folder / pickle)!r}, weights_only=True), {str(folder / WEIGHTS_NAME)!r}) "
        f"and load {str(folder) if folder.is_absolute() else f'./{folder.as_posix()}'}."
    )
