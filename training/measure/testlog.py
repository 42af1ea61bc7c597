"""The log of every measurement on the test split: a figure that was looked at often says less."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cnnhub.errors import CnnHubError

LOG_NAME = "test_log.jsonl"


class LogError(CnnHubError):
    """The log of test measurements cannot be read."""


@dataclass(frozen=True)
class Summary:
    """How many measurements of one test split, of how many different weights."""

    length: int
    weights: int


def append(folder: Path, entry: dict[str, Any]) -> None:
    """Add one line, the time (UTC) before `entry`. It is on the disk when this returns; OSError where the disk refuses."""
    folder.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"time": datetime.now(UTC).isoformat(timespec="seconds"), **entry})
    with (folder / LOG_NAME).open("ab", buffering=0) as file:  # one write in append mode: lines of two processes never mix
        file.write(f"{line}\n".encode())
        os.fsync(file.fileno())


def read(folder: Path) -> list[dict[str, Any]]:
    """The entries, oldest first; none where nothing was measured.

    Raises:
        LogError: a line is no JSON.
    """
    path = folder / LOG_NAME
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    try:
        return [json.loads(line) for line in lines]
    except ValueError as error:
        raise LogError(f"{path} holds a line that is not JSON: {error}. It is only ever appended to; restore it.") from error


def summary(folder: Path, split_hash: str | None = None) -> Summary:
    """What the log in a folder holds: of the test split with that hash, or of all."""
    entries = [entry for entry in read(folder) if split_hash in (None, entry.get("split_hash"))]
    return Summary(len(entries), len({entry["weights_sha256"] for entry in entries}))
