"""Class paths stand in databases for ever: the list may only grow.

A new persistent class is added to stored_names.txt. One that moves or is renamed stays on the
list, and its old path must go on leading to it (an alias in the old module).
"""

import importlib
import pkgutil
from pathlib import Path

import persistent
import pytest

import modou
import modou_notices

LIST = Path(__file__).with_name("stored_names.txt")
NAMES = LIST.read_text(encoding="utf-8").split()


def persistent_classes() -> set[str]:
    """Paths of all persistent classes of the core and the first-party plugins."""
    for package in (modou, modou_notices):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            importlib.import_module(module.name)
    found = set()
    waiting = [persistent.Persistent, *tree_classes()]
    while waiting:
        for child in waiting.pop().__subclasses__():
            waiting.append(child)
            if child.__module__.split(".")[0].startswith("modou"):
                found.add(f"{child.__module__}.{child.__qualname__}")
    return found


def tree_classes() -> list[type]:
    from BTrees.LLBTree import LLBTree
    from BTrees.LOBTree import LOBTree
    from BTrees.OOBTree import OOBTree

    return [LLBTree, LOBTree, OOBTree]


@pytest.mark.parametrize("name", NAMES)
def test_every_stored_name_still_leads_to_a_class(name: str) -> None:
    module, _dot, attribute = name.rpartition(".")
    assert isinstance(getattr(importlib.import_module(module), attribute), type)


def test_every_persistent_class_is_on_the_list() -> None:
    missing = persistent_classes() - set(NAMES)
    assert not missing, "add to stored_names.txt:\n" + "\n".join(sorted(missing))


def test_the_list_is_sorted_and_names_nothing_twice() -> None:
    assert sorted(set(NAMES)) == NAMES
