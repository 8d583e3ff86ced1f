"""Who is asking, and where they learn."""

from collections.abc import Iterator

from pydantic import Field

from modou.i18n import _
from modou.models.courses import Course
from modou.models.enrolments import Enrolment
from modou.permissions import Capability
from modou.services import learning
from modou.web.api.calls import Call
from modou.web.api.courses import CourseAnswer, course_answer
from modou.web.api.cursors import listing
from modou.web.api.declaring import endpoint
from modou.web.api.enrolments import ProgressAnswer
from modou.web.api.schemas import Answer, Key, Listing, ListQuery, Moment, moment
from modou.web.api.scopes import ENROLMENTS_READ, PROFILE_READ

TAG = _("The asker")


class TokenAnswer(Answer):
    """The token that was used."""

    id: Key
    name: str
    scopes: list[str]
    expires: Moment


class MeAnswer(Answer):
    """Who is asking."""

    id: Key
    username: str
    name: str = Field(description=_("The real name, or the username where none is known"))
    locale: str = Field(description=_("The language that the person chose; empty for none"))
    token: TokenAnswer | None = Field(description=_("Null when a page of the site asks"))


class OwnEnrolmentAnswer(Answer):
    """A course that the asker takes part in."""

    course: CourseAnswer
    role: str
    created: Moment | None
    ends: Moment | None
    progress: ProgressAnswer | None = Field(description=_("Null for those who do not learn there"))
    next: Key | None = Field(description=_("The activity to go on with"))


@endpoint("GET", "/me", tag=TAG, summary=_("Who you are"), scope=PROFILE_READ, capability="")
def read_me(call: Call) -> MeAnswer:
    user = call.occasion.require_actor()
    token = call.token
    return MeAnswer(
        id=user.key,
        username=user.username,
        name=user.display_name,
        locale=user.locale,
        token=None
        if token is None
        else TokenAnswer(
            id=token.key,
            name=token.name,
            scopes=list(token.scopes),
            expires=moment(token.expires),
        ),
    )


@endpoint(
    "GET",
    "/me/enrolments",
    tag=TAG,
    summary=_("Your courses, with progress"),
    description=_("The newest enrolment first; courses that cannot be entered now are left out."),
    scope=ENROLMENTS_READ,
    capability="",
)
def list_own_enrolments(call: Call, query: ListQuery) -> Listing[OwnEnrolmentAnswer]:
    call.occasion.require_actor()
    found = sorted(_own(call), key=_place)
    page, following = listing(found, _place, query)
    return Listing[OwnEnrolmentAnswer](
        items=[_own_answer(call, course, enrolment) for course, enrolment in page], next=following
    )


def _place(pair: tuple[Course, Enrolment]) -> tuple[int, int]:
    return -pair[1].created, pair[1].id


def _own(call: Call) -> Iterator[tuple[Course, Enrolment]]:
    occasion = call.occasion
    actor = occasion.require_actor()
    for id in actor.courses:
        course = occasion.site.courses.get(id)
        if course is not None and occasion.can(Capability.COURSE_VIEW, course):
            enrolment = course.enrolments.get(actor.id)
            if enrolment is not None and enrolment.active_at(occasion.now):
                yield course, enrolment


def _own_answer(call: Call, course: Course, enrolment: Enrolment) -> OwnEnrolmentAnswer:
    occasion = call.occasion
    progress = following = None
    if learning.own_enrolment(occasion, course) is not None:
        outline = learning.outline_of(occasion, course)
        standing = learning.standing(occasion, course, enrolment, outline)
        progress = ProgressAnswer(
            done=standing.done,
            total=standing.total,
            completed=moment(standing.completed),
            last_seen=moment(enrolment.progress.last_seen),
        )
        following = standing.next.key if standing.next is not None else None
    return OwnEnrolmentAnswer(
        course=course_answer(course),
        role=enrolment.role,
        created=moment(enrolment.created),
        ends=moment(enrolment.ends),
        progress=progress,
        next=following,
    )


ROUTES = (read_me, list_own_enrolments)
