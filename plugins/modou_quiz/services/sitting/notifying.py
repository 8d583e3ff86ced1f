"""Letters to learners about their attempts."""

from modou.services import mailing
from modou.services.letters import Letter
from modou_quiz.i18n import _
from modou_quiz.services import shelf
from modou_quiz.services.sitting.finding import Sitting
from modou_quiz.services.sitting.moments import moment_text

#: Seconds without an answer before the end, after which the learner probably was not there.
_AWAY = 600


def ended(sitting: Sitting) -> None:
    """An attempt was handed in, and not by its learner. Who was there until the time was up has
    seen it and gets no letter."""
    attempt = sitting.attempt
    last = max((given.time_ms for given in attempt.answers.given.values()), default=0)
    if attempt.handed_in_by == "time" and attempt.handed_in - last // 1000 < _AWAY:
        return
    mapping = {
        "quiz": sitting.activity.title,
        "course": sitting.course.title,
        "time": moment_text(attempt.handed_in),
    }
    if attempt.handed_in_by == "time":
        body = _(
            "The time of “${quiz}” in the course “${course}” was up, so your answers were handed "
            "in for you on ${time}. All that were saved by then count.",
            mapping=mapping,
        )
    elif attempt.handed_in_by == "left":
        body = _(
            "Your attempt at “${quiz}” in the course “${course}” was handed in on ${time}, since "
            "its page was left too often. Ask your teacher if that was a mistake.",
            mapping=mapping,
        )
    elif attempt.handed_in_by == "idle":
        body = _(
            "Your attempt at “${quiz}” in the course “${course}” was handed in for you on ${time}, "
            "since nothing was answered in it for ${days} days. All that you had answered counts.",
            mapping={**mapping, "days": shelf.settings(sitting.occasion).idle_days},
        )
    else:
        body = _(
            "Your attempt at “${quiz}” in the course “${course}” was handed in for you by a "
            "teacher on ${time}.",
            mapping=mapping,
        )
    _send(sitting, _("“${quiz}” was handed in", mapping=mapping), body)


def result_ready(sitting: Sitting) -> None:
    """A person has marked what the machine could not: the result is there."""
    mapping = {"quiz": sitting.activity.title, "course": sitting.course.title}
    _send(
        sitting,
        _("Your result of “${quiz}” is there", mapping=mapping),
        _(
            "“${quiz}” in the course “${course}” has been marked. You find the result on its page.",
            mapping=mapping,
        ),
    )


def _send(sitting: Sitting, subject: str, body: str) -> None:
    occasion = sitting.occasion
    user = occasion.site.users.get(sitting.attempt.user)
    if user is None or not user.email_confirmed or user.status != "active":
        return
    mailing.send(occasion, Letter(user.email, subject, body, user.locale))
