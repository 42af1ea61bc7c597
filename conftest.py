"""What the examples in docstrings may use without saying so."""

from __future__ import annotations

import os
from typing import Any

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"  # a test that reached for the Hub would fail here as it does offline


@pytest.fixture(autouse=True)
def names_in_docstrings(doctest_namespace: dict[str, Any]) -> None:
    import cnnhub

    doctest_namespace["cnnhub"] = cnnhub
