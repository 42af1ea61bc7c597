"""A search for a recipe: what it tries, how it goes on after a cut, what fails, and the command that it prints."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rich.console import Console

from tests.support.training_runs import draw
from training.cli import finetune as command
from training.cli import main, options
from training.fit import head
from training.fit.suggest import SEARCHED
from training.fit.trainer import Batches, Step, Trainer
from training.measure.figures import Score
from training.measure.trials import Search, Trial, table

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = draw(tmp_path_factory.mktemp("search"), {"train": 8, "validation": 4})
    (folder / "test").write_text("a trap: opening it as a folder fails")
    return folder


@pytest.fixture
def run(pictures: Path, weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Search in this process -> what it printed, as JSON; of one that was refused, or stopped, its words."""

    def searched(output: Path, *more: object) -> Any:
        given = ["--data", pictures, "--backbone", "test_byobnet", "--backbone-weights", weights, "--size", 64, "--batch-size", 8]
        where = ["--output", output, "--workers", 0, "--precision", "float32", "--epochs", 2, "--json", *more]
        monkeypatch.setattr(sys, "argv", ["training", "search", *map(str, given), *map(str, where)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return json.loads(told.out) if ended.value.code in (0, None) else " ".join(told.err.split())

    return searched


def tries(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The trials without what time makes of them."""
    return [{name: value for name, value in each.items() if name != "seconds"} for each in found["trials"]]


def broken(monkeypatch: pytest.MonkeyPatch, breaks: Callable[[Trainer, int], bool]) -> None:
    """Let the pixels of those steps be no numbers."""
    step = Trainer.step

    def poisoned(self: Trainer, number: int, batches: Batches) -> Step:
        if not breaks(self, number):
            return step(self, number, batches)
        return step(self, number, iter([(pixels * float("nan"), targets) for pixels, targets in [next(batches)]]))

    monkeypatch.setattr(Trainer, "step", poisoned)


def test_a_search_that_was_cut_ends_as_one_that_was_not(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    compute = head.over_all
    monkeypatch.setattr(head, "over_all", lambda *given, **more: calls.append(given) or compute(*given, **more))
    whole = run(tmp_path / "whole", "--trials", 3)
    assert len(calls) == 2, "the features of train and of validation, once for all trials"
    states = [each["state"] for each in whole["trials"]]
    assert states[0] == "whole" and "halved" in states and "failed" not in states
    assert whole["trials"][0]["settings"]["lr"] == 1e-3, "the default recipe comes first"
    assert len({json.dumps(each["settings"]) for each in whole["trials"]}) == 3
    assert "size" not in whole["trials"][0]["settings"], "what is given is not searched"

    steps = []
    step = Trainer.step

    def stopped(self: Trainer, number: int, batches: Batches) -> Step:
        steps.append(number)
        if len(steps) == 8:  # within the second trial
            os.kill(os.getpid(), signal.SIGINT)
        return step(self, number, batches)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "step", stopped)
        told = run(tmp_path / "cut", "--trials", 3)
    assert "Stopped by SIGINT; the trials before this one stay. Go on with:" in told and "--trials 3 --resume" in told
    assert len(json.loads((tmp_path / "cut/search.json").read_text())["trials"]) == 1
    resumed = run(tmp_path / "cut", "--trials", 3, "--resume")
    assert tries(resumed) == tries(whole) and resumed["best"] == whole["best"]

    assert "holds a search. Add --resume to go on with it" in run(tmp_path / "cut", "--trials", 7)
    other = run(tmp_path / "cut", "--trials", 7, "--weight-decay", 0.5, "--resume")
    assert "weight_decay: 0.02 in the checkpoint, 0.5 now" in other


def test_what_diverges_fails_and_the_search_goes_on(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, lambda trainer, number: trainer.recipe.lr == 1e-3)
    found = run(tmp_path, "--trials", 2, "--augment", "")
    assert [each["state"] for each in found["trials"]] == ["failed", "whole"] and found["best"] == 1
    assert "not finite" in found["trials"][0]["why"]


def test_where_all_diverge_it_says_what_was_tried(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, lambda trainer, number: True)
    told = run(tmp_path, "--trials", 2)
    first, second = (each["settings"]["lr"] for each in json.loads((tmp_path / "search.json").read_text())["trials"])
    assert f"All 2 trials failed, with the learning rates {min(first, second):g}, {max(first, second):g}." in told
    assert f"search again with --lr {min(first, second) / 10:g} and smaller, --clip 1 or --precision float32" in told


def test_the_command_that_is_printed_trains_the_best(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = run(tmp_path, "--trials", 1, "--no-flip", "--lr", 0.005)
    assert "lr" not in found["trials"][0]["settings"]
    kept: list[options.Asked] = []
    monkeypatch.setattr(command, "_carry_out", lambda asked, run: kept.append(asked))
    monkeypatch.setattr(sys, "argv", shlex.split(found["command"])[2:])
    with pytest.raises(SystemExit):
        main()
    recipe = kept[0].recipe.as_json()
    expected = {**found["trials"][0]["settings"], "lr": 0.005, "flip": False, "epochs": 2, "size": 64, "backbone": "test_byobnet"}
    assert {name: recipe[name] for name in expected} == expected
    assert found["command"] in (tmp_path / "table.md").read_text()
    with Image.open(tmp_path / "search.png") as drawn:
        assert drawn.width > 800
    assert not list(tmp_path.glob("**/model.safetensors"))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--epochs", 0), "--epochs 0 trains the head alone"),
        (
            ("--lr", 1, "--layer-decay", 1, "--augment", "", "--mixup", 0, "--label-smoothing", 0, "--freeze-batch-norm"),
            "Every setting is given, and none is left to search",
        ),
    ],
)
def test_what_cannot_be_searched(run: Run, tmp_path: Path, more: tuple[object, ...], message: str) -> None:
    assert message in run(tmp_path, *more)


def test_without_optuna_it_says_how_to_get_it(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert "`search` needs the package optuna, which is not installed here. Install it with: pip install optuna" in run(tmp_path)


def test_its_table_is_whole_in_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    values = [0.00023, 0.73, True, "rand-m5-n2-mstd0.5-inc1", 224, 0.16, 0.041]
    settings = dict(zip(SEARCHED, values, strict=True))
    whole = Trial(10, settings, "whole", [Score(1.0, 0.1234)] * 12, 1234)
    failed = Trial(11, settings, "failed", [], 34, why="memory ran out")
    Console(width=80).print(table(Search({}, [whole, failed])))
    told = capsys.readouterr().out
    row = "10 0.00023 0.73 yes m5 224 0.16 0.041 12 100.00% 0.1234 1234".split()
    assert row in [line.split() for line in told.splitlines()] and "failed" in told and "…" not in told
