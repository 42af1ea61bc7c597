"""What a saved model's file holds: each tensor with its shape, type and spread of numbers, and one of them as a table.

The file is read with NumPy alone, one tensor at a time; no network is built.

>>> from cnnhub import weights
>>> first = weights.summaries("flowers")[0]
>>> first.name, first.shape, first.dtype, round(first.largest, 2)
('blocks.0.0.bn1.bias', (32,), 'F32', 5.58)
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnhub.errors import ArgumentError, ModelWeightsError, UnknownNameError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BINS = 16
_AT_ONCE = 1_000_000  # numbers that are sorted into bins together
_KNOWN = ("F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL")  # safetensors' names


@dataclass(frozen=True)
class Summary:
    """One tensor in few numbers.

    Attributes:
        shape: of a kernel (out, in, height, width); () of a single number.
        dtype: as safetensors calls it: "F16", "BF16", "F32", "I64".
        least, mean, largest: of its finite numbers; None where it has none.
        counts: how many of those lie in each of BINS equally wide bins from least to largest; where all are alike, in the
            middle of bins as wide together as that of 0 to 1.
        broken: how many of its numbers are not finite.

    >>> import numpy as np
    >>> Summary.of("bias", np.array([-1.0, 0.0, 0.0, 3.0, np.nan], np.float32))
    Summary(name='bias', shape=(5,), dtype='F32', least=-1.0, mean=0.5, largest=3.0, counts=(1, 0, 0, 0, 2, ...1), broken=1)
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    least: float | None
    mean: float | None
    largest: float | None
    counts: tuple[int, ...]
    broken: int

    @classmethod
    def of(cls, name: str, values: NDArray[Any], dtype: str | None = None) -> Summary:
        """Of an array of any shape; `dtype` is how it was stored, where that is not the array's own type.

        >>> import numpy as np
        >>> Summary.of("empty", np.zeros((0, 3), np.float16)).mean is None
        True
        """
        import numpy as np

        kind = dtype or ("BOOL" if values.dtype.kind == "b" else f"{values.dtype.kind.upper()}{8 * values.dtype.itemsize}")
        finite = values[np.isfinite(values)]
        if not finite.size:
            return cls(name, values.shape, kind, None, None, None, (0,) * BINS, values.size)
        least, largest = float(finite.min()), float(finite.max())
        with np.errstate(over="ignore"):  # the sum of the largest float64 numbers
            mean = float(finite.mean(dtype=np.float64))
        return cls(name, values.shape, kind, least, mean, largest, _counts(finite, least, largest), values.size - finite.size)


@dataclass(frozen=True, eq=False)
class Grid:
    """A tensor, or one slice of it, as rows and columns.

    A list (N,) is a column. Of a matrix (out, in), and of a kernel 1 x 1, a row is an output and a column an input. Of larger
    kernels (out, in, height, width) a slice is one input channel, a row an output channel, and a column a place in the window.
    Whatever has more axes than two is cut in this way: slices along its second axis, rows along its first.

    Attributes:
        values: (R, C).
        columns: what stands over each: a number from 0, or of a window "row,column".
        part, parts: which slice it is, from 0, and how many there are.

    >>> import numpy as np
    >>> kernel = np.arange(2 * 3 * 1 * 2).reshape(2, 3, 1, 2)  # (out, in, height, width)
    >>> grid = Grid.of(kernel, 1)
    >>> grid.values.tolist(), grid.columns, grid.parts
    ([[2, 3], [8, 9]], ('0,0', '0,1'), 3)
    """

    values: NDArray[Any]
    columns: tuple[str, ...]
    part: int
    parts: int

    @classmethod
    def of(cls, values: NDArray[Any], part: int = 0) -> Grid:
        """One slice of an array of any shape.

        Raises:
            ArgumentError: there is no such slice.

        >>> import numpy as np
        >>> Grid.of(np.ones((4, 2, 1, 1))).values.shape  # a kernel 1 x 1 is a matrix
        (4, 2)
        """
        import numpy as np

        shape = values.shape
        is_flat = math.prod(shape[2:]) == 1
        parts = 1 if is_flat else shape[1]
        if not 0 <= part < parts:
            raise ArgumentError(f"Slice {part} arrived; a tensor of shape {shape} has {parts}, from 0.")
        if is_flat:
            rows, columns = (*shape, 1, 1)[:2]
            return cls(values.reshape(rows, columns), tuple(map(str, range(columns))), 0, 1)
        places = tuple(",".join(map(str, place)) for place in np.ndindex(shape[2:]))
        return cls(values[:, part].reshape(shape[0], len(places)), places, part, parts)


def summaries(source: str | os.PathLike[str]) -> list[Summary]:
    """Every tensor in a model's file of weights, by name, numbers within names by their size.

    Args:
        source: as `cnnhub.load` takes it; of a model on the Hub the weights are downloaded and checked as for that.

    Raises:
        ModelNotFoundError, ModelConfigError, ModelTooLargeError: as `cnnhub.load` does.
        ModelWeightsError: the file is not safetensors, or holds numbers of a type that NumPy lacks, such as F8_E4M3.

    >>> [(each.name, each.shape) for each in summaries("flowers") if each.name.startswith("classifier")]
    [('classifier.bias', (5,)), ('classifier.weight', (5, 1280))]
    """
    with _opened(source) as file:
        return [Summary.of(name, file.read(name), file.dtype(name)) for name in file.names()]


def tensor(source: str | os.PathLike[str], name: str) -> NDArray[Any]:
    """One tensor of a model's file of weights, in the shape it has there; F16 and BF16 as float32, which holds each exactly.

    Raises:
        UnknownNameError: the file holds no such tensor.
        ModelNotFoundError, ModelConfigError, ModelTooLargeError, ModelWeightsError: as `summaries` does.

    >>> tensor("flowers", "conv_stem.weight").shape
    (32, 3, 3, 3)
    """
    with _opened(source) as file:
        if name not in file.names():
            raise UnknownNameError("tensor", name, file.names())
        return file.read(name)


class _File:
    """An open safetensors file; `held` is how the library sees it."""

    def __init__(self, path: Path, held: Any) -> None:
        self._path, self._held = path, held

    def names(self) -> list[str]:
        return sorted(self._held.keys(), key=_with_numbers)

    def dtype(self, name: str) -> str:
        return str(self._held.get_slice(name).get_dtype())

    def read(self, name: str) -> NDArray[Any]:
        import numpy as np

        dtype = self.dtype(name)
        if dtype not in _KNOWN:
            raise ModelWeightsError(f"{self._path}: {name} is stored as {dtype}; expected one of {', '.join(_KNOWN)}.")
        if dtype == "BF16":
            return self._read_bfloat16(name)
        found: NDArray[Any] = self._held.get_tensor(name)
        return found.astype(np.float32) if dtype == "F16" else found

    def _read_bfloat16(self, name: str) -> NDArray[np.float32]:
        """NumPy lacks the type, which is the first half of a float32: the place in the file is in its header."""
        import numpy as np

        with self._path.open("rb") as file:
            header = int.from_bytes(file.read(8), "little")
            begin, end = json.loads(file.read(header))[name]["data_offsets"]
            file.seek(8 + header + begin)
            halves = np.frombuffer(file.read(end - begin), "<u2")
        return (halves.astype(np.uint32) << 16).view(np.float32).reshape(self._held.get_slice(name).get_shape())


@contextmanager
def _opened(source: str | os.PathLike[str]) -> Iterator[_File]:
    """A model's file of weights, found as `load` finds it."""
    from safetensors import SafetensorError, safe_open

    from cnnhub import hub
    from cnnhub.hub.folder import check_header
    from cnnhub.loading import most_bytes

    path = hub.resolve(source, max_bytes=most_bytes()).weights
    check_header(path)
    try:
        with safe_open(path, framework="np") as held:
            yield _File(path, held)
    except (OSError, SafetensorError) as error:
        raise ModelWeightsError(f"{path} is not a whole safetensors file: {error}. Save it with safetensors.") from error


def _counts(values: NDArray[Any], least: float, largest: float) -> tuple[int, ...]:
    """How many of finite numbers (N,) lie in each bin."""
    import numpy as np

    if least == largest:
        return tuple(values.size if place == BINS // 2 else 0 for place in range(BINS))
    edges = np.linspace(least / 2, largest / 2, BINS + 1)[1:-1]  # of halves: the largest float64 numbers have no difference
    counts = np.zeros(BINS, np.int64)
    for start in range(0, values.size, _AT_ONCE):
        halves = values[start : start + _AT_ONCE].astype(np.float64) / 2
        counts += np.bincount(np.searchsorted(edges, halves, side="right"), minlength=BINS)
    return tuple(counts.tolist())


def _with_numbers(name: str) -> list[tuple[int, str]]:
    """By which names are sorted: "blocks.2" comes before "blocks.10"."""
    return [(len(part) if part.isdigit() else 0, part) for part in re.split(r"(\d+)", name)]
