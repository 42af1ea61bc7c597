"""`python -m training ...`: fine-tune, evaluate, package."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cnnhub.errors import CnnHubError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Train models that `cnnhub.load` and the demo understand. Each command explains itself with --help.",
)
_console = Console(stderr=True)


@app.command()
def finetune(
    task: Annotated[str | None, typer.Argument(help="cats-vs-dogs or flowers; leave out for your own pictures.")] = None,
    data: Annotated[Path | None, typer.Option(help="DIR/{train,validation}/LABEL/*.jpg, or parquet files.")] = None,
    backbone_weights: Annotated[Path | None, typer.Option(help="The backbone's safetensors file.")] = None,
    backbone: Annotated[str, typer.Option(help="A timm architecture.")] = "mobilenetv2_100",
    model_arg: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for timm, such as pad_type=same.")] = None,
    output: Annotated[Path | None, typer.Option(help="Folder of the model; runs/TASK by default.")] = None,
    epochs: Annotated[int, typer.Option(min=0, help="Epochs of all layers, after the head's.")] = 8,
    lr: Annotated[float, typer.Option(min=0.0, help="Learning rate of all layers.")] = 1e-4,
    batch_size: Annotated[int, typer.Option(min=2, help="Pictures a step.")] = 32,
    precision: Annotated[str, typer.Option(help="bf16 or float32.")] = "bf16",
    workers: Annotated[int, typer.Option(min=0, help="Processes that decode pictures.")] = 2,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
) -> None:
    """Fine-tune a backbone: first the head on frozen features, then all layers at a much smaller rate.

    The best model by validation accuracy is kept; the test split is never opened.

    Example: python -m training finetune flowers --data ../shared/data/flowers
    --backbone-weights ../shared/pretrained/mobilenetv2_100/model.safetensors --model-arg pad_type=same
    """
    from cnnhub.hub import CONFIG_NAME
    from training import card, tasks
    from training.finetune import Recipe
    from training.finetune import finetune as run

    chosen = tasks.get(task) if task else None
    if data is None or backbone_weights is None:
        raise CnnHubError("finetune needs --data DIR and --backbone-weights FILE; see --help for their form.")
    name = task or data.resolve().name
    output = output or Path("runs") / name
    recipe = Recipe(
        backbone=backbone,
        model_args=dict(_key_and_value(arg) for arg in model_arg or []),
        epochs=epochs,
        lr=lr,
        batch_size=batch_size,
        precision=precision,
        workers=workers,
        seed=seed,
        squashed_from=chosen.squashed_from if chosen else None,
    )
    try:
        config = run(data, backbone_weights, output, recipe, chosen.label_texts if chosen else {}, _console)
    except KeyboardInterrupt:
        _console.print(f"Stopped. The best model so far is in {output}, if the first phase had ended.")
        raise SystemExit(130) from None
    config = config.model_copy(update={"cnnhub": config.cnnhub.model_copy(update={"name": name})})
    config.write(output / CONFIG_NAME)
    card.write(output, name, config, chosen)
    _console.print(f"Saved. Load it with: cnnhub.load({_as_source(output)!r}), or: make app MODEL={_as_source(output)}")


@app.command()
def evaluate(
    model: Annotated[str, typer.Option(help="A built-in name, a folder (./runs/mine) or a Hub id.")],
    data: Annotated[Path, typer.Option(help="DIR/{train,validation,test}/LABEL/*.jpg, or parquet files.")],
    split: Annotated[str, typer.Option(help="train, validation or test.")] = "test",
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON instead of a table.")] = False,
    record: Annotated[bool, typer.Option(help="Write the figures into the model folder's config and card.")] = False,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures at once.")] = 32,
) -> None:
    """Measure a model on one split of a dataset: accuracy (0 to 1), loss, recall by class.

    Example: python -m training evaluate --model flowers --data ../shared/data/flowers
    """
    from training import card
    from training.evaluate import evaluate as run

    result = run(model, data, split, batch_size)
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        table = Table("", "value", title=f"{model} on {split} of {data}")
        for key, value in result.items():
            for name, number in value.items() if isinstance(value, dict) else ((key, value),):
                table.add_row(name, f"{number:.4f}" if isinstance(number, float) else str(number))
        Console().print(table)
    if record:
        card.record(Path(model), result)


@app.command()
def package(
    weights: Annotated[Path, typer.Argument(help="safetensors with ImageNet's 1,000 classes.")],
    output: Annotated[Path, typer.Argument(help="Folder of the model.")],
) -> None:
    """Package a 1,000-class ImageNet backbone from TensorFlow, unchanged, as a model folder.

    This is how the built-in `imagenet` was made.
    """
    from training.package import package as run

    run(weights, output)


def main() -> None:
    try:
        app()
    except CnnHubError as error:
        _console.print(f"[red]{type(error).__name__}[/]: {escape(str(error))}", highlight=False)
        sys.exit(1)


def _key_and_value(argument: str) -> tuple[str, str]:
    key, equals, value = argument.partition("=")
    if not equals:
        raise CnnHubError(f"--model-arg {argument!r} arrived; expected KEY=VALUE, such as pad_type=same.")
    return key, value


def _as_source(folder: Path) -> str:
    """A folder as `cnnhub.load` wants it written."""
    return str(folder) if folder.is_absolute() or str(folder).startswith("..") else f"./{folder}"


if __name__ == "__main__":
    main()
