"""Run the code blocks of a page of the documentation, in order, in the current folder.

    python tests/support/run_page.py docs/use.md

Python runs in one namespace, `sh` in bash; what either prints has to be the `text` block below it, where there is one
("..." stands for anything). A block under `<!-- not run: why -->` is left out. Ends at the first block that fails.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(r"^(<!-- not run: (?P<why>[^\n]+) -->\n)?```(?P<language>\w*)\n(?P<code>.*?)^```$", re.M | re.S)
LANGUAGES = ("python", "sh", "text")


@dataclass
class Block:
    """A fenced block: its language, what stands in it, its first line's number, and why it is not run (or None)."""

    language: str
    code: str
    line: int
    not_run: str | None
    expected: str | None = None


def blocks(page: str) -> list[Block]:
    """The runnable blocks of a page, each with the output that stands below it."""
    found: list[Block] = []
    for match in BLOCK.finditer(page):
        line = page.count("\n", 0, match.start("code")) + 1
        block = Block(match["language"], match["code"], line, match["why"])
        if block.language not in LANGUAGES:
            raise SystemExit(f"line {line}: a block of {block.language or 'no language'}; expected {', '.join(LANGUAGES)}")
        if block.language != "text":
            found.append(block)
        elif found:
            found[-1].expected = block.code
    return found


def run(block: Block, namespace: dict[str, object], name: str) -> str:
    """Run one block -> what it printed."""
    if block.language == "sh":
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", block.code], stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise SystemExit(f"{name}:{block.line}: exit status {done.returncode}\n{done.stdout}")
        return done.stdout
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile("\n" * (block.line - 1) + block.code, name, "exec"), namespace)
    return printed.getvalue()


def main(path: str) -> None:
    namespace: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(Path(path).read_text(encoding="utf-8")):
        if block.not_run:
            continue
        got = "".join(f"{line.rstrip()}\n" for line in run(block, namespace, path).splitlines())
        if block.expected and not doctest.OutputChecker().check_output(block.expected, got, doctest.ELLIPSIS):
            raise SystemExit(f"{path}:{block.line}: printed\n{got}\nand the page says\n{block.expected}")


if __name__ == "__main__":
    main(sys.argv[1])
