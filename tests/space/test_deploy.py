"""`python -m space.deploy` with the real client to a Hub on the loopback; what was pushed is then run as a Space runs it."""

from __future__ import annotations

import asyncio
import base64
import os
import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client, handle_file

import cnnhub
from demo import texts
from space.deploy import files_of_the_space
from tests.support import space_requirements
from tests.support.loopback_hub import LoopbackHub, Repository, serve
from tests.support.places import EXAMPLES, ROOT, SPACE
from tests.support.running_space import Server, running
from tests.support.visiting import Visit

NAME = "spaces/me/cnnhub"
CAT = EXAMPLES / "cat.jpg"
FAKE_TOKEN = "hf_" + "a1B2" * 9

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def hub() -> Iterator[LoopbackHub]:
    with serve() as server:
        yield server


@pytest.fixture(scope="module")
def environment(hub: LoopbackHub, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith("HF_")},
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(tmp_path_factory.mktemp("home")),
        "HF_TOKEN": "hf_writer",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }


def deploy(environment: dict[str, str], *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "space.deploy", *arguments], cwd=ROOT, env={**environment, **changes}, capture_output=True,
        text=True, timeout=300,
    )  # fmt: skip


@pytest.fixture(scope="module")
def pushed(hub: LoopbackHub, environment: dict[str, str]) -> str:
    """The URL that the first push printed."""
    done = deploy(environment, "--to", "me/cnnhub")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def files_there(hub: LoopbackHub, name: str = NAME) -> dict[str, bytes]:
    repository = hub.repositories[name]
    return repository.commits[repository.find("main")]


def test_one_commit_with_the_app_and_the_package(pushed: str, hub: LoopbackHub) -> None:
    repository = hub.repositories[NAME]
    assert pushed == f"{hub.url}/{NAME}/commit/{repository.find('main')}"
    assert len(repository.commits) == 2, "the Hub's first one and ours"
    there = files_there(hub)
    assert {name: path.read_bytes() for name, path in files_of_the_space().items()} == {
        name: data for name, data in there.items() if name != ".gitattributes"
    }
    assert there["app.py"] == (SPACE / "app.py").read_bytes()
    assert {f"cnnhub/builtin/{model}/model.safetensors" for model in cnnhub.builtin_models()} <= there.keys()
    assert not [name for name in there if "deploy" in name or "__pycache__" in name or name.endswith((".pyi", ".pyc"))]


def test_pushing_again_makes_no_commit(pushed: str, hub: LoopbackHub, environment: dict[str, str]) -> None:
    state = hub.state()
    again = deploy(environment, "--to", "me/cnnhub")
    assert again.stdout.strip() == pushed
    assert "no commit was made" in again.stderr
    assert hub.state() == state


def test_what_is_not_here_any_more_is_deleted(pushed: str, hub: LoopbackHub, environment: dict[str, str]) -> None:
    there = files_there(hub)
    hub.repositories["spaces/me/older"] = older = Repository()
    older.commit("refs/heads/main", {**there, "tab_of_old.py": b"x = 1\n", "README.md": b"old"})
    done = deploy(environment, "--to", "me/older")
    assert done.returncode == 0, done.stderr
    assert files_there(hub, "spaces/me/older") == there
    assert len(older.commits) == 2


@pytest.mark.parametrize(
    ("to", "token", "message"),
    [
        ("me/new", "", "There is no token"),
        ("me/new", "hf_wrong", "does not accept the token"),
        pytest.param("me/new", "hf_reader", "may read but not write", marks=pytest.mark.long),
        pytest.param("mee/new", "hf_writer", "may not create one under 'mee'. Did you mean me?", marks=pytest.mark.long),
        pytest.param("taken/app", "hf_writer", "may not write to taken/app. Push to me/app.", marks=pytest.mark.long),
        ("me/other", "hf_writer", "holds another app, and this push would delete its files"),
        ("https://huggingface.co/spaces/me/my demo", "hf_writer", "such as me/my-demo"),
    ],
)
def test_what_is_refused(hub: LoopbackHub, environment: dict[str, str], to: str, token: str, message: str) -> None:
    for name in ("spaces/taken/app", "spaces/me/other"):
        hub.repositories[name] = Repository()
        hub.repositories[name].commit("refs/heads/main", {"app.py": b"print('something else')\n"})
    state = hub.state()
    done = deploy(environment, "--to", to, HF_TOKEN=token)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert hub.state() == state


@pytest.mark.long
def test_a_failed_push_leaves_nothing_and_no_network_is_told(hub: LoopbackHub, environment: dict[str, str]) -> None:
    state = hub.state()
    hub.fail = lambda number, line: "400" if "/commit/" in line else None
    try:
        done = deploy(environment, "--to", "me/new")
    finally:
        hub.fail = lambda number, line: None
    assert "The push to me/new failed" in done.stderr and "harmless" in done.stderr
    assert "was deleted again" in done.stderr
    assert hub.state() == state
    away = deploy(environment, "--to", "me/new", HF_ENDPOINT="http://127.0.0.1:9")
    assert re.search("Asking the Hub about me/new failed: .*harmless", away.stderr) and "Traceback" not in away.stderr
    offline = deploy(environment, "--to", "me/new", HF_HUB_OFFLINE="1")
    assert "HF_HUB_OFFLINE is set. Unset it." in offline.stderr


@pytest.mark.long
def test_a_private_space(hub: LoopbackHub, environment: dict[str, str], pushed: str) -> None:
    assert deploy(environment, "--to", "me/quiet", "--private").returncode == 0
    assert hub.repositories["spaces/me/quiet"].private
    assert "exists and is public" in deploy(environment, "--to", "me/cnnhub", "--private").stderr


def test_a_dry_run_and_the_help_ask_nobody(hub: LoopbackHub, environment: dict[str, str]) -> None:
    asked = len(hub.log)
    listed = deploy(environment, "--to", "me/cnnhub", "--dry-run", HF_TOKEN="").stdout
    assert "  cnnhub/builtin/flowers/model.safetensors\n" in listed
    assert listed.endswith(f"  {len(files_of_the_space())} files; nothing was pushed\n")
    told = deploy(environment, "--help").stdout
    assert "python -m space.deploy --to me/cnnhub --dry-run" in told and "hf auth login" in told
    assert len(hub.log) == asked


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (".env", "X=1", "is no part of a Space"),
        (".huggingface/token.txt", "x", "is no part of a Space"),
        ("server.pem", "x", "is no part of a Space"),
        ("notes", "x", "is no part of a Space"),
        ("demo/networks.py", f'import os\nTOKEN = "{FAKE_TOKEN}"\n', r"demo/networks.py, line 2, holds what looks like a token"),
        ("demo/page/key.js", "-----BEGIN RSA PRIVATE KEY-----", "line 1, holds what looks like"),
        ("demo/texts/page.py", "my own secret-of-this-test\n", "demo/texts/page.py, line 1, holds what looks like"),
    ],
)
def test_secrets_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str, message: str) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret-of-this-test")
    package = tmp_path / "cnnhub"
    for path in (tmp_path / "space" / "app.py", package / "__init__.py"):
        path.parent.mkdir()
        path.write_text("x = 1\n")
    assert files_of_the_space(tmp_path / "space", package).keys() == {"app.py", "cnnhub/__init__.py"}
    path = tmp_path / "space" / name
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(content)
    with pytest.raises(cnnhub.CnnHubError, match=message) as caught:
        files_of_the_space(tmp_path / "space", package)
    assert FAKE_TOKEN not in str(caught.value) and "secret-of-this-test" not in str(caught.value)


def test_a_link_is_refused(tmp_path: Path) -> None:
    for folder in ("space", "cnnhub"):
        (tmp_path / folder).mkdir()
    (tmp_path / "secret.txt").write_text("x")
    (tmp_path / "space" / "harmless.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(cnnhub.CnnHubError, match="is a link"):
        files_of_the_space(tmp_path / "space", tmp_path / "cnnhub")


def test_the_requirements_are_what_is_needed_as_it_was_tested() -> None:
    assert (SPACE / "requirements.txt").read_text() == space_requirements.text(), (
        "run: python -m tests.support.space_requirements > space/requirements.txt"
    )
    pins = dict(re.findall(r"^([\w.-]+)==(\S+)$", (SPACE / "requirements.txt").read_text(), re.M))
    assert {name: metadata.version(name).partition("+")[0] for name in pins} == pins
    assert "cnnhub" not in pins, "it lies beside app.py"
    assert {"gradio", "mcp", "timm", "torch"} <= pins.keys() and not {"pytest", "datasets", "mypy"} & pins.keys()


# The Space itself

DOWNLOAD = "import sys, huggingface_hub as h; h.snapshot_download(sys.argv[1], repo_type='space', local_dir=sys.argv[2])"


@pytest.fixture(scope="module")
def space(pushed: str, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """What was pushed, downloaded into a folder of its own and run there, with MCP, by a Python without this checkout."""
    folder = tmp_path_factory.mktemp("deployed")
    done = subprocess.run(
        [sys.executable, "-c", DOWNLOAD, "me/cnnhub", str(folder / "app")], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    package = folder / "app" / "cnnhub" / "__init__.py"
    package.write_text(package.read_text().replace(f'"{cnnhub.__version__}"', f'"{cnnhub.__version__}+uploaded"'))
    venv.create(folder / "venv", with_pip=False)
    site = next((folder / "venv" / "lib").glob("python*/site-packages"))
    (site / "parent.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    hosted = {"SYSTEM": "spaces", "SPACE_ID": "me/cnnhub", "PYTHONPATH": "", "HF_TOKEN": "", "HF_HUB_OFFLINE": "1"}
    python = folder / "venv" / "bin" / "python"
    with running(folder / "app", folder / "files", python=python, GRADIO_MCP_SERVER="True", **hosted) as server:
        yield server


def test_the_uploaded_package_is_what_answers(space: Server) -> None:
    assert httpx.get(f"{space.url}/healthz").json() == {"status": "ok", "version": f"{cnnhub.__version__}+uploaded"}
    answer = Client(space.url, verbose=False).predict(handle_file(str(CAT)), api_name="/classify")
    assert answer["label"] == "cat"
    got = {item["label"]: item["confidence"] for item in answer["confidences"]}
    assert got == pytest.approx(cnnhub.load("cats-vs-dogs").predict(CAT).scores, abs=1e-4)


@pytest.mark.browser
def test_a_space_asks_no_hub_for_a_visitor(space: Server, browser: Any) -> None:
    """A link that names a repository gets a sentence, and a network of the page's own answers."""
    visit = Visit(browser, f"{space.url}/?task=owner/tiny")
    note = "text => document.querySelector('#hub-note')?.textContent.includes(text)"
    visit.page.wait_for_function(note, arg=texts.t("en", "hub_off"))
    assert visit.heading("#answer") == "It is a cat."
    visit.page.close()  # a hosted page asks for scripts of the Hub, which are not here


def mcp(url: str, *calls: tuple[str, dict[str, object]]) -> tuple[list, list]:
    """-> (the tools, the answers to the calls), by MCP's own client."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def talk() -> tuple[list, list]:
        async with (
            streamable_http_client(f"{url}/gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = (await session.list_tools()).tools
            return tools, [await session.call_tool(name, arguments) for name, arguments in calls]

    with ThreadPoolExecutor(1) as thread:  # Playwright's loop may run in this one
        return thread.submit(asyncio.run, talk()).result()


def test_each_feature_is_an_mcp_tool(space: Server) -> None:
    picture = "data:image/jpeg;base64," + base64.b64encode(CAT.read_bytes()).decode()
    tools, (named, mapped) = mcp(
        space.url,
        ("cnnhub_classify", {"image": picture, "model": "imagenet"}),
        ("cnnhub_filter", {"image": picture, "kernel": "laplacian_4"}),
    )
    named_endpoints = Client(space.url, verbose=False).view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert {tool.name.removeprefix("cnnhub_") for tool in tools} == {name.removeprefix("/") for name in named_endpoints}
    for tool in tools:
        assert re.match(r"cnnhub_[a-z_]+$", tool.name)
        assert len(tool.description.split()) > 5 and "Returns: " in tool.description
        pictures = [name for name, schema in tool.inputSchema["properties"].items() if "File" in schema.get("format", "")]
        assert tool.inputSchema.get("required", []) == pictures
        assert pictures[:1] == ([] if tool.name in ("cnnhub_receptive_field", "cnnhub_tour_train") else ["image"])
        for name, schema in tool.inputSchema["properties"].items():
            assert schema.get("description"), f"{tool.name} does not say what {name} is"
    assert not named.isError and "cat" in named.content[0].text
    assert not mapped.isError and mapped.content[0].type == "image", mapped.content
    assert mapped.content[0].data, "no picture came back"


def test_an_mcp_client_may_hand_over_an_upload_by_its_address(space: Server) -> None:
    """The address of a file on this server is read from the disk; nothing is fetched."""
    (path,) = httpx.post(f"{space.url}/gradio_api/upload", files={"files": ("cat.jpg", CAT.read_bytes())}).json()
    _, (answer,) = mcp(space.url, ("cnnhub_classify", {"image": f"{space.url}/gradio_api/file={path}"}))
    assert not answer.isError and "cat" in answer.content[0].text


@pytest.mark.parametrize(
    "image",
    [
        "http://127.0.0.1:{port}/secret.png",
        "https://127.0.0.1:{port}/secret.png",
        "http://127.0.0.1:{port}/gradio_api/file=/etc/passwd",
        "http://127.0.0.1:{port}/gradio_api/file={app}",
        "file:///etc/passwd",
        "/etc/passwd",
        "data:image/png;base64,AAAA",
        "data:text/plain;base64," + base64.b64encode(b"root:x").decode(),
    ],
)
def test_mcp_fetches_and_reads_nothing_else(space: Server, image: str) -> None:
    with serve() as stranger:  # a server that notes who asks it
        port = stranger.url.rpartition(":")[2]
        _, (answer,) = mcp(space.url, ("cnnhub_classify", {"image": image.format(port=port, app=SPACE / "app.py")}))
        assert answer.isError
        assert "root:" not in str(answer.content)
        assert stranger.log == [], "the server fetched an address"
