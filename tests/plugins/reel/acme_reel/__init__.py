"""A plugin of the tests: an activity that is studied by the second, and a gate that challenges.

The gate `guard` is asked for when `Guard.policy` says so; it judges answers to its own challenges.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from modou.declarations import ActivityType, Challenge, PluginInfo, Timeline
from modou.hookspecs import hookimpl
from modou.web.forms.base import Form
from modou.web.resources import ActivityContext

GATE = "guard"


class Guard:
    """What the gate answers: `policy(claim)` gives a verdict or None."""

    policy: ClassVar[Callable[[Any], Any] | None] = None
    told: ClassVar[list[Any]] = []

    @classmethod
    def reset(cls) -> None:
        cls.policy = None
        cls.told.clear()


def at_random(random: Any, every: int, at_end: str = "keep") -> Callable[[Any], Any]:
    """A policy that challenges at random moments, once in `every` seconds of credit or so."""

    def policy(claim: Any) -> Any:
        due = claim.memos.get(GATE) or random.randint(1, 2 * every)
        if claim.since.get(GATE, 0) + claim.seconds < due:
            from modou.declarations import Hold

            return Hold(GATE, at_end=at_end, memo=due)
        return Challenge(GATE, "riddle", 60, {"riddle": "1 + 1"}, at_end=at_end, memo=due)

    return policy


class ReelForm(Form):
    """No fields of its own."""


class ReelContext(ActivityContext):
    """The page of a reel."""


def _data(site: Any) -> dict[int, Any]:
    data = site.plugin_data("reel")
    if "reels" not in data:
        data["reels"] = {}
    return data["reels"]


def put(site: Any, activity: Any, length: int, version: str = "1", pages: tuple = ()) -> None:
    """Give a reel its content."""
    data = site.plugin_data("reel")
    data["reels"] = {**_data(site), activity.id: (version, length, pages)}


def _timeline(occasion: Any, activity: Any) -> Timeline | None:
    found = _data(occasion.site).get(activity.id)
    if found is None:
        return None
    version, length, pages = found
    return Timeline(version, length, media=not pages, pages=pages)


def _nothing(*_args: Any, **_values: Any) -> None:
    """A reel is made by the tests."""


@hookimpl
def plugin_info():
    return PluginInfo(name="reel", title="Reel", version="1.0", core=">=0.1")


@hookimpl
def activity_types():
    return [
        ActivityType(
            name="reel",
            title="Reel",
            icon="file",
            form=ReelForm,
            context=ReelContext,
            save=_nothing,
            values=lambda occasion, activity: {},
            content=lambda site, activity: _data(site).get(activity.id),
            delete=_nothing,
            copy=_nothing,
            completion=("studied",),
            timeline=_timeline,
        )
    ]


@hookimpl
def before_credit(claim):
    return Guard.policy(claim) if Guard.policy is not None else None


@hookimpl
def judge_answer(challenge, answer):
    return answer == "2" if challenge.gate == GATE else None


@hookimpl
def alter_player(player):
    return {**player, "modules": {**player["modules"], "riddle": "/static/riddle.js"}}


@hookimpl
def studied(event):
    Guard.told.append(event)
