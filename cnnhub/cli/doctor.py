"""`cnnhub doctor`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from cnnhub.cli.output import show_table, waiting


def doctor(as_json: Annotated[bool, typer.Option("--json", help="One JSON object: ok, versions, checks.")] = False) -> None:
    """Check the installation: packages, built-in models, GPU, engines, the Hub, the cache.

    The exit status is 1 where something is broken. A note breaks nothing: a Hub that cannot be reached, for example,
    leaves the built-in and the cached models. In a pipe each line holds name, state and detail, separated by tabs.

    \b
    Examples:
      cnnhub doctor
      cnnhub doctor --json
    """
    from cnnhub.doctor import examine

    with waiting("looking around"):
        found = examine()
    if as_json:
        checks = [asdict(check) for check in found.checks]
        print(json.dumps({"ok": found.is_well, "versions": found.versions, "checks": checks}, indent=2))
    else:
        show_table(("what", "state", "detail"), [(check.name, check.state.value, check.detail) for check in found.checks])
    if not found.is_well:
        raise typer.Exit(1)
