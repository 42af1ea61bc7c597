"""lab_math.js by itself, under Node: known values, and every value of maps that cnnhub makes."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cnnhub import convolution
from cnnhub.errors import GeometryError
from demo.tabs.filter import settings
from tests.support.places import ROOT

NODE = shutil.which("node")
FIRST_VERSION = 20  # whose test runner is stable
TESTS = Path(__file__).with_name("lab_math.test.mjs")


def version() -> int:
    return int(subprocess.run([str(NODE), "--version"], capture_output=True, text=True).stdout.lstrip("v").partition(".")[0])


@pytest.mark.skipif(NODE is None or version() < FIRST_VERSION, reason=f"no Node {FIRST_VERSION} here, whose test runner this is")
def test_the_arithmetic_of_the_laboratory(tmp_path: Path) -> None:
    cases = tmp_path / "cases.json"
    cases.write_text(json.dumps(maps_of_cnnhub()))
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


def maps_of_cnnhub() -> dict[str, object]:
    """A photo of noise, and maps of it with settings that the page offers, drawn at random with a seed."""
    noise = np.random.default_rng(5).integers(0, 256, (11, 13, 3), np.uint8)
    grey = np.asarray(Image.fromarray(noise).convert("L"))
    planes = noise.transpose(2, 0, 1)
    pick, cases = random.Random(7), []
    borders, flips, channels = convolution.BORDERS, (False, True), (None, 0, 1, 2)
    everything = list(itertools.product(settings.SIZES, settings.STRIDES, settings.DILATIONS, settings.PADDINGS, borders, flips))
    for size, stride, dilation, padding, border, flipped in pick.sample(everything, 240):
        chosen = {"stride": stride, "dilation": dilation, "padding": padding, "border": border, "flipped": flipped}
        weights = [[round(pick.uniform(-3, 3), 3) for _ in range(size)] for _ in range(size)]
        chosen |= {"divisor": pick.choice((1, 9, -2.5)), "bias": pick.choice((0, -7.25, 100)), "weights": weights}
        channel = pick.choice(channels)
        plane = torch.from_numpy((grey if channel is None else planes[channel]).astype(np.float64))
        try:
            filter_ = convolution.Filter(**{**chosen, "weights": tuple(map(tuple, weights))})
            values = convolution.apply_filter(plane, filter_)
        except GeometryError:  # the kernel reaches further than so small a photo, or mirrors more than there is
            continue
        cases.append({"settings": chosen, "channel": channel, "map": values.tolist()})
    photo = {"width": 13, "height": 11, "planes": planes.flatten().tolist(), "grey": grey.flatten().tolist()}
    return {"photo": photo, "cases": cases}
