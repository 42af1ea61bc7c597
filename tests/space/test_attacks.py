"""Strangers at the running server: raw requests to public and private events, hostile JSON, bombs, and many at once."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import struct
import uuid
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import httpx
import psutil
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from demo.assets import MODULES_AT
from tests.support.loopback_hub import serve
from tests.support.places import EXAMPLES, ROOT
from tests.support.running_space import Server

CAT = EXAMPLES / "cat.jpg"
MARK = {"meta": {"_type": "gradio.FileData"}}
FILES = ("image", "imageeditor", "file", "gallery", "imageslider", "annotatedimage")
CLIENTS = 64
WITHOUT_PHOTO = ("/receptive_field", "/tour_train")

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def config(app: str) -> dict[str, Any]:
    return httpx.get(f"{app}/config").json()


@pytest.fixture(scope="module")
def http_client(app: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=app, timeout=120) as client:
        yield client


def events(config: dict[str, Any]) -> list[dict[str, Any]]:
    """Every event that runs Python, private ones too."""
    return [event for event in config["dependencies"] if event["backend_fn"]]


def inputs(config: dict[str, Any], event: dict[str, Any]) -> list[tuple[str, Any]]:
    """(type, present value) of each of an event's inputs."""
    components = {component["id"]: component for component in config["components"]}
    return [(components[number]["type"], components[number]["props"].get("value")) for number in event["inputs"]]


def sampled(places: list[tuple[dict[str, Any], Any]], of_private: int) -> list[tuple[dict[str, Any], Any]]:
    """All places of the public events; of each kind of component that private ones take, only so many, seeded."""
    picked = random.Random(16).sample(places, len(places))
    counts: Counter[int] = Counter()
    kept = []
    for event, place in picked:
        component = event["inputs"][place]
        counts[component] += event["api_visibility"] == "private"
        if event["api_visibility"] == "public" or counts[component] <= of_private:
            kept.append((event, place))
    return kept


# The whole matrix, or what is near-equal in it sampled.
EVERYTHING = pytest.mark.parametrize("everything", [False, pytest.param(True, marks=pytest.mark.long)])


def run(client: httpx.Client, event: dict[str, Any], data: list[Any], event_data: Any = None) -> str:
    """Post a raw event -> all that the server says of it."""
    session = uuid.uuid4().hex
    body = {"fn_index": event["id"], "data": data, "session_hash": session, "event_data": event_data}
    joined = client.post("/gradio_api/queue/join", content=json.dumps(body), headers={"Content-Type": "application/json"})
    if joined.status_code != 200:
        return f"refused {joined.status_code}: {joined.text}"
    try:
        return client.get("/gradio_api/queue/data", params={"session_hash": session}).text
    except httpx.RemoteProtocolError:
        return "cut off"


def is_alive(app: str) -> bool:
    answer = Client(app, verbose=False).predict(handle_file(str(CAT)), api_name="/classify")
    return httpx.get(f"{app}/healthz").status_code == 200 and answer["label"] == "cat"


def test_there_are_private_events_to_attack(config: dict[str, Any]) -> None:
    assert len(events(config)) > 10
    assert {event["api_visibility"] for event in events(config)} == {"public", "private"}


@EVERYTHING
def test_no_event_reads_a_file_or_fetches_an_address(
    server: Server, config: dict[str, Any], http_client: httpx.Client, everything: bool
) -> None:
    """Each event that takes a file, with paths and addresses in its place; where a list is taken, in a list."""
    attacked = 0
    with serve() as stranger:  # a server that notes who asks it
        hostile = [
            {"path": "/etc/passwd", **MARK},
            {"path": "/etc/passwd"},
            {"path": f"{server.temporary}/../../../../../../etc/passwd", **MARK},
            {"path": str(ROOT / "pyproject.toml"), "url": f"{stranger.url}/x.png", **MARK},
            {"path": f"{stranger.url}/x.png", **MARK},
            {"path": "x.png", "url": f"{stranger.url}/gradio_api/file=/etc/passwd", **MARK},
            "/etc/passwd",
        ]
        places = [
            (event, place) for event in events(config) for place, (kind, _) in enumerate(inputs(config, event)) if kind in FILES
        ]
        for event, place in places if everything else sampled(places, of_private=6):
            present = inputs(config, event)
            attacked += 1
            for payload in hostile:
                data = [value for _, value in present]
                data[place] = [{"image": payload, "caption": None}] if present[place][0] == "gallery" else payload
                said = run(http_client, event, data)
                assert "root:" not in said and "[build-system]" not in said, (event["api_name"], payload)
                assert '"success":true' not in said.replace(" ", ""), (event["api_name"], payload, said[:300])
        assert stranger.log == [], "the server fetched an address"
    assert attacked > 10


HOSTILE = [
    1e308,
    -1,
    10**30,
    "9" * 10_000,
    "../../../etc/passwd",
    "<script>alert(1)</script>",
    "\0",
    "\ud800",
    True,
    None,
    [],
    {},
    [[["a"]] * 50] * 50,
    {"weights": [[1e308] * 3] * 3},
    {"weights": [[0] * 501] * 501},
    {"index": 10**9, "layer": {"a": []}, "row": -5, "value": "NaN"},
]


@EVERYTHING
def test_hostile_values_in_every_argument_get_an_answer(
    app: str, config: dict[str, Any], http_client: httpx.Client, everything: bool
) -> None:
    """Each argument of each event in turn, then the event's own data; the values take turns, so that all are used often."""
    values = itertools.cycle(HOSTILE)
    places = [
        (event, place) for event in events(config) for place, (kind, _) in enumerate(inputs(config, event)) if kind not in FILES
    ]
    own_data = [(event, None) for event in events(config)]
    for event, place in [*places, *places, *own_data, *own_data] if everything else [*sampled(places, of_private=3), *own_data]:
        data, value = [value for _, value in inputs(config, event)], next(values)
        if place is not None:
            data[place] = value
        said = run(http_client, event, data, value if place is None else {"index": 0})
        is_told = "process_completed" in said or said.startswith("refused 4")
        # half a character cannot be sent back: gradio ends the stream of the one who sent it
        assert is_told or (said == "cut off" and value == "\ud800"), (event["id"], place, value, said[:300])
        assert "Traceback" not in said and "root:" not in said
    assert is_alive(app)


@pytest.mark.parametrize(
    "body",
    [
        '{"data": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"data": [' + '{"a":' * 50_000 + "1" + "}" * 50_000 + "]}",
        '{"data": [NaN, Infinity, -Infinity]}',
        '{"data": [1e999999]}',
        '{"data": [' + "9" * 1_000_000 + "]}",
        '{"data": null}',
        '{"data": {}}',
        "[]",
        "null",
        "",
        "\xff\xfe",
        '{"data": ["' + "x" * 5_000_000 + '"]}',
    ],
    ids=lambda body: repr(body[:24]),
)
def test_broken_bodies_are_refused(app: str, http_client: httpx.Client, body: str) -> None:
    for path in (
        "/gradio_api/call/classify",
        "/gradio_api/run/classify",
        "/gradio_api/queue/join",
        "/gradio_api/component_server",
    ):
        said = http_client.post(path, content=body.encode(), headers={"Content-Type": "application/json"})
        if said.status_code == 200:
            event = said.json()["event_id"]
            said = http_client.get(f"/gradio_api/call/classify/{event}")
            assert "event: complete" not in said.text
        assert "Traceback" not in said.text and 'File "' not in said.text
    assert httpx.get(f"{app}/healthz").status_code == 200


def raw_get(app: str, target: str) -> tuple[int, bytes]:
    """GET without a client that tidies the path."""
    connection = http.client.HTTPConnection(app.removeprefix("http://"), timeout=60)
    connection.putrequest("GET", target, skip_accept_encoding=True)
    connection.endheaders()
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.mark.parametrize("secret", ["/etc/passwd", "{app}/app.py", "{app}/demo/texts/page.py", "{root}/pyproject.toml"])
def test_file_routes_give_nothing_away(app: str, server: Server, secret: str) -> None:
    path = secret.format(app=server.log.parent / "space", root=ROOT)
    up = "../" * 12
    for before in (
        "/gradio_api/file=",
        "/file=",
        "/static/",
        "/assets/",
        "/svelte/",
        "/gradio_api/custom_component/x/client/component/",
    ):
        for tail in (path, up + path[1:], up.replace("/", "%2f") + path[1:], f"{server.temporary}/{up}{path[1:]}", f"%00{path}"):
            status, body = raw_get(app, before + tail)
            assert b"root:x" not in body and b"[build-system]" not in body and b"from __future__" not in body, before + tail
            assert status != 500, before + tail


def test_of_the_demo_s_folder_only_modules_are_served(app: str, server: Server) -> None:
    demo = server.log.parent / "space" / "demo"
    files = {path.relative_to(demo).as_posix() for path in demo.rglob("*") if path.is_file()}
    served = {name for name in files if raw_get(app, f"/{MODULES_AT}/{name}")[0] == 200}
    assert served == {name for name in files if name.endswith(".js")} != files
    up = ("../app.py", "..%2fapp.py", "page/../assets.py", "page%2f..%2fassets.py", "page/common.js/../../assets.py")
    near = ("", "page", "page/", "page/common.js/", "page/common.js%00", "PAGE/common.js", "assets.py%00.js", "/etc/passwd")
    for trick in (*up, *near):
        assert raw_get(app, f"/{MODULES_AT}/{trick}")[0] in (404, 307), trick
    for elsewhere in ("/gradio_api/modules/page/common.js", f"/gradio_api/file={demo}/page/common.js", "/page/common.js"):
        assert raw_get(app, elsewhere)[0] in (403, 404), elsewhere


def test_no_route_fetches_an_address(app: str) -> None:
    with serve() as stranger:
        for before in ("/gradio_api/file=", "/file=", "/gradio_api/proxy=", "/proxy=", "/gradio_api/stream/"):
            for address in (stranger.url, stranger.url.replace("http", "HTTP"), stranger.url.replace(":", "%3A", 1)):
                raw_get(app, f"{before}{address}/secret")
        assert stranger.log == []


def bomb(width: int, height: int) -> bytes:
    """A PNG of zeros, one bit a pixel: small to send, large to decode."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes((width // 8 + 1) * height), 9)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_decompression_bomb_is_refused_by_its_header(app: str, server: Server, http_client: httpx.Client) -> None:
    process = psutil.Process(server.process.pid)
    is_alive(app)
    before = process.memory_info().rss
    data = bomb(40_000, 40_000)  # 1.6 gigapixels
    assert len(data) < 1_000_000
    (path,) = http_client.post("/gradio_api/upload", files={"files": ("bomb.png", data)}).json()
    for endpoint, info in httpx.get(f"{app}/gradio_api/info").json()["named_endpoints"].items():
        photos = [part["parameter_name"] for part in info["parameters"] if part["component"] == "Image"]
        if not photos:
            continue
        body = dict.fromkeys(photos, {"path": path, **MARK})
        event = http_client.post(f"/gradio_api/call/v2{endpoint}", json=body).json()["event_id"]
        said = http_client.get(f"/gradio_api/call{endpoint}/{event}").text
        assert "event: error" in said and "pixels" in said, endpoint
    assert process.memory_info().rss - before < 300e6
    assert is_alive(app)


def test_nobody_gets_another_s_answer(app: str) -> None:
    """Each client sends a grey of its own and must read it in its own answers."""

    def visit(number: int) -> list[tuple[int, float, float]]:
        buffer = BytesIO()
        Image.new("L", (40, 30), number).save(buffer, "PNG")
        results = []
        with httpx.Client(base_url=app, timeout=300) as client:
            (path,) = client.post("/gradio_api/upload", files={"files": ("grey.png", buffer.getvalue())}).json()
            for _ in range(2):
                arguments = {"image": {"path": path, **MARK}, "kernel": "identity"}
                event = client.post("/gradio_api/call/v2/filter", json=arguments).json()["event_id"]
                said = client.get(f"/gradio_api/call/filter/{event}").text
                _, facts = json.loads(said.rpartition("data: ")[2])  # heartbeats come before
                results.append((number, facts["min"], facts["max"]))
        return results

    with ThreadPoolExecutor(CLIENTS) as clients:
        for results in clients.map(visit, range(100, 100 + CLIENTS)):
            assert all(low == high == number for number, low, high in results), results


def test_every_public_endpoint_answers_with_its_defaults(app: str) -> None:
    client = Client(app, verbose=False)
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert {"/classify", "/filter", "/feature_maps"} <= named.keys()
    for name, info in named.items():
        photos = [part["parameter_name"] for part in info["parameters"] if part["component"] == "Image"]
        others = [part for part in info["parameters"] if part["component"] != "Image"]
        if name not in WITHOUT_PHOTO:
            assert photos[0] == info["parameters"][0]["parameter_name"] == "image", name
        assert all(parameter["parameter_has_default"] for parameter in others), name
        for part in [*info["parameters"], *info["returns"]]:
            assert part["python_type"]["type"] not in ("", "Any"), (name, part)
        assert info["description"] and info["returns"], name
        assert client.predict(**dict.fromkeys(photos, handle_file(str(CAT))), api_name=name), name
