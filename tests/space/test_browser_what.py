"""Tab one and the files that the page makes, in a real Chromium."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

import cnnhub
from demo import texts
from demo.tabs.what import why
from tests.support.places import EXAMPLES
from tests.support.visiting import Visit

pytestmark = pytest.mark.browser


def saved(visit: Visit, button: str) -> tuple[str, bytes]:
    with visit.page.expect_download() as download:
        visit.page.click(button)
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_the_result_and_the_card_are_made_in_the_browser(visit: Visit) -> None:
    sent: list[str] = []
    visit.page.on("request", lambda request: request.method == "POST" and sent.append(request.url))
    visit.page.wait_for_selector(".downloads button:enabled")
    name, data = saved(visit, ".downloads [data-word=json]")
    assert name == "cnnhub-cat.json"
    result = json.loads(data)
    prediction = cnnhub.load("cats-vs-dogs").predict(EXAMPLES / "cat.jpg")
    assert result["scores"] == pytest.approx(prediction.scores, abs=1e-4)
    assert result["unfamiliar"]["is_unfamiliar"] is False and result["reliability"]["count"] > 30

    name, data = saved(visit, ".downloads [data-word=card]")
    assert name == "cnnhub-cat.png"
    card = Image.open(io.BytesIO(data)).convert("RGB")
    assert card.size == (1200, 630)
    pixels = np.asarray(card).astype(int)
    photo = np.asarray(ImageOps.contain(cnnhub.open_image(EXAMPLES / "cat.jpg"), (440, 534))).astype(int)
    top = 48 + (534 - photo.shape[0]) // 2
    there = pixels[top : top + photo.shape[0], 48 : 48 + 440]
    assert np.abs(there - photo)[20:-20, 20:-20].mean() < 6, "the whole photo is not on the card"
    assert (pixels[48 : top - 2, 48 : 48 + 440] == (0xFB, 0xFA, 0xF7)).all(), "the photo has another shape on the card"
    assert (pixels == (0xC2, 0x57, 0x1A)).all(2).sum() > 5_000, "the bar of the first class is not on the card"
    assert (pixels[:, 540:1150] < 60).all(2).sum() > 1_000, "there is no writing on the card"
    assert (pixels[:, 1152:] == (0xFB, 0xFA, 0xF7)).all(), "something reaches into the margin"
    assert [url for url in sent if "upload" in url] == [], "the card left the browser"


@pytest.mark.parametrize("language", ["zh-TW", "zh-CN"])
def test_a_card_in_chinese(visit: Visit, language: str) -> None:
    visit.page.click(f"#language input[value='{language}']", force=True)
    visit.wait_for_heading("#answer", "一")
    _, data = saved(visit, ".downloads [data-word=card]")
    pixels = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
    assert (pixels[40:200, 540:1150] < 60).sum() > 1_000


def test_a_second_photo_beside_the_first(visit: Visit) -> None:
    page = visit.page
    page.click("#compare > button")
    page.click("#second .picker button >> nth=1")
    page.wait_for_function("document.querySelector('#compared .told')?.textContent.includes('the second like a dog')")
    assert page.locator("#compared tbody tr").count() == 2
    page.set_input_files("#second input[type=file]", EXAMPLES / "chelsea.png")
    assert "stale" in page.get_attribute("#compared", "class"), "the table of another photo stands there as if it were this one's"
    page.wait_for_function("document.querySelector('#compared .told')?.textContent.includes('Both look like a cat')")
    assert page.locator("#second .picker [aria-pressed=true]").count() == 0
    page.wait_for_function("!document.querySelector('#compared').className.includes('stale')")
    page.click("#model label:has-text('Flowers')")
    page.wait_for_function(
        "document.querySelector('#compared .told')?.textContent.includes('Neither of the two looks like anything')"
    )
    page.click("#language label:has-text('正體中文')")
    page.wait_for_function("document.querySelector('#compared .told')?.textContent.includes('兩張都不像這個網路認識的任何東西')")
    visit.keep("1-compare-zh")


def test_why_shows_where_and_checks_itself(visit: Visit) -> None:
    page = visit.page
    page.click("#why-button")
    page.wait_for_selector(".why .why-map")
    found = cnnhub.explain(cnnhub.load("cats-vs-dogs"), EXAMPLES / "cat.jpg")
    assert found.faithfulness is not None
    assert "speaks for “cat”" in page.inner_text(".why .told")
    drawn = page.evaluate_handle("document.querySelector('.why-map')")
    page.wait_for_function("document.querySelector('.why-check').textContent.includes('%')")
    assert drawn.evaluate("each => each.isConnected"), "the check comes without the map being drawn anew"
    curves, told = found.faithfulness, page.inner_text(".why-check")
    of_a_quarter = [found.probability, curves.deletion[3], curves.insertion[3]]
    assert all(texts.percent(each) in told for each in of_a_quarter) and told.count("%") == 3
    assert texts.t("en", f"why_check_{why.verdict(*of_a_quarter)}", thing="cat") in told
    heat = Image.open(io.BytesIO(base64.b64decode(page.get_attribute(".why .why-map", "src").split(",")[1])))
    assert heat.mode == "RGBA" and heat.width / heat.height == pytest.approx(640 / 427, abs=0.02)
    clear = np.asarray(heat.getchannel("A"), float) / 255
    wanted = found.over(heat.size)
    assert np.abs(clear - np.sqrt(wanted)).max() < 0.02, "the page's map is another one than the library's"
    page.locator(".why input[type=range]").fill("0")
    assert page.eval_on_selector(".why .why-map", "each => each.style.opacity") == "0"
    page.click(".why .ways button >> nth=1")
    page.wait_for_selector(".why .ways button:nth-child(2)[aria-pressed=true]")
    assert "grey patch" in page.inner_text(".why .told")
    page.select_option(".why select", "dog")
    page.wait_for_function("document.querySelector('.why .told').textContent.includes('dog')")
    page.wait_for_function("document.querySelector('.why-check').textContent.includes('hardly believes in “dog”')")
    page.click("#language label:has-text('正體中文')")  # label and way stay
    page.wait_for_function("document.querySelector('.why .told')?.textContent.includes('狗')")
    assert page.input_value(".why select") == "dog"
    assert page.get_attribute(".why .ways button:nth-child(2)", "aria-pressed") == "true"
    page.click(".picker button >> nth=1")  # another photo: what was shown is about the first one
    page.wait_for_function("!document.querySelector('.why-map')")
    page.click("#why-button")
    page.click(".why button:text-is('哪些通道這麼說？')")
    visit.wait_for_heading("#journey", "第 9 站，共 9 站，最影響答案的通道在前。")


def test_why_stays_open_on_the_way_back_from_inside(visit: Visit) -> None:
    page = visit.page
    page.click("#why-button")
    page.wait_for_selector(".why .why-map")
    page.select_option(".why select", "dog")
    page.wait_for_function("document.querySelector('.why .told').textContent.includes('dog')")
    page.click(".why button:text-is('Which channels say so?')")
    visit.wait_for_heading("#journey", "what moves the answer most first")
    page.click("#tab-what-button")
    page.wait_for_selector(".why .why-map")
    page.wait_for_timeout(500)  # the tab is shown anew, after it has been seen
    assert page.input_value(".why select") == "dog"
    page.click("[data-key=dog]")  # another photo, after a visit
    page.wait_for_function("!document.querySelector('.why-map')")


def test_a_pizza_is_neither(visit: Visit) -> None:
    page = visit.page
    page.click(".picker button[title='a pizza']")
    visit.wait_for_heading("#answer", "This looks like neither a cat nor a dog.")
    assert page.locator("#answer .bars .hollow").count() == 2 and page.locator("#answer .sentence p").count() == 0
    page.click("button:has-text('The numbers, and')")
    note = page.inner_text(".numbers + .measured")
    told = re.search(r"Strangeness ([\d.]+); above ([\d.]+) I call a photo unfamiliar. .* ([\d.]+)\xa0% are called so", note)
    assert told and float(told[1]) > float(told[2])
    visit.keep("1-pizza-en")


def test_the_gallery_and_its_maps_can_be_saved(visit: Visit) -> None:
    page = visit.page
    page.click("#tab-inside-button")
    visit.wait_for_heading("#journey", "Stage 3 of 9")
    name, data = saved(visit, "#gallery .downloads button >> nth=0")
    assert name == "cnnhub-cats-vs-dogs-blocks.1.png"
    picture = Image.open(io.BytesIO(data))
    assert picture.width > 8 * 56 and len(picture.convert("RGB").getcolors(1_000_000)) > 200
    name, data = saved(visit, "#gallery .downloads button >> nth=1")
    assert name == "cnnhub-cats-vs-dogs-blocks.1.npz"
    maps = np.load(io.BytesIO(data))["blocks.1"]
    expected = cnnhub.load("cats-vs-dogs").feature_maps(EXAMPLES / "cat.jpg", "blocks.1")["blocks.1"].numpy()
    assert maps.dtype == np.float32 and np.allclose(maps, expected, atol=1e-5)


def test_the_address_keeps_network_layer_and_channel(visit: Visit) -> None:
    page = visit.page
    page.click("#model label:has-text('Flowers')")
    page.wait_for_function("location.search.includes('task=flowers')")
    page.click("#tab-inside-button")
    visit.wait_for_heading("#journey", "Stage 3 of 9")
    page.click(".journey button:has-text('bn2')")
    visit.wait_for_heading("#journey", "Stage 9 of 9")
    page.click(".channels .tile >> nth=5")
    page.wait_for_function("document.querySelector('.large-told')?.textContent.includes('number 6 of')")
    chosen = page.inner_text(".large-told b")
    assert f"channel={chosen.split()[1]}" in page.url and "layer=bn2" in page.url
    visit.reload()
    visit.wait_for_heading("#journey", "Stage 9 of 9")
    page.wait_for_selector(f".large-told b:text-is('{chosen}')")
    page.click(".journey button:has-text('blocks.1')")
    visit.wait_for_heading("#journey", "Stage 3 of 9")
    page.wait_for_function("document.querySelector('.large-told')?.textContent.includes('number 1 of 24')")
    assert "channel" not in page.url


def test_long_numbers_stay_inside_the_page(visit: Visit) -> None:
    assert visit.page.inner_text("#answer .bars dd >> nth=1") == "> 99.9 %"
    for width in (1280, 390):
        visit.page.set_viewport_size({"width": width, "height": 844})
        cells = "[...document.querySelectorAll('.bars .row')].map(row => [row.lastChild.scrollWidth, row.lastChild.clientWidth])"
        assert all(needed <= there for needed, there in visit.page.evaluate(cells))


def test_a_map_never_lies_over_another_photo(visit: Visit) -> None:
    """Why is asked, and another photo chosen before the answer."""
    page = visit.page
    page.evaluate("() => { for (const one of ['#why-button', '[data-key=dog]']) document.querySelector(one).click(); }")
    visit.wait_for_heading("#answer", "dog")
    page.wait_for_timeout(2500)
    assert page.locator(".why-map").count() == 0
    page.click("#why-button")
    page.wait_for_selector(".why .why-map")
    assert "speaks for “dog”" in page.inner_text(".why .told")
