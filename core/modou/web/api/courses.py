"""Courses: the catalogue, one course, its outline."""

from typing import Literal

from pydantic import Field

from modou.i18n import TranslationString, _
from modou.models.courses import Category, Course
from modou.permissions import Capability
from modou.services import catalogue, learning
from modou.services.outlines import OutlineActivity
from modou.store.containers import encode_id
from modou.web.api.calls import Call
from modou.web.api.contexts import course_of
from modou.web.api.cursors import listing
from modou.web.api.declaring import endpoint
from modou.web.api.failures import Unfit
from modou.web.api.schemas import Answer, Key, Listing, ListQuery, Moment, moment
from modou.web.api.scopes import COURSES_READ

TAG = _("Courses")


class CategoryAnswer(Answer):
    """Where a course stands in the catalogue."""

    id: Key
    title: str


class CourseAnswer(Answer):
    """A course."""

    id: Key
    code: str = Field(description=_("Unique in the site; empty for none"))
    title: str
    summary: str
    category: CategoryAnswer | None
    occupation: str = Field(description=_("Occupation (职业), empty for none"))
    occupation_code: str
    level: str = Field(description=_("Skill level, empty for none"))
    planned_seconds: int = Field(
        ge=0, description=_("Planned study time in seconds; a class hour has 2,700")
    )
    status: Literal["draft", "published"]
    visible: bool = Field(description=_("False: the catalogue does not show it"))
    starts: Moment | None
    ends: Moment | None
    modified: Moment | None


class CourseQuery(ListQuery):
    """Which courses."""

    of: Literal["catalogue", "all"] = Field(
        "catalogue",
        description=_("`all`: drafts and hidden ones too, for the administration"),
    )
    text: str = Field(
        "", max_length=100, description=_("Words that occur in title, code or occupation")
    )
    category: Key | None = Field(None, description=_("Only courses in this category or below it"))


class ActivityAnswer(Answer):
    """An activity as the outline shows it."""

    id: Key
    type: str
    title: str
    summary: str
    hidden: bool
    available: bool = Field(description=_("False: its plugin is not enabled"))
    tracked: bool = Field(description=_("Whether the course waits for its completion"))
    state: str = Field(
        description=_(
            "Where the asker stands as a learner: open, started, done, failed, locked, pending, "
            "unavailable; empty for others and where nothing is tracked"
        )
    )
    reason: str = Field(description=_("Why it is locked; empty when it is not"))


class SectionAnswer(Answer):
    """A section of the outline."""

    id: Key
    title: str
    summary: str
    hidden: bool
    activities: list[ActivityAnswer]


class OutlineAnswer(Answer):
    """The outline of a course, as the asker may see it."""

    course: Key
    revision: int = Field(description=_("Rises with every change of the outline"))
    sections: list[SectionAnswer]


def course_answer(course: Course) -> CourseAnswer:
    """What the API says of a course."""
    category = course.category
    return CourseAnswer(
        id=course.key,
        code=course.code,
        title=course.title,
        summary=course.summary,
        category=CategoryAnswer(id=category.key, title=category.title) if category else None,
        occupation=course.occupation,
        occupation_code=course.occupation_code,
        level=course.level,
        planned_seconds=course.planned_seconds,
        status="published" if course.published else "draft",
        visible=course.visible,
        starts=moment(course.starts),
        ends=moment(course.ends),
        modified=moment(course.modified),
    )


@endpoint(
    "GET",
    "/courses",
    tag=TAG,
    summary=_("List courses"),
    description=_("The catalogue, newest first; or all courses by title."),
    scope=COURSES_READ,
    capability="",
)
def list_courses(call: Call, query: CourseQuery) -> Listing[CourseAnswer]:
    occasion = call.occasion
    category: Category | None = None
    if query.category is not None:
        try:
            category = occasion.site.categories[query.category]
        except KeyError:
            problem = ("parameter", "category", _("There is no such category."))
            raise Unfit([problem]) from None
    if query.of == "all":
        rows = catalogue.all_rows(occasion, query.text, category)
        page, following = listing(rows, lambda row: (row.title_key, row.id), query)
    else:
        rows = catalogue.search_rows(occasion, query.text, category)
        page, following = listing(
            rows, lambda row: (-row.published_at, row.title_key, row.id), query
        )
    courses = (occasion.site.courses.get(row.id) for row in page)
    return Listing[CourseAnswer](
        items=[course_answer(course) for course in courses if course is not None], next=following
    )


@endpoint(
    "GET",
    "/courses/{course}",
    tag=TAG,
    summary=_("Read a course"),
    scope=COURSES_READ,
    capability=Capability.COURSE_PREVIEW,
    context=course_of,
)
def read_course(call: Call, context: Course) -> CourseAnswer:
    return course_answer(context)


@endpoint(
    "GET",
    "/courses/{course}/outline",
    tag=TAG,
    summary=_("Read the outline of a course"),
    scope=COURSES_READ,
    capability=Capability.COURSE_VIEW,
    context=course_of,
)
def read_outline(call: Call, context: Course) -> OutlineAnswer:
    occasion = call.occasion
    outline = learning.outline_of(occasion, context)
    enrolment = learning.own_enrolment(occasion, context)
    standing = None
    if enrolment is not None:
        standing = learning.standing(occasion, context, enrolment, outline)

    def answer(activity: OutlineActivity) -> ActivityAnswer:
        reason = standing.reasons.get(activity.id, "") if standing is not None else ""
        return ActivityAnswer(
            id=activity.key,
            type=activity.type,
            title=activity.title,
            summary=activity.summary,
            hidden=activity.hidden,
            available=activity.available,
            tracked=activity.tracked,
            state=standing.states.get(activity.id, "") if standing is not None else "",
            reason=call.request.page.gettext(reason)
            if isinstance(reason, TranslationString)
            else reason,
        )

    return OutlineAnswer(
        course=encode_id(outline.course_id),
        revision=outline.revision,
        sections=[
            SectionAnswer(
                id=section.key,
                title=section.title,
                summary=section.summary,
                hidden=section.hidden,
                activities=[answer(activity) for activity in section.activities],
            )
            for section in outline.sections
        ],
    )


ROUTES = (list_courses, read_course, read_outline)
