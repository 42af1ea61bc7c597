"""The app without a browser: its sentences, its endpoints through gradio_client, what it refuses."""

from __future__ import annotations

import dataclasses
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import numpy as np
import pytest
import torch
import yaml
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

import cnnhub
from cnnhub import channels, convolution, kernels
from cnnhub.hub import shipped
from demo import answers, networks, page, texts
from demo.photo import column as photo_column
from demo.photo import pixels
from demo.photo.photo import Photo
from demo.tabs.filter import answer as lab_answer
from demo.tabs.filter import tab as one_filter
from demo.tabs.filter.settings import Settings, read
from demo.tabs.inside import tab as inside
from demo.tabs.inside.look import Look
from demo.tabs.what import compare
from demo.tabs.what import tab as what
from tests.support.places import EXAMPLES, ROOT, SPACE

CAT = EXAMPLES / "cat.jpg"


def response(photo: bytes, settings: Settings) -> torch.Tensor:
    """The laboratory's map (C, H, W) of a photo."""
    return convolution.apply_filter(Photo(photo).pixels().planes(settings.colour), settings.filter)


@pytest.mark.parametrize("change", [lambda data: data[:-64] + bytes(64), None], ids=["64 other bytes", "lost"])
def test_a_built_in_model_that_was_changed_does_not_serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[bytes], bytes] | None
) -> None:
    """However whole the last start found it: a sentence, exit status 1, and no page."""
    shutil.copytree(shipped.BUILTIN_FOLDER, tmp_path / "builtin")
    monkeypatch.setattr(shipped, "BUILTIN_FOLDER", tmp_path / "builtin")
    monkeypatch.setattr(sys, "argv", ["app.py"])
    monkeypatch.setattr(page, "made", lambda: pytest.fail("it is laid out"))
    weights = tmp_path / "builtin/flowers/model.safetensors"
    shipped.check("flowers")
    if change:
        weights.write_bytes(change(weights.read_bytes()))
    else:
        weights.unlink()
    with pytest.raises(SystemExit, match=r"The demo does not start: .*flowers/model\.safetensors is .*Install cnnhub again"):
        page.main(tmp_path)


def test_classify_says_what_python_says(client: Client) -> None:
    for name in ("cat.jpg", "dog.jpg", "chelsea.png"):
        answer = client.predict(handle_file(str(EXAMPLES / name)), api_name="/classify")
        expected = cnnhub.load("cats-vs-dogs").predict(EXAMPLES / name)
        assert answer["label"] == expected.label
        got = {item["label"]: item["confidence"] for item in answer["confidences"]}
        assert got == pytest.approx(expected.scores, abs=1e-4)


def test_classify_with_the_other_models(client: Client) -> None:
    answer = client.predict(handle_file(str(EXAMPLES / "sunflower.jpg")), "flowers", api_name="/classify")
    assert answer["label"] == "sunflowers"
    answer = client.predict(handle_file(str(EXAMPLES / "china.jpg")), model="imagenet", api_name="/classify")
    assert answer["label"] == "palace"


@pytest.mark.parametrize(
    "sent", ["photo.jpg", "https://example.com/cat.jpg", ["photo.jpg"], 7, {"url": "data:image/png;base64,AAAA"}]
)
@pytest.mark.parametrize("endpoint", ["/classify", "/filter", "/feature_maps"])
def test_whatever_is_no_upload_hears_what_to_send(client: Client, sent: object, endpoint: str) -> None:
    with pytest.raises(AppError, match=r"Expected an uploaded picture, got .*handle_file\("):
        client.predict(sent, api_name=endpoint)


def test_an_upright_and_a_turned_photo_are_one(client: Client, tmp_path: Path) -> None:
    """Exif orientation and transparency survive the way through the server."""
    upright = Image.open(CAT).convert("RGB")
    turned = upright.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[274] = 6
    turned.save(tmp_path / "turned.png", exif=exif)
    clear = upright.convert("RGBA")
    clear.putalpha(60)
    clear.save(tmp_path / "clear.png")
    for name in ("turned.png", "clear.png"):
        answer = client.predict(handle_file(str(tmp_path / name)), api_name="/classify")
        expected = cnnhub.load("cats-vs-dogs").predict(tmp_path / name)
        assert answer["confidences"][0]["confidence"] == pytest.approx(expected.probability, abs=1e-4)


def test_filter_gives_a_lossless_map(client: Client) -> None:
    path, facts = client.predict(handle_file(str(CAT)), api_name="/filter")
    values = response(CAT.read_bytes(), Settings())
    assert path.endswith(".png")
    expected = lab_answer.draw(values, Settings()).picture.convert("RGB")
    assert np.array_equal(np.asarray(Image.open(path).convert("RGB")), np.asarray(expected))
    assert facts["answers_to"] == "vertical_edges"
    assert facts["min"] == pytest.approx(values.min().item())


def test_filter_with_own_weights_stride_and_padding(client: Client) -> None:
    path, facts = client.predict(
        handle_file(str(CAT)), "gaussian", 2, "valid", [[0, 0, 0], [0, 2, 0], [0, 0, 0]], api_name="/filter"
    )
    width, height = Image.open(CAT).size
    assert facts["output"] == {"width": (width - 3) // 2 + 1, "height": (height - 3) // 2 + 1}
    assert Image.open(path).size == (facts["output"]["width"], facts["output"]["height"])
    assert facts["formula"]["width"].endswith(f"= {facts['output']['width']}")


def test_feature_maps(client: Client) -> None:
    path, facts = client.predict(handle_file(str(CAT)), api_name="/feature_maps")
    assert facts["layer"] == "blocks.1"
    assert facts["shape"] == [24, 60, 60]
    assert (facts["shown"], facts["of"]) == (24, 24)
    assert facts["columns"] == 5
    assert Image.open(path).size == (5 * 60, 5 * 60)
    _, facts = client.predict(handle_file(str(CAT)), "bn2", "imagenet", 16, api_name="/feature_maps")
    maps = cnnhub.load("imagenet").feature_maps(CAT, "bn2")["bn2"]
    assert facts["channels"] == channels.varied_first(maps)[:16]
    assert (facts["shown"], facts["of"]) == (16, 1280)


def test_maps_as_numbers(client: Client) -> None:
    for arguments, model, layer in (((), "cats-vs-dogs", "blocks.1"), (("bn2", "imagenet"), "imagenet", "bn2")):
        path = client.predict(handle_file(str(CAT)), *arguments, api_name="/feature_maps_npz")
        assert Path(path).name == f"cnnhub-{model}-{layer}.npz"
        (found,) = np.load(path).items()
        expected = cnnhub.load(model).feature_maps(CAT, layer)[layer].numpy()
        assert found[0] == layer and found[1].dtype == np.float32
        assert np.allclose(found[1], expected, atol=1e-5)


def test_details_hold_all_that_is_known_of_an_answer(client: Client) -> None:
    told = client.predict(handle_file(str(CAT)), api_name="/classify_details")
    classifier = cnnhub.load("cats-vs-dogs")
    expected = classifier.predict(CAT)
    assert told["scores"] == pytest.approx(expected.scores, abs=1e-4)
    assert (told["model"], told["label"], told["temperature"]) == (
        "cats-vs-dogs",
        expected.label,
        classifier.config.cnnhub.temperature,
    )
    assert told["reliability"] == dataclasses.asdict(classifier.reliability(expected.probability))
    plain = client.predict(handle_file(str(CAT)), "imagenet", api_name="/classify_details")
    assert (plain["unfamiliar"]["is_unfamiliar"], plain["reliability"]) == (False, None)
    neither = client.predict(handle_file(str(EXAMPLES / "pizza.jpg")), api_name="/classify_details")
    assert neither["unfamiliar"]["is_unfamiliar"] and neither["reliability"] is None


def test_two_photos_are_compared(client: Client) -> None:
    cat, dog = (handle_file(str(EXAMPLES / name)) for name in ("cat.jpg", "dog.jpg"))
    told = client.predict(cat, dog, api_name="/compare")
    assert (told["first"]["label"], told["second"]["label"]) == ("cat", "dog")
    assert told["sentence"].startswith("The first looks like a cat (")


def test_every_offered_stage_exists_in_every_offered_model(client: Client) -> None:
    for model in cnnhub.builtin_models():
        for layer in cnnhub.load(model).stages():
            _, facts = client.predict(handle_file(str(CAT)), layer, model, 1, api_name="/feature_maps")
            assert facts["layer"] == layer


@pytest.mark.parametrize(
    ("endpoint", "arguments", "message"),
    [
        ("/filter", ("sobel_x", 0), "stride is 0"),
        ("/filter", ("sobel_x", 1, "full"), "padding is 'full'"),
        ("/filter", ("sobel_x", 1, "3000"), "padding is '3000'"),
        ("/filter", ("sobel_x", 1, "--1"), "padding is '--1'"),
        ("/filter", ("sobel_x", 1, "same", [[1e38]]), "weight beyond"),
        ("/filter", ("sobel_x", 1, "same", [[1, 2], [3, 4]]), "odd"),
        ("/filter", ("sobel_x", 1, "same", "evil"), "The weights are 'evil'"),
        ("/filter", ("sobel_q",), "choices"),
        ("/filter", ("sobel_x", 1, "same", None, 0), "divisor is 0"),
        ("/filter", ("sobel_x", 1, "same", None, 1, 1e9), "bias beyond"),
        ("/filter", ("sobel_x", 1, "same", None, 1, 0, 99), "dilation is 99"),
        ("/filter", ("sobel_x", 1, "same", None, 1, 0, 1, "wrap"), "choices"),
        ("/filter", ("sobel_x", 1, "same", None, 1, 0, 1, "zero", False, "fourier"), "choices"),
        ("/filter_window", (100000, 0), "row is 100000"),
        ("/filter_stack", ([{"kind": "softmax"}],), "no kind of step 'softmax'"),
        ("/filter_stack", ([{"kind": "relu"}] * 9,), "9 steps"),
        ("/feature_maps", ("blocks.99",), "no layer 'blocks.99'. Did you mean blocks"),
        ("/feature_maps", ("", "../../etc"), "choices"),
        ("/feature_maps", ("", "imagenet", 0), "expected 1 to 4096"),
        ("/classify", ("owner/evil",), "choices"),
    ],
)
def test_bad_arguments_get_a_message(client: Client, endpoint: str, arguments: tuple, message: str) -> None:
    with pytest.raises(AppError, match=re.escape(message)):
        client.predict(handle_file(str(CAT)), *arguments, api_name=endpoint)


@pytest.mark.parametrize("data", [b"no picture", CAT.read_bytes()[:5000], b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_bad_files_get_a_message(client: Client, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / ("photo.svg" if b"svg" in data else "photo.jpg")
    path.write_bytes(data)
    for endpoint in ("/classify", "/explain", "/filter", "/feature_maps"):
        with pytest.raises(AppError, match="ImageError"):
            client.predict(handle_file(str(path)), api_name=endpoint)


def test_explain_says_where(client: Client) -> None:
    """The endpoint and the library draw and say the same."""
    path, facts = client.predict(handle_file(str(CAT)), "cats-vs-dogs", "dog", api_name="/explain")
    found = cnnhub.explain(cnnhub.load("cats-vs-dogs"), CAT, "dog")
    assert (facts["label"], facts["method"], facts["layer"]) == ("dog", "cam", found.layer)
    assert facts["probability"] == pytest.approx(found.probability, abs=1e-4)
    np.testing.assert_allclose(facts["map"], found.map.numpy(), atol=1e-4)
    with Image.open(path) as picture:
        assert picture.format == "PNG" and picture.size == cnnhub.open_image(CAT).size
    for arguments, problem in ((("cats-vs-dogs", "cats"), "cat"), (("cats-vs-dogs", "cat", "kam"), "kam")):
        with pytest.raises(AppError, match=problem):
            client.predict(handle_file(str(CAT)), *arguments, api_name="/explain")


KERNEL = ["identity", 1, "same", None, None, 0, 1, "zero", False, "correlation"]
ARGUMENTS = {
    "classify": ["cats-vs-dogs"],
    "classify_details": ["cats-vs-dogs"],
    "compare": ["cats-vs-dogs"],  # after two photos
    "explain": ["cats-vs-dogs", "dog", "auto"],
    "filter": [*KERNEL, "auto"],
    "filter_window": [0, 0, 0, *KERNEL],
    "filter_stack": [None, "identity", False],
    "feature_maps": ["", "flowers", 4],
    "feature_maps_npz": ["", "flowers"],
    "pooling": ["max", 2, 2, 1, 0, 0, 1],
}
WITHOUT_PHOTO = ("receptive_field", "tour_train")
MARK = {"meta": {"_type": "gradio.FileData"}}


def call(app: str, endpoint: str, image: object) -> str:
    """Post a raw image argument with good other arguments -> the events, or the refusal."""
    good = [{"path": upload(app), **MARK}] if endpoint == "compare" else []  # its second photo is the raw one
    started = httpx.post(f"{app}/gradio_api/call/{endpoint}", json={"data": [*good, image, *ARGUMENTS[endpoint]]})
    if started.status_code != 200:
        return f"event: error {started.text}"
    return httpx.get(f"{app}/gradio_api/call/{endpoint}/{started.json()['event_id']}", timeout=30).text


def upload(app: str) -> str:
    (path,) = httpx.post(f"{app}/gradio_api/upload", files={"files": ("cat.jpg", CAT.read_bytes())}).json()
    return str(path)


@pytest.mark.parametrize("endpoint", ARGUMENTS)
def test_an_uploaded_file_posted_raw_is_answered(app: str, endpoint: str) -> None:
    """The control of the test below: the same call with an upload completes."""
    assert "event: complete" in call(app, endpoint, {"path": upload(app), **MARK})


@pytest.mark.parametrize(
    "image",
    [
        {"path": "/etc/passwd", **MARK},
        {"path": "/etc/passwd"},
        {"path": str(CAT), **MARK},
        {"path": str(CAT)},
        {"path": "/dev/zero"},
        {"path": "http://127.0.0.1:1/secret.png", **MARK},
        {"path": "HTTPS://127.0.0.1:1/secret.png", **MARK},
        {"path": "http://127.0.0.1:1/secret.png"},
        {"path": "/etc/passwd", "url": "http://127.0.0.1:1/x", **MARK},
        {"path": None, "url": "data:image/png;base64,AAAA", **MARK},
        {"url": "file:///etc/passwd"},
        "/etc/passwd",
        "http://127.0.0.1:1/secret.png",
    ],
)
@pytest.mark.parametrize("endpoint", ARGUMENTS)
def test_raw_paths_and_urls_are_refused(app: str, endpoint: str, image: object) -> None:
    events = call(app, endpoint, image)
    assert "event: error" in events
    assert "event: complete" not in events
    assert "root:" not in events


def test_server_files_are_not_served(app: str) -> None:
    for path in ("/etc/passwd", str(SPACE / "app.py"), str(ROOT / "pyproject.toml")):
        assert httpx.get(f"{app}/gradio_api/file={path}").status_code in (403, 404)


def test_the_page_asks_nobody_else(app: str) -> None:
    page = httpx.get(app).text
    for address in re.findall(r'(?:src|href)="(https?://[^"]+)"', page):
        assert address.startswith(app), f"the page loads {address}"


def test_endpoints_are_documented(client: Client) -> None:
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert sorted(named) == sorted(f"/{name}" for name in (*ARGUMENTS, *WITHOUT_PHOTO))
    for name, info in named.items():
        assert info["description"]
        others = [parameter for parameter in info["parameters"] if parameter["parameter_name"] != "second"]
        if name[1:] not in WITHOUT_PHOTO:
            assert others.pop(0)["parameter_name"] == "image"
        assert all(parameter["parameter_has_default"] for parameter in others)
    before = ["image", "kernel", "stride", "padding", "weights"]
    assert [p["parameter_name"] for p in named["/filter"]["parameters"]][:5] == before


def test_every_example_is_credited() -> None:
    credits = (EXAMPLES / "CREDITS.md").read_text()
    pictures = {path.name for path in EXAMPLES.iterdir() if path.suffix != ".md"}
    assert pictures == set(photo_column.EXAMPLES)
    for name in pictures:
        row = re.search(rf"\| `{re.escape(name)}` \|.*", credits)
        assert row and re.search(r"CC0|CC BY 2.0", row[0])
    for language in texts.LANGUAGES:
        assert photo_column._credits(language).count("<li>") == len(pictures)


class FakeClassifier:
    """Just enough of a Classifier for a sentence."""

    def __init__(self, labels: list[str]) -> None:
        self.labels = labels
        self.config = cnnhub.load("cats-vs-dogs").config


@pytest.mark.parametrize(
    ("scores", "heading"),
    [
        ({"cat": 0.97, "dog": 0.03}, "It is a cat."),
        ({"dog": 0.97, "cat": 0.03}, "It is a dog."),
        ({"cat": 0.7, "dog": 0.3}, "It is probably a cat."),
        ({"dog": 0.51, "cat": 0.49}, "Hard to say, perhaps a dog."),
    ],
)
def test_the_sentence_follows_the_values(scores: dict[str, float], heading: str) -> None:
    label, share = next(iter(scores.items()))
    sentence = texts.answer("en", FakeClassifier(["cat", "dog"]), cnnhub.Prediction(label, share, scores))
    assert sentence.heading == heading
    assert f"If it can only be a cat or a dog, I think it is a {label}!" in sentence.line


def test_the_article_s_sentence() -> None:
    prediction = cnnhub.Prediction("cat", 0.97, {"cat": 0.97, "dog": 0.03})
    classifier = FakeClassifier(["cat", "dog"])
    assert texts.answer("en", classifier, prediction).line == "If it can only be a cat or a dog, I think it is a cat!"
    assert texts.answer("zh-TW", classifier, prediction).line == "如果只能是一隻貓或一隻狗，我認為是一隻貓！"


@pytest.mark.parametrize(
    ("accuracy", "told"),
    [
        (0.971, "Of 100 photos I am this sure about, 97 are right."),
        (0.9987, "Of 100 photos I am this sure about, more than 99 are right."),
        (1.0, "All photos I was this sure about were answered right."),
    ],
)
def test_how_often_such_answers_are_right(accuracy: float, told: str) -> None:
    found = cnnhub.ReliabilityBin(0.9333, 1.0, 412, accuracy)
    prediction = cnnhub.Prediction("cat", 0.97, {"cat": 0.97, "dog": 0.03})
    assert texts.answer("en", FakeClassifier(["cat", "dog"]), prediction, found).line.endswith(f"it is a cat! {told}")
    assert texts.measured_on("en", found) == "Measured on 412 validation photos that were answered with 93 to 100 %."


@pytest.mark.parametrize(("count", "is_unfamiliar", "is_told"), [(30, False, True), (29, False, False), (30, True, False)])
def test_too_few_photos_or_an_unfamiliar_one_get_no_promise(count: int, is_unfamiliar: bool, is_told: bool) -> None:
    class Measured(FakeClassifier):
        def reliability(self, probability: float) -> cnnhub.ReliabilityBin:
            return cnnhub.ReliabilityBin(0.9, 1.0, count, 0.97)

    prediction = cnnhub.Prediction("cat", 0.97, {"cat": 0.97, "dog": 0.03}, is_unfamiliar)
    answer = answers.Answer("mine", Measured(["cat", "dog"]), prediction)
    assert (answer.reliability is not None) == is_told
    assert answers.answer_to(Photo(CAT.read_bytes()), "imagenet").reliability is None, "nothing was measured there"


def test_an_unfamiliar_photo_is_called_so() -> None:
    two = cnnhub.Prediction("cat", 0.97, {"cat": 0.97, "dog": 0.03}, True)
    found = cnnhub.ReliabilityBin(0.9, 1.0, 412, 0.97)
    told = texts.answer("en", FakeClassifier(["cat", "dog"]), two, found)
    assert told == texts.Sentence("This looks like neither a cat nor a dog.", ""), "one sentence, and no guess"
    three = cnnhub.Prediction("ant", 0.9, {"ant": 0.9, "bee": 0.05, "cow": 0.05}, True)
    assert texts.answer("en", FakeClassifier(["ant", "bee", "cow"]), three).heading == "This looks like none of these 3."


def predictions(first: float, second: float, strange: tuple[bool, bool] = (False, False)) -> list[tuple]:
    """Two answers by the probability of cat."""
    made = []
    for share, is_unfamiliar in zip((first, second), strange, strict=True):
        scores = dict(sorted({"cat": share, "dog": 1 - share}.items(), key=lambda item: -item[1]))
        label = next(iter(scores))
        made.append((FakeClassifier(["cat", "dog"]), cnnhub.Prediction(label, scores[label], scores, is_unfamiliar)))
    return made


@pytest.mark.parametrize(
    ("both", "told"),
    [
        (predictions(0.97, 0.08), "The first looks like a cat (97 %), the second like a dog (92 %)."),
        (predictions(0.08, 0.97), "The first looks like a dog (92 %), the second like a cat (97 %)."),
        (predictions(0.97, 0.81), "Both look like a cat; I am surer of the first, 97 % against 81 %."),
        (predictions(0.81, 0.97), "Both look like a cat; I am surer of the second, 97 % against 81 %."),
        (predictions(0.811, 0.812), "Both look like a cat, and I am as sure of one as of the other: 81 %."),
        (
            predictions(0.97, 0.9, (False, True)),
            "The first looks like a cat (97 %), the second like nothing that this network knows.",
        ),
        (
            predictions(0.97, 0.9, (True, False)),
            "The first looks like nothing that this network knows, the second like a cat (90 %).",
        ),
        (predictions(0.97, 0.9, (True, True)), "Neither of the two looks like anything that this network knows."),
    ],
)
def test_one_sentence_tells_two_photos(both: list[tuple], told: str) -> None:
    assert texts.compared("en", *both) == told


def test_the_second_photo_s_bars_stand_beside_the_first_s() -> None:
    photo, second = Photo(CAT.read_bytes()), Photo((EXAMPLES / "china.jpg").read_bytes())
    first, other = (answers.answer_to(data, "imagenet") for data in (photo, second))
    shown = compare.labels(first, other)
    assert len(shown) == compare.MOST_ROWS
    assert {first.prediction.label, other.prediction.label} <= set(shown)
    html = compare.show("en", photo, first, second)
    assert html.count("<tr>") == 1 + compare.MOST_ROWS and html.count("<td>") == 1 + 2 * compare.MOST_ROWS
    assert "cannot be read as a photo" in compare.show("en", photo, first, Photo(b"broken"))
    assert "no longer kept" in compare.show("en", photo, first, Photo(b"", is_gone=True))
    assert compare.show("en", photo, first, None) == ""


def test_the_filter_s_sentence_follows_the_kernel() -> None:
    def told(weights: kernels.KernelSource) -> texts.Sentence:
        return texts.filter_sentence("en", "It", kernels.nature(weights), (-812.0, 3, 4))

    sobel = kernels.kernel("sobel_x")
    assert told(sobel).heading == "It answers to vertical edges."
    assert told(sobel).line == (
        "Red: brighter to the right. Blue: darker to the right. "
        "Its strongest answer on this photo, −812, is in row 3, column 4 of the map."
    )
    assert told(-sobel).line.startswith("Red: brighter to the left.")
    assert told(sobel.T).heading == "It answers to horizontal edges."
    assert told(-sobel.T).line.startswith("Red: brighter upwards.")
    assert told("laplacian_4").line.startswith("Red: darker than around it.")
    assert told("outline").line.startswith("Red: brighter than around it.")
    assert told([[-2, -1, 0], [-1, 0, 1], [0, 1, 2]]).line.startswith("Red: brighter towards the lower right.")


def test_the_strongest_answer_is_the_photo_s_not_the_border_s(tmp_path: Path) -> None:
    pixels = np.full((20, 30), 200, np.uint8)
    pixels[8, 11] = 100
    Image.fromarray(pixels).save(tmp_path / "dot.png")
    photo = (tmp_path / "dot.png").read_bytes()
    settings = read({"kernel": "laplacian_4"})
    assert lab_answer.strongest_value(response(photo, settings)[0], settings.filter) == (400.0, 9, 12)
    sobel = read({"kernel": "sobel_y"})
    values = response(photo, sobel)
    inside = lab_answer.strongest_value(values[0], sobel.filter)
    at_border = lab_answer.stronger_in_padding(values[0], inside)
    assert at_border is not None and abs(at_border[0]) == 800 and at_border[1] in (1, 20), "against the zeros of the padding"
    line = lab_answer.describe("en", sobel, lab_answer.draw(values, sobel), inside, at_border).line
    assert line.endswith("there the window reaches into the padding, so it tells of the border.")
    nothing = read({"weights": [[0.0]]})
    flat = response(photo, nothing)
    assert lab_answer.strongest_value(flat[0], nothing.filter) == 0.0
    told = lab_answer.describe("en", nothing, lab_answer.draw(flat, nothing), 0.0)
    assert (told.heading, told.line) == ("Your kernel answers to nothing.", "The answer is 0 everywhere on this photo.")


def test_large_photos_are_scaled_down_for_the_filter() -> None:
    assert not Photo(CAT.read_bytes()).pixels().scaled_down
    small = pixels.fitted(Image.new("RGB", (4000, 3000)))
    assert small.width * small.height <= pixels.MAX_PIXELS
    assert small.width / small.height == pytest.approx(4 / 3, rel=0.01)


def test_bad_input_becomes_a_sentence_in_the_page() -> None:
    for show in (
        lambda: what.show(Photo(b"broken"), "flowers", None, "en").answer,
        lambda: inside.show(Photo(b"broken"), "flowers", Look("bn1"), "en").journey["sentence"],
    ):
        assert 'role="alert"' in show() and "cannot be read as a photo" in show()
    assert "cannot be read as a photo" in one_filter.show(Photo(b"broken"), Settings()).lab["said"]["en"]["heading"]
    assert "Choose a photo" in one_filter.show(None, Settings()).lab["said"]["en"]["heading"]
    assert "Choose a photo" in what.show(None, "flowers", None, "en").answer
    assert "no longer kept" in what.show(Photo(b"", is_gone=True), "flowers", None, "en").answer
    assert "It is empty." in what.show(Photo(b""), "flowers", None, "en").answer


def test_a_model_of_one_s_own_comes_first(model_folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks, "_own", {})
    networks.add_own(str(model_folder("mine")))
    networks.add_own(str(model_folder("flowers")) + "/")
    assert networks.names() == ["mine", "flowers-own", "cats-vs-dogs", "flowers", "imagenet", "cats-vs-dogs-shufflenet", "mnist"]
    assert networks.get("flowers-own").labels == ["ant", "bee", "cow"]
    assert networks.get("flowers").labels[0] == "daisy"
    shown = what.show(Photo(CAT.read_bytes()), "mine", None, "zh-TW")
    assert "ant" in shown.answer and "cnnhub.load(" in shown.numbers
    assert shown.downloads and shown.downloads["card"]["title"] == "你的模型：mine"
    assert (
        inside.show(Photo(CAT.read_bytes()), "mine", Look("blocks.1"), "en").journey["selected"] in networks.get("mine").stages()
    )
    with pytest.raises(cnnhub.errors.UnknownNameError, match=r"no model '\.\./\.\./etc'"):
        networks.get("../../etc")


def test_labels_are_escaped() -> None:
    sentence = texts.Sentence("<script>alert(1)</script>", "a & b")
    assert "<script>" not in sentence.html()
    assert "a &amp; b" in sentence.html()


def test_the_space_is_ready_for_the_hub() -> None:
    _, front, _ = (SPACE / "README.md").read_text().split("---\n", 2)
    matter = yaml.safe_load(front)
    assert matter["sdk"] == "gradio"
    assert f"gradio=={matter['sdk_version']}" in (SPACE / "requirements.txt").read_text().split()
    assert f"gradio=={matter['sdk_version']}" in (ROOT / "requirements.txt").read_text().split()
    assert "cnnhub==" not in (SPACE / "requirements.txt").read_text(), "it is not published; it travels beside app.py"
    assert (SPACE / matter["app_file"]).is_file()
    assert isinstance(matter["python_version"], str)
    assert len(matter["short_description"]) <= 60
    assert matter["license"] == "apache-2.0"
    assert isinstance(matter["models"], list)


def test_the_page_for_programs_says_what_each_argument_and_answer_means(client: Client) -> None:
    """gradio's own words for them are those of a component that nobody sees."""
    for name, endpoint in client.view_api(return_format="dict", print_info=False)["named_endpoints"].items():
        assert endpoint["description"].endswith("."), name
        for value in endpoint["parameters"] + endpoint["returns"]:
            assert value["python_type"]["description"].endswith("."), (name, value["label"])
