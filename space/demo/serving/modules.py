"""The page's JavaScript modules as files of fixed names; nothing that a visitor asks for becomes a path."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from demo.assets import MODULES, MODULES_AT

HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}  # a change has another address


def routes() -> list[Route]:
    """One for each module."""
    return [_route(name, content) for name, content in MODULES.items()]


def _route(name: str, content: bytes) -> Route:
    async def answer(_request: Request) -> Response:
        return Response(content, media_type="text/javascript", headers=HEADERS)

    return Route(f"/{MODULES_AT}/{name}", answer)
