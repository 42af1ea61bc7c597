"""Visitors of the demo for locust: each uploads a photo of its own and asks every endpoint, in an order of its own.

`python -m benchmarks load` runs it, and so does `locust -f benchmarks/visitors.py --host http://127.0.0.1:7860`.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

from locust import HttpUser, between, task

EXAMPLES = sorted((Path(__file__).parent.parent / "space" / "examples").glob("*.jpg"))
APART = ("tour_train",)  # has a line of its own
BUSY = 503
ANSWER = "answer"  # of a call, from the question on


class Visitor(HttpUser):
    """Looks at the page, then asks one thing after another, with a pause to look at each answer."""

    wait_time = between(1, 3)

    def on_start(self) -> None:
        self.client.get("/", name="the page")
        described = self.client.get("/gradio_api/info", name="/gradio_api/info").json()["named_endpoints"]
        self.calls = {
            name.strip("/"): [each["parameter_name"] for each in endpoint["parameters"] if each["component"] == "Image"]
            for name, endpoint in described.items()
            if name.strip("/") not in APART
        }
        self.photo = self.upload()

    @task(3)
    def ask(self) -> None:
        name = random.choice(sorted(self.calls))
        arguments = {image: {"path": self.photo, "meta": {"_type": "gradio.FileData"}} for image in self.calls[name]}
        started = time.perf_counter()
        with self.client.post(f"/gradio_api/call/v2/{name}", json=arguments, name="asked", catch_response=True) as joined:
            if joined.status_code == BUSY:
                self.note(name, started, "the line is full")
                joined.success()  # it was told so, clearly
                return
            event = joined.json()["event_id"]
        answered = self.client.get(f"/gradio_api/call/{name}/{event}", name="answered").text
        self.note(name, started, None if "event: complete" in answered else answered[-200:])

    def note(self, name: str, started: float, failure: str | None) -> None:
        """One question, from when it was asked until it was answered."""
        took = {"response_time": (time.perf_counter() - started) * 1e3, "response_length": 0, "context": {}}
        exception = RuntimeError(failure) if failure else None
        self.environment.events.request.fire(request_type=ANSWER, name=f"/{name}", exception=exception, **took)

    @task(1)
    def bring_a_photo(self) -> None:
        self.photo = self.upload()

    def upload(self) -> str:
        """A photo that nobody else has, as far as the server can tell -> its path there."""
        data = random.choice(EXAMPLES).read_bytes() + random.randbytes(8)
        (path,) = self.client.post("/gradio_api/upload", files={"files": ("photo.jpg", data)}, name="a photo").json()
        return str(path)
