"""The component through which a photo reaches the server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import gradio as gr
from gradio.data_classes import ImageData
from pydantic import ConfigDict, ValidationError

from demo.photo.photo import Photo
from demo.photo.uploads import MAX_BYTES
from demo.serving import gradio_fixes

gradio_fixes.write_no_stubs()


class UploadedImage(ImageData):
    """What a client sends for a picture; of anything else it hears what to send."""

    model_config = ConfigDict(title="ImageData")

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> UploadedImage:
        try:
            return super().model_validate(obj, **options)
        except ValidationError as error:
            raise gr.Error(_what_to_send(obj), print_exception=False) from error


class PhotoInput(gr.Image):
    """gr.Image that hands over the file itself, so that cnnhub opens it exactly as it opens a path in Python.

    gradio itself would decode it first (before any limit on pixels), drop transparency and re-encode.
    Only files that this visitor uploaded, or examples, get here: URLs are refused, and gradio refuses paths.
    """

    data_model = UploadedImage
    is_template = True  # the page shows it as gradio's own Image

    def preprocess(self, payload: ImageData | None) -> Photo | None:  # type: ignore[override]  # gradio's gives pixels
        if payload is None:
            return None
        if payload.path is None or (payload.url or "").startswith("data:"):
            raise gr.Error(_what_to_send(payload.url or payload.path), print_exception=False)
        path = Path(payload.path).resolve()
        # gradio checks only those payloads that carry its own mark; a raw path of the server must not pass
        if not path.is_relative_to(Path(self.GRADIO_CACHE).resolve()):
            raise gr.Error(_what_to_send(payload.path), print_exception=False)
        if not path.is_file():  # deleted after its ten minutes, while the page stood open
            return Photo(b"", payload.path, is_gone=True)
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise gr.Error(f"The file is larger than {MAX_BYTES // 2**20} MB.")
        return Photo(data, payload.path)

    async def async_move_resource_to_block_cache(self, url_or_file_path: str | Path | None) -> str | None:
        if str(url_or_file_path).lower().startswith(("http:", "https:")):
            return self._uploaded(str(url_or_file_path))
        return _from_here(await super().async_move_resource_to_block_cache(url_or_file_path))

    def move_resource_to_block_cache(self, url_or_file_path: str | Path | None) -> str | None:
        return _from_here(super().move_resource_to_block_cache(url_or_file_path))

    def example_payload(self) -> dict[str, Any]:
        """What "Use via API" shows as an example: a file of the reader's own, since an address would be refused."""
        return {"path": "photo.jpg", "url": "photo.jpg", "orig_name": "photo.jpg", "meta": {"_type": "gradio.FileData"}}

    def api_info(self) -> dict[str, Any]:
        return {**super().api_info(), "additional_description": "A file of yours; the client uploads it."}

    def _uploaded(self, address: str) -> str:
        """The file behind the address that this server gave an upload, as MCP clients hand it over; nothing is fetched."""
        _, found, path = urlsplit(address).path.partition("/gradio_api/file=")
        if not found or not Path(unquote(path)).resolve().is_relative_to(Path(self.GRADIO_CACHE).resolve()):
            raise gr.Error(_what_to_send(address), print_exception=False)
        return unquote(path)


def _from_here(path: str | None) -> str | None:
    """As the page is told it, which learns nothing of where on the machine that is; see `uploads.work_in`."""
    return path and os.path.relpath(path)


def _what_to_send(arrived: Any) -> str:
    """The sentence for a client that sent no upload; of what arrived only the kind is repeated."""
    text = arrived if isinstance(arrived, str) else ""
    if text.startswith("data:"):
        kind = "a data: URI"
    elif text.lower().startswith(("http:", "https:")):
        kind = "a URL, and this server fetches none"
    else:
        kind = "a path" if text else type(arrived).__name__
    return (
        f"Expected an uploaded picture, got {kind}. From Python, wrap the file in handle_file: "
        'client.predict(handle_file("photo.jpg"), ...); over HTTP, post it to /gradio_api/upload first.'
    )
