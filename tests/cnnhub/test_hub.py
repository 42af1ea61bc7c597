"""The real huggingface_hub client against a Hub on the loopback, each case in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

import cnnhub
from cnnhub.errors import ModelWeightsError
from cnnhub.hub import is_folder, whole
from tests.support.fresh import Load
from tests.support.loopback_hub import COMMIT, LoopbackHub, Repository, nothing_fails, serve
from tests.support.places import EXAMPLES


@pytest.fixture
def hub(tmp_path: Path, model_folder: Callable[..., Path]) -> Iterator[LoopbackHub]:
    """Serves owner/tiny (a whole model), owner/pickled (no safetensors) and owner/other (no model)."""
    model_folder("hub/owner/tiny")
    model_folder("hub/owner/pickled")
    weights = tmp_path / "hub/owner/pickled/model.safetensors"
    torch.save(safetensors.torch.load_file(weights), weights.with_name("pytorch_model.bin"))
    weights.unlink()
    (tmp_path / "hub/owner/other").mkdir()
    (tmp_path / "hub/owner/other/config.json").write_text('{"model_type": "bert"}')
    with serve(tmp_path / "hub") as running:
        yield running


Start = Callable[..., Load]


@pytest.fixture
def start(hub: LoopbackHub, tmp_path: Path) -> Start:
    """Start a fresh process that loads a source and classifies the cat."""

    def run(source: str, environment: dict[str, str] | None = None, chunk_bytes: int | None = None, **options: object) -> Load:
        ours = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1"}
        return Load(source, options, EXAMPLES / "cat.jpg", {**ours, **(environment or {})}, tmp_path, chunk_bytes)

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
    assert hub.log == [], "not even what the client asks of its own accord"


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("owner/missing", "ModelNotFoundError", "The Hub has no model owner/missing"),
        ("owner/tiny@v9", "RevisionNotFoundError", "no such revision: owner/tiny@v9"),
        ("owner/pickled", "ModelWeightsError", "only pytorch_model.bin, a pickle"),
        ("owner/other", "ModelConfigError", "transformers' layout (model_type 'bert')"),
    ],
)
def test_what_the_hub_cannot_give(load: Callable[..., Any], source: str, error: str, message: str) -> None:
    kind, text = load(source)
    assert kind == error
    assert message in text


def test_the_way_out_of_a_pickle_works(load: Callable[..., Any], hub: LoopbackHub, tmp_path: Path) -> None:
    """The Python that the error tells is run, in the folder and with the Hub of who reads it."""
    _, message = load("owner/pickled@v1.0")
    advice = re.search(r"convert it in Python: (.*) and load (\./pickled)\.$", message)
    assert advice, message
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "0"}
    subprocess.run([sys.executable, "-c", advice[1]], check=True, env=environment, cwd=tmp_path, timeout=120)
    assert load(advice[2]) == load("owner/tiny")


def test_the_way_out_of_a_pickle_in_a_folder_works(model_folder: Callable[..., Path]) -> None:
    folder = model_folder()
    expected = cnnhub.load(folder).predict(EXAMPLES / "cat.jpg")
    torch.save(safetensors.torch.load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelWeightsError, match=r"only pytorch_model\.bin, a pickle, which can run any code") as caught:
        cnnhub.load(folder)
    exec(re.search(r"convert it in Python: (.*) and load ", str(caught.value))[1])
    assert cnnhub.load(folder).predict(EXAMPLES / "cat.jpg") == expected


def test_the_weights_of_what_is_no_model_are_never_downloaded(load: Callable[..., Any], hub: LoopbackHub) -> None:
    load("owner/other")
    assert not any("safetensors" in line for line in hub.log)


def about_tiny(hub: LoopbackHub) -> list[str]:
    return [line for line in hub.log if "owner/tiny" in line]


def blobs(tmp_path: Path) -> list[Path]:
    return sorted(tmp_path.glob("home/hub/models--owner--tiny/blobs/*"), key=lambda path: path.stat().st_size)


def requests(hub: LoopbackHub, what: str) -> list[str]:
    """Those about owner/tiny since the last call, printed for whoever runs this test with -s."""
    about = about_tiny(hub)
    print(f"\n{what}: {len(about)} requests", *about, sep="\n  ")
    hub.log.clear()
    return about


def test_a_cached_commit_needs_no_request_and_a_cached_branch_one(load: Callable[..., Any], hub: LoopbackHub) -> None:
    scores = load("owner/tiny")
    first = requests(hub, "nothing cached, owner/tiny")
    assert [line for line in first if line.startswith("GET")] == [
        f"GET /owner/tiny/resolve/{COMMIT}/{file}" for file in ("config.json", "model.safetensors")
    ]
    assert load(f"owner/tiny@{COMMIT}") == scores
    assert hub.log == [], "not even what the client asks of its own accord"
    assert requests(hub, "cached, owner/tiny@COMMIT") == []
    assert load("owner/tiny") == scores
    assert requests(hub, "cached, owner/tiny") == ["HEAD /owner/tiny/resolve/main/config.json"]
    assert load("owner/tiny@v1.0") == scores
    assert requests(hub, "the same commit by its tag, asked for the first time") == ["HEAD /owner/tiny/resolve/v1.0/config.json"]


def test_every_form_of_a_revision(load: Callable[..., Any], hub: LoopbackHub) -> None:
    """Branches, tags, pull requests and commits that are not the main one, in the name and beside it."""
    repository = hub.repositories["owner/tiny"]
    files = dict(repository.commits[COMMIT])
    config = json.loads(files["config.json"])

    def publish(ref: str, label: str, commit: str) -> None:
        changed = json.dumps({**config, "label_names": [label, "y", "z"]}).encode()
        repository.commit(ref, {**files, "config.json": changed}, commit)

    publish("refs/heads/trial", "branch", "a" * 40)
    publish("refs/tags/v2.0", "tag", "b" * 40)
    publish("refs/pr/3", "pull", "c" * 40)
    publish("refs/heads/gone", "commit", "d" * 40)
    del repository.refs["refs/heads/gone"]
    forms = {"trial": "branch", "v2.0": "tag", "refs/pr/3": "pull", "d" * 40: "commit"}
    for number, (revision, label) in enumerate(forms.items()):
        in_name = number % 2 == 0
        scores = load(f"owner/tiny@{revision}") if in_name else load("owner/tiny", revision=revision)
        assert label in scores, revision
    for revision in ("trial", "refs/pr/3"):
        assert forms[revision] in load(f"owner/tiny@{revision}", local_files_only=True)


def test_a_cache_of_one_s_own(load: Callable[..., Any], tmp_path: Path) -> None:
    scores = load("owner/tiny", cache_dir=str(tmp_path / "mine"))
    assert (tmp_path / "mine/models--owner--tiny/refs/main").read_text() == COMMIT
    assert not (tmp_path / "home/hub").exists()
    assert load("owner/tiny", cache_dir=str(tmp_path / "mine"), local_files_only=True) == scores
    kind, message = load("owner/tiny", local_files_only=True)
    assert kind == "HubUnreachableError"
    assert "config.json of owner/tiny is not in the cache and the Hub may not be asked" in message


def test_a_private_repository_needs_its_token(load: Callable[..., Any], hub: LoopbackHub) -> None:
    hub.repositories["me/secret"] = Repository(True, dict(hub.repositories["owner/tiny"].commits), {"refs/heads/main": COMMIT})
    kind, message = load("me/secret")
    assert kind == "ModelNotFoundError"
    assert "The Hub has no model me/secret, or it is private" in message and "token=... or HF_TOKEN" in message
    assert sorted(load("me/secret", token="hf_reader")) == ["ant", "bee", "cow"]
    assert sorted(load("me/secret", {"HF_TOKEN": "hf_writer"}, revision=COMMIT)) == ["ant", "bee", "cow"]


@pytest.mark.parametrize("reached", ["config.json", "model.safetensors"])
def test_a_branch_that_moved_to_what_cannot_be_fetched(start: Start, hub: LoopbackHub, reached: str) -> None:
    """The older commit is loaded, both files of it, and again by the next load, which cannot even ask."""
    scores, _ = start("owner/tiny").answer()
    repository = hub.repositories["owner/tiny"]
    files = dict(repository.commits[COMMIT])
    config = {**json.loads(files["config.json"]), "label_names": ["x", "y", "z"]}
    weights = flip(files["model.safetensors"])
    repository.commit("refs/heads/main", {"config.json": json.dumps(config).encode(), "model.safetensors": weights}, "f" * 40)
    hub.fail = lambda number, line: "500" if line == f"GET /owner/tiny/resolve/{'f' * 40}/{reached}" else None
    moved, warnings = start("owner/tiny").answer()
    assert moved == scores
    assert f"owner/tiny@{COMMIT}, an older commit, is in the cache and used" in warnings
    assert f"{hub.url}/owner/tiny/resolve/{'f' * 40}/{reached}" in warnings
    assert start("owner/tiny", local_files_only=True).answer() == (scores, "")
    hub.fail = nothing_fails
    assert sorted(start("owner/tiny").answer()[0]) == ["x", "y", "z"]
    assert start("owner/tiny@v1.0").answer() == (scores, ""), "a tag does not move with the branch"


FAULTS = {
    "dropped": "Server disconnected",
    "silent": "timed out",
    "429": "Too Many Requests",
    "500": "500",
    "503": "503",
    "refused": "refused",
    "no such host": "hub.invalid",
    "no TLS": "SSL",
}


@pytest.fixture
def unreachable(hub: LoopbackHub) -> Callable[[str], dict[str, str]]:
    """A function that makes the Hub fail -> the environment in which it does; it gives up after a second."""

    def fail(fault: str) -> dict[str, str]:
        endpoints = {
            "refused": f"http://127.0.0.1:{closed_port()}",
            "no such host": "http://hub.invalid",
            "no TLS": hub.url.replace("http://", "https://"),
        }
        hub.fail = lambda number, line: fault
        return {"HF_ENDPOINT": endpoints.get(fault, hub.url), "HF_HUB_ETAG_TIMEOUT": "1", "HF_HUB_DOWNLOAD_TIMEOUT": "1"}

    return fail


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.mark.parametrize("fault", FAULTS)
def test_an_unreachable_hub(load: Callable[..., Any], unreachable: Callable[[str], dict[str, str]], fault: str) -> None:
    environment = unreachable(fault)
    started = time.monotonic()
    kind, message = load("owner/tiny", environment)
    seconds = float(re.search(r"\(([\d.]+) seconds, ", message)[1])
    assert kind == "HubUnreachableError"
    assert f"{environment['HF_ENDPOINT']}/owner/tiny/resolve/main/config.json" in message
    assert FAULTS[fault] in message
    assert "Use local_files_only=True for a model that was loaded before, or a built-in one" in message
    assert seconds <= time.monotonic() - started
    assert (seconds >= 1) or fault != "silent"
    print(f"\n{fault}: {message}")


RETRIED = ("dropped", "silent", "429")  # by the client, for seconds, where it is a download that fails
IN_MAKE_TEST = ("dropped", "503")


@pytest.mark.parametrize("fault", [pytest.param(f, marks=() if f in IN_MAKE_TEST else pytest.mark.long) for f in FAULTS])
def test_an_unreachable_hub_means_the_cache_and_a_warning(
    start: Start, unreachable: Callable[[str], dict[str, str]], fault: str
) -> None:
    scores, warnings = start("owner/tiny").answer()
    assert "UserWarning" not in warnings
    environment = unreachable(fault)
    again, warnings = start("owner/tiny", environment).answer()
    assert again == scores
    assert f"{environment['HF_ENDPOINT']}/owner/tiny/resolve/main/config.json" in warnings
    assert "The copy in the cache is used" in warnings


@pytest.mark.parametrize("fault", ["500", *(pytest.param(fault, marks=pytest.mark.long) for fault in RETRIED)])
def test_weights_that_do_not_come(
    load: Callable[..., Any], hub: LoopbackHub, unreachable: Callable[[str], dict[str, str]], fault: str
) -> None:
    environment = unreachable(fault)
    hub.fail = lambda number, line: fault if line.startswith("GET") and line.endswith("safetensors") else None
    kind, message = load("owner/tiny", environment)
    assert kind == "HubUnreachableError"
    assert f"{hub.url}/owner/tiny/resolve/{COMMIT}/model.safetensors" in message and " seconds, " in message
    assert "local_files_only=True" in message


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("gated", "owner/tiny is gated (URL). Accept its terms on its page, then pass token=... or set HF_TOKEN."),
        ("401", "The Hub refuses URL: "),
        ("403", "The Hub refuses URL: "),
    ],
)
def test_what_the_hub_refuses(load: Callable[..., Any], hub: LoopbackHub, fault: str, sentence: str) -> None:
    hub.fail = lambda number, line: fault
    kind, message = load("owner/tiny")
    assert kind == "AccessDeniedError"
    assert sentence.replace("URL", f"{hub.url}/owner/tiny/resolve/main/config.json") in message
    assert "token=" in message and "HF_TOKEN" in message


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
    kind, _ = load("owner/tiny")
    assert kind == "CorruptedFileError"
    assert sum(line.startswith("GET") and "safetensors" in line for line in asked) == 2, "it was not tried again"


def test_a_file_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "models--owner--x/snapshots" / COMMIT / "model.safetensors"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"weights")
    announced = hashlib.sha256(b"weights").hexdigest()
    hashed = []
    digest = whole.digest
    monkeypatch.setattr(whole, "digest", lambda path, like: (hashed.append(path), digest(path, like))[1])
    assert [whole.is_whole(file, announced, tmp_path / "note") for _ in range(3)] == [True] * 3
    assert len(hashed) == 1
    file.write_bytes(b"Weights")
    os.utime(file, ns=(1, 1))
    assert not whole.is_whole(file, announced, tmp_path / "note")


def test_a_file_that_repositories_share(start: Start, tmp_path: Path) -> None:
    """As the client keeps what it fetches by Xet: under a hash that is not the announced one, with a link in the blobs."""
    scores, _ = start("owner/tiny").answer()
    blob = blobs(tmp_path)[1]
    shared = tmp_path / "home/hub/blobs/ab" / ("ab" * 32)
    shared.parent.mkdir(parents=True)
    blob.rename(shared)
    blob.symlink_to(shared)
    assert start("owner/tiny").answer() == (scores, "")
    shared.write_bytes(flip(shared.read_bytes()))
    healed, warnings = start("owner/tiny").answer()
    assert healed == scores
    assert "was damaged in the cache and is fetched again" in warnings


def test_a_cache_without_links_heals_too(start: Start, hub: LoopbackHub, tmp_path: Path) -> None:
    """As on Windows: the file's name does not tell its hash, so the sidecar does."""
    plain = {"HF_HUB_DISABLE_SYMLINKS": "1"}
    scores, _ = start("owner/tiny", plain).answer()
    (file,) = tmp_path.glob("home/hub/models--owner--tiny/snapshots/*/model.safetensors")
    assert not file.is_symlink()
    hub.log.clear()
    assert start(f"owner/tiny@{COMMIT}", plain).answer() == (scores, "")
    assert about_tiny(hub) == []
    file.write_bytes(flip(file.read_bytes()))
    (kind, message), _ = start("owner/tiny", plain, local_files_only=True).answer()
    assert kind == "CorruptedFileError"
    assert hashlib.sha256(hub.repositories["owner/tiny"].commits[COMMIT]["model.safetensors"]).hexdigest() in message
    healed, warnings = start("owner/tiny", plain).answer()
    assert healed == scores
    assert "was damaged in the cache and is fetched again" in warnings


CHUNK = 2**16  # so that nearly all that was sent lies on the disk


@pytest.mark.parametrize("twentieth", [pytest.param(n, marks=() if n in (0, 7, 19) else pytest.mark.long) for n in range(20)])
def test_a_kill_while_downloading(
    start: Start, hub: LoopbackHub, model_folder: Callable[..., Path], tmp_path: Path, twentieth: int
) -> None:
    """kill -9 when so many twentieths of the weights have come; the next load finds nothing in its way."""
    folder = model_folder("large", architecture="regnetx_002")
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    hub.repositories["owner/large"] = Repository(commits={COMMIT: files}, refs={"refs/heads/main": COMMIT})
    expected = cnnhub.load(folder).predict(EXAMPLES / "cat.jpg").scores
    killed: list[int] = []  # how many bytes were sent when it was

    def kill(path: str, sent: int, size: int) -> None:
        if path.endswith("safetensors") and sent * 20 >= twentieth * size and not killed:
            deadline = time.monotonic() + 60
            while on_disk(tmp_path) < sent - CHUNK and time.monotonic() < deadline:
                time.sleep(0.01)
            killed.append(sent)
            process.kill()

    hub.sending = kill
    process = start("owner/large", chunk_bytes=CHUNK)
    assert process.exit_status() == -9
    written, size = on_disk(tmp_path), len(files["model.safetensors"])
    print(f"\nkill -9 with {written:,} of {size:,} bytes on the disk")
    assert size > 4e6 and killed[0] - CHUNK <= written < size
    assert start("owner/large").answer()[0] == pytest.approx(expected)


def on_disk(tmp_path: Path) -> int:
    """Bytes of the download that is going on, the largest one."""
    return max((path.stat().st_size for path in tmp_path.glob("home/hub/models--owner--large/blobs/*.incomplete")), default=0)


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
