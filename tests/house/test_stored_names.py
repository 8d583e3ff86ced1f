"""Class paths stand in databases for ever: the list may only grow.

A new persistent class is added to stored_names.txt. One that moves or is renamed stays on the
list, and its old path must go on leading to it (an alias in the old module).
"""

import dataclasses
import importlib
import pkgutil
import sys
from pathlib import Path

import persistent
import pytest

import modou
import modou_lesson
import modou_notices
import modou_quiz

LIST = Path(__file__).with_name("stored_names.txt")
NAMES = LIST.read_text(encoding="utf-8").split()


def persistent_classes() -> set[str]:
    """Paths of all persistent classes of the core and the first-party plugins, and of the values
    (dataclasses, named tuples) of the rooms `models`, since those are pickled within them."""
    found = set()
    for package in (modou, modou_lesson, modou_notices, modou_quiz):
        for info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            module = importlib.import_module(info.name)
            if ".models" in info.name:
                found |= {path(c) for c in vars(module).values() if is_value(c, info.name)}
    waiting = [persistent.Persistent, *tree_classes()]
    while waiting:
        for child in waiting.pop().__subclasses__():
            waiting.append(child)
            # Others are stand-ins that ZODB makes for classes which it does not find.
            if child.__module__.startswith("modou") and child.__module__ in sys.modules:
                found.add(path(child))
    return found


def path(class_: type) -> str:
    return f"{class_.__module__}.{class_.__qualname__}"


def is_value(thing: object, module: str) -> bool:
    return (
        isinstance(thing, type)
        and thing.__module__ == module
        and (dataclasses.is_dataclass(thing) or issubclass(thing, tuple))
    )


def tree_classes() -> list[type]:
    from BTrees.LLBTree import LLBTree, LLTreeSet
    from BTrees.LOBTree import LOBTree
    from BTrees.OOBTree import OOBTree

    return [LLBTree, LLTreeSet, LOBTree, OOBTree]


@pytest.mark.parametrize("name", NAMES)
def test_every_stored_name_still_leads_to_a_class(name: str) -> None:
    module, _dot, attribute = name.rpartition(".")
    assert isinstance(getattr(importlib.import_module(module), attribute), type)


def test_every_persistent_class_is_on_the_list() -> None:
    missing = persistent_classes() - set(NAMES)
    assert not missing, "add to stored_names.txt:\n" + "\n".join(sorted(missing))


def test_the_list_is_sorted_and_names_nothing_twice() -> None:
    assert sorted(set(NAMES)) == NAMES
