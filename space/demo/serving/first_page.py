"""The first HTML: gradio's says `lang="en"` to everybody, and does not name the page's modules."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo import address, assets

GRADIOS = b'lang="en"'
HEAD = b"<head>"
MODULES = assets.first_html().encode()


def middleware(app: ASGIApp) -> ASGIApp:
    """Let the page's HTML say the language that the page itself will choose, so that nothing reads it aloud in English first.

    It also names the page's modules, which the browser then fetches beside gradio's own scripts rather than after them.
    gradio compresses other answers, outside of this, and never this one. With SSR, Node writes the HTML and this is not asked.
    """

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        # a proxy that takes the prefix away, and one that leaves it
        if scope["type"] == "http" and scope["path"] in ("/", f"{scope.get('root_path', '')}/"):
            await app(scope, receive, _Spoken(language(scope), send).send)
        else:
            await app(scope, receive, send)

    return serve


def language(scope: Scope) -> str:
    """Decided as the page decides it, from `?lang=` or the browser's languages."""
    query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    return address.language(query.get("lang"), Headers(scope=scope).get("accept-language", ""))


class _Spoken:
    """Holds an answer's head back until its first piece is there, whose length changes."""

    def __init__(self, language: str, send: Send) -> None:
        self._said, self._send = f'lang="{language}"'.encode(), send
        self._head: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._head = message
            return
        if self._head is not None:
            head, self._head = self._head, None
            if message["type"] == "http.response.body":
                message = {**message, "body": self._reworded(head, message.get("body", b""))}
            await self._send(head)
        await self._send(message)

    def _reworded(self, head: Message, body: bytes) -> bytes:
        """The body's start with both, and its length and what it depends on in the head."""
        headers = MutableHeaders(scope=head)
        headers.add_vary_header("Accept-Language")
        changed = body.replace(GRADIOS, self._said, 1).replace(HEAD, HEAD + MODULES, 1)
        if "content-length" in headers:
            headers["content-length"] = str(int(headers["content-length"]) + len(changed) - len(body))
        return changed
