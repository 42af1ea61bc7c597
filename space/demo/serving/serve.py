"""How the page is served: when it is ready, and how it ends. What strangers may ask of it, `door` says."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.node_server import stop_node_process
from starlette.middleware import Middleware

from demo.photo import memory, uploads
from demo.serving import cover, gradio_fixes, modules
from demo.serving.door import Door
from demo.serving.first_page import First, FirstPage
from demo.serving.unseen import Unseen

PROXIES_NAME = "FORWARDED_ALLOW_IPS"  # uvicorn's: those whose word is taken for whom they ask
PROXIES_OF_SPACES = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,127.0.0.1"


def serve(page: gr.Blocks, options: dict[str, Any], folder: Path, warm: Iterable[Callable[[], object]], first: First) -> None:
    """Serve until SIGTERM or Ctrl-C, then give the answers that are under way and return.

    GET /gradio_api/readyz, and /readyz where there is no SSR, says 503 until all of `warm` has run, then 200; livez says 200.
    GRADIO_SSR_MODE, GRADIO_MCP_SERVER and GRADIO_SERVER_NAME mean what they mean to gradio, FORWARDED_ALLOW_IPS what it means
    to uvicorn: without it no proxy is trusted, but on a Space its own.

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
    unseen = Unseen(folder)
    middleware = [Middleware(door.middleware), Middleware(unseen.middleware), Middleware(FirstPage(first).middleware)]
    os.environ.setdefault(PROXIES_NAME, PROXIES_OF_SPACES if os.environ.get("SPACE_ID") else "")
    door.endpoints = {str(event.api_name) for event in page.fns.values() if event.api_name and event.api_visibility != "private"}
    own = {"middleware": middleware, "routes": [*modules.routes(), cover.route()]}
    try:
        page.launch(**options, prevent_thread_lock=True, app_kwargs=own)
    except OSError as error:  # gradio's, of several lines
        port = uploads.port()
        raise SystemExit(
            f"Port {port} cannot be served on: another program uses it, or it is not allowed. End that one, or choose another "
            f"port: {uploads.PORT_NAME}={port % 65535 + 1} make app"
        ) from error
    unseen.keep_apart(page)
    for number in (signal.SIGTERM, signal.SIGINT):  # after the launch, which may set handlers of its own
        signal.signal(number, lambda *_: end.set())
    for load in warm:
        if not end.is_set():
            load()
    memory.collect_no_more_of_this()
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
    return {os.path.abspath(path) for block in page.blocks.values() for path in getattr(block, "keep_in_cache", ())}
