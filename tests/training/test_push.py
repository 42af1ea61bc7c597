"""Pushing with the real huggingface_hub client to a Hub on the loopback; one process of its own pushes for all tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cnnhub
from cnnhub.hub import BUILTIN_FOLDER
from cnnhub.hub.publish import near
from tests.support.loopback_hub import LoopbackHub, Repository, nothing_fails, serve
from tests.support.places import EXAMPLES, ROOT
from tests.support.sampled import sampled
from training.release.verify import TOLERANCE, probe_logits, probe_pictures

CARD = "---\nlibrary_name: timm\npipeline_tag: image-classification\n---\n# tiny\n"
TRAVELS = {"config.json", "model.safetensors", "README.md"}

PUSHER = """
import io, json, os, sys, time
from pathlib import Path
from rich.console import Console
time.sleep = lambda seconds: None  # the client waits between its tries
from cnnhub.errors import CnnHubError
from training.release.push import push

answers, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    call = json.loads(line)
    os.environ.pop("HF_TOKEN", None)
    if token := call.pop("token"):
        os.environ["HF_TOKEN"] = token
    console = Console(file=io.StringIO(), width=1000)
    folder, data = Path(call.pop("folder")), call.pop("data", None)
    try:
        answer = {"url": push(folder, call.pop("to"), data=data and Path(data), console=console, **call)}
    except CnnHubError as error:
        answer = {"error": type(error).__name__, "message": str(error)}
    print(json.dumps({**answer, "said": console.file.getvalue()}), file=answers, flush=True)
"""

# What the client asks when a repository is made, in order; %s is the weights' sha256.
CALLS = [
    "GET /api/whoami-v2",
    "GET /api/models/me/tiny",
    "POST /api/repos/create",
    "GET /api/models/me/tiny",
    "POST /api/validate-yaml",
    "POST /api/models/me/tiny/preupload/main",
    "POST /me/tiny.git/info/lfs/objects/batch",
    "PUT /lfs/%s",
    "POST /lfs/verify",
    "POST /api/models/me/tiny/commit/main",
    "POST /api/models/me/tiny/tag/%s",
]
TAGGING = len(CALLS) - 1


class Pusher:
    """A process that pushes what it is told to, so that torch is imported once."""

    def __init__(self, hub: LoopbackHub, home: Path) -> None:
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("HF_")},
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        }
        self._errors = (home.parent / "stderr").open("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-c", PUSHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True,
            env=self.environment, cwd=ROOT,
        )  # fmt: skip

    def __call__(self, folder: Path, to: str = "me/tiny", token: str | None = "hf_writer", **options: object) -> dict[str, str]:
        """-> {"url", "said"} or {"error", "message", "said"}."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"folder": str(folder), "to": to, "token": token, **options}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise AssertionError(self._errors.read())
        return json.loads(line)

    def stop(self) -> None:
        self._process.communicate()
        self._errors.close()


@pytest.fixture(scope="module")
def server() -> Iterator[LoopbackHub]:
    with serve() as hub:
        yield hub


@pytest.fixture(scope="module")
def push(server: LoopbackHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pusher]:
    pusher = Pusher(server, tmp_path_factory.mktemp("pusher") / "home")
    yield pusher
    pusher.stop()


@pytest.fixture
def hub(server: LoopbackHub) -> LoopbackHub:
    server.clear()
    return server


@pytest.fixture
def model(model_folder: Callable[..., Path]) -> Path:
    folder = model_folder()
    (folder / "README.md").write_text(CARD)
    return folder


def files_on_main(hub: LoopbackHub, name: str = "me/tiny") -> dict[str, bytes]:
    repository = hub.repositories[name]
    return repository.commits[repository.find("main")]


def calls(hub: LoopbackHub) -> list[str]:
    """The requests, without what the client asks for news of its own."""
    return [line for line in hub.log if "agent-harnesses" not in line]


def edit_config(folder: Path, **metadata: object) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["cnnhub"] = {**config.get("cnnhub", {}), **metadata}
    (folder / "config.json").write_text(json.dumps(config))


def test_one_commit_with_what_travels(push: Pusher, hub: LoopbackHub, model: Path) -> None:
    for name in ("checkpoint.pt", "notes.txt", "test_log.jsonl", "confusion.png", ".env"):
        (model / name).write_bytes(name.encode())
    answer = push(model)
    repository = hub.repositories["me/tiny"]
    assert answer["url"] == f"{hub.url}/me/tiny/commit/{repository.find('main')}"
    assert len(repository.commits) == 2, "the first, empty one and ours"
    assert not repository.private
    travelled = files_on_main(hub)
    assert travelled.keys() == TRAVELS | {"test_log.jsonl", "confusion.png", ".gitattributes"}
    assert all((model / name).read_bytes() == travelled[name] for name in travelled if name != ".gitattributes")


def test_the_calls_of_a_push(push: Pusher, hub: LoopbackHub, model: Path) -> None:
    push(model, tag="v1.0")
    weights = next(line.rpartition("/")[2] for line in calls(hub) if line.startswith("PUT"))
    commit = hub.repositories["me/tiny"].find("main")
    assert calls(hub) == [*CALLS[:7], CALLS[7] % weights, *CALLS[8:TAGGING], CALLS[TAGGING] % commit]


@pytest.mark.parametrize(
    "options", [{}, {"tag": "v1.0"}, {"private": True}, {"create_pr": True}, {"create_pr": True, "tag": "v1"}]
)
def test_pushing_twice_is_pushing_once(push: Pusher, hub: LoopbackHub, model: Path, options: dict[str, Any]) -> None:
    first = push(model, **options)
    state = hub.state()
    second = push(model, **options)
    assert second["url"] == first["url"]
    assert "no commit was made" in second["said"]
    assert hub.state() == state


def test_private_tag_and_pull_request(push: Pusher, hub: LoopbackHub, model: Path) -> None:
    push(model, private=True, tag="v1.0")
    repository = hub.repositories["me/tiny"]
    assert repository.private
    assert repository.find("v1.0") == repository.find("main")
    main = repository.find("main")
    (model / "README.md").write_text(CARD + "Better.\n")
    assert push(model, create_pr=True)["url"] == f"{hub.url}/me/tiny/discussions/1"
    assert repository.find("main") == main
    assert repository.commits[repository.find("refs/pr/1")]["README.md"].endswith(b"Better.\n")


def test_an_update_keeps_what_is_not_ours(push: Pusher, hub: LoopbackHub, model: Path) -> None:
    push(model)
    repository = hub.repositories["me/tiny"]
    repository.commit("refs/heads/main", {**files_on_main(hub), "LICENSE": b"Apache-2.0"})
    (model / "README.md").write_text(CARD + "Better.\n")
    hub.log.clear()
    assert "commit" in push(model)["url"]
    assert len(repository.commits) == 4
    assert files_on_main(hub)["LICENSE"] == b"Apache-2.0"
    assert not any(line.startswith("PUT") for line in hub.log), "the weights had been there"


@pytest.mark.parametrize("fault", ["500", "dropped", "lost", "always 500", "away"])
@pytest.mark.parametrize("number", sampled(range(len(CALLS)), 2))
@pytest.mark.parametrize("exists", [False, True], ids=["new", "existing"])
def test_a_fault_at_each_call(push: Pusher, hub: LoopbackHub, model: Path, number: int, fault: str, exists: bool) -> None:
    """ "away": no answer from this call on; "always 500": the call fails however often it is tried."""
    if exists:
        hub.repositories["me/tiny"] = Repository()
        hub.repositories["me/tiny"].commit("refs/heads/main", {"README.md": b"old"})
    before = hub.state()
    failing: list[str] = []

    def fail(count: int, line: str) -> str | None:
        if len(calls(hub)) - 1 == number:
            failing.append(line)
        if fault == "away":
            return "dropped" if failing else None
        if fault == "always 500":
            return "500" if line in failing else None
        return fault if failing and len(calls(hub)) - 1 == number else None

    hub.fail = fail
    first = push(model, tag="v1.0")
    if "error" in first:
        assert first["error"] == "PushError"
        assert "harmless" in first["message"]
        if "/tag/" in failing[0]:
            assert "The files are there" in first["message"]
        elif "may be left empty" in first["said"]:
            assert fault in ("away", "always 500")
            assert hub.state() == before or files_on_main(hub).keys() == {".gitattributes"}
        else:
            assert hub.state() == before
    hub.fail = nothing_fails
    assert "url" in push(model, tag="v1.0"), "the second run"
    repository = hub.repositories["me/tiny"]
    assert len(repository.commits) == 2, "the first one, and ours once"
    assert repository.find("v1.0") == repository.find("main")
    assert files_on_main(hub).keys() >= TRAVELS


def test_a_lost_answer_does_not_make_a_second_pull_request(push: Pusher, hub: LoopbackHub, model: Path) -> None:
    push(model)
    (model / "README.md").write_text(CARD + "Better.\n")
    hub.fail = lambda number, line: "lost" if "/commit/" in line else None
    for _ in range(2):
        assert push(model, create_pr=True)["url"].endswith("/discussions/1")
    assert len(hub.repositories["me/tiny"].authors) == 1


def test_a_change_meanwhile_is_not_overwritten(push: Pusher, hub: LoopbackHub, model: Path) -> None:
    push(model)
    (model / "README.md").write_text(CARD + "Mine.\n")

    def change(number: int, line: str) -> None:
        if "/preupload/" in line:
            hub.repositories["me/tiny"].commit("refs/heads/main", {**files_on_main(hub), "README.md": b"Theirs."})

    hub.fail = change
    assert "has changed since it was looked at" in push(model)["message"]
    assert files_on_main(hub)["README.md"] == b"Theirs."


def test_a_folder_that_changes_meanwhile_is_not_pushed(push: Pusher, hub: LoopbackHub, model: Path) -> None:
    def change(number: int, line: str) -> None:
        (model / "README.md").write_text(CARD + "Still training.\n")

    hub.fail = change
    assert "changed while it was checked" in push(model)["message"]
    assert hub.repositories == {}


def test_a_full_account_is_told(push: Pusher, hub: LoopbackHub, model: Path) -> None:
    hub.fail = lambda number, line: "507" if line.startswith("PUT") else None
    answer = push(model)
    assert "model.safetensors" in answer["message"]
    assert "507" in answer["message"]
    assert hub.repositories == {}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"token": None}, "There is no token"),
        ({"token": "hf_wrong"}, "does not accept the token"),
        ({"token": "hf_reader"}, "may read but not write"),
        ({"to": "taken/by-another"}, "may not write to taken/by-another"),
        ({"to": "taken/by-another", "create_pr": True, "tag": "v2"}, "may not write to taken/by-another"),
        ({"to": "mee/new"}, "may not create one under 'mee'. Did you mean me?"),
        ({"to": "tiny"}, "such as your-name/tiny"),
        ({"to": "https://huggingface.co/me/my model"}, "such as me/my-model"),
        ({"to": "me/a..b"}, "such as me/a-b"),
        ({"tag": "no spaces"}, "is no tag"),
        ({"tag": "main"}, "is no tag"),
        ({"to": "me/other", "tag": "v1.0"}, "has a tag 'v1.0' already"),
        ({"to": "me/other", "private": True}, "exists and is public"),
        ({"data": "."}, "evaluate --model"),
    ],
    ids=str,
)
def test_what_is_refused_before_the_model_is_loaded(
    push: Pusher, hub: LoopbackHub, model: Path, call: dict[str, Any], message: str
) -> None:
    for name in ("taken/by-another", "me/other"):
        hub.repositories[name] = Repository()
        hub.repositories[name].refs["refs/tags/v1.0"] = hub.repositories[name].commit("refs/heads/main", {"a": b"b"})
    before = hub.state()
    answer = push(model, **call)
    assert message in answer["message"]
    assert answer["said"] == "", "the model was loaded"
    assert hub.state() == before


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (shutil.rmtree, "ModelNotFoundError", "There is no folder"),
        (lambda folder: (folder / "config.json").write_text("{}"), "ModelConfigError", "architecture"),
        (lambda folder: (folder / "model.safetensors").unlink(), "ModelWeightsError", "holds no model.safetensors"),
        (lambda folder: (folder / "README.md").unlink(), "PushError", "holds no README.md"),
        (lambda folder: (folder / "README.md").write_text("---\na: [\n---\n"), "PushError", "no valid metadata"),
    ],
)
def test_what_is_no_model_is_refused_without_asking_the_hub(
    push: Pusher, hub: LoopbackHub, model: Path, spoil: Callable[[Path], object], error: str, message: str
) -> None:
    spoil(model)
    answer = push(model)
    assert answer["error"] == error
    assert message in answer["message"]
    assert calls(hub) == []


def test_pull_requests_are_for_strangers_too(push: Pusher, hub: LoopbackHub, model: Path) -> None:
    hub.repositories["taken/by-another"] = Repository()
    hub.repositories["taken/by-another"].commit("refs/heads/main", {"README.md": b"old"})
    assert push(model, "taken/by-another", create_pr=True)["url"].endswith("/discussions/1")


def test_the_logits_that_training_recorded_must_come_back(push: Pusher, hub: LoopbackHub, model: Path) -> None:
    logits = probe_logits(cnnhub.load(model))
    edit_config(model, probe={"logits": logits})
    assert "url" in push(model)
    logits[2][1] += 3 * TOLERANCE * max(1, *np.abs(logits).ravel())
    edit_config(model, probe={"logits": logits})
    state = hub.state()
    answer = push(model)
    assert answer["error"] == "VerificationError"
    assert "does not answer as it did when it was saved" in answer["message"]
    assert hub.state() == state


def test_what_timm_cannot_load_is_not_pushed(push: Pusher, hub: LoopbackHub, model: Path) -> None:
    config = json.loads((model / "config.json").read_text())
    config["pretrained_cfg"] |= {"label_offset": 1, "classifier": "head.fc"}  # timm then drops the first row of the head
    (model / "config.json").write_text(json.dumps(config))
    cnnhub.load(model)
    answer = push(model)
    assert answer["error"] == "VerificationError"
    assert "timm cannot load" in answer["message"]
    assert hub.repositories == {}


def test_the_test_accuracy_must_come_back(push: Pusher, hub: LoopbackHub, model: Path, tmp_path: Path) -> None:
    for number, picture in enumerate(probe_pictures()):
        path = tmp_path / "data/test" / ("ant", "bee")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
    answers = [cnnhub.load(model).predict(path).label == path.parent.name for path in (tmp_path / "data/test").rglob("*.png")]
    accuracy = sum(answers) / len(answers)
    edit_config(model, metrics={"test": {"n": 4, "top1": accuracy + 0.25, "loss": 1.0}})
    answer = push(model, data=str(tmp_path / "data"))
    assert answer["error"] == "VerificationError"
    assert f"{accuracy:.4%} of the test pictures" in answer["message"]
    assert hub.repositories == {}
    edit_config(model, metrics={"test": {"n": 4, "top1": accuracy, "loss": 1.0}})
    assert "as recorded" in push(model, data=str(tmp_path / "data"))["said"]


LOADERS = """
import json, sys, timm, torch
from pathlib import Path
from PIL import Image
from timm.data import create_transform, resolve_data_config
from transformers import pipeline

pictures = [Image.open(path).convert("RGB") for path in sorted(Path(sys.argv[2]).iterdir())]
network = timm.create_model(f"hf-hub:{sys.argv[1]}", pretrained=True).eval()
transform = create_transform(**resolve_data_config({}, model=network))
labels = network.pretrained_cfg["label_names"]
with torch.inference_mode():
    in_timm = [labels[network(transform(picture)[None]).argmax()] for picture in pictures]
classify = pipeline("image-classification", model=sys.argv[1], dtype=torch.float32)
print(json.dumps([in_timm, [classify(picture, top_k=1)[0]["label"] for picture in pictures]]))
"""


def test_timm_and_transformers_load_what_was_pushed(push: Pusher, hub: LoopbackHub, tmp_path: Path) -> None:
    push(BUILTIN_FOLDER / "cats-vs-dogs", "me/cats-vs-dogs")
    (tmp_path / "pictures").mkdir()
    generator = np.random.default_rng(0)
    examples = [
        Image.open(EXAMPLES / name).convert("RGB") for name in ("cat.jpg", "dog.jpg", "chelsea.png", "daisy.jpg", "china.jpg")
    ]
    for number in range(50):
        example = examples[number % len(examples)]
        width, height = generator.integers(160, min(example.size), 2).tolist()
        left, top = (
            int(generator.integers(0, whole - part + 1)) for whole, part in zip(example.size, (width, height), strict=True)
        )
        example.crop((left, top, left + width, top + height)).save(tmp_path / f"pictures/{number:02}.png")
    done = subprocess.run(
        [sys.executable, "-c", LOADERS, "me/cats-vs-dogs", str(tmp_path / "pictures")],
        capture_output=True, text=True, env=push.environment, cwd=tmp_path, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    in_timm, in_transformers = json.loads(done.stdout.splitlines()[-1])
    classifier = cnnhub.load("cats-vs-dogs")
    ours = [p.label for p in classifier.predict_many(sorted((tmp_path / "pictures").iterdir()))]
    assert len(ours) == 50
    assert set(ours) == {"cat", "dog"}
    assert in_timm == ours
    assert in_transformers == ours


def test_near_ids() -> None:
    assert [near(x) for x in ("flowers", "me/my model", "https://huggingface.co/me/x/", "me/.git")] == [
        "your-name/flowers", "me/my-model", "me/x", "me/name",
    ]  # fmt: skip
