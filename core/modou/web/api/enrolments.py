"""Who takes part in a course: the list, enrolling, changing, ending."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from modou.errors import Conflict, Invalid
from modou.i18n import _
from modou.models.courses import Course
from modou.models.enrolments import Enrolment
from modou.models.participants import state_at
from modou.models.people import User
from modou.permissions import Capability
from modou.plugins import raise_verdict
from modou.services import enrolling, learning, participants, user_index
from modou.services.participants import Filters
from modou.store.containers import decode_id, encode_id
from modou.web.api.calls import Call
from modou.web.api.contexts import course_of, participant_of
from modou.web.api.cursors import listing
from modou.web.api.declaring import endpoint
from modou.web.api.schemas import Answer, Body, Key, Listing, ListQuery, Moment, moment
from modou.web.api.scopes import ENROLMENTS_READ, ENROLMENTS_WRITE
from modou.web.resources import EnrolmentContext

TAG = _("Enrolments")
State = Literal["active", "future", "expired", "suspended", "ended"]
#: A moment from 1970 to 9999, since seconds are kept.
SentMoment = Annotated[AwareDatetime, Field(ge=datetime.fromisoformat("1970-01-01T00:00:01+00:00"))]


class PersonAnswer(Answer):
    """A person as lists show them."""

    id: Key
    username: str
    name: str = Field(description=_("The real name, or the username where none is known"))


class ProgressAnswer(Answer):
    """How far a learner is."""

    done: int = Field(ge=0, description=_("Tracked activities that are complete"))
    total: int = Field(ge=0, description=_("Tracked activities"))
    completed: Moment | None = Field(description=_("When the course was completed"))
    last_seen: Moment | None = Field(description=_("When progress was made last"))


class EnrolmentAnswer(Answer):
    """A person's part in a course."""

    user: PersonAnswer
    course: Key
    role: str
    state: State = Field(description=_("What the status and the dates amount to now"))
    method: str = Field(description=_("The way in which the person came"))
    cohort: Key | None
    created: Moment | None
    starts: Moment | None
    ends: Moment | None
    progress: ProgressAnswer | None = Field(
        description=_("Null where the asker may not see progress")
    )


class EnrolmentQuery(ListQuery):
    """Which participants."""

    text: str = Field("", max_length=100, description=_("Part of a name or a username"))
    role: str = Field("", max_length=60)
    state: Literal["", "present", "active", "future", "expired", "suspended", "ended"] = Field(
        "present", description=_("`present`: all but those who left; empty: all")
    )
    cohort: Key | None = Field(None, description=_("Only members by this cohort"))


class Enrol(Body):
    """Whom to enrol, as what, and for how long."""

    username: str = Field(min_length=1, max_length=200, description=_("Of an existing account"))
    role: str = Field("learner", min_length=1, max_length=60)
    starts: SentMoment | None = Field(None, description=_("Null: at once"))
    ends: SentMoment | None = Field(None, description=_("Null: without end"))


class ChangeEnrolment(Body):
    """What to change; what is left out stays."""

    status: Literal["active", "suspended"] | None = None
    role: str | None = Field(None, min_length=1, max_length=60)
    starts: SentMoment | None = Field(None, description=_("Null: as it is"))
    ends: SentMoment | None = Field(None, description=_("Null: as it is"))


def person_answer(user: User) -> PersonAnswer:
    """What lists say of a person."""
    return PersonAnswer(id=user.key, username=user.username, name=user.display_name)


def enrolment_answer(
    call: Call, course: Course, enrolment: Enrolment, user: User, *, progress: bool
) -> EnrolmentAnswer:
    """What the API says of an enrolment.

    :param progress: whether the asker may see it
    """
    occasion = call.occasion
    part = None
    if progress:
        tracked = learning.outline_of(occasion, course).tracked
        made = enrolment.progress
        part = ProgressAnswer(
            done=len(tracked & made.completed.keys()),
            total=len(tracked),
            completed=moment(made.course_completed),
            last_seen=moment(made.last_seen),
        )
    return EnrolmentAnswer(
        user=person_answer(user),
        course=course.key,
        role=enrolment.role,
        state=_state(enrolment, occasion.now),
        method=enrolment.method,
        cohort=encode_id(enrolment.cohort) if enrolment.cohort else None,
        created=moment(enrolment.created),
        starts=moment(enrolment.starts),
        ends=moment(enrolment.ends),
        progress=part,
    )


def _state(enrolment: Enrolment, now: int) -> State:
    state: State = state_at(  # type: ignore[assignment]
        enrolment.status, enrolment.starts, enrolment.ends, now
    )
    return state


@endpoint(
    "GET",
    "/courses/{course}/enrolments",
    tag=TAG,
    summary=_("List who takes part in a course"),
    description=_("By name. A class teacher gets the own cohorts only."),
    scope=ENROLMENTS_READ,
    capability=Capability.PARTICIPANTS_VIEW,
    context=course_of,
)
def list_enrolments(call: Call, context: Course, query: EnrolmentQuery) -> Listing[EnrolmentAnswer]:
    occasion = call.occasion
    passes = Filters(
        text=query.text,
        role=query.role,
        state=query.state,
        cohort=decode_id(query.cohort) if query.cohort is not None else 0,
        cohorts=enrolling.visible_cohorts(occasion, context),
    ).test(occasion.now)
    found = [
        (row.sort_key, user_id)
        for user_id, row in participants.rows(occasion, context)
        if passes(row)
    ]
    found.sort()
    page, following = listing(found, lambda pair: pair, query)
    progress = occasion.can(Capability.PROGRESS_VIEW, context)
    opened = participants.opened(occasion, context, [user_id for _key, user_id in page])
    return Listing[EnrolmentAnswer](
        items=[
            enrolment_answer(call, context, enrolment, user, progress=progress)
            for user, enrolment in opened
        ],
        next=following,
    )


@endpoint(
    "GET",
    "/courses/{course}/enrolments/{user}",
    tag=TAG,
    summary=_("Read a person's part in a course"),
    scope=ENROLMENTS_READ,
    capability=Capability.PARTICIPANTS_VIEW,
    context=participant_of,
)
def read_enrolment(call: Call, context: EnrolmentContext) -> EnrolmentAnswer:
    return _of_context(call, context)


@endpoint(
    "POST",
    "/courses/{course}/enrolments",
    tag=TAG,
    summary=_("Enrol a person"),
    description=_(
        "201 when the person takes part now and did not before; 200 when they took part already, "
        "and nothing changed."
    ),
    scope=ENROLMENTS_WRITE,
    capability=Capability.ENROL_MANAGE,
    context=course_of,
    status=201,
    also=(200,),
    problems=(409,),
)
def create_enrolment(call: Call, context: Course, body: Enrol) -> EnrolmentAnswer:
    occasion = call.occasion
    user = user_index.find_by_username(occasion, body.username)
    if user is None:
        raise Invalid(_("There is no account of that name."), "username")
    report = enrolling.enrol(
        occasion,
        context,
        [user],
        role=body.role,
        method="manual",
        starts=_seconds(body.starts) or 0,
        ends=_seconds(body.ends) or 0,
    )
    if user.id in report.refused:
        raise_verdict(report.objections[user.id])
        raise Conflict(report.refused[user.id])
    if user.id in report.unchanged:
        call.status = 200
    call.headers.append(("Location", f"/api/v1/courses/{context.key}/enrolments/{user.key}"))
    progress = occasion.can(Capability.PROGRESS_VIEW, context)
    return enrolment_answer(call, context, context.enrolments[user.id], user, progress=progress)


@endpoint(
    "PATCH",
    "/courses/{course}/enrolments/{user}",
    tag=TAG,
    summary=_("Change an enrolment"),
    scope=ENROLMENTS_WRITE,
    capability=Capability.ENROL_MANAGE,
    context=participant_of,
)
def change_enrolment(
    call: Call, context: EnrolmentContext, body: ChangeEnrolment
) -> EnrolmentAnswer:
    enrolling.change_enrolment(
        call.occasion,
        context.course,
        [context.user],
        status=body.status,
        role=body.role,
        starts=_seconds(body.starts),
        ends=_seconds(body.ends),
    )
    return _of_context(call, context)


@endpoint(
    "DELETE",
    "/courses/{course}/enrolments/{user}",
    tag=TAG,
    summary=_("End an enrolment"),
    description=_("Progress and grades are kept. Ending what has ended changes nothing."),
    scope=ENROLMENTS_WRITE,
    capability=Capability.ENROL_MANAGE,
    context=participant_of,
)
def end_enrolment(call: Call, context: EnrolmentContext) -> None:
    enrolling.unenrol(call.occasion, context.course, [context.user])


def _of_context(call: Call, context: EnrolmentContext) -> EnrolmentAnswer:
    progress = call.occasion.can(Capability.PROGRESS_VIEW, context.course)
    return enrolment_answer(
        call, context.course, context.enrolment, context.user, progress=progress
    )


def _seconds(sent: datetime | None) -> int | None:
    return int(sent.timestamp()) if sent is not None else None


ROUTES = (list_enrolments, read_enrolment, create_enrolment, change_enrolment, end_enrolment)
