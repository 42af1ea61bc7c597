"""`python -m training finetune`."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from training.cli import options
from training.fit.recipe import Recipe, Run
from training.fit.stops import DivergedError, Stopped, interruptible

if TYPE_CHECKING:
    from training.fit.backbones import Weights

Output = Annotated[Path | None, typer.Option(help="Folder of the model; runs/TASK by default.")]
Views = Annotated[int, typer.Option(min=0, help="Phase one: augmented views of each picture.")]
Epochs = Annotated[int, typer.Option(min=0, help="Phase two: epochs of all layers.")]
Rate = Annotated[float, typer.Option(min=0.0, help="Peak learning rate of the head.")]
LayerDecay = Annotated[float, typer.Option(min=0.0, max=1.0, help="A layer's rate as a share of the one above's.")]
WeightDecay = Annotated[float, typer.Option(min=0.0, help="AdamW's.")]
WarmupEpochs = Annotated[float, typer.Option(min=0.0, help="Linear warm-up; then cosine.")]
LabelSmoothing = Annotated[float, typer.Option(min=0.0, max=0.9, help="0 is off.")]
Mixup = Annotated[float, typer.Option(min=0.0, help="Alpha; 0 is off.")]
Augment = Annotated[str, typer.Option(help="timm's auto_augment string; empty is off.")]
Scale = Annotated[float, typer.Option(min=0.05, max=1.0, help="Smallest share of a random crop.")]
EmaDecay = Annotated[float, typer.Option(min=0.0, max=0.99999, help="A step; 0 is off.")]
FreezeBatchNorm = Annotated[
    bool, typer.Option("--freeze-batch-norm", help="Batch norm keeps the backbone's statistics; for few pictures.")
]
Accumulate = Annotated[int, typer.Option(min=1, help="Micro-batches a step, to save memory.")]
Clip = Annotated[float, typer.Option(min=0.0, help="Largest gradient norm; 0 is off.")]
Patience = Annotated[int, typer.Option(min=0, help="Stop after so many epochs without a better one; 0 is off.")]
Teacher = Annotated[
    list[Path] | None,
    typer.Option(help="A trained model's folder; all layers learn its answers in place of the labels (several: their mean)."),
]
Blend = Annotated[bool, typer.Option("--blend/--no-blend", help="Look for better weights between phase one's and phase two's.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint in the output folder.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Drop an unfinished run in the output folder.")]
MaxMinutes = Annotated[float, typer.Option(min=0.0, help="End in time, with the best model saved; 0 is no limit.")]
CheckpointSteps = Annotated[int, typer.Option(min=0, help="Steps between checkpoints; 0 is each epoch's end.")]


def finetune(
    task: options.TaskName = None,
    data: options.Data = None,
    dataset: options.Dataset = None,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    output: Output = None,
    backbone: options.Backbone = Recipe.backbone,
    backbone_weights: options.BackboneWeights = None,
    from_scratch: options.FromScratch = False,
    model_arg: options.ModelArg = None,
    size: options.Size = None,
    views: Views = Recipe.views,
    epochs: Epochs = Recipe.epochs,
    lr: Rate = Recipe.lr,
    layer_decay: LayerDecay = Recipe.layer_decay,
    weight_decay: WeightDecay = Recipe.weight_decay,
    warmup_epochs: WarmupEpochs = Recipe.warmup_epochs,
    label_smoothing: LabelSmoothing = Recipe.label_smoothing,
    mixup: Mixup = Recipe.mixup,
    augment: Augment = Recipe.augment,
    scale: Scale = Recipe.scale,
    ema_decay: EmaDecay = Recipe.ema_decay,
    freeze_batch_norm: FreezeBatchNorm = Recipe.freeze_batch_norm,
    batch_size: options.BatchSize = Recipe.batch_size,
    accumulate: Accumulate = Recipe.accumulate,
    clip: Clip = Recipe.clip,
    precision: options.Precision = Recipe.precision,
    patience: Patience = 0,
    teacher: Teacher = None,
    blend: Blend = Recipe.blend,
    seed: options.Seed = Recipe.seed,
    resume: Resume = False,
    overwrite: Overwrite = False,
    max_minutes: MaxMinutes = 0.0,
    checkpoint_steps: CheckpointSteps = 100,
    fix_leaks: options.FixLeaks = False,
    workers: options.Workers = 2,
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
    given = {key: value for key, value in locals().items() if key in Recipe.__dataclass_fields__}
    chosen = options.choose(task, data, dataset, image_column, label_column)
    recipe = Recipe(**given, model_args=options.model_args(model_arg), teachers=tuple(map(str, teacher or ())))
    output = output or Path("runs") / chosen.name
    run = Run(output, resume, overwrite, max_minutes, checkpoint_steps, workers, fix_leaks)
    _carry_out(chosen, options.weights(backbone_weights, from_scratch), recipe, run)


def _carry_out(chosen: options.Chosen, weights: Weights, recipe: Recipe, run: Run) -> None:
    """Train, write the card, and say how to load the model, or how to go on where the run was stopped."""
    from training.fit.finetune import finetune as train
    from training.release import card

    task, command = chosen.task, options.command_line()
    recipe = dataclasses.replace(recipe, squashed_from=task.squashed_from if task else None)
    run = dataclasses.replace(run, name=chosen.name, command=command)
    try:
        with interruptible():
            config = train(chosen.source, weights, recipe, run, task.label_texts if task else {}, options.console)
    except Stopped as stopped:
        kept = "a checkpoint is saved" if stopped.saved else "what was saved before stays"
        options.console.print(f"Stopped by {stopped}; {kept}. Go on with:\n{escape(command)} --resume", soft_wrap=True)
        raise SystemExit(stopped.status) from None
    except DivergedError as error:
        options.console.print(f"[red]Stopped:[/] {escape(str(error))}", highlight=False)
        raise SystemExit(3) from None
    if os.environ.get("RANK", "0") != "0":
        return
    card.write(run.output, chosen.name, config, task)
    source = card.as_source(run.output)
    options.console.print(f"Saved. Load it with: cnnhub.load({source!r}), or: make app MODEL={source}")
