"""`python -m training ...`: inspect, find-lr, finetune, evaluate, familiar, push, package."""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cnnhub.errors import CnnHubError
from training.fit.recipe import Recipe
from training.fit.stops import DivergedError, Stopped, interruptible

if TYPE_CHECKING:
    from training.data.sources import Source
    from training.fit.backbones import Weights

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Train models that `cnnhub.load` and the demo understand. Each command explains itself with --help.",
)
_console = Console(stderr=True)
_DEFAULTS = Recipe()

# Options that several commands have.
TaskName = Annotated[
    str | None, typer.Argument(help="cats-vs-dogs, flowers or flowers-102; leave out for your own pictures.", metavar="[TASK]")
]
Data = Annotated[
    Path | None,
    typer.Option(
        help="DIR/{train,validation,test}/LABEL/*.jpg, DIR/LABEL/*.jpg (cut into splits by a hash of each picture), parquet "
        "files, a .zip or a .tgz. Without it the task's published pictures are fetched."
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
FixLeaks = Annotated[bool, typer.Option("--fix-leaks", help="Train on validation pictures that have a copy in train.")]
Workers = Annotated[int, typer.Option(min=0, help="Processes that decode pictures.")]
Json = Annotated[bool, typer.Option("--json", help="One line of JSON on standard output, for machines.")]


@app.command()
def inspect(
    task: TaskName = None,
    data: Data = None,
    dataset: Dataset = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    augment: Annotated[bool, typer.Option("--augment", help="Show what augmentation makes of a few pictures.")] = False,
    output: Annotated[Path | None, typer.Option(help="The contact sheet (.html), or the folder for it; runs by default.")] = None,
    as_json: Json = False,
) -> None:
    """Look at a dataset before training: counts, balance, broken pictures, copies (across splits too), a contact sheet.

    Exits with status 1 where the same picture lies in two splits.

    Example: python -m training inspect --data ../shared/data/flowers --augment
    """
    from training.data.inspection import inspect as run
    from training.data.inspection import report

    source = _source(task, data, dataset, image_column, label_column)
    place = output or Path("runs")
    sheet = place if place.suffix in (".html", ".htm") else place / f"inspect-{task or _name_of(source)}.html"
    result = run(source, sheet, _DEFAULTS if augment else None)
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        for part in report(result):
            Console().print(part, soft_wrap=isinstance(part, str), highlight=False)
    if result["leaks"]:
        raise SystemExit(1)


@app.command("find-lr")
def find_lr(
    task: TaskName = None,
    data: Data = None,
    dataset: Dataset = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    output: Annotated[Path | None, typer.Option(help="The model's folder, for the curve; runs/TASK by default.")] = None,
    backbone: Backbone = _DEFAULTS.backbone,
    backbone_weights: BackboneWeights = None,
    from_scratch: FromScratch = False,
    model_arg: ModelArg = None,
    size: Size = None,
    batch_size: BatchSize = _DEFAULTS.batch_size,
    precision: Precision = _DEFAULTS.precision,
    steps: Annotated[int, typer.Option(min=10, help="Steps, each at a higher rate.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Of everything random.")] = _DEFAULTS.seed,
    fix_leaks: FixLeaks = False,
    workers: Workers = 2,
    as_json: Json = False,
) -> None:
    """Draw training loss against the learning rate, and suggest finetune's --lr. Takes a minute or two; keeps no weights.

    Example: python -m training find-lr flowers --data ../shared/data/flowers
    --backbone-weights ../shared/pretrained/mobilenetv2_100/model.safetensors
    """
    from training.fit.find_lr import find_lr as run
    from training.fit.prepare import Run
    from training.measure import plots

    source = _source(task, data, dataset, image_column, label_column)
    output = output or Path("runs") / (task or _name_of(source))
    recipe = Recipe(backbone, _model_args(model_arg), size=size, batch_size=batch_size, precision=precision, seed=seed)
    where = Run(output, workers=workers, fix_leaks=fix_leaks)
    found = run(source, _weights(backbone_weights, from_scratch), recipe, where, _console, steps)
    curve = output / "run" / "lr.png"
    plots.lr_curve(found.rates, found.losses, found.suggestion, curve)
    if as_json:
        told = {"suggestion": found.suggestion, "rates": found.rates, "losses": found.losses, "curve": str(curve)}
        print(json.dumps(told))
    else:
        print(f"--lr {found.suggestion:.1e}    (a tenth of the rate with the smallest loss; the curve: {curve})")


@app.command()
def finetune(
    task: TaskName = None,
    data: Data = None,
    dataset: Dataset = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    output: Annotated[Path | None, typer.Option(help="Folder of the model; runs/TASK by default.")] = None,
    backbone: Backbone = _DEFAULTS.backbone,
    backbone_weights: BackboneWeights = None,
    from_scratch: FromScratch = False,
    model_arg: ModelArg = None,
    size: Size = None,
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
    freeze_batch_norm: Annotated[
        bool, typer.Option("--freeze-batch-norm", help="Batch norm keeps the backbone's statistics; for few pictures.")
    ] = _DEFAULTS.freeze_batch_norm,
    batch_size: BatchSize = _DEFAULTS.batch_size,
    accumulate: Annotated[int, typer.Option(min=1, help="Micro-batches a step, to save memory.")] = _DEFAULTS.accumulate,
    clip: Annotated[float, typer.Option(min=0.0, help="Largest gradient norm; 0 is off.")] = _DEFAULTS.clip,
    precision: Precision = _DEFAULTS.precision,
    patience: Annotated[int, typer.Option(min=0, help="Stop after so many epochs without a better one; 0 is off.")] = 0,
    teacher: Annotated[
        list[Path] | None,
        typer.Option(help="A trained model's folder; all layers learn its answers in place of the labels (several: their mean)."),
    ] = None,
    blend: Annotated[
        bool, typer.Option("--blend/--no-blend", help="Look for better weights between phase one's and phase two's.")
    ] = _DEFAULTS.blend,
    seed: Annotated[int, typer.Option(min=0, help="Of everything random.")] = _DEFAULTS.seed,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint in the output folder.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Drop an unfinished run in the output folder.")] = False,
    max_minutes: Annotated[float, typer.Option(min=0.0, help="End in time, with the best model saved; 0 is no limit.")] = 0.0,
    checkpoint_steps: Annotated[int, typer.Option(min=0, help="Steps between checkpoints; 0 is each epoch's end.")] = 100,
    fix_leaks: FixLeaks = False,
    workers: Workers = 2,
) -> None:
    """Fine-tune a backbone: first the head on frozen features, then all layers at layer-wise decayed rates.

    The best model by validation accuracy is kept, or a blend of it with the first phase's where that has a smaller
    validation loss (WiSE-FT); the test split is never opened. Ctrl-C saves a checkpoint; the same
    command with --resume goes on, and ends with the weights of a run that was never interrupted.

    With --teacher (once for each) phase two learns what trained models answer to the same crops, in place of the labels
    (knowledge distillation); --label-smoothing 0 goes well with it.

    Example: python -m training finetune flowers --data ../shared/data/flowers
    --backbone-weights ../shared/pretrained/mobilenetv2_100/model.safetensors
    """
    from training.data import tasks
    from training.fit.finetune import finetune as run
    from training.fit.prepare import Run
    from training.release import card

    source = _source(task, data, dataset, image_column, label_column)
    chosen = tasks.get(task) if task else None
    name = task or _name_of(source)
    output = output or Path("runs") / name
    given = {key: value for key, value in locals().items() if key in Recipe.__dataclass_fields__}
    recipe = Recipe(
        **given,
        model_args=_model_args(model_arg),
        teachers=tuple(map(str, teacher or ())),
        squashed_from=chosen.squashed_from if chosen else None,
    )
    about = {"name": name, "command": _command()}
    where = Run(output, resume, overwrite, max_minutes, checkpoint_steps, workers, fix_leaks, about)
    weights = _weights(backbone_weights, from_scratch)
    try:
        with interruptible():
            config = run(source, weights, recipe, where, chosen.label_texts if chosen else {}, _console)
    except Stopped as stopped:
        again = f"{_command()} --resume"
        kept = "a checkpoint is saved" if stopped.saved else "what was saved before stays"
        _console.print(f"Stopped by {stopped}; {kept}. Go on with:\n{escape(again)}", soft_wrap=True)
        raise SystemExit(stopped.status) from None
    except DivergedError as error:
        _console.print(f"[red]Stopped:[/] {escape(str(error))}", highlight=False)
        raise SystemExit(3) from None
    if os.environ.get("RANK", "0") != "0":
        return
    card.write(output, name, config, chosen)
    _console.print(f"Saved. Load it with: cnnhub.load({card.as_source(output)!r}), or: make app MODEL={card.as_source(output)}")


@app.command()
def evaluate(
    model: Annotated[str, typer.Option(help="A built-in name, a folder (./runs/mine) or a Hub id.")],
    task: TaskName = None,
    data: Data = None,
    dataset: Dataset = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    split: Annotated[str, typer.Option(help="train, validation or test.")] = "test",
    ood: Annotated[
        list[Path] | None,
        typer.Option(help="Pictures of none of the labels (a file, a folder, a parquet file), to see whether the model notices."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Folder of the plots and the contact sheet; run/evaluation in the model's by default.")
    ] = None,
    as_json: Json = False,
    record: Annotated[bool, typer.Option("--record", help="Write the figures into the model folder's config and card.")] = False,
    batch_size: Annotated[int, typer.Option(min=1, help="Pictures at once.")] = 32,
) -> None:
    """Measure a model on one split: accuracy, errors by label, how far its probabilities hold, whether it notices strangers.

    Writes confusion_matrix.png, reliability.png and a contact sheet of the largest losses and likely wrong labels. On
    validation, temperature and threshold are fitted anew, and --record keeps them. Each look at test is logged.

    Example: python -m training evaluate --model flowers --data ../shared/data/flowers
    """
    from training.measure.evaluate import evaluate as run
    from training.measure.evaluate import folder_for
    from training.measure.report import report
    from training.release import card

    source = _source(task, data, dataset, image_column, label_column)
    if record:
        card.recordable(model)
    result = run(model, source, split, batch_size, ood or (), output or folder_for(model))
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        for part in report(result):
            Console().print(part, soft_wrap=isinstance(part, str), highlight=False)
    if record:
        card.record(model, result, _command())


@app.command()
def soup(
    model: Annotated[list[Path], typer.Option(help="The folder of a finished finetune run, once for each.")],
    output: Annotated[Path, typer.Option(help="Folder of the new model.")],
    task: TaskName = None,
    data: Data = None,
    dataset: Dataset = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
) -> None:
    """Average the weights of models fine-tuned from the same backbone: often better than each, and as fast as one.

    The best on validation comes first, and each other one is kept where it makes the validation loss smaller (a greedy model
    soup). Runs of other seeds, rates or augmentation fit together, best with --freeze-batch-norm. It never opens test.

    Example: python -m training soup --model runs/a --model runs/b --output runs/soup --data ../shared/data/flowers
    """
    from training.data import tasks
    from training.fit.soup import cook
    from training.release import card

    source = _source(task, data, dataset, image_column, label_column)
    name = task or _name_of(source)
    config = cook(model, source, output, {"name": name, "command": _command()}, _console)
    card.write(output, name, config, tasks.get(task) if task else None)
    _console.print(f"Saved. Load it with: cnnhub.load({card.as_source(output)!r})")


@app.command()
def familiar(
    model: Annotated[str, typer.Option(help="A built-in name or a folder (./runs/mine).")],
    task: TaskName = None,
    data: Data = None,
    dataset: Dataset = None,
    image_column: ImageColumn = None,
    label_column: LabelColumn = None,
    ood: Annotated[list[Path] | None, typer.Option(help="Pictures of none of the labels, to count how many it notices.")] = None,
) -> None:
    """Teach a model to notice pictures of nothing that it knows, better than by its energy alone.

    Keeps the embeddings of 256 training pictures in familiar.safetensors, and in config.json the threshold above which 5 % of
    validation's own pictures lie. Run it again whenever the weights have changed. It never opens test.

    Example: python -m training familiar --model flowers --data ../shared/data/flowers --ood ../shared/data/cats-vs-dogs
    """
    from training.fit.familiar import learn

    print(json.dumps(learn(model, _source(task, data, dataset, image_column, label_column), ood or (), _command())))


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

    What travels: config.json, model.safetensors, familiar.safetensors, README.md, *.png and test_log.jsonl; never a
    checkpoint. Needs a token with write permission (`hf auth login`, or HF_TOKEN). A push that fails leaves the repository as
    it was, and pushing again is harmless: the same files make no second commit.

    Example: python -m training push --model runs/flowers --to me/flowers --data ../shared/data/flowers --tag v1.0
    """
    from training.release.push import push as run

    print(run(model, to, data=data, private=private, create_pr=create_pr, tag=tag, console=_console))


@app.command()
def package(
    weights: Annotated[Path, typer.Argument(help="safetensors with ImageNet's 1,000 classes.")],
    output: Annotated[Path, typer.Argument(help="Folder of the model.")],
) -> None:
    """Package a 1,000-class ImageNet backbone from TensorFlow, unchanged, as a model folder.

    This is how the built-in `imagenet` was made.
    """
    from training.release.package import package as run

    run(weights, output)


def main() -> None:
    try:
        app()
    except CnnHubError as error:
        _console.print(f"[red]{type(error).__name__}[/]: {escape(str(error))}", highlight=False)
        sys.exit(1)
    except OSError as error:  # a full disk, above all
        _console.print(f"[red]The system refused:[/] {escape(str(error))}. What was written before stays.", highlight=False)
        sys.exit(1)


def _source(
    task: str | None, data: Path | None, dataset: str | None, image_column: str | None, label_column: str | None
) -> Source:
    """Where the pictures come from: what was asked for, else what is published for the task."""
    from training.data import tasks
    from training.data.sources import Source

    chosen = tasks.get(task) if task else None
    if data is not None and dataset is not None:
        raise CnnHubError("--data and --dataset contradict each other; leave one out.")
    if data is None and dataset is None and chosen is None:
        known = ", ".join(tasks.TASKS)
        raise CnnHubError(f"No pictures were named. Give --data DIR, --dataset owner/name or a task ({known}).")
    columns = {"image_column": image_column, "label_column": label_column}
    given = {key: value for key, value in columns.items() if value}
    if data is not None:
        return Source(str(data), **given)
    if dataset is not None:
        place, _, revision = dataset.partition("@")
        return Source(place, on_hub=True, revision=revision or None, **given)
    assert chosen is not None
    return dataclasses.replace(chosen.published, **given)


def _command() -> str:
    """The command that is running, to be repeated from the start."""
    arguments = [argument for argument in sys.argv[1:] if argument not in ("--resume", "--overwrite")]
    return shlex.join(["python", "-m", "training", *arguments])


def _name_of(source: Source) -> str:
    return source.place.rpartition("/")[2] if source.on_hub else Path(source.place).resolve().name.partition(".")[0]


def _weights(file: Path | None, from_scratch: bool) -> Weights:
    if file and from_scratch:
        raise CnnHubError("--backbone-weights and --from-scratch contradict each other; leave one out.")
    return "scratch" if from_scratch else file or "hub"


def _model_args(arguments: list[str] | None) -> dict[str, str]:
    return dict(_key_and_value(argument) for argument in arguments or [])


def _key_and_value(argument: str) -> tuple[str, str]:
    key, equals, value = argument.partition("=")
    if not equals:
        raise CnnHubError(f"--model-arg {argument!r} arrived; expected KEY=VALUE, such as pad_type=same.")
    return key, value


if __name__ == "__main__":
    main()
