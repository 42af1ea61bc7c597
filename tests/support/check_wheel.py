"""Build sdist and wheel, install the wheel into a throw-away venv, predict from another folder.

By default the venv sees the packages of this one and the wheel comes without dependencies (seconds);
`--full` installs everything from the package index (minutes); `--built DIST` only looks into what `make dist` built.
Prints what it found; exits non-zero on any failure.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
PHOTO = ROOT / "space" / "examples" / "cat.jpg"
PREDICT = "import sys, cnnhub; print(cnnhub.__file__); print(cnnhub.load('cats-vs-dogs').predict(sys.argv[1]).label)"
MOST_BYTES = 45e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="install the dependencies too")
    parser.add_argument("--built", type=Path, metavar="DIST", help="look into this folder; build and install nothing")
    arguments = parser.parse_args()
    if arguments.built:
        wheel = check_built(arguments.built)
        print(f"{wheel.name}, {wheel.stat().st_size / 1e6:.1f} MB, and its sdist hold what they should")
        return
    with tempfile.TemporaryDirectory() as folder:
        check(Path(folder), arguments.full)


def check(folder: Path, full: bool) -> None:
    run([sys.executable, "-m", "build", "--no-isolation", "--outdir", folder / "dist", ROOT])
    run([sys.executable, "-m", "twine", "check", "--strict", *(folder / "dist").iterdir()])
    wheel = check_built(folder / "dist")
    python = install(wheel, folder / "venv", full)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    said = run([python, "-c", PREDICT, PHOTO], cwd=elsewhere).split()
    assert said[0].startswith(str(folder)), f"another cnnhub answered: {said[0]}"
    assert said[1] == "cat", f"the cat is called {said[1]}"
    listed = run([folder / "venv" / "bin" / "cnnhub", "models"], cwd=elsewhere)
    assert "flowers" in listed
    size = wheel.stat().st_size
    print(f"{wheel.name}, {size / 1e6:.1f} MB: installed {'with' if full else 'without'} dependencies, says {said[1]}")


def check_built(dist: Path) -> Path:
    """One wheel and one sdist of this version lie there, and hold what they should -> the wheel."""
    (version,) = re.findall(r'^__version__ = "(.+)"$', (ROOT / "cnnhub" / "__init__.py").read_text(), re.M)
    wheel, sdist = dist / f"cnnhub-{version}-py3-none-any.whl", dist / f"cnnhub-{version}.tar.gz"
    assert {path.name for path in dist.iterdir()} == {wheel.name, sdist.name}, sorted(dist.iterdir())
    names = zipfile.ZipFile(wheel).namelist()
    outside = [name for name in names if not name.startswith(("cnnhub/", "cnnhub-"))]
    assert not outside, f"the wheel holds more than cnnhub: {outside[:5]}"
    models = [
        f"builtin/{model}/model.safetensors"
        for model in ("cats-vs-dogs", "cats-vs-dogs-shufflenet", "flowers", "imagenet", "mnist")
    ]
    for name in ("py.typed", "data/digits.zz", "builtin/SHA256SUMS.txt", *models):
        assert f"cnnhub/{name}" in names, f"the wheel lacks cnnhub/{name}"
    size = wheel.stat().st_size
    assert size < MOST_BYTES, f"the wheel has {size:,} bytes"
    with tarfile.open(sdist) as archive:
        packed = archive.getnames()
    for name in ("cnnhub/__init__.py", "training/__main__.py", "training/release/templates/finetuned.md", "LICENSE"):
        assert f"cnnhub-{version}/{name}" in packed, f"the sdist lacks {name}"
    return wheel


def install(wheel: Path, folder: Path, full: bool) -> Path:
    """Into a new venv -> its python."""
    venv.create(folder, with_pip=full)
    python = folder / "bin" / "python"
    if full:
        run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel])
    else:
        # The parent's packages are seen but not its editable cnnhub: a .pth there would win over nothing.
        run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", wheel])
        site = next((folder / "lib").glob("python*/site-packages"))
        parents = [path for path in sys.path if path.endswith("site-packages")]
        (site / "parent.pth").write_text("\n".join(parents))
    return python


def run(command: list[object], cwd: Path | None = None) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{command} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


if __name__ == "__main__":
    main()
