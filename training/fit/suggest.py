"""What a search tries next: where this house meets optuna, which is imported when it is needed.

TPE suggests (Bergstra et al. 2011); trials that fall behind are ended by successive halving (Jamieson and Talwalkar 2016,
https://arxiv.org/abs/1502.07943; as they come one after the other, Li et al. 2020, https://arxiv.org/abs/1810.05934).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cnnhub.errors import CnnHubError
from training.data.pixels import derive
from training.fit.recipe import Recipe
from training.measure.trials import State, Trial

if TYPE_CHECKING:
    import optuna

    Space = dict[str, optuna.distributions.BaseDistribution]

SEARCHED = ("lr", "layer_decay", "freeze_batch_norm", "augment", "size", "mixup", "label_smoothing")
_AUGMENT = "rand-m{}-n2-mstd0.5-inc1"
_STRENGTHS = 0, 9  # of it; at 0 it is off
_RANDOM = 4  # trials before those before them are learned from


def check_installed() -> None:
    """Raise CnnHubError where the library that suggests recipes is not there."""
    try:
        import optuna  # noqa: F401
    except ImportError as error:
        raise CnnHubError(
            "`search` needs the package optuna, which is not installed here. Install it with: pip install optuna, or with all "
            'else that training needs: pip install ".[train]"'
        ) from error


def space(recipe: Recipe, side: int, sizes: list[int]) -> tuple[Space, dict[str, Any]]:
    """Each setting's values, and the default recipe's among them."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    values: Space = {
        "lr": FloatDistribution(recipe.lr / 10, recipe.lr * 10, log=True),
        "layer_decay": FloatDistribution(0.6, 1.0),
        "freeze_batch_norm": CategoricalDistribution([False, True]),
        "augment": IntDistribution(*_STRENGTHS),
        "size": CategoricalDistribution(sizes or [side]),
        "mixup": FloatDistribution(0.0, 0.4),
        "label_smoothing": FloatDistribution(0.0, 0.2),
    }
    strength = re.match(r"rand-m(\d+)", recipe.augment)
    default = {name: getattr(recipe, name) for name in SEARCHED}
    return values, {**default, "augment": int(strength[1]) if strength else 0, "size": side}


def study(space: Space, default: dict[str, Any], epochs: int, known: Sequence[Trial]) -> optuna.Study:
    """A study in memory that knows these trials; what is kept of them is ours."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    first = max(1, epochs // 4)  # at a quarter of the epochs, and at a half: rates have to rise first
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=first, reduction_factor=2)
    made = optuna.create_study(direction="minimize", pruner=pruner)
    for trial in known:
        losses = {number: score.loss for number, score in enumerate(trial.epochs, 1)}
        value = {"whole": min(losses.values(), default=None), "halved": losses.get(len(losses))}.get(trial.state)
        made.add_trial(
            optuna.trial.create_trial(
                state=state_of(trial.state),
                value=value,
                params=trial.sampler["params"],
                distributions=space,
                system_attrs=trial.sampler["system_attrs"],
                intermediate_values=losses,
            )
        )
    if not known:
        made.enqueue_trial(default)
    return made


def sampler(seed: int, number: int) -> optuna.samplers.BaseSampler:
    import optuna

    return optuna.samplers.TPESampler(seed=derive(seed, 3_000_000, number), n_startup_trials=_RANDOM)


def settings_of(params: dict[str, Any]) -> dict[str, Any]:
    """What was suggested, as a recipe says it; rounded, so that a command line says it whole."""
    rounded = {name: float(f"{value:.2g}") if isinstance(value, float) else value for name, value in params.items()}
    if "augment" in rounded:
        rounded["augment"] = _AUGMENT.format(rounded["augment"]) if rounded["augment"] else ""
    return rounded


def state_of(state: State) -> optuna.trial.TrialState:
    from optuna.trial import TrialState

    return {"whole": TrialState.COMPLETE, "halved": TrialState.PRUNED, "failed": TrialState.FAIL}[state]
