"""The page's own files, and pictures that stand inside it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from pathlib import Path
from typing import Any

from PIL import Image

DEMO = Path(__file__).parent
SPACE = DEMO.parent
EXAMPLES = SPACE / "examples"
# The JavaScript modules, by their paths in this package: all that is served of it.
MODULES = {path.relative_to(DEMO).as_posix(): path.read_bytes() for path in sorted(DEMO.rglob("*.js"))}
SEEN_FIRST = ("page/", "tabs/what/")


def address_of(modules: dict[str, bytes]) -> str:
    """A folder that has another name whenever a module has changed, so that no page mixes old ones with new ones.

    It lies below gradio_api, which Node, where it renders the page, hands on.
    """
    return f"gradio_api/modules/{hashlib.sha256(repr(modules).encode()).hexdigest()[:16]}"


MODULES_AT = address_of(MODULES)


def page_file(name: str) -> str:
    """A style sheet or a template, by its path in this package."""
    return (DEMO / name).read_text(encoding="utf-8")


def mounted(module: str, *events: str, given: Any = None) -> str:
    """`js_on_load` of a component that this module draws: its `mount` gets what gradio gives, and `given` as JSON.

    Args:
        events: what the module triggers. gradio knows an event of one's own only by its quoted name in `js_on_load`.
    """
    component = "{ element, trigger, props, upload, watch }"
    names = ", ".join(json.dumps(event) for event in events)
    return f"{_with(module, f'({{ mount }}) => mount({component}, {json.dumps(given)})')}; // triggers {names}"


def called(module: str, function: str) -> str:
    """`js` of an event that calls a module's function with the event's inputs."""
    return f"(...inputs) => {_with(module, f'({{ {function} }}) => {{ {function}(...inputs); }}')}"


def first_html() -> str:
    """For the page's head: the modules of what is seen first are there before gradio begins, so that it need not wait for them.

    Those of tabs that are opened later are fetched when the rest is there. Then no page asks a server for a module that the
    server has in another version by now.
    """
    first = [name for name in MODULES if name.startswith(SEEN_FIRST)]
    imports = "".join(f'import * as m{number} from "./{MODULES_AT}/{name}"; ' for number, name in enumerate(first))
    known = ", ".join(f'"{name}": m{number}' for number, name in enumerate(first))
    later = '<link rel="modulepreload" href="{}/{}" fetchpriority="low">'
    return f'<script type="module">{imports}window.cnnhubModules = {{ {known} }};</script>' + "".join(
        later.format(MODULES_AT, name) for name in MODULES if name not in first
    )


def data_uri(picture: Image.Image, kind: str = "PNG", **options: Any) -> str:
    """A picture as a data URI, lossless unless the kind says otherwise; `options` are Pillow's for that kind."""
    if kind == "PNG":
        options = {"compress_level": 3, **options}  # zlib's, 1 (fast) to 9
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return f"data:image/{kind.lower()};base64," + base64.b64encode(buffer.getvalue()).decode()


def _with(module: str, act: str) -> str:
    """An expression that acts with a module: at once, or when it has come. Its address is the page's, also behind a prefix."""
    if module not in MODULES:
        raise KeyError(f"There is no module {module}; there are {', '.join(MODULES)}.")
    later = f'import(new URL("{MODULES_AT}/{module}", document.baseURI)).then(act)'
    return f'((act, here) => (here ? act(here) : {later}))({act}, window.cnnhubModules?.["{module}"])'
