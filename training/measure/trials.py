"""What a search for a recipe tried, and what came of it: as JSON, as a table, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter
from rich import box
from rich.table import Table

from training.data.words import escape
from training.measure.figures import Score

State = Literal["whole", "halved", "failed"]
_NARROW = {"label smoothing": "label smooth", "accuracy": "right", "seconds": "secs"}  # headers, that 80 columns hold a table


@dataclass(frozen=True)
class Trial:
    """One recipe that was tried."""

    number: int  # from 0, which is the default recipe
    settings: dict[str, Any]  # of the recipe, those that are searched
    state: State  # "halved": it fell behind and was ended early; "failed": its loss was not finite, or memory ran out
    epochs: list[Score]  # on validation, after each epoch; cross-entropy at the best temperature
    seconds: float
    head: Score | None = None  # phase one's, where it had one
    why: str | None = None  # it failed
    sampler: dict[str, Any] = field(
        default_factory=dict
    )  # what optuna keeps: what it suggested, and where it stood in the halving

    @property
    def best(self) -> Score | None:
        """Its best epoch; None of a trial that failed."""
        return min(self.epochs, key=lambda score: score.loss) if self.epochs and self.state != "failed" else None


@dataclass(frozen=True)
class Search:
    """The trials so far."""

    identity: dict[str, Any]  # what must be the same to go on
    trials: list[Trial]

    @property
    def best(self) -> Trial | None:
        """The trial with the smallest loss on validation, of those that ran whole if any did; None where all failed."""
        ranked = [(each.state, each.best.loss, each.number) for each in self.trials if each.best]
        return self.trials[max(ranked, key=lambda rank: (rank[0] == "whole", -rank[1], -rank[2]))[2]] if ranked else None

    def as_json(self) -> dict[str, Any]:
        """As it is kept, and as `read` takes it."""
        return {**asdict(self), "best": self.best.number if self.best else None}


def read(text: bytes) -> Search:
    """What `as_json` gave; pydantic's ValidationError, a ValueError, where it is anything else."""
    return _SEARCH.validate_json(text)


def options_of(settings: Mapping[str, Any]) -> Iterator[str]:
    """Settings of a recipe as `finetune` takes them.

    >>> list(options_of({"lr": 0.001, "freeze_batch_norm": False, "augment": ""}))
    ['--lr', '0.001', '--no-freeze-batch-norm', '--augment', '']
    """
    for name, value in settings.items():
        option = name.replace("_", "-")
        if isinstance(value, bool):
            yield f"--{option}" if value else f"--no-{option}"
        else:
            yield from (f"--{option}", f"{value:g}" if isinstance(value, float) else str(value))


def setting(value: Any) -> str:
    """A setting as a table says it; of an augmentation its strength.

    >>> [setting(value) for value in (True, 0.00123, "rand-m7-n2-mstd0.5-inc1", "", 224)]
    ['yes', '0.00123', 'm7', 'off', '224']
    """
    if isinstance(value, str):
        return value.split("-")[1] if value else "off"
    return ("no", "yes")[value] if isinstance(value, bool) else f"{value:g}"


def in_words(trial: Trial) -> str:
    """What became of a trial."""
    if trial.best is None:
        return f"failed: {trial.why}"
    end = f"fell behind after epoch {len(trial.epochs)}" if trial.state == "halved" else f"{len(trial.epochs)} epochs"
    return f"validation {trial.best.top1:.2%}, loss {trial.best.loss:.4f}, {end}"


def table(search: Search) -> Table:
    """The trials, the best first, for rich's console; whole in 80 columns, whatever is searched."""
    header, *rows = _rows(search)
    shown = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    for name in header:
        shown.add_column(escape(_NARROW.get(name, name)).replace(" ", "\n"), no_wrap=name != "epochs")
    for row in rows:
        shown.add_row(*map(escape, row))
    return shown


def markdown(search: Search, command: str) -> str:
    """The same for a page, with the command of the best."""
    header, *rows = _rows(search)
    lines = ["| " + " | ".join(cells) + " |" for cells in (header, ["---"] * len(header), *rows)]
    about = (
        "Accuracy and cross-entropy (nats, at the best temperature) on validation, of each trial's best epoch; the smallest "
        "cross-entropy of a whole trial wins. Trial 0 is the default recipe. Seconds are those of this computer."
    )
    return "\n".join([*lines, "", about, "", "```sh", command, "```", ""])


def _rows(search: Search) -> Sequence[list[str]]:
    """A header, then each trial, the best first, those that failed last."""
    names = list(search.trials[0].settings)
    order = sorted(search.trials, key=lambda each: (each.state != "whole", each.state == "failed", each.best and each.best.loss))
    header = ["trial", *(name.replace("_", " ") for name in names), "epochs", "accuracy", "loss", "seconds"]
    rows = [
        [
            str(each.number),
            *(setting(each.settings[name]) for name in names),
            f"{len(each.epochs)}{', failed' if each.state == 'failed' else ''}",
            *((f"{each.best.top1:.2%}", f"{each.best.loss:.4f}") if each.best else ("–", "–")),
            f"{each.seconds:.0f}",
        ]
        for each in order
    ]
    return [header, *rows]


_SEARCH = TypeAdapter(Search)
