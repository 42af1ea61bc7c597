"""`cnnhub doctor`: a sound installation is called sound, and each way to be broken is noticed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torchvision

import cnnhub
from cnnhub import doctor
from cnnhub.doctor import Check, State
from tests.support.cli_runner import Call, run
from tests.support.loopback_hub import serve

SOUND = {
    "torch": {"cuda_build": "13.0", "gpus": [], "cuda_works": False, "threads": 2},
    "torchvision": {"cuda_build": "13.0"},
    "engine torch": {"milliseconds": 20.0},
}


def test_this_installation_is_sound(tmp_path: Path) -> None:
    """The probe runs for real, in its own process, from a folder with a torch.py that must not be taken for torch."""
    (tmp_path / "torch.py").write_text("raise SystemExit('the wrong torch')")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    paths = os.pathsep.join([str(Path(cnnhub.__file__).parents[1])])
    variables = {**kept, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1", "PYTHONPATH": paths, "PYTHONSAFEPATH": "1"}
    variables["CNNHUB_CACHE"] = str(tmp_path / "graphs")  # other tests leave refusals in theirs
    done = run("doctor", "--json", cwd=tmp_path, env=variables)
    found = json.loads(done.out)
    states = {check["name"]: check["state"] for check in found["checks"]}
    assert done.status == 0 and found["ok"] is True, done.out + done.err
    assert states.pop("GPU") in ("ok", "note")
    assert states == {
        "versions": "ok",
        "torch and torchvision": "ok",
        "engine torch": "ok",
        "engine onnx": "ok",
        "exports": "ok",
        "Hub": "note",
        "cache": "ok",
    }
    assert found["versions"]["torch"] == torch.__version__.partition("+")[0]
    assert found["versions"]["torchvision"] == torchvision.__version__.partition("+")[0]
    assert found["versions"]["cnnhub"] == cnnhub.__version__
    assert not (tmp_path / "home").exists(), "looking made something"


@pytest.mark.parametrize(
    ("facts", "failure", "misfit", "message"),
    [
        (SOUND, "", ("==2.9.0", "2.10.0"), "torchvision needs torch==2.9.0, and torch 2.10.0 is installed."),
        ({}, "OSError: libcudart.so: cannot open", None, "torch cannot be imported: OSError: libcudart.so"),
        (
            {"torch": SOUND["torch"]},
            "RuntimeError: operator torchvision::nms does not exist",
            None,
            "torchvision cannot be imported: RuntimeError: operator torchvision::nms",
        ),
        (
            {**SOUND, "torchvision": {"cuda_build": None}},
            "",
            None,
            "torch is built for CUDA 13.0 and torchvision for the CPU.",
        ),
    ],
)
def test_a_pair_that_is_none(facts: dict, failure: str, misfit: tuple[str, str] | None, message: str) -> None:
    found = doctor.pair(facts, failure, misfit)
    assert found.state is State.broken
    assert message in found.detail and "pip install --force-reinstall torch torchvision" in found.detail


def test_a_pair_that_is_one() -> None:
    assert doctor.pair(SOUND, "", None) == Check("torch and torchvision", State.ok, "They fit, and are built for CUDA 13.0.")
    assert doctor.wanted_torch() is None


@pytest.mark.parametrize(
    ("needs", "installed", "expected"),
    [
        (["numpy", "torch (==2.9.0)"], "2.9.0+cpu", None),
        (["torch==2.9.0"], "2.9.1", ("==2.9.0", "2.9.1")),
        (["torch (>=2.14.0)"], "2.13.2", (">=2.14.0", "2.13.2")),
        (["torch (>=2.14.0)"], "2.15.0.dev1", None),
        (["numpy"], "2.9.1", None),
    ],
)
def test_the_torch_that_torchvision_asks_for(
    monkeypatch: pytest.MonkeyPatch, needs: list[str], installed: str, expected: tuple[str, str] | None
) -> None:
    monkeypatch.setattr("importlib.metadata.requires", lambda name: needs)
    monkeypatch.setattr("importlib.metadata.version", lambda name: installed)
    assert doctor.wanted_torch() == expected


@pytest.mark.parametrize(
    ("changes", "driver", "state", "message"),
    [
        ({}, False, State.note, "the packages that only CUDA needs take 4.3 GB on disk"),
        ({}, True, State.note, "finds no GPU. Is it too old?"),
        ({"cuda_build": None}, True, State.note, "built for the CPU and does not use the GPU"),
        ({"cuda_build": None}, False, State.ok, "None, and torch is built for the CPU."),
        ({"cuda_works": True, "gpus": ["NVIDIA T4"]}, True, State.ok, "NVIDIA T4: cnnhub.load(..., device='cuda') uses it."),
    ],
)
def test_gpus(changes: dict, driver: bool, state: State, message: str) -> None:
    found = doctor.gpu({**SOUND["torch"], **changes}, 4_300_000_000, driver)
    assert found.state is state and message in found.detail


def test_what_cuda_costs_is_what_lies_on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, size in (("nvidia_cublas", 3000), ("triton", 500), ("numpy", 7)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "lib.so").write_bytes(b"x" * size)
        meta = tmp_path / f"{name}-1.0.dist-info"
        meta.mkdir()
        (meta / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 1.0\n")
        (meta / "RECORD").write_text(f"{name}/lib.so,,\n{name}/gone.so,,\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert doctor.cuda_bytes() == 3500


def test_a_torch_that_kills_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PROBE", ("-c", 'print(\'{"step": "torch", "threads": 1}\', flush=True); import os; os.abort()'))
    facts, failure = doctor.probe(has_onnx=False)
    assert facts == {"torch": {"threads": 1}} and failure == "the process ended with status -6"
    monkeypatch.setattr(doctor, "PROBE", ("-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(doctor, "TORCH_SECONDS", 0.5)
    assert doctor.probe(has_onnx=False) == ({}, "no answer within 0 seconds")


def test_an_engine_that_does_not_answer() -> None:
    found = doctor.working_engine("onnx", SOUND, "ModelWeightsError: cut off")
    assert found.state is State.broken and "does not answer: ModelWeightsError: cut off." in found.detail


def test_what_is_broken_decides_the_exit_status(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    checks: list[Check] = []
    monkeypatch.setattr(doctor, "torch_checks", lambda versions: checks)
    monkeypatch.setattr(doctor, "hub_checks", lambda: [Check("Hub", State.note, "away")])
    sound = call("doctor")
    assert sound.status == 0 and sound.is_plain()
    assert sound.rows()[0][0] == "versions" and sound.rows()[1:] == [["Hub", "note", "away"]]
    checks.append(Check("engine torch", State.broken, "no"))
    assert call("doctor").status == 1
    assert json.loads(call("doctor", "--json").out)["ok"] is False


def test_reaching_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    with serve() as hub:
        assert doctor.reach(hub.url, is_offline=False).state is State.ok
        assert len(hub.log) == 1
        hub.fail = lambda number, line: "503"
        refused = doctor.reach(hub.url, is_offline=False)
        assert refused.state is State.note and f"{hub.url} answers 503 after" in refused.detail
        hub.log.clear()
        offline = doctor.reach(hub.url, is_offline=True)
        assert offline.state is State.note and "HF_HUB_OFFLINE is set" in offline.detail and hub.log == []
    away = doctor.reach(hub.url, is_offline=False)
    assert away.state is State.note and f"{hub.url} does not answer (" in away.detail and "seconds" in away.detail


def test_the_cache(tmp_path: Path, model_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    empty = doctor.cache(tmp_path / "home/hub")
    assert empty.state is State.ok and "does not exist yet" in empty.detail
    whole = tmp_path / "hub/models--owner--tiny/snapshots" / ("a" * 40)
    whole.parent.mkdir(parents=True)
    model_folder("model").rename(whole)
    found = doctor.cache(tmp_path / "hub")
    assert found.state is State.ok and "holds 1 model, 0 other entries, 0.4 MB" in found.detail
    (tmp_path / "hub/models--owner--begun").mkdir()
    found = doctor.cache(tmp_path / "hub")
    assert found.state is State.note and "Not whole, and fetched again when asked for: " in found.detail
    assert "models--owner--begun" in found.detail
    (tmp_path / "file").touch()
    assert doctor.cache(tmp_path / "file").state is State.broken
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert doctor.cache(tmp_path / "elsewhere").state is State.broken
