"""The models that are here, built in or in the Hub's cache, and what their cards say.

A card is a README.md with YAML in front, as the Hub keeps it. Anybody may write a card: whatever cannot be read in one counts
as absent.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cnnhub.errors import CnnHubError, ModelConfigError, ModelNotFoundError
from cnnhub.files import read_bounded
from cnnhub.hub.config import ModelConfig
from cnnhub.hub.folder import CARD_NAME, CONFIG_NAME, MAX_CONFIG_BYTES, WEIGHTS_NAME, read_config
from cnnhub.hub.shipped import BUILTIN_FOLDER, builtin_models
from cnnhub.hub.sources import locate

MAX_CARD_BYTES = 1_000_000


@dataclass(frozen=True)
class Accuracy:
    """What a card's model-index says was measured, not what we measured.

    Attributes:
        value: 0 to 1.
        on: the data set and the split, as far as they are named.
    """

    value: float
    on: str


@dataclass(frozen=True)
class Card:
    """A model's card.

    Attributes:
        text: Markdown, without the YAML in front.
        metadata: that YAML.
    """

    text: str
    metadata: dict[str, Any]

    @property
    def accuracy(self) -> Accuracy | None:
        """The accuracy in its model-index: of the test split, or else the first that is given; None without one."""
        found = list(_accuracies(self.metadata.get("model-index")))
        return next((each for each in found if each.on.endswith("test")), found[0] if found else None)

    @property
    def origin(self) -> str | None:
        """What the text says its weights were made from, without what stands in brackets; None where it says nothing of it.

        >>> Card("Backbone: EfficientNet for ImageNet (Apache-2.0), from timm.", {}).origin
        'EfficientNet for ImageNet, from timm.'
        """
        found = re.search(r"(?:^Backbone: |The weights are those of )(.+)$", self.text, re.M)
        return re.sub(r" \([^()]*(\([^()]*\)[^()]*)*\)", "", found[1]) if found else None


@dataclass(frozen=True)
class Entry:
    """A model that is on this machine.

    Attributes:
        name: what `cnnhub.load` takes.
        revision: "built in"; of a Hub model its branches and tags with the commit, or the commit alone.
        weights_bytes: size of model.safetensors; None where it was not downloaded.
        card: None where there is none on this machine.
    """

    name: str
    revision: str
    config: ModelConfig
    weights_bytes: int | None
    card: Card | None


def builtin_entries() -> list[Entry]:
    """The models that ship with the package.

    >>> [(entry.name, entry.config.num_classes) for entry in builtin_entries()]
    [('cats-vs-dogs', 2), ('cats-vs-dogs-shufflenet', 2), ('flowers', 5), ('imagenet', 1000), ('mnist', 10)]
    """
    return [_entry(BUILTIN_FOLDER / name, name, "built in") for name in builtin_models()]


def cached_entries(cache_dir: str | os.PathLike[str] | None = None) -> list[Entry]:
    """The Hub models in the cache that are image classifiers in timm's layout, by name, each revision of them."""
    from huggingface_hub import CacheNotFound, scan_cache_dir

    try:
        repositories = scan_cache_dir(None if cache_dir is None else Path(cache_dir)).repos
    except (CacheNotFound, OSError, ValueError):  # none yet; ValueError: it is a file
        return []
    entries = []
    for repository in sorted(repositories, key=lambda each: each.repo_id):
        for revision in sorted(repository.revisions, key=lambda each: (-each.last_modified, each.commit_hash)):
            commit = revision.commit_hash
            name = f"{', '.join(sorted(revision.refs))} ({commit[:7]})" if revision.refs else commit
            with contextlib.suppress(ModelConfigError):  # another kind of model, or only a part of one
                if repository.repo_type == "model":
                    entries.append(_entry(revision.snapshot_path, repository.repo_id, name))
    return entries


def describe(source: str | os.PathLike[str], revision: str | None = None) -> Entry:
    """A model's description and card; of one on the Hub they are downloaded, and its weights are not.

    Raises:
        ModelNotFoundError, ModelConfigError: as `cnnhub.load` does.

    >>> describe("flowers").card.metadata["license"]
    'apache-2.0'
    """
    place = locate(source, revision)
    if isinstance(place, Path):
        if not place.is_dir():
            raise ModelNotFoundError(f"There is no folder {place}. Expected one that holds {CONFIG_NAME}.")
        return _entry(place, str(source), "built in" if place.parent == BUILTIN_FOLDER else "a folder")
    from cnnhub.hub.repository import HubRepository

    repository = HubRepository(*place)
    try:
        config = repository.file(CONFIG_NAME, MAX_CONFIG_BYTES)
    except FileNotFoundError as error:
        raise ModelNotFoundError(f"{repository.title} holds no {CONFIG_NAME}; it is not a model in timm's layout.") from error
    with contextlib.suppress(FileNotFoundError, CnnHubError):  # without a card, or none that can be fetched now and read
        repository.file(CARD_NAME, MAX_CARD_BYTES)
    if repository.older() is None:  # else the weights in the cache, of that commit, would be lost from sight
        repository.remember(config)
    return _entry(config.parent, repository.title, config.parent.name)


def _entry(folder: Path, name: str, revision: str) -> Entry:
    weights = folder / WEIGHTS_NAME
    size = weights.stat().st_size if weights.is_file() else None
    return Entry(name, revision, read_config(folder), size, _card(folder / CARD_NAME))


def _card(path: Path) -> Card | None:
    """The card in a file; None where there is none, or it cannot be one."""
    try:
        data = read_bounded(path, MAX_CARD_BYTES)
    except OSError:
        return None
    text = data.decode("utf-8-sig", errors="replace")
    return Card(re.sub(r"\A---\s*\n.*?^---\s*$\n*", "", text, count=1, flags=re.S | re.M), _metadata(path))


def _metadata(path: Path) -> dict[str, Any]:
    from huggingface_hub import metadata_load

    with contextlib.suppress(Exception):  # anybody's YAML: its parser raises many kinds of error
        found = metadata_load(path)
        if isinstance(found, dict):
            return found
    return {}


def _accuracies(model_index: Any) -> Iterator[Accuracy]:
    from huggingface_hub.repocard_data import model_index_to_eval_results

    try:
        _, results = model_index_to_eval_results(model_index)
    except Exception:  # it is written by hand, and the client expects it to be whole
        return
    for result in results:
        value = result.metric_value
        if result.metric_type not in ("accuracy", "acc", "top1") or isinstance(value, bool) or not isinstance(value, int | float):
            continue
        if math.isfinite(value) and 0 <= value <= 100:
            on = " ".join(str(part) for part in (result.dataset_name, result.dataset_split) if part)
            yield Accuracy(value if value <= 1 else value / 100, on)  # some cards write per cent
