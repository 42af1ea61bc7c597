"""Writes the handwritten digits that come with cnnhub: `python -m training.data.digits cnnhub/data/digits.zz`."""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits


def packed() -> bytes:
    """scikit-learn's digits as `cnnhub.live.digits` reads them: first the labels, then the pixels, a byte each, all deflated."""
    found = load_digits()
    return zlib.compress(found.target.astype(np.uint8).tobytes() + found.images.astype(np.uint8).tobytes(), 9)


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(packed())
