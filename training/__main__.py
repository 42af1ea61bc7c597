"""`python -m training ...`: fine-tune, evaluate, push, package."""

from __future__ import annotations

import json
import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cnnhub.errors import CnnHubError
from training.recipe import Recipe
from training.stops import DivergedError, Stopped

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Train models that `cnnhub.load` and the demo understand. Each command explains itself with --help.",
)
_console = Console(stderr=True)
_DEFAULTS = Recipe()


@app.command()
def finetune(
    task: Annotated[str | None, typer.Argument(help="cats-vs-dogs or flowers; leave out for your own pictures.")] = None,
    data: Annotated[Path | None, typer.Option(help="DIR/{train,validation}/LABEL/*.jpg, or parquet files.")] = None,
    output: Annotated[Path | None, typer.Option(help="Folder of the model; runs/TASK by default.")] = None,
    backbone: Annotated[str, typer.Option(help="A timm architecture.")] = _DEFAULTS.backbone,
    backbone_weights: Annotated[Path | None, typer.Option(help="A file of weights; without it timm's from the Hub.")] = None,
    from_scratch: Annotated[bool, typer.Option("--from-scratch", help="Random weights; no first phase.")] = False,
    model_arg: Annotated[list[str] | None, typer.Option(help="KEY=VALUE for timm, such as pad_type=same.")] = None,
    size: Annotated[int | None, typer.Option(min=16, max=1024, help="Side of the input; the backbone's own by default.")] = None,
    views: Annotated[int, typer.Option(min=0, help="Phase one: augmented views of each picture.")] = _DEFAULTS.views,
    epochs: Annotated[int, typer.Option(min=0, help="Phase two: epochs of all layers.")] = _DEFAULTS.epochs,
    lr: Annotated[float, typer.Option(min=0.0, help="Peak learning rate of the head.")] = _DEFAULTS.lr,
    layer_decay: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="A layer's rate as a share of the one above's.")
    ] = _DEFAULTS.layer_decay,
    weight_decay: Annotated[float, typer.Option(min=0.0, help="AdamW's.")] = _DEFAULTS.weight_decay,
    warmup_epochs: Annotated[float, typer.Option(min=0.0, help="Linear warm-up; then cosine.")] = _DEFAULTS.warmup_epochs,
    label_smoothing: Annotated[float, typer.Option(min=0.0, max=0.9, help="0 is off.")] = _DEFAULTS.label_smoothing,
    mixup: Annotated[float, typer.Option(min=0.0, help="Alpha; 0 is off.")] = _DEFAULTS.mixup,
    augment: Annotated[str, typer.Option(help="timm's auto_augment string; empty is off.")] = _DEFAULTS.augment,
    scale: Annotated[float, typer.Option(min=0.05, max=1.0, help="Smallest share of a random crop.")] = _DEFAULTS.scale,
    ema_decay: Annotated[float, typer.Option(min=0.0, max=0.99999, help="A step; 0 is off.")] = _DEFAULTS.ema_decay,
    batch_size: Annotated[int, typer.Option(min=2, help="Pictures a step, over all devices.")] = _DEFAULTS.batch_size,
    accumulate: Annotated[int, typer.Option(min=1, help="Micro-batches a step, to save memory.")] = _DEFAULTS.accumulate,
    clip: Annotated[float, typer.Option(min=0.0, help="Largest gradient norm; 0 is off.")] = _DEFAULTS.clip,
    precision: Annotated[str, typer.Option(help="auto, bf16 or float32.")] = _DEFAULTS.precision,
    patience: Annotated[int, typer.Option(min=0, help="Stop after so many epochs without a better one; 0 is off.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of everything random.")] = _DEFAULTS.seed,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint in the output folder.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Drop an unfinished run in the output folder.")] = False,
    max_minutes: Annotated[float, typer.Option(min=0.0, help="End in time, with the best model saved; 0 is no limit.")] = 0.0,
    checkpoint_steps: Annotated[int, typer.Option(min=0, help="Steps between checkpoints; 0 is each epoch's end.")] = 100,
    workers: Annotated[int, typer.Option(min=0, help="Processes that decode pictures.")] = 2,
) -> None:
    """Fine-tune a backbone: first the head on frozen features, then all layers at layer-wise decayed rates.

    The best model by validation accuracy is kept; the test split is never opened. Ctrl-C saves a checkpoint; the same
    command with --resume goes on, and ends with the weights of a run that was never interrupted.

    Example: python -m training finetune flowers --data ../shared/data/flowers
    --backbone-weights ../shared/pretrained/mobilenetv2_100/model.safetensors --model-arg pad_type=same
    """
    from training import card, tasks
    from training.finetune import Run
    from training.finetune import finetune as run

    chosen = tasks.get(task) if task else None
    if data is None:
        raise CnnHubError("finetune needs --data DIR; see --help for its form.")
    if backbone_weights and from_scratch:
        raise CnnHubError("--backbone-weights and --from-scratch contradict each other; leave one out.")
    name = task or data.resolve().name
    output = output or Path("runs") / name
    given = {key: value for key, value in locals().items() if key in Recipe.__dataclass_fields__}
    recipe = Recipe(
        **given,
        model_args=dict(_key_and_value(arg) for arg in model_arg or []),
        squashed_from=chosen.squashed_from if chosen else None,
    )
    command = ["python", "-m", "training", *(arg for arg in sys.argv[1:] if arg not in ("--resume", "--overwrite"))]
    about = {"name": name, "command": shlex.join(command)}
    where = Run(output, resume, overwrite, max_minutes, checkpoint_steps, workers, about)
    weights = "scratch" if from_scratch else backbone_weights or "hub"
    try:
        config = run(data, weights, recipe, where, chosen.label_texts if chosen else {}, _console)
    except Stopped as stopped:
        again = shlex.join([*command, "--resume"])
        _console.print(f"Stopped by {stopped}; a checkpoint is saved. Go on with:\n{escape(again)}", soft_wrap=True)
        raise SystemExit(stopped.status) from None
    except DivergedError as error:
        _console.print(f"[red]Stopped:[/] {escape(str(error))}", highlight=False)
        raise SystemExit(3) from None
    if os.environ.get("RANK", "0") != "0":
        return
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
def push(
    model: Annotated[Path, typer.Option(help="The model's folder, such as runs/flowers.")],
    to: Annotated[str, typer.Option(help="owner/name; it is created if it is not there.")],
    data: Annotated[
        Path | None, typer.Option(help="Measure its test split again; the accuracy must be the recorded one.")
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Create the repository private.")] = False,
    create_pr: Annotated[bool, typer.Option("--create-pr", help="Open a pull request instead of committing to main.")] = False,
    tag: Annotated[str | None, typer.Option(help="Name the commit, such as v1.0, for cnnhub.load('owner/name@v1.0').")] = None,
) -> None:
    """Upload a model folder to the Hub as one commit, after it was loaded again and gave equal logits.

    What travels: config.json, model.safetensors, README.md, *.png and test_log.jsonl; never a checkpoint. Needs a token with
    write permission (`hf auth login`, or HF_TOKEN). A push that fails leaves the repository as it was, and pushing again is
    harmless: the same files make no second commit.

    Example: python -m training push --model runs/flowers --to me/flowers --data ../shared/data/flowers --tag v1.0
    """
    from training.push import push as run

    print(run(model, to, data=data, private=private, create_pr=create_pr, tag=tag, console=_console))


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
