"""The curve of a frozen backbone against a network from scratch, with few pictures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from cnnhub.errors import ArgumentError
from training.cli import app
from training.data.layout import DataError
from training.fit import transfer


def test_the_command_measures_both_ways_and_writes_what_it_found(data: Path, tmp_path: Path) -> None:
    output = tmp_path / "curves" / "transfer.json"
    asked = ["transfer", "--data", str(data), "--model", "flowers", "--count", "12", "--count", "4", "--seeds", "2"]
    done = CliRunner().invoke(app, [*asked, "--epochs", "3", "--output", str(output), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(output.read_text())
    assert json.loads(done.stdout.splitlines()[-1]) == found
    assert list(found) == ["command", "labels", "validation", "seeds", "head", "scratch", "curve"]
    assert (found["labels"], found["validation"], found["seeds"]) == (["blue", "red"], 16, [0, 1])
    assert found["head"]["backbone"] == "flowers" and found["scratch"]["epochs"] == 3
    assert [each["pictures"] for each in found["curve"]] == [4, 12]
    for each in found["curve"]:
        for way in ("head", "scratch"):
            reached = each[way]
            assert list(reached) == ["mean", "least", "most", "seconds"] and reached["seconds"] > 0
            assert 0 <= reached["least"] <= reached["mean"] <= reached["most"] <= 1
        assert each["head"]["least"] > 0.8, "two colours are easily told apart"
    shown = CliRunner().invoke(app, [*asked[:-4], "--seeds", "1", "--epochs", "1"]).stdout
    assert "from scratch" in shown and "12" in shown


def test_smaller_draws_are_parts_of_larger_ones_and_balanced() -> None:
    targets = [0] * 30 + [1] * 20
    large = transfer.draw(targets, 40, seed=3)
    assert transfer.draw(targets, 10, seed=3) == large[:10] and len(set(large)) == 40
    assert [targets[position] for position in large[:10]] == [0, 1] * 5
    assert transfer.draw(targets, 10, seed=4) != large[:10]


def test_the_small_network_learns_and_its_weights_follow_from_the_seed() -> None:
    pixels = torch.zeros(12, 3, transfer.SIDE + transfer.MARGIN, transfer.SIDE + transfer.MARGIN, dtype=torch.uint8)
    targets = torch.arange(12) % 2
    pixels[targets == 1, 0] = 200
    known = transfer._Seen(torch.zeros(12, 1).numpy(), pixels, targets, 0.0, 0.0)
    first, again = (transfer._from_scratch(known, known, range(12), seed=1, epochs=2) for _ in range(2))
    assert first[0] == again[0] == 1 and first[1] > 0


def test_counts_that_cannot_be_drawn(data: Path) -> None:
    with pytest.raises(ArgumentError, match=r"--count 3 arrived; expected 4 or more, two of each of the 2 labels\."):
        transfer.measure(data, counts=(3, 8))
    with pytest.raises(DataError, match=r"50 pictures take 25 of each label, and 'blue' has 24\."):
        transfer.measure(data, counts=(4, 50))
