"""What a request's body may be, decided before gradio reads it: how large, and of JSON how much besides pictures, how deep."""

from __future__ import annotations

import re

from starlette.types import Message, Receive, Scope

from demo.photo import uploads

# A photo of uploads.MAX_BYTES in base64, as MCP clients send it, and what stands around it.
MAX_BYTES = uploads.MAX_BYTES * 4 // 3 + 2**20
MAX_JSON_BYTES = 64 * 1024  # of all that is no picture
MAX_DEPTH = 40  # of lists and objects in one another
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
# How a picture in base64 begins, in the string that holds it: a data: URI, or JPEG, PNG, GIF, WebP and BMP; HEIC and AVIF begin
# with the length of a box.
_PICTURE = re.compile(rb'"(data:image/[\w.+-]{1,20};base64,|(?=/9j/|iVBORw0KGgo|R0lGOD|UklGR|Qk|AAAA))')


class RefusedError(Exception):
    """A request that is not taken: `status` and a sentence that says why."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


class Body:
    """A request's body while it arrives; `size` is how many bytes of it have come."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._kept: list[Message] = []
        self.size = 0
        self.is_over = False

    async def receive(self) -> Message:
        """The next message, as ASGI has them.

        Raises:
            RefusedError: more than MAX_BYTES have come.
        """
        if self._kept:
            return self._kept.pop()
        message = await self._receive()
        self.size += len(message.get("body", b""))
        if self.size > MAX_BYTES:
            self.is_over = True
            raise too_large()
        return message

    async def check_json(self) -> None:
        """Read all of it, and keep it for `receive` if it is JSON that may be parsed.

        Raises:
            RefusedError: it is too large, or too deep.
        """
        parts, more = [], True
        while more:
            message = await self.receive()
            if message["type"] != "http.request":  # nobody waits any more
                self._kept = [message]
                return
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
        body = b"".join(parts)
        check_json(body)
        self._kept = [{"type": "http.request", "body": body, "more_body": False}]


def too_large() -> RefusedError:
    return RefusedError(413, f"The request is larger than {MAX_BYTES:,} bytes.")


def check_json(body: bytes) -> None:
    """Refuse what takes long to parse: JSON of millions of small values, or nested so deeply that a parser gives up.

    Raises:
        RefusedError: besides pictures it has more than MAX_JSON_BYTES, or is deeper than MAX_DEPTH.

    >>> check_json(b'{"data": ["data:image/png;base64,' + b"A" * 100_000 + b'"]}')
    >>> check_json(b"[" + b"1," * 100_000 + b"1]")
    Traceback (most recent call last):
    ...
    demo.serving.bodies.RefusedError: Besides pictures the request has more than 65,536 bytes of JSON. ...
    """
    rest = _besides_pictures(body) if len(body) > MAX_JSON_BYTES else body
    if len(rest) > MAX_JSON_BYTES:
        raise RefusedError(
            413,
            f"Besides pictures the request has more than {MAX_JSON_BYTES:,} bytes of JSON. Send a picture as a file, to "
            "/gradio_api/upload.",
        )
    if rest.count(b"[") + rest.count(b"{") > MAX_DEPTH and _depth(rest) > MAX_DEPTH:
        raise RefusedError(400, f"The request's JSON is nested more than {MAX_DEPTH} deep; nothing here is.")


def is_json(scope: Scope) -> bool:
    """Whether gradio will parse this request's body as JSON, whatever it calls itself."""
    kind = dict(scope["headers"]).get(b"content-type", b"").lower()
    return scope["method"] == "POST" and "/gradio_api/" in scope["path"] and not kind.startswith(b"multipart/form-data")


def _besides_pictures(body: bytes) -> bytes:
    """All of it but its pictures, or as much as is too much."""
    rest, place = bytearray(), 0
    while len(rest) <= MAX_JSON_BYTES and (found := _PICTURE.search(body, place, place + MAX_JSON_BYTES)):
        start, end = found.end(), body.find(b'"', found.end())
        end = len(body) if end < 0 else end
        is_picture = not body[start:end].translate(None, _BASE64)
        rest += body[place : start if is_picture else end]
        place = end
    return bytes(rest + body[place : place + MAX_JSON_BYTES + 1])


def _depth(body: bytes) -> int:
    """How deep lists and objects stand in one another, those in texts not counted."""
    depth = deepest = 0
    is_text = is_escaped = False
    for byte in body:
        if is_escaped:
            is_escaped = False
        elif is_text:
            is_escaped, is_text = byte == ord("\\"), byte != ord('"')
        elif byte == ord('"'):
            is_text = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest
