"""What is shown when: the review rules of a quiz."""

from modou.services.occasion import Occasion
from modou_quiz.content import Content
from modou_quiz.models.attempts import Attempt
from modou_quiz.models.quizzes import TOLD, Quiz
from modou_quiz.permissions import MARK, RESULTS
from modou_quiz.services.sitting.finding import Sitting
from modou_quiz.services.sitting.rules import limits_of

#: Seconds after the hand-in that count as right after it.
RIGHT_AFTER = 600


def during(quiz: Quiz) -> frozenset[str]:
    """What is shown of a question while the attempt goes on, once its learner asks for it."""
    if quiz.instant == "off" or quiz.kind not in TOLD:
        return frozenset()
    return _at(quiz, "during")


def tries_at(quiz: Quiz, content: Content) -> int:
    """How often an answer to a question may be checked."""
    if quiz.instant != "tries":
        return 1
    return quiz.tries or len(getattr(content, "hints", ())) + 1


def moment_of(quiz: Quiz, attempt: Attempt, now: int) -> str:
    """Which of `MOMENTS` it is for an attempt."""
    if attempt.state == "open":
        return "during"
    closes = limits_of(quiz, attempt.user).closes
    if closes and now >= closes:
        return "closed"
    return "after" if now < attempt.handed_in + RIGHT_AFTER else "later"


def shown(quiz: Quiz, attempt: Attempt, now: int) -> frozenset[str]:
    """What its learner may see of an attempt that was handed in: some of `SHOWN`."""
    if attempt.state in {"open", "void"}:
        return frozenset()
    return _at(quiz, moment_of(quiz, attempt, now))


def next_moment(quiz: Quiz, attempt: Attempt, now: int) -> tuple[int, frozenset[str]] | None:
    """When more is shown than now, and what; None: never, as far as is known."""
    have = shown(quiz, attempt, now)
    closes = limits_of(quiz, attempt.user).closes
    later = attempt.handed_in + RIGHT_AFTER
    if later > now and (not closes or later < closes) and _at(quiz, "later") - have:
        return later, _at(quiz, "later")
    if closes > now and _at(quiz, "closed") - have:
        return closes, _at(quiz, "closed")
    return None


def shown_to(occasion: Occasion, sitting: Sitting) -> frozenset[str]:
    """What the actor may see of an attempt: learners by the rules, teachers everything."""
    actor = occasion.actor
    own = actor is not None and actor.id == sitting.attempt.user
    if not own or sitting.attempt.preview:
        if occasion.can(RESULTS, sitting.course) or occasion.can(MARK, sitting.course):
            return frozenset(("response", "correct", "marks", "feedback", "right"))
        if not own:
            return frozenset()
    return shown(sitting.quiz, sitting.attempt, occasion.now)


def _at(quiz: Quiz, moment: str) -> frozenset[str]:
    return frozenset(what for known, what in quiz.review if known == moment)
