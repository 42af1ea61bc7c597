"""Answers as records, and tables of them: JSON lines, CSV or parquet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from cnnhub.errors import ArgumentError, CnnHubError, EngineError, spelled_out
from cnnhub.files import atomic_file

if TYPE_CHECKING:
    import pyarrow

    from cnnhub.prediction import Prediction

Record: TypeAlias = dict[str, Any]
FIELDS = ("file", "label", "probability", "scores", "is_unfamiliar", "strangeness", "error")
ROWS = 256  # of a parquet file that are held before they are written


def record(file: str, outcome: Prediction | CnnHubError) -> Record:
    """What is told of a picture: the fields of an answer, or the error."""
    if isinstance(outcome, CnnHubError):
        return {"file": file, "error": str(outcome)}
    return {
        "file": file,
        "label": outcome.label,
        "probability": outcome.probability,
        "scores": outcome.scores,
        "is_unfamiliar": outcome.is_unfamiliar,
        "strangeness": outcome.strangeness,
    }


def line(told: Record) -> str:
    r"""A record as one line of JSON. Labels are to be read, so that only what cannot be seen is written as JSON's escapes.

    >>> print(line({"label": "貓\u202e\x9b"}))
    {"label": "貓\u202e\u009b"}
    """

    def escape(character: str) -> str:
        return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else json.dumps(character)[1:-1]

    return spelled_out(json.dumps(told, ensure_ascii=False), escape)


def check_path(path: Path) -> None:
    """Raise where `writing_to` cannot write such a file: ArgumentError for its suffix, EngineError without pyarrow."""
    if path.suffix.lower() not in _WRITERS:
        raise ArgumentError(f"{path} ends in {path.suffix or 'no suffix'!r}; expected one of {', '.join(_WRITERS)}.")
    if path.suffix.lower() == ".parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ModuleNotFoundError:
            raise EngineError(
                f"{path} would be a parquet file, which needs one more package: pip install pyarrow. Or write .csv or .jsonl."
            ) from None


@contextmanager
def writing_to(path: Path) -> Iterator[Callable[[Record], None]]:
    """A function that takes the records one by one; when the block ends well they are the file, and otherwise there is none.

    The suffix says what it becomes: .jsonl or .ndjson, a record a line as it is; .csv, with the columns of `FIELDS`, the scores
    as JSON, and nothing where a record has no such field; .parquet, with the same columns and the scores as a map.

    Raises:
        ArgumentError, EngineError: as `check_path`.
        OSError: the file cannot be written.
    """
    check_path(path)
    with atomic_file(path) as file, _WRITERS[path.suffix.lower()](file) as write:
        yield write


def to_arrow(records: Sequence[Record]) -> pyarrow.Table:
    """Records -> a table with the columns of `FIELDS`; scores are a map from label to probability, largest first."""
    import pyarrow

    kinds = {"probability": pyarrow.float64(), "strangeness": pyarrow.float64(), "is_unfamiliar": pyarrow.bool_()}
    kinds["scores"] = pyarrow.map_(pyarrow.string(), pyarrow.float64())
    columns = {name: [told.get(name) for told in records] for name in FIELDS}
    columns["scores"] = [scores and list(scores.items()) for scores in columns["scores"]]
    schema = pyarrow.schema([(name, kinds.get(name, pyarrow.string())) for name in FIELDS])
    return pyarrow.table({name: _text(values) for name, values in columns.items()}, schema)


def _text(values: list[Any]) -> list[Any]:
    """File names that are no text, spelled out."""
    return [value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value for value in values]


@contextmanager
def _json_lines(file: IO[bytes]) -> Iterator[Callable[[Record], None]]:
    def write(told: Record) -> None:
        file.write(f"{line(told)}\n".encode(errors="backslashreplace"))

    yield write


@contextmanager
def _csv(file: IO[bytes]) -> Iterator[Callable[[Record], None]]:
    text = io.TextIOWrapper(file, "utf-8", errors="backslashreplace", newline="")
    table = csv.DictWriter(text, FIELDS)
    table.writeheader()

    def write(told: Record) -> None:
        scores = told.get("scores")
        table.writerow(told | ({"scores": json.dumps(scores, ensure_ascii=False)} if scores else {}))

    yield write
    text.detach()  # flushed, and the file left open


@contextmanager
def _parquet(file: IO[bytes]) -> Iterator[Callable[[Record], None]]:
    from pyarrow.parquet import ParquetWriter

    waiting: list[Record] = []
    with ParquetWriter(file, to_arrow([]).schema) as table:

        def flush() -> None:
            table.write_table(to_arrow(waiting))
            waiting.clear()

        def write(told: Record) -> None:
            waiting.append(told)
            if len(waiting) == ROWS:
                flush()

        yield write
        flush()


_WRITERS = {".jsonl": _json_lines, ".ndjson": _json_lines, ".csv": _csv, ".parquet": _parquet}
