"""Which papers name a question: an index, so that nobody looks through all quizzes for it."""

from collections.abc import Set
from typing import Any, Final

from modou.models.site import Site
from modou.services.occasion import Occasion
from modou.store.containers import WideLOBTree
from modou_quiz.models.papers import Fixed, Paper

_PLUGIN: Final = "quiz"
_NAME: Final = "used_in"


def named_in(paper: Paper) -> Set[int]:
    """The questions that a paper names."""
    return {
        item.question
        for section in paper.sections
        for item in section.items
        if isinstance(item, Fixed)
    }


def find_index(site: Site) -> Any:
    """Question -> ids of activities, as a tuple; None: of a site that was stored before there was
    an index, until the next paper is changed."""
    data = site.plugins.get(_PLUGIN)
    return data.get(_NAME) if data is not None else None


def note(occasion: Occasion, activity: int, before: Paper, after: Paper) -> None:
    """Bring the index up to the paper of a quiz that gets another one.

    :param activity: id of the quiz's activity
    """
    index = find_index(occasion.site)
    if index is None:
        data = occasion.site.plugin_data(_PLUGIN)
        index = data[_NAME] = WideLOBTree()
        for id, quiz in (data.get("quizzes") or {}).items():
            for question in named_in(quiz.paper):
                index[question] = (*index.get(question, ()), id)
    old, new = named_in(before), named_in(after)
    for question in old - new:
        left = tuple(id for id in index.get(question, ()) if id != activity)
        if left:
            index[question] = left
        else:
            index.pop(question, None)
    for question in new:
        known = index.get(question, ())
        if activity not in known:
            index[question] = (*known, activity)
