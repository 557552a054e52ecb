"""The shape of the tree: three layers, imports one way, no circles, a light start."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
LAYERS = ("models", "catalog", "tui")  # each may import itself and those before it
MODULES = sorted(path for layer in LAYERS for path in (REPOSITORY / layer).glob("*.py"))
HEAVY = ("cv2", "onnxruntime", "skimage", "scipy", "textual", "numpy", "PIL", "rich")


def name_of(path: Path) -> str:
    return f"{path.parent.name}.{path.stem}"


def imports(path: Path, *, top_level_only: bool) -> Iterator[tuple[str, str]]:
    """(layer, module) of each import of one of twinsift's own modules."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.iter_child_nodes(tree) if top_level_only else ast.walk(tree)
    for node in nodes:
        if not isinstance(node, ast.ImportFrom) or node.level == 0:
            continue
        parts = (node.module or "").split(".") if node.module else []
        if node.level == 1:
            parts = [path.parent.name, *parts]
        if len(parts) == 1:
            for alias in node.names:
                is_module = (REPOSITORY / parts[0] / f"{alias.name}.py").exists()
                yield parts[0], alias.name if is_module else "__init__"
        else:
            yield parts[0], parts[1]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_one_way(path: Path) -> None:
    allowed = LAYERS[: LAYERS.index(path.parent.name) + 1]
    for layer, module in imports(path, top_level_only=False):
        assert layer in allowed, f"{name_of(path)} imports {layer}.{module}"
        assert (REPOSITORY / layer / f"{module}.py").exists()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_own_modules_are_imported_relatively(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        for name in names:
            assert name.split(".")[0] not in ("twinsift", *LAYERS), f"{name_of(path)}: {name}"


def test_no_circles() -> None:
    graph = {
        name_of(path): {f"{layer}.{module}" for layer, module in imports(path, top_level_only=True)}
        for path in MODULES
    }
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name not in done:
            for other in sorted(graph.get(name, ())):
                visit(other, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_every_module_says_its_purpose_in_one_line() -> None:
    for path in MODULES:
        purpose = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        first = purpose.split("\n\n")[0]
        assert first, name_of(path)
        assert "\n" not in first, name_of(path)


def test_the_start_is_light() -> None:
    script = (
        "import sys; from twinsift.tui.cli import main; main(['--version']);"
        f"sys.exit(', '.join(set(sys.modules) & set({HEAVY!r})) or 0)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("twinsift ")
