"""Results and statistics of a quiz for programs: everybody's attempts, as far as the asker may see
them."""

from typing import Any

from pydantic import Field

from modou.errors import NotFound
from modou.store.containers import decode_id, encode_id
from modou.web.api import Answer, Call, Key, Listing, ListQuery, Moment, endpoint, listing, moment
from modou.web.api.scopes import GRADES_READ
from modou_quiz import permissions
from modou_quiz.contexts import QuizContext
from modou_quiz.i18n import _
from modou_quiz.models.attempts import Attempt
from modou_quiz.services import results, shelf
from modou_quiz.services.marking.desk import attempt_of
from modou_quiz.services.marking.keys import keys_of
from modou_quiz.services.marking.veiling import Veil
from modou_quiz.services.results import Choice
from modou_quiz.services.results import Listing as Attempts
from modou_quiz.services.statistics import reading
from modou_quiz.views.lean import TAG


class ResultAnswer(Answer):
    """An attempt of somebody. `score`: null while a person has to say."""

    id: Key
    user: Key
    name: str
    username: str
    cohort: Key | None
    number: int
    state: str = Field(description=_("open, handed_in (waits for a person), graded, void"))
    started: Moment | None
    handed_in: Moment | None
    handed_in_by: str
    seconds: int | None = Field(description=_("How long it took"))
    score: float | None
    most: float
    leaves: int = Field(description=_("How often its page was left"))


class ResultSlotAnswer(Answer):
    """A question of an attempt."""

    number: int
    title: str
    version: int
    response: str = Field(description=_("In one line"))
    hidden: bool = Field(
        description=_("Answer and marks are hidden until the attempt is marked (anonymous quiz)")
    )
    right: str = Field(description=_("The right answer in one line; empty where there is none"))
    earned: float | None
    marks: float


class ResultDetails(ResultAnswer):
    """An attempt with its questions."""

    slots: list[ResultSlotAnswer]


class ResultsQuery(ListQuery):
    """Whose attempts."""

    text: str = Field("", max_length=100, description=_("Part of a name or a username"))
    cohort: Key | None = Field(None, description=_("Only members by this cohort"))


class ItemStatisticsAnswer(Answer):
    """What was counted of a question."""

    question: Key
    title: str
    type: str
    answers: int
    facility: float | None = Field(description=_("Mean share of the marks"))
    discrimination: float | None = Field(description=_("Best 27 % less weakest 27 %"))
    correlation: float | None = Field(description=_("With the marks of all other questions"))
    seconds: float | None
    flags: list[str]


class QuizStatisticsAnswer(Answer):
    """What was counted of a quiz."""

    time: Moment | None
    which: str = Field(description=_("first, last, best, all: which attempts of a learner"))
    stale: bool = Field(description=_("Results have changed since"))
    attempts: int
    mean: float | None
    deviation: float | None
    reliability: float | None
    kind: str = Field(description=_("alpha; nested where learners had different questions"))
    histogram: list[int] = Field(description=_("Attempts by tenths of the marks"))
    items: list[ItemStatisticsAnswer]


def _desk(call: Call, activity: str, **_more: str) -> QuizContext:
    """The quiz, also while learners cannot open it.

    :raises KeyError: there is none
    """
    quiz = shelf.find_by_id(call.request.site, decode_id(activity))
    if quiz is None:
        raise KeyError(activity)
    course = call.request.site.courses.by_id(quiz.course)
    return QuizContext(course.activities[activity], quiz)


def _values(row: results.Row, attempt: Attempt) -> dict[str, Any]:
    return {
        "id": attempt.key,
        "user": encode_id(row.user),
        "name": row.person.name,
        "username": row.person.username,
        "cohort": encode_id(row.person.cohort) if row.person.cohort else None,
        "number": attempt.number,
        "state": attempt.state,
        "started": moment(attempt.started),
        "handed_in": moment(attempt.handed_in),
        "handed_in_by": attempt.handed_in_by,
        "seconds": row.seconds,
        "score": attempt.score,
        "most": attempt.most,
        "leaves": attempt.leaves,
    }


@endpoint(
    "GET",
    "/quiz/activities/{activity}/results",
    tag=TAG,
    summary=_("List everybody's attempts at a quiz"),
    description=_("Class teachers get those of their own cohorts."),
    scope=GRADES_READ,
    capability=permissions.RESULTS,
    context=_desk,
)
def list_quiz_results(
    call: Call, context: QuizContext, query: ResultsQuery
) -> Listing[ResultAnswer]:
    cohort = decode_id(query.cohort) if query.cohort is not None else 0
    found = Attempts(call.occasion, context.activity, Choice(query.text, cohort))
    refs, following = listing(sorted(found.refs), lambda ref: ref, query)
    return Listing[ResultAnswer](
        items=[
            ResultAnswer(**_values(row, row.attempt))
            for row in found.rows(refs)
            if row.attempt is not None and not row.attempt.preview
        ],
        next=following,
    )


@endpoint(
    "GET",
    "/quiz/activities/{activity}/results/{attempt}",
    tag=TAG,
    summary=_("Somebody's attempt, question by question"),
    scope=GRADES_READ,
    capability=permissions.RESULTS,
    context=_desk,
)
def read_quiz_result(call: Call, context: QuizContext, attempt: Key) -> ResultDetails:
    occasion = call.occasion
    found = attempt_of(occasion, context.activity, attempt)
    row = results.row_of(occasion, context.activity, found)
    keys = keys_of(occasion)
    hidden = Veil(occasion, context.activity, keys).hidden(found)
    slots = results.slots_of(keys, found, hidden)
    return ResultDetails(
        **_values(row, found),
        slots=[
            ResultSlotAnswer(
                number=slot.number,
                title=slot.title,
                version=slot.version,
                response=slot.response,
                hidden=slot.hidden,
                right=slot.right,
                earned=slot.points,
                marks=slot.worth,
            )
            for slot in slots
        ],
    )


@endpoint(
    "GET",
    "/quiz/activities/{activity}/statistics",
    tag=TAG,
    summary=_("Statistics of a quiz, as they were counted last"),
    description=_("404 while nothing was counted."),
    scope=GRADES_READ,
    capability=permissions.RESULTS,
    context=_desk,
)
def read_quiz_statistics(call: Call, context: QuizContext) -> QuizStatisticsAnswer:
    counted = reading.counted(call.occasion, context.activity)
    if counted is None:
        raise NotFound(_("Nothing was counted yet."))
    quiz = counted.quiz
    return QuizStatisticsAnswer(
        time=moment(quiz["time"]),
        which=quiz["which"],
        stale=counted.stale,
        attempts=quiz["attempts"],
        mean=quiz.get("mean"),
        deviation=quiz.get("deviation"),
        reliability=quiz["reliability"],
        kind=quiz["kind"],
        histogram=quiz["histogram"],
        items=[
            ItemStatisticsAnswer(
                question=encode_id(line.question),
                title=line.title,
                type=line.type,
                answers=line.n,
                facility=line.facility,
                discrimination=line.discrimination,
                correlation=line.correlation,
                seconds=line.seconds,
                flags=line.flags,
            )
            for line in reading.sorted_items(counted, "")
        ],
    )


ROUTES = (list_quiz_results, read_quiz_result, read_quiz_statistics)
