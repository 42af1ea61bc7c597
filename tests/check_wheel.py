"""Build the wheel, install it into a throw-away venv, predict from another folder.

By default the venv sees the packages of this one and the wheel comes without dependencies (seconds);
`--full` installs everything from the package index (minutes). Prints what the model said; exits non-zero
on any failure.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PHOTO = ROOT / "space" / "examples" / "cat.jpg"
PREDICT = "import sys, cnnhub; print(cnnhub.__file__); print(cnnhub.load('cats-vs-dogs').predict(sys.argv[1]).label)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="install the dependencies too")
    full = parser.parse_args().full
    with tempfile.TemporaryDirectory() as folder:
        check(Path(folder), full)


def check(folder: Path, full: bool) -> None:
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", ROOT])
    (wheel,) = (folder / "dist").glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    outside = [name for name in names if not name.startswith(("cnnhub/", "cnnhub-"))]
    assert not outside, f"the wheel holds more than cnnhub: {outside[:5]}"
    for name in (
        "py.typed",
        *(f"builtin/{model}/model.safetensors" for model in ("cats-vs-dogs", "flowers", "imagenet")),
    ):
        assert f"cnnhub/{name}" in names, f"the wheel lacks cnnhub/{name}"
    size = wheel.stat().st_size
    assert size < 20e6, f"the wheel has {size:,} bytes"

    venv.create(folder / "venv", with_pip=full)
    python = folder / "venv" / "bin" / "python"
    if full:
        run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel])
    else:
        # The parent's packages are seen but not its editable cnnhub: a .pth there would win over nothing.
        run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", wheel])
        site = next((folder / "venv" / "lib").glob("python*/site-packages"))
        parents = [path for path in sys.path if path.endswith("site-packages")]
        (site / "parent.pth").write_text("\n".join(parents))
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    said = run([python, "-c", PREDICT, PHOTO], cwd=elsewhere).split()
    assert said[0].startswith(str(folder)), f"another cnnhub answered: {said[0]}"
    assert said[1] == "cat", f"the cat is called {said[1]}"
    listed = run([folder / "venv" / "bin" / "cnnhub", "models"], cwd=elsewhere)
    assert "flowers" in listed
    print(f"{wheel.name}, {size / 1e6:.1f} MB: installed {'with' if full else 'without'} dependencies, says {said[1]}")


def run(command: list[object], cwd: Path | None = None) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


if __name__ == "__main__":
    main()
