"""`cnnhub predict`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnhub.cli import completion
from cnnhub.cli.output import show_table, waiting, writing
from cnnhub.errors import CnnHubError, printable

if TYPE_CHECKING:
    from cnnhub import Prediction

MODEL_HELP = "A built-in name, a folder (./runs/mine) or a Hub id (owner/name, owner/name@revision)."

ModelOption = Annotated[str, typer.Option(help=MODEL_HELP, autocompletion=completion.models)]
UnverifiedOption = Annotated[
    bool, typer.Option("--allow-unverified", help="Take a model from a Hub that announces no hash to check it by.")
]


def predict(
    images: Annotated[list[str], typer.Argument(metavar="IMAGE_OR_DIR", help="Pictures, folders or http(s) URLs.")],
    model: ModelOption = "cats-vs-dogs",
    top_k: Annotated[int | None, typer.Option(min=1, help="Keep the K largest scores; the table shows 3.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON for each picture.")] = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="A table to write: .parquet, .csv or .jsonl.")] = None,
    allow_unverified: UnverifiedOption = False,
) -> None:
    """Say what is in pictures.

    Folders are searched through, whatever their files are called, and their pictures sorted by path; what is left out
    is said on standard error. A picture that cannot be read is reported in its place; the others are still classified,
    and the exit status is 1 at the end.

    A picture like nothing that the model was taught is marked as unfamiliar: its label then means nothing. In a pipe each line
    holds picture, label, probability, the next labels and whether it is unfamiliar, separated by tabs. With --output the fields
    of --json become a file, whole or not at all. "python -m cnnhub.batch --help" says how to use many machines.

    \b
    Examples:
      cnnhub predict cat.jpg
      cnnhub predict --model flowers --top-k 2 --json garden/
      cnnhub predict photos/ --output results.parquet
      cnnhub predict --model timm/resnet18.a1_in1k https://example.com/cat.jpg
    """
    import cnnhub
    from cnnhub import results

    if output is not None:
        if as_json:
            raise typer.BadParameter("it shows what --output writes; leave one of them out", param_hint="--json")
        results.check_path(output)
    files = list(_expand(images))
    with waiting(f"loading {model}"):
        classifier = cnnhub.load(model, allow_unverified=allow_unverified)
    somebody_looks = len(files) >= 10 and sys.stderr.isatty()
    outcomes = classifier.predict_many(files, top_k=top_k, on_error="keep", progress=somebody_looks)
    failures: list[CnnHubError] = []

    def pairs() -> Iterator[tuple[str, Prediction | CnnHubError]]:
        for file, outcome in zip(files, outcomes, strict=True):
            if isinstance(outcome, CnnHubError):
                failures.append(outcome)
            yield file, outcome

    if output is not None:
        with writing(output), results.writing_to(output) as write:
            for file, outcome in pairs():
                write(results.record(file, outcome))
        typer.echo(f"{len(files):,} pictures, {len(failures):,} of them unreadable: {printable(str(output))}", err=True)
    elif as_json:
        for file, outcome in pairs():
            print(results.line(results.record(file, outcome)), flush=True)
    else:
        rows = (_row(file, outcome, top_k or 3) for file, outcome in pairs())
        show_table(("picture", "label", "probability", "next", "unfamiliar"), rows)
    if failures:
        raise typer.Exit(1)


def _expand(arguments: list[str]) -> Iterator[str]:
    """Files in the order given; of a folder, the pictures in it and below, by sorted path, and a word on what was left out."""
    from cnnhub import pictures

    for argument in arguments:
        if not os.path.isdir(argument):  # false, where Path.is_dir raises, for a name that is too long
            yield argument
            continue
        found = pictures.find(argument)
        if not found.pictures:
            typer.echo(f"warning: the folder {printable(argument)} holds no pictures", err=True)
        for phrase in found.in_words():
            typer.echo(f"left out in {printable(argument)}: {printable(phrase)}", err=True)
        yield from (str(found.folder / path) for path in found.pictures)


def _row(file: str, outcome: Prediction | CnnHubError, top_k: int) -> tuple[str, ...]:
    if isinstance(outcome, CnnHubError):
        return file, "unreadable", "", str(outcome), ""
    others = list(outcome.scores.items())[1:top_k]
    following = ", ".join(f"{label} {share:.1%}" for label, share in others)
    doubt = {None: "not measured", True: "yes", False: "no"}[outcome.is_unfamiliar]
    return file, outcome.label, f"{outcome.probability:.1%}", following, doubt
