"""Pieces that every tab uses: words that follow the language, pictures in the page, the photo itself."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import gradio as gr
import gradio.blocks
from gradio.data_classes import ImageData
from PIL import Image

from cnnhub.errors import CnnHubError, ImageError
from demo import texts

DEMO = Path(__file__).parent
HERE = DEMO.parent
MAX_UPLOAD_BYTES = 20 * 2**20
GONE = b""  # what stands for a photo whose file was deleted


@cache
def mend_updates() -> None:
    """Let `gr.skip()` leave a gr.HTML alone in a tab that was not opened yet.

    gradio 6.31 takes an update's own mark, "__type__", for a prop of gr.HTML, and a component that is not on the page yet
    gets the props of an update in place of all its own. (For the same reason an update must hold all props or none.)
    """
    original = gradio.blocks.postprocess_update_dict

    def mended(block: Any, update_dict: dict[str, Any], postprocess: bool = True) -> dict[str, Any]:
        unmarked = {key: value for key, value in update_dict.items() if key != "__type__"}
        return original(block, unmarked, postprocess)

    gradio.blocks.postprocess_update_dict = mended


@dataclass
class Words:
    """Remembers how each component's words depend on the language, to change them all at once."""

    entries: list[tuple[gr.components.Component | gr.Tab, Callable[[str], dict[str, Any]]]] = field(default_factory=list)

    def follow(self, component: Any, words: Callable[[str], dict[str, Any]]) -> Any:
        """Register a component; `words(language)` gives the properties to update."""
        self.entries.append((component, words))
        return component

    @property
    def components(self) -> list[Any]:
        return [component for component, _ in self.entries]

    def updates(self, language: str) -> list[Any]:
        return [gr.update(**words(language)) for _, words in self.entries]


class Photo(gr.Image):
    """gr.Image that hands over the file's bytes, so that cnnhub opens it exactly as it opens a path in Python.

    gradio itself would decode it first (before any limit on pixels), drop transparency and re-encode.
    Only files that this visitor uploaded, or examples, get here: URLs are refused, and gradio refuses paths.
    """

    is_template = True  # the page shows it as gradio's own Image

    def preprocess(self, payload: ImageData | None) -> bytes | None:
        if payload is None:
            return None
        if payload.path is None or (payload.url or "").startswith("data:"):
            raise gr.Error("Expected an uploaded file, got data in place of it. Upload the photo first.")
        path = Path(payload.path).resolve()
        # gradio checks only those payloads that carry its own mark; a raw path of the server must not pass
        if not path.is_relative_to(Path(self.GRADIO_CACHE).resolve()):
            raise gr.Error("Expected an uploaded file, got a path. Upload the photo first.")
        if not path.is_file():  # deleted after its ten minutes, while the page stood open
            return GONE
        with path.open("rb") as file:
            data = file.read(MAX_UPLOAD_BYTES + 1)
        if len(data) > MAX_UPLOAD_BYTES:
            raise gr.Error(f"The file is larger than {MAX_UPLOAD_BYTES // 2**20} MB.")
        return data

    async def async_move_resource_to_block_cache(self, url_or_file_path: str | Path | None) -> str | None:
        if str(url_or_file_path).lower().startswith(("http:", "https:")):
            return self._uploaded(str(url_or_file_path))
        return await super().async_move_resource_to_block_cache(url_or_file_path)

    def example_payload(self) -> dict[str, Any]:
        """What "Use via API" shows as an example: a file of the reader's own, since an address would be refused."""
        return {"path": "photo.jpg", "url": "photo.jpg", "orig_name": "photo.jpg", "meta": {"_type": "gradio.FileData"}}

    def api_info(self) -> dict[str, Any]:
        return {**super().api_info(), "additional_description": "A file of yours; the client uploads it."}

    def _uploaded(self, address: str) -> str:
        """The file behind the address that this server gave an upload, as MCP clients hand it over; nothing is fetched."""
        _, found, path = urlsplit(address).path.partition("/gradio_api/file=")
        if not found or not Path(unquote(path)).resolve().is_relative_to(Path(self.GRADIO_CACHE).resolve()):
            raise gr.Error("Expected an uploaded file, got a URL. This server does not fetch pictures; upload it.")
        return unquote(path)


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


def shown(language: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Run what makes a tab's content; an expected error becomes the sentence to show in its place."""
    try:
        return function(*arguments)
    except CnnHubError as error:
        return texts.problem(language, error)


def for_programs(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run what answers an endpoint; an expected error reaches the client with its message."""
    try:
        return function(*arguments)
    except CnnHubError as error:
        raise gr.Error(f"{type(error).__name__}: {error}", print_exception=False) from error


def require(photo: bytes | None) -> bytes:
    if photo is None:
        raise ImageError("No photo arrived; expected an image as the first argument.")
    return photo


def data_uri(image: Image.Image, compress_level: int = 3) -> str:
    """A picture as a lossless data URI; `compress_level` is zlib's, 1 (fast) to 9."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=compress_level)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def page_file(name: str) -> str:
    return (DEMO / name).read_text(encoding="utf-8")
