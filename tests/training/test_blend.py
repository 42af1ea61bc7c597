"""Weights between those that fine-tuning started from and those it ended with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import timm
import torch

from tests.support.training_runs import finetuning, ours, training
from training.fit.choose import SHARES, between, blend, calibrated_score
from training.fit.trainer import copy_of
from training.measure.figures import Score


def seeded_network(seed: int) -> torch.nn.Module:
    """A network whose batch norm has seen a batch."""
    torch.manual_seed(seed)
    network = timm.create_model("test_byobnet", num_classes=2).train()
    network(torch.randn(4, 3, 64, 64))
    return network.eval()


def test_between_mixes_weights_and_statistics_and_leaves_both_ends_alone() -> None:
    start, end = copy_of(seeded_network(0)), copy_of(seeded_network(1))
    before = {name: tensor.clone() for name, tensor in end.items()}
    quarter = between(start, end, 0.25)
    kinds = {"head.fc.weight", "stem.bn.running_mean", "stem.bn.running_var"}
    assert kinds <= quarter.keys()
    for name, tensor in quarter.items():
        if tensor.is_floating_point():
            assert torch.allclose(tensor, 0.75 * start[name] + 0.25 * end[name], atol=1e-6), name
            assert torch.equal(between(start, end, 0.0)[name], start[name])
            assert torch.equal(between(start, end, 1.0)[name], end[name])
        else:
            assert torch.equal(tensor, end[name]), "a counter"
        assert torch.equal(end[name], before[name])


@pytest.mark.parametrize(
    ("losses", "accuracies", "kept"),
    [
        ((0.5, 0.1, 0.3, 0.4, 0.5), (0.7, 0.9, 0.8, 0.8, 0.8), 0.25),
        ((0.5, 0.1, 0.3, 0.4, 0.5), (0.8, 0.7, 0.9, 0.8, 0.8), 0.5),
        ((0.4, 0.4, 0.4, 0.4, 0.4), (0.8, 0.9, 0.9, 0.9, 0.8), 1.0),
        ((0.1, 0.2, 0.3, 0.4, 0.5), (0.8, 0.9, 0.9, 0.9, 0.8), 0.0),
        ((0.1, 0.2, 0.3, 0.4, 0.5), (0.9, 0.8, 0.8, 0.8, 0.8), 0.0),
        ((0.5, 0.1, 0.2, 0.3, 0.4), (0.9, 0.8, 0.9, 0.9, 0.8), 0.5),
        ((0.1, 0.2, 0.3, 0.4, 0.5), (0.8, 0.8, 0.8, 0.8, 0.9), 1.0),
    ],
)
def test_the_smallest_loss_is_kept_of_those_that_answer_as_many_right_as_either_end(
    losses: tuple[float, ...], accuracies: tuple[float, ...], kept: float
) -> None:
    start, network = copy_of(seeded_network(0)), seeded_network(1)
    end = copy_of(network)
    scores = iter(map(Score, accuracies, losses))
    seen = []

    def measure() -> Score:
        seen.append(copy_of(network)["head.fc.weight"])
        return next(scores)

    chosen = blend(network, start, measure)
    assert chosen.share == kept
    assert list(chosen.scores) == [f"{share:g}" for share in SHARES]
    assert torch.equal(seen[0], start["head.fc.weight"]) and torch.equal(seen[-1], end["head.fc.weight"])
    expected = between(start, end, kept)
    assert all(torch.equal(tensor, expected[name]) for name, tensor in network.state_dict().items())


def test_the_size_of_all_logits_does_not_count() -> None:
    logits = torch.randn(500, 3, generator=torch.Generator().manual_seed(0)) * 2
    targets = torch.multinomial(torch.softmax(logits, 1), 1, generator=torch.Generator().manual_seed(1))[:, 0]
    assert calibrated_score(3 * logits, targets).loss == pytest.approx(calibrated_score(logits, targets).loss, abs=1e-6)
    assert calibrated_score(logits, targets).top1 == (logits.argmax(1) == targets).double().mean()


def test_finetune_tries_the_blends_records_them_and_can_leave_them(
    data: Path, weights: Path, trained: Path, tmp_path: Path
) -> None:
    folders = trained, tmp_path / "without"
    done = training(*finetuning(data, weights, folders[1], "--no-blend"))
    assert done.returncode == 0, done.stderr
    found, plain = (ours(folder) for folder in folders)
    assert [epoch["loss"] for epoch in found["history"]] == [epoch["loss"] for epoch in plain["history"]], "training is the same"
    scores = found["blend"]["scores"]
    assert list(scores) == ["0", "0.25", "0.5", "0.75", "1"]
    ends = max(scores["0"]["top1"], scores["1"]["top1"])
    as_good = [score["loss"] for score in scores.values() if score["top1"] >= ends]
    assert scores[f"{found['blend']['share']:g}"]["loss"] == min(as_good)
    assert scores["0"]["top1"] == pytest.approx(found["head_only"]["top1"])
    assert scores["1"]["top1"] == pytest.approx(max(epoch["top1"] for epoch in found["history"]))
    share = found["blend"]["share"]
    kept = "none had a smaller validation loss" if share == 1 else f"{share:g} of them to {1 - share:g} of the first phase's"
    assert kept in " ".join((folders[0] / "README.md").read_text().split())
    assert "blend" not in plain and "WiSE-FT" not in (folders[1] / "README.md").read_text()
    assert json.loads((folders[1] / "config.json").read_text())["cnnhub"]["recipe"]["blend"] is False
