"""What gradio does wrong, without our mending: each test here fails once gradio does it right, and its fix can go."""

from __future__ import annotations

import asyncio
import importlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import gradio as gr
import gradio.blocks
import gradio.component_meta
import gradio.queueing
import pytest
from gradio.mcp import GradioMCPServer
from gradio.route_utils import CustomCORSMiddleware, GradioMultiPartParser
from gradio.state_holder import SessionState
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from demo.serving import first_page, gradio_fixes
from demo.serving.gradio_fixes import unmended


@pytest.fixture(autouse=True)
def mended() -> None:
    gradio_fixes.mend()


def test_the_version_is_the_one_that_is_installed() -> None:
    """Another one: read the failures below, then set SEEN_IN."""
    assert metadata.version("gradio") == gradio_fixes.SEEN_IN


def test_an_update_s_own_mark_becomes_a_prop() -> None:
    html, skip = gr.HTML("x"), gr.skip()
    assert unmended(gradio.blocks.postprocess_update_dict)(html, dict(skip))["props"] == skip
    assert "props" not in gradio.blocks.postprocess_update_dict(html, dict(skip))
    with_words = gradio.blocks.postprocess_update_dict(html, gr.update(words=1))
    assert with_words == {"props": {"words": 1}, "__type__": "update"}


def test_a_session_begins_with_a_description_of_every_component() -> None:
    with gr.Blocks() as blocks:
        parts = [gr.Textbox(), gr.Image()]
    mended, own = SessionState(blocks), SessionState.__new__(SessionState)
    unmended(SessionState.__init__)(own, blocks)
    assert set(own.config_values) >= {part._id for part in parts} and mended.config_values == {}
    assert mended.blocks_config.blocks == own.blocks_config.blocks
    mended[parts[0]._id] = parts[0]
    assert list(mended.config_values) == [parts[0]._id], "what changes is described as before"


def test_a_stub_is_written_beside_each_component_s_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.py").write_text("import gradio as gr\n\n\nclass Own(gr.JSON):\n    is_template = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    own = importlib.import_module("own")
    assert not (tmp_path / "own.pyi").exists()
    unmended(gradio.component_meta.create_or_modify_pyi)(own.Own, "Own", [])
    assert (tmp_path / "own.pyi").exists()


def asked(app: Any, headers: dict[str, str]) -> list[str]:
    """Names of the answer's headers."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    names: list[str] = []

    async def send(message: dict[str, Any]) -> None:
        names.extend(name.decode() for name, _ in message.get("headers", ()))

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, app(scope, None, send)).result()
    return names


def test_other_sites_may_read_answers() -> None:
    async def inner(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    middleware = CustomCORSMiddleware(inner)
    stranger = {"origin": "https://evil.example", "host": "demo.example.org"}
    before = asked(partial(unmended(CustomCORSMiddleware.__call__), middleware), stranger)
    assert "access-control-allow-origin" in before
    assert asked(middleware, stranger) == []


def test_a_broken_off_upload_stays(tmp_path: Path) -> None:
    async def half() -> Any:
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nhalf'
        raise ClientDisconnect

    def parser() -> GradioMultiPartParser:
        kind = Headers({"content-type": "multipart/form-data; boundary=x"})
        return GradioMultiPartParser(kind, half(), max_file_size=10**6, upload_dir=tmp_path)

    for parse, left in ((unmended(GradioMultiPartParser.parse), 1), (GradioMultiPartParser.parse, 0)):
        for path in tmp_path.iterdir():
            path.unlink()
        with ThreadPoolExecutor(1) as thread, pytest.raises(ClientDisconnect):
            thread.submit(asyncio.run, parse(parser())).result()
        assert len(list(tmp_path.iterdir())) == left


class FinishedCall:
    """What gradio's client hands over when a tool with two answers is done."""

    def result(self) -> tuple[str, str]:
        return "a picture", "its facts"


def test_several_answers_of_a_tool_are_wrapped_into_one() -> None:
    async def wrapped() -> list[object]:
        return await GradioMCPServer._execute_tool_without_progress(None, FinishedCall())  # type: ignore[arg-type]

    with ThreadPoolExecutor(1) as thread:  # Playwright's loop may run in this one
        answers = thread.submit(asyncio.run, wrapped()).result()
    assert len(answers) == 1 and len(answers[0]) == 2  # type: ignore[arg-type]


def test_use_via_api_does_not_say_what_an_argument_means() -> None:
    def double(number: float) -> float:
        """Twice as much.

        Args:
            number: what is doubled.

        Returns:
            Its double.
        """
        return 2 * number

    def meanings() -> list[str]:
        found = page.get_api_info()["named_endpoints"]["/double"]
        return [value["python_type"]["description"] for value in (*found["parameters"], *found["returns"])]

    with gr.Blocks(analytics_enabled=False) as page:
        gr.Button().click(double, gr.Number(label="number"), gr.Number(label="double"), api_name="double")
    assert meanings() == ["", ""]
    gradio_fixes.describe(page)
    assert meanings() == ["What is doubled.", "Its double."]


@pytest.mark.parametrize("mended", [gradio_fixes.Grid, gradio_fixes.Steps])
def test_json_describes_itself_by_no_schema(mended: type[gr.JSON]) -> None:
    assert gr.JSON().api_info()["type"] == {}
    assert mended().api_info()["type"] == "array"


def test_the_first_html_is_in_english_for_everybody() -> None:
    template = (Path(gr.__file__).parent / "templates" / "frontend" / "index.html").read_text()
    assert first_page.GRADIOS in template and first_page.HEAD in template and first_page.CONFIG in template
    assert first_page.OF_GRADIO.search(template)


def test_use_via_api_names_components_that_nobody_sees() -> None:
    """page/api_docs.js takes the phrase away."""
    assets = (Path(gr.__file__).parent / "templates" / "frontend" / "assets").glob("ApiDocs-*.js")
    assert any('The input value that is provided in the "' in asset.read_text(encoding="utf-8") for asset in assets)


class FakeFunction:
    """What an event knows of what it runs."""

    def __init__(self, limit: object, name: str) -> None:
        self.queue, self.concurrency_limit, self.concurrency_id = True, limit, name


def test_all_visitors_stand_in_one_line_for_an_event() -> None:
    function = FakeFunction("default", "1")
    event = object.__new__(gradio.queueing.Event)
    unmended(gradio.queueing.Event.__init__)(event, "me", function, None, None)
    assert event.concurrency_id == "1"
    mine, yours = (gradio.queueing.Event(who, function, None, None).concurrency_id for who in ("me", "you"))
    assert mine != yours and mine == gradio.queueing.Event("me", function, None, None).concurrency_id
    assert gradio.queueing.Event("me", FakeFunction(1, "dreams"), None, None).concurrency_id == "dreams"


def test_a_visitor_s_line_is_there_when_it_is_asked_for_and_goes_when_it_is_over() -> None:
    queue = gr.Blocks()._queue
    lines = queue.event_queue_per_concurrency_id
    named = lines.setdefault("dreams", gradio.queueing.EventQueue("dreams", 1))
    first, second = lines["1 of me"], lines["1 of you"]
    assert first is not second and second.concurrency_limit == 1
    assert lines.keys() == {"dreams", "1 of you"} and lines["dreams"] is named, "an idle line went as another one came"
    second.current_concurrency = 1
    assert lines["1 of us"] and "1 of you" in lines
