"""Options that several commands have, and what follows from them."""

from __future__ import annotations

import dataclasses
import inspect
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console, RenderableType

from cnnhub import results
from cnnhub.errors import CnnHubError
from training.fit.recipe import Recipe

if TYPE_CHECKING:
    from training.data.sources import Source
    from training.data.tasks import Task
    from training.fit.backbones import Weights

console = Console(stderr=True)

_PICTURES = ("task", "data", "dataset", "image_column", "label_column", "review")  # what `choose` takes

TaskName = Annotated[
    str | None,
    typer.Argument(
        help="cats-vs-dogs, flowers, flowers-102, mnist, fashion-mnist or cifar10; leave out for your own.", metavar="[TASK]"
    ),
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
Review = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Decisions on single pictures, as `review` makes them: train and validation follow them, test never does.",
    ),
]
Backbone = Annotated[
    str | None,
    typer.Option(
        help="A timm architecture, or torchvision:shufflenet_v2_x1_0. Without it that of the weights, else mobilenetv2_100."
    ),
]
BackboneWeights = Annotated[
    str | None,
    typer.Option(
        metavar="SOURCE",
        help="A built-in model (imagenet, flowers, cats-vs-dogs ...), a model's folder or a file of weights; without it timm's "
        "from the Hub. A config.json beside the weights says how they are used.",
    ),
]
FromScratch = Annotated[bool, typer.Option("--from-scratch", help="Random weights; no first phase.")]
Fresh = Annotated[
    list[str] | None, typer.Option(help="A part of the network that the weights lack, such as conv5: it begins with random ones.")
]
ModelArg = Annotated[list[str] | None, typer.Option(help="KEY=VALUE for timm, such as pad_type=same.")]
Size = Annotated[int | None, typer.Option(help="Side of the input, 16 to 1024 pixels; the backbone's own by default.")]
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
    task: str | None,
    data: Path | None,
    dataset: str | None,
    image_column: str | None,
    label_column: str | None,
    review: Path | None = None,
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
    source = dataclasses.replace(source, image_column=columns[0], label_column=columns[1], review=review)
    return Chosen(source, known, task or source.name)


@dataclass(frozen=True)
class Asked:
    """What the options of `finetune` ask for."""

    chosen: Chosen
    weights: Weights
    recipe: Recipe


def asked(settings: Mapping[str, Any]) -> Asked:
    """From the values of `finetune`'s options, by parameter."""
    from training.fit.backbones import recipe_for

    chosen = choose(*(settings[name] for name in _PICTURES))
    weights = _weights(settings["backbone_weights"], settings["from_scratch"])
    given = {name: settings[name] for name in Recipe.__dataclass_fields__ if settings.get(name) is not None}
    more = {
        "backbone": settings["backbone"],
        "model_args": model_args(settings["model_arg"]),
        "teachers": tuple(map(_teacher, settings["teacher"] or ())),
        "fresh": tuple(settings["fresh"] or ()),
        "without": tuple(settings["without"] or ()),
        "squashed_from": chosen.task.squashed_from if chosen.task else None,
    }
    return Asked(chosen, weights, recipe_for(weights, **{**given, **more}))


def like(other: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """For a command that takes another's options beside its own, which go before theirs: they reach it as keywords."""

    def decorated(command: Callable[..., Any]) -> Callable[..., Any]:
        own, theirs = (inspect.signature(each, eval_str=True).parameters.values() for each in (command, other))
        named = [each for each in own if each.kind is not inspect.Parameter.VAR_KEYWORD]
        together = {each.name: each for each in (*theirs, *named)}.values()
        parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in together]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {each.name: each.annotation for each in parameters}
        return command

    return decorated


def _weights(given: str | None, from_scratch: bool) -> Weights:
    """Where the backbone's weights come from."""
    from cnnhub import hub
    from cnnhub.hub import shipped

    if given and from_scratch:
        raise CnnHubError("--backbone-weights and --from-scratch contradict each other; leave one out.")
    if given is None:
        return "scratch" if from_scratch else "hub"
    if given in hub.builtin_models():
        shipped.check(given)
        return hub.BUILTIN_FOLDER / given / hub.WEIGHTS_NAME
    path = Path(given)
    path = path / hub.WEIGHTS_NAME if path.is_dir() else path
    if not path.is_file():
        raise CnnHubError(
            f"--backbone-weights {given!r} arrived, and there is no file {path}. Expected a file of weights, a model's folder or "
            f"a built-in model ({', '.join(hub.builtin_models())})."
        )
    return path


def _teacher(given: Path) -> str:
    """A teacher's folder, which a built-in model's name tells, too."""
    from cnnhub import hub

    is_name = str(given) in hub.builtin_models() and not given.is_dir()
    return os.path.relpath(hub.BUILTIN_FOLDER / given) if is_name else str(given)


def model_source(given: str) -> str | Path:
    """What `cnnhub.load` takes: a built-in model's name, or the folder that was given, or that of the file of weights."""
    from cnnhub import hub

    path = _weights(given, from_scratch=False)
    assert isinstance(path, Path)
    return given if given in hub.builtin_models() else path.parent


def model_args(arguments: list[str] | None) -> dict[str, str]:
    """["pad_type=same"] -> {"pad_type": "same"}"""
    pairs = {}
    for argument in arguments or []:
        key, equals, value = argument.partition("=")
        if not equals:
            raise CnnHubError(f"--model-arg {argument!r} arrived; expected KEY=VALUE, such as pad_type=same.")
        pairs[key] = value
    return pairs


def command_line(arguments: list[str] | None = None) -> str:
    """The command that is running, to be repeated from the start; or one with other arguments."""
    processes = os.environ.get("LOCAL_WORLD_SIZE")  # torchrun's
    launched = ["torchrun", "--nproc_per_node", processes] if processes else ["python"]
    given = [argument for argument in arguments or sys.argv[1:] if argument not in ("--resume", "--overwrite")]
    return shlex.join([*launched, "-m", "training", *given])


def recorded_command() -> str:
    """The same for a card: of a path on the trainer's disk the last part is left, or what lies below the working folder."""
    from training.release.record import shown

    return shlex.join(shown(part) for part in shlex.split(command_line()))


def show(parts: Iterable[RenderableType], as_json: dict[str, Any] | None) -> None:
    """A command's result on standard output: as one line of JSON, or in parts for a reader."""
    if as_json is not None:
        print(results.line(as_json))
        return
    for part in parts:
        Console().print(part, soft_wrap=isinstance(part, str), highlight=False)
