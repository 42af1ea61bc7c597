"""A Hub on the loopback, speaking just enough for the real huggingface_hub client to download models.

Repositories are folders: `root/owner/name/*`, one revision each. Requests are kept in `log`.
"""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class LoopbackHub:
    def __init__(self, root: Path, port: int) -> None:
        self.root, self.url = root, f"http://127.0.0.1:{port}"
        self.log: list[str] = []


@contextmanager
def serve(root: Path) -> Iterator[LoopbackHub]:
    hub: LoopbackHub

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.do_GET(body=False)

        def do_GET(self, body: bool = True) -> None:
            hub.log.append(f"{self.command} {self.path}")
            parts = unquote(self.path.partition("?")[0]).strip("/").split("/")
            if len(parts) < 5 or parts[2] != "resolve" or not (hub.root / parts[0] / parts[1]).is_dir():
                return self._refuse("RepoNotFound")
            if parts[3] not in ("main", "v1.0", COMMIT):
                return self._refuse("RevisionNotFound")
            path = hub.root.joinpath(parts[0], parts[1], *parts[4:])
            if not path.is_file():
                return self._refuse("EntryNotFound", {"X-Repo-Commit": COMMIT})
            data = path.read_bytes()
            self.send_response(200)
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if body:
                self.wfile.write(data)

        def _refuse(self, code: str, headers: dict[str, str] | None = None) -> None:
            self.send_response(404)
            for key, value in {"X-Error-Code": code, "Content-Length": "0", **(headers or {})}.items():
                self.send_header(key, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hub = LoopbackHub(root, server.server_port)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield hub
        server.shutdown()
