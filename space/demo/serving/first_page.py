"""The first HTML. gradio's is the same for everybody: in English, with the first photo, named "Gradio", and not compressed."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from functools import cache, lru_cache
from html import escape
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from anyio.to_thread import run_sync
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from demo import address, assets, texts
from demo.address import Address
from demo.serving import cover

First: TypeAlias = Callable[[Address], dict[int, dict[str, Any]]]  # an address -> a component's id -> its properties

KEPT = 64  # addresses whose first answer need not be worked out anew
GRADIOS, HEAD = 'lang="en"', "<head>"
CONFIG = "window.gradio_config = "
OF_GRADIO = re.compile(r'<meta\s+(?:property="og:|name="twitter:)[^>]*>\s*')
HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?", re.ASCII)


class FirstPage:
    """Lets the page begin as it will be: in the visitor's language, with the photo and the tab of the address.

    It also names the page's modules, which the browser then fetches beside gradio's own scripts rather than after them, and
    says for those that show a preview of a link what the page is. With SSR, Node writes the HTML and this is not asked.
    """

    def __init__(self, first: First) -> None:
        @lru_cache(maxsize=KEPT)
        def kept(parameters: frozenset[tuple[str, str]]) -> dict[int, dict[str, Any]]:
            return first(address.read(dict(parameters)))

        self._first: First = lambda asked: kept(frozenset({**asked.parameters, "lang": asked.language}.items()))

    def middleware(self, app: ASGIApp) -> ASGIApp:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            # a proxy that takes the prefix away, and one that leaves it
            if scope["type"] == "http" and scope["path"] in ("/", f"{scope.get('root_path', '')}/"):
                await app(scope, receive, _Rewritten(scope, self._first, send).send)
            else:
                await app(scope, receive, send)

        return serve


class _Rewritten:
    """Holds an answer back until it is complete, and sends it rewritten."""

    def __init__(self, scope: Scope, first: First, send: Send) -> None:
        self._scope, self._first, self._send = scope, first, send
        self._head: Message = {}
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._head = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        body = await run_sync(self._rewritten) if self._head["status"] == 200 else self._body
        headers = MutableHeaders(scope=self._head)
        headers.add_vary_header("Accept-Language")
        if body and "gzip" in Headers(scope=self._scope).get("accept-encoding", ""):
            headers.add_vary_header("Accept-Encoding")
            headers["content-encoding"] = "gzip"
            body = gzip.compress(body, 6)
        if body:
            headers["content-length"] = str(len(body))
        await self._send(self._head)
        await self._send({"type": "http.response.body", "body": body})

    def _rewritten(self) -> bytes:
        if not self._body:  # of a HEAD
            return self._body
        asked = asked_by(self._scope)
        page = self._body.decode()
        page = OF_GRADIO.sub("", page).replace(GRADIOS, f'lang="{asked.language}"', 1)
        page = page.replace(HEAD, HEAD + _modules() + preview(self._scope, asked.language), 1)
        return with_properties(page, self._first(asked)).encode()


def asked_by(scope: Scope) -> Address:
    """Decided as the page decides it, from the query and the browser's languages."""
    query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    return address.read(query, Headers(scope=scope).get("accept-language", ""))


def with_properties(page: str, properties: dict[int, dict[str, Any]]) -> str:
    """gradio's HTML, in whose description of the page these components begin with other properties."""
    before, found, after = page.partition(CONFIG)
    if not found or not properties:
        return page
    config, end = json.JSONDecoder().raw_decode(after)
    for component in config["components"]:
        component["props"] |= properties.get(component["id"], {})
    described = json.dumps(config, separators=(",", ":")).replace("<", "\\u003c")  # no text in it may end the script
    return before + found + described + after[end:]


def preview(scope: Scope, language: str) -> str:
    """What a messenger shows of a link to this page: title, sentence, picture."""
    told = {"og:type": "website", "og:title": "cnnhub", "og:description": texts.t(language, "tagline")}
    root = own_address(scope)
    if root:
        told |= {"og:url": root, "og:image": f"{root}{cover.PATH}"}
        told |= {"og:image:width": str(cover.WIDTH), "og:image:height": str(cover.HEIGHT)}
    tags = "".join(f'<meta property="{name}" content="{escape(value)}">' for name, value in told.items())
    described = escape(texts.t(language, "tagline"))
    return tags + f'<meta name="description" content="{described}"><meta name="twitter:card" content="summary_large_image">'


def own_address(scope: Scope) -> str | None:
    """The page's own absolute address, ending in /, as the request tells; None where that could be none.

    Whoever sends a header decides what stands in it: only a host and a port pass, and only http or https.
    """
    headers = Headers(scope=scope)
    host = headers.get("x-forwarded-host", headers.get("host", "")).partition(",")[0].strip()
    scheme = headers.get("x-forwarded-proto", scope.get("scheme", "http")).partition(",")[0].strip()
    if not HOST.fullmatch(host) or scheme not in ("http", "https"):
        return None
    return f"{scheme}://{host}{scope.get('root_path', '').rstrip('/')}/"


@cache
def _modules() -> str:
    return assets.first_html()
