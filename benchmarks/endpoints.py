"""The demo's endpoints as a program meets them: through gradio's client, with small and large photos."""

from __future__ import annotations

import io
import tempfile
import time
from pathlib import Path

from PIL import Image

from benchmarks.serving import ROOT, served

PHOTO = ROOT / "space" / "examples" / "china.jpg"
SIZES = {"1 megapixel": (1224, 816), "12 megapixels": (4240, 2832)}
NAMES = ("/classify", "/filter", "/feature_maps")
ROUNDS = 20
_PATIENCE = 60  # seconds


def figures(checkout: Path = ROOT) -> dict[str, dict[str, list[float]]]:
    """Milliseconds of each call, interleaved; `checkout` is the clone whose demo is served."""
    from gradio_client import Client, handle_file

    times: dict[str, list[float]] = {f"{name}, {size}": [] for name in NAMES for size in SIZES}
    with tempfile.TemporaryDirectory() as folder:
        photos = {}
        for size, pixels in SIZES.items():
            photos[size] = Path(folder) / f"{pixels[0]}.jpg"
            with Image.open(PHOTO) as picture:
                buffer = io.BytesIO()
                picture.resize(pixels, Image.Resampling.LANCZOS).save(buffer, "JPEG", quality=90)
            photos[size].write_bytes(buffer.getvalue())
        with served(checkout) as (_, url):
            client = Client(url, verbose=False)
            for number in range(ROUNDS + 1):  # the first warms up
                for name in NAMES:
                    for size, photo in photos.items():
                        started = time.perf_counter()
                        try:
                            client.submit(handle_file(str(photo)), api_name=name).result(timeout=_PATIENCE)
                        except TimeoutError:  # its stream closed while the call was sent, which gradio's client does not see
                            client = Client(url, verbose=False)
                            continue
                        times[f"{name}, {size}"] += [(time.perf_counter() - started) * 1e3] if number else []
    return {"endpoints, milliseconds": times}


def percentiles(times: list[float]) -> tuple[float, float]:
    """(p50, p95).

    >>> percentiles([float(number) for number in range(101)])
    (50.0, 95.0)
    """
    import numpy as np

    p50, p95 = np.percentile(times, (50, 95))
    return float(p50), float(p95)
