"""How a model was made: the training record, which stands in its config.json and is all that its card says."""

from __future__ import annotations

import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cnnhub.errors import ModelConfigError
from cnnhub.hub.config import ModelConfig
from cnnhub.hub.folder import read_config, weights_sha256
from training.data.sources import Origin
from training.measure.figures import Epoch, Score


@dataclass(frozen=True)
class Backbone:
    """Where the weights came from that training started with, and their hash (None for timm's and for random ones)."""

    origin: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class HeadOnly:
    """The head's score on frozen features, and its inverse penalty, which the oldest models do not say."""

    top1: float
    loss: float
    c: float | None = None


@dataclass(frozen=True)
class Blended:
    """The share of the fine-tuned weights that is kept, and what each share that was tried scored on validation."""

    share: float
    scores: dict[str, Score]


@dataclass(frozen=True)
class Parent:
    """A model that another was made from: its folder, the hash of its weights, how it was made itself."""

    source: str
    sha256: str
    name: str | None
    command: str | None
    git_commit: str | None
    best_epoch: int | None


@dataclass(frozen=True)
class Member(Parent):
    """A model that went into a soup, or was tried for it, and its score on validation."""

    top1: float
    loss: float


@dataclass(frozen=True)
class Soup:
    """The models that a soup is the mean of, and those that would have made it worse."""

    members: list[Member]
    left_out: list[Member]


@dataclass(frozen=True)
class Record:
    """What stands under "cnnhub" in the config.json of a trained model beside what `cnnhub` itself reads there.

    Recipes and figures are kept as they were written: those of earlier versions lack some of today's.
    """

    name: str | None = None
    command: str | None = None  # the command line that made it
    recipe: dict[str, Any] | None = None
    teachers: list[Parent] | None = None
    earlier: list[dict[str, Any]] | None = None  # recipes of the runs whose weights it started from, the first one first
    backbone: Backbone | None = None
    counts: dict[str, int] | None = None  # split -> pictures
    # split -> figures (`Evaluation.recorded`), and the command that measured them
    metrics: dict[str, dict[str, Any]] = field(default_factory=dict)
    head_only: HeadOnly | None = None
    crops: dict[str, Score] | None = None  # way of cropping -> score on validation
    best_epoch: int | None = None  # 0 where the head alone was better
    blend: Blended | None = None
    history: list[Epoch] | list[Score] | None = None  # of the oldest models the scores alone
    skipped_steps: int | None = None
    stopped: str | None = None  # what ended the run
    data: Origin | None = None
    git_commit: str | None = None
    minutes: float | None = None
    processes: int | None = None  # how many trained side by side
    probe: dict[str, Any] | None = None  # {"logits": those of `verify.probe_pictures`}
    soup: Soup | None = None
    note: str | None = None  # what its trainer wants a reader to know
    origin: str | None = None  # the backbone's, where the oldest models say it

    @property
    def is_finished(self) -> bool:
        """Whether a run wrote it at its end, which alone knows its minutes."""
        return self.minutes is not None

    @property
    def validation(self) -> dict[str, Any]:
        """The figures on validation; none where they were not measured."""
        return self.metrics.get("validation", {})

    def written_to(self, config: ModelConfig, **more: Any) -> ModelConfig:
        """The config with what is known here, and more that `cnnhub` reads, under "cnnhub"; the rest of it stays."""
        known = {key: value for key, value in asdict(self).items() if value is not None and value != {}}
        return config.with_metadata(**more, **known)


def record_of(config: ModelConfig) -> Record:
    """What a config.json says of how its model was made.

    Raises:
        ModelConfigError: something of it has another form than any version wrote.
    """
    try:
        return _RECORD.validate_python(config.cnnhub.model_extra or {})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ModelConfigError(f'config.json, "cnnhub": {place}: {first["msg"]}. Expected what `finetune` wrote.') from error


def shown(argument: str) -> str:
    """An argument as a card shows it: an absolute path is its part below the working folder, or else its name.

    >>> shown("/home/me/photos"), shown("--data=/home/me/photos"), shown("runs/mine"), shown("https://host/a.zip")
    ('photos', '--data=photos', 'runs/mine', 'https://host/a.zip')
    """
    option, equals, value = argument.partition("=") if argument.startswith("--") else ("", "", argument)
    path = Path(value).expanduser() if value.startswith("~/") else Path(value)
    if not path.is_absolute():
        return argument
    here = Path.cwd()
    below = path.relative_to(here).as_posix() if path.is_relative_to(here) else path.name
    return option + equals + (below or path.name)


def parent(folder: Path) -> Parent:
    """What a card says of a model that another was made from."""
    ours = record_of(read_config(folder))
    return Parent(shown(str(folder)), weights_sha256(folder), ours.name, ours.command, ours.git_commit, ours.best_epoch)


def git_commit() -> str | None:
    """The commit that trained, with "+" where files had changed since; None outside a clone."""
    done = subprocess.run(
        ["git", "describe", "--always", "--abbrev=40", "--dirty=+"], cwd=Path(__file__).parent, capture_output=True, text=True
    )
    return done.stdout.strip() or None


_RECORD = TypeAdapter(Record)
