"""Hostile model folders: whatever is done to the two files, the model loads rightly or one of two errors is raised."""

from __future__ import annotations

import contextlib
import copy
import ctypes
import json
import random
import re
import shutil
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch

import cnnhub
from cnnhub.errors import ModelConfigError, ModelWeightsError
from cnnhub.preprocessing import normalise

COUNTS = [150, pytest.param(5000, marks=[pytest.mark.long, pytest.mark.timeout(3600)])]
MOST_GROWTH_BYTES = 50e6
HOSTILE: list[Any] = [
    None, True, -1, 0, 1, 3, 1e308, -0.5, 10**30, 100_000, 100_001, "", "a" * 10_000, "resnet152", "../../etc/passwd",
    "test_byobnet\n",
    "vit_giant_patch14_224", [], {}, [[[]]], [3, 64, 64], [3, 10**9, 10**9], [3, 15, 15], [1, 2], ["x"] * 3, ["x", "x", "x"],
    {"num_classes": 3}, {"img_size": 10**6}, {"block_size": 10**9}, {"act_layer": "relu"}, {"norm_layer": "os.system"},
    {"a": {"b": {"c": [1]}}}, "nan", float("nan"), float("inf"), "\u0000", "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("count", COUNTS)
def test_mutated_configs(model_folder: Callable[..., Path], count: int) -> None:
    folder = model_folder()
    file = folder / "config.json"
    original = json.loads(file.read_text())
    outcomes = check(folder, count, lambda rng: file.write_bytes(mutated_config(original, rng)))
    assert all(outcomes.values()), f"one kind of outcome never happened: {outcomes}"


@pytest.mark.parametrize("count", COUNTS)
def test_mutated_weights(model_folder: Callable[..., Path], count: int) -> None:
    folder = model_folder()
    file = folder / "model.safetensors"
    original = file.read_bytes()
    outcomes = check(folder, count, lambda rng: file.write_bytes(mutated_weights(original, rng)))
    assert outcomes["loaded"] and outcomes["ModelWeightsError"], outcomes


@pytest.mark.parametrize("engine", ["torch", "auto"])
@pytest.mark.parametrize("file", ["model.safetensors", "familiar.safetensors"])
def test_a_header_of_a_million_keys_is_not_parsed(
    model_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, file: str, engine: str
) -> None:
    neighbours = {"k": 1, "threshold": 1.0, "false_alarm": 0.05}
    folder = model_folder(cnnhub={"neighbours": neighbours} if file == "familiar.safetensors" else {})
    header = json.dumps({"__metadata__": {f"key {number}": "" for number in range(10**6)}}).encode()
    (folder / file).write_bytes(len(header).to_bytes(8, "little") + header)
    monkeypatch.setattr("safetensors.numpy.load_file", lambda path: pytest.fail("it was parsed"))
    if file == "model.safetensors":
        monkeypatch.setattr("cnnhub.engines.network.safe_open", lambda *_, **__: pytest.fail("it was parsed"))
    started = time.monotonic()
    with pytest.raises(ModelWeightsError, match=f"{file} is not a whole safetensors file, .*its header has [0-9,]+ bytes"):
        cnnhub.load(folder, engine=engine)
    print(f"\na million keys, {len(header):,} bytes of header: refused in {time.monotonic() - started:.3f} s")


def check(folder: Path, count: int, mutate: Callable[[random.Random], object]) -> dict[str, int]:
    """Mutate and load, `count` times -> how often which outcome was seen."""
    warm_up(folder)
    before = resident()
    outcomes = {"loaded": 0, "ModelConfigError": 0, "ModelWeightsError": 0}
    compared = 0
    for seed in range(count):
        mutate(random.Random(seed))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # labels that stand twice or not at all are told apart with a warning
                classifier = cnnhub.load(folder)
        except (ModelConfigError, ModelWeightsError) as error:
            outcomes["ModelWeightsError" if isinstance(error, ModelWeightsError) else "ModelConfigError"] += 1  # or a child of it
            continue
        except Exception as error:
            raise AssertionError(f"seed {seed} raised {type(error).__name__}: {error}") from error
        outcomes["loaded"] += 1
        logits, _ = classifier.engine.answer(np.zeros((1, *classifier.config.pretrained_cfg.input_size), np.uint8))
        assert logits.shape == (1, len(classifier.labels)), f"seed {seed}"
        compared += is_as_timm_loads_it(classifier, folder, seed)
    grown = resident() - before
    print(f"{count} mutations: {outcomes}; timm loads {compared} of these too, alike; memory grew by {grown / 1e6:.1f} MB")
    assert compared > outcomes["loaded"] / 4
    assert grown < MOST_GROWTH_BYTES
    return outcomes


def warm_up(folder: Path) -> None:
    """Import all that a load may need, and reserve what the largest input of these mutations, timm's default, takes."""
    copy = folder.with_name("warm")
    shutil.copytree(folder, copy)
    config = json.loads((copy / "config.json").read_text())
    del config["pretrained_cfg"]["input_size"]
    (copy / "config.json").write_text(json.dumps(config))
    is_as_timm_loads_it(cnnhub.load(copy), copy, seed=0)
    cnnhub.load(folder)


def is_as_timm_loads_it(classifier: cnnhub.Classifier, folder: Path, seed: int) -> bool:
    """Whether timm loads the folder too (it refuses keys of pretrained_cfg that it does not know); then it must answer alike."""
    try:
        theirs = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    except Exception:
        return False
    preparation = timm.data.resolve_model_data_config(theirs)
    ours = classifier.config.pretrained_cfg.model_dump()
    for key, value in preparation.items():
        assert ours[key] == (tuple(value) if isinstance(value, list) else value), f"seed {seed}: {key}"
    pixels = np.random.default_rng(seed).integers(0, 256, (1, *ours["input_size"]), np.uint8)
    with torch.inference_mode():
        expected = theirs(torch.from_numpy(normalise(pixels, classifier.config.pretrained_cfg)))
    logits, _ = classifier.engine.answer(pixels)
    torch.testing.assert_close(torch.from_numpy(logits), expected, equal_nan=True, msg=lambda text: f"seed {seed}: {text}")
    return True


def mutated_config(original: dict[str, Any], rng: random.Random) -> bytes:
    config = copy.deepcopy(original)
    for _ in range(rng.choice((1, 1, 2, 3))):
        place = config if rng.random() < 0.5 else config.get("pretrained_cfg")
        if not isinstance(place, dict):
            continue
        key = rng.choice([*original, *original["pretrained_cfg"], "model_args", "surplus"])
        action = rng.random()
        if action < 0.2:
            place.pop(key, None)
        else:
            place[key] = copy.deepcopy(rng.choice(HOSTILE))
    if rng.random() < 0.15:  # well formed, but not what the weights are of
        config |= rng.choice(
            ({"architecture": "resnet18"}, {"architecture": "test_resnet"}, {"num_classes": 5, "label_names": None})
        )
    if rng.random() < 0.05:
        deep: Any = []
        for _ in range(rng.choice((30, 40, 500))):
            deep = [deep]
        config["deep"] = deep
    text = json.dumps(config).encode()
    if rng.random() < 0.15:
        position = rng.randrange(len(text))
        text = rng.choice((text[:position], text[:position] + bytes([rng.randrange(256)]) + text[position + 1 :], b"[" * 100_000))
    return text


def mutated_weights(original: bytes, rng: random.Random) -> bytes:
    data = bytearray(original)
    header = 8 + int.from_bytes(original[:8], "little")
    action = rng.randrange(7)
    if action == 0:
        return original[: rng.randrange(len(original))]
    if action == 1:
        return original + rng.randbytes(rng.randrange(1, 100))
    if action == 2:
        data[: rng.choice((1, 8))] = rng.randbytes(1)
    elif action == 3:  # a byte of the header
        data[rng.randrange(8, header)] = rng.randrange(256)
    elif action == 4:  # a number of the header: shapes and offsets
        numbers = list(re.finditer(rb"\d+", original[8:header]))
        found = rng.choice(numbers)
        data[8 + found.start() : 8 + found.end()] = str(rng.randrange(10 ** len(found[0]))).rjust(len(found[0]), "1").encode()
    elif action == 5:  # a type
        types = list(re.finditer(rb'"(F32|I64)"', original[8:header]))
        found = rng.choice(types)
        data[8 + found.start() + 1 : 8 + found.end() - 1] = rng.choice((b"I32", b"F16", b"U32", b"C64", b"F64", b"XYZ", b"I64"))
    else:  # the values
        for _ in range(rng.choice((1, 10, 100))):
            data[rng.randrange(header, len(data))] = rng.randrange(256)
    return bytes(data)


def resident() -> int:
    """Bytes of memory that this process holds, once glibc has given back what is free: threads come and go with each session."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("memory is read from /proc, which this system lacks")
    return int(statm.read_text().split()[1]) * 4096
