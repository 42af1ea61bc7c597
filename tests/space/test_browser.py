"""The page in a real Chromium: a cat is clicked, named, filtered and looked into, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demo import texts
from demo.tabs import TABS
from tests.support.places import EXAMPLES
from tests.support.visiting import CONTENT, DESKTOP, Visit

pytestmark = pytest.mark.browser


def test_a_dog_then_a_cat_through_all_tabs_in_both_languages(visit: Visit) -> None:
    page = visit.page
    assert visit.heading("#answer") == "It is a cat."
    page.click(".picker button[title='a puppy']")
    visit.wait_for_heading("#answer", "dog")
    page.click(".picker button[title='another cat']")
    visit.wait_for_heading("#answer", "cat")
    assert "If it can only be a cat or a dog, I think it is a cat!" in page.inner_text("#answer .sentence p")
    visit.keep("1-what-en")

    page.click("#tab-filter-button")
    visit.wait_for_heading("#lab", "Sobel x answers to vertical edges.")
    page.wait_for_selector("#lab .map img[src]")
    shown = page.eval_on_selector("#lab .map img", "image => [image.complete, image.naturalWidth, image.naturalHeight]")
    assert shown == [True, 451, 300], "the response map of chelsea.png is not as large as the photo"
    assert page.eval_on_selector("#lab .map img", "image => getComputedStyle(image).imageRendering") == "pixelated"
    visit.keep("2-filter-en")

    page.click("#tab-inside-button")
    visit.wait_for_heading("#journey", "Stage 3 of 9")
    assert page.locator(".channels .tile").count() == 24
    assert "1 to 24 of 24 channels" in page.inner_text(".pager")
    page.click(".journey button:has-text('bn2')")
    visit.wait_for_heading("#journey", "Stage 9 of 9")
    assert "1 to 64 of 1280 channels" in page.inner_text(".pager")
    page.click(".channels .tile >> nth=5")
    page.wait_for_function("document.querySelector('.large-told')?.textContent.includes('number 6 of 1280')")
    visit.keep("3-inside-en")

    page.click("#language label:has-text('正體中文')")
    visit.wait_for_heading("#journey", "第 9 站")
    page.wait_for_function("document.querySelector('#tab-what-button').textContent.trim() === '這是什麼？'")
    assert page.get_attribute("html", "lang") == "zh-TW"
    visit.keep("3-inside-zh")
    page.click("#tab-filter-button")
    visit.wait_for_heading("#lab", "對垂直的邊緣有反應")
    visit.keep("2-filter-zh")
    page.click("#tab-what-button")
    visit.wait_for_heading("#answer", "這是一隻貓。")
    visit.keep("1-what-zh")


def test_kernels_are_chosen_edited_and_resized(visit: Visit) -> None:
    page = visit.page
    page.click("#tab-filter-button")
    visit.wait_for_heading("#lab", "Sobel x")
    assert page.locator("#lab .chip:visible").count() == 7
    page.click("#lab .chip-all")
    page.click(".chip:has-text('Line ↕')")
    visit.wait_for_heading("#lab", "bright vertical lines")
    assert page.locator(".kernel input").count() == 49
    page.click("[data-choice=size] button:has-text('3×3')")
    visit.wait_for_heading("#lab", "Your kernel")
    assert page.locator(".kernel input").count() == 9
    page.fill(".kernel input >> nth=4", "-2")
    visit.wait_for_heading("#lab", "Your kernel answers to spots, lines and outlines.")
    page.fill(".kernel input >> nth=4", "abc")
    visit.wait_for_heading("#lab .problem", "This kernel cannot be used.")
    assert page.get_attribute(".kernel input >> nth=4", "aria-invalid") == "true"
    page.fill(".kernel input >> nth=4", "-2")
    page.wait_for_function("document.querySelector('#lab .problem').hidden")
    assert visit.heading("#lab").startswith("Your kernel answers")
    page.select_option("[data-setting=stride]", "2")
    page.wait_for_function("document.querySelector('#lab .formula').textContent.includes('/ 2) + 1')")
    width = page.evaluate("cnnhubLab.now().value.map.width")
    page.wait_for_function("width => document.querySelector('#lab .map canvas').width === width", arg=width)
    assert f"= {width} wide" in page.inner_text("#lab .formula")


def test_what_pooling_survives_is_worked_out_in_its_open_fold(visit: Visit) -> None:
    page = visit.page

    def wait_for(text: str) -> None:
        page.wait_for_function("text => document.querySelector('.pooling h3')?.textContent.includes(text)", arg=text)

    page.click("#tab-filter-button")
    visit.wait_for_heading("#lab", "Sobel x")
    assert page.locator(".pooling h3").count() == 0
    page.click("#pooling-fold .label-wrap")
    wait_for("A shift by 1 pixel changes the pixels by 5.4 % and the max-pooled values by 4.3 %: this window hardly helps.")
    assert "The network “Cats and dogs” pools too" in page.inner_text(".pooling .told")
    page.wait_for_function("location.search === '?tab=filter&fold=pooling'")
    assert page.locator(".pooling figure img[src]").count() == 5
    page.focus(".pooling [aria-label='Shift to the right']")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    wait_for("A shift by 3 pixels changes")
    page.wait_for_function("document.querySelector('.pooling .told p').textContent.includes('25 % of the pixels stay at 2 × 2')")
    wait_for("this window hardly helps")
    page.select_option(".pooling [aria-label='Pooling window']", "8")
    page.select_option(".pooling [aria-label='Stride of the pooling']", "8")
    page.wait_for_function("document.querySelector('.pooling .told p').textContent.includes('2 % of the pixels stay at 8 × 8')")
    wait_for("but the max-pooled values by only")
    assert "pooling=8%2C8%2C3%2C0%2C0%2C100" in page.url
    assert page.eval_on_selector(".pooling figure:nth-child(2) canvas", "picture => picture.className") == "pixels"
    bars = page.eval_on_selector_all(".pooling .track i", "bars => bars.map((bar) => bar.getBoundingClientRect().width)")
    assert bars[0] == max(bars) and bars[4] == min(bars)
    visit.keep("2-pooling-en")
    page.click(".pooling button")
    wait_for("nothing has changed")
    page.click("#language label:has-text('简体中文')")
    wait_for("什么都没有变")
    page.focus(".pooling [aria-label='向左旋转']")
    page.keyboard.press("ArrowLeft")
    wait_for("旋转 1°让像素的值改变")
    page.click(".picker button[title='一只小狗']")
    page.wait_for_function("document.querySelector('.pooling .size').textContent === '1125 × 750'")


def test_a_link_opens_the_fold_of_pooling_as_it_was(visit_of: Callable[..., Visit]) -> None:
    page = visit_of("?tab=filter&example=dog&fold=pooling&pooling=4,2,0,0,-10,100").page

    def fields() -> list[str]:
        return list(page.eval_on_selector_all(".pooling input, .pooling select", "fields => fields.map((field) => field.value)"))

    page.wait_for_function("document.querySelector('.pooling h3')?.textContent.includes('A turn by 10°')")
    assert fields() == ["0", "0", "-10", "100", "4", "2"]
    page.click("#pooling-fold .label-wrap")
    page.wait_for_function("!location.search.includes('fold')")
    page.click("#tab-what-button")
    page.wait_for_function("!location.search.includes('tab')")
    page.go_back()
    page.wait_for_selector("#lab", state="visible")
    assert fields() == ["0", "0", "-10", "100", "4", "2"]
    page.click("#pooling-fold .label-wrap")
    page.focus(".pooling [aria-label='Scale']")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.pooling h3').textContent.includes('This move')")
    assert "105" in fields()


def test_what_is_clicked_before_the_page_is_ready_stands_in_the_address(browser: Any, app: str) -> None:
    page = browser.new_page(viewport=DESKTOP)
    page.add_init_script("""
        const timer = setInterval(() => {
          const [dog, tab] = ["[data-key=dog]", "#tab-filter-button"].map((selector) => document.querySelector(selector));
          if (!dog || !tab || !window.cnnhubLink) return;
          clearInterval(timer);
          dog.click();
          tab.click();
          window.wasEarly = !window.cnnhubLink.isRestored;
        }, 1);
    """)
    page.goto(app)
    page.wait_for_function("window.cnnhubLink?.isRestored && location.search.includes('tab=filter')")
    assert page.evaluate("wasEarly")
    assert "example=dog" in page.url
    page.wait_for_selector("#lab .map img[src]")
    assert page.get_attribute(".photo-picture", "alt") == "a puppy"
    page.close()


def test_a_link_keeps_its_tab_while_the_page_starts(visit_of: Callable[..., Visit]) -> None:
    visit = visit_of("?tab=inside&example=dog&lang=zh-TW")
    visit.wait_for_heading("#journey", "站")
    visit.page.wait_for_timeout(1000)  # for what gradio tells of the tab that it began with
    assert visit.page.evaluate("location.search") == "?tab=inside&example=dog&lang=zh-TW"


def test_a_photo_of_one_s_own_stays_and_a_broken_one_gets_a_message(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    page.click(".photo-remove")
    visit.wait_for_heading("#answer", "Choose a photo")
    page.set_input_files("#photo input[type=file]", EXAMPLES / "sunflower.jpg")
    visit.wait_for_heading("#answer", "This looks like neither a cat nor a dog.")
    assert page.locator(".picker button[aria-pressed=true]").count() == 0
    page.click("#model label:has-text('Flowers')")
    visit.wait_for_heading("#answer", "a sunflower")
    page.click("#tab-inside-button")
    visit.wait_for_heading("#journey", "Stage")
    assert "sunflower" in page.inner_text(".journey-answer")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes((EXAMPLES / "cat.jpg").read_bytes()[:9000])
    page.click(".photo-remove")
    page.set_input_files("#photo input[type=file]", broken)
    visit.wait_for_heading("#journey", "cannot be read as a photo")
    page.click(".picker button[title='a cat']")
    visit.wait_for_heading("#journey", "Stage")


FEW = {(language, (1280, 390)[number % 2]) for number, language in enumerate(texts.LANGUAGES)}


@pytest.mark.parametrize(
    ("language", "width"),
    [
        pytest.param(language, width, marks=() if (language, width) in FEW else pytest.mark.long)
        for language in texts.LANGUAGES
        for width in (1280, 390)
    ],
)
def test_every_tab_in_every_language_without_a_complaint(visit_of: Callable[..., Visit], language: str, width: int) -> None:
    page = visit_of(f"?lang={language}&example=dog", viewport={"width": width, "height": 900}).page
    assert page.get_attribute("html", "lang") == language
    for tab in TABS:
        page.click(f"#tab-{tab.name}-button")
        page.wait_for_selector(CONTENT[tab.name])
        assert page.inner_text(f"#tab-{tab.name}-button") == texts.t(language, f"tab_{tab.name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.wait_for_function("name => location.search.includes(`tab=${name}`)", arg=TABS[-1].name)
    page.go_back()
    page.wait_for_selector(CONTENT[TABS[-2].name], state="visible")


def test_on_a_phone_nothing_is_wider_than_the_screen(visit_of: Callable[..., Visit]) -> None:
    visit = visit_of(viewport={"width": 390, "height": 844})
    for tab in TABS:
        visit.page.click(f"#tab-{tab.name}-button")
        visit.page.wait_for_selector(CONTENT[tab.name])
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
        visit.keep(f"phone-{tab.name}")
    box = visit.page.locator(".photo-frame").bounding_box()
    assert box["height"] <= 0.38 * 844 + 1


def test_use_via_api_says_what_each_argument_means(browser: Any, app: str) -> None:
    page = browser.new_page()  # on which gradio asks for an MCP server too, and complains
    page.goto(app)
    page.click("footer button >> nth=0")
    page.wait_for_selector(".api-docs :text('The photo: a file that is uploaded')")
    page.wait_for_function("!document.querySelector('.api-docs').textContent.includes('input value that is provided')")
    page.close()
