"""The documentation: its pages' blocks run and print what they say, its pictures are theirs, it builds and fetches nothing."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
import timm
import torch
from nbclient import NotebookClient
from PIL import Image

import cnnhub
from cnnhub import operations
from cnnhub.errors import CnnHubError
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
    "operations.md": [],
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
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    mkdocs = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    run(mkdocs, ROOT)
    return folder


@pytest.fixture(scope="module")
def site(built: Path) -> dict[str, Fetched]:
    pages = {}
    for path in built.rglob("*.html"):
        pages[path.relative_to(built).as_posix()] = page = Fetched()
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


def row(*values: float) -> torch.Tensor:
    """One map that is a row, or a kernel of one; (1, 1, W) float64."""
    return torch.tensor([[values]], dtype=torch.float64)


def across(*values: float) -> torch.Tensor:
    """Maps of one pixel; (C, 1, 1) float64."""
    return torch.tensor(values, dtype=torch.float64).reshape(-1, 1, 1)


def around(maps: torch.Tensor, amount: int) -> torch.Tensor:
    """A row, which has no height to pad, with zeros at its ends."""
    return torch.nn.functional.pad(maps, (amount, amount))


# The figures of operations.md: what cnnhub makes of the same numbers with the settings in the figure's order.
FIGURES: dict[str, Callable[..., torch.Tensor]] = {
    "depthwise max": lambda size: operations.depthwise_max_pool(across(2, 7, -1, 4, 5, 9), int(size)),
    "global average": lambda moved: operations.global_average_pool(row(*([0] * int(moved) + [4, 9, 3, 0, 0, 0, 0, 0])[:8])),
    "response norm": lambda radius, alpha: operations.local_response_norm(
        across(20, 60, 0, 200, 60, 20, 60), int(radius), 1.0, alpha, 0.75
    ),
    "transposed": lambda stride, padding: operations.transposed_convolution(row(1, 2, 0, 3), row(1, 2, 3)[None], int(stride))[
        ..., int(padding) : -int(padding) or None
    ],
    "dilated": lambda rate, padding: operations.dilated_convolution(
        around(row(1, 0, 2, 1, 3, 0, 1, 2, 1), int(padding)), row(1, 2, 3)[None], int(rate)
    ),
    "separable": lambda first, second: operations.separable_convolution(
        torch.cat([row(1, 2, 0, 3, 1, 0), row(0, 1, 4, 1, 2, 0)]), torch.cat([row(1, 0, -1), row(1, 2, 1)]), [[first, second]]
    ),
}


@pytest.mark.browser
def test_the_figures_compute_what_cnnhub_does(built: Path, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto((built / "operations/index.html").as_uri())
    shown = page.locator("[data-operation]")
    assert [each.get_attribute("data-operation") for each in shown.all()] == list(FIGURES)
    for figure, computed in zip(shown.all(), FIGURES.values(), strict=True):
        selects = figure.locator("select").all()
        offered = [each.locator("option").evaluate_all("all => all.map((one) => one.value)") for each in selects]
        assert all(len(options) >= 3 for options in offered)
        for settings in itertools.product(*offered):
            for select, value in zip(selects, settings, strict=True):
                select.select_option(value)
            outputs = figure.locator("button").all_inner_texts()
            told = figure.locator(".sum").inner_text()
            try:
                expected = computed(*map(float, settings)).flatten().tolist()
            except CnnHubError:
                assert outputs == [] and re.search(r"make no groups|does not fit", told), settings
                continue
            assert [as_number(text) for text in outputs] == pytest.approx(expected, rel=5e-4), settings
            pressed = figure.locator("button[aria-pressed=true]")
            assert told.endswith(f"= {pressed.inner_text()}"), (told, settings)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert not complaints
    page.close()


@pytest.mark.browser
def test_what_a_figure_marks_is_what_it_adds_up(built: Path, browser: Any) -> None:
    page = browser.new_page()
    page.goto((built / "operations/index.html").as_uri())
    under_the_last = {
        "depthwise max": "4 5 9",
        "global average": "4 9 3 0 0 0 0 0",
        "response norm": "60 20 60",
        "transposed": "3 0 0",
        "dilated": "0 0 0",
        "separable": "3 1 0 1 2 0",
    }
    for name, marked in under_the_last.items():
        figure = page.locator(f"[data-operation='{name}']")
        figure.locator("button").last.click()
        assert " ".join(figure.locator(".seen").all_inner_texts()) == marked, name
    page.close()


@pytest.mark.browser
def test_a_figure_s_value_is_chosen_with_the_keyboard(built: Path, browser: Any) -> None:
    page = browser.new_page()
    page.goto((built / "operations/index.html").as_uri())
    figure = page.locator("[data-operation=transposed]")
    figure.locator("select").first.focus()
    for key in ("Tab", "Tab", "Tab", "Tab", "Enter"):  # over the second setting and two values to the third
        page.keyboard.press(key)
    assert figure.locator("button").evaluate_all("all => all.indexOf(document.activeElement)") == 2
    assert figure.locator("button").nth(2).get_attribute("aria-pressed") == "true"
    # 1 2 0 3 with a zero between each: under the turned kernel 3 2 1 stand 1 0 2
    assert figure.locator(".sum").inner_text() == "3 × 1 + 2 × 0 + 1 × 2 = 5"
    assert figure.locator(".seen").all_inner_texts() == ["1", "0", "2"]
    page.close()


def as_number(text: str) -> float:
    return float(text.replace("−", "-"))
