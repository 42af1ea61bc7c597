"""/receptive_field and /tour_train: beside the library's own answers, what they refuse, and many who train at once."""

from __future__ import annotations

import time
from typing import Any

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from gradio_client.utils import Status

import cnnhub
from cnnhub import anatomy, live
from cnnhub.errors import ArgumentError
from cnnhub.fields import ReceptiveField
from demo.tabs.tour import training_line
from tests.support.places import EXAMPLES


@pytest.mark.parametrize(
    ("model", "layer", "row", "column"),
    [
        ("cats-vs-dogs", "", 0, 0),
        ("cats-vs-dogs", "blocks.2", 29, 3),
        pytest.param("cats-vs-dogs-shufflenet", "conv1", 5, 7, marks=pytest.mark.long),
        pytest.param("flowers", "bn2", 6, 0, marks=pytest.mark.long),
    ],
)
def test_a_field_is_the_anatomy_s(client: Client, model: str, layer: str, row: int, column: int) -> None:
    told = client.predict(model, layer, row, column, api_name="/receptive_field")
    classifier = cnnhub.load(model)
    sides = classifier.config.pretrained_cfg.input_size
    name = layer or classifier.stages()[0]
    sees = anatomy.trace(classifier.network, sides).within(name)[-1].sees
    assert (told["model"], told["layer"], tuple(told["shape"])) == (model, name, classifier.layer_shapes()[name])
    if isinstance(sees, ReceptiveField):
        assert told["sees"] == "a rectangle"
        assert [tuple(told[key]) for key in ("size", "stride", "start")] == [sees.size, sees.stride, sees.start]
        top, left, bottom, right = told["rectangle"]
        assert (top, left) == (sees.start[0] + row * sees.stride[0], sees.start[1] + column * sees.stride[1])
        assert (bottom - top, right - left) == sees.size
    else:
        assert (told["sees"], told["rectangle"]) == ("the whole picture", [0, 0, *sides[1:]]) and told["size"] is None


def test_a_layer_that_sees_everything_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from demo.tabs.tour import endpoints

    class Whole:
        shapes, stages = {"last": (3, 2, 2)}, ("last",)

        def rows(self, _name: str) -> list[Any]:
            return [type("Row", (), {"sees": "whole picture"})]

    monkeypatch.setattr(endpoints, "layers_of", lambda _classifier: Whole())
    told = endpoints.receptive_field("cats-vs-dogs", "", 1, 1)
    assert told["sees"] == "the whole picture" and told["rectangle"] == [0, 0, 240, 240] and told["stride"] is None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"layer": "block.1"}, r"There is no layer 'block\.1'.+blocks\.1"),
        ({"row": 120}, "row is 120; expected a whole number from 0 to 119"),
        ({"column": -1}, "column is -1; expected a whole number from 0 to 119"),
        ({"column": None}, "column is None; expected a whole number"),
    ],
)
def test_what_a_field_is_not_asked_of(client: Client, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(AppError, match=said):
        client.predict(**asked, api_name="/receptive_field")


def test_a_run_is_the_library_s(client: Client) -> None:
    told = client.predict(3, 0.1, 64, 0.1, 0.4, api_name="/tour_train")
    training = live.Training(seed=3, learning_rate=0.1, batch_size=64, noise=0.1)
    losses = [training.step() for _ in range(told["steps"])]
    each = -(-len(losses) // 100)
    assert told["loss"] == pytest.approx([np.mean(losses[at : at + each]) for at in range(0, len(losses), each)], abs=1e-5)
    assert len(told["loss"]) <= 100 and told["seconds"] >= 0.4
    assert told["accuracy"] == training.accuracy() and told["wrong"] == len(training.wrong())
    assert np.allclose(told["filters"], training.network.parts.filters, atol=1e-5)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"seed": -1}, "seed is -1; expected a whole number from 0 to 4294967295"),
        ({"learning_rate": 3}, "learning_rate is 3; expected a number from 0 to 2"),
        ({"batch_size": 0}, "batch_size is 0; expected a whole number from 1 to 1000"),
        ({"noise": 1.5}, "noise is 1.5; expected a number from 0 to 1"),
        ({"seconds": 60}, "seconds is 60; expected a number from 0.1 to 5"),
        ({"seconds": None}, "seconds is None; expected a number"),
    ],
)
def test_a_number_out_of_its_range_is_refused(client: Client, asked: dict[str, Any], said: str) -> None:
    with pytest.raises(AppError, match=said):
        client.predict(**asked, api_name="/tour_train")


@pytest.mark.parametrize("value", ["7", True, None, float("nan"), float("inf"), [1], 1.5])
def test_what_is_no_whole_number_is_refused(value: Any) -> None:
    with pytest.raises(ArgumentError, match="expected a whole number from 0 to 9"):
        training_line.whole("seed", value, 0, 9)


def test_a_rate_that_tears_it_apart_gives_null(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live.Training, "step", lambda self: float("nan"))
    assert set(training_line.train(0, 2, 32, 0, 0.1)["loss"]) == {None}


def test_many_who_train_at_once_wait_in_line_and_block_nobody(app: str) -> None:
    """One runs at a time; the others are told their place; meanwhile the page's other events are answered."""
    clients = [Client(app, verbose=False) for _ in range(4)]
    clients[0].predict(seconds=2, api_name="/tour_train")  # gradio knows then how long one takes
    began = time.monotonic()
    jobs = [each.submit(seconds=2, api_name="/tour_train") for each in clients]
    places = set()
    answered = Client(app, verbose=False).submit(handle_file(str(EXAMPLES / "cat.jpg")), api_name="/classify")
    still_waiting = 0
    while not all(job.done() for job in jobs):
        waiting = [status for job in jobs if (status := job.status()).code == Status.IN_QUEUE]
        places |= {(status.rank, status.eta is not None) for status in waiting}
        if answered.done():
            still_waiting = max(still_waiting, len(waiting))
        time.sleep(0.02)
    took = time.monotonic() - began
    runs = [job.result() for job in jobs]
    assert still_waiting and answered.result()["label"] == "cat", "answered before the line was through"
    assert places >= {(0, True), (1, True), (2, True)}
    assert took >= sum(run["seconds"] for run in runs), "one after the other"


def test_who_comes_past_the_line_is_refused_while_another_trains(app: str) -> None:
    job = Client(app, verbose=False).submit(seconds=3, api_name="/tour_train")
    while job.status().code is not Status.PROCESSING and not job.done():  # whoever comes first trains
        time.sleep(0.05)
    refused = []
    while not job.done():
        answer = httpx.post(f"{app}/gradio_api/run/tour_train", json={"data": [0, 0.05, 32, 0, 0.1]}, timeout=30)
        refused.append(answer.status_code == 500)
    assert any(refused) and job.result()["steps"] > 0


def test_who_goes_away_leaves_the_line(app: str) -> None:
    """Six wait behind one run and close their connection: the next who comes waits for that run alone."""
    with httpx.Client(base_url=f"{app}/gradio_api", timeout=60) as client:

        def asked(session: str) -> None:
            body = {"fn_index": number, "data": [0, 0.1, 16, 0, 2.0], "session_hash": session}
            client.post("/queue/join", json=body).raise_for_status()

        config = httpx.get(f"{app}/config").json()
        (number,) = [event["id"] for event in config["dependencies"] if event["api_name"] == "tour_train"]
        started = time.monotonic()
        for session in ("first", *(f"gone-{number}" for number in range(6))):
            asked(session)
        for number_gone in range(6):
            with client.stream("GET", "/queue/data", params={"session_hash": f"gone-{number_gone}"}) as answers:
                assert next(answers.iter_lines())
        asked("last")
        with client.stream("GET", "/queue/data", params={"session_hash": "last"}) as answers:
            assert any("process_completed" in line for line in answers.iter_lines())
    assert time.monotonic() - started < 3 * 2.0 + 4, "those who went were worked for"
