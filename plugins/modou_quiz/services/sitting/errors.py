"""What pages of a sitting are told when something is not taken."""

from modou.errors import Message, ModouError
from modou_quiz.i18n import _
from modou_quiz.services.sitting.moments import clock_text


class UnknownPage(ModouError):
    """No token of a page, or one that was tampered with."""

    status = 401
    code = "page"
    title = _("This page is not known")

    def __init__(self) -> None:
        super().__init__(_("Open the quiz again."))


class SignedOut(ModouError):
    """The browser is not signed in any more."""

    status = 401
    code = "signed-out"
    title = _("You were signed out")

    def __init__(self) -> None:
        super().__init__(_("Sign in again: your answers are kept in this browser until then."))


class Left(ModouError):
    """The learner does not take part in the course any more."""

    status = 403
    code = "left-course"
    title = _("You do not take part in this course any more")

    def __init__(self) -> None:
        super().__init__(
            _(
                "You do not take part in this course any more, so this answer was not taken. "
                "What was saved before stays. Ask your teacher if that is a mistake."
            )
        )


class TakenOver(ModouError):
    """A newer page has the attempt."""

    status = 409
    code = "taken-over"
    title = _("The attempt goes on in another place")

    def __init__(self) -> None:
        super().__init__(
            _("This attempt was opened in another window or on another device. Go on there.")
        )


class Changed(ModouError):
    """A form without script was older than the answers."""

    status = 409
    code = "changed"
    title = _("Answers were given in another window meanwhile")

    def __init__(self) -> None:
        super().__init__(_("Go back, reload the page and enter the last answers again."))


class Closed(ModouError):
    """The attempt takes no answers any more.

    :param at: when it ended, seconds UTC; 0: it never did, it was voided
    :param by: "void", or as `Attempt.handed_in_by`
    """

    status = 410
    code = "attempt-closed"
    title = _("The attempt has ended")

    def __init__(self, at: int, now: int, by: str = "time") -> None:
        super().__init__(_sentence(at, now, by))
        self.members = {"ended": at, "now": now, "by": by}


def _sentence(at: int, now: int, by: str) -> Message:
    mapping = {"end": clock_text(at), "now": clock_text(now)}
    if by == "void":
        return _("A teacher has voided this attempt: it takes no answers any more.")
    if by == "time":
        return _("The time was up at ${end}; this came at ${now}.", mapping=mapping)
    return _("The attempt was handed in at ${end}; this came at ${now}.", mapping=mapping)
