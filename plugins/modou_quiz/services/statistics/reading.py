"""What was counted, for pages and programs."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from modou.models.courses import Activity
from modou.services.occasion import Occasion
from modou_quiz import permissions
from modou_quiz.services.marking.shelf import find_marking
from modou_quiz.services.statistics.counting import fingerprint


class Counted(NamedTuple):
    """The newest count of a quiz.

    :param quiz: see `counting.plain_of`
    :param items: question id -> see there
    :param stale: results have changed since
    """

    quiz: Mapping[str, Any]
    items: Mapping[int, Mapping[str, Any]]
    stale: bool


def counted(occasion: Occasion, activity: Activity) -> Counted | None:
    """What was counted last; None: nothing was.

    :raises NotAllowed: without the capability `quiz:results`
    """
    occasion.require(permissions.RESULTS, activity)
    marking = find_marking(occasion.site, activity.id)
    if marking is None or marking.counted is None:
        return None
    quiz = marking.counted
    stale = quiz["fingerprint"] != fingerprint(occasion, activity.id)
    return Counted(quiz, dict(marking.items), stale)


def item(occasion: Occasion, activity: Activity, question: int) -> Mapping[str, Any] | None:
    """What was counted of one question.

    :raises NotAllowed: without the capability `quiz:results`
    """
    found = counted(occasion, activity)
    return found.items.get(question) if found is not None else None


class ItemLine(NamedTuple):
    """A question in a list: its newest version's words, all versions' numbers."""

    question: int
    title: str
    type: str
    n: int
    facility: float | None
    discrimination: float | None
    correlation: float | None
    seconds: float | None
    flags: list[str]
    versions: int


def lines(found: Counted) -> list[ItemLine]:
    """The questions, those that need a look first."""
    made = []
    for question, item_ in found.items.items():
        newest = item_["versions"][max(item_["versions"])]
        flags = list(dict.fromkeys(f for v in item_["versions"].values() for f in v["flags"]))
        made.append(
            ItemLine(
                question,
                newest["title"],
                newest["type"],
                item_["n"],
                item_["facility"],
                item_["discrimination"],
                newest["correlation"],
                newest["seconds"],
                flags,
                len(item_["versions"]),
            )
        )
    return made


#: By what the list can be sorted, "-" in front from the end.
SORTS = ("title", "n", "facility", "discrimination", "correlation", "seconds")


def sorted_items(found: Counted, sort: str) -> list[ItemLine]:
    """The questions in an order; unless one is chosen, what is most suspicious first. What has no
    number comes last."""
    made = lines(found)
    by, down = sort.removeprefix("-"), sort.startswith("-")
    if by not in SORTS:
        worst = {"key": 0, "negative": 1}
        return sorted(
            made,
            key=lambda line: (
                min((worst.get(flag, 2) for flag in line.flags), default=3),
                -len(line.flags),
                line.title,
                line.question,
            ),
        )
    known = [line for line in made if getattr(line, by) is not None]
    known.sort(key=lambda line: (getattr(line, by), line.question), reverse=down)
    return known + [line for line in made if getattr(line, by) is None]
