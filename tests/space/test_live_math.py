"""live_math.js by itself, under Node: known values, and the losses, weights and digits that cnnhub.live gives."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cnnhub import live
from tests.support.places import ROOT

NODE = shutil.which("node")
FIRST_VERSION = 20  # whose test runner is stable
TESTS = Path(__file__).with_name("live_math.test.mjs")
CAMEL = {"learning_rate": "learningRate", "batch_size": "batchSize"}


def version() -> int:
    return int(subprocess.run([str(NODE), "--version"], capture_output=True, text=True).stdout.lstrip("v").partition(".")[0])


@pytest.mark.skipif(NODE is None or version() < FIRST_VERSION, reason=f"no Node {FIRST_VERSION} here, whose test runner this is")
def test_the_network_in_the_browser_is_cnnhubs(tmp_path: Path) -> None:
    cases, pick = tmp_path / "cases.json", random.Random(11)
    drawings = [*(drawn(pick) for _ in range(60)), as_case(widened_by_straightening())]
    cases.write_text(json.dumps({"trainings": [trained(pick) for _ in range(8)], "drawings": drawings}))
    done = subprocess.run(
        [str(NODE), "--test", "--test-reporter=tap", str(TESTS)],
        cwd=ROOT,
        env={**os.environ, "CASES": str(cases)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    print(done.stdout, done.stderr)
    counts = {name: int(count) for name, count in re.findall(r"^# (tests|pass|fail|skipped) (\d+)$", done.stdout, re.M)}
    assert done.returncode == 0 and counts["fail"] == counts["skipped"] == 0
    assert counts["pass"] == counts["tests"] >= TESTS.read_text(encoding="utf-8").count('\ntest("')


def trained(pick: random.Random) -> dict[str, Any]:
    """Settings, others in the middle, and what 200 steps come to."""
    settings = {"seed": pick.randrange(2**32), "noise": pick.choice((0, 0.1, round(pick.random(), 3))), **rates(pick)}
    changed = {"at": pick.randrange(20, 180), "settings": rates(pick)}
    training = live.Training(**settings)
    begun, losses = training.network.parameters.tolist(), []
    for step in range(200):
        if step == changed["at"]:
            for name, value in changed["settings"].items():
                setattr(training, name, value)
        losses.append(training.step())
    index = pick.randrange(live.PARAMETERS)
    slope = training.slope(index, reach=0.4, points=9)
    seen = training.network.activations(live.digits().pictures[5:6])
    return {
        "settings": camel(settings),
        "changed": {**changed, "settings": camel(changed["settings"])},
        "labels": training.labels.tolist(),
        "begun": begun,
        "losses": losses,
        "parameters": training.network.parameters.tolist(),
        "batch": training.batch.tolist(),
        "wrong": training.wrong().tolist(),
        "figures": [training.accuracy(), training.accuracy(held_out=False), training.epoch],
        "index": index,
        "slope": [slope.weight, slope.derivative, slope.difference],
        "curve": slope.losses.tolist(),
        "along": slope.weights.tolist(),
        "seen": {layer: values.ravel().tolist() for layer, values in vars(seen).items()},
    }


def rates(pick: random.Random) -> dict[str, Any]:
    """With which learning neither stops nor runs away, where the last bit of a number would decide the first one later."""
    return {
        "learning_rate": pick.choice((0.005, 0.02, 0.05, 0.08)),
        "batch_size": pick.choice((16, 32, 50, 128)),
        "momentum": pick.choice((0, 0.5, 0.9)),
    }


def camel(settings: dict[str, Any]) -> dict[str, Any]:
    return {CAMEL.get(name, name): value for name, value in settings.items()}


def drawn(pick: random.Random) -> dict[str, Any]:
    """Strokes of any brightness, on paper of any shape, some of them fainter than ink."""
    width, height = pick.randint(1, 130), pick.randint(1, 130)
    picture = Image.new("L", (width, height))
    pen = ImageDraw.Draw(picture)
    for _ in range(pick.randint(0, 4)):
        points = [(pick.randint(0, width), pick.randint(0, height)) for _ in range(pick.randint(2, 6))]
        pen.line(points, fill=pick.choice((255, 200, 128, 127)), width=pick.randint(1, 12))
    return as_case(np.asarray(picture))


def widened_by_straightening() -> np.ndarray:
    """What is wider than the square once its foot, far to the right, stands below its top's first ink."""
    values = np.zeros((32, 20), np.uint8)
    values[0] = values[24] = values[:, 19] = 255
    return values


def as_case(values: np.ndarray) -> dict[str, Any]:
    digit = live.as_digit(values)
    made = None if digit is None else digit.ravel().tolist()
    return {"width": values.shape[1], "height": values.shape[0], "values": values.ravel().tolist(), "digit": made}
