"""What was measured, as tables for a reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import RenderableType
from rich.table import Table

from training.data.words import counted, escape
from training.measure import testlog
from training.measure.evaluate import Evaluation
from training.measure.figures import Figures
from training.measure.review import in_words
from training.measure.unfamiliar import Detection


def report(found: Evaluation) -> Iterator[RenderableType]:
    """The result of `evaluate`, for rich's console."""
    yield from map(escape, found.notes)
    yield _figures(found)
    yield _labels(found.figures)
    if found.detection:
        yield _noticed(found.detection)
    if found.contact_sheet:
        order = ", likely wrong labels first" if found.likely_wrong else ""
        yield f"{in_words(found.likely_wrong)}; the hardest pictures{order}: {escape(str(found.contact_sheet))}"
    if log := found.test_log:
        where = escape(str(found.log_folder and found.log_folder / testlog.LOG_NAME))
        yield f"Looks at this test split so far: {log.length}, with {counted(log.weights, 'set')} of weights ({where})."
    elif found.split == "test":
        yield "No log of looks at test is kept: neither the model's folder nor runs can be written to."


def _figures(found: Evaluation) -> Table:
    figures = found.figures
    low, high = figures.top1_interval
    table = Table("", "value", title=escape(f"{found.model} on {found.split}, {counted(figures.n, 'picture')}"))
    table.add_row("accuracy (95 % interval)", f"{figures.top1:.2%} ({low:.2%} to {high:.2%})")
    if figures.top5 is not None:
        table.add_row("right label among the first five", f"{figures.top5:.2%}")
    if (both := found.mirrored) is not None:
        table.add_row("accuracy with each picture mirrored too", f"{both.top1:.2%} ({both.top1 - figures.top1:+.2%})")
        table.add_row("cross-entropy with it", f"{both.loss:.4f}")
    table.add_row("cross-entropy, nats (at T = 1)", f"{figures.loss:.4f} ({figures.loss_uncalibrated:.4f})")
    table.add_row("calibration error (at T = 1)", f"{figures.ece:.2%} ({figures.ece_uncalibrated:.2%})")
    table.add_row("temperature T", f"{found.calibration.temperature:.4f}")
    if found.false_alarm is not None:
        table.add_row("called a stranger", f"{found.false_alarm:.2%}")
    table.add_row("pictures that cannot be read", str(found.unreadable))
    return table


def _labels(figures: Figures) -> Table:
    table = Table("label", "precision", "recall")
    for label in {**figures.recall, **figures.precision}:
        shares = (figures.precision.get(label), figures.recall.get(label))
        table.add_row(escape(label), *("–" if share is None else f"{share:.2%}" for share in shares))
    return table


def _noticed(detection: Mapping[str, Detection]) -> Table:
    table = Table("strangers", "pictures", "noticed")
    for name, found in detection.items():
        table.add_row(escape(name), f"{found.n:,}", f"{found.rate:.2%}")
        for group, part in found.groups.items():
            table.add_row(f"  {escape(group)}", f"{part.n:,}", f"{part.rate:.2%}")
    return table
