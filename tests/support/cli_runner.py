"""Run the `cnnhub` command: in this process, in one of its own, or in a pseudo-terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

BOXES = frozenset(map(chr, range(0x2500, 0x25A0))) | {"\x1b", "\r"}  # lines, bars, colours, cursor movements


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    err: str

    def is_plain(self) -> bool:
        return not BOXES & set(self.out + self.err)

    def rows(self) -> list[list[str]]:
        return [line.split("\t") for line in self.out.splitlines()]


Call = Callable[..., Done]


def caller(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    """A function that runs the command in this process, which has imported torch already."""
    import warnings

    from cnnhub.cli import main

    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)  # main replaces it; a test's end brings it back
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")

    def call(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["cnnhub", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return Done(int(ended.value.code or 0), out, err)

    return call


def run(*arguments: object, cwd: Path | None = None, **options: object) -> Done:
    """In a process of its own, piped."""
    command = [sys.executable, "-m", "cnnhub.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120, **options)
    return Done(done.returncode, done.stdout, done.stderr)


def run_in_terminal(*arguments: object, columns: int = 100) -> str:
    """In a pseudo-terminal -> everything that it showed."""
    import pty

    ours, theirs = pty.openpty()
    variables = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": "40"}
    command = [sys.executable, "-m", "cnnhub.cli", *map(str, arguments)]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=variables)
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux says so when the last writer is gone
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert process.wait(timeout=120) == 0, shown.decode()
    return shown.decode()
