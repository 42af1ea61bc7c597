"""An old answer never stands beside a new photo as if it were its own: it is dimmed at once, on every tab and every line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from demo.tabs import TABS
from tests.support.places import EXAMPLES
from tests.support.visiting import CONTENT, Visit

pytestmark = pytest.mark.browser
STATE = "[document.querySelector('#tab-column').className.includes('stale'), document.querySelector('.work').textContent]"


def after(page: Any, act: str) -> list[Any]:
    """The state in the same moment as the act, before any answer can have come."""
    return list(page.evaluate(f"() => {{ {act}; return {STATE}; }}"))


def wait_until_fresh(page: Any) -> None:
    page.wait_for_function("!document.querySelector('#tab-column').className.includes('stale')")


def test_each_tab_stands_back_until_the_answer_of_the_new_photo(visit: Visit) -> None:
    page = visit.page
    examples = iter(["dog", "pizza", "roses", "tulips", "daisy"])
    for tab in TABS:
        page.click(f"#tab-{tab.name}-button")
        page.wait_for_selector(CONTENT[tab.name])
        wait_until_fresh(page)
        assert after(page, f"document.querySelector('[data-key={next(examples)}]').click()") == [True, "Working …"]
        wait_until_fresh(page)
    watch = """new MutationObserver(() => {
        window.wasStale ||= document.querySelector('#tab-column').className.includes('stale');
    }).observe(document.querySelector('#tab-column'), {attributes: true})"""
    page.evaluate(watch)
    # a tab that was opened before shows an older photo until its own answer comes; and so it is with another network
    for act in ("#tab-what-button", "#model label:has-text('Flowers')"):
        page.evaluate("window.wasStale = false")
        page.click(act)
        page.wait_for_function("window.wasStale")
        wait_until_fresh(page)
    assert "Flowers" in page.inner_text("#model label.selected")
    assert after(page, "document.querySelector('.photo-remove').click()") == [True, "Working …"]
    wait_until_fresh(page)
    assert visit.heading("#answer") == "Choose a photo first."


def test_a_slow_upload_and_a_lost_connection_are_told_in_the_visitor_s_language(browser: Any, app: str) -> None:
    page = browser.new_page()
    page.goto(f"{app}/?lang=zh-TW")
    page.wait_for_function("window.cnnhubLink?.isRestored")
    held: list[Any] = []
    page.route("**/gradio_api/upload*", lambda route: held.append(route))
    page.set_input_files("#photo input[type=file]", EXAMPLES / "sunflower.jpg")
    page.wait_for_function("document.querySelector('.photo-picture').src.startsWith('blob:')")
    page.wait_for_timeout(300)
    assert held and page.evaluate(STATE) == [True, "處理中…"]
    held[0].continue_()
    wait_until_fresh(page)
    page.context.set_offline(True)
    page.click("[data-key=dog]")
    page.wait_for_selector(".toast-message-text")
    page.wait_for_function("document.querySelector('.toast-message-text')?.textContent.includes('連線中斷')")
    assert page.evaluate(STATE) == [True, "沒有連線。"]
    assert "url(" in page.eval_on_selector(".photo-frame", "frame => frame.style.backgroundImage")
    page.context.set_offline(False)
    page.wait_for_function("document.querySelector('#answer h2')?.textContent === '這是一隻狗。'")
    wait_until_fresh(page)
    page.close()


def test_a_full_line_is_told_and_waited_in(browser: Any, app: str) -> None:
    page = browser.new_page()
    page.goto(f"{app}/?lang=zh-TW")
    page.wait_for_function("window.cnnhubLink?.isRestored")
    full: list[bool] = [True]

    def join(route: Any) -> None:
        if full[0]:
            route.fulfill(status=503, json={"detail": "Queue is full. Max size is 60 and size is 60."})
        else:
            route.continue_()

    page.route("**/gradio_api/queue/join*", join)
    page.click("[data-key=dog]")
    page.wait_for_function("document.querySelector('.work').textContent === '現在很多人在用，馬上就輪到您…'")
    full[0] = False
    page.wait_for_function("document.querySelector('#answer h2')?.textContent === '這是一隻狗。'")
    wait_until_fresh(page)
    assert page.inner_text(".work") == ""
    page.close()


@pytest.mark.parametrize(("status", "told"), [(429, "一下子传来太多照片"), (507, "没有空间"), (500, "照片没有传到")])
def test_why_a_photo_was_not_taken_is_told(browser: Any, app: str, status: int, told: str) -> None:
    page = browser.new_page()
    page.goto(f"{app}/?lang=zh-CN")
    page.wait_for_function("window.cnnhubLink?.isRestored")
    page.route("**/gradio_api/upload*", lambda route: route.fulfill(status=status, json={"detail": "No."}))
    page.set_input_files("#photo input[type=file]", EXAMPLES / "sunflower.jpg")
    page.wait_for_function("told => document.querySelector('#photo').textContent.includes(told)", arg=told)
    page.close()


def test_nothing_on_the_page_is_against_its_own_policy(browser: Any, app: str) -> None:
    page = browser.new_page()
    page.add_init_script(
        "window.refused = []; addEventListener('securitypolicyviolation', (event) => refused.push(event.blockedURI))"
    )
    for query in ("", "?tab=filter", "?tab=inside", "?tab=tour&step=11", "?view=api"):
        page.goto(f"{app}/{query}")
        page.wait_for_function("window.cnnhubLink?.isRestored")
        page.wait_for_timeout(500)
        assert page.evaluate("refused") == []
    page.evaluate("fetch('https://example.org').catch(() => null)")
    page.wait_for_function("refused.length === 1")
    page.close()


def test_a_link_is_painted_in_its_language_and_with_its_photo_from_the_first(browser: Any, app: str) -> None:
    page = browser.new_page(locale="en-US")
    page.add_init_script("""
        window.seen = [new Set(), new Set()];
        const look = () => {
          const [heading, photo] = ['#answer h2', '.photo-picture'].map((one) => document.querySelector(one));
          if (heading?.textContent) window.seen[0].add(heading.textContent);
          if (photo?.src) window.seen[1].add(photo.src.split('/').at(-1));
          requestAnimationFrame(look);
        };
        look();
    """)
    page.goto(f"{app}/?lang=zh-CN&example=dog")
    page.wait_for_function("window.cnnhubLink?.isRestored")
    page.wait_for_timeout(300)
    assert page.evaluate("seen.map((one) => [...one])") == [["这是一只狗。"], ["dog.jpg"]]
    page.close()


def test_back_undoes_photo_network_preset_and_layer(visit: Visit) -> None:
    page = visit.page

    def back_to(script: str) -> None:
        page.go_back()
        page.wait_for_function(script)
        wait_until_fresh(page)

    page.click("[data-key=dog]")
    visit.wait_for_heading("#answer", "dog")
    page.click("#model label:has-text('Flowers')")
    page.wait_for_function("location.search.includes('task=flowers')")
    page.click("#tab-filter-button")
    visit.wait_for_heading("#lab", "Sobel x")
    page.click(".chip[data-preset=emboss]")
    page.wait_for_function("location.search.includes('kernel=emboss')")
    page.click("#tab-inside-button")
    visit.wait_for_heading("#journey", "Stage 3")
    page.click(".journey button:has-text('bn2')")
    visit.wait_for_heading("#journey", "Stage 9")
    page.click(".channels .tile >> nth=5")
    page.wait_for_function("document.querySelector('.large-told')?.textContent.includes('number 6 ')")
    back_to("document.querySelector('.large-told').textContent.includes('number 1 ')")
    back_to("document.querySelector('#journey h2').textContent.includes('Stage 3')")
    back_to("document.querySelector('#lab .chip[aria-pressed=true]')?.dataset.preset === 'emboss'")
    back_to("document.querySelector('#lab .chip[aria-pressed=true]')?.dataset.preset === 'sobel_x'")
    back_to("document.querySelector('#answer')?.offsetParent")
    back_to("document.querySelector('#model label.selected').textContent.includes('Cats')")
    back_to("document.querySelector('.photo-picture').src.includes('cat.jpg')")


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("empty.jpg", b"", "It is empty."),
        ("letter.pdf", b"%PDF-1.7 x", "It is a PDF document."),
        ("cut.jpg", (EXAMPLES / "cat.jpg").read_bytes()[:9000], "It is a picture, but damaged or cut off."),
    ],
)
def test_a_file_that_is_no_photo_says_what_it_is(
    visit_of: Callable[..., Visit], tmp_path: Any, name: str, data: bytes, told: str
) -> None:
    page = visit_of().page
    (tmp_path / name).write_bytes(data)
    page.set_input_files("#photo input[type=file]", tmp_path / name)
    page.wait_for_function("told => document.querySelector('#answer .sentence').textContent.includes(told)", arg=told)
    wait_until_fresh(page)
    if not page.evaluate("document.querySelector('.photo-picture').naturalWidth"):
        assert page.inner_text(".photo-empty") == "The browser cannot show this file."
