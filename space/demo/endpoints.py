"""What the named endpoints share, through which programs use the page. Each tab adds its own.

Their events hang on buttons that nobody sees, and their photo arrives through a gr.Image: a `gr.api` function with a path or
a FileData argument was seen to read any file of the server.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import gradio as gr

from cnnhub.errors import CnnHubError, ImageError
from demo import networks
from demo.photo.input import PhotoInput
from demo.photo.photo import Photo

Answer = TypeVar("Answer")


def publish(function: Callable[..., Any], inputs: Sequence[Any], outputs: Sequence[Any], name: str, **options: Any) -> None:
    """`options`: how gradio queues it."""
    function.__name__ = name  # MCP names a tool after its function: one name for both
    gr.Button(visible=False).click(function, list(inputs), list(outputs), api_name=name, api_visibility="public", **options)


def photo_input(label: str = "image") -> PhotoInput:
    """One apart from the page's own, which has a photo from the start: programs must send theirs."""
    return PhotoInput(image_mode=None, label=label, visible=False)


def model_input() -> gr.Dropdown:
    return gr.Dropdown(networks.names(), value="cats-vs-dogs", label="model", visible=False)


def choice_input(known: Sequence[str], label: str, value: str | None = None) -> gr.Dropdown:
    return gr.Dropdown(list(known), value=value or known[0], label=label, visible=False)


def number_input(value: float | None, label: str, whole: bool = True) -> gr.Number:
    return gr.Number(value, precision=0 if whole else None, label=label, visible=False)


def text_input(value: str, label: str) -> gr.Textbox:
    return gr.Textbox(value, label=label, visible=False)


def picture_output(label: str) -> gr.Image:
    """Lossless, since pixels are read from it."""
    return gr.Image(format="png", type="pil", label=label, visible=False)


def json_output(label: str = "facts") -> gr.JSON:
    return gr.JSON(label=label, visible=False)


def for_programs(function: Callable[[], Answer]) -> Answer:
    """Run what answers an endpoint; an expected error reaches the client with its message."""
    try:
        return function()
    except CnnHubError as error:
        raise gr.Error(f"{type(error).__name__}: {error}", print_exception=False) from error


def require(photo: Photo | None) -> Photo:
    if photo is None:
        raise ImageError("No photo arrived; expected an image as the first argument.")
    return photo
