"""Grades: the items of a course, everybody's or one's own, giving one."""

from pydantic import Field

from modou.i18n import TranslationString, _
from modou.models.courses import Course
from modou.models.grades import Grade, GradeItem
from modou.permissions import Capability
from modou.services import grading
from modou.services.grading import KEEP, Report, Total
from modou.store.containers import decode_id, encode_id
from modou.web.api.calls import Call
from modou.web.api.contexts import GradeContext, course_of, grade_of, participant_of
from modou.web.api.cursors import listing
from modou.web.api.declaring import endpoint
from modou.web.api.enrolments import PersonAnswer
from modou.web.api.schemas import Answer, Body, Key, Listing, ListQuery, Moment, moment
from modou.web.api.scopes import GRADES_READ, GRADES_WRITE
from modou.web.resources import EnrolmentContext

TAG = _("Grades")


class ItemAnswer(Answer):
    """Something that is graded."""

    id: Key
    title: str
    minimum: float = Field(description=_("Fewest points"))
    maximum: float = Field(description=_("Most points"))
    pass_mark: float = Field(description=_("Points that pass"))
    activity: Key | None = Field(description=_("The activity that gives it; null: by hand"))
    hidden: bool


class ItemsAnswer(Answer):
    """The grade items of a course, in its order."""

    items: list[ItemAnswer]


class GradeAnswer(Answer):
    """What one learner has got in one item."""

    item: Key
    value: float | None = Field(description=_("Points; null while there is none"))
    percent: float | None = Field(description=_("Of the item's range"))
    source: str = Field(description=_("What gave it: an activity's type, `manual`, `import`"))
    overridden: bool = Field(description=_("A person's value stands in place of the activity's"))
    excluded: bool = Field(description=_("Does not count for this learner"))
    time: Moment | None = Field(description=_("Of the last change"))


class TotalAnswer(Answer):
    """What the course comes to."""

    points: float | None
    maximum: float
    percent: float | None
    letter: str
    passed: bool | None = Field(description=_("Null while there is no grade"))


class SheetAnswer(Answer):
    """All grades of one learner."""

    user: PersonAnswer
    grades: list[GradeAnswer] = Field(description=_("Of the items that have one"))
    total: TotalAnswer


class GiveGrade(Body):
    """A grade."""

    value: float | None = Field(
        description=_("Points; null takes it back, or gives the activity's value back")
    )
    reason: str = Field("", max_length=300, description=_("Needed where an activity graded"))
    feedback: str | None = Field(None, max_length=5_000, description=_("Null: as it is"))
    expected: float | None = Field(
        None,
        description=_("The value that was seen before; where it is another by now: 409"),
    )


class GradesQuery(ListQuery):
    """Whose grades."""

    text: str = Field("", max_length=100, description=_("Part of a name or a username"))
    cohort: Key | None = Field(None, description=_("Only members by this cohort"))


def _letter(call: Call, letter: object) -> str:
    if isinstance(letter, TranslationString):
        return call.request.page.gettext(letter)
    return str(letter or "")


def _total(call: Call, total: Total) -> TotalAnswer:
    return TotalAnswer(
        points=total.points,
        maximum=total.maximum,
        percent=total.percent,
        letter=_letter(call, total.letter),
        passed=total.passed,
    )


def _grade(item: GradeItem, grade: Grade) -> GradeAnswer:
    return GradeAnswer(
        item=item.key,
        value=grade.value,
        percent=item.percent(grade.value) if grade.value is not None else None,
        source=grade.source,
        overridden=grade.replaces,
        excluded=grade.excluded,
        time=moment(grade.time),
    )


@endpoint(
    "GET",
    "/courses/{course}/grade-items",
    tag=TAG,
    summary=_("List what is graded in a course"),
    description=_("Hidden items are left out for those who see their own grades only."),
    scope=GRADES_READ,
    capability="",
    context=course_of,
)
def list_grade_items(call: Call, context: Course) -> ItemsAnswer:
    everybody = call.occasion.can(Capability.GRADE_VIEW, context)
    if not everybody:
        call.occasion.require(Capability.GRADE_VIEW_OWN, context)
    return ItemsAnswer(
        items=[
            ItemAnswer(
                id=item.key,
                title=item.title,
                minimum=item.minimum,
                maximum=item.maximum,
                pass_mark=grading.pass_points(context, item),
                activity=encode_id(item.activity) if item.activity else None,
                hidden=item.hidden,
            )
            for item in grading.read_book(context).ordered_items()
            if everybody or not item.hidden
        ]
    )


@endpoint(
    "GET",
    "/courses/{course}/grades",
    tag=TAG,
    summary=_("Read the grade sheet of a course"),
    description=_("Learners by name. A class teacher gets the own cohorts only."),
    scope=GRADES_READ,
    capability=Capability.GRADE_VIEW,
    context=course_of,
)
def list_grades(call: Call, context: Course, query: GradesQuery) -> Listing[SheetAnswer]:
    occasion = call.occasion
    book = grading.read_book(context)
    people = grading.learners(
        occasion,
        context,
        text=query.text,
        cohort=decode_id(query.cohort) if query.cohort is not None else 0,
    )
    page, following = listing(people, lambda pair: (pair[1].sort_key, pair[0]), query)
    items = book.items
    return Listing[SheetAnswer](
        items=[
            SheetAnswer(
                user=PersonAnswer(
                    id=encode_id(row.user_id),
                    username=row.person.username,
                    name=row.person.name or row.person.username,
                ),
                grades=[
                    _grade(items[id], grade) for id, grade in row.grades.items() if id in items
                ],
                total=_total(
                    call,
                    grading.as_total(book, row.results[book.root_id])
                    if row.results is not None
                    else grading.NO_TOTAL,
                ),
            )
            for row in grading.opened(occasion, context, book, page)
        ],
        next=following,
    )


@endpoint(
    "GET",
    "/courses/{course}/grades/{user}",
    tag=TAG,
    summary=_("Read the grades of one learner"),
    description=_("Learners read their own; hidden items are left out then."),
    scope=GRADES_READ,
    capability="",
    context=participant_of,
)
def read_grades(call: Call, context: EnrolmentContext) -> SheetAnswer:
    occasion = call.occasion
    everybody = occasion.can(Capability.GRADE_VIEW, context.course)
    report: Report = grading.report_of(
        occasion, context.course, context.enrolment, with_hidden=everybody
    )
    return SheetAnswer(
        user=PersonAnswer(
            id=context.user.key, username=context.user.username, name=context.user.display_name
        ),
        grades=[
            _grade(line.node, line.grade)
            for line in report.lines
            if isinstance(line.node, GradeItem) and line.grade != grading.NO_GRADE
        ],
        total=_total(call, report.total),
    )


@endpoint(
    "PUT",
    "/courses/{course}/grades/{user}/{item}",
    tag=TAG,
    summary=_("Give a grade"),
    description=_("In an activity's item it stands in place of what the activity gave."),
    scope=GRADES_WRITE,
    capability=Capability.GRADE_EDIT,
    context=grade_of,
    problems=(409,),
)
def give_grade(call: Call, context: GradeContext, body: GiveGrade) -> GradeAnswer:
    sent = "expected" in body.model_fields_set
    grade = grading.edit_grade(
        call.occasion,
        context.course,
        context.item,
        context.enrolment,
        value=body.value,
        feedback=body.feedback,
        reason=body.reason,
        expected=body.expected if sent else KEEP,
    )
    return _grade(context.item, grade)


ROUTES = (list_grade_items, list_grades, read_grades, give_grade)
