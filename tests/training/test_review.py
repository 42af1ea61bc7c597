"""What `review` finds among pictures, the page on which a person decides, and what `finetune --review` makes of the decisions."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub import ModelCard

from tests.support.training_runs import draw, finetuning, ours, scene, training
from training.data import decisions
from training.data.decisions import Decision
from training.data.hygiene import content
from training.data.layout import DataError
from training.data.sources import Source
from training.data.splits import Pictures, load_split, load_training
from training.fit.folds import out_of_fold
from training.measure import likeness
from training.measure.review import count_wrong, likely_wrong

INTERRUPT = """
import os, signal
import training.fit.trainer as two
step = two.Trainer.step
def interrupt(self, number, batches):
    if number == 3:
        os.kill(os.getpid(), signal.SIGINT)
    return step(self, number, batches)
two.Trainer.step = interrupt
"""


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Blue and red ones, of which one red one is called blue, and one lies in train and in validation."""
    folder = draw(tmp_path / "pictures", {"train": 24, "validation": 8, "test": 4})
    (folder / "train/red/3.jpg").rename(folder / "train/blue/wrong.jpg")
    shutil.copy(folder / "train/red/4.jpg", folder / "validation/red/again.jpg")
    return folder


def decided(folder: Path, *rows: tuple[str, str, str]) -> Path:
    """A file of decisions on pictures, each as its path below `folder`, decision and new label."""
    split = {path: load_split(folder, path.partition("/")[0], check=False) for path, _, _ in rows}
    made = [Decision(digest_of(split[path], path), path, path.split("/")[1], decision, label) for path, decision, label in rows]
    decisions.write(folder / "review.csv", made)
    return folder / "review.csv"


def digest_of(pictures: Pictures, path: str) -> str:
    return next(digest for n, digest in enumerate(pictures.digests) if pictures.name(n) == path)


def rows_of(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.open(newline="")))


# What cleanlab 2.9.0 says (count.num_label_issues, estimation_method="off_diagonal_calibrated") of the same pictures.
@pytest.mark.parametrize(("seed", "classes", "by_cleanlab"), [(0, 2, 127), (1, 3, 138), (4, 6, 150), (10, 2, 125)])
def test_as_many_labels_are_wrong_as_cleanlab_says(seed: int, classes: int, by_cleanlab: int) -> None:
    random = np.random.default_rng(seed)
    targets = random.integers(0, classes, 400)
    probabilities = random.dirichlet(np.full(classes, 0.4), 400) * 0.5
    probabilities[np.arange(400), targets] += 0.5 * random.random(400)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    targets = np.where(random.random(400) < 0.1, random.integers(0, classes, 400), targets)
    if seed % 4 == 0:
        targets[:classes] = np.arange(classes)
    found = torch.from_numpy(probabilities), torch.from_numpy(targets)
    assert count_wrong(*found) == by_cleanlab
    listed = likely_wrong(*found)
    assert len(listed) <= 1.5 * by_cleanlab + 1 and all(probabilities[n].argmax() != targets[n] for n in listed)


def test_a_label_without_pictures_is_no_answer() -> None:
    probabilities = torch.tensor([[0.6, 0.1, 0.3], [0.1, 0.8, 0.1]], dtype=torch.double)
    assert count_wrong(probabilities, torch.tensor([0, 1])) == 0


def test_a_copy_does_not_vouch_for_its_twin() -> None:
    random = np.random.default_rng(0)
    targets = np.repeat([0, 1], 30)
    features = (random.normal(size=(60, 8)) + 3 * targets[:, None]).astype(np.float32)
    features[31:34] = features[30]  # four copies, all of them labelled wrong
    targets[30:34] = 0
    alone, together = np.arange(60), np.r_[np.arange(31), [30] * 3, np.arange(34, 60)]
    vouched, judged = (out_of_fold(features, targets, groups, folds=5)[30, 0] for groups in (alone, together))
    assert judged < 0.05 < vouched


def test_a_label_of_one_fold_is_not_judged() -> None:
    features = np.eye(10, dtype=np.float32)
    targets = np.array([0] * 5 + [1] * 4 + [2])
    assert out_of_fold(features, targets, np.arange(10), folds=3)[9].tolist() == [0, 0, 1]
    for groups, folds in ((np.zeros(10, int), 2), (np.arange(10), 6)):
        with pytest.raises(DataError, match=f"--folds {folds} arrived"):
            out_of_fold(features, targets, groups, folds)


def test_what_is_alike_and_what_is_like_none(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(60, 4)) + [6, 0, 0, 0]
    features[50] = features[3] + 0.01
    features[20] = [-6, 0, 0, 0]  # the other way
    unit = (features / np.linalg.norm(features, axis=1, keepdims=True)).astype(np.float32)
    whole = likeness.likeness(unit)
    assert whole.outliers[0] == 20 and (3, 50) in whole.alike
    monkeypatch.setattr(likeness, "_BLOCK", 7)
    assert likeness.likeness(unit) == whole
    crowd = np.tile(unit[:1], (60, 1)) + 0.01 * random.normal(size=(60, 4)).astype(np.float32)
    assert likeness.likeness(crowd / np.linalg.norm(crowd, axis=1, keepdims=True)).alike != []


def test_decisions_are_read_as_they_were_written(tmp_path: Path) -> None:
    made = [
        Decision("e3", 'roses/a, "b".jpg', "roses", "relabel", "tulips"),
        Decision("64", "daisy/1.jpg", "daisy", "drop"),
        Decision("b0", "daisy/2.jpg", "daisy"),
    ]
    decisions.write(tmp_path / "review.csv", made)
    read = decisions.read(tmp_path / "review.csv")
    assert list(read.decisions.values()) == made and read.file == "review.csv"
    (tmp_path / "other.csv").write_bytes(b"\xef\xbb\xbf" + (tmp_path / "review.csv").read_bytes().replace(b"\n", b"\r\n"))
    assert decisions.read(tmp_path / "other.csv").decisions == read.decisions, "as spreadsheets save it"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, r"cannot be read.*training review"),
        ("", "no rows; expected the columns sha256, name, label, decision, new_label"),
        ("sha256;name\ne3;1.jpg\n", r"holds sha256;name; expected the columns"),
        ("e3,1.jpg,rose,remove,\n", r"line 2 .*'remove'.*expected keep, relabel, drop or nothing"),
        ("e3,1.jpg,rose,relabel,\n", "a new label with relabel alone"),
        ("e3,1.jpg,rose,keep,tulip\n", "a new label with relabel alone"),
        ("e3,1.jpg,rose,drop,\ne3,1.jpg,rose,relabel,tulip\n", "line 3 .* says relabel tulip .* an earlier line says drop"),
    ],
)
def test_a_file_that_holds_no_decisions(text: str | None, says: str, tmp_path: Path) -> None:
    head = "" if not text or text.startswith("sha256") else "sha256,name,label,decision,new_label\n"
    if text is not None:
        (tmp_path / "review.csv").write_text(head + text)
    with pytest.raises(DataError, match=says):
        decisions.read(tmp_path / "review.csv")


def test_train_and_validation_follow_a_review_and_test_does_not(pictures: Path) -> None:
    same_bytes = pictures / "test/blue/0.jpg"
    shutil.copy(pictures / "train/red/5.jpg", same_bytes)
    file = decided(
        pictures,
        ("train/blue/wrong.jpg", "relabel", "red"),
        ("train/red/5.jpg", "drop", ""),
        ("validation/blue/1.jpg", "drop", ""),
    )
    source = Source(str(pictures), review=file)
    with pytest.raises(DataError, match="have a copy in train"):
        load_training(source)
    train, validation = load_training(source, fix_leaks=True)
    labels = {train.name(n): train.label(n) for n in range(len(train))}
    assert labels["train/blue/wrong.jpg"] == "red" and "train/red/5.jpg" not in labels
    assert "validation/blue/1.jpg" not in [validation.name(n) for n in range(len(validation))]
    assert train.as_found == load_split(pictures, "train").fingerprint != train.fingerprint
    assert any("review.csv, train: 0 pictures kept, 1 relabelled, 1 dropped." in note for note in train.notes)
    test = load_split(source, "test")
    assert same_bytes.read_bytes() in {content(test.source(n)) for n in range(len(test))}


def test_a_review_of_other_pictures_is_refused(pictures: Path, tmp_path: Path) -> None:
    others = draw(tmp_path / "others", {"train": 3, "validation": 2})
    scene(1).save(others / "train/blue/5.png")
    scene(2).save(others / "train/blue/6.png")
    file = decided(others, ("train/blue/5.png", "drop", ""), ("train/blue/6.png", "keep", ""))
    with pytest.raises(DataError, match=r"of the 2 pictures that review.csv names, 0 are in train or validation"):
        load_training(Source(str(pictures), review=file), fix_leaks=True)
    text = file.read_text().replace("drop,", "relabel,rde")
    file.write_text(text)
    with pytest.raises(DataError, match=r"no label 'rde'\. Did you mean red\?.*another set of pictures"):
        load_training(Source(str(pictures), review=file))


def test_the_command_finds_what_was_put_in(pictures: Path, model_folder: Callable[..., Path], tmp_path: Path) -> None:
    arguments = ["review", "--data", pictures, "--backbone-weights", model_folder(), "--output", tmp_path / "out", "--json"]
    done = training(*arguments, "--accept", "0.5")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["pictures"] == 65 and (found["wrong"] + found["doubtful"])[0]["name"] == "train/blue/wrong.jpg"
    groups = [{each["name"] for each in group} for group in found["alike"]]
    assert any({"train/red/4.jpg", "validation/red/again.jpg"} <= group for group in groups)
    rows = {row["name"]: row for row in rows_of(tmp_path / "out/review.csv")}
    assert (rows["train/blue/wrong.jpg"]["decision"], rows["train/blue/wrong.jpg"]["new_label"]) == ("relabel", "red")
    assert rows["train/red/4.jpg"]["decision"] == "", "to drop one of two files with the same bytes is to drop both"
    before = (tmp_path / "out/review.csv").read_bytes()
    again = training(*arguments, "--accept", "0.5")
    assert again.returncode == 1 and "its decisions would be lost" in again.stderr
    page = training(*arguments, before="import cnnhub\ncnnhub.load = None  # the features are kept")
    assert page.returncode == 0 and json.loads(page.stdout)["file"] is None, page.stderr
    assert (tmp_path / "out/review.csv").read_bytes() == before
    planted = json.loads(training(*arguments, "--plant", "0.1").stdout)
    assert planted["planted"] == 6
    assert planted["wrong"]["recall"] == planted["wrong"]["found"] / 6 and planted["doubtful"]["found"] >= 5


def test_a_run_with_a_review(pictures: Path, weights: Path, tmp_path: Path) -> None:
    (pictures / "validation/red/again.jpg").unlink()
    file = decided(
        pictures,
        ("train/blue/wrong.jpg", "relabel", "red"),
        ("validation/blue/1.jpg", "drop", ""),
        ("train/red/7.jpg", "keep", ""),
    )
    command = finetuning(pictures, weights, tmp_path / "run", "--review", file)
    stopped = training(*command, "--epochs", "3", before=INTERRUPT)
    assert stopped.returncode == 130, stopped.stderr
    kept = file.read_bytes()
    file.write_bytes(kept.replace(b"drop,", b"keep,"))
    refused = training(*command, "--resume")
    assert refused.returncode == 1 and "review_sha256" in refused.stderr
    file.write_bytes(kept)
    done = training(*command, "--resume")
    assert done.returncode == 0, done.stderr
    assert "1 picture kept, 1 relabelled, 0 dropped" in done.stderr.replace("\n", " ")
    data = ours(tmp_path / "run")["data"]
    assert data["review"] == {
        "file": "review.csv",
        "sha256": decisions.read(file).sha256,
        "splits": {"train": {"keep": 1, "relabel": 1, "drop": 0}, "validation": {"keep": 0, "relabel": 0, "drop": 1}},
    }
    assert data["split_hash"]["train"] == load_split(pictures, "train").fingerprint, "of the pictures as anybody has them"
    assert ours(tmp_path / "run")["counts"] == {"train": 48, "validation": 15}
    card = " ".join(ModelCard.load(tmp_path / "run/README.md").text.split())
    assert "of validation 0 kept, 0 relabelled, 1 dropped; test is as it was" in card and data["review"]["sha256"] in card
    model = ["--model", tmp_path / "run", "--data", pictures, "--json"]
    measured = [
        json.loads(training("evaluate", *model, "--split", split, "--review", file).stdout)["n"]
        for split in ("validation", "test")
    ]
    assert measured == [15, 8]


@pytest.mark.browser
def test_the_page_is_decided_by_keyboard(pictures: Path, model_folder: Callable[..., Path], browser: Any, tmp_path: Path) -> None:
    odd = '<b>&"\u5b57"'
    (pictures / "train/red").rename(pictures / "train" / odd)
    (pictures / "validation/red").rename(pictures / "validation" / odd)
    for number in range(4):
        shutil.copy(pictures / f"train/blue/{number}.jpg", pictures / "train" / odd / f"blue-{number}.jpg")
        (pictures / f"train/blue/{number}.jpg").unlink()
    done = training("review", "--data", pictures, "--backbone-weights", model_folder(), "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    page, complaints, asked = browser.new_page(viewport={"width": 1100, "height": 800}), [], []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: message.type in ("error", "warning") and complaints.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    address = (tmp_path / "out/review.html").as_uri()
    page.goto(address)
    total = int(re.fullmatch(r"0 of (\d+) decided", page.inner_text("output"))[1])
    assert total >= 6 and "drop" in page.inner_text(".keys")
    names = page.eval_on_selector_all("figure small", "all => all.map((each) => each.textContent)")
    focused = "document.activeElement.querySelector('small')?.textContent"
    assert page.evaluate(focused) == names[0]
    for key in ("a", "d", "Enter", "2", "j", "k", "ArrowRight", "ArrowLeft", "d", "u"):
        page.keyboard.press(key)
    assert page.evaluate(focused) == names[4], "undone, and there again"
    assert page.inner_text("output") == f"4 of {total} decided"
    decided_on = page.eval_on_selector_all("figure", "all => all.slice(0, 5).map((each) => each.dataset.decision)")
    page.reload()
    assert page.inner_text("output") == f"4 of {total} decided"
    assert page.evaluate(focused) == names[4], "it goes on where the first is open"
    with page.expect_download() as saved:
        page.keyboard.press("s")
    assert saved.value.suggested_filename == "review.csv"
    file = tmp_path / "review.csv"
    saved.value.save_as(file)
    rows = rows_of(file)
    assert [row["name"] for row in rows[:5]] == names[:5] and [row["decision"] for row in rows[:5]] == decided_on
    assert decided_on[1:3] == ["drop", "keep"] and decided_on[4] == ""
    assert rows[0]["decision"] == "relabel" and rows[0]["new_label"] in ("blue", odd) and rows[0]["new_label"] != rows[0]["label"]
    assert rows[3]["decision"] == ("keep" if rows[3]["label"] == "blue" else "relabel"), (
        "labels stand in their order: <b>... first"
    )
    assert len(rows) == total and decisions.read(file).decisions
    assert complaints == [] and all(url == address or url.startswith(("data:", "blob:")) for url in asked)
    page.close()
