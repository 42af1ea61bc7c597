"""`python -m benchmarks all [--json FILE]`: medians of interleaved runs, each peer on the same pictures.

Peers that are not installed (`pip install -r benchmarks/requirements.txt`) are left out, and said so.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks import page as demo
from benchmarks.decoding import figures as reduced_decoding
from benchmarks.memory import figures as memory_of_the_demo
from benchmarks.training import figures as fine_tuning

ROOT = Path(__file__).parent.parent
PHOTOS = sorted((ROOT / "space" / "examples").glob("*.jpg"))
MODEL = ROOT / "cnnhub" / "builtin" / "cats-vs-dogs"
ROUNDS = 15
IMPORT_ROUNDS = 5

app = typer.Typer(add_completion=False, help=__doc__)
_errors = Console(stderr=True)


Output = Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")]
Data = Annotated[Path, typer.Option(help="Pictures of cats and dogs, DIR/{train,validation}/LABEL/*.jpg.")]
Weights = Annotated[Path, typer.Option(help="The backbone: timm's mobilenetv2_100, safetensors.")]
DATA, WEIGHTS = ROOT.parent / "shared/data/cats-vs-dogs", ROOT.parent / "shared/pretrained/mobilenetv2_100/model.safetensors"


@app.command(name="all")
def everything(output: Output = None, data: Data = DATA, weights: Weights = WEIGHTS) -> None:
    """Measure everything; training, which takes half an hour, only where its pictures are."""
    figures = {"one photo, milliseconds": measure(classifiers()), "import, milliseconds": imports()}
    figures |= _page_figures() | memory_of_the_demo()
    if data.is_dir() and weights.is_file():
        figures |= fine_tuning(data, weights, _errors)
    else:
        _errors.print(f"{data} or {weights} is not there; training is left out")
    _show(figures, output)


@app.command()
def memory(output: Output = None) -> None:
    """What the demo's server takes at rest and at most, with every endpoint, every model and a photo of 50 megapixels."""
    _show(memory_of_the_demo(), output)


@app.command()
def decoding(output: Output = None) -> None:
    """What decoding large JPEGs at reduced size changes in the answers of the built-in models, and what it spares."""
    _show(reduced_decoding(), output)


@app.command()
def training(output: Output = None, data: Data = DATA, weights: Weights = WEIGHTS) -> None:
    """Fine-tuning beside fastai and transformers' Trainer; run it with nothing else running."""
    _show(fine_tuning(data, weights, _errors), output)


@app.command()
def page(output: Output = None) -> None:
    """How long the demo's page takes to open and to answer a click, in Debian's Chromium."""
    _show(_page_figures(), output)


def _page_figures() -> dict[str, dict[str, list[float]]]:
    return {"the page opens, milliseconds": demo.openings(), "the page answers, milliseconds": demo.interactions()}


def _show(figures: dict[str, dict[str, list[float]]], output: Path | None) -> None:
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    for title, rows in figures.items():
        table = Table("what", "median", "best", "worst", "runs", title=f"{title} ({machine})")
        for name, values in rows.items():
            best, worst = (max, min) if "pictures/s" in title else (min, max)
            table.add_row(
                name, *(f"{value:.1f}" for value in (statistics.median(values), best(values), worst(values))), str(len(values))
            )
        Console().print(table)
    if output:
        medians = {title: {name: statistics.median(values) for name, values in rows.items()} for title, rows in figures.items()}
        output.write_text(json.dumps({"machine": machine, "median": medians, "all": figures}, indent=2) + "\n")


def measure(candidates: dict[str, Callable[[Path], Any]]) -> dict[str, list[float]]:
    """Milliseconds a photo, from file to scores; one round runs every candidate over every photo in turn."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for run in candidates.values():  # warm up
        run(PHOTOS[0])
    for _ in range(ROUNDS):
        for name, run in candidates.items():
            started = time.perf_counter()
            for photo in PHOTOS:
                run(photo)
            times[name].append((time.perf_counter() - started) / len(PHOTOS) * 1e3)
    return times


def classifiers() -> dict[str, Callable[[Path], Any]]:
    """The same weights through each library: file in, sorted probabilities out."""
    import timm
    import torch
    from PIL import Image

    import cnnhub

    ours = cnnhub.load(MODEL)
    network = timm.create_model(f"local-dir:{MODEL}", pretrained=True).eval()
    transform = timm.data.create_transform(**timm.data.resolve_model_data_config(network))

    def by_hand(photo: Path) -> Any:
        with Image.open(photo) as image, torch.inference_mode():
            return network(transform(image.convert("RGB"))[None]).softmax(1).sort(descending=True)

    candidates: dict[str, Callable[[Path], Any]] = {"cnnhub predict": ours.predict, "timm by hand": by_hand}
    try:
        from transformers import pipeline
    except ImportError:
        _errors.print("transformers is not installed; left out")
    else:
        pipe = pipeline("image-classification", model=str(MODEL), dtype=torch.float32)
        candidates["transformers pipeline"] = lambda photo: pipe(str(photo))
    return candidates


def imports() -> dict[str, list[float]]:
    """Milliseconds of `import X` in a fresh interpreter, less an empty one's."""
    modules = {"nothing": "", "cnnhub": "import cnnhub", "timm": "import timm"}
    times: dict[str, list[float]] = {name: [] for name in modules}
    for _ in range(IMPORT_ROUNDS):
        for name, code in modules.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            times[name].append((time.perf_counter() - started) * 1e3)
    empty = statistics.median(times.pop("nothing"))
    return {name: [value - empty for value in values] for name, values in times.items()}


if __name__ == "__main__":
    app()
