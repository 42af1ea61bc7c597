"""How the page is served: what strangers may ask of the server, when it is ready, and how it ends."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.node_server import stop_node_process
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import cnnhub
from demo.photo import memory, uploads
from demo.serving import cover, gradio_fixes, modules
from demo.serving.first_page import First, FirstPage

# A photo of uploads.MAX_BYTES in base64, as MCP clients send it, and what stands around it.
MAX_BODY_BYTES = uploads.MAX_BYTES * 4 // 3 + 2**20
# gradio serves these to everybody, and this page uses none of them: it would fetch addresses, run ffmpeg, write files.
CLOSED = ("proxy=", "process_recording", "vibe-", "undo-vibe-", "deep_link", "file=http:", "file=https:")
HEALTH = ("/healthz", "/gradio_api/healthz")  # with SSR, Node answers the first itself, and hands the second on
LONG_LIVED = ("/heartbeat/", "/mcp")  # requests that stay open for as long as somebody is there
DRAIN_SECONDS = 20.0  # for answers that are being worked out when the end comes
QUIET_SECONDS = 2.0  # a program asks for the result of its call in a request of its own, a moment later
_TOO_LARGE = {"detail": f"The request is larger than {MAX_BODY_BYTES:,} bytes."}


class Door:
    """What the outside sees before gradio does, and whether somebody still waits for an answer."""

    def __init__(self) -> None:
        self.is_ready = False
        self.open_requests = 0
        self.last_busy = time.monotonic()

    def middleware(self, app: ASGIApp) -> ASGIApp:
        """A pure ASGI middleware, since others would gather streamed answers."""

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
            elif scope["path"] in HEALTH:
                await self._health(send)
            elif _is_closed(scope["path"]):
                await _answer(send, 404, {"detail": "Not found."})
            elif _announced(scope) > MAX_BODY_BYTES:
                await _answer(send, 413, _TOO_LARGE)
            else:
                await self._counted(app, scope, _Limit(receive, send))

        return serve

    async def _health(self, send: Send) -> None:
        status = "ok" if self.is_ready else "loading"
        await _answer(send, 200 if self.is_ready else 503, {"status": status, "version": cnnhub.__version__})

    async def _counted(self, app: ASGIApp, scope: Scope, limit: _Limit) -> None:
        is_counted = not any(part in scope["path"] for part in LONG_LIVED)
        self.open_requests += is_counted
        try:
            await app(scope, limit.receive, limit.send)
        except _TooLargeError:
            await limit.refuse()
        finally:
            self.open_requests -= is_counted
            self.last_busy = time.monotonic()

    def drain(self, is_working: Callable[[], bool]) -> None:
        """Wait until no answer is being worked out and none is still to be fetched, DRAIN_SECONDS at most."""
        self.is_ready = False
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline:
            if self.open_requests or is_working():
                self.last_busy = time.monotonic()
            if time.monotonic() - self.last_busy > QUIET_SECONDS:
                return
            time.sleep(0.05)


class _TooLargeError(Exception):
    """A request's body passed MAX_BODY_BYTES."""


class _Limit:
    """Counts a request's body while it arrives, and remembers whether its answer has begun."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._received = 0
        self._has_begun = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > MAX_BODY_BYTES:
            raise _TooLargeError
        return message

    async def send(self, message: Message) -> None:
        self._has_begun = True
        await self._send(message)

    async def refuse(self) -> None:
        if not self._has_begun:
            await _answer(self._send, 413, _TOO_LARGE)


def serve(page: gr.Blocks, options: dict[str, Any], folder: Path, warm: Iterable[Callable[[], object]], first: First) -> None:
    """Serve until SIGTERM or Ctrl-C, then give the answers that are under way and return.

    GET /gradio_api/healthz, and /healthz where there is no SSR, says 503 until all of `warm` has run, then 200.
    GRADIO_SSR_MODE, GRADIO_MCP_SERVER and GRADIO_SERVER_NAME mean what they mean to gradio.

    Args:
        folder: where photos lie while they are kept; emptied at the end.
        warm: loads what the first answers need.
        first: what the first HTML shows, by the address; see `first_page`.
    """
    memory.give_back_large_blocks()
    door, end = Door(), threading.Event()
    sweeper = uploads.Sweeper(folder, uploads.kept_seconds(), lambda: _kept_files(page))
    sweeper.start()
    gradio_fixes.describe(page)
    if os.environ.get("GRADIO_SSR_MODE", "").lower() == "true":
        options = {**options, "css": gradio_fixes.with_own_scope(options["css"])}
    middleware = [Middleware(door.middleware), Middleware(FirstPage(first).middleware)]
    own = {"middleware": middleware, "routes": [*modules.routes(), cover.route()]}
    try:
        page.launch(**options, prevent_thread_lock=True, app_kwargs=own)
    except OSError as error:  # gradio's, of several lines
        port = uploads.port()
        raise SystemExit(
            f"Port {port} cannot be served on: another program uses it, or it is not allowed. End that one, or choose another "
            f"port: {uploads.PORT_NAME}={port % 65535 + 1} make app"
        ) from error
    for number in (signal.SIGTERM, signal.SIGINT):  # after the launch, which may set handlers of its own
        signal.signal(number, lambda *_: end.set())
    for load in warm:
        if not end.is_set():
            load()
    door.is_ready = not end.is_set()
    end.wait()
    door.drain(lambda: len(page._queue) > 0 or any(page._queue.active_jobs))
    if page.node_process is not None:
        page._end_streaming_responses()  # Node waits for these before it ends
        stop_node_process(page.node_process)
    page.close()
    shutil.rmtree(folder, ignore_errors=True)


def _kept_files(page: gr.Blocks) -> set[str]:
    """Files that the page itself shows from the start, such as the first example."""
    return {path for block in page.blocks.values() for path in getattr(block, "keep_in_cache", ())}


def _announced(scope: Scope) -> int:
    """How long a request says that its body is, in bytes."""
    length = dict(scope["headers"]).get(b"content-length", b"")
    return int(length) if length.isdigit() else 0


def _is_closed(path: str) -> bool:
    _, found, rest = path.partition("/gradio_api/")
    return bool(found) and rest.lstrip("/ ").lower().startswith(CLOSED)


async def _answer(send: Send, status: int, content: dict[str, str]) -> None:
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
