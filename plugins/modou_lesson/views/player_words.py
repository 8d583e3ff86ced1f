"""What the scripts of a lesson's page say: handed to them as data, in the reader's language.

Keys of `panel` are codes of the study protocol (`reason.code`) or of the page's own states;
`action` names the word of the panel's button when it is not the usual one.
"""

from collections.abc import Callable
from typing import Any

from modou.errors import Message
from modou_lesson.i18n import _

WORDS: dict[str, Any] = {
    "panel": {
        "connecting": {
            "title": _("Connecting"),
            "text": _("The server cannot be reached. The page goes on trying."),
        },
        "waiting": {
            "title": _("The connection is interrupted"),
            "text": _(
                "What you have studied so far is kept and will be sent. It goes on by itself as"
                " soon as the network is back."
            ),
            "tone": "attention",
        },
        "hidden": {
            "title": _("Paused"),
            "text": _("The page was in the background. Study time counts while you see it."),
        },
        "paused": {"title": _("Paused"), "text": _("Go on when you are ready.")},
        "idle": {
            "title": _("Paused: nobody answered"),
            "text": _("The time since the last answer could not be credited."),
            "action": "here",
        },
        "unanswered": {
            "title": _("Paused: nobody answered"),
            "text": _("The time since the last answer could not be credited."),
            "action": "here",
        },
        "failed": {
            "title": _("Paused: the check was not passed"),
            "text": _("The time since the last check could not be credited."),
        },
        "wrong": {
            "title": _("Paused: the check was not passed"),
            "text": _("The time since the last check could not be credited."),
        },
        "daily_cap": {
            "title": _("Enough for today"),
            "text": _("You have reached today's limit of study time."),
            "action": "again",
        },
        "window": {
            "title": _("Study time does not count now"),
            "text": _("Come back during the hours of study."),
            "action": "again",
        },
        "rest": {
            "title": _("Time for a rest"),
            "text": _("You have studied for a long time without a break."),
            "action": "again",
        },
        "taken_over": {
            "title": _("You study somewhere else now"),
            "text": _("This lesson or another one was opened on another page or device."),
            "action": "here_instead",
        },
        "signed_out": {
            "title": _("You are signed out"),
            "text": _("Sign in again to go on. What was credited is kept."),
            "action": "sign_in",
        },
        "closed": {
            "title": _("The lesson is closed"),
            "text": _("It is not open to you at the moment."),
            "action": "again",
        },
        "replaced": {
            "title": _("The lesson has a new version"),
            "text": _("What you have studied of the old one is kept."),
            "action": "reload",
        },
        "ended": {
            "title": _("The study session has ended"),
            "text": _("Go on when you are ready."),
        },
        "refused": {
            "title": _("Studying cannot begin"),
            "text": _("Try again. If it stays so, tell your class teacher."),
            "action": "again",
        },
        "confused": {
            "title": _("The page and the server do not agree"),
            "text": _("Load the page anew. What was credited is kept."),
        },
        "load": {
            "title": _("The lesson could not be loaded"),
            "text": _("Check your network and load the page anew."),
            "tone": "attention",
        },
        "media": {
            "title": _("The recording cannot be played on"),
            "text": _(
                "It stopped at ${time}. Check your network and load the page anew; if it stays so,"
                " try another browser or tell your class teacher."
            ),
            "tone": "attention",
        },
        "watermark": {
            "title": _("Paused: the watermark was removed"),
            "text": _("Your name has to stay over the picture. Switch off what hides it."),
            "tone": "attention",
        },
    },
    "action": {
        "go": _("Go on"),
        "here": _("I am back"),
        "here_instead": _("Go on here"),
        "again": _("Try again"),
        "sign_in": _("Sign in"),
        "reload": _("Load anew"),
        "retry": _("Load anew"),
    },
    "bar": {
        "offline": _(
            "No connection. It plays on for a while; what you study is kept and sent later."
        ),
        "ahead": _("You can leap forward over what you have already seen."),
        "back": _("Back at ${time}: what lies behind has not been credited yet."),
        "rate": _("On first view the speed is at most ${rate}×."),
        "speed": _("Speed ${rate}×"),
    },
    "account": {
        "missing": _("${time} to go"),
        "waits": _("All seen; waiting for confirmation"),
        "complete": _("Completed"),
        "cap": _("${time} of today's study time are left"),
        "voided": _("${time} were not credited in this course."),
    },
    "player": {
        "name": _("Player"),
        "progress": _("Progress of the lesson"),
        "locked": _("not yet seen"),
    },
    "reader": {
        "start": _("Start reading"),
        "go_on": _("Go on reading"),
        "needs": _("Asks for ${time} more"),
        "left": _("${time} to go"),
        "enough": _("Read long enough"),
        "page": _("Page ${n} of ${of}"),
        "no_text": _(
            "This page has no text, only a picture. Ask your class teacher to describe it."
        ),
        "wait": _("The next page opens in ${time}."),
        "locked": _("On first view the pages are read one after the other."),
    },
    "challenges": {
        "presence": {
            "title": _("Are you still there?"),
            "text": _(
                "Answer to go on. Without an answer the time since the last one does not count."
            ),
        },
        "other": {
            "title": _("A check"),
            "text": _(
                "Answer to go on. Without an answer the time since the last one does not count."
            ),
        },
    },
}


def words(translate: Callable[[Message], str]) -> dict[str, Any]:
    """All of it in the reader's language. Words that are no texts (tone, action) stay."""
    return {name: _translated(value, translate) for name, value in WORDS.items()}


def _translated(value: Any, translate: Callable[[Message], str]) -> Any:
    if isinstance(value, dict):
        return {name: _translated(inner, translate) for name, inner in value.items()}
    return translate(value) if hasattr(value, "domain") else value
