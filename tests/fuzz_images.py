"""A fuzz target: whatever the bytes, `open_image` gives a picture or an ImageError.

    python -m pip install atheris
    python -m tests.fuzz_images build/fuzz -max_total_time=600 -timeout=30 -rss_limit_mb=2048

It begins with the small files of `tests.support.corpus`, in the folder that is given, and ends with status 0 where nothing was
found; what was found lies in the present folder then. Pillow's and cnnhub's Python is followed; its C code is run as it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cnnhub.errors import ImageError
from tests.support import corpus

MOST_BYTES, MOST_PIXELS = 20_000, 1_000_000


def main() -> None:
    import atheris

    with atheris.instrument_imports(include=["PIL", "cnnhub.decoding"]):
        import PIL.Image

        PIL.Image.init()
        from cnnhub.images import open_image

    def target(data: bytes) -> None:
        try:
            picture = open_image(data, max_pixels=MOST_PIXELS)
        except ImageError:
            return
        assert picture.mode == "RGB"
        assert 0 < picture.width * picture.height <= MOST_PIXELS
        assert len(picture.tobytes()) == 3 * picture.width * picture.height

    folders = [Path(word) for word in sys.argv[1:] if not word.startswith("-")]
    if folders:
        write_seeds(folders[0])
    atheris.Setup([*sys.argv, f"-max_len={MOST_BYTES}"], target)
    atheris.Fuzz()


def write_seeds(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, case in enumerate(corpus.pictures()):
        if len(case.data) <= MOST_BYTES:
            (folder / f"seed-{number:03}").write_bytes(case.data)


if __name__ == "__main__":
    main()
