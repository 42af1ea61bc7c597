"""The chosen layer's weights as a table: each of its tensors in few numbers, and one of them page by page."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

import cnnhub
from cnnhub.features import check_layers
from cnnhub.weights import Grid, Summary
from demo import networks, texts
from demo.photo.memory import Kept
from demo.tabs.inside.gallery import first_layer
from demo.tabs.inside.look import read
from demo.texts import Sentence, number, t

PAGE_ROWS = PAGE_COLUMNS = 64  # more numbers than these take a browser long to draw
_HEADS = ("name", "shape", "type", "least", "mean", "largest", "spread")
_summaries: Kept[tuple[cnnhub.Classifier, str], list[Summary]] = Kept(most=16)


def show(network: str, asked: object, language: str) -> dict[str, Any]:
    """What the page draws of the layer's weights.

    Args:
        asked: by the page: a look, the name of the tensor to show (or None for the first), and which page of it.
    """
    found = texts.attempt(language, _tensors, network, read(asked).layer)
    if isinstance(found, Sentence):
        return {"problem": f"{found.heading} {found.line}"}
    classifier, layer, tensors = found
    if not tensors:
        return {"problem": t(language, "weights_none")}
    given = asked if isinstance(asked, dict) else {}
    wanted = given.get("tensor")
    name = wanted if isinstance(wanted, str) and wanted in tensors else next(iter(tensors))
    summaries = _summaries.get((classifier, layer)) or _summaries.keep(
        (classifier, layer), [Summary.of(each, values, values.dtype.name) for each, values in tensors.items()]
    )
    chosen = next(each for each in summaries if each.name == name)
    return {
        "said": t(language, "weights_said", count=f"{sum(values.size for values in tensors.values()):,}"),
        "label": t(language, "weights_list"),
        "heads": [t(language, f"weights_{head}") for head in _HEADS],
        "tensors": [_told(language, each) for each in summaries],
        "chosen": {"name": name, **_page(language, chosen, tensors[name], given.get("page"))},
        "words": {key: texts.template(language, f"weights_{key}") for key in ("page", "before", "next")},
    }


def _tensors(network: str, layer: str | None) -> tuple[cnnhub.Classifier, str, dict[str, NDArray[Any]]]:
    """The network, the layer, and its tensors by their names in it; they share the network's memory.

    Raises:
        UnknownNameError: the network has no such layer.
    """
    classifier = networks.get(network)
    name = layer or first_layer(classifier)
    check_layers([name], classifier.layers())
    state = classifier.network.get_submodule(name).state_dict()
    return classifier, name, {key: values.cpu().numpy() for key, values in state.items()}


def _told(language: str, found: Summary) -> dict[str, Any]:
    numbers = ["" if value is None else number(value) for value in (found.least, found.mean, found.largest)]
    return {
        "name": found.name,
        "cells": [" × ".join(map(str, found.shape)) or "1", found.dtype, *numbers],
        "counts": list(found.counts),
        "alt": t(language, "histogram_alt", least=numbers[0], largest=numbers[2]),
    }


def _page(language: str, found: Summary, values: NDArray[Any], page: object) -> dict[str, Any]:
    """One page of a tensor: a slice of it or, where that is large, a part of one."""
    parts = Grid.of(values).parts
    rows, columns = Grid.of(values).values.shape
    down, across = math.ceil(rows / PAGE_ROWS), math.ceil(columns / PAGE_COLUMNS)
    pages = parts * down * across
    page = page if isinstance(page, int) and 0 <= page < pages else 0
    part, below, beside = (int(each) for each in np.unravel_index(page, (parts, down, across)))
    top, left = below * PAGE_ROWS, beside * PAGE_COLUMNS
    grid = Grid.of(values, part)
    shown = grid.values[top : top + PAGE_ROWS, left : left + PAGE_COLUMNS]
    limit = max(abs(found.least or 0.0), abs(found.largest or 0.0))
    told = [t(language, f"weights_are_{_kind(values, parts)}", part=part, parts=parts)]
    told += [t(language, "weights_rows", first=top, last=top + len(shown) - 1, count=rows)] if down > 1 else []
    told += [t(language, "weights_columns", first=left, last=left + shown.shape[1] - 1, count=columns)] if across > 1 else []
    return {
        "page": page,
        "pages": pages,
        "told": ("" if texts.is_chinese(language) else " ").join(told),
        "label": t(language, "weights_table", name=found.name),
        "top": top,
        "columns": list(grid.columns[left : left + PAGE_COLUMNS]),
        "values": base64.b64encode(np.ascontiguousarray(shown, "<f4").tobytes()).decode(),
        "limit": limit,
        "legend": {"low": number(-limit), "kind": "signed", "high": number(limit)},
    }


def _kind(values: NDArray[Any], parts: int) -> str:
    """What rows and columns are."""
    if values.ndim < 2:
        return "list" if values.ndim else "one"
    return "slice" if parts > 1 else "window" if math.prod(values.shape[2:]) > 1 else "matrix"
