"""Nothing imports upward, the core imports no plugin, plugins enter each other by the door."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Floor of each room of the core; the longest matching prefix counts.
FLOORS = {
    "modou.errors": 1,
    "modou.i18n": 1,
    "modou.clock": 1,
    "modou.permissions": 1,
    "modou.declarations": 1,
    "modou.hookspecs": 1,
    "modou": 1,
    "modou.config": 2,
    "modou.plugins": 2,
    "modou.store": 2,
    "modou.models": 3,
    "modou.services": 4,
    "modou.web": 5,
    "modou.builtin": 5,
    "modou.demo": 6,
    "modou.deploy": 6,
    "modou.app": 6,
    "modou.cli": 7,
}


def floor(module: str) -> int:
    """:raises KeyError: a room that is not on the list"""
    name = module
    while name:
        if name in FLOORS and (name != "modou" or module == "modou"):
            return FLOORS[name]
        name = name.rpartition(".")[0]
    raise KeyError(f"{module} has no floor: add its room to FLOORS and to the architecture page")


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, module: str) -> Iterator[tuple[int, str]]:
    """(line, imported module) of a file, imports for type checkers left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            skipped.update(id(n) for n in ast.walk(node))
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            for alias in node.names:
                # `from modou.services import settings` enters the room modou.services.settings
                inner = f"{node.module}.{alias.name}"
                is_module = (ROOT / "core" / Path(*inner.split("."))).with_suffix(".py").exists()
                yield node.lineno, inner if is_module else node.module


CORE = sorted((ROOT / "core" / "modou").rglob("*.py"))
PLUGINS = sorted((ROOT / "plugins").rglob("*.py"))


@pytest.mark.parametrize("path", CORE, ids=lambda p: module_name(p, ROOT / "core"))
def test_the_core_imports_nothing_from_above(path: Path) -> None:
    module = module_name(path, ROOT / "core")
    own = floor(module)
    wrong = []
    for line, imported in imports(path, module):
        if imported.split(".")[0] != "modou":
            assert not imported.startswith("modou_") or imported == "modou_themes", (
                f"{module}:{line} imports the plugin {imported}"
            )
            continue
        if floor(imported) > own:
            wrong.append(f"{module}:{line} (floor {own}) imports {imported} ({floor(imported)})")
        if imported.startswith("modou.builtin") and not module.startswith("modou.builtin"):
            wrong.append(f"{module}:{line} imports the built-in plugin; only hooks may reach it")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", PLUGINS, ids=lambda p: module_name(p, ROOT / "plugins"))
def test_a_plugin_enters_another_by_its_door(path: Path) -> None:
    module = module_name(path, ROOT / "plugins")
    own = module.split(".")[0]
    wrong = [
        f"{module}:{line} imports {imported}"
        for line, imported in imports(path, module)
        if imported.startswith("modou_") and imported.split(".")[0] != own and "." in imported
    ]
    assert not wrong, "\n".join(wrong)


def test_services_and_models_know_no_request() -> None:
    wrong = []
    for path in CORE:
        module = module_name(path, ROOT / "core")
        if floor(module) in {2, 3, 4}:
            wrong += [
                f"{module}:{line} imports {imported}"
                for line, imported in imports(path, module)
                if imported.split(".")[0] in {"pyramid", "webob", "wtforms"}
            ]
    assert not wrong, "\n".join(wrong)
