"""The laboratory follows the finger: what the browser draws by itself, when it does, and that it needs no server for it."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cnnhub import convolution, kernels
from demo.photo.pixels import Pixels
from demo.tabs.filter import answer as lab_answer
from demo.tabs.filter import settings as lab_settings
from tests.space.test_lab_browser import Lab

pytestmark = pytest.mark.browser

NOISE = np.random.default_rng(8).integers(0, 256, (60, 90, 3), np.uint8)
PHOTO = Pixels("noise", NOISE, (90, 60))
DRAWN = "!document.querySelector('#lab .map canvas').hidden && cnnhubLab.now().value.isWhole"
_READ = """() => {
  const { width, height } = document.querySelector('#lab .map canvas');
  const { data } = document.querySelector('#lab .map canvas').getContext('2d').getImageData(0, 0, width, height);
  let letters = '';
  for (const byte of data) letters += String.fromCharCode(byte);
  return [width, height, btoa(letters)];
}"""


class LiveLab(Lab):
    """A visit with a photo of noise, whose pixels the page has."""

    def choose(self, folder: Path, noise: np.ndarray = NOISE) -> None:
        Image.fromarray(noise).save(folder / "noise.png")
        self.page.set_input_files("#photo input[type=file]", folder / "noise.png")
        self.page.wait_for_function(f"cnnhubLab.now().photo?.width === {noise.shape[1]} && {DRAWN}")
        self.settle()

    def drawn(self) -> np.ndarray:
        """-> (H, W, 3), the pixels on the canvas."""
        width, height, data = self.page.evaluate(_READ)
        return np.frombuffer(base64.b64decode(data), np.uint8).reshape(height, width, 4)[..., :3].astype(int)

    def chosen(self) -> lab_settings.Settings:
        return lab_settings.read(self.page.evaluate("cnnhubLab.now().settings"))

    def wait_until_drawn(self, photo: Pixels = PHOTO) -> None:
        """What is on the screen is what cnnhub makes of the settings, to a level of 255."""
        self.page.wait_for_function(
            """() => {
              const { settings, answered, value } = cnnhubLab.now();
              const of = ({ weights, divisor, bias, stride }) => JSON.stringify([weights, divisor, bias, stride]);
              return value.isWhole && of(settings) === of(answered);
            }"""
        )
        chosen = self.chosen()
        drawing = lab_answer.draw(convolution.apply_filter(photo.planes(chosen.colour), chosen.filter), chosen)
        assert_one_level(self.drawn(), drawing)

    def weights(self) -> list[list[float]]:
        return [list(row) for row in self.page.evaluate("cnnhubLab.now().settings.weights")]

    def lose_server(self) -> None:
        self.page.context.set_offline(True)


def assert_one_level(seen: np.ndarray, drawing: lab_answer.Drawing) -> None:
    expected = drawing.picture
    if expected.mode == "P":  # the colours' numbers, one beside the other
        colours = np.array(expected.getpalette()).reshape(256, 3)
        levels = np.asarray(expected).astype(int)
        near = [np.abs(seen - colours[(levels + by).clip(0, 255)]).max(axis=2) for by in (-1, 0, 1)]
        assert np.min(near, axis=0).max() == 0
        return
    assert np.abs(seen - np.asarray(expected.convert("RGB")).astype(int)).max() <= 1


@pytest.fixture
def lab(browser: Any, app: str, tmp_path: Path) -> Iterator[LiveLab]:
    visit = LiveLab(browser, app)
    visit.choose(tmp_path)
    yield visit
    visit.complaints = [text for text in visit.complaints if "Failed to load resource" not in text]
    visit.end()


def test_what_is_drawn_is_what_cnnhub_draws(lab: LiveLab) -> None:
    page, pick = lab.page, random.Random(11)
    page.click("#lab .chip-all")
    page.click("#lab .more-fold summary")
    for name in pick.sample(kernels.names(), 12):
        page.click(f".chip[data-preset={name}] >> nth=-1")
        values = {
            "stride": pick.choice(lab_settings.STRIDES),
            "dilation": pick.choice(lab_settings.DILATIONS),
            "padding": pick.choice(lab_settings.PADDINGS),
            "border": pick.choice(convolution.BORDERS),
            "colour": pick.choice(("grey", "rgb")),
            "flipped": pick.choice(("correlation", "convolution")),
            "drawn": pick.choice(("signed", "clipped")),
        }
        for setting, value in values.items():
            page.select_option(f"[data-setting={setting}]", str(value))
        lab.settle()
        lab.wait_until_drawn()


def test_with_an_unreachable_server_the_laboratory_goes_on(lab: LiveLab) -> None:
    page = lab.page
    page.click("#lab .stack-fold summary")
    lab.lose_server()
    page.click(".chip[data-preset=gaussian]")
    lab.wait_until_drawn()
    page.wait_for_function("document.querySelector('#lab .sentence h2').textContent === 'Gaussian smooths the photo.'")
    page.select_option("[data-setting=stride]", "2")
    page.fill("#lab .kernel input >> nth=4", "-9")
    page.fill("[data-number=bias]", "3")
    lab.wait_until_drawn()
    assert "row" in page.inner_text("#lab .position") and "30 × 45" in page.inner_text("#lab .position")
    page.click("#lab .adders button:has-text('pooling')")
    page.wait_for_function("cnnhubLab.now().value.steps[0]?.width === 22")
    page.fill("#lab .kernel input >> nth=4", "x")
    page.wait_for_selector("#lab .problem:has-text('This kernel cannot be used.')")
    page.fill("#lab .kernel input >> nth=4", "2")
    lab.wait_until_drawn()
    assert not page.is_visible("#lab .problem:has-text('This kernel')")
    page.locator("#lab .map").click()  # in its middle
    assert lab.point() == pytest.approx([15, 22], abs=1) and "…" not in page.inner_text("#lab .strip")


def test_what_was_changed_without_a_server_stays_in_the_address(lab: LiveLab, browser: Any, app: str) -> None:
    """gradio opens the page anew when its server is back."""
    lab.lose_server()
    lab.page.click(".chip[data-preset=gaussian]")
    lab.page.fill("#lab .kernel input >> nth=4", "3.5")
    lab.page.wait_for_function("location.search.includes('weights=')")
    again = LiveLab(browser, app, f"?{lab.page.url.partition('?')[2]}")
    assert again.weights() == [[1, 2, 1], [2, 3.5, 2], [1, 2, 1]]
    again.end()


def test_a_late_answer_of_the_server_changes_nothing_newer(lab: LiveLab) -> None:
    page, held, is_slow = lab.page, [], True
    page.route("**/queue/join*", lambda route: held.append(route) if is_slow else route.continue_())
    page.click(".chip[data-preset=gaussian]")
    lab.wait_until_drawn()
    while not held:
        page.wait_for_timeout(50)
    page.click(".chip[data-preset=sobel_y]")
    lab.wait_until_drawn()
    is_slow = False
    for route in held:
        route.continue_()
    page.wait_for_function("document.querySelector('#lab .code-fold code').textContent.includes('[1, 2, 1]')")
    lab.settle()
    lab.wait_until_drawn()
    assert lab.chosen().kernel == "sobel_y" and "Sobel y" in page.inner_text("#lab .sentence")
    page.wait_for_function("location.search.includes('kernel=sobel_y')")


def drag_by_mouse(lab: LiveLab, place: int, across: int, down: int) -> None:
    lab.page.locator("#lab .strip").scroll_into_view_if_needed()
    box = lab.page.locator(f"#lab .kernel input >> nth={place}").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    lab.page.mouse.move(x, y)
    lab.page.mouse.down()
    lab.page.mouse.move(x + across, y + down, steps=8)
    lab.page.mouse.up()


def drag_by_finger(lab: LiveLab, place: int, across: int, _down: int) -> None:
    lab.page.locator("#lab .strip").scroll_into_view_if_needed()
    box = lab.page.locator(f"#lab .kernel input >> nth={place}").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = lab.page.context.new_cdp_session(lab.page)

    def touch(kind: str, *points: dict[str, float]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    touch("touchStart", {"x": x, "y": y})
    for step in range(1, 9):
        touch("touchMove", {"x": x + across * step / 8, "y": y})
    touch("touchEnd")


@pytest.mark.parametrize("drag", [drag_by_mouse, drag_by_finger])
def test_a_weight_is_dragged(browser: Any, app: str, tmp_path: Path, drag: Callable[[LiveLab, int, int, int], None]) -> None:
    is_phone = drag is drag_by_finger
    lab = LiveLab(browser, app, **({"viewport": {"width": 390, "height": 844}, "has_touch": True} if is_phone else {}))
    lab.choose(tmp_path)
    before = lab.weights()
    drag(lab, 4, 80, 0)
    lab.wait_until_drawn()
    after = lab.weights()
    assert after[1][1] > before[1][1] + 1 and [after[0], after[2]] == [before[0], before[2]]
    drag(lab, 4, -120, 0)
    lab.wait_until_drawn()
    assert lab.weights()[1][1] < before[1][1]
    if not is_phone:
        drag(lab, 0, 0, -40)
        assert lab.weights()[0][0] > before[0][0], "upwards is more too"
    assert lab.page.evaluate("document.activeElement.tagName") != "INPUT", "who drags does not type"
    lab.settle()
    lab.page.close()


def test_keys_and_the_wheel_change_the_weight_that_is_edited(lab: LiveLab) -> None:
    page = lab.page
    field = page.locator("#lab .kernel input >> nth=4")
    field.click()
    assert page.evaluate("getSelection().toString()") == "0", "to be typed over"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("ArrowDown")
    assert lab.weights()[1][1] == pytest.approx(1.0)
    page.mouse.wheel(0, 100)
    page.wait_for_function("cnnhubLab.now().settings.weights[1][1] < 1")
    lab.wait_until_drawn()


def test_a_large_map_is_drawn_as_fine_as_the_screen_and_then_whole(lab: LiveLab, tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (900, 1100, 3), np.uint8)
    lab.choose(tmp_path, noise)
    lab.page.evaluate("""() => {
      window.sizes = [];
      const put = CanvasRenderingContext2D.prototype.putImageData;
      CanvasRenderingContext2D.prototype.putImageData = function (data, ...at) {
        sizes.push(data.width);
        return put.call(this, data, ...at);
      };
    }""")
    lab.page.click(".chip[data-preset=sobel_y]")
    lab.settle()
    screen = lab.page.evaluate("document.querySelector('#lab .map').clientWidth")
    assert lab.page.evaluate("sizes") == [screen, 1100] and screen < 1100
    lab.wait_until_drawn(Pixels("large", noise, (1100, 900)))


def test_without_workers_the_server_answers(browser: Any, app: str) -> None:
    lab = Lab(browser, app)
    lab.page.close()
    page = browser.new_page()
    page.add_init_script("delete window.Worker")
    page.goto(f"{app}/?tab=filter")
    page.wait_for_selector("#lab .map img[src]")
    page.wait_for_function("cnnhubLab.now().photo && !cnnhubLab.now().busy")
    before = page.get_attribute("#lab .map img", "src")
    page.click(".chip[data-preset=sobel_y]")
    page.wait_for_function("before => document.querySelector('#lab .map img').src !== before", arg=before)
    assert not page.is_visible("#lab .map canvas") and "Sobel y" in page.inner_text("#lab .sentence")
    page.close()
