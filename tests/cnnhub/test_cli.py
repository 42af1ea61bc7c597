"""The `cnnhub` command, as its contract says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import cnnhub
from cnnhub.hub.catalogue import builtin_entries
from tests.support.cli_runner import Call, run, run_in_terminal
from tests.support.places import EXAMPLES, ROOT

COMMANDS = ("predict", "features", "filter", "anatomy", "explain", "models", "info", "export", "doctor")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures, a broken one between them by name, one below, and a file that is no picture."""
    (tmp_path / "a.jpg").write_bytes((EXAMPLES / "cat.jpg").read_bytes())
    (tmp_path / "b.jpg").write_bytes(b"broken")
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "c").mkdir()
    (tmp_path / "c/d.JPG").write_bytes((EXAMPLES / "dog.jpg").read_bytes())
    return tmp_path


def test_json_lines(call: Call, folder: Path) -> None:
    done = call("predict", "--json", EXAMPLES / "dog.jpg", folder)
    lines = [json.loads(line) for line in done.out.splitlines()]
    files = [str(EXAMPLES / "dog.jpg"), *(str(folder / name) for name in ("a.jpg", "b.jpg", "c/d.JPG"))]
    assert [line["file"] for line in lines] == files
    assert [line.get("label") for line in lines] == ["dog", "cat", None, "dog"]
    assert list(lines[2]) == ["file", "error"]
    assert "not a picture" in lines[2]["error"]
    assert done.status == 1
    expected = cnnhub.load("cats-vs-dogs").predict(EXAMPLES / "dog.jpg")
    assert list(lines[0]) == ["file", "label", "probability", "scores", "is_unfamiliar", "strangeness"]
    assert (lines[0]["is_unfamiliar"], lines[0]["strangeness"]) == (False, pytest.approx(expected.strangeness, abs=1e-3))
    assert lines[0]["scores"] == pytest.approx(expected.scores, abs=1e-4)
    assert list(lines[0]["scores"]) == list(expected.scores)
    assert lines[0]["probability"] == pytest.approx(expected.probability, abs=1e-4)


def test_top_k(call: Call, folder: Path) -> None:
    done = call("predict", "--model", "imagenet", "--top-k", 5, "--json", folder / "a.jpg")
    assert done.status == 0
    assert len(json.loads(done.out)["scores"]) == 5


def test_in_a_pipe_it_is_plain(folder: Path) -> None:
    done = run("predict", folder)
    assert done.status == 1
    assert done.is_plain()
    a, b, d = done.rows()
    assert a[:2] == [str(folder / "a.jpg"), "cat"] and a[2].endswith("%") and a[3].startswith("dog ") and a[4] == "no"
    assert b[:3] == [str(folder / "b.jpg"), "unreadable", ""] and "not a picture" in b[3]
    assert d[:2] == [str(folder / "c/d.JPG"), "dog"]


def test_on_a_terminal_it_is_a_table(folder: Path) -> None:
    shown = run_in_terminal("predict", *[folder / "a.jpg"] * 12, columns=250)
    assert "━" in shown and "\x1b[" in shown, "no table"
    assert "loading cats-vs-dogs" in shown and "classifying" in shown
    assert "a.jpg" in shown and "probability" in shown


def test_a_narrow_terminal_wraps_names_and_cuts_none() -> None:
    shown = run_in_terminal("models", columns=60)
    assert "…" not in shown
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in shown.splitlines() if line.count("│") == 7]
    assert "".join(row[0] for row in cells) == "".join(cnnhub.builtin_models())
    assert "".join(row[2] for row in cells) == "".join(entry.config.architecture for entry in builtin_entries())


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_shows_examples_and_is_plain(call: Call, command: str) -> None:
    done = call(*command.split(), "--help")
    assert done.status == 0 and done.is_plain()
    examples = done.out[done.out.index("Examples:") :].split("\n\n")[0].splitlines()[1:]
    assert examples and all(line.startswith(f"    cnnhub {command}") for line in examples)


def test_help_lists_every_command(call: Call) -> None:
    listed = call("--help").out.split("Commands:")[1]
    assert [line.split()[0] for line in listed.strip().splitlines()] == list(COMMANDS)


def test_help_brings_in_nothing_heavy() -> None:
    code = (
        "import sys; from cnnhub.cli import main; sys.argv = ['cnnhub', '--help']\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & "
        "{'torch', 'timm', 'numpy', 'PIL', 'pydantic', 'rich', 'huggingface_hub', 'matplotlib'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_names_from_a_stranger_s_model_cannot_steer_the_terminal(call: Call, model_folder) -> None:
    model = model_folder(label_names=["\x1b[2Jant", "\x9b31mbee", "c\tow"])
    done = call("predict", "--model", model, EXAMPLES / "cat.jpg")
    assert done.status == 0 and done.is_plain() and "\x9b" not in done.out
    assert len(done.rows()[0]) == 5
    for name in (r"\x1b[2Jant", r"\x9b31mbee", r"c\x09ow"):
        assert name in done.out


UNSEEN = ("\x1b[2J", "\x9b31m", "\x7f", "\u200b", "\u200e", "\u202e", "\u2066", "\u061c", "\u2028", "\ufeff", "\U000e0041")


def test_what_cannot_be_seen_is_spelled_out_wherever_a_model_s_words_are_printed(call: Call, model_folder) -> None:
    labels = ["".join(UNSEEN), "貓 é\u3000", "👩\u200d🚒"]
    model, photo = model_folder(label_names=labels), EXAMPLES / "cat.jpg"
    (model / "README.md").write_text(f"# {labels[0]}\n\tkept", encoding="utf-8")
    spelled = r"\x1b[2J\x9b31m\x7f\u200b\u200e\u202e\u2066\u061c\u2028\ufeff\U000e0041"
    plain = call("predict", "--model", model, photo)
    assert spelled in plain.out and labels[1] in plain.out
    shown = call("info", model)
    assert shown.out.count(spelled) == 2 and "\n\tkept" in shown.out, "among the facts and in the card"
    as_json = call("predict", "--model", model, "--json", photo)
    assert sorted(json.loads(as_json.out)["scores"]) == sorted(labels), "valid JSON, and the labels as they are"
    assert labels[1] in as_json.out, "what can be read is not escaped"
    explained = call("explain", "--model", model, "--label", labels[0], "--json", photo)
    assert json.loads(explained.out)["label"] == labels[0]
    wrong = call("explain", "--model", model, "--label", f"{labels[0]}?", photo)
    assert wrong.status == 2 and r"\u202e" in wrong.err
    for done in (plain, shown, as_json, explained, wrong):
        assert not {character for word in UNSEEN for character in word if not character.isascii()} & set(done.out + done.err)
        assert not {"\x1b", "\x7f"} & set(done.out + done.err)


def test_an_error_shows_nothing_that_cannot_be_seen() -> None:
    assert str(cnnhub.CnnHubError("there is no \x9b\u202elabel\nat all")) == "there is no \\x9b\\u202elabel\nat all"


def test_an_output_that_takes_nothing(folder: Path) -> None:
    """A full disk behind standard output is one line and status 2; a reader that left is silence."""
    command = [sys.executable, "-m", "cnnhub.cli", "--help"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr == "error: The output cannot be written: [Errno 28] No space left on device.\n"
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    assert "Traceback" not in process.stderr.read() and process.wait() == 1


def completions(*words: str) -> list[str]:
    """What bash is offered for the last word."""
    variables = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "_CNNHUB_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(("cnnhub", *words)),
        "COMP_CWORD": str(len(words)),
    }
    done = subprocess.run([sys.executable, "-m", "cnnhub.cli"], capture_output=True, text=True, env=variables, cwd=ROOT)
    assert done.stderr == ""
    return done.stdout.split()


def test_completion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model_folder) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    (tmp_path / "models--timm--resnet18.a1_in1k").mkdir()
    (tmp_path / "datasets--some--data").mkdir()
    assert completions("pre") == ["predict"]
    assert completions("predict", "--model", "") == [*cnnhub.builtin_models(), "timm/resnet18.a1_in1k"]
    assert completions("predict", "--model", "f") == ["flowers"]
    model_folder("runs/mine")
    assert completions("features", "--model", f"{tmp_path}/runs/") == [f"{tmp_path}/runs/mine"]
    assert completions("filter", "--kernel", "sobel_") == ["sobel_x", "sobel_y", "sobel_45", "sobel_135"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script(monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    done = run("--show-completion", shell)
    assert done.status == 0 and "_CNNHUB_COMPLETE=complete_" in done.out and "cnnhub" in done.out


def test_models(call: Call) -> None:
    done = call("models")
    assert done.status == 0
    for name in cnnhub.builtin_models():
        assert name in done.out
    assert "MB" in done.out and "%" in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("predict", "--model", "flower", "x.jpg"), "Did you mean flowers?"),
        (("predict", "--model", "./nowhere", "x.jpg"), "no folder"),
        (("predict",), "Missing argument"),
        (("predict", "--top-k", "0", "x.jpg"), "equal to 1"),
        (("predct",), "No such command"),
    ],
)
def test_mistakes_exit_with_2(call: Call, arguments: tuple[str, ...], message: str) -> None:
    done = call(*arguments)
    assert done.status == 2
    assert message in done.err
    assert "Traceback" not in done.err


def test_version(call: Call) -> None:
    assert call("--version").out.strip() == f"cnnhub {cnnhub.__version__}"


def test_an_empty_folder(call: Call, tmp_path: Path) -> None:
    done = call("predict", tmp_path)
    assert done.status == 0
    assert "holds no pictures" in done.err
    assert os.listdir(tmp_path) == []
