"""Where the marking of quizzes lies."""

from collections.abc import Mapping
from typing import Any

from persistent import Persistent

from modou.models.site import Site
from modou.services.occasion import Occasion
from modou.store.containers import WideLOBTree
from modou_quiz.models.marking import QuizMarking, Rule
from modou_quiz.services.shelf import PLUGIN

_NO_RULES: Mapping[int, Rule] = {}


def find_marking(site: Site, activity_id: int) -> QuizMarking | None:
    """The marking of a quiz, None while there is none."""
    data = site.plugins.get(PLUGIN)
    all_: Any = data.get("marking") if data is not None else None
    return all_.get(activity_id) if all_ is not None else None


def marking_of(occasion: Occasion, activity_id: int) -> QuizMarking:
    """The marking of a quiz, made when there is none: for those who change it."""
    data = occasion.site.plugin_data(PLUGIN)
    all_ = data.get("marking")
    if all_ is None:
        all_ = data["marking"] = WideLOBTree()
    found: QuizMarking | None = all_.get(activity_id)
    if found is None:
        found = all_[activity_id] = QuizMarking()
    return found


def rules_of(site: Site, activity_id: int) -> Mapping[int, Rule]:
    """Question id -> by what it is graded in this quiz, when not by what an attempt keeps."""
    marking = find_marking(site, activity_id)
    return marking.rules if marking is not None else _NO_RULES


def depend_on(found: Persistent) -> None:
    """What is written now is right only as long as an object is what it was when it was read:
    another transaction that changes it now makes this one be done again. (The database alone
    notices only what two of them write.)"""
    found._p_activate()  # noqa: SLF001 - persistent's own name
    connection = found._p_jar  # noqa: SLF001 - likewise
    if connection is not None and not found._p_changed:  # noqa: SLF001 - likewise
        connection.readCurrent(found)


def touch(occasion: Occasion, activity_id: int) -> None:
    """A result of the quiz has become another one: what was counted is old."""
    marking_of(occasion, activity_id).changes.change(1)


def drop_marking(occasion: Occasion, activity_id: int) -> None:
    """When a quiz is deleted."""
    all_: Any = occasion.site.plugin_data(PLUGIN).get("marking")
    if all_ is not None:
        all_.pop(activity_id, None)
