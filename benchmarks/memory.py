"""How much memory the demo takes: at rest, and at most while every endpoint answers with every model, for a phone's photo too."""

from __future__ import annotations

import contextlib
import io
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from benchmarks.serving import ROOT, served

EXAMPLES = ROOT / "space" / "examples"
LARGEST = (8160, 6120)  # what a phone of 50 megapixels saves
MODELS = ("cats-vs-dogs", "flowers", "imagenet")
AT_ONCE = 4  # visitors whose large photos are worked on together


def figures() -> dict[str, dict[str, list[float]]]:
    """Resident megabytes (10^6 bytes) of the server and its children, with PyTorch as it is installed here."""
    with (
        tempfile.TemporaryDirectory() as folder,
        served(GRADIO_TEMP_DIR=folder, GRADIO_MCP_SERVER="True") as (process, url),
        _Peak(process) as peak,
    ):
        at_rest = _resident(process)
        large = Path(folder) / "large.jpg"
        large.write_bytes(_photo())
        _ask_everything(url, [EXAMPLES / "cat.jpg", large])
        one_visitor = peak.value
        with ThreadPoolExecutor(AT_ONCE) as visitors:
            list(visitors.map(lambda _: _ask_everything(url, [large]), range(AT_ONCE)))
        rows = {"at rest": at_rest, "one visitor, at most": one_visitor, f"{AT_ONCE} visitors, at most": peak.value}
    return {"memory of the demo, MB": {name: [value / 1e6] for name, value in rows.items()}}


def _ask_everything(url: str, photos: list[Path]) -> None:
    """Every public endpoint with its defaults, and with each model where it has one."""
    from gradio_client import Client, handle_file

    client = Client(url, verbose=False)
    for name, info in client.view_api(return_format="dict", print_info=False)["named_endpoints"].items():
        has_model = any(parameter["parameter_name"] == "model" for parameter in info["parameters"])
        wanted = [parameter["parameter_name"] for parameter in info["parameters"] if parameter["component"] == "Image"]
        for photo in photos:
            for model in MODELS if has_model else (None,):
                arguments = dict.fromkeys(wanted, handle_file(str(photo))) | ({"model": model} if model else {})
                client.predict(**arguments, api_name=name)


class _Peak:
    """Looks every 20 milliseconds."""

    def __init__(self, process: psutil.Process) -> None:
        self.value = 0
        self._process, self._is_over = process, threading.Event()

    def __enter__(self) -> _Peak:
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(0.02):
            with contextlib.suppress(psutil.NoSuchProcess):
                self.value = max(self.value, _resident(self._process))


def _resident(process: psutil.Process) -> int:
    return sum(each.memory_info().rss for each in [process, *process.children(recursive=True)])


def _photo() -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    with Image.open(EXAMPLES / "china.jpg") as example:
        example.resize(LARGEST).save(buffer, "JPEG")
    return buffer.getvalue()
