"""Weights as a table: what a file holds, beside what safetensors and NumPy say of it; `cnnhub info --weights` and `--tensor`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from safetensors.torch import save_file as save_torch

import cnnhub
from cnnhub import weights
from cnnhub.errors import ArgumentError, ModelWeightsError, UnknownNameError
from cnnhub.hub import BUILTIN_FOLDER, WEIGHTS_NAME
from cnnhub.weights import BINS, Grid, Summary
from tests.support.cli_runner import Call, run_in_terminal


@pytest.fixture
def folder_with(model_folder: Callable[..., Path]) -> Callable[..., Path]:
    """A function that writes a model folder whose file holds these arrays, or torch's tensors."""

    def write(**held: object) -> Path:
        folder, is_torch = model_folder(), any(isinstance(each, torch.Tensor) for each in held.values())
        (save_torch if is_torch else save_file)(held, folder / WEIGHTS_NAME)
        return folder

    return write


@pytest.mark.parametrize("name", cnnhub.builtin_models())
def test_every_tensor_of_the_built_in_models(name: str) -> None:
    held = load_file(BUILTIN_FOLDER / name / WEIGHTS_NAME)
    found = weights.summaries(name)
    assert sorted(each.name for each in found) == sorted(held)
    for each in found:
        stored = held[each.name]
        values = stored.astype(np.float64)
        assert each.shape == stored.shape and each.broken == 0
        assert each.dtype == {"float16": "F16", "float32": "F32", "int64": "I64"}[stored.dtype.name]
        assert (each.least, each.largest) == (values.min(), values.max()), each.name
        assert each.mean == pytest.approx(values.mean(), rel=1e-12, abs=1e-15), each.name
        ends = (values.min(), values.max()) if values.min() < values.max() else (values.min() - 0.5, values.min() + 0.5)
        counts = np.histogram(values, BINS, ends)[0]
        assert each.counts == tuple(counts), each.name


def test_one_tensor_is_what_is_stored() -> None:
    held = load_file(BUILTIN_FOLDER / "flowers" / WEIGHTS_NAME)
    for name in ("conv_stem.weight", "bn2.running_var", "bn2.num_batches_tracked"):
        found = weights.tensor("flowers", name)
        assert found.shape == held[name].shape and np.array_equal(found, held[name])
    assert weights.tensor("flowers", "conv_stem.weight").dtype == np.float32


def test_numbers_within_names_are_sorted_by_their_size(folder_with: Callable[..., Path]) -> None:
    one = np.zeros(1, np.float32)
    folder = folder_with(**dict.fromkeys(("blocks.10.b", "blocks.2.b", "blocks.2.1", "act", f"x{5000 * '9'}"), one))
    assert [each.name for each in weights.summaries(folder)][:4] == ["act", "blocks.2.1", "blocks.2.b", "blocks.10.b"]


@pytest.mark.parametrize("with_ml_dtypes", [True, False])
def test_every_type_that_weights_have(
    folder_with: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, with_ml_dtypes: bool
) -> None:
    """The package that brings NumPy a bfloat16 is here by chance, and may not be elsewhere."""
    if not with_ml_dtypes:
        monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    values = torch.tensor([[-1.5, 0.0, 3.25], [1e-3, 2.0, -7.0]])
    kinds = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64}
    kinds |= {"I32": torch.int32, "U8": torch.uint8, "BOOL": torch.bool}
    held = {kind: (values.abs() if kind == "U8" else values).to(dtype) for kind, dtype in kinds.items()}
    folder = folder_with(**held)
    found = {each.name: each for each in weights.summaries(folder)}
    for kind, stored in held.items():
        expected = stored.double().numpy()
        assert np.array_equal(weights.tensor(folder, kind).astype(np.float64), expected)
        assert (found[kind].dtype, found[kind].shape) == (kind, (2, 3))
        assert (found[kind].least, found[kind].largest) == (expected.min(), expected.max())


def test_what_is_empty_broken_or_extreme(folder_with: Callable[..., Path]) -> None:
    most = np.finfo(np.float64).max
    folder = folder_with(
        empty=np.zeros((0, 3), np.float32),
        broken=np.array([np.nan, np.inf, -np.inf], np.float32),
        partly=np.array([np.nan, 1.0, 3.0], np.float32),
        extreme=np.array([-most, 0.0, most]),
        near=np.array([1.0, np.nextafter(1.0, 2.0)]),
        tiny=np.array([0.0, 5e-324]),
        alike=np.full(7, 2.0, np.float32),
    )
    found = {each.name: each for each in weights.summaries(folder)}
    assert (found["empty"].least, found["empty"].broken, sum(found["empty"].counts)) == (None, 0, 0)
    assert (found["broken"].mean, found["broken"].broken) == (None, 3)
    assert (found["partly"].mean, found["partly"].broken, sum(found["partly"].counts)) == (2.0, 1, 2)
    assert [place for place, count in enumerate(found["extreme"].counts) if count] == [0, BINS // 2, BINS - 1]
    for name in ("near", "tiny"):
        assert sum(found[name].counts) == 2, "bins narrower than the distance of two numbers"
    assert found["alike"].counts[BINS // 2] == 7


def test_the_numbers_of_more_than_one_block_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).normal(size=1000).astype(np.float32)
    whole = Summary.of("a", values).counts
    monkeypatch.setattr(weights, "_AT_ONCE", 7)
    assert Summary.of("a", values).counts == whole and sum(whole) == 1000


@pytest.mark.parametrize(
    ("shape", "parts", "rows", "columns"),
    [
        ((), 1, 1, 1),
        ((4,), 1, 4, 1),
        ((4, 5), 1, 4, 5),
        ((4, 5, 1, 1), 1, 4, 5),
        ((4, 5, 3, 2), 5, 4, 6),
        ((6, 1, 3, 3), 1, 6, 9),
        ((2, 3, 4), 3, 2, 4),
        ((0, 3), 1, 0, 3),
    ],
)
def test_every_number_stands_in_one_slice_at_its_place(shape: tuple[int, ...], parts: int, rows: int, columns: int) -> None:
    values = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    grids = [Grid.of(values, part) for part in range(parts)]
    assert {(each.values.shape, len(each.columns), each.parts) for each in grids} == {((rows, columns), columns, parts)}
    assert sorted(int(each) for grid in grids for each in grid.values.flat) == list(range(values.size))
    if len(shape) == 4 and parts > 1:
        place = grids[2].columns.index("2,1")
        assert grids[2].values[3, place] == values[3, 2, 2, 1]
    with pytest.raises(ArgumentError, match=f"Slice {parts} arrived"):
        Grid.of(values, parts)


def test_files_that_cannot_be_read(folder_with: Callable[..., Path]) -> None:
    folder = folder_with(a=torch.zeros(2, dtype=torch.float8_e4m3fn))
    with pytest.raises(ModelWeightsError, match="a is stored as F8_E4M3; expected one of F64"):
        weights.summaries(folder)
    (folder / WEIGHTS_NAME).write_bytes((2_000_001).to_bytes(8, "little") + b"{}")
    with pytest.raises(ModelWeightsError, match="its header has 2,000,001 bytes"):
        weights.summaries(folder)
    (folder / WEIGHTS_NAME).write_bytes(b"\x80\x04." + bytes(20))
    with pytest.raises(ModelWeightsError):
        weights.summaries(folder)
    header = json.dumps({"a": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}).encode()
    (folder / WEIGHTS_NAME).write_bytes(len(header).to_bytes(8, "little") + header + b"12")
    with pytest.raises(ModelWeightsError, match="not a whole safetensors file"):
        weights.summaries(folder)


def test_torch_is_not_needed() -> None:
    code = "import sys; sys.modules['torch'] = None; from cnnhub import weights; print(len(weights.summaries('flowers')))"
    assert int(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout) > 200


def test_info_lists_the_tensors_in_a_pipe(call: Call) -> None:
    done = call("info", "flowers", "--weights")
    assert (done.status, done.err) == (0, "") and done.is_plain()
    held = load_file(BUILTIN_FOLDER / "flowers" / WEIGHTS_NAME)
    rows = {row[0]: row[1:] for row in done.rows()}
    assert rows.keys() == held.keys()
    shape, kind, *numbers, counts = rows["conv_stem.weight"]
    stored = held["conv_stem.weight"].astype(np.float64)
    assert (shape, kind) == ("32 x 3 x 3 x 3", "F16")
    assert [float(each) for each in numbers] == pytest.approx([stored.min(), stored.mean(), stored.max()], rel=1e-3)
    assert len(counts.split()) == BINS and sum(map(int, counts.split())) == stored.size
    assert rows["bn1.num_batches_tracked"][:2] == ["1", "I64"]


def test_info_shows_one_tensor_in_a_pipe(call: Call) -> None:
    done = call("info", "flowers", "--tensor", "conv_stem.weight", "--slice", 2)
    assert done.status == 0 and done.is_plain()
    assert done.err == "conv_stem.weight, 32 x 3 x 3 x 3: slice 2 of 3, from 0.\n"
    held = load_file(BUILTIN_FOLDER / "flowers" / WEIGHTS_NAME)
    rows = np.array([[float(each) for each in row] for row in done.rows()])
    assert rows[:, 0].tolist() == list(range(32))
    assert np.array_equal(rows[:, 1:].astype(np.float16), held["conv_stem.weight"][:, 2].reshape(32, 9))
    whole = call("info", "flowers", "--tensor", "classifier.weight").rows()
    assert np.array_equal(np.array(whole, float)[:, 1:].astype(np.float16), held["classifier.weight"])


def test_a_huge_tensor_is_cut_and_what_was_left_out_is_said(
    call: Call, folder_with: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cnnhub.cli.models.MOST_NUMBERS", 100)
    done = call("info", folder_with(a=np.zeros((30, 40), np.float32)), "--tensor", "a")
    assert len(done.rows()) == 2 and len(done.rows()[0]) == 41
    assert done.err == "a, 30 x 40; the first 2 x 40 of its 30 x 40 numbers are shown.\n"


def test_on_a_terminal_spreads_are_drawn_and_tables_fit() -> None:
    listed = run_in_terminal("info", "flowers", "--weights", columns=80)
    bars = [line.split("│")[-2].strip() for line in listed.splitlines() if line.count("│") == 8]
    assert {"█"} <= set("".join(bars)) <= set(" ▁▂▃▄▅▆▇█") and max(map(len, bars)) == BINS
    shown = run_in_terminal("info", "flowers", "--tensor", "blocks.6.0.conv_pw.weight", columns=80)
    rows = [line.split("│")[1:-1] for line in shown.splitlines() if "│" in line]
    assert len(rows) == 40 and {len(row) for row in rows} == {6} and "…" not in shown
    assert "the first 40 x 5 of its" in shown and "a pipe gets more" in shown


def test_names_that_are_not_there_and_options_that_go_with_nothing(call: Call) -> None:
    with pytest.raises(UnknownNameError, match=r"no tensor 'conv_stem\.wight'\. Did you mean conv_stem\.weight"):
        weights.tensor("flowers", "conv_stem.wight")
    wrong = call("info", "flowers", "--tensor", "conv_stem.wight")
    assert wrong.status == 2 and "Did you mean conv_stem.weight" in wrong.err
    far = call("info", "flowers", "--tensor", "conv_stem.weight", "--slice", 3)
    assert far.status == 2 and "Slice 3 arrived; a tensor of shape (32, 3, 3, 3) has 3, from 0." in far.err
    assert call("info", "flowers", "--slice", 1).status == 2
    assert call("info", "flowers", "--weights", "--tensor", "bn1.bias").status == 2


def test_names_from_a_stranger_s_file_cannot_steer_the_terminal(call: Call, folder_with: Callable[..., Path]) -> None:
    name = "\x1b[2Ja\tb\u202e\u200bc"
    folder = folder_with(**{name: np.ones(2, np.float32)})
    spelled = r"\x1b[2Ja\x09b\u202e\u200bc"
    listed = call("info", folder, "--weights")
    assert listed.status == 0 and listed.is_plain() and listed.rows()[0][0] == spelled
    shown = call("info", folder, "--tensor", name)
    assert shown.status == 0 and shown.is_plain() and shown.err == f"{spelled}, 2.\n"
    wrong = call("info", folder, "--tensor", f"{name}?")
    assert wrong.status == 2 and spelled in wrong.err and "\u202e" not in wrong.err
