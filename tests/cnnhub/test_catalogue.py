"""The models on this machine and their cards; `cnnhub models` and `cnnhub info`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

import cnnhub
from cnnhub.errors import ModelConfigError, ModelNotFoundError
from cnnhub.hub import catalogue
from tests.support.cli_runner import Call, run
from tests.support.loopback_hub import COMMIT, LoopbackHub, serve

CARD = """---
license: mit
model-index:
- name: tiny
  results:
  - task: {type: image-classification}
    dataset: {type: imagefolder, name: Insects, split: validation}
    metrics: [{type: accuracy, value: 0.75}]
  - task: {type: image-classification}
    dataset: {type: imagefolder, name: Insects, split: test}
    metrics: [{type: f1, value: 0.1}, {type: accuracy, value: 71.25}]
---

# Tiny

Ants, \x1b[31mbees\x1b[0m and [cows](https://example.com/cows).

| a | b |
|---|---|
| 1 | 2 |
"""


def measured(value: str) -> str:
    """A card whose accuracy is this YAML."""
    result = f"{{task: {{type: t}}, dataset: {{type: d, name: n}}, metrics: [{{type: accuracy, value: {value}}}]}}"
    return f"---\nmodel-index:\n- name: x\n  results: [{result}]\n---\n"


@pytest.fixture
def cache(tmp_path: Path, model_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache as the client lays it out: a model at two commits, one with its card, and what is no model for us."""
    root = tmp_path / "cache"
    whole = root / "models--owner--tiny/snapshots" / ("a" * 40)
    model_folder("model").rename(whole.parent.mkdir(parents=True) or whole)
    (whole / "README.md").write_text(CARD)
    (root / "models--owner--tiny/refs").mkdir()
    (root / "models--owner--tiny/refs/main").write_text("a" * 40)
    pinned = root / "models--owner--tiny/snapshots" / ("b" * 40)
    pinned.mkdir()
    (pinned / "config.json").write_bytes((whole / "config.json").read_bytes())
    os.utime(pinned / "config.json", (0, 0))
    for name in ("models--owner--bert", "datasets--owner--insects"):
        (root / name / "snapshots" / ("c" * 40)).mkdir(parents=True)
        (root / name / "snapshots" / ("c" * 40) / "config.json").write_text('{"model_type": "bert"}')
    (root / "models--owner--begun").mkdir()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(root))
    monkeypatch.setattr("huggingface_hub.utils._cache_manager.HF_HUB_CACHE", str(root), raising=False)
    return root


def test_the_cache_is_listed(cache: Path) -> None:
    whole, pinned = catalogue.cached_entries(cache)
    assert (whole.name, whole.revision) == ("owner/tiny", "main (aaaaaaa)")
    assert (pinned.name, pinned.revision, pinned.weights_bytes, pinned.card) == ("owner/tiny", "b" * 40, None, None)
    assert whole.weights_bytes == (cache / f"models--owner--tiny/snapshots/{'a' * 40}/model.safetensors").stat().st_size
    assert whole.card.accuracy == catalogue.Accuracy(0.7125, "Insects test")
    assert whole.card.metadata["license"] == "mit"
    assert whole.card.text.startswith("# Tiny\n")


def test_no_cache_yet(tmp_path: Path) -> None:
    assert catalogue.cached_entries(tmp_path / "nowhere") == []
    (tmp_path / "file").touch()
    assert catalogue.cached_entries(tmp_path / "file") == []


@pytest.mark.parametrize(
    "card",
    [
        "",
        "no front matter",
        "---\n[1, 2]\n---\n",
        "---\n: : :\n\t- {\n---\n",
        "---\nmodel-index: 5\n---\n",
        "---\nmodel-index:\n- name: x\n---\n",
        measured("high"),
        measured(".nan"),
        measured("-1"),
        "x" * (catalogue.MAX_CARD_BYTES + 1),
        "\udcff\udcfe",
    ],
)
def test_cards_that_say_nothing(model_folder: Callable[..., Path], call: Call, card: str) -> None:
    folder = model_folder()
    (folder / "README.md").write_text(card, encoding="utf-8", errors="surrogateescape")
    found = catalogue.describe(folder).card
    assert found is None or found.accuracy is None
    assert call("info", folder).status == 0


def test_a_card_that_says_something() -> None:
    """So that those above are silent for what they hold, not for their form."""
    with_number = catalogue.Card("", yaml.safe_load(measured("0.5").split("---")[1]))
    assert with_number.accuracy == catalogue.Accuracy(0.5, "n")


def test_models(call: Call, cache: Path) -> None:
    done = call("models")
    assert (done.status, done.err) == (0, "") and done.is_plain()
    rows = {tuple(row[:2]): row[2:] for row in done.rows()}
    assert [row[0] for row in done.rows()] == [*cnnhub.builtin_models(), "owner/tiny", "owner/tiny"]
    assert rows["flowers", "built in"][1:] == [
        "daisy, dandelion, roses, sunflowers, tulips",
        "7.0 MB",
        "95.22% (Five flowers test)",
    ]
    assert rows["imagenet", "built in"][1:] == ["1,000 labels", "11.2 MB", "not stated"]
    assert rows["owner/tiny", "main (aaaaaaa)"] == ["test_byobnet", "ant, bee, cow", "0.4 MB", "71.25% (Insects test)"]
    assert rows["owner/tiny", "b" * 40] == ["test_byobnet", "ant, bee, cow", "not downloaded", "no card here"]


def test_info_of_a_folder(call: Call, model_folder: Callable[..., Path]) -> None:
    folder = model_folder()
    assert call("info", folder).out.endswith("\n\nIt has no card (README.md).\n")
    (folder / "README.md").write_text(CARD)
    done = call("info", folder)
    assert done.status == 0 and done.is_plain()
    facts, card = done.out.split("\n\n", 1)
    assert dict(line.split("\t") for line in facts.splitlines()) == {
        "name": str(folder),
        "revision": "a folder",
        "architecture": "test_byobnet",
        "labels": "ant, bee, cow",
        "input": "64 x 64 pixels",
        "weights": "0.4 MB",
        "licence": "mit",
        "accuracy, by its card": "71.25% (Insects test)",
    }
    assert card == CARD.split("---\n\n")[1].replace("\x1b", r"\x1b") + "\n", (
        "the card as written, its control characters spelled out"
    )


@pytest.mark.parametrize("name", cnnhub.builtin_models())
def test_info_of_a_built_in_model(call: Call, name: str) -> None:
    done = call("info", name)
    assert done.status == 0 and f"# cnnhub {name}\n" in done.out
    assert "revision\tbuilt in\n" in done.out and "licence\tapache-2.0\n" in done.out


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("flower", ModelNotFoundError, "Did you mean flowers"),
        ("./nowhere", ModelNotFoundError, "There is no folder nowhere"),
        (".", ModelConfigError, "config.json cannot be read"),
    ],
)
def test_info_of_nothing(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source: str, error: type[Exception], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        catalogue.describe(source)
    done = call("info", source)
    assert done.status == 2 and message in done.err


@pytest.fixture
def hub(tmp_path: Path, model_folder: Callable[..., Path]) -> Iterator[LoopbackHub]:
    model_folder("hub/owner/tiny")
    (tmp_path / "hub/owner/tiny/README.md").write_text(CARD)
    model_folder("hub/owner/bare")
    with serve(tmp_path / "hub") as running:
        yield running


def test_info_of_a_hub_model_fetches_no_weights_unasked(hub: LoopbackHub, tmp_path: Path) -> None:
    """And what it fetched is what `cnnhub models` knows from then on, without the Hub."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    variables = {**kept, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_DISABLE_XET": "1"}
    done = run("info", "owner/tiny@v1.0", env=variables)
    assert done.status == 0, done.err
    assert f"revision\t{COMMIT}\n" in done.out and "weights\tnot downloaded\n" in done.out and "# Tiny\n" in done.out
    assert "It has no card" in run("info", "owner/bare", env=variables).out
    assert not any("safetensors" in line for line in hub.log)
    listed = run("info", "owner/bare", "--weights", env=variables)
    assert listed.status == 0 and len(listed.rows()) > 20, "these are asked for"
    assert any("bare" in line and "safetensors" in line for line in hub.log)
    missing = run("info", "owner/missing", env=variables)
    assert missing.status == 2 and "The Hub has no model owner/missing" in missing.err
    hub.log.clear()
    rows = run("models", env={**variables, "HF_HUB_OFFLINE": "1"}).rows()
    assert [row[0] for row in rows[-2:]] == ["owner/bare", "owner/tiny"]
    assert rows[-1][1:2] + rows[-1][-1:] == [f"v1.0 ({COMMIT[:7]})", "71.25% (Insects test)"]
    assert hub.log == []
