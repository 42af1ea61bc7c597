"""The real huggingface_hub client against a Hub on the loopback, each case in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import cnnhub
from cnnhub.hub import is_folder
from conftest import EXAMPLES
from loopback_hub import LoopbackHub, serve

LOAD = """
import json, sys, cnnhub
options = json.loads(sys.argv[2])
try:
    print(json.dumps(cnnhub.load(sys.argv[1], **options).predict(sys.argv[3]).scores))
except cnnhub.CnnHubError as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""


@pytest.fixture
def hub(tmp_path: Path, model_folder: Callable[..., Path]) -> Iterator[LoopbackHub]:
    """Serves owner/tiny (a whole model), owner/pickled (no safetensors) and owner/other (no model)."""
    model_folder("hub/owner/tiny")
    model_folder("hub/owner/pickled")
    (tmp_path / "hub/owner/pickled/model.safetensors").rename(tmp_path / "hub/owner/pickled/pytorch_model.bin")
    (tmp_path / "hub/owner/other").mkdir()
    (tmp_path / "hub/owner/other/config.json").write_text('{"model_type": "bert"}')
    with serve(tmp_path / "hub") as running:
        yield running


@pytest.fixture
def load(hub: LoopbackHub, tmp_path: Path) -> Callable[..., object]:
    """Load a source in a fresh process and classify the cat -> its scores, or [error, message]."""

    def run(source: str, environment: dict[str, str] | None = None, **options: object) -> object:
        variables = {
            **{key: value for key, value in os.environ.items() if not key.startswith("HF_")},
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(tmp_path / "home"),
            "HF_HUB_DISABLE_XET": "1",
            **(environment or {}),
        }
        command = [sys.executable, "-c", LOAD, source, json.dumps(options), str(EXAMPLES / "cat.jpg")]
        done = subprocess.run(command, capture_output=True, text=True, env=variables, cwd=tmp_path, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_a_repository_is_its_folder(load: Callable[..., object], hub: LoopbackHub) -> None:
    expected = cnnhub.load(hub.root / "owner/tiny").predict(EXAMPLES / "cat.jpg").scores
    for source in ("owner/tiny", "owner/tiny@v1.0"):
        assert load(source) == pytest.approx(expected)
    assert load("owner/tiny", revision="v1.0") == pytest.approx(expected)
    assert not any("README" in line or "bin" in line for line in hub.log), "more than the model was asked for"


def test_once_loaded_it_loads_without_the_hub(load: Callable[..., object], hub: LoopbackHub) -> None:
    scores = load("owner/tiny")
    hub.log.clear()
    assert load("owner/tiny", {"HF_HUB_OFFLINE": "1"}) == scores
    assert load("owner/tiny", local_files_only=True) == scores
    assert [line for line in hub.log if "owner/tiny" in line] == []  # the client may ask for news of its own


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("owner/missing", "ModelNotFoundError", "The Hub has no model owner/missing"),
        ("owner/tiny@v9", "ModelNotFoundError", "no such revision: owner/tiny@v9"),
        ("owner/pickled", "ModelWeightsError", "Only safetensors are read"),
        ("owner/other", "ModelConfigError", "architecture: Field required"),
    ],
)
def test_what_the_hub_cannot_give(load: Callable[..., object], source: str, error: str, message: str) -> None:
    kind, text = load(source)  # type: ignore[misc]
    assert kind == error
    assert message in text


def test_the_weights_of_what_is_no_model_are_never_downloaded(load: Callable[..., object], hub: LoopbackHub) -> None:
    load("owner/other")
    assert not any("safetensors" in line for line in hub.log)


@pytest.mark.parametrize("source", [Path("x"), "./x", "../x", "~/x", "~", "/x", ".", "..", "C:\\x", "c:/x", ".\\x"])
def test_what_is_a_folder(source: str | Path) -> None:
    assert is_folder(source)


@pytest.mark.parametrize("source", ["x", "owner/name", "owner/name@v1", ".hidden/name", "cats-vs-dogs"])
def test_what_is_not(source: str) -> None:
    assert not is_folder(source)
