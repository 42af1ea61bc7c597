"""What strangers may ask of the server, decided before gradio hears of it, and what every answer says to the browser."""

from __future__ import annotations

import errno
import json
import time
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import cnnhub
from demo.serving import bodies
from demo.serving.bodies import Body, RefusedError
from demo.serving.budget import Budget
from demo.serving.hosts import NAMES, Hosts

# gradio serves these to everybody, and this page uses none of them: it would fetch addresses, run ffmpeg, write files, and wait
# for changed sources for ever.
CLOSED = ("proxy=", "process_recording", "vibe-", "undo-vibe-", "deep_link", "file=http:", "file=https:", "dev/")
# With SSR, Node answers the first of each itself, and hands the second on. `livez` says that the process answers, `readyz` and
# `healthz` that every built-in model has.
ALIVE = ("/livez", "/gradio_api/livez")
READY = ("/healthz", "/gradio_api/healthz", "/readyz", "/gradio_api/readyz")
LONG_LIVED = ("/heartbeat/", "/mcp")  # requests that stay open for as long as somebody is there
CALLS = ("call/v2/", "call/", "run/", "api/")  # of an endpoint by its name
UNQUEUED = "run/predict"  # of the page's events that need not wait, by their number
DRAIN_SECONDS = 20.0  # for answers that are being worked out when the end comes
QUIET_SECONDS = 2.0  # a program asks for the result of its call in a request of its own, a moment later

# gradio makes functions of text, and writes styles and scripts into the page. The Hub shows a Space in a frame.
PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self' https://huggingface.co https://*.hf.space"
)
FILE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"  # a visitor's file is shown, and does nothing
HEADERS = {"x-content-type-options": "nosniff", "referrer-policy": "same-origin"}


@dataclass
class Door:
    """What the outside sees before gradio does, and whether somebody still waits for an answer.

    Attributes:
        endpoints: the names that may be called; any, while they are unknown.
    """

    hosts: Hosts = field(default_factory=Hosts.of_environment)
    budget: Budget = field(default_factory=Budget.of_environment)
    endpoints: Collection[str] = ()
    is_ready: bool = False
    open_requests: int = 0
    last_busy: float = field(default_factory=time.monotonic)

    def middleware(self, app: ASGIApp) -> ASGIApp:
        """A pure ASGI middleware, since others would gather streamed answers."""

        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            answer = _Answer(send, scope)
            try:
                if scope["path"] in ALIVE:
                    await answer.give(200, {"status": "alive", "version": cnnhub.__version__})
                elif scope["path"] in READY:
                    status = "ok" if self.is_ready else "loading"
                    await answer.give(200 if self.is_ready else 503, {"status": status, "version": cnnhub.__version__})
                else:
                    self._admit(scope)
                    await self._counted(app, scope, Body(receive), answer)
            except RefusedError as error:
                await answer.give(error.status, {"detail": error.detail}, error.headers)

        return serve

    def drain(self, is_working: Callable[[], bool]) -> None:
        """Wait until no answer is being worked out and none is still to be fetched, DRAIN_SECONDS at most."""
        self.is_ready = False
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline:
            if self.open_requests or is_working():
                self.last_busy = time.monotonic()
            if time.monotonic() - self.last_busy > QUIET_SECONDS:
                return
            time.sleep(0.05)

    def _is_foreign(self, scope: Scope) -> bool:
        headers = Headers(scope=scope)
        return "origin" in headers and self.hosts.is_foreign(headers["origin"], headers.get("host", ""))

    def _admit(self, scope: Scope) -> None:
        """Refuse what needs not be read to be refused."""
        host = Headers(scope=scope).get("host", "")
        if host and not self.hosts.has(host):
            raise RefusedError(421, f"This server does not answer to this name. Whoever runs it can add it to {NAMES}.")
        if self._is_foreign(scope) and scope["method"] not in ("GET", "HEAD"):
            raise RefusedError(
                403, f"A page of another site may not ask this server. Whoever runs it can add that site's name to {NAMES}."
            )
        _, is_gradios, asked = scope["path"].partition("/gradio_api/")
        asked = asked.lstrip("/ ")
        if is_gradios and asked.lower().startswith(CLOSED):
            raise RefusedError(404, "Not found.")
        if _announced(scope) > bodies.MAX_BYTES:
            raise bodies.too_large()
        if self.endpoints and scope["method"] == "POST":
            self._know(asked)
        if _is_upload(scope):
            if wait := self.budget.wait(_client(scope)):
                raise self._spent(wait)
            self.budget.spend(_client(scope), _announced(scope))  # now, or many that come at once would all pass

    def _know(self, asked: str) -> None:
        """Refuse a call of an endpoint that there is not."""
        call = next((each for each in CALLS if asked.startswith(each)), None)
        name = asked.removeprefix(call).partition("/")[0] if call else None
        is_known = name in self.endpoints or asked.rstrip("/") == UNQUEUED
        if call and not is_known:
            raise RefusedError(404, f"There is no such endpoint. There are: /{', /'.join(sorted(self.endpoints))}.")

    def _spent(self, wait: int) -> RefusedError:
        budget = self.budget
        return RefusedError(
            429,
            f"Too many photos came from your address: at most {budget.count}, or {budget.bytes // 2**20} MB, are taken in a "
            f"minute. Try again in {wait} seconds.",
            {"retry-after": str(wait)},
        )

    async def _counted(self, app: ASGIApp, scope: Scope, body: Body, answer: _Answer) -> None:
        is_counted = not any(part in scope["path"] for part in LONG_LIVED)
        self.open_requests += is_counted
        try:
            if bodies.is_json(scope):
                await body.check_json()

            async def send(message: Message) -> None:
                if body.is_over:  # gradio makes a 400 of what it could not read
                    raise bodies.too_large()
                await answer.send(message)

            await app(scope, body.receive, send)
        except RefusedError:
            raise
        except ClientDisconnect:  # nobody is there to be told
            return
        except Exception as error:
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise RefusedError(
                    507, "The server's disk is full. Try again in ten minutes, when older photos are deleted."
                ) from None
            if isinstance(error, KeyError) and scope["path"].rstrip("/").endswith(("/queue/join", UNQUEUED)):
                raise RefusedError(404, "This page has no such event. Open it anew.") from None
            traceback.print_exc()
            raise RefusedError(500, "This went wrong on the server, which has noted it.") from error
        finally:
            # a picture in JSON, or an upload that did not say how large it is
            if body.size > bodies.MAX_JSON_BYTES and not (_is_upload(scope) and _announced(scope)):
                self.budget.spend(_client(scope), body.size)
            self.open_requests -= is_counted
            self.last_busy = time.monotonic()


class _Answer:
    """An answer on its way out, with the headers that all have."""

    def __init__(self, send: Send, scope: Scope) -> None:
        self._send, self._has_begun = send, False
        self._policy = FILE_POLICY if "/gradio_api/file" in scope["path"] else PAGE_POLICY

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._has_begun = True
            MutableHeaders(scope=message).update({**HEADERS, "content-security-policy": self._policy})
        await self._send(message)

    async def give(self, status: int, content: dict[str, str], headers: dict[str, str] | None = None) -> None:
        """A JSON object; nothing where an answer has begun already."""
        if self._has_begun:
            return
        body = json.dumps(content).encode()
        own = Headers({"content-type": "application/json", "content-length": str(len(body)), **(headers or {})})
        await self.send({"type": "http.response.start", "status": status, "headers": own.raw})
        await self._send({"type": "http.response.body", "body": body})


def _announced(scope: Scope) -> int:
    """How long a request says that its body is, in bytes."""
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else 0


def _client(scope: Scope) -> str:
    """Whose request it is: the address of the connection, or the one that a proxy named which FORWARDED_ALLOW_IPS trusts."""
    return str((scope.get("client") or [""])[0])


def _is_upload(scope: Scope) -> bool:
    path: str = scope["path"]
    return scope["method"] == "POST" and path.rstrip("/").endswith("/gradio_api/upload")
