"""The kernel laboratory in a real Chromium: the strip against the map, pointing, play, stacks, links, languages."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from cnnhub import convolution, kernels
from demo.tabs.filter import settings as lab_settings
from tests.support.places import EXAMPLES
from tests.support.visiting import Visit

pytestmark = pytest.mark.browser
READY = "window.cnnhubLab?.now && cnnhubLab.now().photo && !cnnhubLab.now().busy && document.querySelector('#lab .map img[src]')"
FIRST_ROW = "cnnhubLab.now().value.strongest[0]"


class Lab(Visit):
    """A visit with the second tab open and the photo's pixels there."""

    def __init__(self, browser: Any, url: str, query: str = "", **options: object) -> None:
        super().__init__(browser, f"{url}/{query}", **options)
        self.page.click("#tab-filter-button")
        self.settle()

    def settle(self) -> None:
        self.page.wait_for_function(READY)

    def point(self) -> list[int]:
        return list(self.page.evaluate("cnnhubLab.now().point"))

    def value(self) -> str:
        return str(self.page.inner_text("#lab .value"))


@pytest.fixture
def lab(browser: Any, app: str) -> Iterator[Lab]:
    visit = Lab(browser, app)
    yield visit
    visit.end()


def cases() -> list[dict[str, object]]:
    """1,000 of all the combinations that the page offers, each with a channel; seeded."""
    pick = random.Random(20)
    everything = itertools.product(
        kernels.names(),
        lab_settings.STRIDES,
        lab_settings.DILATIONS,
        lab_settings.PADDINGS,
        convolution.BORDERS,
        (False, True),
        (None, 0, 1, 2),
    )
    made = []
    for name, stride, dilation, padding, border, flipped, channel in pick.sample(list(everything), 1000):
        known = kernels.preset(name)
        weights = known.weights if pick.random() < 0.8 else [[pick.uniform(-3, 3) for _ in row] for row in known.weights]
        chosen = {"weights": weights, "divisor": known.divisor, "bias": pick.choice((0, 0, -7.25, 0.1)), "stride": stride}
        chosen |= {"dilation": dilation, "padding": padding, "border": border, "flipped": flipped}
        made.append({"settings": chosen, "channel": channel})
    return made


def test_the_strip_is_the_map_at_a_thousand_random_pixels(lab: Lab, tmp_path: Path) -> None:
    """In value to 1e-4 and in every digit shown, from pixels that went through the page as a visitor's own photo."""
    noise = np.random.default_rng(3).integers(0, 256, (37, 53, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    lab.page.set_input_files("#photo input[type=file]", tmp_path / "noise.png")
    lab.page.wait_for_function("cnnhubLab.now().photo?.width === 53")
    rgb = torch.from_numpy(noise.transpose(2, 0, 1).astype(np.float64))
    grey = torch.from_numpy(np.asarray(Image.fromarray(noise).convert("L")).astype(np.float64))
    pick = random.Random(4)
    asked = cases()
    for case in asked:
        plane = grey if case["channel"] is None else rgb[case["channel"]]
        weights = case["settings"]["weights"]
        values = convolution.apply_filter(
            plane, convolution.Filter(**{**case["settings"], "weights": tuple(tuple(row) for row in weights)})
        )
        case["row"], case["column"] = pick.randrange(values.shape[0]), pick.randrange(values.shape[1])
        case["expected"] = values[case["row"], case["column"]].item()
    answers = lab.page.evaluate(
        """cases => cases.map(({settings, row, column, channel, expected}) => {
            const value = cnnhubLab.strip(cnnhubLab.now().photo, settings, row, column, channel).value;
            return [value, cnnhubLab.say(value), cnnhubLab.say(expected)];
        })""",
        asked,
    )
    for case, (value, shown, expected) in zip(asked, answers, strict=True):
        assert value == pytest.approx(case["expected"], abs=1e-4), case
        assert shown == expected, case
    for name in ("stride", "dilation", "padding", "border", "flipped"):
        assert (
            len({case["settings"][name] for case in asked})
            == {"border": 4, "padding": 5, "stride": 4, "dilation": 3, "flipped": 2}[name]
        )


def test_numbers_are_written_as_people_write_them(lab: Lab) -> None:
    written = {
        -504: "−504",
        0.1 + 0.2: "0.3",
        1 / 3: "0.333",
        -1e-5: "−0.000010",
        12345678.9: "1.234568e+7",
        2e7: "20000000",
        0: "0",
    }
    assert lab.page.evaluate("numbers => numbers.map(cnnhubLab.say)", list(written)) == list(written.values())


def test_another_size_keeps_the_kernel_in_the_middle(lab: Lab) -> None:
    sobel = [list(row) for row in kernels.preset("sobel_x").weights]
    larger = lab.page.evaluate("weights => cnnhubLab.resized(weights, 7)", sobel)
    assert torch.tensor(larger)[2:5, 2:5].tolist() == sobel
    assert torch.tensor(larger).abs().sum() == 8
    assert lab.page.evaluate("weights => cnnhubLab.resized(weights, 3)", larger) == sobel


def test_the_strongest_answer_is_pointed_at_first_and_its_arithmetic_shown(lab: Lab) -> None:
    values = convolution.correlate2d(Image.open(EXAMPLES / "cat.jpg").convert("L"), "sobel_x")
    row, column = lab.point()
    assert values[1:-1, 1:-1].abs().max() == values[row, column].abs()
    assert lab.value() == f"{values[row, column].item():,.0f}".replace("-", "−")
    products = [int(text.replace("−", "-")) for text in lab.page.locator("#lab .products .cell").all_inner_texts()]
    assert sum(products) == values[row, column]
    assert f"row {row + 1}, column {column + 1} of 426 × 640" in lab.page.inner_text("#lab .position")


def test_pointing_with_mouse_and_keys_frames_map_and_photo(lab: Lab) -> None:
    page = lab.page
    box = page.locator("#lab .map img").bounding_box()
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 0.5 * box["height"])
    assert lab.point() == pytest.approx([213, 160], abs=1)
    frame = page.locator("#lab .map .frame").bounding_box()
    assert frame["x"] + frame["width"] / 2 == pytest.approx(box["x"] + 0.25 * box["width"], abs=2)
    photo, mark = page.locator(".photo-picture").bounding_box(), page.locator(".photo-marks").bounding_box()
    assert min(mark["width"], mark["height"]) >= 8
    assert mark["x"] + mark["width"] / 2 == pytest.approx(photo["x"] + 0.25 * photo["width"], abs=3)
    page.mouse.move(5, 5)
    start = lab.point()
    page.focus("#lab .map")
    for keys in ("ArrowRight", "Shift+ArrowDown", "ArrowUp", "Shift+ArrowLeft"):
        page.keyboard.press(keys)
    assert lab.point() == [start[0] + 10 - 1, start[1] + 1 - 10]
    value = lab.value()
    row, column = lab.point()
    assert f"Row {row + 1}, column {column + 1}: {value}." in page.get_attribute("#lab .map", "aria-label")
    page.wait_for_function("text => document.querySelector('#lab .live').textContent.includes(text)", arg=f"{value}.")
    for _ in range(70):
        page.keyboard.press("Shift+ArrowUp")
    assert lab.point()[0] == 0
    assert page.locator("#lab .patch .outside").count() == 3
    page.click("#lab .to-strongest")
    assert lab.point() == page.evaluate("cnnhubLab.now().value.strongest")


def test_hovering_shows_and_leaving_goes_back_to_what_was_chosen(lab: Lab) -> None:
    before = lab.point()
    box = lab.page.locator("#lab .map img").bounding_box()
    lab.page.mouse.move(box["x"] + 30, box["y"] + 30)
    assert lab.point() != before
    lab.page.mouse.move(5, 5)
    assert lab.point() == before


def test_a_finger_points_and_drags(browser: Any, app: str) -> None:
    lab = Lab(browser, app, viewport={"width": 390, "height": 844}, has_touch=True)
    lab.page.locator("#lab .map").scroll_into_view_if_needed()
    box = lab.page.locator("#lab .map img").bounding_box()
    lab.page.touchscreen.tap(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    assert lab.point() == pytest.approx([213, 320], abs=3)
    lab.end()


def test_a_true_convolution_turns_the_kernel_where_it_is_shown(lab: Lab) -> None:
    page = lab.page
    before, value = page.eval_on_selector_all("#lab .kernel input", "all => all.map(one => one.value)"), lab.value()
    page.click("#lab .more-fold summary")
    places = "[...document.querySelectorAll('#lab .strip > *, #lab .controls')].map(one => one.getBoundingClientRect().toJSON())"
    stood = page.evaluate(places)
    page.select_option("[data-setting=flipped]", "convolution")
    page.wait_for_function("before => document.querySelector('#lab .value').textContent !== before", arg=value)
    assert page.eval_on_selector_all("#lab .kernel input", "all => all.map(one => one.value)") == before[::-1]
    assert "turned by 180°" in page.inner_text("#lab .title-kernel")
    assert [[one[side] for side in ("x", "y", "width")] for one in page.evaluate(places)] == [
        [one[side] for side in ("x", "y", "width")] for one in stood
    ], "nothing is rearranged"
    page.fill("#lab .kernel input >> nth=0", "9")  # the first as it is applied is the last of the kernel
    lab.settle()
    assert page.evaluate("cnnhubLab.now().settings.weights[2][2]") == 9


def test_the_window_walks_stops_and_ends(lab: Lab) -> None:
    page = lab.page
    page.click("#lab .play")
    page.wait_for_function("cnnhubLab.now().point[1] >= 2", timeout=10_000)
    assert lab.point()[0] == 0
    page.click("#lab .play")
    stopped = lab.point()
    page.wait_for_timeout(700)
    assert lab.point() == stopped
    page.click("#lab .step")
    assert lab.point() == [stopped[0], stopped[1] + 1]
    assert page.is_visible("#lab .veil")
    assert "url(" in page.eval_on_selector("#lab .veil", "veil => getComputedStyle(veil).backgroundImage")
    page.click("#lab .play")
    page.wait_for_function("document.querySelector('#lab .veil').hidden", timeout=30_000)
    assert lab.point() == page.evaluate("cnnhubLab.now().value.strongest")


def test_who_wants_no_motion_steps_by_the_button(browser: Any, app: str) -> None:
    lab = Lab(browser, app, reduced_motion="reduce")
    assert not lab.page.is_visible("#lab .play")
    for place in (0, 1, 2):
        lab.page.click("#lab .step")
        assert lab.point() == [0, place]
    lab.page.wait_for_timeout(700)
    assert lab.point() == [0, 2]
    lab.page.close()


def test_steps_are_added_moved_changed_and_removed(lab: Lab) -> None:
    page = lab.page
    page.click("#lab .stack-fold summary")
    page.click("#lab .adders button:has-text('ReLU')")
    page.click("#lab .adders button:has-text('pooling')")
    page.wait_for_function("document.querySelectorAll('#lab .step-picture canvas').length === 2")
    assert page.locator("#lab .step-item").all_inner_texts()[1].endswith("213 high")
    page.click("#lab [aria-label^='Earlier: 3.']")
    page.wait_for_function("cnnhubLab.now().value.steps[0]?.width === 320")
    page.select_option("#lab [data-step='0-window']", "4")
    page.wait_for_function("cnnhubLab.now().value.steps[0]?.width === 319")
    page.wait_for_function("document.querySelector('#lab .code-fold code').textContent.includes('F.max_pool2d(x, 4, stride=2)')")
    page.click("#lab [aria-label^='Remove: 2.']")
    page.wait_for_function("cnnhubLab.now().value.steps.length === 1 && cnnhubLab.now().value.steps[0].width === 640")
    for _ in range(8):
        button = page.locator("#lab .adders button:has-text('ReLU')")
        if button.is_enabled():
            button.click()
    lab.settle()
    assert page.locator("#lab .step-item").count() == lab_settings.MAX_STEPS


def test_a_link_keeps_settings_and_point_and_restores_them(browser: Any, app: str) -> None:
    lab = Lab(browser, app, "?example=chelsea")
    page = lab.page
    page.click("#lab .chip-all")
    page.click(".presets.groups .chip[data-preset=gaussian_5x5]")
    page.click("#lab .more-fold summary")
    page.select_option("[data-setting=stride]", "2")
    page.select_option("[data-setting=border]", "mean")
    page.select_option("[data-setting=colour]", "rgb")
    page.fill("[data-number=bias]", "3.5")
    lab.settle()
    page.focus("#lab .map")
    page.keyboard.press("Shift+ArrowLeft")
    page.wait_for_function("location.search.includes('at=')")
    page.wait_for_function("location.search.includes('bias=3.5')")
    address, point, value = page.url, lab.point(), lab.value()
    page.close()
    query = address.partition("?")[2]
    assert {"kernel=gaussian_5x5", "stride=2", "border=mean", "colour=rgb", "bias=3.5"} <= set(query.split("&"))
    assert "tab=filter" in query
    again = Lab(browser, app, f"?{query}").page
    assert [again.evaluate("cnnhubLab.now().point"), again.inner_text("#lab .value")] == [point, value]
    assert again.input_value("[data-setting=border]") == "mean"
    assert again.is_visible("[data-setting=border]"), "what is set otherwise than usual is in sight"
    assert again.is_visible(".chip[data-preset=gaussian_5x5]")
    again.close()


def test_pointing_at_the_photo_points_at_its_window(lab: Lab) -> None:
    box = lab.page.locator(".photo-picture").bounding_box()
    lab.page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 0.75 * box["height"])
    height, width = (lab.page.evaluate(f"cnnhubLab.now().value.map.{side}") for side in ("height", "width"))
    assert lab.point() == pytest.approx([0.75 * height, 0.25 * width], abs=4)


def test_the_walked_row_stays_on_the_screen(lab: Lab) -> None:
    page = lab.page
    page.set_viewport_size({"width": 1000, "height": 420})
    page.evaluate("scrollTo(0, 2000)")
    page.evaluate("document.querySelector('#lab .step').click()")
    at_top = "document.querySelector('#lab .map').getBoundingClientRect().top"
    assert 0 <= page.evaluate(at_top) <= 420, "it begins where the map is in sight"
    page.evaluate("scrollTo(0, 2000)")
    page.evaluate("document.querySelector('#lab .step').click()")
    assert 0 <= page.evaluate(at_top) <= 420, "and stays there"


def test_a_language_changes_every_word_and_nothing_else(lab: Lab) -> None:
    page = lab.page
    page.select_option("[data-setting=stride]", "3")
    lab.settle()
    page.focus("#lab .map")
    page.keyboard.press("Shift+ArrowRight")
    page.click("#lab .stack-fold summary")
    page.click("#lab .adders button:has-text('filter')")
    page.wait_for_function("document.querySelectorAll('#lab .step-picture canvas').length === 1")
    point, value = lab.point(), lab.value()
    for language, stride, row in (("正體中文", "步幅", "列"), ("简体中文", "步长", "行"), ("English", "Stride", "row")):
        page.click(f"#language label:has-text('{language}')")
        page.wait_for_function("text => document.querySelector('#lab .controls label span').textContent === text", arg=stride)
        lab.settle()
        assert (lab.point(), lab.value()) == (point, value)
        assert page.input_value("[data-setting=stride]") == "3"
        text = page.inner_text("#lab")
        assert row in page.inner_text("#lab .position")
        assert "undefined" not in text and "{" not in text.replace(page.inner_text("#lab pre"), "")
        assert (language == "English") == ("Divided by" in text)


def test_the_map_is_downloaded_under_its_kernel_s_name(lab: Lab, tmp_path: Path) -> None:
    lab.page.select_option("[data-setting=stride]", "2")
    lab.settle()
    with lab.page.expect_download() as started:
        lab.page.click("#lab .download")
    assert started.value.suggested_filename == "sobel_x-stride2.png"
    started.value.save_as(tmp_path / "map.png")
    assert Image.open(tmp_path / "map.png").size == (320, 213)


def test_the_strip_is_there_with_the_map_and_says_when_pixels_are_still_to_come(browser: Any, app: str) -> None:
    page = browser.new_page()
    page.add_init_script("window.requestIdleCallback = () => 0")  # the page never has time for the other pixels
    page.goto(f"{app}/?tab=filter")
    page.wait_for_selector("#lab .map img[src]")
    page.wait_for_function("/\\d/.test(document.querySelector('#lab .value').textContent)")
    assert page.evaluate("cnnhubLab.now().photo") is None
    held: list[Any] = []
    is_slow = True
    page.route("**/queue/join*", lambda route: held.append(route) if is_slow else route.continue_())
    box = page.locator("#lab .map").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    cells = page.locator("#lab .patch .cell, #lab .products .cell").all_inner_texts()
    assert set(cells) == {"…"} and "on their way" in page.inner_text("#lab .total")
    page.wait_for_timeout(100)
    is_slow = False
    for route in held:
        route.continue_()
    page.wait_for_function("/\\d/.test(document.querySelector('#lab .value').textContent)")
    assert "…" not in page.inner_text("#lab .strip")
    page.close()


def test_a_photo_of_one_pixel_fills_the_strip_too(lab: Lab, tmp_path: Path) -> None:
    Image.new("RGB", (1, 1), (200, 100, 50)).save(tmp_path / "one.png")
    lab.page.set_input_files("#photo input[type=file]", tmp_path / "one.png")
    lab.page.wait_for_function("cnnhubLab.now().photo?.width === 1")
    assert lab.page.locator("#lab .patch .cell").all_inner_texts() == ["0"] * 4 + ["124"] + ["0"] * 4


def test_the_old_picture_stays_and_nothing_jumps(lab: Lab) -> None:
    page = lab.page
    page.evaluate(
        "window.blank = 0; new MutationObserver(() => { blank += !document.querySelector('#lab .map img').src; })"
        ".observe(document.querySelector('#lab .map img'), {attributes: true})"
    )
    tops = set()
    for name in ("gaussian", "sobel_y", "outline", "sharpen", "sobel_x"):
        page.click(f".chip[data-preset={name}]")
        lab.settle()
        tops.add(page.evaluate("document.querySelector('#lab .chip').getBoundingClientRect().top"))
    assert page.evaluate("blank") == 0
    assert max(tops) - min(tops) <= 1
