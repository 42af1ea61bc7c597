"""A search for a recipe: few trials, of which those that fall behind on validation end early (successive halving)."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from accelerate import Accelerator
from rich.console import Console
from rich.progress import track

from cnnhub.errors import CnnHubError
from cnnhub.files import write_atomically
from training.data.pixels import loader
from training.data.sources import Source
from training.fit import backbones, checkpoint, devices, distil, prepare, suggest
from training.fit.backbones import Weights, head_of
from training.fit.choose import calibrated_score
from training.fit.defaults import MANY_EPOCHS
from training.fit.devices import logits_of
from training.fit.distil import Teachers
from training.fit.head import Head, fit_head
from training.fit.prepare import Prepared
from training.fit.recipe import AUTO, BEFORE, Recipe, RecipeError, Run
from training.fit.stops import DivergedError
from training.fit.suggest import SEARCHED
from training.fit.trainer import Trainer, epoch_batches
from training.measure.answers import OutOfMemoryError
from training.measure.figures import Score
from training.measure.trials import Search, State, Trial, in_words, options_of, read

if TYPE_CHECKING:
    import optuna

RESULTS = "search.json"  # every trial that came to its end: a search goes on from it, and it is the result
_STEP, _SMALL = 32, 128  # pixels: between the sizes that are tried, and the side of the smallest input that has others


class SearchError(CnnHubError):
    """A search that cannot be made, or that found nothing."""


def search(
    data: Source | Path, weights: Weights, recipe: Recipe, free: Collection[str], run: Run, trials: int, console: Console
) -> Search:
    """Try recipes, each on the train split, and compare them on validation; the test split is never opened.

    The first trial is the default recipe. What a trial tries follows from the seed, its number and the trials before it, and a
    trial that was cut is run again, so that a search that was interrupted ends as one that was not. The smallest cross-entropy
    at the best temperature wins: on a few hundred pictures accuracy does not tell near recipes apart.

    Args:
        recipe: the settings that are not searched; its epochs are those of a whole trial.
        free: which of `SEARCHED` are.

    Raises:
        SearchError: nothing is left to search, or all trials failed.
        CheckpointError: `run.output` holds another search.
        CnnHubError: optuna is not installed.
    """
    suggest.check_installed()
    recipe = dataclasses.replace(recipe, precision=devices.resolve_precision(recipe.precision))
    if recipe.epochs == 0:
        raise SearchError("--epochs 0 trains the head alone, and recipes differ in how all layers are trained. Leave it out.")
    if recipe.epochs == AUTO:
        recipe = dataclasses.replace(recipe, epochs=MANY_EPOCHS)
    engine = devices.accelerator(recipe.precision)
    if engine.num_processes > 1:
        raise SearchError("A search runs in one process: start it with python -m training search, without torchrun.")
    prepare.check(weights, recipe, run, engine)
    found = _found(run)
    teachers = distil.load(recipe.teachers, engine.device) if recipe.teachers else None
    bench = _Bench(prepare.read(data, run, engine), weights, recipe, run, engine, teachers, console)
    bench.look_for(free)
    if found:
        checkpoint.check_same({**BEFORE, **found.identity}, {**BEFORE, **bench.identity})
    known = list(found.trials) if found else []
    study = suggest.study(bench.space, bench.default, recipe.epochs, known)
    while len(known) < trials:
        known.append(bench.tried(study, len(known), trials))
        write_atomically(run.output / RESULTS, json.dumps(Search(bench.identity, known).as_json(), indent=1).encode())
    done = Search(bench.identity, known)
    if done.best is None:
        raise SearchError(_all_failed(known))
    return done


@dataclass
class _Bench:
    """What all trials share: the pictures, read once, and phase one's heads, fitted once for each size."""

    splits: prepare.Splits
    weights: Weights
    recipe: Recipe
    run: Run
    engine: Accelerator
    teachers: Teachers | None
    console: Console
    space: dict[str, optuna.distributions.BaseDistribution] = field(default_factory=dict)
    default: dict[str, Any] = field(default_factory=dict)  # the default recipe, in the space
    identity: dict[str, Any] = field(default_factory=dict)
    heads: dict[int | None, tuple[dict[str, torch.Tensor], Head]] = field(default_factory=dict)

    def look_for(self, free: Collection[str]) -> None:
        """Say what is searched: of what is free, all that has a bearing here."""
        ready = prepare.build(self.splits, self.weights, self.recipe, self.run, {}, self.engine, self.console, self.teachers)
        side = ready.config.pretrained_cfg.input_size[-1]
        sizes = self._sizes(side) if "size" in free and not self.recipe.teachers else []
        pointless = {"freeze_batch_norm"} if self.weights == "scratch" else set()
        pointless |= {"size"} if len(sizes) < 2 else set()
        names = [name for name in SEARCHED if name in free and name not in pointless]
        if not names:
            raise SearchError(f"Every setting is given, and none is left to search. Leave out one of {', '.join(SEARCHED)}.")
        space, default = suggest.space(ready.recipe, side, sizes)
        self.space, self.default = ({name: each[name] for name in names} for each in (space, default))
        kept = {name: value for name, value in ready.identity.items() if name not in names}
        self.identity = {**kept, "searched": {name: str(each) for name, each in self.space.items()}}

    def tried(self, study: optuna.Study, number: int, trials: int) -> Trial:
        """Carry a trial through, as far as it goes."""
        study.sampler = suggest.sampler(self.recipe.seed, number)  # one that lasts would depend on when the search was begun
        asked = study.ask(self.space)
        settings = suggest.settings_of(asked.params)
        self._say(f"trial {number} of 0 to {trials - 1}: {' '.join(options_of(settings))}")
        started = time.monotonic()
        epochs: list[Score] = []
        head = why = None
        try:
            with devices.explained(self.recipe):
                ready, head = self._ready(settings)
                state = self._carried_out(ready, asked, epochs)
        except (DivergedError, OutOfMemoryError) as error:
            state, why = "failed", str(error)
        seconds = round(time.monotonic() - started, 1)
        frozen = study.tell(asked, min(each.loss for each in epochs) if state == "whole" else None, suggest.state_of(state))
        kept = {"params": frozen.params, "system_attrs": frozen.system_attrs}
        trial = Trial(number, settings, state, epochs, seconds, head.score if head else None, why, kept)
        self._say(f"  {in_words(trial)}; {seconds:.0f} s")
        return trial

    def _ready(self, settings: dict[str, Any]) -> tuple[Prepared, Head | None]:
        """A network whose head is fitted."""
        recipe = dataclasses.replace(self.recipe, **settings)
        run = dataclasses.replace(self.run, output=self.run.output / f"size-{recipe.size or 'own'}")  # whose features are kept
        prepare.check(self.weights, recipe, run, self.engine)
        quiet = Console(quiet=True)
        ready = prepare.build(self.splits, self.weights, recipe, run, {}, self.engine, quiet, self.teachers)
        if recipe.size in self.heads:
            state, head = self.heads[recipe.size]
            head_of(ready.network).load_state_dict(state)
            return ready, head
        fitted = fit_head(ready, run, quiet)
        if fitted and not recipe.views:  # which are augmented as each trial says
            state = {name: tensor.clone() for name, tensor in head_of(ready.network).state_dict().items()}
            self.heads[recipe.size] = state, fitted
        return ready, fitted

    def _carried_out(self, ready: Prepared, asked: optuna.Trial, epochs: list[Score]) -> State:
        """All layers, epoch after epoch, until the end or until the trial falls behind; adds each epoch's score."""
        recipe, trainer = ready.recipe, Trainer(ready)
        for epoch in range(1, recipe.epochs + 1):
            batches = epoch_batches(ready.train.pictures.targets, recipe, epoch, 0, 1)
            micro_batches = iter(loader(ready.train, batches, self.run.workers))
            trainer.train_mode()
            first, title = (epoch - 1) * trainer.steps, f"  epoch {epoch} of {recipe.epochs}"
            for step in track(range(trainer.steps), title, console=self.console, transient=True):
                trainer.step(first + step, micro_batches)
            logits = logits_of(trainer.averaged(), ready.validation, self.engine, recipe, self.run.workers)
            if not logits.isfinite().all():
                raise DivergedError(f"What the network answers on validation was not finite after epoch {epoch}.")
            epochs.append(calibrated_score(logits, ready.targets))
            asked.report(epochs[-1].loss, epoch)
            if epoch < recipe.epochs and asked.should_prune():
                return "halved"
        return "whole"

    def _sizes(self, side: int) -> list[int]:
        """The backbone's own and its neighbours that it can be built for."""
        tried = [side - _STEP, side, side + _STEP] if side >= _SMALL else [side]
        fitting = []
        for size in tried:
            try:
                backbones.check(dataclasses.replace(self.recipe, size=size), self.weights)
            except RecipeError:
                continue
            fitting.append(size)
        return fitting

    def _say(self, line: str) -> None:
        self.console.print(line, highlight=False, soft_wrap=True, markup=False)


def _found(run: Run) -> Search | None:
    """The search that the folder holds, to go on with; it is not replaced unasked.

    Raises:
        CheckpointError: it holds one, and neither --resume nor --overwrite was given; or a file that no search wrote.
    """
    place = run.output / RESULTS
    if run.overwrite or not place.exists():
        return None
    if not run.resume:
        raise checkpoint.CheckpointError(
            f"{run.output} holds a search. Add --resume to go on with it (and more --trials to lengthen it), --overwrite to "
            "start anew, or take another --output."
        )
    try:
        return read(place.read_bytes())
    except ValueError as error:
        raise checkpoint.CheckpointError(
            f"{place} cannot be read as a search: {str(error).splitlines()[0]}. Move it away, or start anew with --overwrite."
        ) from error


def _all_failed(trials: list[Trial]) -> str:
    """What was tried, and what to try."""
    rates = sorted({float(trial.settings["lr"]) for trial in trials if "lr" in trial.settings})
    tried = f"with the learning rates {', '.join(f'{rate:g}' for rate in rates)}" if rates else "with the --lr that was given"
    advice = f"--lr {min(rates) / 10:g} and smaller" if rates else "a tenth of that --lr"
    return (
        f"All {len(trials)} trials failed, {tried}. The first: {trials[0].why} Look at the pictures with `python -m training "
        f"inspect`, see with find-lr where the loss breaks, and search again with {advice}, --clip 1 or --precision float32; add "
        "--overwrite."
    )
