"""A Hub on the loopback, speaking just enough for the real huggingface_hub client to download and to upload models.

Repositories live in memory, Spaces and data sets under "spaces/owner/name" and "datasets/owner/name"; `serve(root)` starts
with the folders `root/owner/name/*`, one commit each. Requests are kept in `log`, and `fail` makes some of them fail.
"""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

COMMIT = "0123456789abcdef0123456789abcdef01234567"  # of repositories that were folders; tagged v1.0
LFS_SUFFIXES = (".safetensors", ".png")
TOKENS = {"hf_writer": ("me", "write"), "hf_reader": ("me", "read"), "hf_stranger": ("stranger", "write")}

Files = dict[str, bytes]


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: str = "", message: str = "", headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.headers = {"X-Error-Code": code, "X-Error-Message": message, **(headers or {})}


@dataclass
class Repository:
    """Commits (id -> files), and refs/heads/*, refs/tags/* and refs/pr/* that name them."""

    private: bool = False
    commits: dict[str, Files] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    authors: list[str] = field(default_factory=list)  # of the pull requests, number one first

    def find(self, revision: str) -> str:
        """The commit that a branch, a tag, a ref or a commit id names."""
        for name in (revision, f"refs/heads/{revision}", f"refs/tags/{revision}"):
            if name in self.refs:
                return self.refs[name]
        if revision not in self.commits:
            raise Refusal(404, "RevisionNotFound")
        return revision

    def commit(self, ref: str, files: Files, commit: str | None = None) -> str:
        content = json.dumps([sorted((path, _sha256(data)) for path, data in files.items()), self.refs.get("refs/heads/main")])
        commit = commit or hashlib.sha1(content.encode()).hexdigest()
        self.commits[commit] = files
        self.refs[ref] = commit
        return commit


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, list[str]]
    token: str | None
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode())


class LoopbackHub:
    """Its state.

    Attributes:
        fail: asked before each request with its number (from 0) and "METHOD path"; it returns None, or what becomes of the
            request: an HTTP status ("500"), "gated" (as the Hub refuses a repository whose terms were not accepted), "dropped"
            (the connection closes and nothing was done), "silent" (nothing is answered until the client hangs up) or
            "lost" (it was done, and the answer never arrives).
        altered: given "METHOD path" and the headers of an answer, it returns those that are sent; None leaves a header out.
        raw: given "METHOD path", it returns what is sent in place of an answer, piece by piece, status line and all; or None.
        sending: told, before each twentieth of a body, its path, how many bytes were sent and how many there are.
    """

    def __init__(self, root: Path | None, port: int) -> None:
        self.root, self.url = root, f"http://127.0.0.1:{port}"
        self.log: list[str] = []
        self.tokens: list[str | None] = []  # of the same requests
        self.fail: Callable[[int, str], str | None] = nothing_fails
        self.altered: Callable[[str, dict[str, str]], dict[str, str | None]] = lambda line, headers: {**headers}
        self.raw: Callable[[str], Iterable[bytes] | None] = lambda line: None
        self.sending: Callable[[str, int, int], None] = lambda path, sent, size: None
        self.repositories: dict[str, Repository] = {}
        self.stored: Files = {}  # large files by their sha256
        for folder in sorted(root.glob("*/*")) if root else ():
            repository = self.repositories.setdefault(f"{folder.parent.name}/{folder.name}", Repository())
            files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
            repository.refs["refs/tags/v1.0"] = repository.commit("refs/heads/main", files, COMMIT)

    def clear(self) -> None:
        self.fail = nothing_fails
        for state in (self.log, self.tokens, self.repositories, self.stored):
            state.clear()

    def state(self) -> dict[str, Any]:
        """What a push may change: repositories, their visibility, refs and commits."""
        return {name: (repo.private, dict(repo.refs), sorted(repo.commits)) for name, repo in self.repositories.items()}

    def answer(self, request: Request) -> tuple[bytes, dict[str, str]]:
        for method, pattern, handler in ROUTES:
            found = re.fullmatch(pattern, re.sub("^/api/(spaces|datasets)/", r"/api/models/\1/", request.path))
            if found and method == request.method.replace("HEAD", "GET"):
                answer = handler(self, request, *map(unquote, found.groups(default="")))
                return answer if isinstance(answer, tuple) else (json.dumps(answer).encode(), {})
        raise Refusal(404, message=f"no route {request.method} {request.path}")

    def repository(self, name: str, request: Request, write: bool = False) -> Repository:
        repository = self.repositories.get(name)
        user, role = TOKENS.get(request.token or "", ("", ""))
        is_owner = name.split("/")[-2] == user
        if repository is None or (repository.private and not is_owner):
            raise Refusal(404, "RepoNotFound")
        if write and not (is_owner and role == "write"):
            raise Refusal(403, message="You do not have write access")
        return repository


def nothing_fails(number: int, line: str) -> None:
    return None


def _whoami(hub: LoopbackHub, request: Request) -> Any:
    if request.token not in TOKENS:
        raise Refusal(401, message="Invalid credentials in Authorization header")
    user, role = TOKENS[request.token]
    return {"type": "user", "name": user, "orgs": [], "auth": {"accessToken": {"role": role}}}


def _validate_yaml(hub: LoopbackHub, request: Request) -> Any:
    return {"errors": [], "warnings": []}


def _create(hub: LoopbackHub, request: Request) -> Any:
    wanted = request.json()
    name = _name(wanted)
    if wanted.get("type") == "space" and wanted.get("sdk") not in ("gradio", "docker", "static"):
        raise Refusal(400, message="A Space needs an sdk")
    if name in hub.repositories:
        raise Refusal(409, message="You already created this model repo")
    if wanted["organization"] != TOKENS[request.token or ""][0]:
        raise Refusal(403, message="You don't have the rights to create a model under this namespace")
    repository = hub.repositories[name] = Repository(wanted.get("visibility") == "private")
    first = {".gitattributes": b"*.safetensors filter=lfs"}
    if name.startswith("spaces/"):
        first["README.md"] = b"---\nsdk: gradio\n---\n"
    repository.commit("refs/heads/main", first)
    return {"url": f"{hub.url}/{name}"}


def _delete(hub: LoopbackHub, request: Request) -> Any:
    name = _name(request.json())
    hub.repository(name, request, write=True)
    del hub.repositories[name]
    return {}


def _name(wanted: dict[str, Any]) -> str:
    kind = wanted.get("type") or "model"
    return ("" if kind == "model" else f"{kind}s/") + f"{wanted['organization']}/{wanted['name']}"


def _info(hub: LoopbackHub, request: Request, name: str, revision: str) -> Any:
    repository = hub.repository(name, request)
    commit = repository.find(revision or "main")
    siblings = [{"rfilename": path} for path in repository.commits[commit]]
    return {"id": name, "sha": commit, "private": repository.private, "siblings": siblings, "tags": []}


def _auth_check(hub: LoopbackHub, request: Request, name: str, write: str) -> Any:
    hub.repository(name, request, write=bool(write))
    return {}


def _refs(hub: LoopbackHub, request: Request, name: str) -> Any:
    refs = hub.repository(name, request).refs.items()
    kinds = {"branches": "refs/heads/", "tags": "refs/tags/", "pullRequests": "refs/pr/", "converts": "refs/convert/"}
    return {
        kind: [{"name": r.removeprefix(start), "ref": r, "targetCommit": c} for r, c in refs if r.startswith(start)]
        for kind, start in kinds.items()
    }


def _discussions(hub: LoopbackHub, request: Request, name: str) -> Any:
    author = request.query.get("author", [""])[0]
    pulls = [
        {"num": number, "title": "", "author": {"name": by}, "createdAt": "2025-01-01T00:00:00.000Z", "status": "open",
         "repo": {"name": name, "type": "model"}, "isPullRequest": True}
        for number, by in enumerate(hub.repository(name, request).authors, 1)
        if author in ("", by)
    ]  # fmt: skip
    return {"count": len(pulls), "start": 0, "discussions": pulls}


def _tree(hub: LoopbackHub, request: Request, name: str, revision: str) -> Any:
    repository = hub.repository(name, request)
    return [_entry(path, data) for path, data in repository.commits[repository.find(revision)].items()]


def _paths_info(hub: LoopbackHub, request: Request, name: str, revision: str) -> Any:
    return [entry for entry in _tree(hub, request, name, revision) if entry["path"] in request.form()["paths"]]


def _preupload(hub: LoopbackHub, request: Request, name: str, revision: str) -> Any:
    files = hub.repository(name, request, write="create_pr" not in request.query).commits
    assert files, "a repository has a first commit"
    modes = {True: "lfs", False: "regular"}
    paths = [file["path"] for file in request.json()["files"]]
    return {"files": [{"path": p, "uploadMode": modes[p.endswith(LFS_SUFFIXES)], "shouldIgnore": False} for p in paths]}


def _lfs_batch(hub: LoopbackHub, request: Request, name: str) -> Any:
    hub.repository(name, request)

    def actions(oid: str) -> dict[str, Any]:
        if oid in hub.stored:
            return {}
        return {"actions": {"upload": {"href": f"{hub.url}/lfs/{oid}"}, "verify": {"href": f"{hub.url}/lfs/verify"}}}

    objects = request.json()["objects"]
    return {"transfer": "basic", "objects": [{**item, **actions(item["oid"])} for item in objects]}


def _lfs_put(hub: LoopbackHub, request: Request, oid: str) -> Any:
    if _sha256(request.body) != oid:
        raise Refusal(400, message="the sha256 differs")
    hub.stored[oid] = request.body
    return {}


def _lfs_verify(hub: LoopbackHub, request: Request) -> Any:
    if request.json()["oid"] not in hub.stored:
        raise Refusal(404, message="not stored")
    return {}


def _commit(hub: LoopbackHub, request: Request, name: str, revision: str) -> Any:
    is_pull = "create_pr" in request.query
    repository = hub.repository(name, request, write=not is_pull)
    head = repository.find(revision)
    lines = [json.loads(line) for line in request.body.splitlines()]
    if not is_pull and lines[0]["value"].get("parentCommit", head) != head:
        raise Refusal(412, message="A commit has happened since. Please refresh and try again.")
    files = dict(repository.commits[head])
    for line in lines[1:]:
        _apply(hub, files, line["key"], line["value"])
    if is_pull:
        repository.authors.append(TOKENS[request.token or ""][0])
    number = len(repository.authors)
    commit = repository.commit(f"refs/pr/{number}" if is_pull else f"refs/heads/{revision}", files)
    return {
        "commitUrl": f"{hub.url}/{name}/commit/{commit}",
        "commitOid": commit,
        "pullRequestUrl": f"{hub.url}/{name}/discussions/{number}" if is_pull else None,
    }


def _apply(hub: LoopbackHub, files: Files, key: str, value: dict[str, Any]) -> None:
    path = value["path"]
    if key == "file":
        files[path] = base64.b64decode(value["content"])
    elif key == "lfsFile":
        files[path] = hub.stored[value["oid"]]
    else:  # deletedFile, deletedFolder
        for gone in [p for p in files if p == path or p.startswith(path.rstrip("/") + "/")]:
            del files[gone]


def _tag(hub: LoopbackHub, request: Request, name: str, revision: str) -> Any:
    repository = hub.repository(name, request, write=True)
    ref = f"refs/tags/{request.json()['tag']}"
    if ref in repository.refs:
        raise Refusal(409, message="Tag reference exists already")
    repository.refs[ref] = repository.find(revision)
    return {}


def _delete_tag(hub: LoopbackHub, request: Request, name: str, tag: str) -> Any:
    if hub.repository(name, request, write=True).refs.pop(f"refs/tags/{tag}", None) is None:
        raise Refusal(404, "RevisionNotFound")
    return {}


def _resolve(hub: LoopbackHub, request: Request, name: str, revision: str, path: str) -> tuple[bytes, dict[str, str]]:
    repository = hub.repository(name, request)
    commit = repository.find(revision)
    data = repository.commits[commit].get(path)
    if data is None:
        raise Refusal(404, "EntryNotFound", headers={"X-Repo-Commit": commit})
    return data, {"X-Repo-Commit": commit, "ETag": f'"{_sha256(data) if path.endswith(LFS_SUFFIXES) else _blob(data)}"'}


def _entry(path: str, data: bytes) -> dict[str, Any]:
    large = {"lfs": {"oid": _sha256(data), "size": len(data), "pointerSize": 134}} if path.endswith(LFS_SUFFIXES) else {}
    return {"type": "file", "path": path, "size": len(data), "oid": _blob(data), **large}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _blob(data: bytes) -> str:
    """The id that git gives a file with this content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


_ID = "((?:spaces/|datasets/)?[^/]+/[^/]+)"
_MODEL = f"/api/models/{_ID}"
ROUTES: list[tuple[str, str, Callable[..., Any]]] = [
    ("GET", "/api/whoami-v2", _whoami),
    ("POST", "/api/validate-yaml", _validate_yaml),
    ("POST", "/api/repos/create", _create),
    ("DELETE", "/api/repos/delete", _delete),
    ("GET", f"{_MODEL}(?:/revision/([^/]+))?", _info),
    ("GET", f"{_MODEL}/auth-check(/write)?", _auth_check),
    ("GET", f"{_MODEL}/refs", _refs),
    ("GET", f"{_MODEL}/discussions", _discussions),
    ("GET", f"{_MODEL}/tree/([^/]+)", _tree),
    ("POST", f"{_MODEL}/paths-info/([^/]+)", _paths_info),
    ("POST", f"{_MODEL}/preupload/([^/]+)", _preupload),
    ("POST", f"/{_ID}.git/info/lfs/objects/batch", _lfs_batch),
    ("PUT", "/lfs/([0-9a-f]{64})", _lfs_put),
    ("POST", "/lfs/verify", _lfs_verify),
    ("POST", f"{_MODEL}/commit/([^/]+)", _commit),
    ("POST", f"{_MODEL}/tag/([^/]+)", _tag),
    ("DELETE", f"{_MODEL}/tag/([^/]+)", _delete_tag),
    ("GET", f"/{_ID}/resolve/([^/]+)/(.+)", _resolve),
]


class _Handler(http.server.BaseHTTPRequestHandler):
    hub: LoopbackHub

    def _handle(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ") or None
        line = f"{self.command} {path}"
        self.hub.log.append(line)
        self.hub.tokens.append(token)
        raw = self.hub.raw(line)
        if raw is not None:
            self._send_raw(raw)
            return
        fault = self.hub.fail(len(self.hub.log) - 1, line)
        if fault == "silent":
            self.connection.recv(1)
        if fault in ("dropped", "silent"):
            return
        try:
            if fault == "gated":
                raise Refusal(403, "GatedRepo", "Access to this model is restricted")
            if fault and fault.isdigit():
                raise Refusal(int(fault), message="a fault was asked for")
            request = Request(self.command, path, parse_qs(query), token, body)
            status, (data, headers) = 200, self.hub.answer(request)
        except Refusal as refusal:
            status, data, headers = refusal.status, b"{}", refusal.headers
        if fault != "lost":
            self._send(status, data, headers)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _handle

    def _send_raw(self, pieces: Iterable[bytes]) -> None:
        with suppress(OSError):  # the client has heard enough
            for piece in pieces:
                self.wfile.write(piece)
                self.wfile.flush()

    def _send(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted and status == 200 and self.command == "GET":
            start = int(wanted[1])
            headers = {**headers, "Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}
            status, data = 206, data[start:]
        self.send_response(status)
        line = f"{self.command} {self.path.partition('?')[0]}"
        for key, value in self.hub.altered(line, {**headers, "Content-Length": str(len(data))}).items():
            if value is not None:
                self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            step = max(1, -(-len(data) // 20))
            with suppress(ConnectionError):  # a client that was killed reads no further
                for sent in range(0, len(data), step):
                    self.hub.sending(self.path, sent, len(data))
                    self.wfile.write(data[sent : sent + step])

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve(root: Path | None = None) -> Iterator[LoopbackHub]:
    handler = type("Handler", (_Handler,), {})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        hub = handler.hub = LoopbackHub(root, server.server_port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield hub
        server.shutdown()
