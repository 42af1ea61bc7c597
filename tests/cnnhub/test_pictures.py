"""The walker: what a folder holds is found whatever it is called, or it is said why not."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from PIL import Image

from cnnhub.pictures import Reason, find
from tests.support.cli_runner import Call

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000")


def encoded(format: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 6), (200, 50, 40)).save(buffer, format)
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One of everything that lies among pictures."""
    place = tmp_path / "set"
    for name in ("cat", "_dog", "ant/deep/er", ".cache", "empty"):
        (place / name).mkdir(parents=True)
    jpeg = encoded("JPEG")
    for name in (
        "cat/a.jpg",
        "cat/b.JFIF",
        "cat/c",
        "cat/d.txt",
        "_dog/a.jpeg",
        "ant/deep/er/a.png",
        ".cache/a.jpg",
        "cat/._a.jpg",
    ):
        (place / name).write_bytes(jpeg)
    (place / "cat/broken.jpg").write_bytes(b"<html>")
    (place / "cat/empty.png").touch()
    (place / "cat/notes.txt").write_text("BMW and P1 and II")
    (place / "cat/.DS_Store").touch()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/z.webp").write_bytes(encoded("WEBP"))
    (place / "linked").symlink_to(tmp_path / "elsewhere")
    (place / "linked_too").symlink_to(tmp_path / "elsewhere")
    (place / "cat/lost.jpg").symlink_to("nowhere.jpg")
    (place / "cat/round").symlink_to(place)
    os.mkfifo(place / "cat/pipe.jpg")
    return place


def test_what_lies_there_is_found_or_said(folder: Path) -> None:
    found = find(folder)
    assert found.pictures == [
        "_dog/a.jpeg", "ant/deep/er/a.png", "cat/a.jpg", "cat/b.JFIF", "cat/broken.jpg", "cat/c", "cat/d.txt", "cat/empty.png",
        "linked/z.webp", "linked_too/z.webp",
    ]  # fmt: skip
    assert found.folders == ["_dog", "ant", "ant/deep", "ant/deep/er", "cat", "empty", "linked", "linked_too"]
    assert found.left_out == {
        Reason.HIDDEN: [".cache", "cat/.DS_Store"],
        Reason.FORK: ["cat/._a.jpg"],
        Reason.NO_PICTURE: ["cat/notes.txt", "cat/pipe.jpg"],
        Reason.LOST_LINK: ["cat/lost.jpg"],
        Reason.CIRCLE: ["cat/round"],
    }
    assert "1 link that leads nowhere, cat/lost.jpg" in found.in_words()


@pytest.mark.parametrize("format", FORMATS)
def test_a_picture_is_known_by_how_it_begins(format: str, tmp_path: Path) -> None:
    (tmp_path / "picture").write_bytes(encoded(format))
    assert find(tmp_path).pictures == ["picture"]


def test_a_heic_photo_is_known_by_how_it_begins(tmp_path: Path) -> None:
    pillow_heif = pytest.importorskip("pillow_heif", reason="the extra cnnhub[heic] is not installed")
    pillow_heif.from_pillow(Image.new("RGB", (64, 64))).save(tmp_path / "photo.heic")
    (tmp_path / "photo.heic").rename(tmp_path / "photo")
    assert find(tmp_path).pictures == ["photo"]


@pytest.mark.parametrize("head", [b"", b"BM is short", b"MM\0", b"P1 one", b"RIFF....WAVEfmt ", b"%PDF-1.7", b"<svg", b"\0" * 40])
def test_other_files_are_none(head: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(head)
    assert find(tmp_path).left_out == {Reason.NO_PICTURE: ["file"]}


def test_a_name_that_is_no_text_is_said(tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.jpg")).write_bytes(encoded("JPEG"))
    except OSError:
        pytest.skip("this file system has UTF-8 names alone")
    assert find(tmp_path).in_words() == ["1 file or folder whose name is not UTF-8, caf?.jpg"]


def test_a_name_that_commands_the_terminal_is_spelled_out(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2J\n.txt").touch()
    assert find(tmp_path).in_words() == [r"1 file that is no picture, a\x1b[2J\x0a.txt"]


def test_predict_walks_the_same_way(folder: Path, call: Call) -> None:
    done = call("predict", "--json", folder)
    assert [json.loads(line)["file"] for line in done.out.splitlines()] == [str(folder / path) for path in find(folder).pictures]
    assert done.status == 1, "of broken.jpg and empty.png, not of ._a.jpg"
    assert done.err.splitlines() == [f"left out in {folder}: {phrase}" for phrase in find(folder).in_words()]
