"""The arrows of the design: a module imports only what stands below it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Of cnnhub, from the top down; modules on one line may not import each other, but for what the line says.
LEVELS = [
    {"cli"},
    {"__init__"},
    {"doctor", "probe"},
    {"loading"},
    {"classifier"},
    {"prediction", "preprocessing"},
    {"familiarity", "features", "render", "engines", "stack", "invariance"},
    {"hub", "convolution"},
    {"kernels", "images", "files", "classics"},
    {"errors"},
]

# Of training, whose rooms are folders: each imports itself and what stands below it.
TRAINING = [{"__main__"}, {"cli"}, {"fit"}, {"release"}, {"measure"}, {"data"}, {"__init__"}]


def imports_of(path: Path) -> set[str]:
    """Full names of imported modules, wherever in the file the import stands, but for `if TYPE_CHECKING`."""
    names: set[str] = set()
    for node in walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def walk(tree: ast.AST):
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from walk(node)


def level_of(module: str) -> int | None:
    return next((number for number, names in enumerate(LEVELS) if module in names), None)


@pytest.mark.parametrize("path", sorted((ROOT / "cnnhub").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_cnnhub_imports_downwards(path: Path) -> None:
    module = path.relative_to(ROOT / "cnnhub").parts[0].removesuffix(".py")
    own = level_of(module)
    assert own is not None, f"{module} has no place in LEVELS"
    for name in imports_of(path):
        head, _, rest = name.partition(".")
        assert head not in ("space", "training"), f"{path} imports {name}"
        below = level_of(rest.partition(".")[0])
        if head == "cnnhub" and below is not None and rest.partition(".")[0] != module:
            assert below > own, f"{module} (level {own}) imports {name} (level {below})"


def upward(path: Path, package: str, levels: list[set[str]]) -> list[str]:
    """Imports of a module that point to its own level, but for itself, or to one above it."""
    room_of = {name: number for number, names in enumerate(levels) for name in names}
    own = path.relative_to(ROOT / package).parts[0].removesuffix(".py")
    assert own in room_of, f"{own} has no place among the levels of {package}"
    rooms = {name: name.split(".")[1] for name in imports_of(path) if name.startswith(f"{package}.")}
    return [name for name, room in rooms.items() if room != own and room_of.get(room, len(levels)) <= room_of[own]]


@pytest.mark.parametrize("path", sorted((ROOT / "training").rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_training_imports_downwards(path: Path) -> None:
    assert not upward(path, "training", TRAINING)


def test_an_upward_import_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.test_architecture.ROOT", tmp_path)
    path = tmp_path / "training/data/pixels.py"
    path.parent.mkdir(parents=True)
    path.write_text("import training.data.splits\n\ndef late():\n    from training.fit import recipe\n")
    assert sorted(upward(path, "training", TRAINING)) == ["training.fit", "training.fit.recipe"]


@pytest.mark.parametrize("folder", ["space", "training"])
def test_space_and_training_do_not_import_each_other(folder: str) -> None:
    other = {"space": "training", "training": "space"}[folder]
    names = {name.partition(".")[0] for path in (ROOT / folder).rglob("*.py") for name in imports_of(path)}
    assert other not in names
    assert "cnnhub" in names


# Of space/demo, from the top down, likewise.
SPACE_LEVELS = [
    {"page"},
    {"tabs", "serving.serve"},
    {"tabs.filter.tab", "tabs.inside.tab", "tabs.what.tab"},
    {"tabs.filter.endpoints", "tabs.inside.endpoints", "tabs.what.endpoints"},
    {"tabs.filter.answer", "tabs.filter.pooling", "tabs.inside.gallery", "tabs.what.compare", "tabs.what.hub_choice"},
    {"photo.column", "tabs.filter.settings"},
    {"tab", "endpoints"},
    {"answers", "language", "photo.input", "serving.first_page"},
    {"address", "networks", "photo.photo", "serving.gradio_fixes", "serving.modules"},
    {"texts", "assets", "photo.pixels", "photo.memory", "photo.uploads"},
    {"texts.filter", "texts.inside", "texts.page", "texts.what"},
    {"texts.table"},
]
DEMO = ROOT / "space" / "demo"


def demo_module(path: Path) -> str:
    return ".".join(path.relative_to(DEMO).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", sorted(DEMO.rglob("*.py")), ids=demo_module)
def test_the_demo_imports_downwards(path: Path) -> None:
    below = {name: number for number, names in enumerate(SPACE_LEVELS) for name in names}
    own, names = demo_module(path), imports_of(path)
    assert own in below or not names, f"{own} has no place in SPACE_LEVELS"
    for name in {name.removeprefix("demo.") for name in names} & below.keys() - {own}:
        assert below[name] > below[own], f"{own} imports {name}"
