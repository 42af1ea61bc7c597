"""How long the demo's page takes: to open, and to answer each kind of click, seen from a real browser on this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).parent.parent
PHOTO = ROOT / "space" / "examples" / "china.jpg"
MEGAPIXEL = (1224, 816)  # one million pixels but a few, in the shape of the photo
OPENINGS, ROUNDS = 5, 9

# From a click to the first frame in which the watched part differs. Runs in the page.
_CLICK_TO_CHANGE = """async ([target, watched, property]) => {
  const read = () => document.querySelector(watched)?.[property];
  const before = read();
  const started = performance.now();
  document.querySelector(target).click();
  while (read() === before) {
    await new Promise(requestAnimationFrame);
    if (performance.now() - started > 20000) throw new Error(`nothing changed in ${watched} after a click on ${target}`);
  }
  return performance.now() - started;
}"""
_VISIBLE = """([selector]) => { const part = document.querySelector(selector); return part && part.checkVisibility() &&
  (part.tagName !== "IMG" || (part.complete && part.naturalWidth > 0)); }"""

# what: (tab, what is clicked in turn, the part that changes, its property)
INTERACTIONS = {
    "another language": ("what", ["#language label:nth-child(1)", "#language label:nth-child(3)"], "#answer h2", "textContent"),
    "another network": ("what", ["#model label:nth-child(2)", "#model label:nth-child(1)"], "#answer .sentence", "textContent"),
    "another kernel": ("filter", ["[data-preset=sobel_y]", "[data-preset=gaussian]"], "#lab .map img", "src"),
    "another layer": ("inside", [".journey button:nth-child(5)", ".journey button:nth-child(3)"], "#journey h2", "textContent"),
    "another channel": ("inside", [".channels .tile:nth-child(2)", ".channels .tile:nth-child(1)"], ".large b", "textContent"),
}


def openings() -> dict[str, list[float]]:
    """Milliseconds from the address to what a visitor waits for; cold is a browser that was never here."""
    parts = {"photo": ".photo-picture", "tabs": "#tab-filter-button", "answer": "#answer h2"}
    times: dict[str, list[float]] = {f"{name}, {state}": [] for state in ("cold", "cached") for name in parts}
    with _page() as (browser, url):
        for _ in range(OPENINGS):
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            for state in ("cold", "cached"):
                page = context.new_page()
                started = time.perf_counter()
                page.goto(url, wait_until="commit")
                for name, selector in parts.items():
                    page.wait_for_function(_VISIBLE, arg=[selector], polling=20)
                    times[f"{name}, {state}"].append((time.perf_counter() - started) * 1e3)
                page.wait_for_function("window.cnnhubLink?.isRestored")
                page.close()
            context.close()
    return times


def interactions() -> dict[str, list[float]]:
    """Milliseconds from a click to the change, for an uploaded photo of one megapixel."""
    times: dict[str, list[float]] = {name: [] for name in INTERACTIONS}
    with _page() as (browser, url), tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "megapixel.jpg"
        with Image.open(PHOTO) as image:
            image.resize(MEGAPIXEL).save(photo, quality=90)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(url)
        page.wait_for_function("window.cnnhubLink?.isRestored")
        before = page.inner_text("#answer .sentence")
        page.set_input_files("#photo input[type=file]", photo)
        page.wait_for_function("before => document.querySelector('#answer .sentence').innerText !== before", arg=before)
        for name, (tab, targets, watched, prop) in INTERACTIONS.items():
            page.click(f"#tab-{tab}-button")
            page.wait_for_selector(watched)
            page.wait_for_timeout(1500)
            for number in range(2 * ROUNDS + 2):
                elapsed = page.evaluate(_CLICK_TO_CHANGE, [targets[number % 2], watched, prop])
                if number >= 2:  # the first of each is the warm-up
                    times[name].append(elapsed)
                page.wait_for_timeout(150)
    return times


@contextmanager
def _page() -> Iterator[tuple[Any, str]]:
    """The demo, served as `make app` does, and a browser -> (browser, address)."""
    from playwright.sync_api import sync_playwright

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "GRADIO_SERVER_PORT": str(port)}
    server = subprocess.Popen([sys.executable, "space/app.py"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for(url, server)
        with sync_playwright() as playwright:
            chromium = shutil.which("chromium") or shutil.which("google-chrome")
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            yield browser, url
            browser.close()
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError(f"the demo ended with status {server.returncode} before it answered")
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"the demo did not answer at {url} within two minutes")
