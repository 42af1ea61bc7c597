"""Plots: how training went, which labels are confused, how far probabilities can be believed."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib import font_manager, rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator, NullFormatter, PercentFormatter
from PIL import Image
from scipy.stats import binomtest

from cnnhub.files import write_atomically
from training.measure.calibration import expected_calibration_error
from training.measure.calibration import reliability as table_of
from training.measure.figures import Epoch
from training.measure.trials import Trial, setting

CURVES = "curves.png"
MOST_CLASSES = 50  # that a confusion matrix can show
_INK, _QUIET, _BLUE, _RED = "#2b2b2b", "#b8b8b8", "#2166ac", "#b2182b"  # the ends of the demo's diverging map
_CHINESE = ("Noto Sans CJK TC", "Noto Sans CJK SC", "Source Han Sans", "PingFang TC", "Microsoft JhengHei", "WenQuanYi Zen Hei")


def curves(history: Sequence[Epoch], path: Path) -> None:
    """Loss and validation accuracy by epoch. Draws nothing without one."""
    if not history:
        return
    epochs = [each.epoch for each in history]
    with _style():
        figure = _figure(8.4, 3.2)
        losses, accuracies = figure.subplots(1, 2)
        losses.plot(epochs, [each.train_loss for each in history], color=_QUIET, marker="o", label="training")
        losses.plot(epochs, [each.loss for each in history], color=_BLUE, marker="o", label="validation")
        losses.set(title="cross-entropy (nats)", ylim=(0, 1.08 * losses.dataLim.ymax))
        losses.legend()
        _draw_accuracy(accuracies, epochs, [each.top1 for each in history])
        for axes in (losses, accuracies):
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        _save(figure, path)


def confusion_matrix(matrix: Sequence[Sequence[int]], labels: Sequence[str], path: Path, title: str = "") -> None:
    """Counts (K, K): rows the given labels, columns the answers; the colour is the share of the row.

    Draws nothing for more than 50 labels.
    """
    if len(labels) > MOST_CLASSES:
        return
    counts = np.array(matrix)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 2.2 + 0.62 * len(labels)
    with _style(**{"axes.spines.left": False, "axes.spines.bottom": False, "axes.grid": False}):
        figure = _figure(side, side - 0.3)
        axes = figure.add_subplot()
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(counts):
            if count:
                ink = "white" if shares[row, column] > 0.55 else _RED if row != column else _INK
                axes.text(column, row, f"{count:,}", ha="center", va="center", color=ink, fontsize=9)
        slanted: dict[str, Any] = {"rotation": 35, "ha": "right"} if len(labels) > 2 else {}
        axes.set_xticks(range(len(labels)), labels, **slanted)
        axes.set_yticks(range(len(labels)), labels)
        axes.tick_params(length=0)
        axes.set(title=title, xlabel="answer", ylabel="given label")
        _save(figure, path)


def reliability(
    probabilities: torch.Tensor, targets: torch.Tensor, path: Path, temperature: float = 1.0, bins: int = 15, title: str = ""
) -> None:
    """How often the answer is right at each confidence, with 95 % intervals (Wilson).

    Args:
        probabilities: (N, K) after `temperature`; what stood before it is drawn in grey beneath where it differs.
        targets: (N,) class numbers.
    """
    with _style():
        figure = _figure(4.4, 5.2)
        axes, histogram = figure.subplots(2, 1, height_ratios=(4, 1), sharex=True)
        axes.plot([0, 1], [0, 1], color=_QUIET, linestyle=":", linewidth=1)
        if temperature != 1.0:
            before = torch.softmax(temperature * torch.log(probabilities.double()), dim=1)
            _draw_bins(axes, before, targets, bins, _QUIET, "without temperature")
        _draw_bins(axes, probabilities, targets, bins, _BLUE, f"temperature {temperature:.2f}")
        axes.set(title=title, ylabel="right answers", xlim=(0, 1.02), ylim=(0, 1.02))
        figure.legend(loc="outside lower center")  # anywhere within, some network's dots would lie under it
        histogram.hist(probabilities.max(1).values.numpy(), bins=np.linspace(0, 1, bins + 1), color=_BLUE)
        histogram.set(xlabel="confidence: probability of the answer", ylabel="pictures")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        _save(figure, path)


def lr_curve(rates: Sequence[float], losses: Sequence[float], suggestion: float, path: Path) -> None:
    """Training loss against the learning rate (logarithmic), the suggested rate marked."""
    with _style(**{"text.parse_math": True}):  # powers of ten; no text of others is in it
        figure = _figure(6.0, 3.4)
        axes = figure.add_subplot()
        axes.plot(rates, losses, color=_BLUE)
        axes.axvline(suggestion, color=_RED, linewidth=1)
        axes.text(suggestion, 0.97, f" suggested {suggestion:.1e}", color=_RED, va="top", transform=axes.get_xaxis_transform())
        finite = np.asarray(losses)[np.isfinite(losses)]
        lowest, first = finite.min(), finite[0]
        axes.set(xscale="log", xlabel="learning rate", ylabel="cross-entropy (nats)")
        axes.set_ylim(lowest - 0.1 * (first - lowest), first + 0.6 * (first - lowest))  # its end shoots out of any frame
        _save(figure, path)


def search(trials: Sequence[Trial], path: Path) -> None:
    """Validation loss by epoch, a line a trial, and the smallest loss against each setting that was searched; the best in red."""
    shown = [each for each in trials if each.best]
    names = list(shown[0].settings)
    best = min(shown, key=lambda each: (each.state != "whole", each.best.loss if each.best else 0.0))
    rows = -(-(1 + len(names)) // 4)
    with _style():
        figure = _figure(11.0, 2.6 * rows)
        first, *others = figure.subplots(rows, 4, squeeze=False).flat
        for each in sorted(shown, key=lambda each: each is best):
            losses = [score.loss for score in each.epochs]
            first.plot(range(1, len(losses) + 1), losses, color=_RED if each is best else _QUIET, marker="o")
        first.set(title="loss on validation (nats)", xlabel="epoch")
        first.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        for axes, name in zip(others, names, strict=False):
            _draw_setting(axes, name, shown, best)
        for axes in others[len(names) :]:
            axes.set_axis_off()
        _save(figure, path)


def _draw_setting(axes: Axes, name: str, trials: Sequence[Trial], best: Trial) -> None:
    """A dot a trial: full where it ran whole, hollow where it was ended early."""
    values = [each.settings[name] for each in trials]
    tried = sorted(set(values))
    words = isinstance(tried[0], bool | str) or len(tried) == 1
    if name == "lr" and not words:
        axes.set_xscale("log")
        axes.xaxis.set_minor_formatter(NullFormatter())
    for each, value in zip(trials, values, strict=True):
        colour = _RED if each is best else _BLUE
        face = colour if each.state == "whole" else "white"
        loss = each.best.loss if each.best else np.nan
        axes.scatter(tried.index(value) if words else value, loss, s=28, color=face, edgecolors=colour, zorder=2)
    if words or name in ("lr", "size"):
        shown = tried if words or name == "size" else [tried[0], tried[-1]]
        axes.set_xticks(range(len(tried)) if words else shown, [setting(value) for value in shown])
    axes.set_title(name.replace("_", " "))


def _draw_accuracy(axes: Axes, epochs: Sequence[float], top1: Sequence[float]) -> None:
    best = int(np.argmax(top1))
    axes.plot(epochs, top1, color=_BLUE, marker="o")
    axes.annotate(f"{top1[best]:.2%}", (epochs[best], top1[best]), (0, 7), textcoords="offset points", ha="center")
    axes.set_title("validation accuracy")
    axes.margins(x=0.15, y=0.2)
    digits = 1 if max(top1) - min(top1) > 0.005 else 2  # neighbouring ticks must not read alike, and none lies above 100 %
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.{digits}%}" if share <= 1 else "")


def _draw_bins(axes: Axes, probabilities: torch.Tensor, targets: torch.Tensor, bins: int, colour: str, name: str) -> None:
    table = table_of(probabilities, targets, bins)
    x, y = [each.confidence for each in table], [each.accuracy for each in table]
    areas = [8 + 120 * each.count / len(targets) for each in table]  # a dot's area is its share of pictures
    intervals = [binomtest(each.correct, each.count).proportion_ci(0.95, method="wilson") for each in table]
    axes.vlines(x, [each.low for each in intervals], [each.high for each in intervals], color=colour, linewidth=1)
    axes.scatter(x, y, s=areas, color=colour, clip_on=False, label=f"{name}: ECE {expected_calibration_error(table):.2%}")


def _style(**changes: Any) -> Any:
    installed = set(font_manager.get_font_names())
    return rc_context(
        {
            "font.family": ["sans-serif", *(name for name in _CHINESE if name in installed)],
            "font.size": 10,
            "axes.titlesize": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.edgecolor": _QUIET,
            "axes.grid": True,
            "grid.color": "#eeeeee",
            "axes.axisbelow": True,
            "text.color": _INK,
            "axes.labelcolor": _INK,
            "xtick.color": _INK,
            "ytick.color": _INK,
            "lines.markersize": 4,
            "legend.frameon": False,
            "legend.fontsize": 9,
            "text.parse_math": False,  # labels are anybody's: "$5_$10" is no formula
            **changes,
        }
    )


def _figure(width: float, height: float) -> Figure:
    """A figure of so many inches that no window or global state knows of."""
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
    figure = Figure(figsize=(width, height), dpi=120, layout=layout, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Figure, path: Path) -> None:
    """A PNG of 256 colours, a third of the size of one with all."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    small = io.BytesIO()
    Image.open(drawn).convert("RGB").quantize(256).save(small, "PNG", optimize=True)
    write_atomically(path, small.getvalue())
