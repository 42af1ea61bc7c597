"""One server for all tests that only read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from gradio_client import Client

from tests.support.running_space import Server, copy_of_the_space, running
from tests.support.visiting import Visit


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A copy of the Space, served: it takes seconds to start."""
    folder = tmp_path_factory.mktemp("served")
    with running(copy_of_the_space(folder / "space"), folder / "files") as server:
        yield server


@pytest.fixture(scope="session")
def app(server: Server) -> str:
    """Its address."""
    return server.url


@pytest.fixture(scope="session")
def client(app: str) -> Client:
    """gradio's client of it."""
    return Client(app, verbose=False)


@pytest.fixture
def visit(browser: Any, app: str) -> Iterator[Visit]:
    visit = Visit(browser, app)
    yield visit
    visit.end()


@pytest.fixture
def visit_of(browser: Any, app: str) -> Iterator[Callable[..., Visit]]:
    """A function that opens the page with a query, such as "?lang=zh-TW", and options of the browser's page."""
    visits: list[Visit] = []

    def open_page(query: str = "", **options: object) -> Visit:
        visits.append(Visit(browser, f"{app}/{query}", **options))
        return visits[-1]

    yield open_page
    for visit in visits:
        visit.end()
