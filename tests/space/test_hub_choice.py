"""A visitor names a repository: the real client against a Hub on the loopback, all cases in one process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cnnhub
from cnnhub import errors
from demo import networks, texts
from demo.tabs.what import hub_choice
from tests.support.loopback_hub import serve
from tests.support.places import EXAMPLES, SPACE
from tests.support.running_space import copy_of_the_space, running
from tests.support.visiting import Visit

SCRIPT = """
import json, os, sys
import gradio as gr
import cnnhub
from demo import networks, page
from demo.language import Words, picker
from demo.photo.photo import Photo
from demo.photo.input import PhotoInput
from demo.tab import Shared
from demo.tabs.what.tab import WHAT, choose_from_hub

photo = open(sys.argv[1], "rb").read()
told = {}
with gr.Blocks():
    words = Words()
    shared = Shared(PhotoInput(), picker(words), gr.State("flowers"), words, gr.HTML())
    with gr.Tabs():
        room = page.room_of(WHAT, shared)

def choose(key, repository, language="en"):
    values = {shared.photo: Photo(photo), shared.network: "flowers", shared.language: language, room.parts.second_photo: None}
    *_, last = choose_from_hub(room, values | {room.parts.hub.repository: repository})
    told[key] = [last.get(shared.network, "flowers"), last[room.parts.hub_note]]

def kind(ask):
    try:
        ask()
    except cnnhub.CnnHubError as error:
        return type(error).__name__

choose("loaded", "owner/tiny")
told["scores"] = networks.get("owner/tiny").predict(photo).scores
choose("chinese", " owner/tiny ", "zh-TW")
choose("missing", "owner/missing")
choose("private", "me/secret")
choose("no model", "owner/other")
choose("pickle", "owner/pickled")
choose("path", "../../etc/passwd")
choose("built-in", "imagenet")
told["kept"] = [networks.get(f"owner/{name}").source for name in ("a", "b")] + list(networks._from_hub)
limits = networks.HUB_MAX_BYTES, networks.HUB_MAX_PARAMETERS
networks.HUB_MAX_BYTES = 5_000
choose("too many bytes", "owner/c")
networks.HUB_MAX_BYTES, networks.HUB_MAX_PARAMETERS = limits[0], 1_000
choose("too many parameters", "owner/c")
networks.HUB_MAX_PARAMETERS = limits[1]
os.environ["CNNHUB_HUB_LIST"] = "timm/*, owner/b"
choose("not listed", "owner/c")
choose("listed", "owner/b")
os.environ["CNNHUB_HUB_MODELS"] = "0"
told["off"] = kind(lambda: networks.get("owner/b"))
told["bytes"] = kind(lambda: cnnhub.load("owner/c", max_bytes=5_000, cache_dir="elsewhere"))
print(json.dumps(told))
"""


def test_a_visitor_s_repository(tmp_path: Path, model_folder: Callable[..., Path]) -> None:
    for name in ("tiny", "a", "b", "c", "pickled"):
        model_folder(f"hub/owner/{name}")
    model_folder("hub/me/secret")
    weights = tmp_path / "hub/owner/pickled/model.safetensors"
    weights.rename(weights.with_name("pytorch_model.bin"))
    (tmp_path / "hub/owner/other").mkdir()
    (tmp_path / "hub/owner/other/config.json").write_text('{"model_type": "bert"}')
    with serve(tmp_path / "hub") as hub:
        hub.repositories["me/secret"].private = True
        told = run(tmp_path, {"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_writer"})
        log = hub.log

    name, note = told["loaded"]
    assert name == "owner/tiny"
    assert "owner/tiny answers now: 3 labels, 0.201 million parameters" in note and 'role="status"' in note
    assert told["scores"] == pytest.approx(cnnhub.load(tmp_path / "hub/owner/tiny").predict(EXAMPLES / "cat.jpg").scores)
    assert "現在由 owner/tiny 回答：3 種標籤" in told["chinese"][1]
    expected = {
        "missing": "hub_missing",
        "private": "hub_missing",  # the server's token does not go along
        "no model": "hub_no_classifier",
        "pickle": "hub_no_classifier",
        "path": "hub_bad_id",
        "built-in": "hub_bad_id",
        "too many bytes": "hub_too_large",
        "too many parameters": "hub_too_large",
        "not listed": "hub_not_listed",
    }
    for key, string in expected.items():
        assert told[key][0] == "flowers", f"{key}: another network answers now"
        assert texts.t("en", string).replace("'", "&#x27;") in told[key][1] and 'role="alert"' in told[key][1]
    assert told["listed"][0] == "owner/b"
    assert told["off"] == "UnknownNameError" and told["bytes"] == "ModelTooLargeError"

    assert told["kept"] == ["owner/a", "owner/b", "owner/a", "owner/b"], "the last two are kept, and no more"
    assert sum(line.startswith("GET") and "owner/tiny" in line and "safetensors" in line for line in log) == 1
    assert not any("owner/c" in line and "safetensors" in line and line.startswith("GET") for line in log)
    assert list((tmp_path / "temporary").iterdir()) == [], "something stayed on disk"
    assert not list((tmp_path / "home").rglob("models--*"))


def run(tmp_path: Path, environment: dict[str, str]) -> dict:
    (tmp_path / "temporary").mkdir()
    variables = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("HF_", "CNNHUB_", "SPACE_"))},
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_DISABLE_XET": "1",
        "TMPDIR": str(tmp_path / "temporary"),
        "GRADIO_TEMP_DIR": str(tmp_path / "uploads"),
        "PYTHONPATH": os.pathsep.join([str(SPACE), str(SPACE.parent)]),
        **environment,
    }
    command = [sys.executable, "-c", SCRIPT, str(EXAMPLES / "cat.jpg")]
    process = subprocess.run(command, capture_output=True, text=True, env=variables, cwd=tmp_path, timeout=280)
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)


@pytest.mark.parametrize(
    ("variables", "is_on", "ids"),
    [
        ({}, True, ["*"]),
        ({"SPACE_ID": "me/demo"}, False, ["timm/*"]),
        ({"SPACE_ID": "me/demo", "CNNHUB_HUB_MODELS": "1"}, True, ["timm/*"]),
        ({"CNNHUB_HUB_MODELS": "0"}, False, ["*"]),
        ({"CNNHUB_HUB_LIST": "me/*,timm/resnet18.a1_in1k"}, True, ["me/*", "timm/resnet18.a1_in1k"]),
    ],
)
def test_where_the_page_asks_the_hub(
    variables: dict[str, str], is_on: bool, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SPACE_ID", "CNNHUB_HUB_MODELS", "CNNHUB_HUB_LIST"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert (networks.hub_is_on(), networks.hub_list()) == (is_on, ids)


@pytest.mark.parametrize(
    "name", ["../../etc", "..", "/etc/passwd", "a/../b", "./a", "a/b/c", "a b/c", "a/b@v1", "", "~/a", "é/a"]
)
def test_what_a_visitor_writes_is_an_id_or_nothing(name: str) -> None:
    assert not networks.is_from_hub(name)
    with pytest.raises(errors.UnknownNameError):
        networks.get(name)
    assert "owner/name" in str(hub_choice.problem("en", name))


def test_a_page_that_does_not_ask_the_hub_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "hub_is_on", lambda: False)
    for language in texts.LANGUAGES:
        assert texts.t(language, "hub_off") in str(hub_choice.problem(language, "owner/tiny"))


def test_an_unreachable_hub_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests run with HF_HUB_OFFLINE."""
    monkeypatch.setattr(networks, "hub_is_on", lambda: True)
    assert "Hub 没有响应" in str(hub_choice.problem("zh-CN", "owner/tiny"))


@pytest.mark.browser
def test_a_link_names_a_repository(tmp_path: Path, model_folder: Callable[..., Path], browser: Any) -> None:
    model_folder("hub/owner/tiny")
    folder = copy_of_the_space(tmp_path / "space")
    with serve(tmp_path / "hub") as hub:
        places = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
        with running(folder, tmp_path / "files", **places) as server:
            visit = Visit(browser, f"{server.url}/?task=owner/tiny&lang=zh-CN")
            wait_for_note(visit, "现在由 owner/tiny 回答")
            assert visit.page.locator("#model input:checked").count() == 0
            visit = Visit(browser, f"{server.url}/?task=owner/missing&tab=inside")
            wait_for_note(visit, texts.t("en", "hub_missing"))
            visit.wait_for_heading("#journey", "Stage 3 of 9")
            visit.page.click("#tab-what-button")
            assert visit.heading("#answer") == "It is a cat."

            visit.page.click("#hub .label-wrap")
            assert visit.page.input_value("#hub-id input, #hub-id textarea") == "owner/missing"
            visit.page.fill("#hub-id input, #hub-id textarea", " owner/tiny ")
            visit.page.click("#hub-row button")
            wait_for_note(visit, "owner/tiny answers now")
            visit.page.wait_for_function("cnnhubLink.task() === 'owner/tiny'")
            visit.page.click("#tab-inside-button")
            visit.page.wait_for_url("**tab=inside**")
            visit.page.reload()
            visit.page.wait_for_function(
                "names => [...document.querySelectorAll('.journey button')].some((step) => step.textContent.includes(names))",
                arg="stages.0",
            )


def wait_for_note(visit: Visit, text: str) -> None:
    visit.page.wait_for_function("text => document.querySelector('#hub-note')?.textContent.includes(text)", arg=text)
