"""Which names the server answers to, and whose pages may have it work.

Any page can be given a name that resolves to this machine (DNS rebinding), and would then read what its visitor's browser can
reach here; and any page can send a form to a server whose answer it may not read.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable
from urllib.parse import urlsplit

NAMES = "CNNHUB_HOSTS"
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class Hosts:
    """The names of this server, besides addresses in digits and those of the loopback.

    >>> hosts = Hosts(["demo.example.org"])
    >>> [hosts.has(name) for name in ("demo.example.org", "localhost:7860", "192.168.1.7:7860", "[::1]", "evil.example")]
    [True, True, True, True, False]
    >>> hosts.is_foreign("https://evil.example", "localhost:7860"), hosts.is_foreign("http://localhost:7860", "localhost:7860")
    (True, False)
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(name.strip().lower() for name in names) - {""}

    @classmethod
    def of_environment(cls) -> Hosts:
        """Those that CNNHUB_HOSTS lists, the Space's own, and the one that is served on."""
        listed = os.environ.get(NAMES, "").split(",")
        return cls([*listed, os.environ.get("SPACE_HOST", ""), os.environ.get("GRADIO_SERVER_NAME", "")])

    def has(self, host: str) -> bool:
        """Whether a request for this host, as the header has it, is meant for this server."""
        name = _name(f"//{host}")
        return name in self.names or name == "localhost" or name.endswith(".localhost") or _is_numeric(name)

    def is_foreign(self, origin: str, host: str) -> bool:
        """Whether a page of this origin is another one than that of `host`, and none of this server's."""
        scheme, _, place = origin.lower().partition("://")
        is_own = place.removesuffix(_DEFAULT_PORTS.get(scheme, "")) == host.lower().removesuffix(_DEFAULT_PORTS.get(scheme, ""))
        return not (place and is_own) and _name(origin) not in self.names


def _name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_numeric(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
