"""Visitors' photos are not handed out again: a photo says where it was taken, and the page has its own copy."""

from __future__ import annotations

import os
import re
from pathlib import Path

import gradio as gr
from starlette.types import ASGIApp, Receive, Scope, Send

NAME = "uploads"  # of the folder, in that of all temporary files
_FILE = re.compile(r"/file[=/](.*)", re.DOTALL)  # gradio's two routes to a file


class Unseen:
    """Answers for a visitor's photo with nothing. gradio's page asks for it, though nobody sees it there."""

    def __init__(self, folder: Path) -> None:
        """`folder`: where temporary files lie; among them, what the page and its endpoints hand out."""
        self._folder, self._uploads = folder, folder / NAME

    def keep_apart(self, page: gr.Blocks) -> None:
        """Let gradio put uploads into a folder of their own, once the page is launched, and hand out what lies beside it."""
        page.app.uploaded_file_dir = os.path.relpath(self._uploads)  # see `uploads.work_in`
        page.allowed_paths = [*page.allowed_paths, str(self._folder)]

    def middleware(self, app: ASGIApp) -> ASGIApp:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and self._is_asked_for(scope["path"]):
                await send({"type": "http.response.start", "status": 204, "headers": []})
                await send({"type": "http.response.body"})
            else:
                await app(scope, receive, send)

        return serve

    def _is_asked_for(self, address: str) -> bool:
        found = _FILE.search(address)
        if not found or "\0" in found[1]:
            return False
        return Path(os.path.realpath(found[1])).is_relative_to(os.path.realpath(self._uploads))
