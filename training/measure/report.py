"""What was measured, as tables for a reader."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from training.measure.review import told


def report(result: dict[str, Any]) -> Iterator[RenderableType]:
    """The result of `evaluate`, for rich's console."""
    yield _figures(result)
    yield _labels(result)
    if detection := (result.get("energy") or {}).get("detection"):
        yield _strangers(detection)
    if sheet := result.get("contact_sheet"):
        yield f"{told(result['likely_wrong'])}; the hardest pictures, likely wrong labels first: {escape(sheet)}"
    if log := result.get("test_log"):
        yield f"The test log holds {log['length']} measurements of {log['weights']} different weights."
    elif result["split"] == "test":
        yield "No test log is kept: the model is on the Hub, or its folder cannot be written to."


def _figures(result: dict[str, Any]) -> Table:
    low, high = result["top1_interval"]
    table = Table("", "value", title=escape(f"{result['model']} on {result['split']}, {result['n']:,} pictures"))
    table.add_row("accuracy (95 % interval)", f"{result['top1']:.2%} ({low:.2%} to {high:.2%})")
    if "top5" in result:
        table.add_row("right label among the first five", f"{result['top5']:.2%}")
    table.add_row("cross-entropy, nats (at T = 1)", f"{result['loss']:.4f} ({result['loss_uncalibrated']:.4f})")
    table.add_row("calibration error (at T = 1)", f"{result['ece']:.2%} ({result['ece_uncalibrated']:.2%})")
    table.add_row("temperature T", f"{result['temperature']:.4f}")
    if "false_alarm" in result:
        table.add_row("called a stranger", f"{result['false_alarm']:.2%}")
    table.add_row("pictures that cannot be read", str(result["unreadable"]))
    return table


def _labels(result: dict[str, Any]) -> Table:
    table = Table("label", "precision", "recall")
    for label in {**result["recall"], **result["precision"]}:
        shares = (result[kind].get(label) for kind in ("precision", "recall"))
        table.add_row(escape(label), *("–" if share is None else f"{share:.2%}" for share in shares))
    return table


def _strangers(detection: dict[str, Any]) -> Table:
    table = Table("strangers", "pictures", "noticed")
    for name, found in detection.items():
        table.add_row(escape(name), f"{found['n']:,}", f"{found['rate']:.2%}")
        for group, part in found.get("groups", {}).items():
            table.add_row(f"  {escape(group)}", f"{part['n']:,}", f"{part['rate']:.2%}")
    return table
