"""Options that several commands have, and what follows from them."""

from __future__ import annotations

import dataclasses
import json
import shlex
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console, RenderableType

from cnnhub.errors import CnnHubError

if TYPE_CHECKING:
    from training.data.sources import Source
    from training.data.tasks import Task
    from training.fit.backbones import Weights

console = Console(stderr=True)

TaskName = Annotated[
    str | None, typer.Argument(help="cats-vs-dogs, flowers or flowers-102; leave out for your own pictures.", metavar="[TASK]")
]
Data = Annotated[
    Path | None,
    typer.Option(
        help="DIR/{train,validation,test}/LABEL/*.jpg, DIR/LABEL/*.jpg (cut into splits by a hash of each picture), parquet "
        "files, what `datasets` saved to disk, or an archive. Without it the task's published pictures are fetched."
    ),
]
Dataset = Annotated[str | None, typer.Option(help="In place of --data: a dataset on the Hub, owner/name or owner/name@revision.")]
ImageColumn = Annotated[str | None, typer.Option(help="Its column of pictures; image by default.")]
LabelColumn = Annotated[str | None, typer.Option(help="Its column of labels; label by default.")]
Backbone = Annotated[str, typer.Option(help="A timm architecture, or torchvision:shufflenet_v2_x1_0.")]
BackboneWeights = Annotated[Path | None, typer.Option(help="A file of weights; without it timm's from the Hub.")]
FromScratch = Annotated[bool, typer.Option("--from-scratch", help="Random weights; no first phase.")]
ModelArg = Annotated[list[str] | None, typer.Option(help="KEY=VALUE for timm, such as pad_type=same.")]
Size = Annotated[int | None, typer.Option(min=16, max=1024, help="Side of the input; the backbone's own by default.")]
BatchSize = Annotated[int, typer.Option(min=2, help="Pictures a step, over all devices.")]
Precision = Annotated[str, typer.Option(help="auto, bf16 or float32.")]
Seed = Annotated[int, typer.Option(min=0, help="Of everything random.")]
FixLeaks = Annotated[bool, typer.Option("--fix-leaks", help="Train on validation pictures that have a copy in train.")]
Workers = Annotated[int, typer.Option(min=0, help="Processes that decode pictures.")]
Json = Annotated[bool, typer.Option("--json", help="One line of JSON on standard output, for machines.")]


@dataclass(frozen=True)
class Chosen:
    """The pictures that a command works on: the task they belong to, if any, and a name for what is made of them."""

    source: Source
    task: Task | None
    name: str


def choose(
    task: str | None, data: Path | None, dataset: str | None, image_column: str | None, label_column: str | None
) -> Chosen:
    """What was asked for, else what is published for the task."""
    from training.data import tasks
    from training.data.sources import Source

    known = tasks.get(task) if task else None
    if data is not None and dataset is not None:
        raise CnnHubError("--data and --dataset contradict each other; leave one out.")
    if data is not None:
        source = Source(str(data))
    elif dataset is not None:
        place, _, revision = dataset.partition("@")
        source = Source(place, on_hub=True, revision=revision or None)
    elif known is not None:
        source = known.published
    else:
        raise CnnHubError(f"No pictures were named. Give --data DIR, --dataset owner/name or a task ({', '.join(tasks.TASKS)}).")
    columns = image_column or source.image_column, label_column or source.label_column
    source = dataclasses.replace(source, image_column=columns[0], label_column=columns[1])
    return Chosen(source, known, task or source.name)


def weights(file: Path | None, from_scratch: bool) -> Weights:
    """Where the backbone's weights come from."""
    if file and from_scratch:
        raise CnnHubError("--backbone-weights and --from-scratch contradict each other; leave one out.")
    return "scratch" if from_scratch else file or "hub"


def model_args(arguments: list[str] | None) -> dict[str, str]:
    """["pad_type=same"] -> {"pad_type": "same"}"""
    pairs = {}
    for argument in arguments or []:
        key, equals, value = argument.partition("=")
        if not equals:
            raise CnnHubError(f"--model-arg {argument!r} arrived; expected KEY=VALUE, such as pad_type=same.")
        pairs[key] = value
    return pairs


def command_line() -> str:
    """The command that is running, to be repeated from the start."""
    arguments = [argument for argument in sys.argv[1:] if argument not in ("--resume", "--overwrite")]
    return shlex.join(["python", "-m", "training", *arguments])


def show(parts: Iterable[RenderableType], as_json: dict[str, Any] | None) -> None:
    """A command's result on standard output: as one line of JSON, or in parts for a reader."""
    if as_json is not None:
        print(json.dumps(as_json, ensure_ascii=False))
        return
    for part in parts:
        Console().print(part, soft_wrap=isinstance(part, str), highlight=False)
