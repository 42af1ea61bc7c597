"""The demo: one photo, three tabs. `python app.py` serves it; `--model ./folder` adds your own model."""

from __future__ import annotations

import os
import signal
import sys

from cnnhub import caches
from demo.photo import uploads


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # until it is served there is nothing to finish
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    if told := caches.ensure_writable():
        print(told, file=sys.stderr)
    folder = uploads.prepare()
    from demo import page  # gradio reads the environment when it is imported

    page.main(folder)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # all is done; taking torch down module by module would cost another second or more
