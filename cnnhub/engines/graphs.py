"""Exported networks: where they are kept, and whether what lies there may be used.

Those of the built-in models ship beside their weights; others lie beside the Hub's cache. None is ever taken from a model's own
folder or repository: a graph is a program. Each has a record beside it, which also remembers networks that cannot be exported.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from cnnhub.caches import own_folder
from cnnhub.errors import ModelWeightsError
from cnnhub.files import read_bounded, write_atomically

if TYPE_CHECKING:
    from cnnhub.hub.config import ModelConfig

_MADE_WITH = ("torch", "timm", "onnx", "onnxruntime")
_MAX_RECORD_BYTES = 1_000_000
_MAX_GRAPH_BYTES = 2**31  # protobuf's limit


class Record(BaseModel):
    """What is known of a network's export.

    Attributes:
        key: which network it is of, as `key_of` tells.
        why: a sentence: why the graph may be used, or why there is none.
        made_with: versions of the packages that made it; where there is no graph, others may.
        sha256: of the graph; None where there is none.
        external: names of the graph's tensors that lie in model.safetensors.
        parameters: how many the network has. embedding_length: what its head sees.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    why: str
    made_with: dict[str, str | None]
    sha256: str | None = None
    external: tuple[str, ...] = ()
    parameters: int = 0
    embedding_length: int = 0


@dataclass(frozen=True)
class Graph:
    """A graph and its record; `model` is empty where the network cannot be exported."""

    record: Record
    model: bytes = b""


@dataclass(frozen=True)
class Place:
    """Where a graph (PATH.onnx) and its record (PATH.json) lie, and of which network they must be."""

    path: Path
    key: str

    def read(self, of_any_version: bool = False) -> Graph | None:
        """What is kept here; None where there is nothing, or nothing that may be used: it is damaged, or of another network.

        A refusal counts as long as the packages are those that were refused, or `of_any_version`.
        """
        try:
            record = Record.model_validate_json(read_bounded(self._record, _MAX_RECORD_BYTES))
            if record.key != self.key:
                return None
            if record.sha256 is None:
                return Graph(record) if of_any_version or record.made_with == made_with() else None
            model = read_bounded(self._model, _MAX_GRAPH_BYTES)
        except (OSError, ValidationError):
            return None
        return Graph(record, model) if hashlib.sha256(model).hexdigest() == record.sha256 else None

    def write(self, graph: Graph) -> None:
        """Keep a graph; each of the two files is whole or as before, and a record without its graph is no record.

        Raises:
            OSError: the disk refuses.
        """
        if graph.model:
            write_atomically(self._model, graph.model)
        write_atomically(self._record, graph.record.model_dump_json(indent=1).encode() + b"\n")

    @property
    def _model(self) -> Path:
        return self.path.with_name(f"{self.path.name}.onnx")

    @property
    def _record(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")


def find(config: ModelConfig, weights: Path, precision: str, builtin: Path | None) -> Graph | None:
    """The graph of a model, or the refusal, that is kept on this machine; `builtin` is the folder of a model that ships.

    Raises:
        ModelWeightsError: the weights cannot be read.
    """
    kept = place_of(config, weights, precision)
    shipped = builtin and Place(builtin / name_of(precision), kept.key)
    return (shipped.read(of_any_version=True) if shipped else None) or kept.read()


def place_of(config: ModelConfig, weights: Path, precision: str = "float32") -> Place:
    """Where this machine keeps the graph of a model.

    Raises:
        ModelWeightsError: the weights cannot be read.
    """
    key = key_of(config, weights, precision)
    return Place(own_folder() / key, key)


def name_of(precision: str) -> str:
    """What a built-in model's graph is called, without .onnx or .json.

    >>> name_of("float32"), name_of("int8")
    ('graph', 'graph-int8')
    """
    return "graph" if precision == "float32" else f"graph-{precision}"


def key_of(config: ModelConfig, weights: Path, precision: str) -> str:
    """The weights' sha256, what else of config.json decides what the network computes, and the precision."""
    try:
        with weights.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelWeightsError(f"{weights} cannot be read: {error}.") from error
    cfg = config.pretrained_cfg
    decides = [
        config.architecture,
        config.num_classes,
        config.model_args,
        cfg.input_size,
        cfg.fixed_input_size,
        cfg.mean,
        cfg.std,
    ]
    described = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()
    return f"{content}-{described[:16]}-{precision}"


def refusals() -> list[str]:
    """Of the networks on this machine that could not be exported, why."""
    found = []
    for path in sorted(own_folder().glob("*.json")):
        with contextlib.suppress(OSError, ValidationError):
            record = Record.model_validate_json(read_bounded(path, _MAX_RECORD_BYTES))
            if record.sha256 is None:
                found.append(record.why)
    return found


def made_with() -> dict[str, str | None]:
    """Versions of the packages that an export depends on."""
    return versions_of(_MADE_WITH)


def versions_of(packages: Iterable[str]) -> dict[str, str | None]:
    """Name -> version; None for a package that is not installed."""
    versions: dict[str, str | None] = {}
    for name in packages:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    return versions
