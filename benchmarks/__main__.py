"""`python -m benchmarks all [--json FILE]`: medians of interleaved runs, each peer on the same pictures.

Peers that are not installed (`pip install -r benchmarks/requirements.txt`) are left out, and said so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import answers as answering
from benchmarks import chart as accuracy
from benchmarks import endpoints as asking
from benchmarks import inside as looking
from benchmarks import load as visiting
from benchmarks import page as demo
from benchmarks import report
from benchmarks import start as starting
from benchmarks.decoding import figures as reduced_decoding
from benchmarks.memory import figures as memory_of_the_demo
from benchmarks.training import figures as fine_tuning
from cnnhub.hub import builtin_models
from training.data.sources import Source

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
DATA, WEIGHTS = SHARED / "data/cats-vs-dogs", SHARED / "pretrained/mobilenetv2_100/model.safetensors"
CHART = ROOT / "docs" / "accuracy.png"
CHART_DATA, BACKBONES = SHARED / "data/flowers", SHARED / "pretrained"

app = typer.Typer(add_completion=False, help=__doc__)
_errors = Console(stderr=True)


Output = Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")]
Record = Annotated[bool, typer.Option("--record", help="Write the table into README.md and the plots into docs/.")]
Data = Annotated[Path, typer.Option(help="Pictures of cats and dogs, DIR/{train,validation}/LABEL/*.jpg.")]
Weights = Annotated[Path, typer.Option(help="The backbone: timm's mobilenetv2_100, safetensors.")]
ChartData = Annotated[Path, typer.Option("--data", help="Pictures, DIR/{train,validation}/LABEL/*.jpg.")]


@app.command(name="all")
def everything(output: Output = None, record: Record = False, data: Data = DATA, weights: Weights = WEIGHTS) -> None:
    """Measure everything; training, which takes half an hour, only where its pictures are."""
    found = _answers()
    figures = _alone() | _others() | _page_figures() | memory_of_the_demo()
    if CHART_DATA.is_dir() and BACKBONES.is_dir():
        _draw_chart(CHART_DATA, None, [BACKBONES], CHART)
    if data.is_dir() and weights.is_file():
        figures |= fine_tuning(data, weights, _errors)
    else:
        _errors.print(f"{data} or {weights} is not there; training is left out")
    _finish(figures, found, output, record)


@app.command()
def answers(output: Output = None, record: Record = False) -> None:
    """From a picture's file to its answer, beside other libraries."""
    found = _answers()
    _finish(_alone(), found, output, record)


@app.command()
def others(output: Output = None) -> None:
    """Imports and start, feature maps and response maps, the demo's endpoints."""
    _finish(_others(), {}, output)


@app.command()
def chart(
    data: ChartData = CHART_DATA,
    review: Annotated[Path | None, typer.Option(help="Decisions on its pictures, as `training review` makes them.")] = None,
    models: Annotated[list[Path] | None, typer.Option(help="A folder of model folders; may be given again.")] = None,
    picture: Annotated[Path, typer.Option(help="What is drawn.")] = CHART,
) -> None:
    """Accuracy of built-in models, and of those in folders, against milliseconds, multiply-adds and megabytes."""
    _draw_chart(data, review, models or [BACKBONES], picture)


@app.command()
def endpoints(
    output: Output = None,
    checkout: Annotated[Path, typer.Option(help="Another clone whose demo is served, to compare with.")] = ROOT,
) -> None:
    """How long /classify, /filter and /feature_maps take through gradio's client: p50 and p95."""
    figures = asking.figures(checkout)
    for name, times in figures["endpoints, milliseconds"].items():
        p50, p95 = asking.percentiles(times)
        _errors.print(f"{name}: p50 {p50:.0f} ms, p95 {p95:.0f} ms")
    _finish(figures, {}, output, record=False)


@app.command()
def memory(output: Output = None) -> None:
    """What the demo's server takes at rest and at most, with every endpoint, every model and a photo of 50 megapixels."""
    _finish(memory_of_the_demo(), {}, output)


@app.command()
def load(
    output: Output = None,
    users: Annotated[list[int] | None, typer.Option(help="How many visitors there are at once; may be given again.")] = None,
    seconds: Annotated[int, typer.Option(min=10, help="How long they stay.")] = 300,
) -> None:
    """The demo while many visitors ask every endpoint at once: how long they wait, who is turned away (needs locust)."""
    if not visiting.is_possible():
        _errors.print("locust, which plays the visitors, is not installed (pip install -r benchmarks/requirements.txt)")
        raise typer.Exit(1)
    figures: dict[str, dict[str, list[float]]] = {}
    for each in users or [5, 50]:
        figures |= visiting.figures(each, seconds)
    _finish(figures, {}, output)


@app.command()
def decoding(output: Output = None) -> None:
    """What decoding large JPEGs at reduced size changes in the answers of the built-in models, and what it spares."""
    _finish(reduced_decoding(), {}, output)


@app.command()
def training(output: Output = None, data: Data = DATA, weights: Weights = WEIGHTS) -> None:
    """Fine-tuning beside fastai and transformers' Trainer; run it with nothing else running."""
    _finish(fine_tuning(data, weights, _errors), {}, output)


@app.command()
def page(output: Output = None) -> None:
    """How long the demo's page takes to open and to answer a click, in Debian's Chromium."""
    _finish(_page_figures(), {}, output)


def _page_figures() -> dict[str, dict[str, list[float]]]:
    return {"the page opens, milliseconds": demo.openings(), "the page answers, milliseconds": demo.interactions()}


def _answers() -> dict[str, dict[str, answering.Timed]]:
    found = answering.singles(_errors.print) | {"folder of 500x375": answering.folder(_errors.print)}
    report.show_answers(found)
    return found


def _alone() -> dict[str, dict[str, list[float]]]:
    return {"network alone, milliseconds": {name: timed.values for name, timed in answering.networks_alone().items()}}


def _others() -> dict[str, dict[str, list[float]]]:
    return starting.figures() | looking.figures(_errors.print) | asking.figures()


def _draw_chart(data: Path, review: Path | None, folders: list[Path], picture: Path) -> None:
    models = [str(path) for folder in folders for path in sorted(folder.iterdir()) if (path / "config.json").is_file()]
    found = accuracy.points(Source(str(data), review=review), [*builtin_models(), *models], _errors.print)
    accuracy.draw(found, f"{data.name}, validation", picture)


def _finish(
    figures: dict[str, dict[str, list[float]]],
    found: dict[str, dict[str, answering.Timed]],
    output: Path | None,
    record: bool = False,
) -> None:
    report.show(figures)
    if output:
        report.write_json(output, figures, found)
    if record:
        report.write_readme(found)
        report.draw_answers(found, ROOT / "docs" / "speed.png")


if __name__ == "__main__":
    app()
