"""Where gradio does the wrong thing, mended: everything that reaches into it stands here.

Each was seen in SEEN_IN; tests/space/test_gradio_fixes.py has a test for each that fails once gradio does it right itself, so
that what is not needed any more goes. (What serves the first HTML in the visitor's language, `first_page`, works from outside.)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from functools import cache, wraps
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import gradio.blocks
import gradio.component_meta
import gradio.queueing
from gradio import utils
from gradio.context import LocalContext
from gradio.mcp import GradioMCPServer
from gradio.route_utils import CustomCORSMiddleware, GradioMultiPartParser, GradioUploadFile
from gradio.state_holder import SessionState
from starlette.formparsers import MultiPartException

SEEN_IN = "6.31.0"


@cache
def write_no_stubs() -> None:
    """gradio writes a .pyi beside the source of every class made from a component: into the app, and type checkers read it.

    Call it before such a class is defined.
    """
    gradio.component_meta.create_or_modify_pyi = _replacing(
        gradio.component_meta.create_or_modify_pyi, lambda original, *arguments: None
    )


@cache
def mend() -> None:
    """Mend what must be mended before the page is built."""
    gradio.blocks.postprocess_update_dict = _replacing(gradio.blocks.postprocess_update_dict, _unmarked)
    gradio.queueing.Event.__init__ = _replacing(gradio.queueing.Event.__init__, _with_own_line)  # type: ignore[method-assign]
    gradio.queueing.Queue.__init__ = _replacing(gradio.queueing.Queue.__init__, _with_lines)  # type: ignore[method-assign]
    GradioMCPServer.postprocess_output_data = _replacing(GradioMCPServer.postprocess_output_data, _unwrapped)  # type: ignore[method-assign]
    CustomCORSMiddleware.__call__ = _replacing(CustomCORSMiddleware.__call__, _unshared)  # type: ignore[method-assign]
    GradioMultiPartParser.parse = _replacing(GradioMultiPartParser.parse, _parsed)  # type: ignore[method-assign]
    SessionState.__init__ = _replacing(SessionState.__init__, _begun)  # type: ignore[method-assign]


def unmended(function: Callable[..., Any]) -> Callable[..., Any]:
    """gradio's own function, for tests."""
    return getattr(function, "__wrapped__", function)


def _replacing(original: Callable[..., Any], mended: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def replaced(*arguments: Any, **options: Any) -> Any:
        return mended(original, *arguments, **options)

    return replaced


def _begun(original: Callable[..., Any], session: SessionState, blocks: gr.Blocks) -> None:
    """Begin a session without a description of every component, which only deep links need; the door closes those.

    They are 800 lists and dictionaries a visit: 500 visits of them take 100 MB, and a quarter of a second to look through in each
    full garbage collection.
    """
    original(session, SimpleNamespace(default_config=blocks.default_config, blocks={}))


def _unmarked(original: Callable[..., Any], block: Any, update_dict: dict[str, Any], postprocess: bool = True) -> dict[str, Any]:
    """Let `gr.skip()` leave a gr.HTML alone in a tab that was not opened yet.

    gradio takes an update's own mark, "__type__", for a prop of gr.HTML, and a component that is not on the page yet gets the
    props of an update in place of all its own. (For the same reason an update must hold all props or none.)
    """
    update: dict[str, Any] = original(block, {key: value for key, value in update_dict.items() if key != "__type__"}, postprocess)
    return update


def _unwrapped(original: Callable[..., Any], server: GradioMCPServer, data: Any, root_url: str) -> Any:
    """Give an MCP client each of a tool's answers: gradio wraps several into one, and a picture among them becomes text."""
    return original(server, data[0] if len(data) == 1 and isinstance(data[0], list | tuple) else data, root_url)


async def _unshared(_original: Callable[..., Any], middleware: CustomCORSMiddleware, *request: Any) -> None:
    """Let no other site's page read an answer: gradio lets all of them, with the visitor's cookies, unless the host is local."""
    await middleware.app(*request)


async def _parsed(original: Callable[..., Any], parser: GradioMultiPartParser) -> Any:
    """Leave nothing of an upload that is broken off or for which the disk has no room, and refuse one without a file's name."""
    try:
        form = await original(parser)
        if not all(isinstance(part, GradioUploadFile) for part in form.getlist("files")):
            raise MultiPartException('A part called "files" has no file name; each is expected to be a file.')
    except BaseException:
        for file in parser._files_to_close_on_error:
            with suppress(OSError):  # gone already, or its last bytes do not fit
                file.close()
            Path(file.name).unlink(missing_ok=True)
        raise
    return form


def _with_own_line(original: Callable[..., Any], event: Any, session_hash: str | None, fn: Any, *others: Any) -> None:
    """Let each visitor stand in a line of his own for every event that has no line by name.

    gradio runs an event for one visitor at a time: a photo that takes long to open would keep all others waiting. Without any
    limit a visitor's own events would overtake each other.
    """
    original(event, session_hash, fn, *others)
    if fn.queue and fn.concurrency_limit == "default":
        event.concurrency_id = f"{fn.concurrency_id} of {event.session_hash}"


def _with_lines(original: Callable[..., Any], queue: Any, *arguments: Any, **options: Any) -> None:
    original(queue, *arguments, **options)
    queue.event_queue_per_concurrency_id = _Lines(queue.event_queue_per_concurrency_id)


class _Line(gradio.queueing.EventQueue):
    """A visitor's."""

    @property
    def is_over(self) -> bool:
        return not self.queue and self.current_concurrency < 1


class _Lines(dict[str, gradio.queueing.EventQueue]):
    """A visitor's line is there when it is asked for; those that are over go then."""

    def __missing__(self, name: str) -> gradio.queueing.EventQueue:
        for other, line in list(self.items()):
            if isinstance(line, _Line) and line.is_over:
                del self[other]
        self[name] = _Line(name, 1)
        return self[name]


def wrap(page: gr.Blocks, change: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Change what each event of the page runs."""
    for function in page.fns.values():
        if function.fn:
            function.fn = change(function.fn)


def describe(page: gr.Blocks) -> None:
    """Let "Use via API" say what each argument and answer means, from the docstrings; gradio tells MCP clients alone."""
    get_info = page.get_api_info

    def described(*arguments: Any, **options: Any) -> Any:
        info = get_info(*arguments, **options)
        for function in page.fns.values():
            endpoint = info["named_endpoints"].get(f"/{function.api_name}")
            if endpoint and function.fn:
                _, meanings, answers = utils.get_function_description(function.fn)
                for parameter in endpoint["parameters"]:
                    meaning = meanings.get(parameter["parameter_name"], "")
                    _describe(parameter, meaning[:1].upper() + meaning[1:])  # it follows a sentence of gradio's
                last = len(endpoint["returns"]) - 1
                for place, answer in enumerate(endpoint["returns"]):
                    _describe(answer, " ".join(answers[place:] if place == last else answers[place : place + 1]))
        return info

    page.get_api_info = described  # type: ignore[method-assign]


def _describe(value: Any, meaning: str) -> None:
    if meaning:
        value["python_type"]["description"] = meaning


write_no_stubs()


class Grid(gr.JSON):
    """A grid of numbers that a program sends. gr.JSON describes itself by a schema that is none, and MCP clients refuse it."""

    is_template = True

    def api_info(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}


class Steps(gr.JSON):
    """A list of objects that a program sends."""

    is_template = True

    def api_info(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "object"}}


def waiting(line: str) -> list[str]:
    """The sessions whose events wait in gradio's line of this name (`concurrency_id`), first come first; the one whose event runs
    is none of them. gradio tells each its place, but only its own client hears of it, no component. To be called in an event."""
    blocks = LocalContext.blocks.get()
    queue = blocks._queue.event_queue_per_concurrency_id.get(line) if blocks else None
    return [event.session_hash for event in queue.queue] if queue else []


def properties(component: Any, change: Any) -> dict[str, Any]:
    """An update, or a value, of a component as the page's first HTML describes it: its properties of that name."""
    is_update = isinstance(change, dict) and change.get("__type__") == "update"
    new = {name: value for name, value in (change if is_update else {"value": change}).items() if name != "__type__"}
    made: dict[str, Any] = {}
    if "value" in new:
        value = component.postprocess(new.pop("value"))
        made["value"] = value.model_dump() if hasattr(value, "model_dump") else value
    if isinstance(component, gr.HTML):
        return made | ({"props": component.props | new} if new else {})
    if new:
        described = component.__class__(**{**component.constructor_args, **new, "render": False}).get_config()
        made |= {name: described[name] for name in new}
    return made


def with_own_scope(css: str) -> str:
    """The style sheet as gradio writes it where the browser renders the page; where Node does, gradio's own rules would win.

    >>> with_own_scope("@media print { .c, .gradio-container i { top: 0 } }")
    '@media print { .gradio-container.gradio-container .contain .c, .gradio-container i { top: 0 } }'
    """
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return re.sub(r"([^{}\s][^{}]*?)\s*\{", lambda found: f"{_scoped(found[1])} {{", css)


def _scoped(selectors: str) -> str:
    if selectors.startswith("@"):
        return selectors
    parts = [part.strip() for part in re.split(r",(?![^(]*\))", selectors)]
    scope = ".gradio-container.gradio-container .contain "
    return ", ".join(part if ".gradio-container" in part else scope + part for part in parts)
