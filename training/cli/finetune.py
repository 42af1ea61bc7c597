"""`python -m training finetune`."""

from __future__ import annotations

import dataclasses
import os
import shlex
from pathlib import Path
from typing import Annotated

import typer

from training.cli import options
from training.data.words import escape
from training.fit.recipe import Recipe, Run
from training.fit.stops import DivergedError, Stopped, interruptible

LayerDecay = Annotated[
    float | None,
    typer.Option(min=0.0, max=1.0, help="A layer's rate as a share of the one above's; 0.85 by default, 1 from scratch."),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        min=0, help="Phase two: epochs of all layers; 8 by default, none where there are fewer than 50 pictures a label."
    ),
]
# What has no default here is decided by what is trained on what (training/fit/defaults.py), or tried out by `search`.
Rate = Annotated[float | None, typer.Option(min=0.0, help=f"Peak learning rate of the head; {Recipe.lr} by default.")]
LabelSmoothing = Annotated[float | None, typer.Option(min=0.0, max=0.9, help="0 is off; 0.1 by default.")]
Mixup = Annotated[float | None, typer.Option(min=0.0, help="Alpha; 0 is off; 0.2 by default, 0 from scratch.")]
CutMix = Annotated[float, typer.Option(min=0.0, help="Alpha; 0 is off; beside mixup each batch has one of them.")]
Without = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="An operation that RandAugment leaves out, such as Rotate or Invert; may be given again."),
]
VerticalFlip = Annotated[bool, typer.Option("--vertical-flip", help="Turn half of the pictures upside down; for maps, cells ...")]
ColorJitter = Annotated[float, typer.Option(min=0.0, max=1.0, help="Of light and colours, where --augment is off; 0 is off too.")]
SetBack = Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of pictures that are shown small; 0 is off.")]
Erase = Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of pictures with a rectangle of noise; 0 is off.")]
UnfreezeEpochs = Annotated[
    float, typer.Option(min=0.0, help="Epochs in which the layers join the head, from above; 0 begins with all.")
]
ClassWeights = Annotated[str, typer.Option(metavar="HOW", help="balanced: rare labels weigh as much as common ones together.")]
BalancedSampler = Annotated[
    bool, typer.Option("--balanced-sampler", help="Show each label as often, the pictures of rare ones again and again.")
]
Augment = Annotated[
    str | None,
    typer.Option(
        help="timm's auto_augment string; empty is off; rand-m5-n2-mstd0.5-inc1 by default, rand-m3-n1-mstd0.5-inc1 from scratch."
    ),
]
Scale = Annotated[
    float | None,
    typer.Option(
        min=0.05,
        max=1.0,
        help="Smallest share of a random crop; 0.5 by default, 0.7 from scratch, 0.9 of pictures of at most 64 pixels.",
    ),
]
EmaDecay = Annotated[
    float | None,
    typer.Option(
        min=0.0, max=0.99999, help="Of the weights' moving average, a step; 0 is off; 0.995 by default, off from scratch."
    ),
]
Flip = Annotated[
    bool, typer.Option("--flip/--no-flip", help="Turn half of the pictures left to right; not for digits, letters or arrows.")
]
FreezeBatchNorm = Annotated[
    bool | None,
    typer.Option(
        "--freeze-batch-norm/--no-freeze-batch-norm",
        help="Batch norm keeps the backbone's statistics; for few pictures; not by default.",
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace what the output folder holds: an unfinished run, or a model.")
]
Teacher = Annotated[
    list[Path] | None,
    typer.Option(help="A model's folder or built-in name; all layers learn its answers, not the labels (several: their mean)."),
]
Blend = Annotated[bool, typer.Option("--blend/--no-blend", help="Look for better weights between phase one's and phase two's.")]


def finetune(
    task: options.TaskName = None,
    data: options.Data = None,
    dataset: options.Dataset = None,
    image_column: options.ImageColumn = None,
    label_column: options.LabelColumn = None,
    review: options.Review = None,
    output: Annotated[Path | None, typer.Option(help="Folder of the model; runs/TASK by default.")] = None,
    backbone: options.Backbone = None,
    backbone_weights: options.BackboneWeights = None,
    from_scratch: options.FromScratch = False,
    model_arg: options.ModelArg = None,
    fresh: options.Fresh = None,
    size: options.Size = None,
    views: Annotated[int, typer.Option(min=0, help="Phase one: augmented views of each picture.")] = Recipe.views,
    epochs: Epochs = None,
    lr: Rate = None,
    layer_decay: LayerDecay = None,
    weight_decay: Annotated[float, typer.Option(min=0.0, help="AdamW's.")] = Recipe.weight_decay,
    warmup_epochs: Annotated[float, typer.Option(min=0.0, help="Linear warm-up; then cosine.")] = Recipe.warmup_epochs,
    label_smoothing: LabelSmoothing = None,
    mixup: Mixup = None,
    cutmix: CutMix = Recipe.cutmix,
    augment: Augment = None,
    without: Without = None,
    color_jitter: ColorJitter = Recipe.color_jitter,
    flip: Flip = Recipe.flip,
    vertical_flip: VerticalFlip = Recipe.vertical_flip,
    set_back: SetBack = Recipe.set_back,
    erase: Erase = Recipe.erase,
    scale: Scale = None,
    ema_decay: EmaDecay = None,
    freeze_batch_norm: FreezeBatchNorm = None,
    unfreeze_epochs: UnfreezeEpochs = Recipe.unfreeze_epochs,
    class_weights: ClassWeights = Recipe.class_weights,
    balanced_sampler: BalancedSampler = Recipe.balanced_sampler,
    batch_size: options.BatchSize = Recipe.batch_size,
    accumulate: Annotated[int, typer.Option(min=1, help="Micro-batches a step, to save memory.")] = Recipe.accumulate,
    clip: Annotated[float, typer.Option(min=0.0, help="Largest gradient norm; 0 is off.")] = Recipe.clip,
    precision: options.Precision = Recipe.precision,
    patience: Annotated[int, typer.Option(min=0, help="Stop after so many epochs without a better one; 0 is off.")] = 0,
    teacher: Teacher = None,
    blend: Blend = Recipe.blend,
    seed: options.Seed = Recipe.seed,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last checkpoint in the output folder.")] = False,
    overwrite: Overwrite = False,
    max_minutes: Annotated[float, typer.Option(min=0.0, help="End in time, with the best model saved; 0 is no limit.")] = 0.0,
    checkpoint_steps: Annotated[int, typer.Option(min=0, help="Steps between checkpoints; 0 is each epoch's end.")] = 100,
    fix_leaks: options.FixLeaks = False,
    workers: options.Workers = 2,
) -> None:
    """Fine-tune a backbone: first the head on frozen features, then all layers at layer-wise decayed rates.

    The best model by validation accuracy is kept, or a blend of it with the first phase's where that answers as many right there
    with a smaller loss (WiSE-FT); the test split is never opened. Where there are fewer than 50 pictures a label, the head alone
    is trained.
    Ctrl-C saves a checkpoint; the same command with --resume goes on, and ends with the weights of a run that was never
    interrupted.

    With --teacher (once for each) phase two learns what trained models answer to the same crops, in place of the labels
    (knowledge distillation); --label-smoothing 0 goes well with it.

    \b
    Example:
      python -m training finetune --data photos --backbone-weights imagenet
    """
    asked = options.asked(locals())
    output = output or Path("runs") / asked.chosen.name
    run = Run(output, resume, overwrite, max_minutes, checkpoint_steps, workers, fix_leaks)
    run = dataclasses.replace(run, name=asked.chosen.name, command=options.recorded_command())
    if not _is_finished(run):
        _carry_out(asked, run)


def _is_finished(run: Run) -> bool:
    """Whether there is nothing to go on with; then what would be done otherwise now is said."""
    from training.fit.finetune import finished
    from training.release import card
    from training.release.record import record_of

    done = finished(run.output) if run.resume else None
    if done is None:
        return False
    before = record_of(done).command
    lines = [f"{run.output} holds the finished run already: cnnhub.load({card.as_source(run.output)!r}). Nothing was changed."]
    if before != run.command:
        lines.append(f"It was made by another command, and what this one says otherwise was not used:\n{before}")
        lines.append("To train anew, take another --output, or --overwrite in place of --resume.")
    for line in lines:
        options.console.print(line, soft_wrap=True, markup=False, highlight=False)
    return True


def _carry_out(asked: options.Asked, run: Run) -> None:
    """Train, write the card, and say how to load the model, or how to go on where the run was stopped."""
    from training.fit.finetune import finetune as train
    from training.release import card
    from training.release.record import record_of

    task, command = asked.chosen.task, options.command_line()
    try:
        with interruptible():
            config = train(
                asked.chosen.source, asked.weights, asked.recipe, run, task.label_texts if task else {}, options.console
            )
    except Stopped as stopped:
        kept = "a checkpoint is saved" if stopped.saved else "what was saved before stays"
        options.console.print(f"Stopped by {stopped}; {kept}. Go on with:\n{escape(command)} --resume", soft_wrap=True)
        raise SystemExit(stopped.status) from None
    except OSError as error:  # a full disk, above all
        options.console.print(
            f"[red]The system refused:[/] {escape(str(error))}. What was saved before stays. Free some space, then go on with:\n"
            f"{escape(command)} --resume",
            soft_wrap=True,
            highlight=False,
        )
        raise SystemExit(1) from None
    except DivergedError as error:
        options.console.print(f"[red]Stopped:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise SystemExit(3) from None
    if os.environ.get("RANK", "0") != "0":
        return
    card.write(run.output, asked.chosen.name, config, task)
    if task and not task.covers(config.labels(), record_of(config).data):
        options.console.print(f"The pictures are not those of {task.name}: its sources and licence are left out of the card.")
    source = card.as_source(run.output)
    line = f"Saved. Load it with: cnnhub.load({source!r}), or: make app MODEL={shlex.quote(source)}"
    options.console.print(line, soft_wrap=True, markup=False, highlight=False)
