"""int8: weights and activations of a graph as whole numbers of 8 bits, with scales worked out from some pictures.

onnxruntime's static quantization does the work; here stand the ways that are tried.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx

from cnnhub.engines.onnx import onnxruntime

onnxruntime()
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantType, quantize_static  # noqa: E402
from onnxruntime.quantization.shape_inference import quant_pre_process  # noqa: E402

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST_PICTURES = 200  # that calibrate
_AT_ONCE = 10  # whose activations are held in memory


@dataclass(frozen=True)
class Way:
    """A way to quantize.

    Attributes:
        calibration: how an activation's range is found: "MinMax" takes all that occurred, "Percentile" all but 0.001 %,
            "Entropy" what changes its distribution the least (Migacz 2017, "8-bit Inference with TensorRT").
        per_channel: a scale for each output channel of a weight, or one for all.
        first, last: how many convolutions and matrices at the network's beginning and end stay as they are.
    """

    calibration: str
    per_channel: bool
    first: int = 0
    last: int = 0

    def __str__(self) -> str:
        kept = ", ".join(f"the {name} {count} kept" for name, count in (("first", self.first), ("last", self.last)) if count)
        return f"{self.calibration}, scales per {'channel' if self.per_channel else 'tensor'}{', ' if kept else ''}{kept}"


WAYS = (
    Way("MinMax", per_channel=True),
    Way("Entropy", per_channel=True),
    Way("Percentile", per_channel=True),
    Way("MinMax", per_channel=True, first=1, last=1),
    Way("MinMax", per_channel=False),
)


def quantize(model: onnx.ModelProto, pictures: Sequence[NDArray[np.uint8]], way: Way) -> bytes:
    """A graph that holds its weights -> the same graph in int8, weights included.

    Args:
        pictures: pixels (3, H, W) each, that calibrate; all but a rest of ten are taken.
    """
    with tempfile.TemporaryDirectory() as folder, _quiet():
        plain, prepared, made = (Path(folder) / f"{name}.onnx" for name in ("plain", "prepared", "made"))
        onnx.save(model, plain)
        quant_pre_process(plain, prepared, skip_symbolic_shape=True)  # merges batch norm into convolutions
        quantize_static(
            prepared,
            made,
            _Pictures(pictures[: len(pictures) // _AT_ONCE * _AT_ONCE]),
            per_channel=way.per_channel,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod[way.calibration],
            nodes_to_exclude=_kept(onnx.load(prepared), way),
            extra_options={"CalibStridedMinMax": _AT_ONCE, "ActivationSymmetric": False},
        )
        return made.read_bytes()


def _kept(model: onnx.ModelProto, way: Way) -> list[str]:
    """Nodes that stay float32: normalisation, and what `way` keeps."""
    weighted = [node.name for node in model.graph.node if node.op_type in ("Conv", "Gemm", "MatMul")]
    begins = next(number for number, node in enumerate(model.graph.node) if node.name == weighted[0])
    normalise = [node.name for node in model.graph.node[:begins]]
    return [*normalise, *weighted[: way.first], *weighted[len(weighted) - way.last :]]


class _Pictures(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
    """Pictures for a calibrator, which asks for a range of them at a time."""

    def __init__(self, pictures: Sequence[NDArray[np.uint8]]) -> None:
        self._pictures = pictures
        self._rest: Iterator[NDArray[np.uint8]] = iter(pictures)

    def __len__(self) -> int:
        return len(self._pictures)

    def set_range(self, start_index: int, end_index: int) -> None:
        self._rest = iter(self._pictures[start_index:end_index])

    def get_next(self) -> dict[str, Any] | None:
        pixels = next(self._rest, None)
        return None if pixels is None else {"pixels": pixels[None]}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """The calibrators print, and the quantizer warns of what was done already."""
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)
