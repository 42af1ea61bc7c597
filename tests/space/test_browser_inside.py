"""The tab "Inside" in a real browser: pointing, pages, orders, one channel, its dream, all layers, and pictures to keep."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

import cnnhub
from cnnhub import anatomy, channels
from cnnhub.fields import ReceptiveField
from cnnhub.hub import BUILTIN_FOLDER, WEIGHTS_NAME
from cnnhub.preprocessing import seen_box
from demo import texts
from demo.photo.uploads import MAX_BYTES
from demo.tabs.inside.gallery import PAGE
from tests.support.places import EXAMPLES
from tests.support.visiting import Visit

pytestmark = pytest.mark.browser
TOLD = "document.querySelector('.large-told')?.textContent.includes"


def arrived(page: Any, text: str) -> None:
    """The chosen channel's values are here."""
    page.wait_for_selector(".large-map img")
    page.wait_for_function(f"text => {TOLD}(text)", arg=text)


def test_pointing_at_a_value_frames_what_it_sees_and_back(visit_of: Callable[..., Visit]) -> None:
    page = visit_of("?tab=inside&layer=blocks.2").page
    arrived(page, "number 1 of 40")
    classifier = cnnhub.load("cats-vs-dogs")
    field = anatomy.trace(classifier.network, (3, 240, 240)).within("blocks.2")[-1].sees
    assert isinstance(field, ReceptiveField)
    maps = classifier.feature_maps(EXAMPLES / "cat.jpg", "blocks.2")["blocks.2"]
    best = maps[channels.varied_first(maps)[0]]
    size = Image.open(EXAMPLES / "cat.jpg").size
    left, top, right, bottom = seen_box(size, classifier.config.pretrained_cfg)
    box = page.locator(".large-map img").bounding_box()
    for row, column in ((0, 0), (14, 11), (29, 29)):
        page.mouse.move(box["x"] + (column + 0.5) / 30 * box["width"], box["y"] + (row + 0.5) / 30 * box["height"])
        page.wait_for_function(
            "text => document.querySelector('.large-value').textContent.startsWith(text)",
            arg=f"row {row + 1}, column {column + 1}: ",
        )
        said = float(page.inner_text(".large-value").split(": ")[1].replace("\N{MINUS SIGN}", "-"))
        assert said == pytest.approx(best[row, column].item(), rel=1e-3, abs=1e-5)
        first_row, first_column, last_row, last_column = np.clip(field.of(row, column), 0, 240) / 240
        expected = [
            (left + first_column * (right - left)) / size[0], (top + first_row * (bottom - top)) / size[1],
            (last_column - first_column) * (right - left) / size[0], (last_row - first_row) * (bottom - top) / size[1],
        ]  # fmt: skip
        photo, marks = (page.locator(each).bounding_box() for each in (".photo-picture", ".photo-marks"))
        found = [
            (marks["x"] - photo["x"]) / photo["width"], (marks["y"] - photo["y"]) / photo["height"],
            marks["width"] / photo["width"], marks["height"] / photo["height"],
        ]  # fmt: skip
        assert found == pytest.approx(expected, abs=0.02)
    photo = page.locator(".photo-picture").bounding_box()
    page.mouse.move(photo["x"] + photo["width"] / 2, photo["y"] + photo["height"] / 2)
    page.wait_for_function("!document.querySelector('.value-frame').hidden")
    style = page.get_attribute(".value-frame", "style")
    found = [float(re.search(rf"{side}: ([\d.]+)%", style)[1]) / 100 * 30 for side in ("left", "top", "width", "height")]
    sees = [place for place in range(30) if field.of(place, 0)[0] <= 120 < field.of(place, 0)[2]]
    assert found == pytest.approx([sees[0], sees[0], len(sees), len(sees)], abs=1.01)


def test_the_keyboard_walks_over_a_map(visit_of: Callable[..., Visit]) -> None:
    page = visit_of("?tab=inside&layer=blocks.4").page
    arrived(page, "number 1 of 112")
    page.focus(".large-map")
    page.keyboard.press("ArrowRight")
    assert page.inner_text(".large-value").startswith("row 8, column 9: ")
    page.keyboard.press("ArrowUp")
    assert page.inner_text(".large-value").startswith("row 7, column 9: ")


def test_pages_orders_and_scales(visit_of: Callable[..., Visit]) -> None:
    visit = visit_of("?tab=inside&layer=bn2")
    page = visit.page
    arrived(page, "number 1 of 1280")
    first = page.locator(".channels .tile").first.get_attribute("title")
    page.click(".pager button >> nth=1")
    page.wait_for_function("document.querySelector('.pager').textContent.includes('65 to 128 of 1280')")
    arrived(page, f"number {PAGE + 1} of 1280")
    assert "sheet=1" in page.url and page.locator(".channels .tile").first.get_attribute("title") != first
    page.focus(".segment-buttons button:text-is('By number')")
    page.keyboard.press("Enter")
    arrived(page, "channel 0 · 1 of 1280")
    assert page.evaluate("document.activeElement.textContent") == "By number"
    assert "order=number" in page.url
    page.click(".segment-buttons button:text-is('For the answer')")
    visit.wait_for_heading("#journey", "what moves the answer most first")
    arrived(page, "number 1 of 1280 for the answer")
    page.click(".segment-buttons button:text-is('Each its own')")
    page.wait_for_function("document.querySelector('#gallery .legend').textContent.includes('to its own largest')")
    page.wait_for_function("!document.querySelector('.inside-channel[aria-busy]')")
    page.wait_for_timeout(300)  # gradio complains of an answer that a reload cuts off
    page.reload()
    visit.wait_for_heading("#journey", "what moves the answer most first")
    arrived(page, "number 1 of 1280 for the answer")
    assert page.get_attribute(".segment-buttons button:text-is('Each its own')", "aria-pressed") == "true"
    assert "are silent on this photo" in page.inner_text(".silent-count")


def place_on_photo(page: Any, x: float, y: float) -> tuple[float, float]:
    box = page.locator(".photo-picture").bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def pins(page: Any) -> list[list[float]]:
    """Where the pins lie on the photo, in shares of its sides."""
    return [
        list(each)
        for each in page.evaluate("""() => {
        const photo = document.querySelector('.photo-picture').getBoundingClientRect();
        return [...document.querySelectorAll('.photo-pin')].map((pin) => pin.getBoundingClientRect()).map((pin) => [
          (pin.left + pin.width / 2 - photo.left) / photo.width, (pin.top + pin.height / 2 - photo.top) / photo.height]);
    }""")
    ]


def test_clicks_on_the_ears_bring_the_channels_of_ears_to_the_front(visit_of: Callable[..., Visit]) -> None:
    visit = visit_of("?tab=inside&layer=blocks.4.2.bn2&order=answer")
    page = visit.page
    arrived(page, "number 1 of 672 for the answer")
    page.mouse.click(*place_on_photo(page, 0.26, 0.235))
    visit.wait_for_heading("#journey", "what answers most at the pinned spot first")
    page.mouse.click(*place_on_photo(page, 0.64, 0.134))
    arrived(page, "number 1 of 672 at the pins")
    visit.wait_for_heading("#journey", "what answers most at the pinned spots first")
    arrived(page, "channel 632")
    assert np.array(pins(page)) == pytest.approx(np.array([[0.26, 0.235], [0.64, 0.134]]), abs=0.01)
    shown = [float(each) for each in page.locator(".tile-cell span").all_inner_texts()]
    assert len(shown) == PAGE and shown == sorted(shown, reverse=True)
    assert "standard deviations" in page.inner_text(".answers-told")
    visit.reload()
    arrived(page, "number 1 of 672 at the pins")
    assert np.array(pins(page)) == pytest.approx(np.array([[0.26, 0.235], [0.64, 0.134]]), abs=0.01)
    page.click("#tab-what-button")
    page.wait_for_function("!document.querySelector('.photo-pin')")
    page.click("#tab-inside-button")
    page.wait_for_selector(".photo-pin")
    page.click(".photo-pin >> nth=0")
    visit.wait_for_heading("#journey", "what answers most at the pinned spot first")
    page.click("text=Take the pins away")
    visit.wait_for_heading("#journey", "first")
    page.wait_for_function("!document.querySelector('.tile-cell')")
    assert not pins(page) and "spot=" not in page.url and "order=spot" not in page.url
    assert page.evaluate("document.activeElement.dataset.key") == "spot"


def test_a_pin_is_dragged(visit_of: Callable[..., Visit]) -> None:
    page = visit_of("?tab=inside&layer=blocks.4&spot=0.5,0.5").page
    arrived(page, "number 1 of 112 at the pins")
    page.mouse.move(*place_on_photo(page, 0.5, 0.5))
    page.mouse.down()
    page.mouse.move(*place_on_photo(page, 0.6, 0.4), steps=5)
    assert np.array(pins(page)) == pytest.approx(np.array([[0.6, 0.4]]), abs=0.01)
    page.mouse.up()
    page.wait_for_function("/^0[.](59|6)\\d*,0[.](39|4)\\d*$/.test(new URLSearchParams(location.search).get('spot'))")
    arrived(page, "number 1 of 112 at the pins")
    assert len(pins(page)) == 1


def test_spots_are_pinned_moved_and_taken_away_by_the_keyboard(visit_of: Callable[..., Visit]) -> None:
    visit = visit_of("?tab=inside&layer=blocks.4")
    page = visit.page
    arrived(page, "number 1 of 112 by what varies")
    page.focus(".segment-buttons button:text-is('At a spot')")
    page.keyboard.press("Enter")
    arrived(page, "number 1 of 112 at the pins")
    assert page.evaluate("document.activeElement.className") == "photo-pin"
    for key in ("Shift+ArrowLeft", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    page.wait_for_function("new URLSearchParams(location.search).get('spot') === '0.45,0.48'")
    assert "45 % from the left, 48 % from the top" in page.get_attribute(".photo-pin", "aria-label")
    page.click("button:text-is('One more spot')")
    page.wait_for_function("document.querySelectorAll('.photo-pin').length === 2")
    page.keyboard.press("Delete")
    page.wait_for_function("new URLSearchParams(location.search).get('spot') === '0.45,0.48'")
    page.keyboard.press("Delete")
    arrived(page, "number 1 of 112 by what varies")
    assert page.evaluate("document.activeElement.dataset.key") == "spot"


def test_pins_stay_on_their_photo(visit_of: Callable[..., Visit]) -> None:
    visit = visit_of("?tab=inside&layer=blocks.4&spot=0.3,0.3;2,2;x&lang=zh-TW")
    page = visit.page
    arrived(page, "釘選處第 1，共 112 個")
    assert len(pins(page)) == 1
    page.mouse.click(*place_on_photo(page, 0.03, 0.5))
    page.wait_for_function("document.querySelector('#journey').textContent.includes('看不到照片的這個邊緣')")
    page.wait_for_function("document.querySelectorAll('.photo-pin').length === 1")
    led_to = page.inner_text(".large-told b")
    page.click("[data-key=dog]")
    visit.wait_for_heading("#journey", "變化最大的通道在前")
    assert not pins(page) and "spot=" not in page.url
    page.wait_for_function("document.querySelector('.large-told').textContent.includes('變化第')")
    assert page.inner_text(".large-told b") == led_to, "what they led to is looked for in the next photo"


def test_all_layers_are_found_by_words_and_chosen(visit_of: Callable[..., Visit]) -> None:
    visit = visit_of("?tab=inside")
    page = visit.page
    arrived(page, "number 1 of 24")
    page.click(".layer-list > summary")
    assert page.locator(".layer-row:visible").count() == len(stage_of("blocks.1"))
    page.fill(".layer-list input", "5 × 5 depthwise")
    shown = page.locator(".layer-row:visible").all_inner_texts()
    assert shown and all("5 × 5 depthwise convolution" in each for each in shown)
    page.fill(".layer-list input", "no such thing")
    assert page.locator(".layer-row:visible").count() == 0 and page.is_visible("text=No layer is called so.")
    page.fill(".layer-list input", "blocks.2.1.conv_dw")
    page.locator(".layer-row:visible").scroll_into_view_if_needed()
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    page.click(".layer-row:visible")
    page.wait_for_function("document.querySelector('#journey').getBoundingClientRect().top >= 0")
    visit.wait_for_heading("#journey", "5 × 5 depthwise convolution, the most varied channel first.")
    assert "layer=blocks.2.1.conv_dw" in page.url
    page.click(".layer-facts summary")
    facts = page.inner_text(".layer-facts dl")
    assert "5 × 5" in facts and "Groups" in facts and "pixels of the input" in facts


def stage_of(name: str) -> list[str]:
    """The layers from the stage before this one up to it, without activations, which stand with their batch norms."""
    classifier = cnnhub.load("cats-vs-dogs")
    names, stages = classifier.layers(), classifier.stages()
    before = stages[stages.index(name) - 1]
    return [each for each in names[names.index(before) + 1 : names.index(name) + 1] if not each.endswith(".act")]


def test_the_weights_of_a_layer_are_a_table(visit_of: Callable[..., Visit]) -> None:
    visit = visit_of("?tab=inside&layer=conv_stem")
    page = visit.page
    arrived(page, "number 1 of 32")
    held = load_file(BUILTIN_FOLDER / "cats-vs-dogs" / WEIGHTS_NAME)
    stored = held["conv_stem.weight"].astype(np.float64)
    page.focus(".layer-weights summary")
    page.keyboard.press("Enter")
    page.wait_for_selector(".weights-told")
    cells = page.locator(".weights-list tbody tr").first.locator("th, td").all_inner_texts()
    assert cells[:3] == ["weight", "32 × 3 × 3 × 3", "float32"]
    assert [number_in(each) for each in cells[3:6]] == pytest.approx([stored.min(), stored.mean(), stored.max()], rel=1e-3)
    bars = [int(each) for each in page.eval_on_selector_all(".weights-list i", "all => all.map((bar) => bar.title)")]
    assert bars == np.histogram(stored, 16)[0].tolist()
    assert shown_numbers(page) == pytest.approx(stored[:, 0].reshape(32, 9), rel=1e-2, abs=1e-7)
    page.focus(".weights-pager input")
    page.keyboard.press("ArrowUp")
    page.wait_for_function("document.querySelector('.weights-told').textContent.includes('input channel 1 (of 3, from 0)')")
    page.keyboard.press("ArrowUp")
    page.wait_for_function("document.querySelector('.weights-told').textContent.includes('input channel 2 (of 3, from 0)')")
    assert shown_numbers(page) == pytest.approx(stored[:, 2].reshape(32, 9), rel=1e-2, abs=1e-7)
    colours = page.eval_on_selector_all(
        ".weights-numbers tbody td", "all => all.map((cell) => cell.style.background.match(/\\d+/g).map(Number))"
    )
    for value, (red, _, blue) in zip(stored[:, 2].reshape(-1), colours, strict=True):
        assert abs(value) < 0.1 * np.abs(stored).max() or (red > blue) == (value > 0), (value, red, blue)
    page.click("[data-key=dog]")
    visit.wait_for_heading("#journey", "first")
    assert page.input_value(".weights-pager input") == "3", "another photo has the same weights"


def test_the_weights_follow_layer_and_language_and_are_chosen_by_the_keyboard(visit_of: Callable[..., Visit]) -> None:
    page = visit_of("?tab=inside&layer=blocks.2.1.bn1", viewport={"width": 390, "height": 844}).page
    arrived(page, "number 1 of 240")
    page.click(".layer-weights summary")
    page.wait_for_selector(".weights-told")
    assert page.locator(".weights-list button").all_inner_texts() == [
        *("weight", "bias", "running_mean", "running_var", "num_batches_tracked"),
    ]
    page.focus(".weights-list button >> nth=3")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.matches('[aria-pressed=true]')")
    assert page.evaluate("document.activeElement.textContent") == "running_var"
    held = load_file(BUILTIN_FOLDER / "cats-vs-dogs" / WEIGHTS_NAME)["blocks.2.1.bn1.running_var"]
    assert shown_numbers(page)[:, 0] == pytest.approx(held[:64], rel=1e-2)
    page.click("[data-key=next]")
    page.wait_for_function("document.querySelector('.weights-told').textContent.includes('Rows 64 to 127 of 240')")
    assert shown_numbers(page)[:, 0] == pytest.approx(held[64:128], rel=1e-2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    scrolls = "all => all.every((box) => box.tabIndex === 0 && box.getBoundingClientRect().right <= innerWidth)"
    assert page.eval_on_selector_all(".weights-box", scrolls)
    page.click("#language label:has-text('正體中文')")
    page.wait_for_function("document.querySelector('.weights-told')?.textContent.startsWith('每一列是一個通道的數')")
    page.click(".layer-list > summary")
    page.fill(".layer-list input", "blocks.2.0.bn1.act")
    page.click(".layer-row:visible")
    page.wait_for_function("document.querySelector('.layer-weights')?.textContent.includes('它的權重')")


def shown_numbers(page: Any) -> np.ndarray:
    """The table of numbers as it stands."""
    rows = page.eval_on_selector_all(
        ".weights-numbers tbody tr", "all => all.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent))"
    )
    return np.array([[number_in(cell) for cell in row] for row in rows])


def number_in(text: str) -> float:
    return float(text.replace("\N{MINUS SIGN}", "-"))


def test_examples_and_a_dream_follow_the_channel(visit_of: Callable[..., Visit]) -> None:
    page = visit_of("?tab=inside&layer=blocks.0").page
    arrived(page, "number 1 of 16")
    page.click(".inside-examples button")
    page.wait_for_selector(".excited .example")
    assert page.locator(".excited-spots img").count() == 6
    page.click(".excited .example >> nth=1")
    page.wait_for_selector(".beside img")
    page.click(".dream-begin")
    page.wait_for_function("document.querySelector('.inside-dream')?.textContent.includes('Made from noise')", timeout=60_000)
    picture = page.eval_on_selector(".dreamt", "image => [image.naturalWidth, image.naturalHeight]")
    assert picture == [320, 320]
    page.click(".channels .tile >> nth=3")
    arrived(page, "number 4 of 16")
    page.wait_for_selector(".dream-begin")
    page.wait_for_function("!document.querySelector('.beside')")
    assert page.locator(".excited .example").count() == 12
    number = page.inner_text(".large-told b").split()[1]
    page.wait_for_function(
        f"document.querySelector('.excited-title').textContent === 'Where channel {number} answers on the examples'"
    )


def test_a_second_photo_is_compared_and_one_that_cannot_be_read_is_said(visit_of: Callable[..., Visit], tmp_path: Path) -> None:
    page = visit_of("?tab=inside&layer=blocks.3&lang=zh-CN").page
    arrived(page, "共 80 个")
    page.set_input_files("#examples input[type=file]", EXAMPLES / "dog.jpg")
    page.wait_for_selector(".beside img")
    channel = int(page.inner_text(".large-told b").split()[1])
    maps = cnnhub.load("cats-vs-dogs").feature_maps(EXAMPLES / "dog.jpg", "blocks.3")["blocks.3"]
    assert page.inner_text(".beside") == f"第二张照片: 最大值 {texts.number(maps[channel].max().item())}"
    assert page.get_attribute(".own-example", "aria-pressed") == "true"
    (tmp_path / "text.jpg").write_text("no picture")
    page.set_input_files("#examples input[type=file]", tmp_path / "text.jpg")
    page.wait_for_selector(".beside [role=alert]")
    assert "它是文本文件" in page.inner_text(".beside")
    with (tmp_path / "large.jpg").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    page.set_input_files("#examples input[type=file]", tmp_path / "large.jpg")
    page.wait_for_function("document.querySelector('.inside-examples > p[role=alert]').textContent")
    assert "MB" in page.inner_text(".inside-examples > p[role=alert]")


def test_channel_and_journey_can_be_saved(visit_of: Callable[..., Visit]) -> None:
    page = visit_of("?tab=inside&layer=blocks.3").page
    arrived(page, "number 1 of 80")
    for button, name in (
        ("#channel .downloads button", r"cnnhub-cats-vs-dogs-blocks\.3-\d+\.png"),
        (".journey-save", r"cnnhub-cats-vs-dogs-journey\.png"),
    ):
        with page.expect_download() as download:
            page.click(button)
        assert re.fullmatch(name, download.value.suggested_filename)
        with open(download.value.path(), "rb") as file:
            picture = Image.open(io.BytesIO(file.read())).convert("RGB")
        assert picture.width >= 640 and len(picture.getcolors(1_000_000)) > 50


def test_a_layer_of_another_network_is_said_not_to_be_there(visit_of: Callable[..., Visit]) -> None:
    visit = visit_of("?tab=inside&task=cats-vs-dogs-shufflenet&layer=blocks.2&lang=zh-TW")
    visit.wait_for_heading("#journey", "站")
    assert "沒有 blocks.2 這一層" in visit.page.inner_text("#journey")


def test_the_filter_of_a_first_channel_opens_in_the_laboratory_and_gives_its_map(visit_of: Callable[..., Visit]) -> None:
    page = visit_of("?tab=inside&layer=conv_stem&channel=19").page
    arrived(page, "channel 19")
    page.hover(".large-map img", position={"x": 100, "y": 100})
    told = re.match(r"row (\d+), column (\d+): (\S+)", page.inner_text(".large-value"))
    page.click("#channel button:text-is('Its filter in the laboratory')")
    page.wait_for_selector(".learned-filter .map img")
    assert "tab=filter" in page.url and "learned=cats-vs-dogs:19" in page.url.replace("%3A", ":")
    maps = cnnhub.load("cats-vs-dogs").feature_maps(EXAMPLES / "cat.jpg", "conv_stem")["conv_stem"][19]
    assert told is not None
    expected = maps[int(told[1]) - 1, int(told[2]) - 1].item()
    assert float(told[3].replace("\N{MINUS SIGN}", "-")) == pytest.approx(expected, rel=1e-3)
    shown = page.evaluate("window.cnnhubLearned")
    assert shown["value"] == pytest.approx(maps[shown["at"][0], shown["at"][1]].item(), abs=1e-4)
    page.go_back()
    page.wait_for_selector("#channel .learned")


def test_the_chosen_channel_stays_for_another_photo(visit_of: Callable[..., Visit]) -> None:
    page = visit_of("?tab=inside&layer=blocks.3").page
    arrived(page, "number 1 of 80")
    page.click(".channels .tile >> nth=5")
    arrived(page, "number 6 of 80")
    chosen = page.inner_text(".large-told b")
    page.click("[data-key=dog]")
    page.wait_for_function("document.querySelector('.journey-answer b').textContent.includes('dog')")
    page.wait_for_selector(f".large-told b:text-is('{chosen}')")
    page.wait_for_function("!document.querySelector('.inside-channel[aria-busy]')")
    pressed = page.locator(".channels .tile[aria-pressed=true]").get_attribute("title")
    assert pressed == chosen
    page.click("#language label:has-text('正體中文')")
    page.wait_for_function(f"document.querySelector('.large-told b')?.textContent === '通道 {chosen.split()[1]}'")


def test_a_link_with_nonsense_shows_the_first_channel(visit_of: Callable[..., Visit]) -> None:
    page = visit_of("?tab=inside&layer=blocks.3&channel=x&sheet=-4&order=loud&scale=none").page
    arrived(page, "number 1 of 80")
