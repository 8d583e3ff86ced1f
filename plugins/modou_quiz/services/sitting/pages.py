"""The pages of an attempt: which of them is the newest, and so the one that writes.

A page that is made in the browser in which the attempt was begun gets a token with the number of
the newest page and a name of its own. With the first thing that it sends it becomes the newest one
itself: with `open_page`; or only with an answer, where no page had the attempt before it, so that
ten thousand who begin an exam within a minute write once less. Pages in other browsers get no
token: their learner has to take the attempt over (`take_over`). An older page learns with its next
save that it is over.
"""

import secrets
from typing import Any, NamedTuple

from modou.errors import Conflict, NotAllowed
from modou.permissions import Capability
from modou.services import logins_live
from modou.services.occasion import Occasion
from modou.services.seals import Seal
from modou.store.vault import Keyring
from modou_quiz.i18n import _
from modou_quiz.services.sitting import finding, rules
from modou_quiz.services.sitting.errors import Closed, Left, SignedOut, TakenOver, UnknownPage
from modou_quiz.services.sitting.finding import Sitting
from modou_quiz.services.sitting.moments import milliseconds

_SEAL = Seal("quiz page", ">QQQII")


class PageToken(NamedTuple):
    """Ids of learner, activity and attempt, how many pages had the attempt before this one, and its
    name among those that were made at that time."""

    user: int
    activity: int
    attempt: int
    writer: int
    page: int


def make_token(keys: Keyring, token: PageToken) -> str:
    return _SEAL.make(keys, token)


def read_token(keys: Keyring, text: str) -> PageToken:
    """:raises UnknownPage: when it is no token of this site"""
    try:
        return PageToken(*_SEAL.read(keys, text))
    except ValueError:
        raise UnknownPage from None


def token_of(sitting: Sitting) -> PageToken:
    """For a page that is made now."""
    attempt = sitting.attempt
    page = secrets.randbelow(2**32 - 1) + 1
    return PageToken(attempt.user, sitting.activity.id, attempt.id, attempt.writer, page)


def is_first(sitting: Sitting) -> bool:
    """Whether a page that is made now needs to ask nothing before its first answer: none had the
    attempt before it."""
    return not sitting.attempt.writer


def by_token(occasion: Occasion, token: PageToken) -> Sitting:
    """The attempt of a page, while it takes answers. The page is the attempt's newest one by this,
    if none became so since it was made.

    :raises Closed: it has ended
    :raises TakenOver: a newer page has it
    :raises SignedOut: the browser is not signed in any more
    :raises Left: the learner does not take part in the course any more
    :raises NotAllowed: it has left the networks that were named for the quiz
    :raises NotFound: it is gone
    """
    sitting = finding.find(occasion, token.activity, token.attempt)
    attempt = sitting.attempt
    if attempt.state != "open":
        by = "void" if attempt.state == "void" else attempt.handed_in_by
        raise Closed(attempt.handed_in, occasion.now, by)
    newest = (attempt.writer, attempt.page) == (token.writer + 1, token.page)
    if token.user != attempt.user or not (newest or token.writer == attempt.writer):
        raise TakenOver
    if sitting.over:
        raise Closed(sitting.ends, occasion.now)
    _check_person(sitting)
    check_place(sitting)
    if not newest:
        _turn(sitting, token.page)
    return sitting


def check_place(sitting: Sitting) -> None:
    """See that an attempt goes on where it may be begun; previews do so everywhere.

    :raises NotAllowed: the actor is outside of the quiz's networks
    """
    if not sitting.attempt.preview and not rules.comes_from(sitting.occasion, sitting.quiz):
        raise NotAllowed(rules.ELSEWHERE)


def _check_person(sitting: Sitting) -> None:
    """:raises SignedOut: the learner is not signed in any more
    :raises Left: the learner does not take part any more
    """
    occasion, attempt = sitting.occasion, sitting.attempt
    user = occasion.site.users.get(attempt.user)
    if user is None or user.status != "active":
        raise SignedOut
    if sitting.enrolment is None or attempt.preview:
        if not occasion.can(Capability.ACTIVITY_EDIT, sitting.course):
            raise Left
    elif not sitting.enrolment.active_at(occasion.now):
        raise Left
    if attempt.login and not logins_live.goes_on(occasion, attempt.login, occasion.now):
        raise SignedOut


def open_page(occasion: Occasion, token: PageToken) -> dict[str, Any]:
    """A page becomes the newest one of its attempt.

    :return: what it needs beside what stands in it; see `opened_json`
    :raises ModouError: as `by_token`
    """
    return opened_json(by_token(occasion, token))


def take_over(occasion: Occasion, activity_id: int, attempt_id: int, login: bytes) -> None:
    """The actor goes on with an attempt in this browser; pages elsewhere are over.

    :param login: key of the session of the browser
    :raises NotFound: it is none of the actor's
    :raises Conflict: it has ended
    :raises NotAllowed: as `check_place`
    """
    sitting = finding.own(occasion, activity_id, attempt_id)
    if not sitting.open or sitting.over:
        raise Conflict(_("This attempt has ended."))
    check_place(sitting)
    sitting.attempt.login = login
    _turn(sitting, 0)


def _turn(sitting: Sitting, page: int) -> None:
    sitting.attempt.writer += 1
    sitting.attempt.page = page
    sitting.tell("attempt_opened", writer=sitting.attempt.writer)


def opened_json(sitting: Sitting) -> dict[str, Any]:
    """What a page gets when it opens its attempt: how things stand, and when each answer was given,
    so that it can tell what of its own is newer."""
    given = sitting.attempt.answers.given
    return {
        "times": {str(place): one.time_ms for place, one in given.items()},
        **state_json(sitting),
    }


def state_json(sitting: Sitting) -> dict[str, Any]:
    """How an attempt stands, for its page. Moments in milliseconds UTC by the server's clock."""
    attempt = sitting.attempt
    return {
        "seq": attempt.answers.seq,
        "now": milliseconds(sitting.occasion),
        "deadline": sitting.ends * 1000 or None,
        "leaves": attempt.leaves,
    }
