"""A built-in name, a Hub id or a folder becomes files on disk."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from cnnhub.config import ModelConfig
from cnnhub.errors import ModelNotFoundError, ModelWeightsError, nearest

WEIGHTS_NAME = "model.safetensors"
CONFIG_NAME = "config.json"
BUILTIN_FOLDER = Path(__file__).parent / "builtin"

_HUB_ID = re.compile(r"^[\w.-]{1,96}/[\w.-]{1,96}$")
_PICKLES = ("pytorch_model.bin", "pytorch_model.pth", "model.pt", "model.pkl")
_TO_SAFETENSORS = (
    "Only safetensors are read, since a pickle can run any code. Convert it where you trust it: "
    "safetensors.torch.save_file(torch.load(FILE, weights_only=True), 'model.safetensors')."
)


@dataclass(frozen=True)
class ModelFiles:
    """Where a model lies on disk, its validated description, and how the caller called it."""

    source: str
    config: ModelConfig
    weights: Path


def builtin_models() -> list[str]:
    """Names of the models that ship with the package.

    >>> builtin_models()
    ['cats-vs-dogs', 'flowers', 'imagenet']
    """
    return sorted(path.parent.name for path in BUILTIN_FOLDER.glob(f"*/{CONFIG_NAME}"))


def resolve(
    source: str | os.PathLike[str],
    *,
    revision: str | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    token: str | None = None,
    local_files_only: bool = False,
) -> ModelFiles:
    """Find a model; from the Hub, download its config.json, check it, then its weights.

    Raises:
        ModelNotFoundError: nothing answers to this source; its child HubUnreachableError: the Hub does not, and the
            model is not in the cache.
        ModelConfigError: config.json is not a model's description.
        ModelWeightsError: there are no safetensors weights; its child CorruptedFileError: a file is not the one that the
            Hub announced.
    """
    place = locate(source, revision)
    if isinstance(place, Path):
        return _from_folder(place, str(source))
    return _from_hub(*place, cache_dir, token, local_files_only)


def locate(source: str | os.PathLike[str], revision: str | None = None) -> Path | tuple[str, str | None]:
    """What a source means: a folder, which need not exist, or a Hub id and a revision of it. Nothing is asked.

    Raises:
        ModelNotFoundError: it can be neither.

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
    if not _HUB_ID.match(repository):
        raise ModelNotFoundError(
            f"There is no built-in model {name!r}. {nearest(name, builtin_models(), 'built-in models')} "
            "Use 'owner/name' for a Hub repository or './folder' for a folder."
        )
    if pinned and revision not in (None, pinned):
        raise ModelNotFoundError(f"{name!r} names one revision and revision={revision!r} another. Leave one of them out.")
    return repository, pinned or revision


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
    config = ModelConfig.read(folder / CONFIG_NAME)
    weights = folder / WEIGHTS_NAME
    if not weights.is_file():
        found = [name for name in _PICKLES if (folder / name).exists()]
        instead = f"; {found[0]} lies there. {_TO_SAFETENSORS}" if found else ". Train again or copy it there."
        raise ModelWeightsError(f"{folder} holds no {WEIGHTS_NAME}{instead}")
    return ModelFiles(source, config, weights)


def _from_hub(
    repository: str,
    revision: str | None,
    cache_dir: str | os.PathLike[str] | None,
    token: str | None,
    local_files_only: bool,
) -> ModelFiles:
    from cnnhub.repository import HubRepository

    files = HubRepository(repository, revision, None if cache_dir is None else Path(cache_dir), token, local_files_only)
    try:
        config = ModelConfig.read(files.file(CONFIG_NAME))
    except FileNotFoundError as error:
        raise ModelNotFoundError(f"{files.title} holds no {CONFIG_NAME}; it is no model in timm's layout.") from error
    try:
        return ModelFiles(files.title, config, files.file(WEIGHTS_NAME))
    except FileNotFoundError as error:
        raise ModelWeightsError(f"{files.title} holds no {WEIGHTS_NAME}. {_TO_SAFETENSORS}") from error
