"""Stacks of steps, and the programs that are printed for them, which are run."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

import cnnhub
from cnnhub import convolution, kernels, stack
from cnnhub.errors import GeometryError, KernelError
from cnnhub.stack import Filter, Pool, Relu

SOBEL = kernels.preset("sobel_x").weights


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    return Image.fromarray(np.random.default_rng(1).integers(0, 256, (33, 46, 3), dtype=np.uint8))


def pixels_of(photo: Image.Image, grey: bool) -> torch.Tensor:
    """(C, H, W) float64."""
    array = np.array(photo.convert("L") if grey else photo, dtype=np.float64)
    return torch.from_numpy(array[None] if grey else array.transpose(2, 0, 1).copy())


def test_each_step_takes_the_output_of_the_one_before(photo: Image.Image) -> None:
    pixels = pixels_of(photo, grey=False)
    edges, positive, pooled, smooth = stack.run(pixels, [Filter(SOBEL), Relu(), Pool("max", 3, 2), Filter(((1,) * 3,) * 3, 9)])
    for channel in range(3):
        expected = ndimage.sobel(pixels[channel].numpy(), axis=1, mode="constant")
        np.testing.assert_allclose(edges[channel], expected)
        expected = np.maximum(expected, 0)
        np.testing.assert_array_equal(positive[channel], expected)
        expected = np.lib.stride_tricks.sliding_window_view(expected, (3, 3))[::2, ::2].max((2, 3))
        np.testing.assert_array_equal(pooled[channel], expected)
        np.testing.assert_allclose(smooth[channel], ndimage.uniform_filter(expected, 3, mode="constant"))
    assert [output.dtype for output in (edges, positive, pooled, smooth)] == [torch.float64] * 4
    assert stack.run(pixels, []) == []


def test_the_caller_s_pixels_stay_as_they_are(photo: Image.Image) -> None:
    pixels = pixels_of(photo, grey=True) - 100
    before = pixels.clone()
    stack.run(pixels, [Relu(), Filter(SOBEL, border="mean")])
    assert torch.equal(pixels, before)


def test_errors_name_the_step() -> None:
    pixels = torch.ones(1, 8, 8)
    for steps, message in (
        ([Relu(), Pool("max", 9, 1)], r"Step 2 \(Pool\): .*does not fit"),
        ([Pool("median")], r"Step 1 \(Pool\): .*no pooling mode 'median'"),
        ([Relu(), Relu(), Filter(((1,),), stride=0)], r"Step 3 \(Filter\): The stride is 0"),
        ([Filter(((1,),), border="wrap")], r"Step 1 \(Filter\): .*no border 'wrap'"),
        ([Relu()] * 9, "9 steps arrived; expected at most 8"),
    ):
        with pytest.raises(GeometryError, match=message):
            stack.run(pixels, steps)
    for step, message in ((Filter(((1, 2),)), "1 x 2"), (Filter(((1,),), divisor=0), "divisor is 0")):
        with pytest.raises(KernelError, match=rf"Step 2 \(Filter\): .*{message}"):
            stack.run(pixels, [Relu(), step])
    with pytest.raises(GeometryError, match=r"shaped \(8, 8\) arrived; expected \(C, H, W\)"):
        stack.run(pixels[0], [Relu()])
    with pytest.raises(GeometryError, match="9 steps"):
        stack.snippet([Relu()] * 9, grey=True)


def drawn_steps(draw: random.Random) -> list[stack.Step]:
    """One to four steps; strides and pooling are small enough to leave something of 33 x 46 pixels."""
    steps: list[stack.Step] = []
    for _ in range(draw.randint(1, 4)):
        kind = draw.choice(["filter", "filter", "relu", "pool"])
        if kind == "relu":
            steps.append(Relu())
        elif kind == "pool":
            steps.append(Pool(draw.choice(convolution.POOLING_MODES), draw.choice([2, 3]), draw.choice([1, 2])))
        else:
            preset = kernels.preset(draw.choice(kernels.names()))
            steps.append(
                Filter(
                    preset.weights,
                    preset.divisor * draw.choice([1, 10]),
                    draw.choice([0.0, 128.0, -0.5]),
                    draw.choice([1, 1, 2, 3, 4]),
                    draw.choice([1, 2, 3]),
                    draw.choice(["same", "valid", 1, 2]),
                    draw.choice(convolution.BORDERS),
                    draw.random() < 0.5,
                )
            )
    return steps


def test_the_printed_programs_compute_what_run_computes(
    photo: Image.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    photo.save(tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    draw, kinds, borders, done = random.Random(8), set(), set(), 0
    while done < 120:
        steps, grey = drawn_steps(draw), draw.random() < 0.5
        try:
            expected = stack.run(pixels_of(photo, grey), steps)[-1]
        except GeometryError:  # nothing was left of the picture
            continue
        names: dict[str, object] = {}
        exec(stack.snippet(steps, grey, "photo.png"), names)
        torch.testing.assert_close(names["x"][0], expected, atol=1e-4, rtol=1e-9)
        assert capsys.readouterr().out.startswith(f"(1, {', '.join(map(str, expected.shape))})")
        kinds |= {step.mode if isinstance(step, Pool) else type(step).__name__ for step in steps}
        borders |= {step.border for step in steps if isinstance(step, Filter)}
        done += 1
    assert kinds == {"Filter", "Relu", "max", "average", "l2"}
    assert borders == set(convolution.BORDERS)


def test_a_printed_program_stands_alone(photo: Image.Image, tmp_path: Path) -> None:
    """As a file of its own would, on a turned JPEG with a name that has quotes in it."""
    name = 'my "best" 照片.jpg'
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    photo.save(tmp_path / name, exif=exif)
    steps = [Filter(SOBEL, 2, border="reflect"), Relu(), Pool("average")]
    program = stack.snippet(steps, grey=True, name=name, size=(20, 30))
    assert "cnnhub" not in program
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-X", "utf8", "-c", program]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path, env=environment).stdout
    opened = cnnhub.open_image(tmp_path / name).resize((20, 30), Image.Resampling.LANCZOS).convert("L")
    expected = stack.run(torch.from_numpy(np.array(opened, dtype=np.float64))[None], steps)[-1]
    shape, low, high = printed.rsplit(maxsplit=2)
    assert shape == "(1, 1, 15, 10)" == str((1, *expected.shape))
    assert (float(low), float(high)) == pytest.approx((expected.min().item(), expected.max().item()))
