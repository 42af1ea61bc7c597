"""What tests of the package share."""

from __future__ import annotations

import pytest

from tests.support.cli_runner import Call, caller


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    """The `cnnhub` command, run in this process."""
    return caller(monkeypatch, capfd)
