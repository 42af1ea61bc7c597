"""The arrows of the design: a module imports only what stands below it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.places import ROOT


@dataclass(frozen=True)
class House:
    """A package and its levels, from the top down: a name stands for a module, or for a package and all in it that has no place
    of its own. Names of one level do not import each other."""

    folder: Path
    levels: tuple[str, ...]

    @property
    def places(self) -> dict[str, int]:
        return {name: number for number, names in enumerate(self.levels) for name in names.split()}

    def place_of(self, module: str) -> str | None:
        """The name in `levels` under which a module (without the package's own name) stands."""
        parts = module.split(".")
        names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
        return next((name for name in names if name in self.places), None)

    def upward(self, path: Path) -> list[str]:
        """Imports of a module that point to its own level, but for its own place, or above it."""
        module = ".".join(path.relative_to(self.folder).with_suffix("").parts).removesuffix(".__init__")
        own = self.place_of(module)
        assert own is not None, f"{module} has no place among the levels of {self.folder.name}"
        found = []
        for name in imports_of(path):
            package, _, inner = name.partition(".")
            place = self.place_of(inner) if package == self.folder.name else None
            if place is not None and place != own and self.places[place] <= self.places[own]:
                found.append(name)
        return found


HOUSES = [
    House(
        ROOT / "cnnhub",
        (
            "cli",
            "__init__",
            "articles batch doctor probe exporting weights schematic explanation dreams contributions first_layer head",
            "anatomy",
            "loading",
            "classifier gradients",
            "prediction results preprocessing familiarity features render engines stack invariance live operations hub.catalogue",
            "hub",
            "hub.sources hub.publish",
            "hub.repository hub.folder",
            "hub.config hub.transfer hub.shipped",
            "hub.labels hub.whole convolution pictures handwriting",
            "kernels images files classics caches ahead fields channels transforms chance",
            "workers",
            "opener",
            "decoding",
            "errors lazy",
        ),
    ),
    House(
        ROOT / "space" / "demo",
        (
            "page",
            "tabs serving.serve",
            "tabs.filter.tab tabs.inside.tab tabs.tour.tab tabs.what.tab",
            "tabs.tour.endpoints tabs.tour.questions",
            "tabs.tour.measured",
            "tabs.tour.training_line",
            "tabs.filter.endpoints tabs.filter.learned tabs.inside.channel tabs.inside.endpoints "
            "tabs.inside.weights tabs.what.endpoints",
            "tabs.inside.orders",
            "tabs.filter.answer tabs.filter.pooling tabs.inside.gallery tabs.inside.layers tabs.what.compare "
            "tabs.what.hub_choice tabs.what.why",
            "photo.column tabs.filter.settings tabs.inside.look",
            "tab endpoints",
            "working",
            "answers language photo.input serving.door serving.first_page",
            "address networks photo.photo tabs.tour.horse serving.bodies serving.cover serving.gradio_fixes serving.modules "
            "serving.unseen",
            "serving.budget serving.hosts",
            "texts assets photo.kinds photo.pixels photo.uploads",
            "photo.opening",
            "photo.memory places",
            "texts.filter texts.inside texts.page texts.tour texts.what",
            "texts.table",
            "__init__ tabs.filter tabs.inside tabs.tour tabs.what photo serving",
        ),
    ),
    House(ROOT / "training", ("__main__", "cli", "fit", "release", "measure", "data", "__init__")),
]
MODULES = [(house, path) for house in HOUSES for path in sorted(house.folder.rglob("*.py"))]


@pytest.mark.parametrize(("house", "path"), MODULES, ids=[str(path.relative_to(ROOT)) for _, path in MODULES])
def test_a_module_imports_downwards(house: House, path: Path) -> None:
    assert house.upward(path) == []


@pytest.mark.parametrize("house", HOUSES, ids=lambda house: house.folder.name)
def test_every_name_of_the_levels_is_there(house: House) -> None:
    for name in house.places:
        place = house.folder / name.replace(".", "/")
        assert place.is_dir() or place.with_suffix(".py").is_file(), name


def test_an_upward_import_is_noticed(tmp_path: Path) -> None:
    house = House(tmp_path / "house", ("attic", "hall", "hall.cupboard cellar"))
    (house.folder / "hall").mkdir(parents=True)
    path = house.folder / "hall" / "cupboard.py"
    path.write_text("import house.cellar\nfrom house import errors\n\ndef late():\n    from house.attic import box\n")
    assert sorted(house.upward(path)) == ["house.attic", "house.attic.box", "house.cellar"]
    path.with_name("coats.py").write_text("from house.hall.cupboard import hat\nfrom house.hall.shoes import left\n")
    assert house.upward(path.with_name("coats.py")) == []


@pytest.mark.parametrize(
    ("folder", "others"), [("cnnhub", "space demo training"), ("space", "training"), ("training", "space demo")]
)
def test_packages_keep_to_themselves(folder: str, others: str) -> None:
    names = {name.partition(".")[0] for path in (ROOT / folder).rglob("*.py") for name in imports_of(path)}
    assert not names & set(others.split())
    assert "cnnhub" in names


@pytest.mark.parametrize("folder", ["cnnhub", "training", "benchmarks", "tests"])
def test_whatever_is_imported_of_ours_is_there(folder: str) -> None:
    """Imports inside functions too, which nothing else runs before somebody needs them."""
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / folder).rglob("*.py")
        for name in imports_of(path)
        if name.partition(".")[0] in {"cnnhub", "training", "benchmarks", "tests"} and not _is_there(name)
    }
    assert not missing


def _is_there(name: str) -> bool:
    """Whether a dotted name is a module, or a word in the module above it."""
    module, _, word = name.rpartition(".")
    as_file, above = ROOT / name.replace(".", "/"), ROOT / module.replace(".", "/")
    if as_file.is_dir() or as_file.with_suffix(".py").is_file():
        return True
    source = above.with_suffix(".py") if above.with_suffix(".py").is_file() else above / "__init__.py"
    return source.is_file() and word in source.read_text(encoding="utf-8")


def imports_of(path: Path) -> set[str]:
    """Full names of imported modules, wherever in the file the import stands, but for `if TYPE_CHECKING`."""
    names: set[str] = set()
    for node in _nodes(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _nodes(node)
