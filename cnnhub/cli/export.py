"""`cnnhub export`."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cnnhub.cli import completion
from cnnhub.cli.output import show_table, waiting, writing

if TYPE_CHECKING:
    from cnnhub.engines.graphs import Graph
    from cnnhub.hub import ModelFiles


class Precision(StrEnum):
    """Of a graph's numbers."""

    float32 = "float32"
    int8 = "int8"


def export(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A built-in name, a folder or a Hub id.", autocompletion=completion.models)
    ],
    precision: Annotated[Precision, typer.Option(help="int8 needs --data.")] = Precision.float32,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Pictures such as the model was taught with: up to 200 calibrate int8, all compare it."),
    ] = None,
    unlike: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Pictures of other kinds, which int8 must notice as well.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE.onnx|DIR",
            help="Write it here too: one file with the weights, for other programs, or graph and record as built-in models have.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object: source, precision, usable, why.")] = False,
) -> None:
    """Export a model for onnxruntime: pixels of 8 bits in, any number of pictures.

    `cnnhub.load` does the same, without int8, when it first meets a model, and keeps the graph beside the Hub's cache (or in
    CNNHUB_CACHE). A graph is kept only if it answers as torch does; int8 only if on the pictures of --data no more than
    0.3 % of the first answers change and unfamiliar pictures are noticed as well. Folders called test are not looked at.
    The exit status is 1 where there is no graph in the end; why is said and remembered.

    \b
    Examples:
      cnnhub export timm/resnet18.a1_in1k
      cnnhub export ./runs/mine --precision int8 --data photos
      cnnhub export flowers --output flowers.onnx
    """
    from cnnhub import exporting

    trials: list[exporting.Trial] = []
    with waiting(f"loading {source}") as progress:
        if precision is Precision.int8:
            if data is None:
                raise typer.BadParameter("int8 is calibrated on pictures: name a folder", param_hint="--data")
            files, graph, trials = exporting.export_int8(source, data, unlike or (), progress)
        else:
            files, graph = exporting.export(source, progress)
    if output and (graph.model or output.suffix != ".onnx"):
        with writing(output):
            _write(output, files, graph, precision)
    if as_json:
        print(json.dumps({"source": source, "precision": precision, "usable": bool(graph.model), "why": graph.record.why}))
    else:
        rows = [("tried", str(trial)) for trial in trials]
        show_table(("", ""), [*rows, ("usable", "yes" if graph.model else "no"), ("why", graph.record.why)])
    if not graph.model:
        raise typer.Exit(1)


def _write(output: Path, files: ModelFiles, graph: Graph, precision: Precision) -> None:
    """One file that needs no other, or a graph and its record."""
    from cnnhub.engines import graphs
    from cnnhub.engines.export import with_weights
    from cnnhub.files import write_atomically

    if output.suffix == ".onnx":
        write_atomically(output, with_weights(graph, files.weights).SerializeToString())
    else:
        graphs.Place(output / graphs.name_of(precision), graph.record.key).write(graph)
