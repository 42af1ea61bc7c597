"""A network drawn as boxes: their height is the maps' height, their width the number of channels; arcs are the skips."""

from __future__ import annotations

import math
from html import escape

from cnnhub.anatomy import Anatomy, Row

_PASSED_ON = ("batch norm", "layer norm", "group norm", "dropout", "padding", "RMS norm", "instance norm")  # not drawn
_FILLS = {  # by kind; what is not here is drawn grey
    "convolution": "#2f6f9f",
    "depthwise convolution": "#5aa0cf",
    "grouped convolution": "#4188b8",
    "transposed convolution": "#2f6f9f",
    "linear": "#b5562f",
    "attention": "#8a4fa3",
    "matrix product": "#8a4fa3",
    "max pooling": "#3f8f5f",
    "average pooling": "#6cb88b",
    "global average pooling": "#6cb88b",
    "add": "#d9a521",
    "concatenate": "#d9a521",
    "multiply": "#d9a521",
}
_TALLEST, _GAP, _MARGIN, _LABELS = 120.0, 7.0, 30.0, 110.0  # user units; the labels stand in a band over the boxes


def svg(anatomy: Anatomy, title: str) -> str:
    """The network from left to right. Norms, activations and dropout belong to the box before them.

    Each box says on pointing what it is; shapes stand over the first box that has them.

    >>> import torch
    >>> from cnnhub.anatomy import trace
    >>> svg(trace(torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3)), (3, 9, 9)), "small")[:4]
    '<svg'
    """
    drawn, stands_for = _drawn(anatomy)
    columns = _columns(anatomy.rows, drawn, stands_for)
    lanes: dict[int, int] = {}
    place: dict[int, tuple[int, int]] = {}
    for number in drawn:
        column = columns[number]
        place[number] = column, lanes.get(column, 0)
        lanes[column] = lanes.get(column, 0) + 1
    widths = {number: _width(anatomy.rows[number]) for number in drawn}
    x = _positions(place, widths)
    heights = {number: _height(anatomy, anatomy.rows[number]) for number in drawn}
    middles = _middles(place, heights)
    boxes = {number: (x[place[number][0]], middles[place[number][1]], widths[number], heights[number]) for number in drawn}
    parts = [_edges(anatomy.rows, drawn, stands_for, boxes), _boxes(anatomy.rows, drawn, boxes)]
    width = max(left + wide for left, _, wide, _ in boxes.values()) + _MARGIN
    height = max(y + tall / 2 for _, y, _, tall in boxes.values()) + _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" font-family="sans-serif" font-size="11"><title>{escape(title)}</title>'
        f'<text x="{_MARGIN}" y="18" font-size="14" fill="currentColor">{escape(title)}</text>{"".join(parts)}</svg>'
    )


def _drawn(anatomy: Anatomy) -> tuple[list[int], dict[int, tuple[int, ...]]]:
    """Numbers of the rows that are boxes, and for every row the boxes that it stands for (-1 is the picture)."""
    stands_for: dict[int, tuple[int, ...]] = {-1: (-1,)}
    drawn = []
    for number, row in enumerate(anatomy.rows):
        before = tuple(dict.fromkeys(box for source in row.inputs for box in stands_for[source]))
        keeps_shape = row.input_shape == row.output_shape and len(row.inputs) == 1
        if keeps_shape and (row.kind in _PASSED_ON or row.kernel is None and row.kind not in _FILLS) and before != (-1,):
            stands_for[number] = before
        else:
            stands_for[number] = (number,)
            drawn.append(number)
    return drawn, stands_for


def _sources(rows: list[Row], number: int, stands_for: dict[int, tuple[int, ...]]) -> list[int]:
    return sorted({box for source in rows[number].inputs for box in stands_for[source]})


def _columns(rows: list[Row], drawn: list[int], stands_for: dict[int, tuple[int, ...]]) -> dict[int, int]:
    """Each box stands right of all that it needs."""
    columns = {-1: -1}
    for number in drawn:
        columns[number] = 1 + max((columns[source] for source in _sources(rows, number, stands_for)), default=-1)
    return columns


def _positions(place: dict[int, tuple[int, int]], widths: dict[int, float]) -> dict[int, float]:
    """Column -> its left edge."""
    widest: dict[int, float] = {}
    for number, (column, _) in place.items():
        widest[column] = max(widest.get(column, 0.0), widths[number])
    left, result = _MARGIN, {}
    for column in sorted(widest):
        result[column] = left
        left += widest[column] + _GAP
    return result


def _middles(place: dict[int, tuple[int, int]], heights: dict[int, float]) -> list[float]:
    """The height at which each lane runs: under the one before, with room for its tallest box."""
    tallest: dict[int, float] = {}
    for number, (_, lane) in place.items():
        tallest[lane] = max(tallest.get(lane, 0.0), heights[number])
    top, result = _LABELS, []
    for lane in sorted(tallest):
        result.append(top + tallest[lane] / 2)
        top += tallest[lane] + 2 * _GAP
    return result


def _width(row: Row) -> float:
    channels = row.output_shape[0] if row.layout.startswith("maps") else row.output_shape[-1] if row.output_shape else 1
    return 3.0 + 1.5 * math.log2(max(1, channels))


def _height(anatomy: Anatomy, row: Row) -> float:
    if row.layout.startswith("maps"):
        side = max(row.output_shape[1:])
    elif row.layout == "tokens":
        side = math.isqrt(max(1, row.output_shape[0]))
    else:
        side = 1
    return 6.0 + _TALLEST * min(1.0, math.sqrt(side / max(anatomy.input_size[1:])))


def _edges(
    rows: list[Row], drawn: list[int], stands_for: dict[int, tuple[int, ...]], boxes: dict[int, tuple[float, float, float, float]]
) -> str:
    lines = []
    for number in drawn:
        left, y, _, _ = boxes[number]
        for source in _sources(rows, number, stands_for):
            if source not in boxes:
                continue
            from_left, from_y, from_width, from_height = boxes[source]
            start = from_left + from_width
            if left - start <= 2 * _GAP + 14 or from_y != y:
                path = f"M{start:.1f} {from_y:.1f} C{start + 10:.1f} {from_y:.1f} {left - 10:.1f} {y:.1f} {left:.1f} {y:.1f}"
            else:  # a skip: over the boxes between
                top = y - max(from_height, boxes[number][3]) / 2 - 10 - min(34, (left - start) / 12)
                path = (
                    f"M{start - from_width / 2:.1f} {from_y - from_height / 2:.1f} C{start:.1f} {top:.1f} {left:.1f} {top:.1f} "
                    f"{left + 2:.1f} {y - boxes[number][3] / 2:.1f}"
                )
            lines.append(f'<path d="{path}"/>')
    return f'<g fill="none" stroke="currentColor" stroke-opacity="0.45">{"".join(lines)}</g>'


def _boxes(rows: list[Row], drawn: list[int], boxes: dict[int, tuple[float, float, float, float]]) -> str:
    parts, last = [], None
    for number in drawn:
        row, (left, y, width, height) = rows[number], boxes[number]
        shape = " x ".join(map(str, row.output_shape))
        told = f"{row.name}: {row.kind}, {shape}, {row.params:,} parameters"
        parts.append(
            f'<rect x="{left:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" height="{height:.1f}" rx="1.5" '
            f'fill="{_FILLS.get(row.kind, "#888888")}"><title>{escape(told)}</title></rect>'
        )
        resolution = row.output_shape[1:] if row.layout.startswith("maps") else row.layout
        is_on_top = y == min(middle for _, middle, _, _ in boxes.values())
        if resolution != last and is_on_top:
            turned = f"translate({left + width / 2:.1f} {_LABELS - 46:.1f}) rotate(-30)"
            parts.append(f'<text transform="{turned}" fill="currentColor">{escape(shape)}</text>')
            last = resolution
    return "".join(parts)
