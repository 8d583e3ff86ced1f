"""The plugin's part of the API: what pages of a sitting send, and one's own attempts."""

from typing import Any

from pydantic import Field

from modou.declarations import ApiRoute
from modou.permissions import Capability
from modou.services.occasion import Occasion
from modou.store.containers import decode_id
from modou.web import resources
from modou.web.api import Answer, Call, Key, Moment, endpoint, moment
from modou.web.api.scopes import GRADES_READ
from modou_quiz.contexts import QuizContext
from modou_quiz.i18n import _
from modou_quiz.models.attempts import Attempt
from modou_quiz.services import shelf
from modou_quiz.services.sitting import finding, reading, reviewing
from modou_quiz.services.sitting.finding import Sitting
from modou_quiz.views import bank_api, interchange_api, lean, results_api

TAG = lean.TAG


class AttemptAnswer(Answer):
    """An attempt of the asker. `score`: null while it is not known, or may not be shown yet."""

    id: Key
    number: int
    state: str = Field(description=_("open, handed_in (waits for a person), graded, void"))
    started: Moment | None
    deadline: Moment | None = Field(description=_("When it is handed in by itself; null: never"))
    handed_in: Moment | None
    handed_in_by: str
    answered: int
    questions: int
    score: float | None
    most: float


class AttemptsAnswer(Answer):
    """The attempts of the asker, in order."""

    items: list[AttemptAnswer]


class SlotAnswer(Answer):
    """A question of an attempt, as far as it may be shown now."""

    slot: int
    type: str
    marks: float
    answered: bool
    response: Any = Field(None, description=_("Null where it may not be shown"))
    earned: float | None = None


class AttemptDetails(AttemptAnswer):
    """An attempt with its questions. `shown`: what may be shown of it now."""

    shown: list[str]
    slots: list[SlotAnswer]


def _quiz(call: Call, activity: str, **_more: str) -> QuizContext:
    """:raises KeyError: it is no quiz that the asker can open"""
    id = decode_id(activity)
    quiz = shelf.find_by_id(call.request.site, id)
    if quiz is None:
        raise KeyError(activity)
    course = call.request.site.courses.by_id(quiz.course)
    context = resources.context_of(call.request, course.activities[activity])
    if not isinstance(context, QuizContext):
        raise KeyError(activity)
    return context


def _values(occasion: Occasion, sitting: Sitting) -> dict[str, Any]:
    attempt: Attempt = sitting.attempt
    shown = reviewing.shown_to(occasion, sitting)
    given = attempt.answers.given.values()
    return {
        "id": attempt.key,
        "number": attempt.number,
        "state": attempt.state,
        "started": moment(attempt.started),
        "deadline": moment(sitting.ends if sitting.open else attempt.deadline),
        "handed_in": moment(attempt.handed_in),
        "handed_in_by": attempt.handed_in_by,
        "answered": sum(one.response is not None for one in given),
        "questions": sum(slot.marks > 0 for slot in attempt.slots),
        "score": attempt.score if "marks" in shown else None,
        "most": attempt.most,
    }


@endpoint(
    "GET",
    "/quiz/activities/{activity}/attempts",
    tag=TAG,
    summary=_("Your attempts at a quiz"),
    scope=GRADES_READ,
    capability=Capability.ACTIVITY_VIEW,
    context=_quiz,
)
def list_quiz_attempts(call: Call, context: QuizContext) -> AttemptsAnswer:
    occasion = call.occasion
    sittings = reading.own_sittings(occasion, context.activity)
    return AttemptsAnswer(items=[AttemptAnswer(**_values(occasion, one)) for one in sittings])


@endpoint(
    "GET",
    "/quiz/activities/{activity}/attempts/{attempt}",
    tag=TAG,
    summary=_("One of your attempts, with its answers"),
    description=_("What the review rules hide now is left out."),
    scope=GRADES_READ,
    capability=Capability.ACTIVITY_VIEW,
    context=_quiz,
)
def read_quiz_attempt(call: Call, context: QuizContext, attempt: Key) -> AttemptDetails:
    occasion = call.occasion
    sitting = finding.own(occasion, context.activity.id, decode_id(attempt))
    return AttemptDetails(
        **_values(occasion, sitting),
        shown=sorted(reviewing.shown_to(occasion, sitting)),
        slots=[SlotAnswer(**slot) for slot in reading.slots_of(sitting)],
    )


ROUTES: tuple[ApiRoute, ...] = (
    *lean.ROUTES,
    list_quiz_attempts,
    read_quiz_attempt,
    *results_api.ROUTES,
    *interchange_api.ROUTES,
    *bank_api.ROUTES,
)
