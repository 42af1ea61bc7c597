"""Homes that cannot be written to, or that nobody has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cnnhub import caches
from cnnhub.cli import completion

NAMES = ("HF_HOME", "HF_HUB_CACHE", "HF_XET_CACHE", "HF_DATASETS_CACHE", "HF_MODULES_CACHE", "MPLCONFIGDIR")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where caches would lie; what a test sets is as before afterwards."""
    for name in (*NAMES, "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, "")  # so that it is put back, whatever is set meanwhile
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(caches.tempfile, "tempdir", str(tmp_path))
    return tmp_path / "home"


def test_a_home_that_can_be_written_to_is_left_alone(home: Path) -> None:
    assert caches.ensure_writable() is None and not any(name in os.environ for name in NAMES)
    assert not home.exists()


def test_another_folder_is_taken_and_named(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.write_text("no folder can be made below a file")
    monkeypatch.setenv("HF_DATASETS_CACHE", "/chosen")
    told = caches.ensure_writable()
    assert told and told.startswith(f"No cache can be written below {home}; {tmp_path}/cnnhub-caches-")
    assert os.environ["HF_HUB_CACHE"].startswith(str(tmp_path)) and os.environ["MPLCONFIGDIR"].startswith(str(tmp_path))
    assert os.environ["HF_DATASETS_CACHE"] == "/chosen"


def test_models_in_a_cache_that_can_only_be_read_are_still_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".cache/huggingface/hub").mkdir(parents=True)
    monkeypatch.setattr(caches.os, "access", lambda path, mode: False)
    assert caches.ensure_writable()
    assert "HF_HUB_CACHE" not in os.environ and "HF_DATASETS_CACHE" in os.environ


def test_a_user_without_a_home_gets_one(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pwd.getpwuid", lambda number: {}[number])
    monkeypatch.delenv("HOME")
    assert completion.models("~/") == []
    assert caches.ensure_writable()
    assert os.environ["HOME"].startswith(str(tmp_path)) and Path(os.environ["HOME"]).is_dir()


def test_somebody_elses_folder_is_not_taken(home: Path, tmp_path: Path) -> None:
    home.write_text("")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"cnnhub-caches-{os.getuid()}").symlink_to(tmp_path / "elsewhere")
    told = caches.ensure_writable()
    assert told and f"cnnhub-caches-{os.getuid()} is used" not in told
