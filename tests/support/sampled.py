"""Of many cases that are near-equal, those that `make test` takes; `make test-all` takes all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def sampled(cases: Iterable[Any], every: int) -> list[Any]:
    """Every so many of the cases, the first one first; the others are marked `long`.

    >>> [isinstance(each, str) for each in sampled("abcd", 3)]
    [True, False, False, True]
    """
    return [case if place % every == 0 else pytest.param(case, marks=pytest.mark.long) for place, case in enumerate(cases)]
