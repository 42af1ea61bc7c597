"""The real huggingface_hub client against a Hub on the loopback, each case in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cnnhub
from cnnhub import repository
from cnnhub.hub import is_folder
from conftest import EXAMPLES
from fresh import Load
from loopback_hub import COMMIT, LoopbackHub, serve

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


Start = Callable[..., Load]


@pytest.fixture
def start(hub: LoopbackHub, tmp_path: Path) -> Start:
    """Start a fresh process that loads a source and classifies the cat."""

    def run(source: str, environment: dict[str, str] | None = None, **options: object) -> Load:
        ours = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1"}
        return Load(source, options, EXAMPLES / "cat.jpg", {**ours, **(environment or {})}, tmp_path)

    return run


@pytest.fixture
def load(start: Start) -> Callable[..., Any]:
    """Load a source in a fresh process and classify the cat -> its scores, or [error, message]."""
    return lambda *arguments, **options: start(*arguments, **options).answer()[0]


def test_a_repository_is_its_folder(load: Callable[..., Any], hub: LoopbackHub) -> None:
    expected = cnnhub.load(hub.root / "owner/tiny").predict(EXAMPLES / "cat.jpg").scores
    for source in ("owner/tiny", "owner/tiny@v1.0"):
        assert load(source) == pytest.approx(expected)
    assert load("owner/tiny", revision="v1.0") == pytest.approx(expected)
    assert not any("README" in line or "bin" in line for line in hub.log), "more than the model was asked for"


def test_once_loaded_it_loads_without_the_hub(load: Callable[..., Any], hub: LoopbackHub) -> None:
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
def test_what_the_hub_cannot_give(load: Callable[..., Any], source: str, error: str, message: str) -> None:
    kind, text = load(source)
    assert kind == error
    assert message in text


def test_the_weights_of_what_is_no_model_are_never_downloaded(load: Callable[..., Any], hub: LoopbackHub) -> None:
    load("owner/other")
    assert not any("safetensors" in line for line in hub.log)


def about_tiny(hub: LoopbackHub) -> list[str]:
    return [line for line in hub.log if "owner/tiny" in line]


def blobs(tmp_path: Path) -> list[Path]:
    return sorted(tmp_path.glob("home/hub/models--owner--tiny/blobs/*"), key=lambda path: path.stat().st_size)


def test_a_cached_commit_needs_no_request_and_a_cached_branch_one(load: Callable[..., Any], hub: LoopbackHub) -> None:
    scores = load("owner/tiny")
    hub.log.clear()
    assert load(f"owner/tiny@{COMMIT}") == scores
    assert about_tiny(hub) == []
    assert load("owner/tiny") == scores
    assert about_tiny(hub) == ["HEAD /owner/tiny/resolve/main/config.json"]


def test_a_pull_request_and_a_branch_that_moves(load: Callable[..., Any], hub: LoopbackHub) -> None:
    scores = load("owner/tiny")
    repository = hub.repositories["owner/tiny"]
    files = dict(repository.commits[COMMIT])
    config = json.loads(files["config.json"])
    files["config.json"] = json.dumps({**config, "label_names": ["x", "y", "z"]}).encode()
    repository.commit("refs/pr/1", files, "f" * 40)
    assert sorted(load("owner/tiny@refs/pr/1")) == ["x", "y", "z"]
    assert load("owner/tiny") == scores
    repository.refs["refs/heads/main"] = "f" * 40
    assert sorted(load("owner/tiny")) == ["x", "y", "z"]
    assert load("owner/tiny@v1.0") == scores


@pytest.mark.parametrize("fault", ["dropped", "503"])
def test_an_unreachable_hub_means_the_cache_and_a_warning(start: Start, hub: LoopbackHub, fault: str) -> None:
    scores, warnings = start("owner/tiny").answer()
    assert "UserWarning" not in warnings
    hub.fail = lambda number, line: fault
    again, warnings = start("owner/tiny").answer()
    assert again == scores
    assert f"{hub.url}/owner/tiny/resolve/main/config.json" in warnings
    assert "The copy in the cache is used" in warnings
    (kind, message), _ = start("owner/other").answer()
    assert kind == "HubUnreachableError"
    assert f"{hub.url}/owner/other" in message and "seconds" in message and "local_files_only=True" in message


def flip(data: bytes) -> bytes:
    return data[:-100] + bytes(255 - value for value in data[-100:])


@pytest.mark.parametrize("damage", [flip, lambda data: data[:-7]], ids=["changed", "truncated"])
@pytest.mark.parametrize("which", [0, 1], ids=["config", "weights"])
def test_a_damaged_cache_heals(
    start: Start, hub: LoopbackHub, tmp_path: Path, damage: Callable[[bytes], bytes], which: int
) -> None:
    scores, _ = start("owner/tiny").answer()
    blob = blobs(tmp_path)[which]
    blob.write_bytes(damage(blob.read_bytes()))
    (kind, message), _ = start("owner/tiny", local_files_only=True).answer()
    assert kind == "CorruptedFileError"
    assert blob.name in message and "Load it once while the Hub can be reached" in message
    healed, warnings = start(f"owner/tiny@{COMMIT}").answer()
    assert healed == scores
    assert "was damaged in the cache and is fetched again" in warnings
    assert start("owner/tiny", local_files_only=True).answer() == (scores, "")


def test_a_hub_whose_file_is_not_what_it_announced(load: Callable[..., Any], hub: LoopbackHub) -> None:
    files = hub.repositories["owner/tiny"].commits[COMMIT]
    whole, asked = files["model.safetensors"], []

    def damage(number: int, line: str) -> None:
        """What HEAD announced is not what GET brings."""
        asked.append(line)
        is_get = line.startswith("GET") and line.endswith("safetensors")
        files["model.safetensors"] = flip(whole) if is_get else whole

    hub.fail = damage
    kind, message = load("owner/tiny")
    assert kind == "CorruptedFileError"
    assert sum(line.startswith("GET") and "safetensors" in line for line in asked) == 2, "it was not tried again"


def test_a_file_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blob = tmp_path / "blobs" / hashlib.sha256(b"weights").hexdigest()
    blob.parent.mkdir()
    blob.write_bytes(b"weights")
    hashed = []
    digest = repository._digest
    monkeypatch.setattr(repository, "_digest", lambda path: (hashed.append(path), digest(path))[1])
    assert [repository._is_whole(blob) for _ in range(3)] == [True] * 3
    assert len(hashed) == 1
    blob.write_bytes(b"Weights")
    os.utime(blob, ns=(1, 1))
    assert not repository._is_whole(blob)


@pytest.mark.parametrize("twentieth", [pytest.param(n, marks=() if n in (0, 7, 19) else pytest.mark.long) for n in range(20)])
def test_a_kill_while_downloading(start: Start, hub: LoopbackHub, tmp_path: Path, twentieth: int) -> None:
    expected = cnnhub.load(hub.root / "owner/tiny").predict(EXAMPLES / "cat.jpg").scores
    killed = []

    def kill(path: str, sent: int, size: int) -> None:
        if path.endswith("safetensors") and sent * 20 >= twentieth * size and not killed:
            killed.append(sent)
            process.kill()
            process.wait()

    hub.sending = kill
    process = start("owner/tiny")
    process.communicate(timeout=120)
    assert killed and process.returncode == -9
    assert start("owner/tiny").answer()[0] == pytest.approx(expected)


def test_four_processes_load_the_same_model_at_once(start: Start, hub: LoopbackHub, tmp_path: Path) -> None:
    answers = [process.answer()[0] for process in [start("owner/tiny") for _ in range(4)]]
    assert answers == [answers[0]] * 4 and isinstance(answers[0], dict)
    weights = hub.repositories["owner/tiny"].commits[COMMIT]["model.safetensors"]
    copies = [path for path in (tmp_path / "home").rglob("*") if path.is_file() and not path.is_symlink()]
    assert [path.stat().st_size for path in copies].count(len(weights)) == 1
    assert not any("incomplete" in path.name for path in copies)


@pytest.mark.parametrize("source", [Path("x"), "./x", "../x", "~/x", "~", "/x", ".", "..", "C:\\x", "c:/x", ".\\x"])
def test_what_is_a_folder(source: str | Path) -> None:
    assert is_folder(source)


@pytest.mark.parametrize("source", ["x", "owner/name", "owner/name@v1", ".hidden/name", "cats-vs-dogs"])
def test_what_is_not(source: str) -> None:
    assert not is_folder(source)
