"""Who takes part in which course: enrolling, ending, changing.

An enrolment is never deleted. Who leaves keeps progress and grades in an enrolment with the status
"ended", and finds them again on coming back. Every verb may be repeated: the second time changes
nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from modou.declarations import Verdict
from modou.errors import Invalid, Message, NotAllowed
from modou.i18n import _
from modou.models.courses import Course
from modou.models.enrolments import Enrolment
from modou.models.people import User
from modou.permissions import Capability, Level
from modou.services.occasion import Occasion, lineage
from modou.services.participants import index_participant

STATUSES = ("active", "suspended", "ended")
#: The role that everybody who may enrol people can give.
LEARNER = "learner"
CLASS_TEACHER = "class_teacher"


@dataclass(slots=True)
class EnrolReport:
    """What a batch came to, by user id.

    :param enrolled: new in the course
    :param revived: were in it once and take part again, with what they achieved
    :param changed: take part already and were added to the cohort
    :param unchanged: take part already (or are suspended)
    :param refused: why not
    :param objections: the verdicts behind `refused`
    """

    enrolled: list[int] = field(default_factory=list)
    revived: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    unchanged: list[int] = field(default_factory=list)
    refused: dict[int, Message] = field(default_factory=dict)
    objections: dict[int, Verdict] = field(default_factory=dict)

    @property
    def in_course(self) -> int:
        """How many of the batch take part now."""
        return sum(map(len, (self.enrolled, self.revived, self.changed, self.unchanged)))


# -- verbs


def enrol(
    occasion: Occasion,
    course: Course,
    users: Iterable[User],
    *,
    role: str = LEARNER,
    method: str = "manual",
    cohort: int = 0,
    starts: int = 0,
    ends: int = 0,
) -> EnrolReport:
    """Enrol people in a course. Who takes part already stays as they are.

    :param method: name of the way in which they come
    :param cohort: id of the cohort by which they come, 0 for none
    :param starts: seconds UTC, 0 for at once
    :param ends: seconds UTC, 0 for no end
    :raises NotAllowed: the actor may not enrol here, or not in that role
    :raises Invalid: unknown role, or an end before the start
    """
    occasion.require(Capability.ENROL_MANAGE, course)
    check_role(occasion, course, role)
    return admit(
        occasion, course, users, role=role, method=method, cohort=cohort, starts=starts, ends=ends
    )


def admit(
    occasion: Occasion,
    course: Course,
    users: Iterable[User],
    *,
    role: str = LEARNER,
    method: str = "manual",
    cohort: int = 0,
    starts: int = 0,
    ends: int = 0,
) -> EnrolReport:
    """As `enrol`, for verbs that asked for a permission of their own.

    :raises Invalid: an end before the start
    """
    check_dates(starts, ends)
    unique = {user.id: user for user in users}
    report = EnrolReport()
    coming = []
    for user in unique.values():
        enrolment = course.enrolments.get(user.id)
        if enrolment is None or _is_over(enrolment, occasion.now, ends):
            coming.append(user)
        elif cohort and not enrolment.cohort and role == enrolment.role:
            enrolment.cohort = cohort
            index_participant(course, enrolment, user)
            report.changed.append(user.id)
        else:
            report.unchanged.append(user.id)
    if not coming:
        return report
    report.objections = occasion.hooks.ask_many(
        "before_enrolment", occasion=occasion, course=course, users=coming, method=method
    )
    report.refused = {id: _reason(verdict) for id, verdict in report.objections.items()}
    for user in coming:
        if user.id in report.objections:
            continue
        enrolment = course.enrolments.get(user.id)
        (report.enrolled if enrolment is None else report.revived).append(user.id)
        if enrolment is None:
            enrolment = Enrolment(user.id, course.id, role, method, occasion.now)
            course.enrolments[user.id] = enrolment
        enrolment.status = "active"
        enrolment.role, enrolment.method, enrolment.cohort = role, method, cohort
        enrolment.starts, enrolment.ends = starts, ends
        if course.id not in user.courses:
            user.courses = (*user.courses, course.id)
        index_participant(course, enrolment, user)
        occasion.record(
            "enrolled",
            subject=user.id,
            course=course.id,
            values={"enrolment": enrolment.id, "method": method, "role": role, "cohort": cohort},
        )
    occasion.forget_capabilities()
    return report


def unenrol(occasion: Occasion, course: Course, users: Iterable[User]) -> list[int]:
    """End the enrolments of `users`; progress and grades are kept. Ids of those who left.

    :raises NotAllowed: the actor may not end one of these enrolments
    """
    occasion.require(Capability.ENROL_MANAGE, course)
    leaving = list(users)
    for role in {e.role for u in leaving if (e := course.enrolments.get(u.id)) is not None}:
        check_role(occasion, course, role)
    return dismiss(occasion, course, leaving)


def dismiss(occasion: Occasion, course: Course, users: Iterable[User]) -> list[int]:
    """As `unenrol`, for verbs that asked for a permission of their own."""
    left = []
    for user in users:
        enrolment = course.enrolments.get(user.id)
        if enrolment is None or enrolment.status == "ended":
            continue
        enrolment.status = "ended"
        index_participant(course, enrolment, user)
        occasion.record(
            "unenrolled",
            subject=user.id,
            course=course.id,
            values={"enrolment": enrolment.id},
        )
        left.append(user.id)
    if left:
        occasion.forget_capabilities()
    return left


def move_to_cohort(occasion: Occasion, course: Course, user: User, cohort: int) -> None:
    """Let an enrolment count to another cohort (0: none), for the verbs of cohorts."""
    enrolment = course.enrolments[user.id]
    enrolment.cohort = cohort
    index_participant(course, enrolment, user)
    occasion.record(
        "enrolment_changed",
        subject=user.id,
        course=course.id,
        values={"enrolment": enrolment.id, "fields": ["cohort"]},
    )


def change_enrolment(
    occasion: Occasion,
    course: Course,
    users: Iterable[User],
    *,
    status: str | None = None,
    role: str | None = None,
    starts: int | None = None,
    ends: int | None = None,
) -> list[int]:
    """Change what is not None in the enrolments of `users`; ids of those that are different now.

    Who is not enrolled is passed over. The status "ended" is the same as `unenrol`; "active" opens
    a suspended or ended enrolment again.

    :raises NotAllowed: the actor may not change one of these enrolments, or not into that role
    :raises Invalid: unknown status or role, or an end before the start; nothing was changed
    """
    occasion.require(Capability.ENROL_MANAGE, course)
    if status is not None and status not in STATUSES:
        raise Invalid(_("There is no such status."), "status")
    affected = [(u, e) for u in users if (e := course.enrolments.get(u.id)) is not None]
    roles = {e.role for _user, e in affected} | ({role} if role is not None else set())
    for name in roles:
        check_role(occasion, course, name)
    for _user, enrolment in affected:
        check_dates(
            enrolment.starts if starts is None else starts,
            enrolment.ends if ends is None else ends,
        )
    wanted = {"role": role, "starts": starts, "ends": ends}
    changed = []
    for user, enrolment in affected:
        old = {n: getattr(enrolment, n) for n in (*wanted, "status")}
        before = enrolment.status
        fields = [n for n, v in wanted.items() if v is not None and getattr(enrolment, n) != v]
        for name in fields:
            setattr(enrolment, name, wanted[name])
        if status is not None and status != before:
            enrolment.status = status
            fields.append("status")
        if not fields:
            continue
        changed.append(user.id)
        index_participant(course, enrolment, user)
        values: dict[str, Any] = {"enrolment": enrolment.id}
        if "status" in fields and enrolment.status == "ended":
            occasion.record("unenrolled", subject=user.id, course=course.id, values=values)
        elif "status" in fields and before == "ended":
            values |= {"method": enrolment.method, "role": enrolment.role}
            values |= {"cohort": enrolment.cohort}
            occasion.record("enrolled", subject=user.id, course=course.id, values=values)
        else:
            values["fields"] = sorted(fields)
            values["before"] = {n: old[n] for n in sorted(fields)}
            values["after"] = {n: getattr(enrolment, n) for n in sorted(fields)}
            occasion.record("enrolment_changed", subject=user.id, course=course.id, values=values)
    if changed:
        occasion.forget_capabilities()
    return changed


# -- rules


def grantable_roles(occasion: Occasion, course: Course) -> list[str]:
    """Names of the roles that the actor may enrol people in, "learner" first.

    Nobody gives away more than they have: a role's capabilities must be the actor's own in the
    course, or those of a learner; who may grant roles (`roles:assign`) gives any.
    """
    roles = occasion.site.roles
    learner = roles[LEARNER].capabilities if LEARNER in roles else frozenset()
    own = occasion.capabilities(course) | learner
    anything = occasion.can(Capability.ROLES_ASSIGN, course)
    found = [
        name
        for name, role in roles.items()
        if str(Level.COURSE) in role.levels and (anything or role.capabilities <= own)
    ]
    return sorted(found, key=lambda name: (name != LEARNER, name))


def check_role(occasion: Occasion, course: Course, role: str) -> None:
    """:raises Invalid: there is no such role in courses
    :raises NotAllowed: the actor may not give it, nor take it away
    """
    known = occasion.site.role(role)
    if known is None or str(Level.COURSE) not in known.levels:
        raise Invalid(_("There is no role “${role}” in courses.", mapping={"role": role}), "role")
    if role not in grantable_roles(occasion, course):
        raise NotAllowed(
            _(
                "The role “${role}” may do more in this course than you: you can neither give it "
                "nor take it away.",
                mapping={"role": role},
            )
        )


def check_dates(starts: int, ends: int) -> None:
    """:raises Invalid: the end is not after the start"""
    if ends and ends <= starts:
        raise Invalid(_("The end must be after the start."), "ends")


def _is_over(enrolment: Enrolment, now: int, ends: int) -> bool:
    if enrolment.status == "ended":
        return True
    expired = enrolment.status == "active" and 0 < enrolment.ends <= now
    return expired and (ends == 0 or ends > now)


def _reason(verdict: Any) -> Message:
    reason: Message = verdict.reason
    return reason


# -- who sees whom


def visible_cohorts(occasion: Occasion, course: Course) -> frozenset[int] | None:
    """The cohorts whose people the actor may see in this course; None: everybody.

    A class teacher who takes part as such sees the own cohorts, unless something else (a grant in
    the course, its categories or the site) lets them see all participants.
    """
    actor = occasion.actor
    if actor is None or occasion.system:
        return None
    enrolment = course.enrolments.get(actor.id)
    if enrolment is None or enrolment.role != CLASS_TEACHER:
        return None
    roles = list(actor.granted("course", course.id))
    for level in lineage(course.above):
        roles += level.roles_of(actor, occasion.now)
    for name in roles:
        role = occasion.site.role(name)
        if role is not None and Capability.PARTICIPANTS_VIEW in role.capabilities:
            return None
    own = {
        id
        for id in course.cohorts
        if (cohort := occasion.site.cohorts.get(id)) is not None
        and cohort.class_teacher == actor.id
    }
    if not own and not enrolment.cohort:
        return None
    return frozenset(own | ({enrolment.cohort} - {0}))


def may_see(occasion: Occasion, course: Course, enrolment: Enrolment) -> bool:
    """Whether the limits of `visible_cohorts` let the actor see this enrolment."""
    cohorts = visible_cohorts(occasion, course)
    if cohorts is None or enrolment.cohort in cohorts:
        return True
    return occasion.actor is not None and enrolment.user_id == occasion.actor.id


def enrolled_users(occasion: Occasion, ids: Iterable[int]) -> list[User]:
    """The accounts behind `ids`; unknown ids are passed over."""
    users = occasion.site.users
    return [user for id in ids if (user := users.get(id)) is not None]
