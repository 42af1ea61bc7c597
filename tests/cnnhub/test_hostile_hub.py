"""A Hub that means harm, or a broken one: nothing that it sends becomes a path unchecked, and all that it sends has an end."""

from __future__ import annotations

import io
import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest

import cnnhub
from cnnhub.errors import (
    CnnHubError,
    CorruptedFileError,
    HubUnreachableError,
    ModelConfigError,
    ModelNotFoundError,
    ModelTooLargeError,
    ModelWeightsError,
    RevisionNotFoundError,
)
from cnnhub.hub import catalogue, transfer
from tests.support.loopback_hub import COMMIT, LoopbackHub, serve
from tests.support.places import EXAMPLES
from tests.support.sampled import sampled

PATHS = {
    "traversal": "../../../../evil",
    "encoded": "..%2F..%2Fevil",
    "backslashes": "..\\..\\evil",
    "absolute": "/evil",
    "long": 4096 * "a",
    "device": "CON",
    "device with a suffix": "NUL.txt",
    "drive": "C:\\evil",
    "no ASCII": "\xe9\x85evil",
    "a hash of another length": 39 * "a",
    "a hash and more": f"{40 * 'a'}/../evil",
}
WEIGHTS = f"/owner/tiny/resolve/{COMMIT}/model.safetensors"


@pytest.fixture
def hub(tmp_path: Path, model_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackHub]:
    """Serves owner/tiny to this process."""
    model_folder("hub/owner/tiny")
    with serve(tmp_path / "hub") as running:
        for name, value in {
            "ENDPOINT": running.url,
            "HUGGINGFACE_CO_URL_TEMPLATE": f"{running.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}",
            "HF_HUB_OFFLINE": False,
        }.items():
            monkeypatch.setattr(huggingface_hub.constants, name, value)
        yield running


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "a" / "b" / "cache"


Load = Callable[..., cnnhub.Classifier]


@pytest.fixture
def load(hub: LoopbackHub, cache: Path) -> Load:
    return lambda **options: cnnhub.load("owner/tiny", cache_dir=cache, engine="torch", **options)


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def kept(cache: Path) -> list[str]:
    """What a load left in the cache, but for locks, which are empty."""
    return [name for name in files(cache) if (cache / name).stat().st_size]


def sends(hub: LoopbackHub, header: str, value: str | None, *, file: str = "", after: int = 0) -> None:
    """Let a header have this value in each answer about a file, but for the first so many."""
    count = itertools.count()

    def altered(line: str, headers: dict[str, str]) -> dict[str, str | None]:
        return {**headers, header: value} if line.endswith(file) and next(count) >= after else {**headers}

    hub.altered = altered


@pytest.mark.parametrize("after", [0, 1, 2], ids=["at once", "at the second answer", "at the third"])
@pytest.mark.parametrize("header", ["ETag", "X-Linked-Etag", "X-Repo-Commit"])
@pytest.mark.parametrize("value", sampled(PATHS.values(), 5), ids=PATHS)
def test_what_would_become_a_path(
    load: Load, hub: LoopbackHub, tmp_path: Path, cache: Path, value: str, header: str, after: int
) -> None:
    """config.json takes three answers: what the branch is, what the commit holds, the file, of which only the body counts."""
    before = files(tmp_path)
    sends(hub, header, value, after=after)
    with pytest.raises(CnnHubError) as caught:
        load()
    known = {HubUnreachableError: "expected 40 hexadecimal digits", ModelWeightsError: "expected the sha256 or git's blob id"}
    assert known[type(caught.value)] in str(caught.value)
    assert len(str(caught.value)) < 700 and str(caught.value).isprintable(), "what arrived is cut and spelled out"
    left = set(files(tmp_path)) - set(before)
    folder = cache.relative_to(tmp_path).as_posix()
    assert all(name.startswith(f"{folder}/") for name in left)
    assert not any("evil" in name or len(Path(name).name) > 100 or "incomplete" in name for name in left)
    assert not any("safetensors" in name and "lock" not in name for name in left)


@pytest.mark.parametrize(
    "revision",
    [
        "../../../../evil",
        "/evil",
        "a/../../evil",
        "a\0b",
        "a\\..\\evil",
        "C:evil",
        4096 * "a",
        "a b",
        ".",
        "..",
        "a/",
        "a.lock",
        "a\n",
    ],
)
def test_a_revision_that_would_become_a_path(load: Load, hub: LoopbackHub, tmp_path: Path, revision: str) -> None:
    """A Hub may oblige whatever is asked of it; what cannot be a revision is not asked."""
    before = files(tmp_path)
    hub.repositories["owner/tiny"].refs[f"refs/heads/{revision}"] = COMMIT
    with pytest.raises(RevisionNotFoundError, match="No revision of owner/tiny can be called"):
        load(revision=revision)
    assert (hub.log, files(tmp_path)) == ([], before)


@pytest.mark.parametrize("name", ["owner/..", "../name", "a--b/c", "owner/-x", "owner/x.git", "owner/x\n", "owner/" + 97 * "x"])
def test_a_name_that_no_repository_has(hub: LoopbackHub, name: str) -> None:
    with pytest.raises(ModelNotFoundError):
        cnnhub.load(name)
    assert hub.log == []


@pytest.mark.parametrize("header", ["ETag", "X-Repo-Commit"])
def test_nul_in_a_header(load: Load, hub: LoopbackHub, cache: Path, header: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n{header}: a\0/../evil\r\n\r\n"
    hub.raw = lambda line: [head.encode()]
    with pytest.raises(HubUnreachableError):
        load()
    assert kept(cache) == []


def test_a_commit_that_was_not_asked_for(load: Load, hub: LoopbackHub, cache: Path) -> None:
    sends(hub, "X-Repo-Commit", 40 * "b", after=1)
    with pytest.raises(HubUnreachableError, match=f"another commit, {40 * 'b'}"):
        load()
    assert kept(cache) == []


@pytest.mark.parametrize("etag", ["5f3759df-1b2", None, f'"{65 * "a"}"'], ids=["nginx's", "none", "longer"])
def test_weights_without_a_hash(load: Load, hub: LoopbackHub, cache: Path, etag: str | None) -> None:
    """Refused, each time, unless they are wanted so; and then they are kept under a name that says it."""
    expected = cnnhub.load(hub.root / "owner/tiny").predict(EXAMPLES / "cat.jpg").scores
    sends(hub, "ETag", etag, file=".safetensors")
    for _ in range(2):
        with pytest.raises(ModelWeightsError, match=r"model\.safetensors of owner/tiny cannot be checked.*allow_unverified=True"):
            load()
    assert not any("GET" in line and "safetensors" in line for line in hub.log), "they were downloaded"
    assert load(allow_unverified=True).predict(EXAMPLES / "cat.jpg").scores == pytest.approx(expected)
    assert [name for name in kept(cache) if "unverified" in name]
    for offline in (False, True):
        with pytest.raises(ModelWeightsError, match="cannot be checked"):
            load(local_files_only=offline)
        assert load(local_files_only=offline, allow_unverified=True).labels == ["ant", "bee", "cow"]


def test_weights_that_were_altered_on_their_way(load: Load, hub: LoopbackHub, cache: Path) -> None:
    data = hub.repositories["owner/tiny"].commits[COMMIT]["model.safetensors"]
    altered = data[:-8] + bytes(255 - byte for byte in data[-8:])
    hub.raw = lambda line: [answer(len(altered)), altered] if line == f"GET {WEIGHTS}" else None
    for options in ({}, {"allow_unverified": True}):
        with pytest.raises(CorruptedFileError, match="brings a file whose hash is"):
            load(**options)
    assert not [name for name in kept(cache) if name.endswith(("safetensors", "incomplete"))]


@pytest.mark.parametrize("size", [None, "-5", "many", "1e3", 5000 * "9"])
def test_a_size_that_is_none(load: Load, hub: LoopbackHub, cache: Path, size: str | None) -> None:
    sends(hub, "Content-Length", size, file=".safetensors")
    with pytest.raises(HubUnreachableError):
        load()
    assert not any(line.startswith("GET") and "safetensors" in line for line in hub.log)


@pytest.mark.parametrize(
    ("file", "size", "message"),
    [
        ("config.json", 300_000, "such a file has at most 256,000"),
        ("model.safetensors", 10**11, "the limit is 6,400,000,000"),
        ("model.safetensors", 6_000_000_000, "are free in"),
    ],
)
def test_a_size_that_is_too_much(
    load: Load, hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch, file: str, size: int, message: str
) -> None:
    monkeypatch.setattr("cnnhub.hub.repository.shutil.disk_usage", lambda path: Room(free=10**9))
    sends(hub, "X-Linked-Size", str(size), file=file)
    with pytest.raises(ModelTooLargeError, match=message):
        load()
    assert not any(line.startswith("GET") and file in line for line in hub.log)


class Room:
    def __init__(self, free: int) -> None:
        self.free = free


def answer(size: int | None, status: str = "200 OK", *headers: str) -> bytes:
    """The head of an answer; without a size its body is chunked."""
    length = "Transfer-Encoding: chunked" if size is None else f"Content-Length: {size}"
    return "\r\n".join([f"HTTP/1.1 {status}", length, *headers, "", ""]).encode()


def chunks(size: int = 2**16) -> Iterator[bytes]:
    while True:
        yield b"%x\r\n%s\r\n" % (size, bytes(size))


def slowly(pieces: Iterable[bytes], seconds: float = 0.05) -> Iterator[bytes]:
    for piece in pieces:
        for byte in piece:
            yield bytes([byte])
            time.sleep(seconds)


ENDLESS: dict[str, Callable[[str], Iterable[bytes]]] = {
    "chunked": lambda url: itertools.chain([answer(None)], chunks()),
    "longer than announced": lambda url: itertools.chain([answer(10**12)], (bytes(2**16) for _ in itertools.count())),
    "redirect": lambda url: itertools.chain([answer(None, "302 Found", f"Location: {url}{WEIGHTS}")], chunks()),
    "error": lambda url: itertools.chain([answer(None, "500 Internal Server Error")], chunks()),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_a_body_without_an_end(load: Load, hub: LoopbackHub, cache: Path, kind: str) -> None:
    sent = []

    def counted(pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            sent.append(len(piece))
            yield piece

    hub.raw = lambda line: counted(ENDLESS[kind](hub.url)) if line == f"GET {WEIGHTS}" else None
    started = time.monotonic()
    with pytest.raises((CorruptedFileError, HubUnreachableError)) as caught:
        load()
    print(f"\n{kind}: {time.monotonic() - started:.2f} s, {sum(sent):,} bytes sent; {caught.value}")
    assert isinstance(caught.value, CorruptedFileError) == (kind in ("chunked", "longer than announced"))
    assert sum(sent) < 50e6, "it was read on"
    assert not [name for name in kept(cache) if name.endswith(("safetensors", "incomplete"))]


def test_not_a_byte_more_than_announced_is_written(hub: LoopbackHub) -> None:
    hub.raw = lambda line: itertools.chain([answer(None)], chunks())
    said = transfer.Announced(COMMIT, None, "", 10_000_000, f"{hub.url}/x")
    file = io.BytesIO()
    with pytest.raises(CorruptedFileError, match="more than the 10,000,000 bytes that were announced"):
        transfer.download(said, f"{hub.url}/x", None, file)
    print(f"\n{len(file.getvalue()):,} bytes written")
    assert len(file.getvalue()) <= said.size


DRIPS: dict[str, Callable[[], Iterable[bytes]]] = {
    "body": lambda: itertools.chain([answer(10_000)], slowly([bytes(10_000)])),
    "headers": lambda: slowly(f"X-{number}: drip\r\n".encode() if number else b"HTTP/1.1 200 OK\r\n" for number in range(1000)),
    "between chunks": lambda: itertools.chain([answer(None), b"5;"], slowly([10_000 * b"a"])),
}


@pytest.mark.parametrize(("method", "kind"), [("HEAD", "headers"), *(("GET", kind) for kind in DRIPS)])
def test_a_drip(load: Load, hub: LoopbackHub, cache: Path, monkeypatch: pytest.MonkeyPatch, kind: str, method: str) -> None:
    monkeypatch.setattr(transfer, "ANSWER_SECONDS", 1.0)
    monkeypatch.setattr(transfer, "SLOWEST", 10**9)
    hub.raw = lambda line: DRIPS[kind]() if line == f"{method} {WEIGHTS}" else None
    started = time.monotonic()
    with pytest.raises(HubUnreachableError, match=r"comes too slowly|not answered whole within 1 seconds"):
        load()
    taken = time.monotonic() - started
    print(f"\n{kind} of {method}: {taken:.2f} s")
    assert taken < 30, "a drip of 10,000 bytes would take 500"
    assert not [name for name in kept(cache) if name.endswith(("safetensors", "incomplete"))]


def test_a_body_that_is_cut_off(load: Load, hub: LoopbackHub, cache: Path) -> None:
    """Announced short, it is an error at once; broken off, it is taken up where it broke."""
    data = hub.repositories["owner/tiny"].commits[COMMIT]["model.safetensors"]
    hub.raw = lambda line: [answer(100), data[:100]] if line == f"GET {WEIGHTS}" else None
    with pytest.raises(HubUnreachableError, match=f"ended after 100 bytes; {len(data):,} were announced"):
        load()
    assert not [name for name in kept(cache) if name.endswith(("safetensors", "incomplete"))]
    half, whole = ([answer(len(data)), data[:end]] for end in (len(data) // 2, len(data)))
    for number, rest in enumerate((None, whole)):  # the Hub's own answer is the rest; a plainer server begins anew
        answers = iter([half, rest])
        hub.raw = lambda line, answers=answers: next(answers, None) if line == f"GET {WEIGHTS}" else None
        hub.log.clear()
        again = cnnhub.load("owner/tiny", cache_dir=cache / str(number), engine="torch")
        assert again.labels == ["ant", "bee", "cow"]
        assert hub.log.count(f"GET {WEIGHTS}") == 2


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:1/x",
        "http://example.com/x",
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "//127.0.0.1:1/x",
        "http://[::1",
        "https:///x",
    ],
)
def test_a_redirect_to_elsewhere(load: Load, hub: LoopbackHub, cache: Path, target: str) -> None:
    """By the answer about the file, and by that which should bring it."""
    for method in ("HEAD", "GET"):
        raw = answer(0, "302 Found", f"Location: {target}", f"X-Repo-Commit: {COMMIT}", f"ETag: {64 * 'a'}", "X-Linked-Size: 9")
        hub.raw = lambda line, method=method, raw=raw: [raw] if line == f"{method} {WEIGHTS}" else None
        with pytest.raises(HubUnreachableError):
            load()
    assert not [name for name in kept(cache) if name.endswith(("safetensors", "incomplete"))]


def test_where_a_redirect_may_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    def followed(target: str) -> str | None:
        try:
            return transfer._followed("url", "https://mirror.example/owner/x", target)
        except HubUnreachableError as error:
            assert "expected https, or https://mirror.example" in str(error)
            return None

    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "https://mirror.example")
    assert followed("/y") == "https://mirror.example/y"
    assert followed("https://storage.example/y?signature") == "https://storage.example/y?signature"
    assert followed("http://mirror.example/y") is None, "a downgrade"


def test_a_redirect_that_never_ends(load: Load, hub: LoopbackHub) -> None:
    hub.raw = lambda line: [answer(0, "302 Found", f"Location: {WEIGHTS}")] if line == f"GET {WEIGHTS}" else None
    with pytest.raises(HubUnreachableError, match="redirected more than 5 times"):
        load()
    assert hub.log.count(f"GET {WEIGHTS}") == 6


def test_the_token_stays_with_the_hub(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve() as other:
        monkeypatch.setattr(transfer, "_followed", lambda url, place, target: target)
        hub.raw = lambda line: [answer(0, "302 Found", f"Location: {other.url}/x")]
        other.raw = lambda line: [answer(3), b"abc"]
        transfer.download(transfer.Announced(COMMIT, None, "", 3, f"{hub.url}/x"), "x", "hf_reader", io.BytesIO())
        assert (hub.tokens, other.tokens) == (["hf_reader"], [None])


def test_other_callers_of_the_client_are_left_alone(load: Load, hub: LoopbackHub) -> None:
    client = huggingface_hub.get_session()
    hooks = {kind: list(each) for kind, each in client.event_hooks.items()}
    load()
    assert huggingface_hub.get_session() is client
    assert {kind: list(each) for kind, each in client.event_hooks.items()} == hooks


def test_a_card_that_cannot_be_checked_is_no_card(hub: LoopbackHub, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))
    hub.repositories["owner/tiny"].commits[COMMIT]["README.md"] = b"# x"
    sends(hub, "ETag", "../../evil", file="README.md")
    assert catalogue.describe("owner/tiny").card is None


def test_a_config_of_numbers_that_overflow_is_refused_from_a_hub_too(load: Load, hub: LoopbackHub) -> None:
    held = hub.repositories["owner/tiny"].commits[COMMIT]
    config = json.loads(held["config.json"])
    held["config.json"] = json.dumps({**config, "cnnhub": {"temperature": 1e-320}}).encode()
    with pytest.raises(ModelConfigError, match="temperature"):
        load()
    assert not any("safetensors" in line for line in hub.log)
