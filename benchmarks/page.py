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

# From a click, or from a field's new value, to the first frame in which what is read differs. Runs in the page.
_ACT_TO_CHANGE = """async ([target, value]) => {
  const read = () => READ;
  const before = read();
  const part = document.querySelector(target);
  const started = performance.now();
  if (value === null) part.click();
  else {
    part.value = value;
    for (const kind of ["input", "change"]) part.dispatchEvent(new Event(kind, { bubbles: true }));
  }
  while (read() === before) {
    await new Promise(requestAnimationFrame);
    if (performance.now() - started > 20000) throw new Error(`nothing changed after ${target} became ${value}`);
  }
  return performance.now() - started;
}"""
# The same from the mouse's next move over a part, which the browser is asked for from outside.
_MOVE_TO_CHANGE = """([target]) => {
  const read = () => READ;
  const part = document.querySelector(target);
  window.moved = new Promise((done, failed) => {
    part.addEventListener("pointermove", async () => {
      const started = performance.now();
      const before = read();
      while (read() === before) {
        await new Promise(requestAnimationFrame);
        if (performance.now() - started > 20000) failed(new Error(`nothing changed after the mouse moved over ${target}`));
      }
      done(performance.now() - started);
    }, { once: true, capture: true });
  });
}"""
_VISIBLE = """([selector]) => { const part = document.querySelector(selector); return part && part.checkVisibility() &&
  (part.tagName !== "IMG" || (part.complete && part.naturalWidth > 0)); }"""

Acts = list[tuple[str, str | None]]  # (what is clicked, None) or (a field, its new value), in turn


def _clicks(*targets: str) -> Acts:
    return [(target, None) for target in targets]


def _values(target: str, *values: str) -> Acts:
    return [(target, value) for value in values]


def _text(selector: str) -> str:
    return f"document.querySelector('{selector}')?.textContent"


def _setting(name: str, *values: str) -> tuple[str, Acts, str]:
    return "filter", _values(f"#lab [data-setting={name}]", *values), _ANSWER


def _pooling(place: str, *values: str) -> tuple[str, Acts, str]:
    return "filter", _values(f".pooling .field:nth-of-type({place}) :is(input, select)", *values), _text(".pooling .told")


def _tour(step: int, acts: Acts, read: str = _text("#tour .tour-said")) -> tuple[str, Acts, str]:
    """What is done in a step of the tour, whose tab goes by "tour:6"."""
    return f"tour:{step}", acts, read


_FIELDS = "#tour .tour-slider:nth-of-type"  # each with its range and its number
_ANSWER = "cnnhubLab.now().value"  # what the laboratory draws, a new object for each picture
_WHOLE = "cnnhubLab.now().value.facts"  # another once every value of the map is drawn, and its words are there
_HEAT = "document.querySelector('.why-map')?.src"
_ORDER = ".segment-buttons:nth-child(2) button:nth-child"
_PIXELS = "document.querySelector('#tour .tour-map canvas, #tour .tour-map img')"  # another element once it is drawn anew
# what the network said last, until it says something else
_TOLD = (
    "(window.told = [document.querySelector('#tour .tour-network')?.textContent, window.told].find((text) => text?.length > 1))"
)
_PICTURE = "document.querySelector('#tour .tour-photo')?.src"
_CHANNEL = _text("#channel .large-told b")  # its values are here

# what: (tab, what is done in turn, the expression whose value changes)
INTERACTIONS = {
    "another language": ("what", _clicks("#language label:nth-child(1)", "#language label:nth-child(3)"), _text("#answer h2")),
    "another network": ("what", _clicks("#model label:nth-child(2)", "#model label:nth-child(1)"), _text("#answer .sentence")),
    "another kernel": ("filter", _clicks("[data-preset=gaussian]", "[data-preset=sobel_x]"), _ANSWER),
    "stride": _setting("stride", "2", "1"),
    "padding": _setting("padding", "3", "same"),
    "dilation": _setting("dilation", "3", "1"),
    "border": _setting("border", "mean", "zero"),
    "drawn clipped or signed": _setting("drawn", "clipped", "signed"),
    "correlation or convolution": _setting("flipped", "true", "false"),
    "brightness or colour": _setting("colour", "true", "false"),
    "divisor": ("filter", _values("#lab [data-number=divisor]", "2", "1"), _ANSWER),
    "bias": ("filter", _values("#lab [data-number=bias]", "9", "0"), _ANSWER),
    "a weight": ("filter", _values("#lab .kernel input", "4", "-1"), _ANSWER),
    "a weight, every value": ("filter", _values("#lab .kernel input", "4", "-1"), _WHOLE),
    "stride, every value": ("filter", _values("#lab [data-setting=stride]", "2", "1"), _WHOLE),
    "kernel of 3x3, 7x7": (
        "filter",
        _clicks("[data-choice=size] button:nth-child(3)", "[data-choice=size] button:nth-child(1)"),
        _ANSWER,
    ),
    "pooling: shift": _pooling("1", "9", "2"),
    "pooling: turn": _pooling("3", "9", "0"),
    "pooling: scale": _pooling("4", "120", "100"),
    "pooling: window": _pooling("5", "4", "8"),
    "pooling: stride": _pooling("6", "4", "8"),
    "why: another label": ("what", _values(".why-controls select", "cat", "dog"), _HEAT),
    "why: by covering, by the map": ("what", _clicks(".ways button:nth-child(2)", ".ways button:nth-child(1)"), _HEAT),
    "another layer": ("inside", _clicks(".journey button:nth-child(3)", ".journey button:nth-child(10)"), _text("#journey h2")),
    "more channels": ("inside", _clicks(".pager button:nth-child(3)", ".pager button:nth-child(1)"), _text(".pager span")),
    "another order": ("inside", _clicks(f"{_ORDER}(2)", f"{_ORDER}(1)"), _text("#journey h2")),
    "another channel": ("inside", _clicks(".channels .tile:nth-child(2)", ".channels .tile:nth-child(1)"), _CHANNEL),
    "tour, another step": (
        "tour:1",
        _clicks(".tour-dots button:nth-child(4)", ".tour-dots button:nth-child(6)"),
        _text("#tour h2"),
    ),
    "tour 1, a change": _tour(1, _clicks("[data-key=change-swapped]", "[data-key=change-none]")),
    "tour 2, a channel": _tour(
        2, _clicks("#tour .segment-buttons button:nth-child(2)", "#tour .segment-buttons button:nth-child(1)")
    ),
    "tour 2, a number": _tour(2, _values("#tour .tour-grid input", "7", "200")),
    "tour 3, a size": _tour(3, _values(f"{_FIELDS}(1) input", "300", "100")),
    "tour 4, one or two weights": _tour(4, _clicks("#tour button[value=two]", "#tour button[value=one]")),
    "tour 5, another filter": _tour(5, _clicks("[data-key=another]", "[data-key=another]"), _PIXELS),
    "tour 5, its own filters": _tour(5, _clicks("#tour button[value=network]", "#tour button[value=people]"), _PIXELS),
    "tour 6, padding": _tour(6, _clicks("#tour button[value=same]", "#tour button[value=valid]")),
    "tour 7, a map more": _tour(7, _clicks("[data-key=next-map]", "[data-key=next-map]")),
    "tour 8, pooled again": _tour(8, _values(f"{_FIELDS}(1) input", "2", "1")),
    "tour 8, what the network says": _tour(8, _values(f"{_FIELDS}(1) input", "5", "0"), _TOLD),
    "tour 9, a layer": _tour(9, _values("#tour .tour-slider input", "5", "2")),
    "tour 9, the small network": _tour(9, _clicks("#tour button[value=small]", "#tour button[value=chosen]")),
    "tour 10, temperature": _tour(10, _values(f"{_FIELDS}(1) input", "5", "1")),
    "tour 10, units switched off": _tour(10, _values(f"{_FIELDS}(2) input", "50", "0"), _text("#tour .tour-units p")),
    "tour 13, fooled": _tour(13, _clicks("#tour button[value=noise]", "#tour button[value=texture]"), _PICTURE),
}
DREAMS = 3  # channels

# what: (what the mouse moves over, how far each time in pixels, is it dragged, the expression whose value changes)
MOVES = {
    "a weight is dragged": ("#lab .kernel input", 5, True, _ANSWER),
    "pointing at the map": ("#lab .map", 5, False, _text("#lab .position")),
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
    times: dict[str, list[float]] = {name: [] for name in (*INTERACTIONS, *MOVES)}
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
        for name, (place, acts, read) in INTERACTIONS.items():
            tab, _, step = place.partition(":")
            page.click(f"#tab-{tab}-button")
            if step:
                page.click(f".tour-dots button:nth-child({step})")
            if step == "13":
                page.click("#tour button[value=fooled]")
            if name.startswith("why") and not page.is_visible(".why-frame"):
                page.click("#why-button")
            if name.startswith("pooling") and not page.is_visible(".pooling"):
                page.click("#pooling-fold .label-wrap")
            page.wait_for_function(f"() => {read}")
            page.wait_for_timeout(1500)
            for number in range(2 * ROUNDS + 2):
                elapsed = page.evaluate(_ACT_TO_CHANGE.replace("READ", read), acts[number % 2])
                if number >= 2:  # the first of each is the warm-up
                    times[name].append(elapsed)
                page.wait_for_timeout(400)  # what the laboratory writes into the address comes a moment later
        times |= _dreams(page)
        page.click("#tab-filter-button")
        for name, (target, step, is_dragged, read) in MOVES.items():
            times[name] = _moves(page, target, step, is_dragged, read)
    return times


def _dreams(page: Any) -> dict[str, list[float]]:
    """Milliseconds from the click to the first picture of a dream, and to the last, in the tab that is open, "Inside"."""
    times: dict[str, list[float]] = {"a dream's first picture": [], "a dream's last picture": []}
    for number in range(DREAMS):
        page.click(f".channels .tile:nth-child({number + 2})")
        page.wait_for_selector(".dream-begin")
        started = time.perf_counter()
        page.click(".dream-begin")
        page.wait_for_selector(".dreamt")
        times["a dream's first picture"].append((time.perf_counter() - started) * 1e3)
        page.wait_for_function(
            "document.querySelector('.inside-dream')?.textContent.includes('Made from noise')", timeout=120_000
        )
        times["a dream's last picture"].append((time.perf_counter() - started) * 1e3)
    return times


def _moves(page: Any, target: str, step: int, is_dragged: bool, read: str) -> list[float]:
    """Milliseconds from each move of the mouse to the change, as fast as one can follow the other."""
    part = page.locator(target).first
    part.scroll_into_view_if_needed()
    box = part.bounding_box()
    x, y = box["x"] + box["width"] / 3, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    if is_dragged:
        page.mouse.down()
    times = []
    for number in range(2 * ROUNDS + 2):
        x += step
        page.evaluate(_MOVE_TO_CHANGE.replace("READ", read), [target])
        page.mouse.move(x, y)
        elapsed = page.evaluate("window.moved")
        if number >= 2:
            times.append(elapsed)
    if is_dragged:
        page.mouse.up()
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
