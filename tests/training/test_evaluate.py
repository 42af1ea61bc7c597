"""Figures by hand: calibration, reliability, intervals, unfamiliar pictures, likely wrong labels, the log of looks at test."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import pytest
import torch
from rich.console import Console

from tests.support.places import EXAMPLES
from training.data.layout import DataError
from training.measure import plots, testlog, unfamiliar
from training.measure.calibration import (
    Bin,
    calibrate,
    energies_of,
    energy_threshold,
    expected_calibration_error,
    fit_temperature,
    reliability,
    share_above,
)
from training.measure.figures import measure
from training.measure.report import _labels
from training.measure.review import count_wrong, is_at_chance, largest_losses, likely_wrong


def test_the_temperature_that_was_put_in_is_found() -> None:
    generator = torch.Generator().manual_seed(0)
    honest = torch.randn(20_000, 3, generator=generator, dtype=torch.float64) * 2
    targets = torch.multinomial(torch.softmax(honest, 1), 1, generator=generator)[:, 0]
    for temperature in (0.5, 1.0, 3.0):
        assert fit_temperature(honest * temperature, targets) == pytest.approx(temperature, rel=0.03)


@pytest.mark.parametrize("n", [2, 8, 100])
def test_without_mistakes_nothing_is_sharpened(n: int) -> None:
    logits = torch.tensor([[3.0, 0.0]] * n)
    assert fit_temperature(logits, torch.tensor([0] * n)) == 1.0


def test_a_few_mistakes_decide_nothing_extreme() -> None:
    surely_wrong = torch.tensor([[9.0, 0.0]] * 3), torch.tensor([0, 0, 1])
    assert 1.0 < fit_temperature(*surely_wrong) < 4.0, "the best for these three alone would be 20"
    hardly_wrong = torch.tensor([[2.0, 0.0]] * 7 + [[0.01, 0.0]]), torch.tensor([0] * 7 + [1])
    assert 0.6 < fit_temperature(*hardly_wrong) < 1.0, "the best for these eight alone would be 0.05"


def test_reliability_by_hand() -> None:
    probabilities = torch.tensor([[0.9, 0.1], [0.95, 0.05], [0.45, 0.55], [0.0, 1.0]], dtype=torch.float64)
    table = reliability(probabilities, torch.tensor([0, 1, 1, 1]), bins=10)
    assert [(each.count, each.accuracy) for each in table] == [(1, 1.0), (1, 1.0), (2, 0.5)]  # 0.9 lies in (0.8, 0.9]
    assert table[-1] == Bin(pytest.approx(0.9), 1.0, 2, 1, pytest.approx(0.975))
    expected = (abs(0.55 - 1) + abs(0.9 - 1) + 2 * abs(0.975 - 0.5)) / 4
    assert expected_calibration_error(table) == pytest.approx(expected)


def test_the_threshold_calls_at_most_a_twentieth_unfamiliar() -> None:
    logits = torch.randn(1000, 5, generator=torch.Generator().manual_seed(0))
    energies = energies_of(logits)
    assert energies[0].item() == pytest.approx(-math.log(sum(math.exp(value) for value in logits[0].tolist())), rel=1e-5)
    threshold = energy_threshold(energies)
    assert 0.045 <= share_above(energies, threshold) <= 0.05
    assert calibrate(logits, logits.argmax(1)).false_alarm == share_above(energies, threshold)


def test_measure_by_hand() -> None:
    logits = torch.tensor([[2.0, 0, -1, -1, -1, -1, -1]] * 3 + [[0, 2.0, -1, -1, -1, -1, -1]])
    result = measure(logits, torch.tensor([0, 0, 1, 1]), list("abcdefg"), temperature=2.0)
    assert (result.n, result.top1, result.top5) == (4, 0.75, 1.0)
    # Wilson's interval of 3 of 4, from its formula with z = 1.96.
    z, p, n = 1.959964, 0.75, 4
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    expected = [(middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)]
    assert result.top1_interval == pytest.approx(tuple(expected), abs=1e-6)
    assert result.precision == {"a": pytest.approx(2 / 3), "b": 1.0} and result.recall == {"a": 1.0, "b": 0.5}
    assert result.confusion[1][:2] == [1, 1]
    right = math.log(math.e + 1 + 5 * math.exp(-0.5)) - 1
    assert result.loss == pytest.approx((3 * right + right + 1) / 4)
    assert json.dumps([result.recorded(), result.bins()]), "for machines"


def test_likely_wrong_labels_come_first() -> None:
    probabilities = torch.tensor([[0.9, 0.1], [0.8, 0.2], [0.02, 0.98], [0.4, 0.6], [0.1, 0.9], [0.3, 0.7]])
    targets = torch.tensor([0, 0, 0, 1, 1, 0])
    assert count_wrong(probabilities, targets) == 1, "the last is an error, but not a confident one (0.7 < 0.75)"
    assert likely_wrong(probabilities, targets) == [2, 5], "half as many again are listed"
    assert largest_losses(probabilities, targets)[:2] == [2, 5]


def test_a_model_at_chance_says_nothing_of_labels() -> None:
    generator = torch.Generator().manual_seed(0)
    targets = torch.arange(40) % 4
    guesses = torch.softmax(torch.randn(40, 4, generator=generator), 1)
    assert likely_wrong(guesses, targets) and is_at_chance(guesses, targets)
    knows = torch.nn.functional.one_hot(targets, 4) * 0.8 + 0.05
    assert not is_at_chance(knows, targets)
    knows[:5] = knows[:5].roll(1, 1)
    assert not is_at_chance(knows, targets)
    assert not is_at_chance(torch.tensor([[0.9, 0.1]]), torch.tensor([0])), "without a mistake nothing is suspected"


def test_unfamiliar_pictures_are_read_and_ours_are_left_out(tmp_path: Path) -> None:
    for label in ("cat", "ship"):
        (tmp_path / "set" / label).mkdir(parents=True)
        (tmp_path / "set" / label / "1.jpg").write_bytes((EXAMPLES / "pizza.jpg").read_bytes())
    (tmp_path / "set/notes.txt").touch()
    read = unfamiliar.read(tmp_path / "set", ["cat", "dog"])
    assert (read.groups, read.notes) == (["ship"], ["left out of set: 1 file that is no picture, notes.txt."])
    one = unfamiliar.read(EXAMPLES / "pizza.jpg", ["cat"])
    assert (one.name, len(one.sources)) == ("pizza.jpg", 1)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="Give --ood another set"):
        unfamiliar.read(tmp_path / "empty", ["cat"])
    with pytest.raises(DataError, match="expected a picture"):
        unfamiliar.read(tmp_path / "nowhere.jpg", ["cat"])


def test_the_log_only_grows(tmp_path: Path) -> None:
    for weights in ("a", "a", "b"):
        testlog.append(tmp_path, {"weights_sha256": weights})
    assert testlog.summary(tmp_path) == testlog.Summary(length=3, weights=2)
    assert "time" in testlog.read(tmp_path)[0]
    (tmp_path / testlog.LOG_NAME).write_text("not json\n")
    with pytest.raises(testlog.LogError, match="only ever appended to"):
        testlog.read(tmp_path)


@pytest.mark.parametrize("label", ["$5_$10", "a_$b", "$\\\\frac$", "100 %", "^_{}\\\\", "<b>"])
def test_labels_are_drawn_as_they_are(label: str, tmp_path: Path) -> None:
    """Not as mathematics, which ended the command after the look at test was logged."""
    plots.confusion_matrix([[2, 1], [0, 3]], [label, "dog"], tmp_path / "matrix.png", title=f"{label}, 6 pictures")
    assert (tmp_path / "matrix.png").is_file()


def test_the_learning_rates_keep_their_powers(tmp_path: Path) -> None:
    plots.lr_curve([1e-6, 1e-3, 1.0], [2.0, 1.0, 3.0], 1e-4, tmp_path / "rates.png")
    assert (tmp_path / "rates.png").is_file()


@pytest.mark.parametrize("broken", [b"<html>", b"PAR1" + bytes(40), b""])
def test_a_table_of_strangers_that_is_none(broken: bytes, tmp_path: Path) -> None:
    (tmp_path / "strangers.parquet").write_bytes(broken)
    with pytest.raises(DataError, match="cannot be read"):
        unfamiliar.read(tmp_path / "strangers.parquet", ["cat"])


def test_labels_of_a_stranger_are_spelled_out_in_the_tables() -> None:
    figures = measure(torch.eye(2), torch.tensor([0, 1]), ["ant\x9b\u202e\u200b", "[red]bee"], 1.0)
    console = Console(file=io.StringIO(), width=80)
    console.print(_labels(figures))
    shown = console.file.getvalue()
    assert r"ant\x9b\u202e\u200b" in shown and "[red]bee" in shown
