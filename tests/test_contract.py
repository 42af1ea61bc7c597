"""Nothing that others rely on changes by accident: today's names, commands, endpoints and answers are those on record."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests import contract


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    return json.loads(contract.RECORD.read_text(encoding="utf-8"))


def test_public_names_and_signatures(recorded: dict[str, Any]) -> None:
    assert contract.names() == recorded["names"]


def test_commands_and_their_help(recorded: dict[str, Any]) -> None:
    assert dict(contract.helps()) == recorded["help"]


def test_endpoints(recorded: dict[str, Any]) -> None:
    assert contract.endpoints() == recorded["endpoints"]


def test_json_of_commands(recorded: dict[str, Any]) -> None:
    _check_alike(contract.outputs(), recorded["json"], "json")


def test_what_checkpoints_and_finished_runs_hold(recorded: dict[str, Any]) -> None:
    _check_alike(contract.kept(), recorded["kept"], "kept")


def test_logits_of_the_builtin_models(recorded: dict[str, Any]) -> None:
    _check_alike(contract.logits(), recorded["logits"], "logits")


def _check_alike(found: Any, expected: Any, where: str) -> None:
    """Equal in keys, order and words; numbers to 1e-4."""
    if isinstance(expected, dict):
        assert list(found) == list(expected), where
        for key in expected:
            _check_alike(found[key], expected[key], f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for number, each in enumerate(expected):
            _check_alike(found[number], each, f"{where}[{number}]")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=1e-4), where
    else:
        assert found == expected, where
