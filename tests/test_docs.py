"""The documentation: its pages' blocks run and print what they say, its pictures are theirs, it builds and fetches nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import numpy as np
import pytest
import timm
import torch
from nbclient import NotebookClient
from PIL import Image

import cnnhub
from cnnhub.hub import BUILTIN_FOLDER
from tests.support.loopback_hub import LoopbackHub, serve
from tests.support.places import EXAMPLES, ROOT
from tests.support.run_page import blocks

DOCS = ROOT / "docs"
# What each page leaves out, by the block's first word or two: new blocks run.
NOT_RUN = {
    "index.md": ["pip install", "pip install"],
    "use.md": ["python -m", "ray start"],
    "twenty-minutes.md": ["python -m"],
    "look-inside.md": [],
    "retrain.md": [*["python -m"] * 6, "make app", "hf auth"],
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackHub]:
    """A Hub that holds the two networks of timm's that the pages load."""
    root = tmp_path_factory.mktemp("hub")
    torch.manual_seed(0)
    network = timm.create_model("resnet18.a1_in1k")
    timm.models.save_for_hf(network, root / "timm/resnet18.a1_in1k", safe_serialization=True)
    config = root / "timm/resnet18.a1_in1k/config.json"
    published = {key: value for key, value in json.loads(config.read_text()).items() if key != "model_args"}
    config.write_text(json.dumps(published))  # as it stands on the Hub, written by an earlier timm
    shutil.copytree(BUILTIN_FOLDER / "imagenet", root / "timm/mobilenetv2_100.ra_in1k")
    with serve(root) as server:
        yield server


def run(command: list[str], folder: Path, hub: LoopbackHub | None = None) -> None:
    """Run a command in a folder as a reader would, the installed commands first; the Hub is the loopback's."""
    unset = ("HF_", "COLUMNS", "FORCE_COLOR", "PYTEST_")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(unset)}
    environment |= {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    if hub:
        environment |= {
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(folder / "home"),
            "HF_TOKEN": "hf_writer",
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.mark.timeout(600)  # retraining, measuring and pushing are five processes that import torch
# the notebook retrains too, and look-inside.md says little that doctests do not: these two are for make test-all
@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=pytest.mark.long) if page in ("retrain.md", "look-inside.md") else page for page in NOT_RUN]
)
def test_a_page_runs(page: str, hub: LoopbackHub, tmp_path: Path) -> None:
    told = blocks((DOCS / page).read_text(encoding="utf-8"))
    left_out = [block.code.split() for block in told if block.not_run]
    assert [" ".join(words[:2]) for words in left_out] == NOT_RUN[page]
    assert len(told) - len(left_out) >= 5 or page == "index.md"
    for path in EXAMPLES.iterdir():
        shutil.copy(path, tmp_path)
    run([sys.executable, str(ROOT / "tests/support/run_page.py"), str(DOCS / page)], tmp_path, hub)
    for drawn in (path for path in DOCS.glob("images/*") if f"(images/{path.name})" in (DOCS / page).read_text()):
        if drawn.suffix == ".svg":
            assert drawn.read_text(encoding="utf-8") == (tmp_path / drawn.name).read_text(encoding="utf-8")
            continue
        kept, anew = (np.asarray(Image.open(path).convert("RGB"), float) for path in (drawn, tmp_path / drawn.name))
        assert kept.shape == anew.shape and np.abs(kept - anew).mean() < 1, f"{drawn} is not what the page draws"


def told_by(cell: nbformat.NotebookNode) -> str:
    """What a cell of a notebook printed or showed, as text."""
    shown = (output.get("data", {}).get("text/plain", "") for output in cell.outputs)
    return "\n".join([*shown, *(output.get("text", "") for output in cell.outputs)])


def test_every_picture_is_shown_and_small() -> None:
    pages = "".join(path.read_text() for path in DOCS.glob("*.md"))
    for path in DOCS.glob("images/*"):
        assert f"(images/{path.name})" in pages
        assert path.stat().st_size < 150_000, path


def test_the_notebook_runs_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the pictures that it draws where the reader names none; cnnhub is there, so that it installs nothing."""
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / "jupyter"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(DOCS / "retrain.ipynb", as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code), "committed without what a run leaves in it"
    NotebookClient(notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert "pip" in code[0].source and not code[0].outputs
    printed = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(map(told_by, code)))  # without rich's colours
    for told in (r"phase 2, epoch 1 of 1: validation", r"\./runs/mine on test, 5 pictures", r"(rings|stripes) \d+\.\d%"):
        assert re.search(told, printed), printed
    with zipfile.ZipFile(tmp_path / "mine.zip") as kept:
        assert {"config.json", "model.safetensors", "README.md"} <= set(kept.namelist())


class Fetched(HTMLParser):
    """Collects the addresses that a browser fetches by itself for a page, and those of its links."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        name = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src"}.get(tag)
        if name and values.get(name):
            self.fetched.append(values[name] or "")
        if values.get("id"):
            self.ids.add(values["id"] or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Fetched]:
    folder = tmp_path_factory.mktemp("site")
    mkdocs = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    run(mkdocs, ROOT)
    pages = {}
    for path in folder.rglob("*.html"):
        pages[path.relative_to(folder).as_posix()] = page = Fetched()
        page.feed(path.read_text(encoding="utf-8"))
    return pages


def test_the_site_fetches_nothing_from_other_hosts(site: dict[str, Fetched]) -> None:
    assert {"index.html", "use/index.html", "reference/index.html"} <= site.keys()
    for name, page in site.items():
        assert len(page.fetched) > 3
        assert not [address for address in page.fetched if re.match(r"(?i)[a-z]+:(?!.*base64)|//", address)], name


def test_the_reference_tells_every_public_name(site: dict[str, Fetched]) -> None:
    ids = site["reference/index.html"].ids
    missing = [name for name in cnnhub.__all__ if f"cnnhub.{name}" not in ids and name != "CnnHubError"]
    assert not missing and "cnnhub.errors.CnnHubError" in ids, f"docs/reference.md lacks {missing}"
